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
from typing import IO, Any, Literal, TypeVar, Unpack, cast

from relatedstories.changes import ChangedLists, Difference, LinkedEvents, Target, changed_links, new_events
from relatedstories.counts import counted
from relatedstories.disk.temporary_folder import remove_leftover_folders
from relatedstories.errors import BadValueError, InputError, check_functions, path_given, shown
from relatedstories.events import Event
from relatedstories.files.links_file import LinksFile, LinksStream
from relatedstories.index.last_lists import MadeLists
from relatedstories.index.last_refresh import LastRefresh
from relatedstories.index.last_run import MOST_BEHIND, LastRun, Left
from relatedstories.index.relisting import Relisting
from relatedstories.index.storage import check_folder
from relatedstories.index.stories import Changes, RelatedStories
from relatedstories.pages.writer import LinkedPages
from relatedstories.parallel import worker_count
from relatedstories.progress import Progress
from relatedstories.ranking.filters import Keywords, LinkFilters
from relatedstories.ranking.links import Link
from relatedstories.targets import as_target
from relatedstories.topics.checkpoint import Checkpoint

__all__ = ["Report", "refresh"]

_log = logging.getLogger(__name__)
T = TypeVar("T")

ALL: Literal["all"] = "all"
CHANGED: Literal["changed"] = "changed"
"""Which lists a refresh makes."""


@dataclass(slots=True)
class Report:
    """What a refresh did.

    Parameters
    ----------
    difference : Difference
        How the links differ from those of the run before; its counts are attributes of the report too.
    new, edited, gone : int or None
        Events that were added to the archive, edited, or removed from it since the run before. Without the index of that run
        ``edited`` is None, new are the events that had no links there, gone those that only had links there.
    events : int
        Events that were read.
    skipped, drafts : int
        Rows or pages that could not be events, and events left out as drafts, as counted by whoever read them.
    labelled, without_links : int
        Links with a context, and events without links.
    fallback : int
        Links that only fill lists that are too short.
    made, stayed : int
        Lists that were made, and lists that stayed as a run before made them.
    all_made_because : str or None
        Why all lists were made where only those that can have changed were asked for; None otherwise.
    written : int
        Lines, rows or pages that were written, as `unit` says.
    unit : str
        "lines", "rows" or "pages".
    left_alone : int
        Pages that were not written because they were edited during the run, or because they cannot be.
    dry_run : bool
        Whether changes were only counted and nothing was written.
    contexts : Counter
        Number of links that have each context.
    linked : Counter
        Number of links that lead to each event that has any.
    seconds : dict of str to float
        Wall time of each stage.
    """

    difference: Difference = field(default_factory=Difference)
    new: int = 0
    edited: int | None = None
    gone: int = 0
    events: int = 0
    skipped: int = 0
    drafts: int = 0
    labelled: int = 0
    without_links: int = 0
    fallback: int = 0
    made: int = 0
    stayed: int = 0
    all_made_because: str | None = None
    written: int = 0
    unit: str = "lines"
    left_alone: int = 0
    dry_run: bool = False
    contexts: collections.Counter[str] = field(default_factory=collections.Counter)
    linked: collections.Counter[str] = field(default_factory=collections.Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def links(self) -> int:
        """Links in all."""
        return self.difference.links

    @property
    def changed(self) -> int:
        """Events whose links differ from those of the run before, down to the last place of a score."""
        return self.difference.changed

    @property
    def added(self) -> int:
        """Links that are new."""
        return self.difference.added

    @property
    def removed(self) -> int:
        """Links that are gone."""
        return self.difference.removed

    @property
    def relabelled(self) -> int:
        """Links whose context differs from that of the run before."""
        return self.difference.relabelled

    @property
    def churn(self) -> float:
        """Share of added and removed links among the links of both runs: 0 if none, 1 if all of them."""
        return self.difference.churn

    @property
    def slowest(self) -> str | None:
        """The stage that took longest."""
        return max(self.seconds, key=lambda stage: self.seconds[stage], default=None)

    @property
    def orphans(self) -> int:
        """Number of events that no link leads to."""
        return self.events - len(self.linked)

    @property
    def peak_memory(self) -> int | None:
        """Peak memory of this process in bytes, without its workers; None if the system does not say."""
        try:
            import resource
        except ImportError:  # Windows
            return None
        unit = 1 if sys.platform == "darwin" else 1024
        return unit * int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON objects, with the ten commonest contexts and the ten events that most links lead to."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return counts | {
            "churn": round(self.churn, 6),
            "orphans": self.orphans,
            "contexts": dict(_commonest(self.contexts)),
            "linked": dict(_commonest(self.linked)),
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "slowest": self.slowest,
            "peak_memory": self.peak_memory,
        }

    def __str__(self) -> str:
        share = self.labelled / max(1, self.links)
        mean = self.links / max(1, self.events)
        stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        edited = "" if self.edited is None else f", {self.edited} edited"
        fills = "only fills" if self.fallback == 1 else "only fill"
        fallback = f"; {counted(self.fallback, 'links')} {fills} lists" if self.fallback else ""
        done = "would be written" if self.dry_run else "written"
        lines = [
            f"{counted(self.events, 'events')}, {counted(self.links, 'links')}: {mean:.2f} an event, {share:.1%} with a context; "
            f"{counted(self.without_links, 'events')} without links{fallback}",
            f"{new_events(self.new)}{edited}, {self.gone} gone; {changed_links(self.difference)}; "
            f"{counted(self.written, self.unit)} {done}",
            f"{sum(self.seconds.values()):.1f} s: {stages}",
        ]
        if not (self.new or self.edited or self.gone or self.changed or self.written or self.left_alone):
            lines[1] = "nothing new: all links are as they were, nothing is written"
        elif self.stayed:
            stay = "1 stays" if self.stayed == 1 else f"{self.stayed} stay"
            lines.insert(2, f"{counted(self.made, 'lists')} made; {stay}, with scores and labels of the runs that made them")
        if self.all_made_because is not None:
            lines.insert(2, f"all lists made: {self.all_made_because}")
        if self.left_alone:
            lines[1] += f", {self.left_alone} left alone"
        if self.skipped or self.drafts:
            no_events = "1 that is no event" if self.skipped == 1 else f"{self.skipped} that are no events"
            lines.insert(1, f"left out: {no_events}, {counted(self.drafts, 'drafts')}")
        if self.peak_memory:
            lines[-1] += f"; peak memory {self.peak_memory / 2**30:.2f} GiB"
        if self.linked:
            ((id_, most),) = _commonest(self.linked, 1)
            orphans = counted(self.orphans, "events")
            lines.append(f"no link leads to {orphans}, {self.orphans / self.events:.1%}; {most}, the most, to {id_}")
        if self.contexts:
            lines.append(f"commonest contexts: {', '.join(f'{name} {count}' for name, count in _commonest(self.contexts))}")
        return "\n".join(lines)


