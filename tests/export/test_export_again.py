"""An export where nothing is new makes no page; whatever was new, edited or lost, the site is that of an export made anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from broken_disk import FAULTS, BrokenDisk
from helpers import SPACE, Named, quick, run

from relatedstories import Event, InputError, RelatedStories
from relatedstories.export import Exported, export, last_export
from relatedstories.export.merged_stories import MERGED
from relatedstories.export.site import Site
from relatedstories.export.story_pages import STORIES
from relatedstories.export.writer import LAST, MANIFEST
from relatedstories.index import linker

ALL = ("html", "json", "xml", "md")


def content(site: Path) -> dict[str, bytes]:
    """All files but the one that knows when they were written."""
    found = {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}
    found.pop(LAST, None)
    return found


def state(site: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and time of writing, which change where anything is written."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(site.rglob("*"))}


def is_short(report: Exported) -> bool:
    return [*report.seconds] == ["checking"]


@pytest.fixture
def stories() -> RelatedStories:
    return quick().fit(SPACE)


@pytest.fixture
def site(tmp_path: Path, stories: RelatedStories) -> Path:
    """A site of `SPACE` in all formats."""
    export(stories, tmp_path / "site", ALL)
    return tmp_path / "site"


# ---------------------------------------------------------------------- nothing is new


def test_nothing_is_made_or_written_and_the_counts_are_the_same(site: Path, stories: RelatedStories) -> None:
    before = state(site)
    with (
        patch.object(linker.Linker, "_batched", side_effect=AssertionError("lists are made again")),
        patch.object(Site, "__init__", side_effect=AssertionError("pages are made again")),
    ):
        again = export(stories, site, ALL)
    assert state(site) == before
    (site / LAST).unlink()
    made = export(stories, site, ALL)
    assert is_short(again)
    assert not is_short(made)
    for name in ("events", "days", "topics", "stories", "merged", "written", "unchanged", "removed", "pages", "characters"):
        assert getattr(again, name) == getattr(made, name), name
    assert "nothing has changed since the last export" in str(again)
    assert "nothing has changed" not in str(made)


def test_an_archive_is_known_from_a_file_and_in_any_order(site: Path, tmp_path: Path, stories: RelatedStories) -> None:
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", stories.extractor)
    assert loaded.checksum() == stories.checksum()
    assert is_short(export(loaded, site, ALL))
    assert is_short(export(quick().fit(SPACE[::-1]), site, ALL))
    assert is_short(export(quick().fit(SPACE[2:]).add(SPACE[:2]), site, ALL))
    assert is_short(export(stories, site, reversed(ALL), 5, n_jobs=2, progress=lambda *_: None))
    [*loaded.all_related()]  # what is found on the way changes nothing
    loaded.save(tmp_path / "index")
    assert is_short(export(RelatedStories.load(tmp_path / "index", stories.extractor), site, ALL))


def test_the_command_says_that_nothing_has_changed(tmp_path: Path) -> None:
    first = run("export", "sample", "--to", tmp_path / "site")
    again = run("export", "sample", "--to", tmp_path / "site")
    assert (first.returncode, again.returncode) == (0, 0)
    assert "nothing has changed" not in first.stderr
    assert "nothing has changed since the last export: no page was made again" in again.stderr
    assert first.stderr.splitlines()[-5] == again.stderr.splitlines()[-4]  # the counts


def test_a_site_that_was_copied_with_its_times_or_reached_by_a_link_is_the_same(site: Path, stories: RelatedStories) -> None:
    copied, other, link = site.with_name("copied"), site.with_name("other"), site.with_name("link")
    shutil.copytree(site, copied)
    shutil.copytree(site, other, copy_function=shutil.copyfile)
    link.symlink_to(site)
    assert is_short(export(stories, copied, ALL))
    assert is_short(export(stories, link, ALL))
    report = export(stories, other, ALL)
    assert not is_short(report)
    assert report.written == 0
    assert is_short(export(stories, other, ALL))


def test_choices_that_lead_nowhere_are_told_each_time(site: Path, stories: RelatedStories) -> None:
    for _ in range(2):
        with pytest.warns(UserWarning, match="'gone' pinned under 'oslo'"):
            report = export(stories, site, ALL, pinned={"oslo": ["gone"]})
    assert is_short(report)


# ---------------------------------------------------------------------- something is


def made_anew(site: Path, stories: RelatedStories, *arguments: Any, **keywords: Any) -> dict[str, bytes]:
    """The content of the same site in another folder, after the same earlier stories."""
    fresh = site.with_name("fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in (STORIES, MERGED):
        if (site / name).exists():
            shutil.copy(site / name, fresh)
    export(stories, fresh, *arguments, **keywords)
    return content(fresh)


@pytest.mark.parametrize(
    ("k", "keywords"),
    [
        (2, {}), (5, {"title": "Another"}), (5, {"base_url": "https://example.org"}), (5, {"since": "2017-01-01"}),
        (5, {"min_score": 0.9}), (5, {"same": ["heading"]}), (5, {"include_newer": False}),
        (5, {"pinned": {"oslo": ["iceland"]}}),
    ],
)  # fmt: skip
def test_what_pages_depend_on_is_compared(site: Path, stories: RelatedStories, k: int, keywords: dict[str, Any]) -> None:
    expected = made_anew(site, stories, ALL, k, **keywords)
    assert not is_short(export(stories, site, ALL, k, **keywords))
    assert content(site) == expected
    assert is_short(export(stories, site, ALL, k, **keywords))


def test_fewer_formats_are_another_site(site: Path, stories: RelatedStories) -> None:
    assert not is_short(export(stories, site, ["html"]))
    assert is_short(export(stories, site, ["html"]))
    assert not is_short(export(stories, site, ["html", "md"]))


def test_other_events_settings_and_names_to_ignore_are_another_archive(site: Path) -> None:
    edited = [*SPACE[:-1], Event(SPACE[-1].id, SPACE[-1].title, "And the trains run.", SPACE[-1].date)]
    ignoring = Named()
    ignoring.ignored = frozenset({"oslo"})  # type: ignore[attr-defined]
    others = [
        quick().fit(edited),
        quick().fit(SPACE[1:]),
        quick(date_decay=1.0).fit(SPACE),
        RelatedStories(Named()).fit(SPACE),  # type: ignore[arg-type]
        RelatedStories(ignoring).fit(SPACE),  # type: ignore[arg-type]
    ]
    assert len({stories.checksum() for stories in others}) == len(others)
    for stories in others:
        expected = made_anew(site, stories, ALL)
        assert not is_short(export(stories, site, ALL))
        assert content(site) == expected


def test_what_a_users_code_does_is_never_taken_for_known(site: Path, stories: RelatedStories) -> None:
    class Own(RelatedStories):
        pass

    own = Own(stories.extractor).fit(SPACE)
    for _ in range(2):
        assert not is_short(export(stories, site, ALL, where=lambda event: event.id != "oslo"))
        assert not is_short(export(own, site, ALL))


def test_another_version_of_the_package_makes_all_anew(site: Path, stories: RelatedStories) -> None:
    with patch.object(last_export, "code_digest", return_value="another"):
        assert not is_short(export(stories, site, ALL))
        assert is_short(export(stories, site, ALL))


def test_templates_of_ones_own_are_read(site: Path, tmp_path: Path, stories: RelatedStories) -> None:
    own = tmp_path / "own"
    (own / "parts").mkdir(parents=True)
    (own / "day.html").write_text("{% include 'parts/day.txt' %}")
    (own / "parts" / "day.txt").write_text("one")
    page = site / "news/2017/01/4/index.html"
    for text in ("one", "two"):
        (own / "parts" / "day.txt").write_text(text)
        assert not is_short(export(stories, site, ALL, templates=own))
        assert page.read_text() == text
        assert is_short(export(stories, site, ALL, templates=own))
    (own / "parts").rename(tmp_path / "elsewhere")
    (own / "parts").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        assert not is_short(export(stories, site, ALL, templates=own))


PAGE = "news/2017/01/4/index.html"


def _edit(site: Path) -> None:
    text = (site / PAGE).read_bytes()
    (site / PAGE).write_bytes(text.replace(b"Oslo", b"Rome"))


def _make_a_folder(site: Path) -> None:
    shutil.move(site / "topics", site.with_name("topics"))
    (site / "topics").mkdir()


HARM: dict[str, Callable[[Path], object]] = {
    "a page is edited": _edit,
    "a page is cut short": lambda site: os.truncate(site / PAGE, 10),
    "a page is touched": lambda site: os.utime(site / PAGE),
    "a page is removed": lambda site: (site / PAGE).unlink(),
    "all pages of topics are removed": _make_a_folder,
    "a piece of the search is removed": lambda site: (site / "search/about.js").unlink(),
    "the style is edited": lambda site: (site / "style.css").write_text("p { color: red }"),
    "what the export left is lost": lambda site: (site / LAST).unlink(),
    "it is cut short": lambda site: os.truncate(site / LAST, 100),
    "it is empty": lambda site: os.truncate(site / LAST, 0),
    "it is no JSON of ours": lambda site: (site / LAST).write_text('{"export": [], "sha256": ""}'),
    "it is altered": lambda site: (site / LAST).write_text((site / LAST).read_text().replace('"events": 6', '"events": 7')),
}


@pytest.mark.parametrize("harm", HARM)
def test_what_became_of_the_site_since_is_seen_and_mended(site: Path, stories: RelatedStories, harm: str) -> None:
    expected = content(site)
    HARM[harm](site)
    assert not is_short(export(stories, site, ALL))
    assert content(site) == expected
    assert is_short(export(stories, site, ALL))


@pytest.mark.parametrize("n_lines", [0, 1, 20, -1])
def test_a_list_of_files_that_was_cut_short_is_refused(site: Path, stories: RelatedStories, n_lines: int) -> None:
    """The next export could not tell which files are its own."""
    lines = (site / MANIFEST).read_bytes().splitlines(keepends=True)
    for cut in (b"".join(lines[:n_lines]), b"".join(lines[:n_lines])[:-3]):
        (site / MANIFEST).write_bytes(cut)
        before = state(site)
        with pytest.raises(InputError, match=r"export to a new folder|that no export wrote, expected a folder without it"):
            export(stories, site, ALL)
        assert state(site).keys() == before.keys()


def test_a_site_of_the_version_before_is_taken_over(site: Path, stories: RelatedStories) -> None:
    """It has the same list of files and nothing that tells what the last export left."""
    (site / LAST).unlink()
    before = state(site)
    report = export(stories, site, ALL)
    assert (report.written, report.removed) == (0, 0)
    assert before.items() <= state(site).items()
    assert is_short(export(stories, site, ALL))


def test_earlier_stories_that_were_edited_or_lost_are_seen(site: Path, stories: RelatedStories) -> None:
    kept = (site / STORIES).read_text()
    first = json.loads(kept.splitlines()[0])["id"]
    (site / STORIES).write_text(kept.replace(f'"id": "{first}"', '"id": "renamed"', 1))
    expected = made_anew(site, stories, ALL)
    assert not is_short(export(stories, site, ALL))
    assert {name: text for name, text in content(site).items() if name != MERGED} == expected
    assert is_short(export(stories, site, ALL))
    (site / STORIES).unlink()
    assert not is_short(export(stories, site, ALL))
    assert (site / STORIES).read_text() == kept


def test_a_page_edited_while_others_are_written_is_mended_by_the_next_export(tmp_path: Path, stories: RelatedStories) -> None:
    site = tmp_path / "site"

    def edit(stage: str, done: int, total: int) -> None:
        if stage == "pages" and done == total:
            _edit(site)

    export(stories, site, ALL, progress=edit)
    assert b"Rome" in (site / PAGE).read_bytes()
    assert not is_short(export(stories, site, ALL))
    assert b"Rome" not in (site / PAGE).read_bytes()


# ---------------------------------------------------------------------- what goes wrong


KILLED = """
    import os, signal, sys
    from helpers import SPACE, quick
    from relatedstories.export import export

    def kill(stage, done, total):
        if stage == "pages" and done == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

    export(quick().fit(SPACE[:-1]), sys.argv[1], ("html", "json", "xml", "md"), progress=kill)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("page", [1, 7, 14])
