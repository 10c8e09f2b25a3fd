"""Finding the topics of an archive: on several processes, and without losing any that were found."""

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

__all__ = ["extracted"]

_CHUNK = 512  # events a task: a second's work or less, so that progress shows and processes end together


def extracted(
    extractor: TopicExtractor,
    events: Sequence[Event],
    known: Sequence[EventTopics | None],
    n_jobs: int = 1,
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> list[EventTopics]:
    """The topics of events, as an archive holds them.

    Parameters
    ----------
    extractor : TopicExtractor
    events : sequence of Event
    known : sequence of EventTopics or None
        Of each event the topics, where they are known already.
    n_jobs, progress, checkpoint
        As of `relatedstories.RelatedStories.fit`.
    """
    found, name = list(known), getattr(extractor, "name", None)
    with nullcontext() if checkpoint is None or name is None else Checkpoint.opened(Path(checkpoint), name) as kept:
        if kept is not None:
            found = [before if topics is None else topics for topics, before in zip(found, kept.found(events), strict=True)]
        new = [place for place, topics in enumerate(found) if topics is None]
        pool: dict[tuple[str, str], tuple[str, str]] = {}  # most topics occur often: one tuple each
        each = _topics_of(extractor, [events[place] for place in new], n_jobs)
        for done, (place, topics) in enumerate(zip(new, each, strict=True), 1):
            found[place] = tuple([pool.setdefault(pair, pair) for pair in topics])
            if kept is not None:
                kept.add(events[place], topics)
            if progress is not None:
                progress("topics", done, len(new))
    return [topics for topics in found if topics is not None]


def _topics_of(extractor: TopicExtractor, events: Sequence[Event], n_jobs: int) -> Iterator[EventTopics]:
    workers, elsewhere = worker_count(n_jobs), on_cluster()
    chunks = [events[i : i + _CHUNK] for i in range(0, len(events), _CHUNK)]
    if not elsewhere and (workers == 1 or len(chunks) < 4):  # a process takes some seconds to start
        yield from _found(extractor, events)
        return
    from joblib import Parallel, delayed

    # Processes that have nothing left to do go at once: their memory is wanted for what comes next.
    own = {} if elsewhere else {"n_jobs": workers, "idle_worker_timeout": 1}
    parallel = Parallel(return_as="generator", **own)
    for found in parallel(delayed(_extract_chunk)(extractor, chunk) for chunk in chunks):
        yield from found


def _extract_chunk(extractor: TopicExtractor, events: Sequence[Event]) -> list[EventTopics]:
    pool: dict[tuple[str, str], tuple[str, str]] = {}  # what is one object travels once
    collecting = gc.isenabled()
    gc.disable()  # a process of its own, and what it makes is remembered or gone without
    try:
        return [tuple([pool.setdefault(pair, pair) for pair in found]) for found in _found(extractor, events)]
    finally:
        if collecting:
            gc.enable()


def _found(extractor: TopicExtractor, events: Sequence[Event]) -> Iterator[EventTopics]:
    for topics in extractor.extract_many(events):
        yield tuple([(topic.name, topic.kind) for topic in topics if topic.key])
