"""With lists="changed" only lists that can have changed by more than rounding are made; all others stay as they were."""

from __future__ import annotations

import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from helpers import Named, day, run, shared
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relatedstories import Event, RelatedStories, read_events
from relatedstories.databases.links_table import LinksTable
from relatedstories.errors import BadValueError
from relatedstories.files.links_file import LinksFile
from relatedstories.index import last_refresh, last_run
from relatedstories.index.last_refresh import LastRefresh
from relatedstories.index.storage import MANIFEST
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.pages.writer import LinkedPages
from relatedstories.refresh import Report, refresh

TOWNS = ["Oslo", "Malta", "Ceres", "Turin", "Quito", "Lagos", "Perth", "Kyoto", "Delhi", "Accra", "Sofia", "Minsk"]
KINDS = ["storm", "strike", "vote", "flood", "fair", "trial"]
SETTINGS = {"space_weight": 0.0, "date_decay": 0.04, "min_score": 0.01}
"""Given, so that nothing is learnt, which few events would change each night."""


def stories(index: Path | None = None) -> RelatedStories:
    """The stories of an index, or new ones."""
    if index is not None and (index / MANIFEST).exists():
        return RelatedStories.load(index, Named())  # type: ignore[arg-type]
    return RelatedStories(Named(), **SETTINGS)  # type: ignore[arg-type]


def towns(n: int = 5) -> list[Event]:
    """For each town some events that share its name with each other, and a word with one event of each other town."""
    return [
        Event(f"{town.lower()}-{i}", f"{town}: {KINDS[i]} in {town}", date=day(f"2020-01-{1 + i + place:02}"))
        for place, town in enumerate(TOWNS)
        for i in range(n)
    ]


def lists_in(path: Path) -> dict[str, list[dict[str, Any]]]:
    return {line["id"]: line["links"] for line in map(json.loads, path.read_text().splitlines())}


