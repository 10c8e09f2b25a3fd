"""Names of an archive: aliases that a user gives, and names learnt from editors' topics."""

from __future__ import annotations

import json
import pickle
import re

import pytest
import spacy
from helpers import SPACE
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, InputError, RelatedStories, TopicExtractor
from relatedstories.text.cleaning import clean
from relatedstories.topics.aliases import read_aliases
from relatedstories.topics.name_table import Name, NameTable

ALIASES = {"Kyjiw": ["Kiew", "Kyiv"], "Federal Reserve": ["the Fed"]}


def named(extractor, event):
    return {topic.name: list(topic.mentions) for topic in extractor.extract(event)}


def archive(titles):
    """Return events with these titles and editors' topics."""
    return [Event(f"{i}", title, topics=topics) for i, (title, topics) in enumerate(titles)]


GERMAN = archive(
    [
        ("Neue Angriffe treffen Kiew", ["Kyjiw"]),
        ("In Kiew fällt der Strom aus", ["Kyjiw"]),
        ("Schulen bleiben wegen Kälte geschlossen, meldet Kiew", ["Kyjiw"]),
        ("Kiew feiert ein Fest", ["Kyjiw", "Feiertag"]),
        ("Streik legt die Deutsche Bahn lahm", ["Deutsche Bahn"]),
        ("Züge der Deutschen Bahn kommen zu spät", ["Deutsche Bahn"]),
        ("Vorstand verlässt Berliner Zentrale der Deutschen Bahn", ["Deutsche Bahn"]),
        ("Preise steigen bei der Deutschen Bahn", ["Deutsche Bahn"]),
        ("Die meisten Deutschen reisen gern", []),
        ("Umfrage unter Deutschen zum Wetter", []),
        ("Jeder der Deutschen isst Brot", []),
        ("Wenige der Deutschen rauchen", []),
        ("Stürme der Woche", []),
        ("Tor der Saison", []),
        ("Nachts wählen die Deutschen leise", []),
        ("Wieder fährt eine Bahn durch Basel", []),
        ("Neue Bahn für Zürich", []),
        ("Alte Bahn rostet", []),
        ("Auf dieser Bahn läuft niemand", []),
        ("Rat der Stadt wird gewählt", ["Rat"]),
        ("Guter Rat ist teuer", []),
        ("Mit Rat zur Seite", []),
        ("Kein Rat hilft mehr", []),
        ("Ohne Rat geht es auch", []),
    ]
)

RUSSIAN = archive(
    [
        ("Мэр Киева подал в отставку", ["Киев"]),
        ("Жители Киева вышли на улицы", ["Киев"]),
        ("Над центром Киева сбит дрон", ["Киев"]),
        ("Снег выпал в Киеве", ["Киев"]),
        ("Сегодня открыли мост в Киеве", ["Киев"]),
        ("Концерт отменили в Киеве", ["Киев"]),
        ("Погода в Минске хорошая", []),
        ("Завод в Минске закрыт", []),
        ("Лето пришло в горы", []),
        ("Поезд стоит в поле", []),
        ("Книги вернули в школу", []),
        ("Рыбы стало больше в реке", []),
    ]
)

GREEK = archive(
    [
        ("Απεργία στο μετρό της Αθήνας", ["Αθήνα"]),
        ("Χιόνι στους δρόμους της Αθήνας", ["Αθήνα"]),
        ("Νέος δήμαρχος της Αθήνας", ["Αθήνα"]),
        ("Το λιμάνι της Πάτρας κλείνει", []),
        ("Οι φοιτητές της Πάτρας γιορτάζουν", []),
        ("Τέλος της χρονιάς", []),
        ("Αρχή της άνοιξης", []),
    ]
)


@pytest.fixture(scope="module")
def german():
    return TopicExtractor(language="de").fit(GERMAN)


# Aliases


def test_an_alias_gives_the_canonical_name():
    found = named(TopicExtractor(aliases=ALIASES), "Kiew trauert. Gäste in Kyiv; the Fed's rates, Fed")
    assert found == {"Kyjiw": ["Kiew", "Kyiv"], "Federal Reserve": ["Fed", "Fed"]}


