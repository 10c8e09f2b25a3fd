"""The nightly command as its operators use it: pages in place, the report, what changed, how much is said."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers import SPACE, quick, run, unframed

from relatedstories import Event, read_events
from relatedstories.pages.reader import Pages, read_pages
from relatedstories.refresh import refresh as refresh_links

ROWS = [event.to_dict() for event in SPACE]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# ---------------------------------------------------------------------- pages


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Six pages, every second with front matter and the others as the old site had them, two files that are no events."""
    folder = tmp_path / "site"
    (folder / "news").mkdir(parents=True)
    for number, event in enumerate(SPACE):
        page = f"---\ntitle: {event.title}\ndate: {event.date}\n---\n"
        if number % 2:
            page = (
                f"### [{event.date}](/x)\r\n\r\n# {event.title}\r\n\r\n### 有关:\r\n\r\n1. [gone](/gone.md)\r\n\r\nA footer\r\n"
            )
        (folder / "news" / f"{event.id}.md").write_bytes(page.encode())
    (folder / "news" / "index.md").write_text("# All the news\n")
    (folder / "news" / "logo.png").write_bytes(b"\x89PNG")
    return folder


def test_pages_in_place(site: Path) -> None:
    options = ["--in-place", "--root", "/archive/", "--related-head", "### 有关:", "--context-word", "消息", "--jobs", "1"]
    before = everything(site / "news")
    done = run("refresh", "site", *options, "--dry-run", cwd=site.parent)
    assert (done.returncode, everything(site / "news")) == (0, before), done.stderr
    done = run("refresh", "site", *options, cwd=site.parent)
    assert done.returncode == 0, done.stderr
    assert "6 pages are events, 0 drafts, 0 broken; left out: 1 not Markdown, 1 section page" in done.stderr
    assert "links are in the pages of site" in done.stderr
    after = everything(site / "news")
    assert after.keys() == before.keys()
    assert after["dragon.md"].startswith(before["dragon.md"].removesuffix(b"---\n"))
    assert b'path: "/archive/news/progress.md"' in after["dragon.md"]
    text = after["progress.md"].decode()
    head, _, rest = text.partition("1. [")
    assert head == before["progress.md"].decode().partition("1. [")[0]
    assert re.match(r".*\]\(/archive/news/dragon.md\) _消息: International Space Station(?:, [^_]+)?_\r\n", rest)
    assert text.endswith("\r\n\r\nA footer\r\n")
    assert "gone" not in text

    done = run("refresh", "site", *options, cwd=site.parent)
    assert "nothing new: all links are as they were, nothing is written" in done.stderr
    assert everything(site / "news") == after


@pytest.mark.slow
def test_pages_say_how_their_links_changed(site: Path) -> None:
    options = ["refresh", "site", "--in-place", "--related-head", "### 有关:", "--jobs", "1", "--index", "index"]
    run(*options, cwd=site.parent)
    (site / "news" / "dragon.md").unlink()
    done = run(*options, "--report", "report.json", cwd=site.parent)
    told = json.loads((site.parent / "report.json").read_text())
    assert (told["new"], told["edited"], told["gone"], told["unit"]) == (0, 0, 1, "pages"), done.stderr
    assert (told["added"], told["removed"], told["written"]) == (0, 2, 2)


@pytest.mark.slow
def test_links_of_pages_as_a_data_file(site: Path) -> None:
    done = run("refresh", "site", "--links", "site/related.json", "--jobs", "1", cwd=site.parent)
    assert done.returncode == 0, done.stderr
    links = json.loads((site / "related.json").read_text(encoding="utf-8"))
    assert sorted(links) == sorted(f"news/{event.id}" for event in SPACE)
    assert links["news/oslo"][0]["id"] == "news/oslo-2"
    written = (site / "related.json").stat()
    done = run("refresh", "site", "--links", "site/related.json", "--jobs", "1", cwd=site.parent)
    assert "nothing new" in done.stderr
    assert (site / "related.json").stat().st_ino == written.st_ino


