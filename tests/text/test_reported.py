"""Inputs of public bug reports, through the command line."""

import json
import shutil

import pytest
from helpers import run, shared

from relatedstories import RelatedStories, read_events


def case(name, tmp_path):
    folder = tmp_path / "case"
    shutil.copytree(shared("cases/reported") / name, folder)
    return folder


def refreshed(folder, source):
    done = run("refresh", source, "--links", "-", "--quiet", "--index", "ix", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def printed(folder, *arguments):
    done = run(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "source", "pair", "markup"),
    [
        (
            "01-html-text",
            "news.csv",
            ("1", "2"),
            ["class", "href", "wp", "nbsp", "Foo", "nytimes", "New York Times", "paragraph"],
        ),
        (
            "03-markup-page",
            "site",
            ("a", "b"),
            ["figure", "src", "highlight", "puts", "div", "span", "import", "Wales"],
        ),
        ("04-code-tags", "p", ("b", "c"), ["iframe", "youtube", "encrypted", "gyroscope", "width", "picture"]),
    ],
)
def test_markup_is_no_word(name, source, pair, markup, tmp_path):
    folder = case(name, tmp_path)
    links = refreshed(folder, source)
    contexts = [link["context"] or "" for row in links for link in row["links"]]
    explained = printed(folder, "explain", *pair, "--index", "ix")
    for word in markup:
        assert word.casefold() not in explained.casefold()
        assert not any(word.casefold() in context.casefold() for context in contexts)


def test_a_context_is_within_a_block(tmp_path):
    links = refreshed(case("06-md-block-context", tmp_path), "p")
    contexts = [link["context"] or "" for row in links for link in row["links"]]
    assert contexts
    assert not any("#" in context or "*" in context or "links Mainnet" in context for context in contexts)


def test_titles_are_decoded(tmp_path):
    folder = case("02-html-title", tmp_path)
    refreshed(folder, "news.csv")
    assert "Gov’t & NASA launch “Orion”" in printed(folder, "related", "1", "--index", "ix")
    printed(folder, "export", "--index", "ix", "--to", "out", "--quiet")
    pages = [path.read_text(encoding="utf-8") for path in (folder / "out").rglob("*.html")]
    assert any(">Gov’t &amp; NASA launch “Orion”</h1>" in page for page in pages)


def test_a_line_break_in_a_title_is_a_space(tmp_path):
    folder = case("07-title-br", tmp_path)
    printed(folder, "refresh", "a", "--in-place", "--section", "--quiet")
    assert "[Week in Passau July 8](/y.md)" in (folder / "a/x.md").read_text(encoding="utf-8")
    assert "BR\t" not in printed(folder, "topics", "Week in Passau <BR> July 1")


def test_composed_and_decomposed_letters_are_the_same(tmp_path):
    folder = case("16-nfc-nfd", tmp_path)
    stories = RelatedStories().fit(read_events(folder / "news.jsonl"))
    assert [event.id for event in stories.related("1").copies] == ["2"]
    assert stories.explain("1", "4").score == stories.explain("2", "4").score > 0


def test_both_apostrophes_name_one_topic(tmp_path):
    links = refreshed(case("23-curly-apostrophe", tmp_path), "news.csv")
    contexts = {link["context"] for row in links for link in row["links"]}
    assert not any(context and "’" in context for context in contexts)


def test_odd_spaces_are_spaces(tmp_path):
    folder = case("24-softhyphen-nbsp", tmp_path)
    topics = printed(folder, "topics", "news.jsonl")
    assert "New York" in topics
    assert "Angela Merkel" in topics
    assert "\xa0" not in topics.replace("Flood in New\xa0York", "")


def test_exported_markdown_is_plain(tmp_path):
    folder = case("82-export-markdown-raw", tmp_path)
    printed(folder, "export", "site", "--to", "out", "--quiet")
    (page,) = (path for path in (folder / "out").rglob("flood*.html"))
    body = page.read_text(encoding="utf-8").partition("<main")[2]
    assert "**fast**" not in body
    assert "```" not in body
    assert "<p>one</p>" in body
