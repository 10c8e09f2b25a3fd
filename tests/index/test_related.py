"""What `related` promises, on any archive; and plain cases whose right answer a reader can see."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import math
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from helpers import SPACE, CapitalisedWords, archives, day, everything, near, quick
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories import BadValueError, Event, InputError, RelatedStories, UnknownEventError
from relatedstories.export import export, export_sqlite
from relatedstories.index.retriever import Retriever
from relatedstories.refresh import refresh
from relatedstories.topics import extraction


@given(archives(), st.integers(0, 6))
@settings(deadline=None, max_examples=150)
def test_promises_of_every_list(events, k):
    stories = quick(min_score=0.0).fit(events)
    found = dict(zip(events, CapitalisedWords().extract_many(events), strict=True))
    for event in events:
        links = stories.related(event.id, k)
        assert len(links) <= k
        assert event not in [link.event for link in links]
        assert len({link.event.id for link in links}) == len(links)
        assert [link.rank for link in links] == list(range(1, len(links) + 1))
        assert all(0 < link.score <= 1 for link in links)
        for a, b in pairwise(links):
            assert a.score > b.score or (a.score == b.score and near(event, a.event) <= near(event, b.event))
        for link in links:
            shared = set(found[event]) & set(found[link.event])
            assert set(link.topics) == shared
            if link.context is None:
                assert not shared
            elif link.context not in shared:
                phrase = link.context.casefold()
                assert phrase in event.title.casefold()
                assert phrase in link.event.title.casefold()


@given(archives(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_order_of_input_does_not_matter(events, random):
    expected = everything(quick().fit(events))
    shuffled = list(events)
    random.shuffle(shuffled)
    assert everything(quick().fit(shuffled)) == expected


@given(archives())
@settings(deadline=None, max_examples=60)
def test_single_many_batch_and_loaded_agree(events):
    stories = quick().fit(events)
    expected = everything(stories)
    assert expected == {event: stories.related(event, 4, min_score=0) for event in events}
    assert [expected[event] for event in events] == stories.related_many([event.id for event in events], 4, min_score=0)
    with tempfile.TemporaryDirectory() as folder:
        stories.save(Path(folder) / "index")
        loaded = RelatedStories.load(Path(folder) / "index", CapitalisedWords())
        assert everything(loaded) == expected
        assert list(loaded) == list(stories)


@given(archives(least=1), st.data())
@settings(deadline=None, max_examples=80)
def test_adding_and_removing_is_as_fitting_what_is_left(events, data):
    """Any sequence of steps, through a saved index now and then, ends in the answers of one fit."""
    by_id = {event.id: event for event in events}
    inside = set(data.draw(st.sets(st.sampled_from(sorted(by_id)))))
    stories = quick().fit([by_id[id_] for id_ in inside])
    for _ in range(data.draw(st.integers(1, 4))):
        if outside := sorted(set(by_id) - inside):
            more = data.draw(st.sets(st.sampled_from(outside)))
            stories.add(by_id[id_] for id_ in more)
            inside |= more
        if inside:
            fewer = data.draw(st.sets(st.sampled_from(sorted(inside))))
            stories.remove(fewer)
            inside -= fewer
        if data.draw(st.booleans()):
            with tempfile.TemporaryDirectory() as folder:
                stories.save(Path(folder) / "index")
                stories = RelatedStories.load(Path(folder) / "index", CapitalisedWords())
    fresh = quick().fit([by_id[id_] for id_ in inside])
    assert everything(stories) == everything(fresh)
    stranger = Event("stranger", "A storm and a fire in Oslo", date=day("2020-01-10"))
    assert stories.related(stranger, 9, min_score=0) == fresh.related(stranger, 9, min_score=0)


@given(archives(least=2))
@settings(deadline=None, max_examples=80)
def test_the_parts_of_an_explanation_sum_to_the_score(events):
    stories = quick().fit(events)
    for event, links in everything(stories).items():
        for link in links:
            why = stories.explain(event.id, link.event.id)
            assert why.score == link.score
            assert sum(part.share for part in why.parts) == pytest.approx(link.score, abs=1e-6)
            assert {part.name for part in why.topics} == set(link.topics)
            assert why.score == stories.explain(link.event, event).score
            assert why.contexts == link.contexts == stories.explain(link.event.id, event.id).contexts


def test_scores_are_cosines_times_the_date_factor():
    """By hand: of two events each word has df 2 or 1; no topics (no capitals), so rows are terms alone."""
    stories = quick(date_decay=0.5, space_weight=0).fit(
        [Event("1", "xaxa xbxb", date=day("2020-01-01")), Event("2", "xaxa xcxc", date=day("2020-01-09"))]
    )
    n = 2 + 1000  # the background counts as 1000 events, and none of them has these words
    both, one = (math.log(1 + (n - events + 0.5) / (events + 0.5)) for events in (2, 1))
    cosine = both**2 / (both**2 + one**2)
    assert stories.related("1")[0].score == pytest.approx(cosine / 3, abs=2e-4)  # eight days


def test_identical_scores_go_by_nearer_date_then_id():
    # The four share one word each with the first, of equal weight as the background has none of them; date_decay=0 leaves
    # the date to break the tie.
    titles = {"query": "xaxa xbxb xcxc xdxd", "d": "xaxa k", "c": "xbxb l", "b": "xcxc m", "a": "xdxd n"}
    days = {"query": "2020-01-10", "d": "2020-01-09", "c": "2020-01-12", "b": "2020-01-08", "a": "2020-01-20"}
    events = [Event(id_, f"{title}{id_}x", date=day(days[id_])) for id_, title in titles.items()]
    events[0] = Event("query", titles["query"], date=day(days["query"]))
    links = quick(date_decay=0).fit(events).related("query", min_score=0)
    assert len({link.score for link in links}) == 1
    assert [link.event.id for link in links] == ["d", "b", "c", "a"]  # 1, 2, 2 (b before c) and 10 days away


def test_the_space_station_links_to_the_space_station():
    stories = RelatedStories().fit(SPACE)
    links = stories.related("progress")
    assert {link.event.id for link in links} == {"dragon", "whitson"}
    assert {link.context for link in links} == {"International Space Station"}
    assert stories.related("iceland") == []
    assert [link.event.id for link in stories.related("oslo")] == ["oslo-2"]


def test_an_event_that_the_archive_does_not_hold():
    stories = RelatedStories().fit(SPACE)
    links = stories.related(Event("new", "A leak is found on the space station, the ISS", date=day("2018-08-30")))
    assert {link.event.id for link in links} == {"dragon", "progress", "whitson"}
    assert "new" not in stories
    edited = Event("progress", "Snow closes the airport of Oslo again", date=day("2017-01-06"))
    assert {link.event.id for link in stories.related(edited)} == {"oslo", "oslo-2"}  # by its new words, never itself


def test_the_same_wire_story_is_listed_once():
    text = "A ferry with forty people aboard runs aground off Malta in a storm"
    events = [
        Event("1", "Ferry runs aground off Malta", date=day("2020-01-01")),
        *(Event(f"copy-{i}", text, date=day("2020-01-02")) for i in range(9)),
        Event("2", "Malta buys a new ferry", date=day("2020-02-01")),
    ]
    stories = quick().fit(events)
    assert [link.event.id for link in stories.related("1", 5)] == ["copy-0", "2"]
    assert dict(stories.all_related(1))[events[0]] == stories.related("1", 1)
    assert dict(stories.all_related(2))[events[0]] == stories.related("1", 2)  # behind more copies than the batch looks at first


def test_many_copies_of_a_wire_story_stand_in_no_way():
    text = "A ferry with forty people aboard runs aground off Malta in a storm"
    others = ["Malta buys a new ferry", "A ferry of Gozo is repainted", "Storm warning for Malta", "Forty people win in Malta"]
    events = [Event(f"copy-{i:02}", "Ferry runs aground", text, date=day(f"2020-01-{1 + i % 28:02}")) for i in range(60)]
    events += [Event(str(i), title, date=day("2020-02-01")) for i, title in enumerate(others)]
    stories = quick(min_score=0.01).fit(events)
    blocked = {"copy-07": [f"copy-{i:02}" for i in range(0, 60, 2)]}
    for k, filters in ((4, {}), (0, {}), (4, {"blocked": blocked})):
        at_once = [(links, links.copies) for _, links in stories.all_related(k, **filters)]
        with mock.patch.object(Retriever, "_many_copies", return_value=None):  # looks at one copy after the other
            assert at_once == [(links, links.copies) for _, links in stories.all_related(k, **filters)]
    assert {link.event.id for link in stories.related("copy-07", 4)} == set("0123")


def test_filters():
    events = [Event(str(i), f"Fire in Oslo {'abcdef'[i]}{'abcdef'[i]}", date=day(f"2020-01-0{i + 1}")) for i in range(6)]
    events.append(Event("undated", "Fire in Oslo some day"))
    stories = quick().fit(events)

    def ids(**filters):
        return {link.event.id for link in stories.related("3", 9, **filters)}

    assert ids() == {"0", "1", "2", "4", "5", "undated"}
    assert ids(include_newer=False) == {"0", "1", "2", "undated"}
    assert ids(since=day("2020-01-03")) == {"2", "4", "5"}
    assert ids(until="2020-01-02") == {"0", "1"}
    assert ids(since="2020-01-02", until="2020-01-05") == {"1", "2", "4"}
    assert ids(where=lambda event: event.id in "05") == {"0", "5"}
    assert ids(min_score=1) == set()
    assert [link.rank for link in stories.related("3", 9, since="2020-01-03")] == [1, 2, 3]
    assert stories.related_many(["3"], 9, include_newer=False) == [stories.related("3", 9, include_newer=False)]


def test_a_weak_archive_gives_short_lists():
    titles = ["Voters in Iceland elect a parliament", "Snow closes the airport of Oslo", "A comet passes Venus"]
    stories = quick().fit([Event(str(i), title) for i, title in enumerate(titles)])
    assert all(links == [] for _, links in stories.all_related())


@pytest.mark.parametrize(
    "titles", [[], ["Alone"], ["!!!", "..."], ["the of and", "the of and"], ["🚀 🌋", "🚀 🌋"], ["مرحبا", "\x00\x07"]]
)
def test_archives_with_nothing_to_compare(titles, tmp_path):
    stories = quick().fit([Event(str(i), title) for i, title in enumerate(titles)])
    assert [links for _, links in stories.all_related()] == [[] for _ in titles]
    assert stories.related(Event("new", "Oslo")) == []
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())
    assert len(loaded) == len(titles)
    loaded.add([Event("x", "Fire in Oslo"), Event("y", "Fire in Oslo tonight")])
    assert [link.event.id for link in loaded.related("x")] == ["y"]


def test_an_event_as_long_as_a_book():
    long = " ".join(f"word{i}" for i in range(200_000)) + " Oslo fire"
    stories = quick().fit([Event("long", "Fire in Oslo", text=long), Event("short", "Fire in Oslo tonight")])
    assert all(0 < link.score <= 1 for _, links in stories.all_related(min_score=0) for link in links)


def test_ids_are_texts_and_numbers_are_taken_as_theirs():
    stories = quick().fit([Event(7, "Fire in Oslo"), Event("8", "Fire in Oslo tonight")])
    assert stories.related(7) == stories.related("7")
    assert "7" in stories
    assert 7 in stories
    assert None not in stories
    assert [] not in stories
    assert all(event in stories for event in stories)
    assert Event("new", "Seven") not in stories
    assert stories[8].id == "8"


def test_dates_may_lack_and_lie_far_apart():
    dates = [None, dt.date.min, dt.date.max, day("2020-01-01")]
    stories = quick().fit(
        [Event(str(i), f"Fire in Oslo {word * 3}", date=date) for i, (word, date) in enumerate(zip("abcd", dates, strict=True))]
    )
    assert all(len(links) == 3 for _, links in stories.all_related(min_score=0))


@pytest.mark.parametrize(
    ("call", "ask"),
    [
        ("related", lambda s, **keywords: s.related("oslo", **keywords)),
        ("related", lambda s, **keywords: s.related("oslo", order="timeline", **keywords)),
        ("related_many", lambda s, **keywords: s.related_many(["oslo"], **keywords)),
        ("all_related", lambda s, **keywords: s.all_related(**keywords)),
        ("refresh", lambda s, **keywords: refresh(s, SPACE, io.StringIO(), **keywords)),
        ("export", lambda s, **keywords: export(s, "never-made", **keywords)),
        ("export_sqlite", lambda s, **keywords: export_sqlite(s, "never-made.db", **keywords)),
    ],
)
def test_a_keyword_that_a_call_does_not_have_is_said_of_that_call(call, ask):
    stories = quick().fit(SPACE)
    with pytest.raises(TypeError, match=rf"^{call}\(\) got an unexpected keyword argument 'max_context'$"):
        ask(stories, max_context=1)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.add(SPACE), "add: got no archive yet, expected fit(events) or load(folder) first"),
        (lambda s: s.remove("oslo"), "remove: got no archive yet, expected fit(events) or load(folder) first"),
        (lambda s: s.save("never-made"), "save: got no archive yet, expected fit(events) or load(folder) first"),
        (lambda s: s.related("oslo"), "got no archive yet, expected fit(events) or load(folder) first"),
    ],
)
def test_what_needs_an_archive_says_so(ask, message):
    with pytest.raises(InputError) as caught:
        ask(quick())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.related("nobody"), "got id 'nobody', expected that of one of the archive's 6 events"),
        (lambda s: s.related(None), "event: id: got None, expected a text or a whole number"),
        (lambda s: s.related("oslo", k=-1), "related: k: got -1 (int), expected a whole number of at least 0"),
        (lambda s: s.related("oslo", k="5"), "related: k: got '5', expected a whole number of at least 0"),
        (lambda s: s.related("oslo", min_score=2), "related: min_score: got 2 (int), expected a number from 0 to 1"),
        (lambda s: s.related("oslo", since="May"), "related: since: got 'May', expected a date as YYYY-MM-DD"),
        (lambda s: s.related("oslo", where="oslo"), "related: where: got 'oslo', expected a function of an event"),
        (lambda s: s.related(" Oslo "), "got id ' Oslo ', expected that of one of the archive's 6 events; it has 'oslo'"),
        (lambda s: s.explain("oslo", "nobody"), "got id 'nobody', expected that of one of the archive's 6 events"),
        (lambda s: s.remove(["oslo", "nobody"]), "got id 'nobody', expected that of one of the archive's 6 events"),
        (lambda s: s.add([SPACE[0]]), "add: id: got 'dragon', expected an id that is not in the archive yet; remove it first"),
        (lambda s: s.add([{"id": "x"}]), None),
        (lambda s: s.add(SPACE[0]), None),
        (lambda s: s.fit(None), "fit: events: got None, expected several, in a list say"),
        (lambda s: s.remove(None), "remove: ids: got None, expected several, in a list say"),
        (lambda s: s.related_many(["oslo"], k=-1), "related_many: k: got -1 (int), expected a whole number of at least 0"),
        (lambda s: s.related_many("oslo"), "related_many: events: got 'oslo', expected several, in a list say"),
        (lambda s: s.related_many(SPACE[0]), None),
        (lambda s: s.fit("news.jsonl"), "fit: events: got 'news.jsonl', expected events, as read_events gives them from a path"),
        (
            lambda s: s.fit(SPACE, n_jobs=0),
            "n_jobs: got 0 (int), expected a whole number of at least 1, or -1 for one per core",
        ),
        (
            lambda s: s.all_related(n_jobs="2"),
            "n_jobs: got '2', expected a whole number of at least 1, or -1 for one per core",
        ),
        (lambda s: s.fit(SPACE, progress=1), "fit: progress: got 1 (int), expected a function, or None"),
        (lambda s: s.add([], progress=1), "add: progress: got 1 (int), expected a function, or None"),
        (lambda s: s.all_related(progress=[]), "all_related: progress: got [] (list), expected a function, or None"),
        (lambda s: s.storylines(progress="x"), "storylines: progress: got 'x', expected a function, or None"),
        (lambda s: s.fit(SPACE, checkpoint=1), "fit: checkpoint: got 1 (int), expected a path"),
        (lambda s: s.save(None), "save: folder: got None, expected a path"),
        (lambda s: s.load(b"index"), "load: folder: got b'index' (bytes), expected a path"),
        (lambda s: s.load("nowhere", "Extractor"), "load: extractor: got 'Extractor', expected a TopicExtractor"),
        (lambda s: s.fit([SPACE[0], SPACE[0]]), "fit: id: got 'dragon' twice, expected an id of its own for each event"),
    ],
)
def test_wrong_questions_change_nothing(ask, message):
    stories = quick().fit(SPACE)
    before = everything(stories)
    with pytest.raises(InputError) as error:
        ask(stories)
    assert message is None or str(error.value) == message
    assert everything(stories) == before


def test_an_unknown_id_is_a_key_error_too():
    with pytest.raises(KeyError):
        quick().fit(SPACE).related("nobody")
    assert issubclass(UnknownEventError, InputError)


def test_a_question_before_there_is_an_archive():
    for ask in (lambda s: s.related("1"), len, list, lambda s: s.save("x"), lambda s: s.add([]), lambda s: list(s.all_related())):
        with pytest.raises(InputError, match=r"expected fit\(events\) or load\(folder\) first"):
            ask(quick())


@pytest.mark.parametrize(
    "settings_", [{"topic_weight": 1.5}, {"space_weight": 2}, {"date_decay": "a"}, {"date_decay": -1}, {"min_score": True}]
)
def test_wrong_settings(settings_):
    with pytest.raises(BadValueError, match=f"RelatedStories: {next(iter(settings_))}: got "):
        RelatedStories(**settings_)


def test_settings_are_saved(tmp_path):
    stories = quick(topic_weight=0.5, space_weight=0.3, date_decay=0.3, min_score=0.2).fit(SPACE)
    stories.save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index", CapitalisedWords())
    assert loaded.settings == {"topic_weight": 0.5, "space_weight": 0.3, "date_decay": 0.3, "min_score": 0.2} | {
        "language": None,
        "across_languages": False,
    }
    assert repr(loaded).startswith("<RelatedStories of 6 events, topic_weight=0.5")


def test_fitting_anew_forgets_the_loaded_index(tmp_path):
    quick().fit(SPACE[:2]).save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")
    loaded.fit(SPACE)  # by the default extractor, which did not find the topics of the saved one
    assert len(loaded.add([Event("new", "Snow again")])) == len(SPACE) + 1


class Counted(CapitalisedWords):
    """Remembers what it was asked for; one version finds the topics of another where that is said to be the same."""

    def __init__(self, name: str) -> None:
        self.name, self.asked = name, []

    def extract_many(self, events):
        events = list(events)
        self.asked += [event.id for event in events]
        return super().extract_many(events)


def test_a_loaded_index_lends_the_topics_of_events_that_have_not_changed(tmp_path):
    RelatedStories(Counted("one")).fit(SPACE).save(tmp_path / "index")
    edited = dataclasses.replace(SPACE[0], title="SpaceX launches a Dragon cargo ship again, from Florida")
    archive = [Event("new", "Snow in Florida", date=day("2017-06-04")), edited, *SPACE[2:]]
    anew = RelatedStories(Counted("one")).fit(archive)
    done = []
    for name, asked in (("one", ["dragon", "new"]), ("two", sorted(event.id for event in archive))):
        loaded = RelatedStories.load(tmp_path / "index", extractor := Counted(name))
        loaded.fit(archive, progress=lambda *way: done.append(way))
        assert extractor.asked == asked
        assert done[-1] == ("topics", len(asked), len(asked))
        assert dict(loaded.all_related()) == dict(anew.all_related())
        loaded.add([SPACE[1]])  # is of the extractor at hand now, whoever found the topics before
        assert extractor.asked[-1] == "progress"


def test_what_an_unnamed_extractor_found_is_not_trusted_after_a_restart(tmp_path):
    quick().fit(SPACE).save(tmp_path / "index")
    extractor = Counted("")
    del extractor.name
    RelatedStories.load(tmp_path / "index", extractor).fit(SPACE)
    assert len(extractor.asked) == len(SPACE)


def test_an_index_is_not_mixed_with_another_extractors_topics(tmp_path):
    quick().fit(SPACE).save(tmp_path / "index")
    loaded = RelatedStories.load(tmp_path / "index")  # built with another extractor than the default one
    assert loaded.related("oslo")
    for ask in (lambda: loaded.add([Event("new", "Fire")]), lambda: loaded.related(Event("new", "Fire"))):
        with pytest.raises(InputError, match="build the index again, or load it with the extractor it was built with"):
            ask()


@pytest.mark.slow
def test_processes_do_not_change_the_index(sample, sample_stories, monkeypatch):
    monkeypatch.setattr(extraction, "_CHUNK", 64)  # so that the sample is enough for several processes
    assert list(RelatedStories().fit(sample, n_jobs=2).all_related(3, n_jobs=2)) == list(sample_stories.all_related(3))


def test_threads_may_ask_while_one_changes_the_archive():
    """Every answer is that of the archive before or after a change, never of a mix."""
    events = [Event(f"e{i}", f"Fire in {'Oslo' if i % 2 else 'Malta'} {'abcdefghij'[i % 10] * 3}{i}") for i in range(60)]
    extra = [Event(f"a{i}", f"Fire in Oslo xx{i} zz{i}") for i in range(20)]
    stories = quick().fit(events)
    stranger = Event("stranger", "A fire in Oslo and Malta")
    right = [[stories.related(asked, 4) for asked in ("e5", stranger)]]
    stories.add(extra)
    right.append([stories.related(asked, 4) for asked in ("e5", stranger)])
    stopped = threading.Event()

    def change():
        while not stopped.is_set():
            stories.remove([event.id for event in extra])
            stories.add(extra)

    changing = threading.Thread(target=change)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        changing.start()
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda i: (i % 2, stories.related(("e5", stranger)[i % 2], 4)), range(300)))
    finally:
        stopped.set()
        changing.join()
        sys.setswitchinterval(interval)
    assert all(answer in (right[0][asked], right[1][asked]) for asked, answer in answers)


def test_threads_may_ask_for_all_links_while_one_changes_the_archive():
    events = [Event(f"e{i}", f"Fire in {'Oslo' if i % 2 else 'Malta'} {'abcdefghij'[i % 10] * 3}{i}") for i in range(60)]
    stories = quick().fit(events)
    right = [list(stories.all_related(3))]
    right.append(list(stories.remove("e7").all_related(3)))
    stopped = threading.Event()

    def change():
        while not stopped.is_set():
            stories.add(events[7:8])
            stories.remove("e7")

    changing = threading.Thread(target=change)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        changing.start()
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: list(stories.all_related(3)), range(60)))
    finally:
        stopped.set()
        changing.join()
        sys.setswitchinterval(interval)
    assert all(answer in right for answer in answers)


def test_a_batch_goes_on_with_the_archive_it_began_with():
    stories = quick().fit(SPACE)
    expected = list(stories.all_related())
    batch = stories.all_related()
    first = next(batch)
    stories.remove([event.id for event in SPACE[:4]])
    assert [first, *batch] == expected


def test_more_links_than_there_are_events():
    stories = quick().fit(SPACE)
    assert dict(stories.all_related(10**9)) == {event: stories.related(event, 10**9) for event in SPACE}


def test_a_shared_name_is_shown_under_one_spelling():
    events = [Event("1", "Rain", heading="Storms"), *(Event(f"{i}", f"Wind {i}{i}", heading="the storms") for i in range(2, 5))]
    stories = RelatedStories().fit(events)
    for event, links in stories.all_related():
        for link in links:
            assert link.context in stories.topics(event.id)
            assert link.context in stories.topics(link.event.id)


def test_no_events_have_no_links_however_many_were_asked_about():
    stories = quick().fit(SPACE)
    for _ in range(3):
        assert stories.related_many([]) == []
        stories.related_many(["oslo", "dragon"])


def test_embeddings_are_directions_by_id(sample_stories):
    import numpy as np

    found = sample_stories.embeddings(["2018-07-02-thai-boys-found", "2018-06-23-thai-boys-trapped", "2016-12-01-progress-ms-04"])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=0.01)
    assert found[0] @ found[1] > found[0] @ found[2]
    assert sample_stories.embeddings([]).shape == (0, found.shape[1])
    unknown = RelatedStories().fit([Event("1", "Qwx zzyv brrt")]).embeddings(["1"])
    assert not unknown.any()
    with pytest.raises(UnknownEventError, match="got id 'none'"):
        sample_stories.embeddings(["none"])