def test_a_link_out_of_the_folder_is_not_followed(site: Path) -> None:
    outside = site.parent / "outside.md"
    outside.write_text("---\ntitle: Snow in Oslo, and a Dragon for the International Space Station\n---\n")
    (site / "news" / "secret.md").symlink_to(outside)
    (site.parent / "folder").mkdir()
    shutil.copy(outside, site.parent / "folder" / "b.md")
    (site / "linked").symlink_to(site.parent / "folder")
    done = run("refresh", "site", "--in-place", "--jobs", "1", cwd=site.parent)
    assert "6 pages are events" in done.stderr
    assert "2 symbolic link" in done.stderr
    assert b"related" not in outside.read_bytes() + (site.parent / "folder" / "b.md").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("news.jsonl --in-place", "--in-place goes with a folder of pages as SOURCE"),
        ("site --in-place --links links.jsonl", "give either --links FILE, --links-table NAME or --in-place"),
        ("nowhere --in-place", "nowhere: got no such folder, expected a folder of pages"),
        ("news.db --table events --links links.jsonl", "the address of a database as SOURCE: sqlite:///news.db, perhaps"),
        ("site --in-place --key no%way", "got 'no%way', expected a key of letters"),
        ("site --in-place --related-head Related", "got 'Related', expected a heading in Markdown"),
        ("site --in-place --field status=state --draft x --root archive", "root: got 'archive', expected the beginning of a"),
    ],
)
def test_what_cannot_be_asked_of_pages(site: Path, arguments: str, said: str) -> None:
    write(site.parent / "news.jsonl", ROWS)
    done = run("refresh", *arguments.split(), cwd=site.parent)
    assert done.returncode in (1, 2)
    assert said in unframed(done.stderr)


# ---------------------------------------------------------------------- drafts


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_drafts_by_a_status_field(tmp_path: Path, suffix: str) -> None:
    states = ["live", "Draft ", "", "hidden", None]
    rows = [{"id": str(n), "title": f"Fire in Oslo {n}", "state": state} for n, state in enumerate(states)]
    path = tmp_path / f"news.{suffix}"
    if suffix == "jsonl":
        write(path, rows)
    else:
        path.write_text("id,title,state\n" + "".join(f"{row['id']},{row['title']},{row['state'] or ''}\n" for row in rows))
    left: list[str] = []
    assert [event.id for event in read_events(path, {"status": "state"}, on_draft=left.append)] == ["0", "2", "3", "4"]
    assert left == [f"{path}:{2 if suffix == 'jsonl' else 3}"]
    assert [event.id for event in read_events(path, {"status": "state"}, drafts=["draft", "HIDDEN"])] == ["0", "2", "4"]
    assert len(list(read_events(path))) == 5  # no column tells drafts unless it is named
    with pytest.warns(UserWarning, match="1 row was read as an event though the 'status' is that of a draft"):
        assert len(list(read_events([row | {"status": row["state"]} for row in rows]))) == 5
    options = ["--field", "status=state", "--draft", "draft", "--draft", "hidden", "--links", "links.jsonl", "--report", "r.json"]
    done = run("refresh", path.name, *options, cwd=tmp_path)
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["events"], told["drafts"]) == (3, 2), done.stderr
    assert "left out: 0 that are no events, 2 drafts" in done.stderr


def test_drafts_of_a_database(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "news.db") as database:
        database.execute("CREATE TABLE events (id TEXT, title TEXT, live BOOLEAN)")
        database.executemany("INSERT INTO events VALUES (?, ?, ?)", [("a", "Snow", True), ("b", "Rain", False)])
    read = read_events(f"sqlite:///{tmp_path}/news.db", {"status": "live"}, drafts=["0"])
    assert [event.id for event in read] == ["a"]


def test_drafts_of_pages_by_a_key_of_ones_own(tmp_path: Path) -> None:
    for name, state in (("a", "ready"), ("b", "Embargo"), ("c", "draft")):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: Snow\nstate: {state}\n---\n")
    found = Pages()
    assert [event.id for event in read_pages(tmp_path, {"status": "state"}, drafts=["embargo"], found=found)] == ["a", "c"]
    assert found.drafts == 1
    with pytest.warns(UserWarning, match="no page has 'stat', which the status was to be read from"):
        list(read_pages(tmp_path, {"status": "stat"}))