def test_a_canonical_name_is_found_without_aliases():
    found = named(TopicExtractor(aliases={"Qux Quarvel": [], "Zork": "Zorkie"}), "qux, Qux Quarvel and Zork, or Zorkie.")
    assert found == {"Qux Quarvel": ["Qux Quarvel"], "Zork": ["Zork", "Zorkie"]}


def test_aliases_respect_case():
    extractor = TopicExtractor(aliases={"Federal Reserve": ["the Fed", "fomc"]})
    assert "Federal Reserve" not in named(extractor, "we are fed up, and FED too")
    assert named(extractor, "the fomc meets the Fed") == {"Federal Reserve": ["fomc", "Fed"]}


def test_aliases_take_precedence_over_the_model_at_any_threshold(extractor):
    text = "Voters in Iceland elect a parliament."
    assert named(extractor, text)["Iceland"] == ["Iceland"]
    for threshold in (0.0, 0.5, 1.0):
        own = TopicExtractor(aliases={"Ice Land Ltd": ["Iceland"], "parliaments": ["parliament"]}, threshold=threshold)
        found = {topic.name: topic for topic in own.extract(text)}
        assert "Iceland" not in found
        assert list(found["Ice Land Ltd"].mentions) == ["Iceland"]
        assert list(found["parliaments"].mentions) == ["parliament"]
        assert found["Ice Land Ltd"].probability == found["parliaments"].probability == 1


def test_the_longest_alias_wins():
    extractor = TopicExtractor(aliases={"Oslo": [], "Oslo Airport": ["airport of Oslo"]})
    assert named(extractor, "Snow at the airport of Oslo, and in Oslo") == {"Oslo Airport": ["airport of Oslo"], "Oslo": ["Oslo"]}


def test_aliases_rename_editors_topics_and_headings():
    event = Event("1", "snow", topics=["kiew", "Kyjiw", "the Fed"], heading="Kyiv")
    assert set(named(TopicExtractor(aliases=ALIASES), event)) == {"Kyjiw", "Federal Reserve"}


def test_aliases_work_with_a_users_pipeline():
    found = named(TopicExtractor(spacy.blank("de"), NameTable([]), aliases=ALIASES), "Schnee in Kiew")
    assert found == {"Kyjiw": ["Kiew"]}


@pytest.mark.parametrize(
    "event",
    [
        Event("1", "A visit to New", "York in May"),
        Event("1", "Everything is new. New. York is old."),
        Event("1", f"Old and New {'=' * 30} York"),
    ],
    ids=["title and text", "sentences", "ruler"],
)
def test_an_alias_does_not_match_across_a_break(event):
    assert "NYC" not in named(TopicExtractor(aliases={"NYC": ["New York"]}), event)


WORDS = ["Kiew", "Kyiv", "the Fed", "Fed", "fed", "Oslo", "Airport", "’s", ".", ",", "-", "\n", "(", "ISS", "U.S.", "\u0301", "ß"]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=15).map(" ".join))
@settings(deadline=None, max_examples=60)
def test_mentions_of_aliases_have_correct_positions_and_do_not_overlap(text):
    extractor = TopicExtractor(aliases={**ALIASES, "Oslo Airport": ["Oslo", "Airport"], "Dash": ["ISS"]})
    mentions = sorted((m.start, m.end, m) for topic in extractor.extract(text) for m in topic.mentions)
    end = 0
    for start, stop, mention in mentions:
        assert end <= start < stop
        assert mention in (text[start:stop], clean(text[start:stop]).text)  # "A`0" has a mark within
        end = stop


# Alias files


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.tsv", "# ours\n\nKyjiw\tKiew\tKyiv\nFederal Reserve\tthe Fed\n"),
        ("own.txt", "Kyjiw\tKiew\r\nKyjiw\tKyiv\t\r\n  \r\nFederal Reserve\tthe Fed"),
        ("own.csv", '\ufeffKyjiw, Kiew ,Kyiv\n#x,y\n"Federal Reserve",the Fed\n'),
        ("own.CSV", "Kyjiw,Kiew,Kyiv\nFederal Reserve,the Fed\n"),
        ("own.json", json.dumps(ALIASES)),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_alias_files_of_each_format_are_read(tmp_path, name, content, as_text):
    file = tmp_path / name
    file.write_bytes(content.encode())
    assert read_aliases(file) == ALIASES
    extractor = TopicExtractor(aliases=str(file) if as_text else file)
    assert named(extractor, "Kiew, the Fed") == {"Kyjiw": ["Kiew"], "Federal Reserve": ["Fed"]}
    assert extractor.name == TopicExtractor(aliases=ALIASES).name


