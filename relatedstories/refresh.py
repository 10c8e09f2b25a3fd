"""The batch job: bring every link of an archive up to date."""

from __future__ import annotations

import collections
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar, Unpack

from relatedstories.changes import Difference, Target
from relatedstories.errors import InputError
from relatedstories.events import Event
from relatedstories.files.links_file import LinksFile
from relatedstories.index.storage import check_folder
from relatedstories.index.stories import Progress, RelatedStories
from relatedstories.ranking.filters import Keywords, LinkFilters
from relatedstories.ranking.links import Link
from relatedstories.targets import as_target
from relatedstories.topics.checkpoint import Checkpoint

__all__ = ["Report", "refresh"]

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Report(Difference):
    """What a refresh did.

    Parameters
    ----------
    links, changed, added, removed, relabelled : int
        See `relatedstories.differences.Difference`.
    new, edited, gone : int or None
        Events of the archive since the run before. Where there is no index to go on from, new are those that had no links
        there, gone those that only had, and what was edited is not known: None.
    events, skipped, drafts : int
        Events that were read; of those who read them, rows that were no events and events not to be published yet.
    labelled, without_links : int
        Links with a context, and events without any.
    written : int
        Lines, rows or pages that were written, as `unit` says.
    unit : str
    left_alone : int
        Pages that were not written as they were edited meanwhile, or cannot be.
    dry_run : bool
        Whether nothing was written, only counted.
    contexts : Counter
        How many links each context labels.
    linked : Counter
        How many links lead to each event, those without any left out.
    seconds : dict of str to float
        Wall time by stage.
    """

    edited: int | None = None
    events: int = 0
    skipped: int = 0
    drafts: int = 0
    labelled: int = 0
    without_links: int = 0
    written: int = 0
    unit: str = "lines"
    left_alone: int = 0
    dry_run: bool = False
    contexts: collections.Counter[str] = field(default_factory=collections.Counter)
    linked: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def slowest(self) -> str | None:
        """The stage that took longest."""
        return max(self.seconds, key=lambda stage: self.seconds[stage], default=None)

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

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; of contexts and events most linked to, the first ten."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return counts | {
            "churn": round(self.churn, 6),
            "orphans": self.orphans,
            "contexts": dict(_first(self.contexts)),
            "linked": dict(_first(self.linked)),
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "slowest": self.slowest,
            "peak_memory": self.peak_memory,
        }

    def __str__(self) -> str:
        share = self.labelled / max(1, self.links)
        mean = self.links / max(1, self.events)
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        edited = "" if self.edited is None else f", {self.edited} edited"
        done = "would be written" if self.dry_run else "written"
        lines = [
            f"{self.events} events, {self.links} links: {mean:.2f} an event, {share:.1%} with a context; "
            f"{self.without_links} events without links",
            f"{self.new} events are new{edited}, {self.gone} gone; links of {self.changed} others changed; "
            f"{self.added} links added, {self.removed} removed, {self.relabelled} relabelled, churn {self.churn:.1%}; "
            f"{self.written} {self.unit} {done}",
            f"{sum(self.seconds.values()):.1f} s: {stages}",
        ]
        if not (self.new or self.edited or self.gone or self.changed or self.written or self.left_alone):
            lines[1] = "nothing new: all links are as they were, nothing is written"
        if self.left_alone:
            lines[1] += f", {self.left_alone} left alone"
        if self.skipped or self.drafts:
            lines.insert(1, f"left out: {self.skipped} that are no events, {self.drafts} drafts")
        if self.peak_memory:
            lines[-1] += f"; peak memory {self.peak_memory / 2**30:.2f} GiB"
        if self.linked:
            ((id_, most),) = _first(self.linked, 1)
            lines.append(f"no link leads to {self.orphans} events, {self.orphans / self.events:.1%}; {most}, the most, to {id_}")
        if self.contexts:
            lines.append(f"commonest contexts: {', '.join(f'{name} {count}' for name, count in _first(self.contexts))}")
        return "\n".join(lines)


_COUNTS = (
    *("events", "skipped", "drafts", "new", "edited", "gone", "links", "labelled", "without_links"),
    *("changed", "added", "removed", "relabelled", "written", "unit", "left_alone", "dry_run"),
)


def _first(counter: collections.Counter[str], n: int = 10) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:n]