# ---------------------------------------------------------------------- the report, and what differs


@pytest.mark.slow
def test_the_report_as_json(tmp_path: Path) -> None:
    write(tmp_path / "news.jsonl", [*ROWS, {"id": "bad", "title": ""}])
    options = ["refresh", "news.jsonl", "--links", "links.jsonl", "--index", "index", "--report", "report.json", "--jobs", "1"]
    assert run(*options, cwd=tmp_path).returncode == 0
    told = json.loads((tmp_path / "report.json").read_text())
    links = [json.loads(line)["links"] for line in (tmp_path / "links.jsonl").read_text().splitlines()]
    assert (told["status"], told["events"], told["skipped"], told["links"]) == ("done", 6, 1, sum(map(len, links)))
    assert (told["new"], told["edited"], told["gone"], told["churn"], told["written"]) == (6, None, 0, 1.0, 6)
    assert told["slowest"] in told["seconds"]
    assert set(told["seconds"]) == {"read", "topics", "index", "links", "write", "save"}

    rows = [row for row in ROWS if row["id"] != "whitson"]
    rows[-1] = rows[-1] | {"title": "Oslo airport opens again"}
    write(tmp_path / "news.jsonl", [*rows, {"id": "new", "title": "Voters in Iceland stay at home"}])
    shutil.copy(tmp_path / "links.jsonl", tmp_path / "before.jsonl")
    assert run(*options, cwd=tmp_path).returncode == 0
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["new"], told["edited"], told["gone"]) == (1, 1, 1)
    differences = [
        json.loads(line) for line in run("diff", "before.jsonl", "links.jsonl", "--json", cwd=tmp_path).stdout.splitlines()
    ]
    assert told["added"] == sum(len(one["added"]) for one in differences) > 0
    assert told["removed"] == sum(len(one["removed"]) for one in differences) > 0
    assert {one["id"] for one in differences} >= {"new", "whitson", "iceland"}


