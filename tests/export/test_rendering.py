"""Pages are the same whichever process renders them, and what goes wrong there is told as it is here."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jinja2
import pytest
from helpers import SPACE, quick
from markupsafe import Markup, escape

from relatedstories import InputError, RelatedStories
from relatedstories.export import export, rendering
from relatedstories.export.pieces import escaped
from relatedstories.export.writer import LAST

ALL = ("html", "json", "xml", "md")


def content(site: Path) -> dict[str, bytes]:
    found = {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}
    found.pop(LAST, None)
    return found


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other processes render where there are few pages."""
    monkeypatch.setattr(rendering, "MIN_PAGES", 10)
    monkeypatch.setattr(rendering, "_CHUNK", 7)


@pytest.mark.usefixtures("few")
def test_pages_are_the_same_from_other_processes(tmp_path: Path, sample_stories: RelatedStories) -> None:
    told: list[tuple[str, int, int]] = []
    one = export(sample_stories, tmp_path / "one", ALL)
    with patch.object(rendering, "_render", side_effect=AssertionError("rendered here")):
        two = export(sample_stories, tmp_path / "two", ALL, n_jobs=2, progress=lambda *step: told.append(step))
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert (one.pages, one.characters, one.written) == (two.pages, two.characters, two.written)
    n = one.pages["html"]
    assert [step for step in told if step[0] == "pages"] == [("pages", done, n) for done in range(1, n + 1)]
    assert two.seconds.keys() == one.seconds.keys()
    assert export(sample_stories, tmp_path / "two", ALL, n_jobs=1).written == 0


@pytest.mark.usefixtures("few")
def test_templates_are_read_again_and_their_errors_told(tmp_path: Path, sample_stories: RelatedStories) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for title in ("one", "two"):
        (own / "event.md").write_text(f"{title} {{{{ event.title }}}}\n")
        export(sample_stories, tmp_path / "site", ["json", "md"], templates=own, n_jobs=2)
        pages = [path.read_text() for path in (tmp_path / "site/news").rglob("*-*.md")]
        assert len(pages) == len(sample_stories)
        assert all(page.startswith(title) for page in pages)
    (own / "event.md").write_text("\n{{ evnt.title }}")
    with pytest.raises(InputError, match=r"event\.md:2: got a template that cannot be filled in \('evnt' is undefined\)"):
        export(sample_stories, tmp_path / "site", ["json", "md"], templates=own, n_jobs=2)


@pytest.mark.usefixtures("few")
def test_an_export_that_is_stopped_leaves_no_work_behind(tmp_path: Path, sample_stories: RelatedStories) -> None:
    def stop(stage: str, done: int, _: int) -> None:
        if stage == "pages" and done == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(sample_stories, tmp_path / "site", ALL, n_jobs=2, progress=stop)
    export(sample_stories, tmp_path / "site", ALL, n_jobs=2)
    export(sample_stories, tmp_path / "fresh", ALL)
    assert content(tmp_path / "site") == content(tmp_path / "fresh")


def test_a_single_format_and_few_pages_are_rendered_here(tmp_path: Path) -> None:
    with patch.object(rendering, "_rendered_elsewhere", side_effect=AssertionError("rendered elsewhere")):
        export(quick().fit(SPACE), tmp_path / "few", ALL, n_jobs=2)
        with patch.object(rendering, "MIN_PAGES", 1):
            export(quick().fit(SPACE), tmp_path / "one", ["html"], n_jobs=2)


CTRL_C = """
    import os, signal, sys
    from relatedstories import RelatedStories, read_events
    from relatedstories.export import export, rendering

    rendering.MIN_PAGES, rendering._CHUNK = 10, 7

    def interrupt(stage, done, total):
        if stage == "pages" and done == 60:
            os.killpg(0, signal.SIGINT)  # as a terminal does

    try:
        export(RelatedStories().fit(read_events("sample")), sys.argv[1], ["json", "md"], n_jobs=2, progress=interrupt)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_ctrl_c_ends_all_processes_without_a_word(tmp_path: Path) -> None:
    code = textwrap.dedent(CTRL_C)
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site")], capture_output=True, text=True, timeout=100, check=False,
        start_new_session=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("interrupted\n", "")


@pytest.mark.parametrize(
    "value",
    ["", "plain", "<b>", "a & b", '"', "'", ">", "Ünïcode –", Markup("<b>"), 7, None, 0.5, jinja2.Undefined(),
     type("Own", (str,), {})("<i>"), type("Html", (), {"__html__": lambda _: "<u>"})()],
)  # fmt: skip
def test_text_is_escaped_as_markupsafe_does(value: Any) -> None:
    assert escaped(value) == escape(value)
    assert str(escaped(value)) == str(escape(value))
