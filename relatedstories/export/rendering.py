"""The rendering of views as the content of files: in this process, or in others while this one makes the next views."""

from __future__ import annotations

import functools
import os
import pickle
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import NamedTuple

from relatedstories.errors import InputError
from relatedstories.export.render import Renderer, SiteInfo
from relatedstories.export.views import View
from relatedstories.parallel import on_cluster, results_in_rounds, worker_count

__all__ = ["Rendered", "rendered"]

MIN_PAGES = 4_000
"""Number of views from which on rendering them in other processes takes less time than starting these."""

MAX_WORKERS = 2
"""Number of processes that render; making the views in this one keeps no more of them busy."""

_CHUNK = 128
"""Number of views that a process renders at a time; each has one such chunk at work and one waiting."""


class Rendered(NamedTuple):
    """A view as the content of files: its stem, and for each format the content, the number of characters and the seconds."""

    stem: str
    pages: list[tuple[bytes, int, float]]


def rendered(views: Iterable[View], renderer: Renderer, n_jobs: int = 1) -> Iterator[Rendered]:
    """Yield each view as the content of files in all formats of the site, in their order.

    Parameters
    ----------
    views : iterable of View
    renderer : Renderer
    n_jobs : int, default 1
        Number of processes that render, at most `MAX_WORKERS`; -1 for one per core. With 1 it is this one alone, as it is for a
        single format, which takes little longer than handing on its views, and on a cluster, whose workers may lack templates.
    """
    views = iter(views)
    n_workers = 1 if on_cluster() or len(renderer.site.formats) < 2 else min(worker_count(n_jobs), MAX_WORKERS)
    first = list(islice(views, MIN_PAGES)) if n_workers > 1 else []
    views = chain(first, views)
    if len(first) < MIN_PAGES:
        return map(functools.partial(_render, renderer), views)
    return _rendered_elsewhere(views, renderer, n_workers)


def _render(renderer: Renderer, view: View) -> Rendered:
    pages = []
    for suffix in renderer.site.formats:
        start = time.perf_counter()
        text = renderer.page(view, suffix)
        pages.append((text.encode(), len(text), time.perf_counter() - start))
    return Rendered(view.stem, pages)


def _rendered_elsewhere(views: Iterator[View], renderer: Renderer, n_workers: int) -> Iterator[Rendered]:
    """Yield views rendered by other processes, which have some to render while this one makes the next."""
    from joblib import delayed

    title, base_url, formats, *_ = renderer.site
    folder = None if renderer.custom_dir is None else os.path.abspath(renderer.custom_dir)
    # The number keeps a process that is left from an earlier export from taking that one's templates.
    task = delayed(functools.partial(_render_pickled, title, base_url, formats, folder, secrets.token_hex(8)))
    chunks = iter(lambda: list(islice(views, _CHUNK)), [])
    tasks = (task(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL)) for chunk in chunks)
    with closing(results_in_rounds(tasks, n_workers)) as results:
        for rendered_chunk in results:
            if isinstance(rendered_chunk, InputError):
                raise rendered_chunk
            yield from rendered_chunk


def _render_pickled(
    title: str, base_url: str, formats: tuple[str, ...], templates: str | None, number: str, views: bytes
) -> list[Rendered] | InputError:
    """Render views that were pickled without joblib, which takes twice the time; return an error rather than raise it.

    Where a task raises an error, joblib ends all others.
    """
    try:
        renderer = _renderer(title, base_url, formats, templates, number)
        return [_render(renderer, view) for view in pickle.loads(views)]
    except InputError as error:
        return error


@functools.lru_cache(1)
def _renderer(title: str, base_url: str, formats: tuple[str, ...], templates: str | None, _: str) -> Renderer:
    return Renderer(SiteInfo(title, base_url, formats), templates)