def test_an_export_that_was_killed_is_mended_by_either_archive(site: Path, stories: RelatedStories, page: int) -> None:
    code, tests = textwrap.dedent(KILLED), str(Path(__file__).parents[1])
    expected = content(site)
    killed = subprocess.run(
        [sys.executable, "-c", code, str(site), str(page)], env=os.environ | {"PYTHONPATH": os.pathsep.join([tests, *sys.path])},
        check=False,
    )  # fmt: skip
    assert killed.returncode < 0
    assert not is_short(export(stories, site, ALL))
    assert content(site) == expected
    assert is_short(export(stories, site, ALL))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_file_operation_leaves_a_site_that_the_next_export_completes(tmp_path: Path, fault: str) -> None:
    """The new site is made where the old one was; after any fault a further export gives the new one."""
    old, new = quick().fit(SPACE[3:5]), quick().fit(SPACE[4:])
    kept, site = tmp_path / "kept", tmp_path / "site"
    export(old, kept, ["html"])
    shutil.copytree(kept, site)
    counting = BrokenDisk(site)
    with counting.inserted():
        export(new, site, ["html"])
    expected = content(site)
    # the first and last operations, where lists are read and written, and some of the pages between
    n = len(counting.done)
    for at in sorted({*range(6), *range(6, n, 31), *range(n - 10, n)}):
        shutil.rmtree(site)
        shutil.copytree(kept, site)
        disk = BrokenDisk(site, fault, at)
        with disk.inserted():
            try:
                export(new, site, ["html"])
            except (OSError, InputError, KeyboardInterrupt):
                assert disk.failed
        export(new, site, ["html"])
        assert content(site) == expected, counting.done[at]
        assert is_short(export(new, site, ["html"]))
