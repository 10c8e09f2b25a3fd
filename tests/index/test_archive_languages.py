"""Archives in several languages: links stay within a language, unless asked otherwise, however the index came about."""

from __future__ import annotations

import json

import pytest
from helpers import run, shared, unframed

from relatedstories import Event, RelatedStories, read_events

MIXED = [
    Event("en1", "The mayor of Lyon opens the new tram line to the harbour", topics=["Nordbahn"]),
    Event("en2", "Tram line to the harbour of Lyon is late again", topics=["Nordbahn"]),
    Event("fr1", "La mairie de Lyon ouvre une ligne de tram vers le port", topics=["Nordbahn"]),
    Event("fr2", "Une ligne de tram du port est en retard à Lyon", topics=["Nordbahn"]),
    Event("de1", "Die Stadt Lyon baut eine neue Tram zum Hafen", topics=["Nordbahn"]),
    Event("ja1", "大阪の新しい地下鉄が開業した"),
    Event("ja2", "大阪で地下鉄の工事が続いている"),
]


def links_of(stories: RelatedStories) -> dict[str, set[str]]:
    return {event.id: {link.event.id for link in links} for event, links in stories.all_related(6, min_score=0)}


def test_links_stay_within_a_language() -> None:
    expected = {"en1": {"en2"}, "en2": {"en1"}, "fr1": {"fr2"}, "fr2": {"fr1"}, "de1": set(), "ja1": {"ja2"}, "ja2": {"ja1"}}
    stories = RelatedStories().fit(MIXED)
    assert links_of(stories) == expected
    assert {link.event.id for link in stories.related(Event("new", "Le tram de Lyon est en retard"))} == {"fr1", "fr2"}


def test_links_across_languages_go_by_shared_topics() -> None:
    links = RelatedStories(across_languages=True).fit(MIXED).related("fr1", 6, min_score=0)
    assert {link.event.id for link in links} == {"fr2", "en1", "en2", "de1"}
    assert links[0].event.id == "fr2"
    assert {str(topic) for link in links for topic in link.topics} <= {"Nordbahn", "Lyon"}


@pytest.mark.parametrize("across_languages", [False, True])
def test_added_removed_and_loaded_are_the_same(tmp_path, across_languages: bool) -> None:
    whole = RelatedStories(across_languages=across_languages).fit(MIXED)
    grown = RelatedStories(across_languages=across_languages).fit([*MIXED[3:], Event("x", "Un autre tram")])
    grown.add(MIXED[:3]).remove("x")
    whole.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")
    assert loaded.settings == whole.settings
    expected = [(event, list(links)) for event, links in whole.all_related(6, min_score=0)]
    for stories in (grown, loaded):
        assert [(event, list(links)) for event, links in stories.all_related(6, min_score=0)] == expected
        assert stories.commonest_topics() == whole.commonest_topics()
        assert [stories.topics(event.id) for event in MIXED] == [whole.topics(event.id) for event in MIXED]


@pytest.mark.parametrize("across_languages", [False, True])
def test_drafts_are_answered_alone_as_together(across_languages: bool) -> None:
    german = [Event(f"de{n}", f"Die Stadt baut zum {n}. Mal eine Tram und einen Hafen") for n in range(2, 50)]
    stories = RelatedStories(across_languages=across_languages).fit([*MIXED, *german])
    drafts = [Event("new-en", MIXED[1].title, topics=["Nordbahn"]), Event("new-fr", MIXED[3].title, topics=["Nordbahn"])]
    explained = [stories.explain(draft, other).to_dict()["parts"] for draft, other in zip(drafts, ("en1", "fr1"), strict=True)]
    indexed = [stories.explain(*ids).to_dict()["parts"] for ids in (("en2", "en1"), ("fr2", "fr1"))]
    assert explained == indexed  # a draft with the words of an event of the archive weighs what that event weighs
    assert stories.related_many(drafts, min_score=0) == [stories.related(draft, min_score=0) for draft in drafts]


def test_events_about_a_topic_in_all_languages() -> None:
    stories = RelatedStories().fit(MIXED)
    assert {event.id for event in stories.about("nordbahn")} == {"en1", "en2", "fr1", "fr2", "de1"}
    assert stories.commonest_topics()["Nordbahn"] == 5


def test_inflected_names_are_one_topic_under_its_commonest_name() -> None:
    texts = ["Rada Wieprzy podała się do dymisji", "Protesty w okolicy Wieprzy trwają", "Pomoc Wieprzie od sąsiadów"]
    stories = RelatedStories(language="pl").fit([Event(str(i), text) for i, text in enumerate(texts)])
    assert stories.commonest_topics(1) == {"Wieprzy": 3}


