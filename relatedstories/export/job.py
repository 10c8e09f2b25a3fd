"""The export of an archive as a site of pages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from relatedstories.counts import counted
from relatedstories.disk.locks import locked
from relatedstories.errors import BadValueError, check_functions, path_given, shown, whole_number
from relatedstories.events import several
from relatedstories.export.last_export import LastExport, basis_of_site
from relatedstories.export.merged_stories import MERGED, MergedStories
from relatedstories.export.render import FORMATS, Renderer, SiteInfo, checked_base_url
from relatedstories.export.rendering import rendered
from relatedstories.export.search import search_files, search_paths
from relatedstories.export.search_index import SearchIndex
from relatedstories.export.site import Site
from relatedstories.export.sitemap import sitemaps
from relatedstories.export.story_pages import StoryPages, earlier_stories
from relatedstories.export.view_builder import ViewBuilder
from relatedstories.export.views import View
from relatedstories.export.writer import SiteWriter, check_site
from relatedstories.index.stories import check_archive, warn_of_unknown_ids
from relatedstories.parallel import worker_count
from relatedstories.ranking.filters import LinkFilters

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories
    from relatedstories.progress import Progress
    from relatedstories.ranking.filters import Keywords

__all__ = ["TITLE", "Exported", "export"]

TITLE = "Related stories"
N_FEED_ENTRIES = 50


@dataclass(slots=True)
class Exported:
    """The report of an export.

    Parameters
    ----------
    events, days, topics, stories : int
        Number of events, days, topics and stories that have a page.
    merged : int
        Number of stories of earlier exports that are part of another now, to which their pages lead on.
    written, unchanged, removed : int
        Number of files written, left as they were, and removed.
    pages : dict of str to int
        Number of pages in each format.
    characters : dict of str to int
        Number of characters of all pages in each format.
    seconds : dict of str to float
        Wall time by stage; the stage of a format is the rendering and writing of its pages. Where nothing had changed since the
        last export, there is one stage only, `checking`.
    """

    events: int = 0
    days: int = 0
    topics: int = 0
    stories: int = 0
    merged: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    characters: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        total, seconds = sum(self.pages.values()), sum(self.seconds.values())
        lines = [
            f"{counted(self.events, 'events')}, {counted(self.days, 'days')}, {counted(self.topics, 'topics')}, "
            f"{counted(self.stories, 'stories')}" + f"; {_merged_stories(self.merged)}" * bool(self.merged),
            f"{counted(self.written, 'files')} written, {self.unchanged} unchanged, {self.removed} removed",
        ]
        if not self.pages.keys() <= self.seconds.keys():
            return "\n".join([*lines, f"nothing has changed since the last export: no page was made again; {seconds:.1f} s"])
        stages = ", ".join(f"{stage} {taken:.1f} s" for stage, taken in self.seconds.items())
        rates = ", ".join(f"{suffix} {count / max(1e-9, self.seconds[suffix]):,.0f}" for suffix, count in self.pages.items())
        return "\n".join(
            [
                *lines,
                f"{seconds:.1f} s: {stages}",
                f"{total / max(1e-9, seconds):,.0f} pages per second in all; rendering and writing alone: {rates}",
            ]
        )

    def counts(self) -> dict[str, Any]:
        """Return the counts by which the next export reports the same site without making it."""
        n_files = self.written + self.unchanged
        return {name: getattr(self, name) for name in _COUNTS} | {"unchanged": n_files}

    def count(self, counts: Mapping[str, Any]) -> None:
        """Fill in the counts of an export that left the same site."""
        for name, value in counts.items():
            setattr(self, name, value)


_COUNTS = "events", "days", "topics", "stories", "merged", "pages", "characters"


def export(
    stories: RelatedStories,
    to: str | os.PathLike[str],
    formats: Iterable[str] = ("html",),
    k: int = 5,
    *,
    title: str = TITLE,
    base_url: str | None = None,
    templates: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    **keywords: Unpack[Keywords],
) -> Exported:
    """Write an archive as a site: a page for each event with its links, each day, year, topic and story, and a home page.

    Parameters
    ----------
    stories : RelatedStories
        A fitted or loaded archive.
    to : path
        The folder of the site. Only pages that changed are written; if nothing has changed since the last export, none is made.
        Pages of earlier exports, in any format, that this export does not have are removed. Other files in the folder stay.
    formats : iterable of {"html", "json", "xml", "md"}
        Each page links to the same page in the other formats. "html" adds a style sheet, a search and a feed, "json" and
        "xml" their schemas.
    k : int, default 5
        Number of links per event.
    title : str
        The title of the site.
    base_url : str, optional
        The address of the site, for canonical links, the feed and the sitemap of "html", which needs it; all other links are
        relative and work anywhere.
    templates : path, optional
        A folder of Jinja2 templates that replace packaged ones, see `relatedstories.export.render.Renderer`.
    n_jobs : int, default 1
        Number of threads that compare events; -1 for one per core. From 2, other processes render large sites in several formats.
    progress : callable, optional
        Called with the stage, the number of events (or at last pages) done, and the number of all.
    **keywords
        The link filters, as for `RelatedStories.related`.

    Returns
    -------
    Exported

    Raises
    ------
    InputError
        If an argument is invalid, if `to` holds a file with the name of a page that no export wrote, or if another export is
        running there.

    Notes
    -----
    The path of an event's page, ``news/YYYY/MM/D/words-of-the-title-digest.html``, depends on the event alone: its date, its
    title, and a digest of its id. Topics of two or more events have a page. Lists of more than
    `relatedstories.export.view_builder.MAX_EVENTS` events continue on further pages. The folder also holds the stories of the
    last export, so that a story that goes on keeps its id, and its page its address. Where a story is part of another now, a page
    in HTML leads on to the one that has most of its events, as long as one has two of them. The same archive and earlier stories
    give the same files, byte for byte.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import Event, RelatedStories
    >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = export(stories, folder), export(stories, folder)
    >>> first.pages, first.written, second.written, second.unchanged
    ({'html': 7}, 20, 0, 20)
    """
    filters = LinkFilters.of("export", **keywords)  # invalid filters are reported before any work is done
    k = whole_number("export", "k", k, 0)
    check_functions("export", progress=progress)
    check_archive("export", stories)
    worker_count(n_jobs)
    if templates is not None:
        templates = path_given("export", "templates", templates)
    to = path_given("export", "to", to)
    renderer = Renderer(SiteInfo(_checked_title(title), checked_base_url(base_url), _checked_formats(formats)), templates)
    check_site(to)
    report, folder = Exported(), Path(os.path.realpath(to))
    folder.mkdir(exist_ok=True)
    with locked(folder / ".relatedstories.lock", f"the site {to}"):
        with _timed(report, "checking"):
            basis = basis_of_site(stories, renderer.site, renderer.custom_dir, k, filters)
            last = LastExport.read(folder)
            if last is not None and last.basis == basis and last.is_still_there(folder):
                warn_of_unknown_ids(filters.unknown_ids(stories))
                report.count(last.counts)
                return report
        earlier = earlier_stories(folder)
        with _timed(report, "sorting"):
            site = Site(stories, progress)
        with _timed(report, "stories"):
            found = stories.storylines(earlier, n_jobs=n_jobs, progress=_only("comparing", progress))
            told, merged = StoryPages(found, site), MergedStories.of(earlier_stories(folder, MERGED) | earlier, found)
            del found
        with _timed(report, "terms"):
            views = ViewBuilder(site, told, renderer.site.title)
            suffixes = renderer.site.formats
            extras = dict(renderer.extras(views.latest(N_FEED_ENTRIES)))
            stems = list(views.stems())
            if renderer.site.base_url and "html" in suffixes:
                extras |= dict(sitemaps(stems, renderer.site.base_url))
            index = SearchIndex(site, told) if "html" in suffixes else None
            if "html" in suffixes:
                extras |= {f"{view.stem}.html": renderer.merged_page(view) for view in views.merged_views(merged)}
            writer = SiteWriter(to, stems, suffixes, {*extras, *(search_paths(index) if index else ())})
        all_views = _all_views(stories, views, k, n_jobs, progress, keywords)
        for done in _written_pages(all_views, renderer, writer, report, n_jobs):
            if progress is not None:
                progress("pages", done, len(stems))
        for name, text in extras.items():
            writer.write(name, text.encode())
        if index is not None:
            with _timed(report, "search"):
                for name, text in search_files(index, renderer):
                    writer.write(name, text.encode())
        with _timed(report, "removing"):
            writer.finish()
            merged.write(folder)  # first, as what the other file holds is found again if the export stops between the two
            told.write(folder)
        report.events, report.days, report.topics = len(site.ids), len(site.days), len(site.topic_counts())
        report.stories, report.merged = len(told), len(merged)
        report.written, report.unchanged, report.removed = writer.written, writer.unchanged, writer.removed
        if basis is not None:
            LastExport.replace(folder, basis, writer.files, report.counts())
    return report


def _all_views(
    stories: RelatedStories, views: ViewBuilder, k: int, n_jobs: int, progress: Progress | None, keywords: Keywords
) -> Iterator[View]:
    """Yield the views of all pages, events first."""
    comparing = _only("comparing", progress)  # afterwards, progress is reported page by page
    for place, (event, links) in enumerate(stories.all_related(k, n_jobs=n_jobs, progress=comparing, **keywords)):
        yield views.event(place, event, links)
    yield from views.day_views()
    yield from views.topic_views()
    yield from views.story_views()
    yield from views.year_views()
    yield views.home()


def _written_pages(views: Iterable[View], renderer: Renderer, writer: SiteWriter, report: Exported, n_jobs: int) -> Iterator[int]:
    """Write the pages of views and count them in the report; yield the number of views done so far after each."""
    suffixes = renderer.site.formats
    n, characters, rendering, writing = 0, [0] * len(suffixes), [0.0] * len(suffixes), [0.0] * len(suffixes)
    made = _Stopwatch()
    start = time.perf_counter()
    for n, (stem, pages) in enumerate(rendered(made.while_next(views), renderer, n_jobs), 1):
        for number, (suffix, (content, length, seconds)) in enumerate(zip(suffixes, pages, strict=True)):
            write_start = time.perf_counter()
            writer.write(f"{stem}.{suffix}", content)
            writing[number] += time.perf_counter() - write_start
            rendering[number] += seconds
            characters[number] += length
        yield n
    # Where other processes render, each format has its part of the time that this one waited for them.
    waited = time.perf_counter() - start - made.seconds - sum(writing)
    shares = [seconds / max(1e-9, sum(rendering)) for seconds in rendering]
    for number, suffix in enumerate(suffixes):
        report.pages[suffix], report.characters[suffix] = n, characters[number]
        report.seconds[suffix] = writing[number] + waited * shares[number]
    report.seconds["links and lists"] = made.seconds


class _Stopwatch:
    """The seconds that something took so far."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def while_next(self, views: Iterable[View]) -> Iterator[View]:
        """Yield views, and measure how long it takes to make them."""
        start = time.perf_counter()
        for view in views:
            self.seconds += time.perf_counter() - start
            yield view
            start = time.perf_counter()
        self.seconds += time.perf_counter() - start


def _merged_stories(n: int) -> str:
    """Return what becomes of stories that are part of others now."""
    if n == 1:
        return "1 earlier story is part of another now, to which its page leads"
    return f"{n} earlier stories are part of others now, to which their pages lead"


def _only(stage: str, progress: Progress | None) -> Progress | None:
    """Return what reports one stage of a work alone."""

    def report(reported: str, done: int, total: int) -> None:
        if progress is not None and reported == stage:
            progress(reported, done, total)

    return report


def _checked_title(title: object) -> str:
    if not isinstance(title, str) or not title.strip():
        raise BadValueError("export", "title", shown(title), "text that is not empty")
    return title.strip()


def _checked_formats(formats: Iterable[str]) -> tuple[str, ...]:
    requested = list(several("export", "formats", formats))
    for suffix in requested:
        if suffix not in FORMATS:
            raise BadValueError("export", "formats", shown(suffix), f"one or more of {', '.join(FORMATS)}")
    if not requested:
        raise BadValueError("export", "formats", "none", f"one or more of {', '.join(FORMATS)}")
    return tuple(suffix for suffix in FORMATS if suffix in requested)


@contextmanager
def _timed(report: Exported, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[stage] = time.perf_counter() - start
