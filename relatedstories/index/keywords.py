"""The names of the keyword arguments that several calls pass on to the filters of lists."""

from __future__ import annotations

from collections.abc import Iterable

from relatedstories.ranking.filters import Keywords

__all__ = ["check_keywords"]


def check_keywords(call: str, keywords: Iterable[str]) -> None:
    """Raise the `TypeError` that Python raises for a keyword argument that a call does not have.

    Examples
    --------
    >>> check_keywords("related", {"max_context": 1})
    Traceback (most recent call last):
        ...
    TypeError: related() got an unexpected keyword argument 'max_context'
    """
    for name in keywords:
        if name not in Keywords.__annotations__:
            raise TypeError(f"{call}() got an unexpected keyword argument {name!r}")