def test_declared_language() -> None:
    events = [Event("1", "Berlin Marathon"), Event("2", "Marathon Berlin")]
    assert RelatedStories(language="de").fit(events).explain("1", "2").terms[0].name in ("berlin", "marathon")
    with pytest.raises(ValueError, match="language: got 'Deutsch'"):
        RelatedStories(language="Deutsch")


def test_two_languages_of_the_shared_case() -> None:
    events = list(read_events(shared("cases/links/two-languages.jsonl")))
    assert {event.language for event in events} == {"en", "fr"}
    for event, links in RelatedStories().fit(events).all_related():
        assert {link.event.language for link in links} <= {event.language}
        assert {link.context for link in links} <= {"Tram", "tram line", "ligne de tram", None}


@pytest.mark.parametrize("case", ["17-chinese", "18-japanese", "19-thai-arabic-russian"])
def test_reported_cases_are_linked_in_pairs(case: str) -> None:
    done = run("refresh", shared(f"cases/reported/{case}/news.jsonl"), "--links", "-", "--quiet")
    assert done.returncode == 0, done.stderr
    found = {row["id"]: row["links"] for row in map(json.loads, done.stdout.splitlines())}
    for a, links in found.items():
        partner = str(int(a) + 1 if int(a) % 2 else int(a) - 1)
        assert links[0]["id"] == partner


def test_command_line_declares_a_language(tmp_path) -> None:
    source = tmp_path / "news.csv"
    source.write_text(
        "id,title,lang\n1,Berlin Marathon,\n2,Marathon Berlin,\n3,Marathon Berlin,en-GB\n4,Marathon,Deutsch\n", encoding="utf-8"
    )
    done = run("refresh", source, "--links", "-", "--quiet", "--language", "de")
    assert done.returncode == 0, done.stderr
    assert "1 row has a language that is no code, such as 'Deutsch'" in done.stderr
    found = {row["id"]: {link["id"] for link in row["links"]} for row in map(json.loads, done.stdout.splitlines())}
    assert found["3"] == set()
    assert "2" in found["1"]
    assert run("refresh", source, "--links", "-", "--language", "German").returncode == 2


@pytest.mark.parametrize("across_languages", [False, True])
def test_commands_link_across_languages(tmp_path, across_languages: bool) -> None:
    source = tmp_path / "news.jsonl"
    source.write_text("".join(json.dumps(event.to_dict()) + "\n" for event in MIXED), encoding="utf-8")
    options = ["--across-languages"] if across_languages else []
    done = run("export", source, "--to", tmp_path / "site", "--format", "json", "--quiet", *options)
    assert done.returncode == 0, done.stderr
    pages = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "site" / "news").rglob("*.json")]
    (related,) = [{link["id"] for link in page["related"]} for page in pages if page.get("event", {}).get("id") == "fr1"]
    assert related == ({"fr2", "en1", "en2", "de1"} if across_languages else {"fr2"})

    judgements = tmp_path / "news.qrels"
    judgements.write_text("fr1 0 en1 1\nfr2 0 en2 1\n")
    done = run("evaluate", source, "--judgements", judgements, "--runs", tmp_path / "runs", "--json", *options)
    assert done.returncode == 0, done.stderr
    lists = (tmp_path / "runs" / "relatedstories.run").read_text(encoding="utf-8")
    assert ("en1" in lists) == across_languages


def test_an_index_says_itself_whether_its_links_lead_across_languages(tmp_path) -> None:
    done = run("export", "--index", tmp_path, "--to", tmp_path / "site", "--across-languages")
    assert done.returncode == 2
    assert "--across-languages goes with SOURCE, not with --index" in unframed(done.stderr)


def test_what_a_language_is_full_of_is_no_label_there() -> None:
    things = [
        "Lampen",
        "Ziegel",
        "Ruder",
        "Drachen",
        "Glocken",
        "Seile",
        "Brunnen",
        "Karren",
        "Trommeln",
        "Kessel",
        "Sättel",
        "Räder",
    ]
    german = [Event(f"de{n:02}", f"{thing} von Nordheim werden geflickt und gezählt") for n, thing in enumerate(things)]
    english = [Event(f"en{n:02}", f"Part {n} of a long and dull story about rain") for n in range(60)]
    of_two = [
        Event("n1", "Die Feuerwehr von Nordheim löscht einen Brand"),
        Event("n2", "Feuerwehr von Nordheim bekommt ein neues Auto"),
    ]
    contexts = RelatedStories().fit([*german, *english, *of_two]).explain("n1", "n2").contexts
    assert contexts
    assert "Nordheim" not in contexts