def night(folder: Path, events: list[Event], target: Any = None, lists: Any = "changed", **keywords: Any) -> Report:
    index = folder / "index"
    target = folder / "links.jsonl" if target is None else target
    return refresh(stories(index), events, target, keywords.pop("k", 3), index=index, lists=lists, **keywords)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the links and the index of all towns."""
    night(tmp_path, towns(), lists="all")
    return tmp_path


NEW = Event("oslo-new", "Oslo: vote and strike in Oslo", date=day("2020-01-03"))


def test_lists_of_other_towns_stay(folder: Path) -> None:
    before = lists_in(folder / "links.jsonl")
    report = night(folder, [*towns(), NEW])
    after = lists_in(folder / "links.jsonl")
    assert report.made + report.stayed == report.events == 61
    assert report.made < 20 < report.stayed
    assert report.all_made_because is None
    assert after["minsk-4"] == before["minsk-4"]  # down to the scores
    assert "oslo-new" in {link["id"] for links in after.values() for link in links}
    exact = folder / "exact.jsonl"
    refresh(stories(), [*towns(), NEW], exact, 3)
    assert {id_: [link["id"] for link in links] for id_, links in lists_in(exact).items()} == {
        id_: [link["id"] for link in links] for id_, links in after.items()
    }
    assert lists_in(exact)["minsk-4"] != after["minsk-4"]  # the scores of a run that makes all
    assert f"{report.made} lists made; {report.stayed} stay" in str(report)
    assert (report.to_dict()["made"], report.to_dict()["stayed"]) == (report.made, report.stayed)


def test_the_counts_of_the_report_are_those_of_the_links(folder: Path) -> None:
    events = [*towns()[1:], NEW]
    report = night(folder, events)
    again = refresh(stories(), events, folder / "links.jsonl", 3, dry_run=True)
    assert report.stayed
    assert (report.links, report.without_links, report.labelled) == (again.links, again.without_links, again.labelled)
    assert (report.contexts, report.linked) == (again.contexts, again.linked)


def test_an_event_that_is_gone_is_in_no_list(folder: Path) -> None:
    gone = "lagos-2"
    report = night(folder, [event for event in towns() if event.id != gone])
    assert report.stayed
    assert report.gone == 1
    after = lists_in(folder / "links.jsonl")
    assert gone not in after
    assert gone not in {link["id"] for links in after.values() for link in links}


def test_lists_that_name_duplicates_which_are_gone_are_made(tmp_path: Path) -> None:
    wire = "Rome: wire of the same words"
    events = [
        *towns(),
        Event("rome", "Rome: opening day", date=day("2020-01-01")),
        *(Event(f"wire-{i}", wire, date=day("2020-01-02")) for i in range(3)),
    ]
    night(tmp_path, events, lists="all")
    assert ["wire-1", "wire-2"] in [link.get("duplicates") for link in lists_in(tmp_path / "links.jsonl")["rome"]]
    report = night(tmp_path, events[:-1])
    assert report.stayed
    found = lists_in(tmp_path / "links.jsonl")
    assert "wire-2" not in json.dumps(found)
    assert ["wire-1"] in [link.get("duplicates") for link in found["rome"]]


def test_lists_with_an_edited_event_are_made(folder: Path) -> None:
    edited = [replace(event, url="/new") if event.id == "lagos-2" else event for event in towns()]
    target = LinksFile(folder / "links.jsonl", ["url"])
    night(folder, towns(), target, lists="all")
    report = night(folder, edited, LinksFile(folder / "links.jsonl", ["url"]))
    assert report.stayed
    links = [link for links in lists_in(folder / "links.jsonl").values() for link in links if link["id"] == "lagos-2"]
    assert links
    assert all(link["event"]["url"] == "/new" for link in links)


def test_with_nothing_new_nothing_is_made_or_written(folder: Path) -> None:
    night(folder, [*towns(), NEW])
    written = (folder / "links.jsonl").stat().st_mtime_ns
    report = night(folder, [*towns(), NEW])
    assert (report.made, report.stayed, report.written) == (0, 61, 0)
    assert "compare" in report.seconds
    assert (folder / "links.jsonl").stat().st_mtime_ns == written


def test_a_run_that_makes_all_lists_does_not_take_those_that_stayed_for_its_own(folder: Path) -> None:
    night(folder, [*towns(), NEW])
    report = night(folder, [*towns(), NEW], lists="all")
    assert (report.made, report.new) == (61, 0)
    assert report.written == 61
    exact = folder / "exact.jsonl"
    refresh(stories(), [*towns(), NEW], exact, 3)
    assert exact.read_bytes() == (folder / "links.jsonl").read_bytes()
    assert night(folder, [*towns(), NEW], lists="all").written == 0


def test_all_lists_are_made_once_a_tenth_of_the_archive_has_changed(folder: Path) -> None:
    more = [Event(f"oslo-new-{i}", f"Oslo: {KINDS[i]} again in Oslo", date=day("2020-01-03")) for i in range(6)]
    reports = [night(folder, towns() + more[: i + 1]) for i in range(6)]
    assert [bool(report.stayed) for report in reports] == [True] * 6
    report = night(folder, towns() + more[:-1])
    assert report.all_made_because == ("7 events were added, edited or removed since all were made, more than 10% of the archive")
    assert (report.made, report.stayed) == (65, 0)
    assert "all lists made: 7 events were added" in str(report)
    assert night(folder, towns() + more).stayed  # counted anew


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"k": 2}, "other options or settings"),
        ({"min_score": 0.2}, "other options or settings"),
        ({"same": ["heading"]}, "other options or settings"),
        ({"pinned": {"oslo-1": ["lagos-1"]}}, "other options or settings"),
        ({"blocked": {"oslo-1": ["oslo-2"]}}, "other options or settings"),
        ({"k": 16}, "need more of the nearest"),
        ({"diversity": 0.5}, "diversity"),
        ({"max_per_context": 1}, "by context"),
        ({"since": "2020-01-03"}, "since, until, include_newer"),
        ({"include_newer": False}, "since, until, include_newer"),
        ({"fallback": "recent"}, "fallback"),
        ({"where": bool}, "where"),
    ],
)
def test_other_options_make_all(folder: Path, keywords: dict[str, Any], reason: str) -> None:
    report = night(folder, [*towns(), NEW], **keywords)
    assert report.all_made_because is not None
    assert reason in report.all_made_because
    assert (report.made, report.stayed) == (61, 0)
    exact = folder / "exact.jsonl"
    refresh(stories(), [*towns(), NEW], exact, keywords.pop("k", 3), **keywords)
    assert exact.read_bytes() == (folder / "links.jsonl").read_bytes()


def test_a_pinned_list_is_always_made(folder: Path) -> None:
    pinned = {"oslo-1": ["lagos-1"]}
    night(folder, towns(), lists="all", pinned=pinned)
    report = night(folder, [event for event in towns() if event.id != "lagos-1"], pinned=pinned)
    assert report.stayed
    assert "lagos-1" not in {link["id"] for links in lists_in(folder / "links.jsonl").values() for link in links}


def test_another_version_of_the_package_makes_all(folder: Path) -> None:
    with patch.object(last_refresh, "code_digest", return_value="another"):
        assert night(folder, [*towns(), NEW]).all_made_because is not None


def test_another_least_score_that_is_learnt_makes_all(tmp_path: Path) -> None:
    index, links = tmp_path / "index", tmp_path / "links.jsonl"
    learning = RelatedStories(Named(), space_weight=0.0, date_decay=0.04)  # type: ignore[arg-type]
    refresh(learning, towns(), links, 3, index=index)
    with patch("relatedstories.index.learnt.learnt_min_score", return_value=0.31):
        report = refresh(stories(index), [*towns(), NEW], links, 3, index=index, lists="changed")
    assert report.all_made_because == "the weights or the least score that are learnt from the archive changed"


@pytest.mark.parametrize("lost", ["last-lists.json", "last-refresh.json"])
@pytest.mark.parametrize("damage", [None, b"", b"[]", b"[[1], [], [], [], [], []]"])
def test_without_a_record_all_are_made(folder: Path, lost: str, damage: bytes | None) -> None:
    (path,) = (folder / "index").glob(f"parts-*/{lost}")
    path.unlink() if damage is None else path.write_bytes(damage)
    report = night(folder, [*towns(), NEW])
    assert report.all_made_because is not None
    assert "there is no record" in report.all_made_because
    assert night(folder, [*towns(), NEW, replace(NEW, id="z")]).stayed


def test_links_that_somebody_edited_are_mended(folder: Path) -> None:
    links = folder / "links.jsonl"
    links.write_text(links.read_text().replace('"rank": 1', '"rank": 7', 1))
    report = night(folder, [*towns(), NEW])
    assert report.all_made_because == "the links are not as the last refresh left them"
    assert '"rank": 7' not in links.read_text()


def test_an_edit_during_the_run_is_mended_by_the_next(folder: Path) -> None:
    """Somebody writes into what stays after it was compared."""
    links = folder / "links.jsonl"

    def events() -> Iterator[Event]:
        yield from [*towns(), NEW]

    original = last_run.LastRun.relisting

    def compare_and_edit(self: Any) -> Any:
        found = original(self)
        links.write_text(links.read_text().replace('"rank": 1', '"rank": 7'))
        return found

    with patch.object(last_run.LastRun, "relisting", compare_and_edit):
        assert night(folder, [*events()]).stayed
    assert '"rank": 7' in links.read_text()
    assert night(folder, [*events()]).made == 61
    assert '"rank": 7' not in links.read_text()


def test_a_dry_run_tells_the_same_and_writes_nothing(folder: Path) -> None:
    written = (folder / "links.jsonl").read_bytes()
    tried = night(folder, [*towns(), NEW], dry_run=True)
    assert (folder / "links.jsonl").read_bytes() == written
    report = night(folder, [*towns(), NEW])
    assert (tried.made, tried.stayed, tried.written) == (report.made, report.stayed, report.written)
    assert tried.difference == report.difference


# ---------------------------------------------------------------------- places for links


def test_one_object(tmp_path: Path) -> None:
    target = tmp_path / "links.json"
    night(tmp_path, towns(), target, lists="all")
    assert night(tmp_path, [*towns()[1:], NEW], target).stayed
    lines = night(tmp_path, [*towns()[1:], NEW], tmp_path / "links.jsonl", lists="all")
    assert {id_: [link["id"] for link in links] for id_, links in json.loads(target.read_text()).items()} == {
        id_: [link["id"] for link in links] for id_, links in lists_in(tmp_path / "links.jsonl").items()
    }
    assert lines.events == 60


def test_a_table(store: Any, tmp_path: Path) -> None:
    def table() -> LinksTable:
        return LinksTable(store.url)

    def pairs() -> set[tuple[Any, ...]]:
        return {*store.rows("SELECT event_id, rank, related_id, context FROM related_links")}

    night(tmp_path, towns(), table(), lists="all")
    store.run("UPDATE related_links SET refreshed_at = '2001-01-01 00:00:00'")
    events = [*towns()[1:], NEW]
    tried, report = night(tmp_path, events, table(), dry_run=True), night(tmp_path, events, table())
    assert report.stayed > 20
    assert (tried.written, tried.difference) == (report.written, report.difference)
    found = pairs()
    assert not any("oslo-0" in row for row in found)
    old = len(store.rows("SELECT 1 FROM related_links WHERE refreshed_at < '2002-01-01'"))
    assert old >= report.links - report.written > 100
    assert night(tmp_path, events, table()).made == 0
    full = night(tmp_path, events, table(), lists="all")
    assert full.made == 60
    assert pairs() == found
    assert (full.links, full.labelled, full.linked) == (report.links, report.labelled, report.linked)
    store.run("UPDATE related_links SET context = 'Rome' WHERE event_id = 'minsk-1'")
    assert night(tmp_path, [*events, replace(NEW, id="z")], table()).all_made_because is not None
    assert not store.rows("SELECT 1 FROM related_links WHERE context = 'Rome'")


def test_a_table_that_is_edited_during_the_run_is_mended_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/news.db"
    night(tmp_path, towns(), LinksTable(url), lists="all")
    original = last_run.LastRun.relisting

    def compare_and_edit(self: Any) -> Any:
        found = original(self)
        with sqlite3.connect(tmp_path / "news.db") as database:
            database.execute("UPDATE related_links SET context = 'Rome' WHERE event_id = 'minsk-1'")
        return found

    with patch.object(last_run.LastRun, "relisting", compare_and_edit):
        assert night(tmp_path, [*towns(), NEW], LinksTable(url)).stayed
    assert night(tmp_path, [*towns(), NEW], LinksTable(url)).made == 61
    assert "Rome" not in "".join(line for _, line in LinksTable(url).read())


def test_what_others_write_to_the_database_during_the_run_does_not_matter(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/news.db"
    night(tmp_path, towns(), LinksTable(url), lists="all")
    original = last_run.LastRun.relisting

    def compare_and_write(self: Any) -> Any:
        found = original(self)
        with sqlite3.connect(tmp_path / "news.db") as database:
            database.execute("CREATE TABLE readers (id)")
        return found

    with patch.object(last_run.LastRun, "relisting", compare_and_write):
        assert night(tmp_path, [*towns(), NEW], LinksTable(url)).stayed
    assert night(tmp_path, [*towns(), NEW], LinksTable(url)).made == 0


def test_the_table_is_read_whole_once(tmp_path: Path) -> None:
    url, scans = f"sqlite:///{tmp_path}/news.db", []
    night(tmp_path, towns(), LinksTable(url), lists="all")
    original = LinksTable._digest_of_rows

    def count_scans(self: Any, connection: Any, ids: Any = None) -> Any:
        scans.append(ids is None)
        return original(self, connection, ids)

    with patch.object(LinksTable, "_digest_of_rows", count_scans):
        assert night(tmp_path, [*towns(), NEW], LinksTable(url)).stayed
        assert scans == [True, False, False]
        assert night(tmp_path, [*towns(), NEW], LinksTable(url)).made == 0


def written_pages(folder: Path, events: list[Event]) -> None:
    folder.mkdir(exist_ok=True)
    for event in events:
        (folder / f"{event.id}.md").write_text(f"---\ntitle: {json.dumps(event.title)}\ndate: {event.date}\n---\n")


def refresh_pages(folder: Path, lists: Any = "changed") -> Report:
    found = Pages()
    events = read_pages(folder / "pages", found=found)
    return night(folder, events, LinkedPages(folder / "pages", found), lists)  # type: ignore[arg-type]


def test_pages(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    written_pages(pages, towns())
    refresh_pages(tmp_path, "all")
    written_pages(pages, [NEW])
    (pages / "lagos-2.md").unlink()
    report = refresh_pages(tmp_path)
    assert report.stayed > 20
    assert (report.new, report.gone, report.left_alone) == (1, 1, 0)
    assert not [path for path in pages.iterdir() if "lagos-2" in path.read_text()]
    before = {path: path.read_bytes() for path in pages.iterdir()}
    again = refresh_pages(tmp_path)
    assert (again.made, again.stayed, again.written, again.links) == (0, 60, 0, report.links)
    assert refresh_pages(tmp_path, "all").made == 60
    assert {path: path.read_bytes() for path in pages.iterdir()} == before


def test_a_page_whose_links_somebody_edited_is_mended(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    written_pages(pages, towns())
    refresh_pages(tmp_path, "all")
    page = pages / "minsk-1.md"
    before = page.read_text()
    page.write_text(before.replace("Minsk: ", "Rome: "))  # in the titles of links too
    page.write_text(before.replace('context: "Minsk"', 'context: "Rome"'))
    written_pages(pages, [NEW])
    report = refresh_pages(tmp_path)
    assert report.stayed > 20
    assert page.read_text() == before


def test_a_stream_keeps_no_list(tmp_path: Path) -> None:
    import io

    with pytest.raises(BadValueError, match="lists: got 'changed', expected \"all\" for standard output"):
        refresh(stories(), towns(), io.StringIO(), index=tmp_path / "index", lists="changed")
    with pytest.raises(BadValueError, match="lists: got 'changed', expected an index= with it"):
        refresh(stories(), towns(), tmp_path / "links.jsonl", lists="changed")
    with pytest.raises(BadValueError, match='lists: got \'some\', expected "all" or "changed"'):
        refresh(stories(), towns(), tmp_path / "links.jsonl", lists="some")  # type: ignore[arg-type]


def test_on_the_command_line(tmp_path: Path) -> None:
    news = tmp_path / "news.jsonl"
    command = ["refresh", news, "--links", tmp_path / "links.jsonl", "--index", tmp_path / "index", "--lists", "changed"]
    news.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in towns()))
    first = run(*command)
    assert first.returncode == 0
    assert "all lists made: there is no record of a refresh with this index" in first.stderr
    done = run("refresh", news, "--links", tmp_path / "links.jsonl", "--lists", "changed")
    assert done.returncode == 2
    done = run("refresh", news, "--links", "-", "--index", tmp_path / "index", "--lists", "changed")
    assert done.returncode == 2


# ---------------------------------------------------------------------- many nights

ids = st.sampled_from([f"e{number}" for number in range(12)])
titles = st.lists(st.sampled_from([*TOWNS[:5], *KINDS]), min_size=1, max_size=4).map(" ".join)


def with_own_word(event: Event) -> Event:
    return replace(event, title=f"{event.title} {event.id.replace('-', '')}")


class Nights(RuleBasedStateMachine):
    """An archive whose nights change some events, and make only the lists that can have changed.

    Each event has a word of its own, so that none is nearly a duplicate of another: similarities move across that line.
    """

    @initialize(n=st.integers(2, 5), k=st.integers(0, 4))
    def begin(self, n, k):
        self.folder = tempfile.TemporaryDirectory()
        self.top, self.k = Path(self.folder.name), k
        self.events = {event.id: with_own_word(event) for event in towns(n)}
        self.part = patch.object(last_run, "MOST_BEHIND", 10)
        night(self.top, [*self.events.values()], lists="all", k=k)

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(id_=ids, title=titles, on=st.dates(day("2020-01-01"), day("2020-01-20")))
    def add_or_edit(self, id_, title, on):
        self.events[id_] = with_own_word(Event(id_, title, date=on))

    @precondition(lambda self: len(self.events) > 2)
    @rule(data=st.data())
    def remove(self, data):
        del self.events[data.draw(st.sampled_from(sorted(self.events)))]

    @invariant()
    def lists_are_those_of_a_run_that_makes_all(self):
        if not hasattr(self, "events"):
            return
        events, links = [*self.events.values()], self.top / "links.jsonl"
        with self.part:
            report = night(self.top, events, k=self.k)
            assert report.made + report.stayed == len(events)
            again = night(self.top, events, k=self.k)
        assert (again.made, again.written) == (0, 0)
        exact = self.top / "exact.jsonl"
        full = refresh(stories(), events, exact, self.k)
        found, expected = lists_in(links), lists_in(exact)
        assert found.keys() == expected.keys() == self.events.keys()
        assert {link["id"] for links in found.values() for link in links} <= self.events.keys()
        for id_, exact_links in expected.items():
            assert [link["id"] for link in found[id_]] == [link["id"] for link in exact_links], id_
            assert [link.get("duplicates") for link in found[id_]] == [link.get("duplicates") for link in exact_links]
        assert (report.links, report.without_links, report.linked) == (full.links, full.without_links, full.linked)
        kept = LastRefresh.read(self.top / "index")
        assert kept is not None
        assert kept.counts["links"] == report.links


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=16, stateful_step_count=8, deadline=None)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_after_five_nights_nearly_all_lists_of_a_real_archive_are_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 6,000 events, each night 60 are new, 6 edited and 6 gone."""
    news = read_events(shared("data/wcep-text-2002-2024.jsonl.gz"), {"title": "text"})
    archive = sorted(itertools.islice(news, 6_000), key=lambda event: (str(event.date), event.id))
    links, exact, index = tmp_path / "links.jsonl", tmp_path / "exact.jsonl", tmp_path / "index"
    events = {event.id: event for event in archive[:-300]}
    refresh(RelatedStories(), [*events.values()], links, index=index, n_jobs=2)
    stayed = []
    for turn in range(5):
        first = len(archive) - 300 + 60 * turn
        events |= {event.id: event for event in archive[first : first + 60]}
        touched = archive[7 * turn : -300 : 475][:12]
        events |= {event.id: replace(event, title=f"{event.title} More is known by now.") for event in touched[::2]}
        for event in touched[1::2]:
            events.pop(event.id, None)
        report = refresh(RelatedStories.load(index), [*events.values()], links, index=index, n_jobs=2, lists="changed")
        assert report.all_made_because is None
        stayed.append(report.stayed / report.events)
        assert {link["id"] for line in lists_in(links).values() for link in line} <= events.keys()
    refresh(RelatedStories.load(index), [*events.values()], exact, n_jobs=2)
    found, expected = lists_in(links), lists_in(exact)
    assert found.keys() == expected.keys()
    same = sum([x["id"] for x in found[id_]] == [x["id"] for x in links_] for id_, links_ in expected.items())
    with_labels = sum(
        [(x["id"], x["contexts"]) for x in found[id_]] == [(x["id"], x["contexts"]) for x in links_]
        for id_, links_ in expected.items()
    )
    shares = same / len(found), with_labels / len(found)
    with capsys.disabled():
        print(f"\n{min(stayed):.1%} to {max(stayed):.1%} of the lists stayed; {shares[0]:.2%} have the links of a run that makes")
        print(f"all lists, {shares[1]:.2%} the labels too")
    assert min(stayed) > 0.7
    assert shares[0] > 0.98
    assert shares[1] > 0.9
