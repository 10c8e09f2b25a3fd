"""Extraction of an archive's topics in parallel processes, with a checkpoint to resume from."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from relatedstories.events import Event
from relatedstories.parallel import on_cluster, worker_count
from relatedstories.progress import Progress
from relatedstories.topics.checkpoint import Checkpoint
from relatedstories.topics.extractor import TopicExtractor
from relatedstories.topics.topic import EventTopics

__all__ = ["extract_topics"]

_CHUNK_SIZE = 512
"""Number of events in a task, at most about a second's work: progress stays visible and processes end at nearly the same time."""

_MIN_CHUNKS = 4
"""Minimum number of chunks for which processes are started, which takes some seconds."""


def extract_topics(
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
        For each event its topics, if they are known already.
    n_jobs, progress, checkpoint
        See `relatedstories.RelatedStories.fit`.
    """
    topics, name = list(known), getattr(extractor, "name", None)
    with nullcontext() if checkpoint is None or name is None else Checkpoint.opened(Path(checkpoint), name) as saved:
        if saved is not None:
            pairs = zip(topics, saved.topics_of(events), strict=True)
            topics = [from_checkpoint if given is None else given for given, from_checkpoint in pairs]
        missing = [row for row, topics_of_event in enumerate(topics) if topics_of_event is None]
        shared: dict[tuple[str, str], tuple[str, str]] = {}  # most topics occur often: one tuple each saves memory
        extracted = _extract(extractor, [events[row] for row in missing], n_jobs)
        for done, (row, new) in enumerate(zip(missing, extracted, strict=True), 1):
            topics[row] = tuple([shared.setdefault(pair, pair) for pair in new])
            if saved is not None:
                saved.add(events[row], new)
            if progress is not None:
                progress("topics", done, len(missing))
    return [topics_of_event for topics_of_event in topics if topics_of_event is not None]


def _extract(extractor: TopicExtractor, events: Sequence[Event], n_jobs: int) -> Iterator[EventTopics]:
    """Yield the topics of events, extracted in this process, in several, or on a cluster."""
    workers, is_remote = worker_count(n_jobs), on_cluster()
    chunks = [events[i : i + _CHUNK_SIZE] for i in range(0, len(events), _CHUNK_SIZE)]
    if not is_remote and (workers == 1 or len(chunks) < _MIN_CHUNKS):
        yield from _name_kind_pairs(extractor, events)
        return
    from joblib import Parallel, delayed

    # Idle processes end at once: later stages need their memory.
    options = {} if is_remote else {"n_jobs": workers, "idle_worker_timeout": 1}
    parallel = Parallel(return_as="generator", **options)
    for topics in parallel(delayed(_extract_chunk)(extractor, chunk) for chunk in chunks):
        yield from topics


def _extract_chunk(extractor: TopicExtractor, events: Sequence[Event]) -> list[EventTopics]:
    """Return the topics of a chunk of events; runs in a worker process."""
    shared: dict[tuple[str, str], tuple[str, str]] = {}  # an object that occurs repeatedly is pickled once
    was_enabled = gc.isenabled()
    gc.disable()  # new objects are either cached or freed by reference counting, so that collections find nothing
    try:
        return [tuple([shared.setdefault(pair, pair) for pair in topics]) for topics in _name_kind_pairs(extractor, events)]
    finally:
        if was_enabled:
            gc.enable()


def _name_kind_pairs(extractor: TopicExtractor, events: Sequence[Event]) -> Iterator[EventTopics]:
    """Yield names and kinds of the topics of each event, without those that have no key."""
    for topics in extractor.extract_many(events):
        yield tuple([(topic.name, topic.kind) for topic in topics if topic.key])
