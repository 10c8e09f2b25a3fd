"""An index that is pickled, for another process or a cache, answers there as it does here."""

from __future__ import annotations

import copy
import pickle

import joblib
import pytest
from helpers import SPACE, CapitalisedWords, quick

from relatedstories import Event, RelatedStories

STRANGER = Event("stranger", "A Progress cargo ship of Roscosmos reaches the International Space Station")


def loaded(tmp_path):
    quick().fit(SPACE).save(tmp_path / "index")
    return RelatedStories.load(tmp_path / "index", CapitalisedWords())


MADE = {
    "fitted": lambda _: quick().fit(SPACE),
    "asked": lambda _: (stories := quick().fit(SPACE), list(stories.all_related()))[0],
    "loaded": loaded,
    "changed": lambda tmp_path: loaded(tmp_path).remove("oslo").add([Event("new", "Dragon docks with the Space Station")]),
    "settings": lambda _: quick(min_score=0.1, topic_weight=0.3).fit(SPACE),
    "embeddings": lambda _: quick().fit(SPACE, embeddings=[[1.0, number] for number in range(len(SPACE))]),
    "empty": lambda _: quick().fit([]),
}
COPIES = {"pickle": lambda stories: pickle.loads(pickle.dumps(stories)), "copy": copy.copy, "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_answers_as_the_original(made, copied, tmp_path):
    stories = made(tmp_path)
    same = copied(stories)
    assert [*same] == [*stories]
    assert same.checksum() == stories.checksum()
    assert same.settings == stories.settings
    assert list(same.all_related(4)) == list(stories.all_related(4))
    assert list(same.all_topics()) == list(stories.all_topics())
    assert same.related(STRANGER) == stories.related(STRANGER)
    assert list(same.add([STRANGER]).all_related(4)) == list(copied(stories).add([STRANGER]).all_related(4))
    assert STRANGER.id not in stories


def test_one_without_an_archive_is_pickled_too():
    same = pickle.loads(pickle.dumps(RelatedStories(min_score=0.2)))
    assert len(same.fit(SPACE)) == len(SPACE)


def test_another_process_answers_the_same(sample_stories):
    expected = sample_stories.related("2016-12-01-progress-ms-04")
    [answer, seen] = joblib.Parallel(2)(
        joblib.delayed(sample_stories.related)(event) for event in ("2016-12-01-progress-ms-04", STRANGER)
    )
    assert answer == expected
    assert seen == sample_stories.related(STRANGER)
