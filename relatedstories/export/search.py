"""The search of a site: its page, its script, and the pieces of its index."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

from relatedstories.export.render import SEARCH_PAGE, SEARCH_SCRIPT, Renderer
from relatedstories.export.search_index import SearchIndex

__all__ = ["search_files", "search_paths"]


def search_paths(index: SearchIndex) -> Iterator[str]:
    """Yield the paths of all files of the search."""
    yield from index.names()
    yield from (SEARCH_SCRIPT, SEARCH_PAGE)


def search_files(index: SearchIndex, renderer: Renderer) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file of the search, its page last.

    The page has a digest of all other files, and asks for them by it, so that no browser takes an old one from its cache.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name, text in itertools.chain([(SEARCH_SCRIPT, renderer.search_script())], index.pieces()):
        digest.update(text.encode())
        yield name, text
    yield SEARCH_PAGE, renderer.search_page(digest.hexdigest())
