"""What mkdocs does beside its plugins: the repository's own pages stand in the site under the paths that they have here."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("*.md", "benchmarks/**/*.md", "benchmarks/**/*.png", "docs/images/*.png", "models/*/README.md", "notebooks/*.*")
"""What is taken in, so that links among these hold in the site as they do in the repository."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in pages, pictures and notebooks that are kept elsewhere than in docs/."""
    for path in sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        name = "readme.md" if name == "README.md" else name  # a README would be the site's first page
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files