def test_a_cell_may_contain_commas_and_a_file_may_be_empty(tmp_path):
    (tmp_path / "own.csv").write_text('"Eugene, Oregon",Eugene\n', encoding="utf-8")
    assert read_aliases(tmp_path / "own.csv") == {"Eugene, Oregon": ["Eugene"]}
    (tmp_path / "none.tsv").write_text("", encoding="utf-8")
    assert named(TopicExtractor(aliases=tmp_path / "none.tsv"), "rain") == {}


def test_a_quote_in_a_tab_separated_file_is_an_ordinary_character(tmp_path):
    file = tmp_path / "own.tsv"
    file.write_text('Oslo\t"Tigerstaden\nKyjiw\tKiew\n', encoding="utf-8")
    assert named(TopicExtractor(aliases=file), "Tigerstaden, Kiew") == {"Oslo": ["Tigerstaden"], "Kyjiw": ["Kiew"]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.tsv", None, "{path}: No such file or directory; expected a file of names"),
        ("own.tsv", b"Kyjiw\tKiew\nK\xf6ln\n", "{path}: got bytes that are not UTF-8 at 12, expected a file of names"),
        ("own.json", b"\xff{}", "{path}: got bytes that are not UTF-8 at 0, expected a file of names"),
        ("own.json", b'{"Kyjiw": [', "{path}: not JSON: "),
        ("own.json", b"", "{path}: not JSON: "),
        ("own.json", b"[" * 200_000, "{path}: "),
        (
            "own.json",
            b'["Kyjiw"]',
            "{path}: got ['Kyjiw'] (list), expected an object of canonical names and lists of other names",
        ),
        ("own.json", b'{"Kyjiw": "Kiew"}', "{path}: got {{'Kyjiw': 'Kiew'}} (dict), expected an object of"),
        ("own.json", b'{"Kyjiw": [7]}', "{path}: got {{'Kyjiw': [7]}} (dict), expected an object of"),
        ("own.json", b'{"Kyjiw": ["Kiew"], "2005": []}', "2005: got '2005', expected a name with a letter"),
        ("own.tsv", b"Kyjiw\tKiew\n\nOslo\t2005\n", "{path}:3: got '2005', expected a name with a letter"),
        ("own.csv", b"# own\n...,Kiew\n", "{path}:2: got '...', expected a name with a letter"),
        ("own.csv", b'"Ky\njiw",Kiew\nOslo,2005\n', "{path}:3: got '2005', expected a name with a letter"),
        ("own.csv", b"Kyjiw," + b"x" * 200_000 + b"\n", "{path}:1: "),
        ("own.tsv", b"Kyjiw\tKiew\nKiewer\tKiew\n", "Kiewer: got 'Kiew', expected other words than 'Kyjiw' has"),
    ],
)
def test_an_invalid_alias_file_is_an_error_that_names_the_place(tmp_path, name, content, message):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message.format(path=file))) as error:
        TopicExtractor(aliases=file)
    assert "\n" not in str(error.value)
    if content and len(content) > 100_000:
        assert len(str(error.value)) < 1000


def test_a_folder_in_place_of_an_alias_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"expected a file of names"):
        TopicExtractor(aliases=tmp_path)