_COUNTS = (
    *("events", "skipped", "drafts", "new", "edited", "gone", "links", "labelled", "without_links", "fallback"),
    *("made", "stayed", "all_made_because"),
    *("changed", "added", "removed", "relabelled", "written", "unit", "left_alone", "dry_run"),
)


def _commonest(counter: collections.Counter[str], n: int = 10) -> list[tuple[str, int]]:
    """Return the names with the highest counts, ties in alphabetical order."""
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
    lists: Literal["all", "changed"] = ALL,
    **keywords: Unpack[Keywords],
) -> Report:
    """Bring the links of every event of an archive up to date, in a file, a database table or the pages themselves.

    A refresh can be interrupted at any time. The old links stay in place until all new ones have been found. Topics are saved as
    they are found, in a file beside the index or else beside the links (for a database server, in the user's cache folder). The
    next run continues from that file, and the run that completes removes it.

    Parameters
    ----------
    stories : RelatedStories
        Is fitted to the events here. Loading it from the index of the run before is faster, with the same result: topics and
        neighbours of unchanged events are reused.
    events : iterable of Event
    links : path, text file, LinksTable or LinkedPages
        Where the links go:

        - A path of a file, which is replaced when all links are written, so that a reader finds the old file or the new one. It
          has a line ``{"id": ..., "links": [{"id": ..., "rank": ..., "score": ..., ...}]}`` per event, see `Link.to_dict`, in
          the order of the ids. If the name ends in .json, it is one object of lists by id.
        - A text file that is open, for the same lines.
        - A `relatedstories.databases.LinksTable`. Rows that are new or have changed are written, and rows of links that are
          gone are deleted, in one transaction.
        - `relatedstories.pages.LinkedPages`. Pages whose links have changed are rewritten.
    k : int, default 5
        Maximum number of links per event.
    index : path, optional
        The folder to save the index in after the links are written. The next run can be loaded from it.
    n_jobs : int, default 1
        Number of processes and threads; -1 for one per core. The links do not depend on it. Within
        ``joblib.parallel_config(backend="dask")`` the work is spread over the whole cluster instead.
    dry_run : bool, default False
        Whether to report what would be written without writing anything.
    progress : callable, optional
        Called with the name of the stage, the number of events done and the number of all events.
    lists : {"all", "changed"}, default "all"
        Which lists are made. Each new event moves all scores a little, so that the lists of all events have to be made to be
        those of now to the last digit. With "changed", the list of an event stays as the run before left it if the event is
        unchanged, and so are those that it lists and the other nearest that decide the list. Its scores, its labels, and whether
        a link is only just listed or not, are then as of the run that made it. All lists are made

        - where the index, the options, the version of the package or the links are not those of the last run;
        - where the weights or the least score that are learnt from the archive changed;
        - with `where`, `fallback`, `diversity`, `max_per_context`, `since`, `until`, ``include_newer=False``, or more than 15
          links an event, as the nearest events that the index keeps do not decide such lists;
        - once the events that were added, edited or removed since all were made are a tenth of the archive, so that lists
          do not grow old.

        The report says how many lists were made and how many stayed, and why all were made. Needs `index`.
    **keywords
        As for `RelatedStories.related`: which events may be listed, and how many with the same context.

    Returns
    -------
    Report

    Raises
    ------
    BadValueError
        If an argument is not as described.
    InputError
        If another run is writing the same links (the message names it), if the links or the index cannot be written, or if
        `events` has anything but events.

    Examples
    --------
    >>> import sys
    >>> from relatedstories import Event, RelatedStories
    >>> events = [Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")]
    >>> report = refresh(RelatedStories(), events, sys.stdout)
    {"id": "1", "links": [{"id": "2", "rank": 1, "score": 0.997004, "context": "Oslo", "contexts": ["Oslo"], "topics": ["Oslo"]}]}
    {"id": "2", "links": [{"id": "1", "rank": 1, "score": 0.997004, "context": "Oslo", "contexts": ["Oslo"], "topics": ["Oslo"]}]}
    """
    filters = LinkFilters.of("refresh", **keywords)  # so that a mistake shows before the work
    check_functions("refresh", progress=progress)
    if index is not None:
        index = path_given("refresh", "index", index)
    target = as_target(links)
    _check_lists(lists, target, index)
    folder = None if index is None or dry_run else _checked_index(Path(index), target)
    remove_leftover_folders()
    with nullcontext() if dry_run else target.locked():
        target.check(dry_run)
        checkpoint = None if dry_run else target.checkpoint if folder is None else _checkpoint_beside(folder)
        timer = _StageTimer(progress)

        last = None if index is None else LastRun(Path(index), stories, k, filters, target, events, lists == CHANGED)
        relisting: Relisting | str | None = None
        if last is not None and last.left is not None and last.source_is_same and stories.keeps_topics and last.links_are_same:
            n_events, is_read = last.left.counts["events"], False
        else:
            with nullcontext() if last is None else last.workers_started(worker_count(n_jobs)):
                archive, is_read = list(events), True
                n_events = len(archive)
                timer.end("read")

                if last is not None and lists == CHANGED:
                    relisting = last.relisting()
                stories.fit(archive, n_jobs=n_jobs, progress=timer.progress, checkpoint=checkpoint)
            timer.end("index")

        report = Report(events=n_events, unit=target.unit, dry_run=dry_run)
        left: Left | None = None
        if last is not None and last.left is not None and last.links_are_same:
            _count_again(last.left, report)
            timer.end("compare")
        else:
            behind = 0 if last is None else last.behind + sum(stories.changes or ())
            if isinstance(relisting, Relisting):
                relisting = _begun(relisting, behind, n_events)
            if isinstance(relisting, Relisting):
                made = MadeLists(relisting.lists, relisting.number_before)
                all_links: ChangedLists = relisting.links(n_jobs=n_jobs, progress=progress)
            else:
                report.all_made_because = relisting
                made = MadeLists()
                all_links = stories.all_related(k, n_jobs=n_jobs, progress=progress, **keywords)
            listed = _added_to(made, timer.timed("links", all_links))
            if isinstance(target, LinkedPages):  # whose words depend on it
                listed = ((event.in_language(stories.language_of(event.id)), links) for event, links in listed)
            for change in target.take(cast(LinkedEvents, listed), dry_run):  # if some stay, the target has a digest
                report.difference.count(change)
                if change.left_alone is not None:
                    report.left_alone += 1
                    _log.warning("left alone: %s", change.left_alone)
            report.written = target.written
            left = Left(made.all(), made.ids, behind if made.stay else 0)
            _count(left, made, report)
            timer.end("write")

        if folder is not None:
            stories.save(folder)
            if last is not None:
                last.replace(left, {name: getattr(report, name) for name in _KEPT_COUNTS})
            timer.end("save")
        if checkpoint is not None:
            Checkpoint.remove(checkpoint)
    report.seconds = timer.seconds
    report.new, report.gone = report.difference.new, report.difference.gone
    changes = stories.changes if is_read else Changes(0, 0, 0)
    if changes is not None:
        report.new, report.edited, report.gone = changes
    return report


