"""Extract the topics of an archive on several processes, saving them in a checkpoint as they are found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from relatedstories.events import Event
from relatedstories.parallel import end_with_parent, on_cluster, results_of, without_collections, worker_count
from relatedstories.progress import Progress
from relatedstories.text.segments import segment_numbers
from relatedstories.topics.checkpoint import Checkpoint
from relatedstories.topics.extractor import TopicExtractor
from relatedstories.topics.topic import EventTopics, Topic

__all__ = ["extracted"]

_EXTRACT_MANY = TopicExtractor.extract_many
"""What an extractor has if its topics are those of the library; subclasses may change them."""

_CHUNK = 512  # events per task: a second of work or less, so that progress shows and processes finish together


def extracted(
    extractor: TopicExtractor,
    events: Sequence[Event],
    known: Sequence[EventTopics | None],
    n_jobs: int = 1,
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> list[EventTopics]:
    """Return the topics of events as an archive stores them.

    Parameters
    ----------
    extractor : TopicExtractor
    events : sequence of Event
    known : sequence of EventTopics or None
        The topics of each event, where they are already known.
    n_jobs, progress, checkpoint
        See `relatedstories.RelatedStories.fit`.
    """
    found, name = list(known), getattr(extractor, "name", None)
    with nullcontext() if checkpoint is None or name is None else Checkpoint.opened(Path(checkpoint), name) as saved:
        if saved is not None:
            found = [before if topics is None else topics for topics, before in zip(found, saved.topics_of(events), strict=True)]
        new = [place for place, topics in enumerate(found) if topics is None]
        pool: dict[Any, Any] = {}  # an object shared by equal ones saves memory
        each = _topics_of(extractor, [events[place] for place in new], n_jobs)
        for done, (place, topics) in enumerate(zip(new, each, strict=True), 1):
            found[place] = _pooled(topics, pool)
            if saved is not None:
                saved.add(events[place], topics)
            if progress is not None:
                progress("topics", done, len(new))
    return [topics for topics in found if topics is not None]


def _topics_of(extractor: TopicExtractor, events: Sequence[Event], n_jobs: int) -> Iterator[EventTopics]:
    workers, elsewhere = worker_count(n_jobs), on_cluster()
    chunks = [events[i : i + _CHUNK] for i in range(0, len(events), _CHUNK)]
    if not elsewhere and (workers == 1 or len(chunks) < 4):  # starting a process takes some seconds
        yield from _stored_topics(extractor, events)
        return
    from joblib import Parallel, delayed

    # Idle processes end at once, which frees their memory for the next stage.
    own = {} if elsewhere else {"n_jobs": workers, "idle_worker_timeout": 1, "initializer": end_with_parent}
    parallel = Parallel(return_as="generator", **own)
    for found in results_of(parallel, (delayed(_extract_chunk)(extractor, chunk) for chunk in chunks)):
        yield from found


def _extract_chunk(extractor: TopicExtractor, events: Sequence[Event]) -> list[EventTopics]:
    pool: dict[Any, Any] = {}  # an object used twice is pickled once
    with without_collections():
        return [_pooled(found, pool) for found in _stored_topics(extractor, events)]


def _pooled(topics: EventTopics, pool: dict[Any, Any]) -> EventTopics:
    """Return topics made of objects of a pool, to which those that it lacks are added."""
    pooled = []
    for topic in topics:
        known = pool.get(topic)
        if known is None:
            name, kind, of = topic
            known = pool[topic] = (pool.setdefault(name, name), pool.setdefault(kind, kind), pool.setdefault(of, of))
        pooled.append(known)
    return tuple(pooled)


def _stored_topics(extractor: TopicExtractor, events: Sequence[Event]) -> Iterator[EventTopics]:
    if getattr(extractor.extract_many, "__func__", None) is _EXTRACT_MANY:
        yield from extractor.stored_topics(events)
        return
    for event, topics in zip(events, extractor.extract_many(events), strict=True):
        yield tuple([(topic.name, topic.kind, _segments(event, topic)) for topic in topics if topic.key])


def _segments(event: Event, topic: Topic) -> tuple[int, ...]:
    """Return the segments that mention a topic; extractors of other authors give mentions alone."""
    if topic.segments is not None:
        return topic.segments
    return tuple(segment_numbers(event, [mention.start for mention in topic.mentions]))