@pytest.mark.parametrize("name", ["Kyjiw", "", "a\0b"])
def test_a_name_in_place_of_an_alias_file_is_an_error(name):
    with pytest.raises(InputError, match=r"expected a file of names"):
        TopicExtractor(aliases=name)


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ({"Kyjiw": ["Kiew", 7]}, "aliases: Kyjiw: got 7 (int), expected a name with a letter"),
        ({7: ["Kiew"]}, "aliases: 7: got 7 (int), expected a name with a letter"),
        ({"Kyjiw": [None]}, "aliases: Kyjiw: got None, expected a name with a letter"),
        ({"Kyjiw": [""]}, "aliases: Kyjiw: got '', expected a name with a letter"),
        ({"Kyjiw": ["2005"]}, "aliases: Kyjiw: got '2005', expected a name with a letter"),
        ({"...": ["Kiew"]}, "aliases: ...: got '...', expected a name with a letter"),
        ({"Kyjiw": 7}, "aliases: Kyjiw: got 7 (int), expected other names, as texts"),
        ({"Kyjiw": None}, "aliases: Kyjiw: got None, expected other names, as texts"),
        ({"Kyjiw": b"Kiew"}, None),
        ({"A-Stadt": ["Kiew"], "Bonn": ["the Kiew"]}, "aliases: Bonn: got 'the Kiew', expected other words than 'A-Stadt' has"),
        ({"A-Stadt": ["B-Stadt"], "B-Stadt": []}, "aliases: B-Stadt: got 'B-Stadt', expected other words than 'A-Stadt' has"),
        (["Kyjiw"], "aliases: got ['Kyjiw'] (list), expected a mapping of canonical names to their other names, or a file"),
        (7, "aliases: got 7 (int), expected a mapping of canonical names to their other names, or a file"),
    ],
)  # fmt: skip
def test_an_invalid_alias_mapping_is_an_error_that_names_the_value(aliases, message):
    with pytest.raises(BadValueError) as error:
        TopicExtractor(aliases=aliases)
    assert message is None or str(error.value) == message


# Ignored topics


def test_ignored_topics_are_never_returned():
    extractor = TopicExtractor(ignored=["the ICELAND", "Kyjiw", "Storms"], aliases=ALIASES)
    event = Event("1", "Voters in Iceland and Malta; Kiew", topics=["Iceland", "Kyjiw", "Kiew", "Rain"], heading="storms")
    found = named(extractor, event)
    assert not {"Iceland", "Kyjiw", "Kiew", "storms"} & set(found)
    assert {"Malta", "Rain"} <= set(found)
    assert "Kyjiw" not in named(TopicExtractor(ignored=["Kyjiw"]).fit(GERMAN), "Kiew")


@pytest.mark.parametrize(
    ("events", "ignored"),
    [
        ([*SPACE, Event("new", "Supplies reach the ISS", topics=["the ISS"])], "International Space Station"),
        (
            [Event("1", "Malta"), Event("2", "Snow storm in Malta"), Event("3", "Snow storm in Oslo"), Event("4", "Malta")],
            "Malta",
        ),
    ],
)
def test_an_ignored_topic_is_never_a_context(events, ignored):
    stories = RelatedStories(TopicExtractor(ignored=[ignored])).fit(events)
    contexts = {link.context for event in events for link in stories.related(event.id, min_score=0)}
    assert any(contexts)
    assert ignored not in contexts
    assert all(ignored not in link.topics for event in events for link in stories.related(event.id, min_score=0))
    assert all(ignored not in stories.topics(event.id) for event in events)


@pytest.mark.parametrize("wrong", ["Malta", None, 7, [7], [None]])
def test_ignored_must_be_names_of_topics(wrong):
    with pytest.raises(BadValueError, match=r"TopicExtractor: ignored: got .*, expected names of topics"):
        TopicExtractor(ignored=wrong)


# Names learnt from an archive


def test_fit_learns_the_words_that_name_a_topic(german):
    text = "Schnee in Kiew"
    assert "Kyjiw" not in named(TopicExtractor(), text)
    assert named(german, text)["Kyjiw"] == ["Kiew"]
    assert named(german, "Regen in Kyjiw, Wind in Kiew")["Kyjiw"][-1] == "Kiew"