def _check_lists(lists: str, target: Target, index: str | os.PathLike[str] | None) -> None:
    """Raise an error unless only some lists can be made if that is asked for."""
    if lists not in (ALL, CHANGED):
        raise BadValueError("refresh", "lists", shown(lists), f'"{ALL}" or "{CHANGED}"')
    if lists == CHANGED and index is None:
        raise BadValueError("refresh", "lists", shown(lists), f'an index= with it, which tells what changed; or "{ALL}"')
    if lists == CHANGED and isinstance(target, LinksStream):
        raise BadValueError("refresh", "lists", shown(lists), f'"{ALL}" for {target}, which keeps no list that could stay')


def _checked_index(index: Path, target: Target) -> Path:
    """Return the folder of the index; raises `InputError` if it cannot be one, or if the links would be written into it."""
    check_folder(index)
    if isinstance(target, LinksFile) and target.path.resolve().is_relative_to(index.resolve()):
        raise InputError(f"{target}: got a place in the folder of the index, which holds nothing else, expected another")
    return index


def _checkpoint_beside(index: Path) -> Path:
    """Return the file that keeps topics until they are in the index."""
    path = Path(os.path.realpath(index))
    return path.with_name(f".{path.name}.topics")


def _begun(relisting: Relisting, behind: int, n_events: int) -> Relisting | str:
    """Return what makes only some lists, once it has looked at the archive as it is now; or why all are made."""
    if behind > MOST_BEHIND * n_events:
        events = "1 event was" if behind == 1 else f"{behind} events were"
        return f"{events} added, edited or removed since all were made, more than {MOST_BEHIND:.0%} of the archive"
    return relisting.begin() or relisting


