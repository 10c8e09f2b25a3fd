"""The batch job: bring every link of an archive up to date."""

from __future__ import annotations

import collections
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Unpack

from relatedstories.events import Event
from relatedstories.index import Progress, RelatedStories
from relatedstories.links import Link
from relatedstories.rules import Keywords, Rules
from relatedstories.targets import Line, Target, as_target, links_line, read_links

__all__ = ["Report", "read_links", "refresh"]


@dataclass(slots=True)
class Report:
    """What a refresh did.

    Parameters
    ----------
    events, links, labelled, without_links : int
        Events of the archive, links in all, links with a context, and events without any link.
    new, changed, gone : int
        Events that had no links before, that have others now, and whose links are no longer written.
    contexts : Counter
        How many links each context labels.
    linked : Counter
        How many links lead to each event, those without any left out.
    seconds : dict of str to float
        Wall time by stage.
    """

    events: int = 0
    links: int = 0
    labelled: int = 0
    without_links: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    contexts: collections.Counter[str] = field(default_factory=collections.Counter)
    linked: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def orphans(self) -> int:
        """Events that no link leads to: readers only find them elsewhere."""
        return self.events - len(self.linked)

    @property
    def peak_memory(self) -> int | None:
        """Peak memory of this process, without its workers, in bytes; None where the system does not tell."""
        try:
            import resource
        except ImportError:  # Windows
            return None
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    def __str__(self) -> str:
        share = self.labelled / max(1, self.links)
        mean = self.links / max(1, self.events)
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        lines = [
            f"{self.events} events, {self.links} links: {mean:.2f} an event, {share:.1%} with a context; "
            f"{self.without_links} events without links",
            f"links of {self.new} events are new, of {self.changed} changed; {self.gone} events are gone",
            f"{sum(self.seconds.values()):.1f} s: {stages}",
        ]
        if self.peak_memory:
            lines[-1] += f"; peak memory {self.peak_memory / 2**30:.2f} GiB"
        if self.linked:
            id_, most = min(self.linked.items(), key=lambda item: (-item[1], item[0]))
            lines.append(f"no link leads to {self.orphans} events, {self.orphans / self.events:.1%}; {most}, the most, to {id_}")
        if self.contexts:
            common = ", ".join(f"{name} {count}" for name, count in self.contexts.most_common(10))
            lines.append(f"commonest contexts: {common}")
        return "\n".join(lines)


def refresh(
    stories: RelatedStories,
    events: Iterable[Event],
    links: str | os.PathLike[str] | IO[str] | Target,
    k: int = 5,
    *,
    n_jobs: int = 1,
    dry_run: bool = False,
    progress: Progress | None = None,
    **keywords: Unpack[Keywords],
) -> Report:
    """Write the links of every event of an archive to a file, one JSON object a line, or to a table of a database.

    Parameters
    ----------
    stories : RelatedStories
        Fitted to the events here.
    events : iterable of Event
    links : path, text file or LinksTable
        A path takes the new links when all are written, so that a reader finds the old file or the new one. A line is
        ``{"id": ..., "links": [{"id": ..., "rank": ..., "score": ..., "context": ..., "topics": [...]}]}``, see
        `Link.to_dict`; lines are in the order of the ids. A `relatedstories.databases.LinksTable` takes the
        rows that are new or changed, and loses those that are not links any more, in one transaction.
    k : int, default 5
        How many links an event at most.
    n_jobs : int, default 1
        Processes and threads to work on; -1 for as many as there are cores. The links do not depend on it. Within
        ``joblib.parallel_config(backend="dask")`` the work is spread over all of the cluster instead.
    dry_run : bool, default False
        Whether to report what would be written and write nothing.
    progress : callable, optional
        Told of the stage, the events done and the events in all.
    **keywords
        As of `RelatedStories.related`: what may be listed, and how much of a kind.

    Returns
    -------
    Report

    Examples
    --------
    >>> import sys
    >>> from relatedstories import Event, RelatedStories
    >>> events = [Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")]
    >>> report = refresh(RelatedStories(), events, sys.stdout)
    {"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.699933, "context": "Oslo", "topics": ["Oslo"]}]}
    {"id": "2", "links": [{"id": "1", "rank": 1, "score": 0.699933, "context": "Oslo", "topics": ["Oslo"]}]}
    """
    report = Report()
    Rules.of("refresh", **keywords)  # a mistake shows before the work
    target = as_target(links)
    target.check(dry_run)
    with _timed(report, "read"):
        archive = list(events)
    with _timed(report, "topics and index"):
        stories.fit(archive, n_jobs=n_jobs, progress=progress)
    with _timed(report, "links"):
        lines = _lines(stories.all_related(k, n_jobs=n_jobs, progress=progress, **keywords), report)
        target.take(lines, lambda lines, old: _compared(lines, old, report), dry_run)
    return report


def _lines(all_links: Iterable[tuple[Event, list[Link]]], report: Report) -> Iterator[Line]:
    for event, links in all_links:
        contexts = [link.context for link in links if link.context is not None]
        report.events += 1
        report.links += len(links)
        report.without_links += not links
        report.labelled += len(contexts)
        report.linked.update([link.event.id for link in links])
        report.contexts.update(contexts)
        yield event.id, links_line(event.id, [link.to_dict() for link in links])


def _compared(lines: Iterable[Line], old: dict[str, str], report: Report) -> Iterator[tuple[str, str, str | None]]:
    """Each line with the one before it, counted; those left in `old` are of events that are gone."""
    for id_, line in lines:
        before = old.pop(id_, None)
        report.new += before is None
        report.changed += before is not None and before != line
        yield id_, line, before
    report.gone = len(old)


@contextmanager
def _timed(report: Report, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[stage] = time.perf_counter() - start