def test_fit_learns_inflected_forms(german):
    assert named(german, "Ein Zug der Deutschen Bahn brennt")["Deutsche Bahn"] == ["Deutschen Bahn"]
    russian = TopicExtractor().fit(RUSSIAN)
    for text, word in [("Новости из Киева", "Киева"), ("Дождь в Киеве", "Киеве")]:
        assert named(russian, text)["Киев"] == [word]
    assert "Киев" not in named(russian, "Дождь в Минске")
    greek = TopicExtractor().fit(GREEK)
    assert named(greek, "Βροχή στο κέντρο της Αθήνας")["Αθήνα"] == ["Αθήνας"]
    assert "Αθήνα" not in named(greek, "Βροχή στο κέντρο της Πάτρας")


def test_words_that_editors_seldom_link_name_no_topic(german):
    assert "Rat" not in named(german, "Der Rat kam spät")
    assert "Deutsche Bahn" not in named(german, "Viele Deutschen mögen diese Bahn")
    often = TopicExtractor(threshold=0.1).fit(GERMAN)
    assert named(often, "Der Rat kam spät")["Rat"] == ["Rat"]


def test_fit_can_overrule_the_model(extractor):
    events = archive([(f"Iceland wins game {'abcdef'[i]}{i}", ["Iceland"] if i == 0 else ["Handball"]) for i in range(6)])
    assert "Iceland" in named(extractor, "Voters in Iceland elect a parliament")
    assert "Iceland" not in named(TopicExtractor().fit(events), "Voters in Iceland elect a parliament")


def test_aliases_take_precedence_over_learnt_names():
    assert named(TopicExtractor(aliases={"Kiewer Rus": ["Kiew"]}).fit(GERMAN), "Kiew") == {"Kiewer Rus": ["Kiew"]}


def test_a_longer_name_that_editors_seldom_link_does_not_block_an_alias():
    events = archive([(f"Oslo Airport shut {i}", ["Oslo Airport"] if i == 0 else ["Snow"]) for i in range(6)])
    own = TopicExtractor(aliases={"Tigerstaden": ["Oslo"]}).fit(events)
    assert named(own, "It snows at Oslo Airport")["Tigerstaden"] == ["Oslo"]


def test_learnt_names_link_events():
    untitled = [Event(event.id, event.title) for event in GERMAN]
    stories = RelatedStories(TopicExtractor(language="de").fit(GERMAN)).fit(untitled)
    links = stories.related(Event("new", "Hitze in Kiew"), min_score=0)
    assert {link.event.id for link in links} == {"0", "1", "2", "3"}
    assert {link.context for link in links} == {"Kyjiw"}
    loose = RelatedStories(TopicExtractor()).fit(untitled).related(Event("new", "Hitze in Kiew"), min_score=0)
    assert "Kyjiw" not in {link.context for link in loose}


def test_a_second_fit_replaces_the_first():
    extractor = TopicExtractor().fit(GERMAN)
    assert extractor.fit(RUSSIAN) is extractor
    assert extractor.name == TopicExtractor().fit(RUSSIAN).name
    assert "Kyjiw" not in named(extractor, "Schnee in Kiew")


@given(st.permutations(GERMAN))
@settings(deadline=None, max_examples=15)
def test_fit_does_not_depend_on_the_order_of_events(german, events):
    assert TopicExtractor(language="de").fit(iter(events)).name == german.name


@pytest.mark.parametrize("events", [[], SPACE, iter(SPACE)])
def test_fit_without_editors_topics_is_an_error(events):
    with pytest.raises(
        BadValueError, match=r"fit: topics: got \d events without any, expected events to learn from that editors"
    ):
        TopicExtractor().fit(events)


@pytest.mark.parametrize("events", [[*GERMAN, "Kiew"], [{"title": "Kiew"}], [None], "news.jsonl", None, 7, GERMAN[0]])
def test_fit_on_other_values_than_events_is_an_error_and_changes_nothing(events):
    extractor = TopicExtractor().fit(GERMAN)
    before = extractor.name
    with pytest.raises(BadValueError, match=r"fit: .*got .*, expected .*[Ee]vent|fit: events: got .*, expected several"):
        extractor.fit(events)
    assert extractor.name == before


