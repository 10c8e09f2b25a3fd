"""The topics of all events at once are those of one after another, whether the archive is in memory or in a file."""

from __future__ import annotations

from pathlib import Path

from relatedstories import Event, RelatedStories


def test_all_topics_are_those_of_one_by_one(tmp_path: Path, sample_stories: RelatedStories) -> None:
    sample_stories.save(tmp_path / "index")
    expected = {event.id: sample_stories.topics(event.id) for event in sample_stories}
    grown = RelatedStories.load(tmp_path / "index").remove([*expected][:2])
    grown.add([sample_stories[id_] for id_ in [*expected][:2]])
    for stories in (sample_stories, RelatedStories.load(tmp_path / "index"), grown):
        found = [*stories.all_topics()]
        assert [event for event, _ in found] == [*sample_stories]
        assert {event.id: topics for event, topics in found} == expected
        assert [stories.topics(id_) for id_ in expected] == [*expected.values()]  # now that all names are in memory


def test_an_archive_without_events_has_none() -> None:
    assert [*RelatedStories().fit([]).all_topics()] == []
    assert [event.id for event, _ in RelatedStories().fit([Event("1", "Snow in Oslo")]).all_topics()] == ["1"]