def test_the_report_of_a_failure(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text("[1]\n")
    done = run("refresh", "news.jsonl", "--links", "links.jsonl", "--strict", "--report", "report.json", cwd=tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    assert (done.returncode, told["status"]) == (1, "failed")
    assert told["error"] == "news.jsonl:1: got [1] (list), expected an object with fields"
    done = run("refresh", "mysql+nosuch://joe:secret@host/news", "--links", "x.jsonl", "--report", "report.json", cwd=tmp_path)
    assert "secret" not in done.stderr + (tmp_path / "report.json").read_text()
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "failed"


def test_a_report_that_cannot_be_written_is_known_before_the_work(tmp_path: Path) -> None:
    write(tmp_path / "news.jsonl", ROWS)
    done = run("refresh", "news.jsonl", "--links", "links.jsonl", "--report", "missing/report.json", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "links.jsonl").exists()) == (1, False)
    assert "missing/report.json: got a path in " in done.stderr


@pytest.mark.parametrize("place", ["news.jsonl", "links.jsonl", "pins.tsv", "index/report.json"])
def test_a_report_takes_no_other_files_place(tmp_path: Path, place: str) -> None:
    write(tmp_path / "news.jsonl", ROWS)
    options = ["--links", "links.jsonl", "--pins", "pins.tsv", "--index", "index"]
    done = run("refresh", "news.jsonl", *options, "--report", f"./{place}", cwd=tmp_path)
    assert (done.returncode, [path.name for path in tmp_path.iterdir()]) == (2, ["news.jsonl"])
    assert "which the run also reads or writes, expected a file of its own" in unframed(done.stderr)
    assert (tmp_path / "news.jsonl").read_text().count("\n") == len(ROWS)


def test_what_differs_between_two_files(tmp_path: Path) -> None:
    def line(id_: str, *links: tuple[str, str | None]) -> dict[str, Any]:
        return {"id": id_, "links": [{"id": to, "context": context} for to, context in links]}

    write(
        tmp_path / "old.jsonl",
        [line("a", ("b", "Oslo"), ("c", None)), line("b", ("a", "Oslo")), line("c", ("a", None)), line("d")],
    )
    write(
        tmp_path / "new.jsonl",
        [line("a", ("b", "Norway"), ("e", "Snow")), line("b", ("a", "Oslo")), line("d"), line("e", ("a", "Snow"))],
    )
    done = run("diff", "old.jsonl", "new.jsonl", cwd=tmp_path)
    for arguments, given in ((("-", "new.jsonl"), "old.jsonl"), (("old.jsonl", "-"), "new.jsonl")):
        piped = run("diff", *arguments, cwd=tmp_path, input=(tmp_path / given).read_text())
        assert (piped.returncode, piped.stdout, piped.stderr) == (0, done.stdout, done.stderr)
    wrong = run("diff", "-", "new.jsonl", cwd=tmp_path, input="no links")
    assert wrong.stderr.startswith("relatedstories: error: standard input:1: got 'no links', expected a line")
    assert done.stdout.splitlines() == [
        "a",
        "  + e  Context: Snow",
        "  - c",
        "  ~ b  Context: Oslo -> Norway",
        "e (new)",
        "  + a  Context: Snow",
        "c (gone)",
        "  - a",
    ]
    assert done.stderr == (
        "relatedstories: 1 event is new, 1 gone; links of 1 other changed; 2 links added, 2 removed, 1 relabelled, churn 50.0%\n"
    )
    assert (run("diff", "new.jsonl", "new.jsonl", cwd=tmp_path).stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.jsonl", "missing.jsonl: got no file, expected links"),
        ("news.txt", """news.txt:1: got 'Snow falls in Oslo', expected a line {"id": ..., "links": [...]}, as refresh"""),
        ("news.jsonl", "news.jsonl:1: links: got no 'links' among 'id', 'title', expected a line {"),
        ("cut.jsonl", """cut.jsonl:2: got '{"id": "b", "links": [{"id": "a", "context": "Oslo"}', expected a line {"""),
        ("cut.json", """cut.json: got '{"a": [{"id": "b"', expected one object of links by id"""),
        ("news.json", "news.json: 'id': links: got 'a', expected a line {"),
        ("other.jsonl", "other.jsonl:1: links: got {'href': 'b'} (dict), expected links with an id and a context"),
    ],
)
def test_what_is_no_file_of_links(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "news.txt").write_text("Snow falls in Oslo\n")
    (tmp_path / "news.jsonl").write_text('{"id": "a", "title": "Snow falls in Oslo"}\n')
    whole = '{"id": "a", "links": []}\n{"id": "b", "links": [{"id": "a", "context": "Oslo"}]}\n'
    (tmp_path / "cut.jsonl").write_text(whole[:-3])
    (tmp_path / "cut.json").write_text('{"a": [{"id": "b"')
    (tmp_path / "news.json").write_text('{"id": "a", "title": "Snow falls in Oslo"}\n')
    (tmp_path / "other.jsonl").write_text('{"id": "a", "links": [{"href": "b"}]}\n')
    done = run("diff", name, name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


@pytest.mark.parametrize("name", ["links.jsonl", "links.json"])
def test_a_refresh_mends_links_that_were_cut_off_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    links = tmp_path / name
    refresh_links(quick(), SPACE, links)
    assert not caplog.messages
    whole = links.read_bytes()
    links.write_bytes(whole[:-5])
    refresh_links(quick(), SPACE, links)
    assert links.read_bytes() == whole
    (said,) = caplog.messages
    place = f"{links}:{len(SPACE)}" if name == "links.jsonl" else f"{links}"
    assert said.startswith(f"{place}: got ")
    assert said.endswith("; it counts as no links, and new ones take its place")


def test_a_field_of_links_that_no_event_has_is_named(tmp_path: Path) -> None:
    write(tmp_path / "news.jsonl", [row | {"Section": "world"} for row in ROWS])
    fields = [word for name in ("title", "section", "tilte") for word in ("--link-field", name)]
    done = run("refresh", "news.jsonl", "--links", "links.jsonl", *fields, "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        0,
        "relatedstories: warning: no event has 'tilte', which --link-field names\n",
    )


def test_a_value_to_filter_by_that_no_event_has_is_named(tmp_path: Path) -> None:
    write(tmp_path / "news.jsonl", [row | {"section": "World"} for row in ROWS])
    done = run(
        *("refresh", "news.jsonl", "--links", "links.jsonl", "--filter", "section=world", "--filter", "section=wrold", "--quiet"),
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (
        0,
        "relatedstories: warning: no event has 'wrold' as its 'section', which --filter asks for\n",
    )


def test_what_a_run_writes_into_the_folder_of_the_archive_is_not_read_as_events(tmp_path: Path) -> None:
    folder = tmp_path / "news"
    folder.mkdir()
    write(folder / "news.jsonl", ROWS)
    output = ("--links", "news/links.jsonl", "--index", "news/index", "--report", "news/report.json")
    first = run("refresh", "news", *output, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    links = (folder / "links.jsonl").read_bytes()
    again = run("refresh", "news", *output, cwd=tmp_path)
    assert again.returncode == 0
    assert "skipped" not in again.stderr
    assert "relatedstories: left out: files of links (1), indexes (1), reports of a refresh (1)\n" in again.stderr
    assert "nothing new: all links are as they were, nothing is written" in again.stderr
    assert (folder / "links.jsonl").read_bytes() == links


# ---------------------------------------------------------------------- how much is said


@pytest.mark.slow
def test_quiet_and_verbose(tmp_path: Path) -> None:
    write(tmp_path / "news.jsonl", ROWS)
    options = ["refresh", "news.jsonl", "--links", "links.jsonl", "--jobs", "1"]
    quiet = run(*options, "--quiet", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    verbose = run(*options, "--verbose", cwd=tmp_path).stderr
    assert re.search(r"^relatedstories: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d topics: \d+\.\d s$", verbose, re.MULTILINE)
    assert "6 events, " in verbose
    write(tmp_path / "news.jsonl", [*ROWS, {"id": "bad"}])
    warned = run(*options, "--quiet", cwd=tmp_path)
    assert (warned.returncode, warned.stdout) == (0, "")
    assert warned.stderr.startswith("relatedstories: skipped: news.jsonl:7: title: got no 'title'")


@pytest.mark.slow
def test_the_same_events_in_python_and_on_the_command_line(tmp_path: Path) -> None:
    """A refresh within a program, Airflow's or Prefect's say, is the command without its words."""
    from relatedstories import RelatedStories
    from relatedstories.refresh import refresh

    write(tmp_path / "news.jsonl", ROWS)
    run("refresh", "news.jsonl", "--links", "links.jsonl", "--index", "index", cwd=tmp_path)
    stories = RelatedStories.load(tmp_path / "index")
    report = refresh(stories, map(Event.from_dict, ROWS), tmp_path / "links.jsonl", index=tmp_path / "index")
    assert (report.written, report.changed, report.edited) == (0, 0, 0)


def test_remarks_on_pages_are_notes_of_the_summary(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for number, date in enumerate(["03/02/2020", "31/01/2020", "some day"]):
        (site / f"{number}.md").write_text(
            f"---\ntitle: Snow in Oslo {number}\ndate: {date}\ntitle: Snow in Oslo {number}\n---\n"
        )
    links = tmp_path / "links.jsonl"
    told = run("refresh", site, "--links", links).stderr
    assert "arning" not in told
    assert f"relatedstories: {site}: date: 1 could be read in two ways; read with the day first" in told
    assert "date: got 'some day', expected a date such as 2020-01-31; left out" in told
    assert told.count("the later value counts") == 3
    quiet = run("refresh", site, "--links", links, "--quiet").stderr
    assert quiet.splitlines() == [
        f"relatedstories: {site}: 1 value could not be read, and the events are without",
        f"relatedstories: {site}: 3 keys that stand twice on a page are read by the later value",
    ]