def _count(left: Left, made: MadeLists, report: Report) -> None:
    """Fill in the counts of a report on lists."""
    report.made, report.stayed, report.fallback = made.n_made, len(made.stay), made.fallback
    report.difference.links = len(left.lists.to)
    report.labelled, report.without_links = left.lists.labelled, left.lists.without_links
    report.contexts, report.linked = left.lists.count_contexts(), left.lists.linked(left.ids)


def _count_again(left: LastRefresh, report: Report) -> None:
    """Fill in the counts of a report on the same links as those of the last refresh."""
    report.stayed = report.events
    report.difference.links = left.counts["links"]
    for name in _COUNTS_OF_LINKS:
        setattr(report, name, left.counts[name])
    report.contexts.update(left.contexts)
    report.linked.update(left.linked)


_COUNTS_OF_LINKS = "labelled", "without_links", "fallback"
"""The counts of a report that links alone give."""

_KEPT_COUNTS = ("events", "links", *_COUNTS_OF_LINKS)


def _added_to(made: MadeLists, all_links: ChangedLists) -> Iterator[tuple[Event, list[Link] | None]]:
    """Yield the events with their links, and add them to the lists that are made."""
    for event, links in all_links:
        made.add(event.id, links)
        yield event, links


class _StageTimer:
    """Wall time by stage: from the end of the stage before to its own end, without the time of stages within it."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._last_end, self._within = time.perf_counter(), 0.0

    def end(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self._add(stage, now - self._last_end - self._within)
        self._last_end, self._within = now, 0.0
        _log.info("%s: %.1f s", stage, self.seconds[stage])

    def progress(self, stage: str, done: int, total: int) -> None:
        """Pass progress on, and end a stage once all of it is done."""
        if done == total:
            self.end(stage)
        if self._progress is not None:
            self._progress(stage, done, total)

    def timed(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, and count the time it takes to get them as a stage within another."""
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