def test_a_fitted_extractor_can_be_pickled():
    extractor = TopicExtractor(aliases=ALIASES, ignored=["Feiertag"], threshold=0.5).fit(GERMAN)
    copied = pickle.loads(pickle.dumps(extractor))
    assert copied.name == extractor.name
    texts = [*GERMAN, "Kiew, the Fed and the Deutschen Bahn"]
    for a, b in zip(copied.extract_many(texts), extractor.extract_many(texts), strict=True):
        assert [(x, x.kind, x.mentions, x.probability) for x in a] == [(x, x.kind, x.mentions, x.probability) for x in b]


# The extractor that an index was built with


def piped(**config):
    nlp = spacy.blank("en")
    nlp.add_pipe("relatedstories_topics", config=config)
    return nlp


def differing():
    table = NameTable([Name("Kiev", "Kyjiw", 1, 1)])
    blank = spacy.blank("en")
    return [
        pytest.param(TopicExtractor(), TopicExtractor(threshold=0.9), id="threshold"),
        pytest.param(TopicExtractor(), TopicExtractor(aliases=ALIASES), id="aliases"),
        pytest.param(TopicExtractor(aliases={"Kyjiw": ["Kiev"]}), TopicExtractor(aliases=ALIASES), id="other aliases"),
        pytest.param(TopicExtractor(), TopicExtractor(ignored=["Malta"]), id="ignored"),
        pytest.param(TopicExtractor(ignored=["Oslo"]), TopicExtractor(ignored=["Malta"]), id="other ignored"),
        pytest.param(TopicExtractor(), TopicExtractor().fit(GERMAN), id="fit"),
        pytest.param(TopicExtractor().fit(RUSSIAN), TopicExtractor().fit(GERMAN), id="other fit"),
        pytest.param(TopicExtractor(), TopicExtractor(blank), id="nlp"),
        pytest.param(TopicExtractor(blank), TopicExtractor(blank, table), id="names"),
        pytest.param(TopicExtractor(blank), TopicExtractor(blank, NameTable([])), id="no names"),
        pytest.param(TopicExtractor(), TopicExtractor(names=table), id="names for editors' topics"),
        pytest.param(TopicExtractor(piped()), TopicExtractor(piped(threshold=0.9)), id="the component's threshold"),
    ]


@pytest.mark.parametrize(("one", "other"), differing())
def test_extractors_that_find_other_topics_have_other_names(one, other):
    assert one.name != other.name
    assert "\n" not in one.name + other.name
    assert len(other.name) < 300


def test_the_order_of_aliases_does_not_change_the_name():
    one = TopicExtractor(aliases=ALIASES, ignored=["Malta", "Oslo"])
    assert TopicExtractor(aliases=dict(reversed(ALIASES.items())), ignored=["oslo", "the Malta"]).name == one.name


@pytest.mark.parametrize(
    "settings_", [{"threshold": 0.9}, {"aliases": ALIASES}, {"ignored": ["Malta"]}], ids=["threshold", "aliases", "ignored"]
)
def test_an_index_rejects_an_extractor_with_other_settings(tmp_path, settings_):
    new = Event("new", "Snow in Oslo again")
    RelatedStories(TopicExtractor(**settings_)).fit(SPACE).save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", TopicExtractor())
    for ask in (lambda: loaded.add([new]), lambda: loaded.related(new)):
        with pytest.raises(InputError, match="build the index again, or load it with the extractor it was built with"):
            ask()
    again = RelatedStories.load(tmp_path / "index", TopicExtractor(**settings_))
    assert len(again.add([new])) == len(SPACE) + 1


def test_an_index_needs_the_fitted_extractor_it_was_built_with(tmp_path, german):
    RelatedStories(german).fit(GERMAN).save(tmp_path / "index")
    for other in (TopicExtractor(), TopicExtractor().fit(RUSSIAN)):
        with pytest.raises(InputError, match="build the index again, or load it with the extractor it was built with"):
            RelatedStories.load(tmp_path / "index", other).add([Event("new", "Schnee in Kiew")])
    loaded = RelatedStories.load(tmp_path / "index", pickle.loads(pickle.dumps(german)))
    loaded.add([Event("new", "Schnee in Kiew", language="de")])
    assert "Kyjiw" in {link.context for link in loaded.related("new")}
