# Everyday commands, for those who have `just`; each line can be run as it stands in a virtual environment made by `setup`.
python := ".venv/bin/python"

# Show the commands.
default:
    @just --list

# Make a virtual environment with everything that developing needs.
setup:
    python3 -m venv .venv && .venv/bin/pip install --quiet --upgrade pip && .venv/bin/pip install --quiet -e ".[all]" --group dev

# Run the everyday tests: without the slow ones.
test *arguments:
    {{python}} -m pytest -n 2 --dist worksteal -m "not slow" {{arguments}}

# Run all tests.
test-all *arguments:
    {{python}} -m pytest -n 2 --dist worksteal {{arguments}}

# Check style, types and the directions of imports.
lint:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    .venv/bin/lint-imports

# Build the documentation site into build/site.
docs:
    NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

# Measure the links of a linked archive beside the baselines.
bench linked:
    {{python}} benchmarks/ranking.py {{linked}}

# Renew the pinned versions (needs `uv`); commit the result when all tests pass on it.
pin:
    uv pip compile pyproject.toml --all-extras --group test --universal --python-version 3.11 --no-header --no-annotate --upgrade --quiet --output-file constraints/known-good.txt

# Install the oldest versions that pyproject.toml allows (needs `uv`) and run the everyday tests on them.
test-oldest:
    uv venv --quiet --clear --python 3.11 .venv-oldest
    uv pip compile pyproject.toml --all-extras --group test --universal --python-version 3.11 --no-header --no-annotate --resolution lowest-direct --upgrade --quiet --output-file constraints/oldest.txt
    uv pip install --quiet --python .venv-oldest/bin/python -r constraints/oldest.txt
    uv pip install --quiet --python .venv-oldest/bin/python --no-deps -e .
    .venv-oldest/bin/python -m pytest -n 2 --dist worksteal -m "not slow"