def refresh(
    stories: RelatedStories,
    events: Iterable[Event],
    links: str | os.PathLike[str] | IO[str] | Target,
    k: int = 5,
    *,
    index: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    dry_run: bool = False,
    progress: Progress | None = None,
    **keywords: Unpack[Keywords],
) -> Report:
    """Bring the links of every event of an archive up to date: in a file, in a table of a database, in the pages themselves.

    Topics are written down as they are found, in a file beside the index, else beside the links (of a server's database, in the
    user's folder for what can be made anew). A run that was stopped, however hard, leaves it, and the next goes on from there;
    one that comes to its end takes it away. Links of before stay as they are until the new ones are all found.

    Parameters
    ----------
    stories : RelatedStories
        Fitted to the events here. One that was loaded from the index of the run before is quicker, with the same result: topics
        and the nearest of events that have not changed are taken from it.
    events : iterable of Event
    links : path, text file, LinksTable or LinkedPages
        A path takes the new links when all are written, so that a reader finds the old file or the new one. A line is
        ``{"id": ..., "links": [{"id": ..., "rank": ..., "score": ..., "context": ..., "topics": [...]}]}``, see
        `Link.to_dict`; lines are in the order of the ids. A file whose name ends in .json is one object, of lists by id. A
        `relatedstories.databases.LinksTable` takes the rows that are new or changed, and loses those that are not links any
        more, in one transaction. `relatedstories.pages.LinkedPages` are rewritten, those that change.
    k : int, default 5
        How many links an event at most.
    index : path, optional
        The folder that takes the index after the links are written, for the next run to be loaded from.
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

    Raises
    ------
    InputError
        Where another run writes these links, it says which; where links or index cannot be written; where an event is none.

    Examples
    --------
    >>> import sys
    >>> from relatedstories import Event, RelatedStories
    >>> events = [Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")]
    >>> report = refresh(RelatedStories(), events, sys.stdout)
    {"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.699933, "context": "Oslo", "topics": ["Oslo"]}]}
    {"id": "2", "links": [{"id": "1", "rank": 1, "score": 0.699933, "context": "Oslo", "topics": ["Oslo"]}]}
    """
    LinkFilters.of("refresh", **keywords)  # a mistake shows before the work
    target = as_target(links)
    folder = None if index is None or dry_run else _checked(Path(index), target)
    with nullcontext() if dry_run else target.locked():
        target.check(dry_run)
        checkpoint = None if dry_run else target.checkpoint if folder is None else _beside(folder)
        clock = _Clock(progress)
        archive = list(events)
        clock.end("read")
        stories.fit(archive, n_jobs=n_jobs, progress=clock.progress, checkpoint=checkpoint)
        clock.end("index")
        report = Report(events=len(archive), unit=target.unit, dry_run=dry_run)
        found = clock.each("links", stories.all_related(k, n_jobs=n_jobs, progress=progress, **keywords))
        for change in target.take(_told(found, report), dry_run):
            report.count(change)
            if change.left_alone is not None:
                report.left_alone += 1
                _log.warning("left alone: %s", change.left_alone)
        clock.end("write")
        report.written = target.written
        if stories.changes is not None:
            report.new, report.edited, report.gone = stories.changes
        if folder is not None:
            stories.save(folder)
            clock.end("save")
        if checkpoint is not None:
            Checkpoint.remove(checkpoint)
    report.seconds = clock.seconds
    return report


def _checked(index: Path, target: Target) -> Path:
    check_folder(index)
    if isinstance(target, LinksFile) and target.path.resolve().is_relative_to(index.resolve()):
        raise InputError(f"{target}: got a place in the folder of the index, which is all ours, expected another")
    return index


def _beside(index: Path) -> Path:
    """The file that keeps topics until the index has them."""
    path = Path(os.path.realpath(index))
    return path.with_name(f".{path.name}.topics")


def _told(all_links: Iterable[tuple[Event, list[Link]]], report: Report) -> Iterator[tuple[Event, list[Link]]]:
    for event, links in all_links:
        contexts = [link.context for link in links if link.context is not None]
        report.without_links += not links
        report.labelled += len(contexts)
        report.linked.update([link.event.id for link in links])
        report.contexts.update(contexts)
        yield event, links


class _Clock:
    """Wall time by stage: a stage takes what has passed since the last one ended, less what stages within it took."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._told = progress
        self._since, self._within = time.perf_counter(), 0.0

    def end(self, stage: str) -> None:
        """Say that a stage has come to its end."""
        now = time.perf_counter()
        self._add(stage, now - self._since - self._within)
        self._since, self._within = now, 0.0
        _log.info("%s: %.1f s", stage, self.seconds[stage])

    def progress(self, stage: str, done: int, total: int) -> None:
        """Pass on what is told; a stage of which all is done has ended."""
        if done == total:
            self.end(stage)
        if self._told is not None:
            self._told(stage, done, total)

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """The items, of which the time that it takes to find them counts as a stage within another."""
        iterator = iter(items)
        while True:
            start = time.perf_counter()
            try:
                item = next(iterator)
            except StopIteration:
                return
            finally:
                passed = time.perf_counter() - start
                self._within += passed
                self._add(stage, passed)
            yield item

    def _add(self, stage: str, seconds: float) -> None:
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
