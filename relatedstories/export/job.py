"""The export: an archive as a site of pages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from relatedstories.disk.locks import locked
from relatedstories.errors import BadValueError, shown, whole_number
from relatedstories.events import several
from relatedstories.export.render import FORMATS, Renderer, SiteInfo, site_address
from relatedstories.export.site import Site
from relatedstories.export.views import View, Views
from relatedstories.export.writer import Writer, check_site
from relatedstories.ranking.filters import LinkFilters

if TYPE_CHECKING:
    from relatedstories.index.stories import RelatedStories
    from relatedstories.progress import Progress
    from relatedstories.ranking.filters import Keywords

__all__ = ["TITLE", "Exported", "export"]

TITLE = "Related stories"
FEED_ENTRIES = 50


@dataclass(slots=True)
class Exported:
    """What an export did.

    Parameters
    ----------
    events, days, topics : int
        How many of each have a page.
    written, unchanged, removed : int
        Files that were written, that were there already, and that are gone.
    pages : dict of str to int
        How many there are of each format.
    characters : dict of str to int
        Of each format, the characters of all its pages.
    seconds : dict of str to float
        Wall time by stage; that of a format is to make its pages and to write them.
    """

    events: int = 0
    days: int = 0
    topics: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    pages: dict[str, int] = field(default_factory=dict)
    characters: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        total, seconds = sum(self.pages.values()), sum(self.seconds.values())
        stages = ", ".join(f"{stage} {taken:.1f} s" for stage, taken in self.seconds.items())
        rates = ", ".join(f"{suffix} {count / max(1e-9, self.seconds[suffix]):,.0f}" for suffix, count in self.pages.items())
        return "\n".join(
            [
                f"{self.events} events, {self.days} days, {self.topics} topics",
                f"{self.written} files written, {self.unchanged} unchanged, {self.removed} removed",
                f"{seconds:.1f} s: {stages}",
                f"{total / max(1e-9, seconds):,.0f} pages a second, finding links included; making and writing alone: {rates}",
            ]
        )


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
    """Write an archive as a site: a page for each event with its links, each day, year and topic, and a home page.

    Parameters
    ----------
    stories : RelatedStories
        Fitted, or loaded.
    to : path
        The folder. After an export it holds the pages of this one: only those that changed are written, and those that an
        earlier export wrote and this one did not, of other formats too, are removed. Other files in it stay.
    formats : iterable of {"html", "json", "xml", "md"}
        Pages of each link to the same page in the others. With "html" go a style sheet and a feed, with "json" and "xml" their
        schemas.
    k : int, default 5
        How many links an event at most.
    title : str
        Of the site.
    base_url : str, optional
        Where the site will be, for canonical links and the feed; all other links work anywhere, from a disk too.
    templates : path, optional
        A folder of Jinja2 templates in place of the packaged ones of these names, see `relatedstories.export.render.Renderer`.
    n_jobs : int, default 1
        Threads to compare events on; -1 for as many as there are cores.
    progress : callable, optional
        Told of the stage, and how many events, or at last pages, of how many are done.
    **keywords
        As of `RelatedStories.related`: what may be listed, and how much of a kind.

    Returns
    -------
    Exported

    Raises
    ------
    InputError
        If an argument is not as above, `to` holds a file of a page's name that no export wrote, or another export is at work
        there.

    Notes
    -----
    Pages are at ``news/YYYY/MM/D/words-of-the-title-digest.html``, which depends on the event alone: its date, its title, and a
    digest of its id. Topics that two events or more have get a page. Lists of more than `relatedstories.export.views.PART`
    events go on on further pages. The same archive gives the same files, to the byte.

    Examples
    --------
    >>> import tempfile
    >>> from relatedstories import Event, RelatedStories
    >>> stories = RelatedStories().fit([Event("1", "Snow in Oslo"), Event("2", "More snow in Oslo")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = export(stories, folder), export(stories, folder)
    >>> first.pages, first.written, second.written, second.unchanged
    ({'html': 5}, 7, 0, 7)
    """
    LinkFilters.of("export", **keywords)  # a mistake shows before the work
    k = whole_number("export", "k", k, 0)
    renderer = Renderer(SiteInfo(_title(title), site_address(base_url), _formats(formats)), templates)
    check_site(to)
    report, folder = Exported(), Path(os.path.realpath(to))
    folder.mkdir(exist_ok=True)
    with locked(folder / ".relatedstories.lock", f"the site {to}"):
        with _timed(report, "sorting"):
            site = Site(stories, progress)
            views = Views(site, renderer.site.title)
            suffixes = renderer.site.formats
            extras = dict(renderer.extras(views.latest(FEED_ENTRIES)))
            stems = list(views.stems())
            writer = Writer(to, stems, suffixes, extras)
        for suffix in suffixes:
            report.pages[suffix] = report.characters[suffix] = 0
        start = time.perf_counter()
        for done, view in enumerate(_all(stories, views, k, n_jobs, progress, keywords), 1):
            for suffix in suffixes:
                begun = time.perf_counter()
                text = renderer.page(view, suffix)
                writer.write(f"{view.stem}.{suffix}", text)
                report.seconds[suffix] = report.seconds.get(suffix, 0.0) + time.perf_counter() - begun
                report.pages[suffix] += 1
                report.characters[suffix] += len(text)
            if progress is not None:
                progress("pages", done, len(stems))
        rest = time.perf_counter() - start - sum(report.seconds.get(suffix, 0.0) for suffix in suffixes)
        report.seconds["links and lists"] = rest
        for name, text in extras.items():
            writer.write(name, text)
        with _timed(report, "removing"):
            writer.finish()
        report.events, report.days, report.topics = len(site.ids), len(site.days), len(site.topic_counts())
        report.written, report.unchanged, report.removed = writer.written, writer.unchanged, writer.removed
    return report


def _all(
    stories: RelatedStories, views: Views, k: int, n_jobs: int, progress: Progress | None, keywords: Keywords
) -> Iterator[View]:
    def compared(stage: str, done: int, total: int) -> None:
        if progress is not None and stage == "comparing":  # then the pages tell of the way
            progress(stage, done, total)

    for place, (event, links) in enumerate(stories.all_related(k, n_jobs=n_jobs, progress=compared, **keywords)):
        yield views.event(place, event, links)
    yield from views.of_days()
    yield from views.of_topics()
    yield from views.of_years()
    yield views.home()


def _title(title: object) -> str:
    if not isinstance(title, str) or not title.strip():
        raise BadValueError("export", "title", shown(title), "a text that is not empty")
    return title.strip()


def _formats(formats: Iterable[str]) -> tuple[str, ...]:
    asked = list(several("export", "formats", formats))
    for suffix in asked:
        if suffix not in FORMATS:
            raise BadValueError("export", "formats", shown(suffix), f"some of {', '.join(FORMATS)}")
    if not asked:
        raise BadValueError("export", "formats", "none", f"some of {', '.join(FORMATS)}")
    return tuple(suffix for suffix in FORMATS if suffix in asked)


@contextmanager
def _timed(report: Exported, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds[stage] = time.perf_counter() - start
