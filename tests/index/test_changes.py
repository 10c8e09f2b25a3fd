"""Whatever an index goes through, it answers as one that was fitted to the same events."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from helpers import CapitalisedWords, Named
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from relatedstories import Event, RelatedStories
from relatedstories.disk.locks import lock_beside, locked
from relatedstories.index import storage
from relatedstories.index.archive_index import ArchiveIndex
from relatedstories.index.serialisation import parts_of_index

WORDS = ["Oslo", "oslo", "Rome", "snow", "rain", "Élan", "“Rome”", "vote", "the", "line\nbreak", "s\u2028p"]


titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
dates = st.one_of(st.none(), st.dates(dt.date(2020, 1, 1), dt.date(2020, 12, 31)))
ids = st.sampled_from([f"{letter}{number}" for letter in "aé\u2028" for number in range(5)])
bodies = st.tuples(titles, dates)


class Changes(RuleBasedStateMachine):
    """Events by id, and an index that is told of each change."""

    def __init__(self):
        super().__init__()
        # However much has changed, what is known of the nearest is brought up to date.
        self.patched = patch("relatedstories.topk.neighbour_cache.MAX_CHANGED", 1.0)
        self.patched.start()

    def teardown(self):
        self.patched.stop()

    @initialize(bodies=st.dictionaries(ids, bodies, max_size=8))
    def fit(self, bodies):
        self.events = {id_: Event(id_, title, date=date) for id_, (title, date) in bodies.items()}
        self.stories = RelatedStories(Named()).fit(self.events.values())

    @rule(id_=ids, body=bodies)
    def put(self, id_, body):
        if id_ in self.events:
            self.stories.remove(id_)
        self.events[id_] = Event(id_, body[0], date=body[1])
        self.stories.add([self.events[id_]])

    @rule(bodies=st.dictionaries(ids, bodies, max_size=6))
    def add(self, bodies):
        new = [Event(id_, title, date=date) for id_, (title, date) in bodies.items() if id_ not in self.events]
        self.events |= {event.id: event for event in new}
        self.stories.add(new)

    @rule(data=st.data())
    def remove(self, data):
        gone = data.draw(st.lists(st.sampled_from(sorted(self.events)), unique=True)) if self.events else []
        self.stories.remove(gone)
        for id_ in gone:
            del self.events[id_]

    @rule()
    def save_and_load(self):
        with tempfile.TemporaryDirectory() as folder:
            self.stories.save(Path(folder) / "index")
            self.stories = RelatedStories.load(Path(folder) / "index", Named())

    @rule(bodies=st.dictionaries(ids, bodies, max_size=3), data=st.data())
    def fit_again(self, bodies, data):
        self.events |= {id_: Event(id_, title, date=date) for id_, (title, date) in bodies.items()}
        for id_ in data.draw(st.lists(st.sampled_from(sorted(self.events)), unique=True, max_size=2)) if self.events else []:
            del self.events[id_]
        self.stories.fit(self.events.values())

    @invariant()
    def as_fitted(self):
        if not hasattr(self, "stories"):
            return
        fresh = RelatedStories(Named()).fit(self.events.values())
        assert list(self.stories) == list(fresh)
        assert list(self.stories.all_related(3)) == list(fresh.all_related(3))
        assert [self.stories.topics(id_) for id_ in self.events] == [fresh.topics(id_) for id_ in self.events]
        unseen = Event("unseen", "Snow and rain in Rome: Oslo line", date=dt.date(2020, 6, 1))
        assert self.stories.related(unseen, 4) == fresh.related(unseen, 4)
        parts, expected = parts_of_index(self.stories._index), parts_of_index(fresh._index)
        for name, array in expected[0].items():
            if name.startswith("neighbours-"):  # more or less of them may be known
                continue
            assert parts[0][name].dtype == array.dtype
            assert parts[0][name].tolist() == array.tolist(), name
        for name, lines in expected[1].items():
            assert list(parts[1][name]) == list(lines), name


Changes.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestChanges = pytest.mark.slow(Changes.TestCase)


def test_an_index_is_opened_without_being_read_whole(tmp_path, monkeypatch):
    RelatedStories(Named()).fit([Event(str(i), f"Oslo {i}") for i in range(20)]).save(tmp_path / "index")
    monkeypatch.setattr(storage, "_file_checksum", lambda path: pytest.fail(f"{path} is read whole"))
    monkeypatch.setattr(storage.JsonLines, "__getitem__", lambda *_: pytest.fail("a line is read"))
    RelatedStories.load(tmp_path / "index", Named())


def test_a_copy_of_an_index_is_compared_with_its_checksums(tmp_path):
    stories = RelatedStories(Named()).fit([Event(str(i), f"Oslo {i}") for i in range(20)])
    stories.save(tmp_path / "index")
    shutil.copytree(tmp_path / "index", tmp_path / "copy", copy_function=shutil.copyfile)
    assert RelatedStories.load(tmp_path / "copy", Named()).related("3") == stories.related("3")


class KeptMeanwhile(ArchiveIndex):
    """An index whose stale neighbours another thread replaces right after this one has read them."""

    @property
    def stale_neighbours(self):
        stale, self._stale = self._stale, None
        return stale

    @stale_neighbours.setter
    def stale_neighbours(self, stale):
        self._stale = stale


@pytest.mark.parametrize("question", [lambda stories: stories, lambda stories: stories.remove("5")])
def test_stale_neighbours_may_be_replaced_by_another_thread_once_they_are_read(question):
    stories = RelatedStories(Named()).fit([Event(str(i), f"Oslo {'abcdefg'[i % 7] * 4} {i}") for i in range(40)])
    list(stories.all_related(3))
    index = stories.remove("3")._index
    assert index.stale_neighbours is not None
    stories._fitted = KeptMeanwhile(index.archive, stale_neighbours=index.stale_neighbours)
    fresh = RelatedStories(Named()).fit(question(stories))
    assert list(stories.all_related(3)) == list(fresh.all_related(3))


def test_a_lock_that_a_killed_writer_left_beside_a_complete_index_is_removed(tmp_path: Path) -> None:
    RelatedStories(CapitalisedWords()).fit([Event("1", "Oslo")]).save(tmp_path / "index")
    lock = lock_beside(tmp_path / "index")
    with locked(lock, "the index"):
        RelatedStories.load(tmp_path / "index", CapitalisedWords()).save(tmp_path / "index")
        assert lock.exists()  # its holder is alive
    lock.touch()
    RelatedStories.load(tmp_path / "index", CapitalisedWords()).save(tmp_path / "index")
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
