"""The spans of a text that may name a topic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relatedstories.topics.lexicon import Lexicon
from relatedstories.topics.runs import CAPITAL, CORE, HEAD, JOINING, WEAK, capitalised_runs, parts_of_run

__all__ = ["SpanFinder", "country_pattern"]


class SpanFinder:
    """Finds spans: capitalised runs and their parts, forms that the lexicon knows, and things of a country.

    Parameters
    ----------
    lexicon : Lexicon
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        linked, _, inside, whole = lexicon.counts.astype(np.float32).T
        self._after_country = {key.split(" ")[1] for key in lexicon.patterns if key.startswith("<C> ")} | {"'s"}
        self._seldom_whole = ((inside > 9) & (whole < 0.08 * inside) & (linked == 0)).tolist()

    def __call__(
        self, forms: list[str], flags: list[int], starts: list[bool], countries: list[tuple[int, int, str]], begins: list[bool]
    ) -> dict[tuple[int, int], tuple[int, int, int, str]]:
        """Return the spans of a text.

        Parameters
        ----------
        forms, flags, starts, begins : list
            For each token: its form, its flags, whether it starts a sentence, and whether a form of the lexicon begins with it.
        countries : list of (int, int, str)
            Where countries stand: the first token, the token after the last, the country.

        Returns
        -------
        dict of (int, int) to (int, int, int, str)
            The span's first token and the token after its last, with those of its run, the number of joining words in it and
            the form it is looked up by.
        """
        lexicon, size = self._lexicon, len(forms)
        n_forms, rows, named, seldom = lexicon.n_forms, lexicon.forms, lexicon.named, self._seldom_whole
        found: dict[tuple[int, int], tuple[int, int, int, str]] = {}

        def add(first: int, end: int, start: int, joints: int) -> None:
            if (first, end) not in found:
                found[first, end] = (start, end, joints, " ".join(forms[first:end]))

        runs = list(capitalised_runs(flags))
        for number, (start, stop) in enumerate(runs):
            if stop == start + 1:
                if flags[start] & CAPITAL:
                    found[start, stop] = (start, stop, 0, forms[start])
            else:
                for first, end, joints in parts_of_run(flags, start, stop):
                    edge_before = first == start or flags[first - 1] & JOINING
                    edge_after = end == stop or flags[end] & JOINING
                    form = " ".join(forms[first:end])
                    row = rows.get(form, n_forms)
                    if (
                        (edge_before and edge_after)
                        or (row < n_forms and not seldom[row])
                        or (edge_after and 1 < end - first < 4)
                        or (end == stop and first - start < 3)
                        or (first == start and stop - end < 2)
                    ):
                        found[first, end] = (start, stop, joints, form)
            if stop == size:
                continue
            # A run with words in lower case after it: "Napalpí massacre".
            for end in (stop + 1, stop + 2):
                if (
                    end <= size
                    and flags[end - 1] & HEAD
                    and (end == stop + 1 or (forms[stop].isalpha() and not flags[stop] & JOINING))
                ):
                    for first in range(start, stop):
                        if flags[first] & CORE and (first == start or not flags[first - 1] & WEAK):
                            add(first, end, first, 0)
                            if (
                                end + 1 < size and forms[end] in ("of", "in") and number + 1 < len(runs)
                            ):  # "Russian invasion of Ukraine"
                                after, stop_after = runs[number + 1]
                                if after == end + 1 + (forms[end + 1] == "the"):
                                    add(first, stop_after, first, 1)
            # "Eugene, Oregon"
            if stop + 1 < size and forms[stop] == "," and flags[stop + 1] & CORE:
                for first in range(max(start, stop - 3), stop):
                    if flags[first] & CORE:
                        add(first, runs[number + 1][1], start, 2)
            # "government of Kiribati"
            at = start - 2 if start > 1 and forms[start - 1] in ("of", "in") else -1
            if start > 2 and forms[start - 1] == "the" and forms[start - 2] in ("of", "in"):
                at = start - 3
            if at >= 0 and forms[at].isalpha() and not flags[at] & (CORE | JOINING):
                add(at, stop, at, 1)
        for first in [i for i, begin in enumerate(begins) if begin]:
            whole = forms[first]
            for form in (whole, whole[0].lower() + whole[1:]) if starts[first] and flags[first] & CAPITAL else (whole,):
                known = rows.get(form)
                end = first + 1
                while known is not None:
                    if known < n_forms and named[known]:
                        span = found.get((first, end))
                        if span is None:
                            found[first, end] = (first, end, 0, form)
                        elif form != span[3] and not named[rows.get(span[3], n_forms)]:
                            found[first, end] = (*span[:3], form)
                    if end == size:
                        break
                    form = f"{form} {forms[end]}"
                    end += 1
                    known = rows.get(form)
        for a, b, _ in countries:
            if b < size and forms[b].lower() in self._after_country:
                for end in range(b + 1, min(size, b + 4) + 1):
                    if (a, end) not in found and country_pattern(forms, a, end, a, b) in lexicon.patterns:
                        add(a, end, a, 0)
            if a and forms[a - 1] in ("of", "in", "the", "to", "from"):
                for first in range(max(0, a - 4), a - 1):
                    if (first, b) not in found and country_pattern(forms, first, b, a, b) in lexicon.patterns:
                        add(first, b, first, 0)
            if b - a > 1:  # "South" of "South Korea" is no name
                for part in [part for part in found if a <= part[0] and part[1] <= b and part != (a, b)]:
                    del found[part]
        return found


def country_pattern(forms: Sequence[str], first: int, end: int, a: int, b: int) -> str:
    """Return the form in lower case, with "<C>" in place of the country at tokens a to b."""
    parts = [*(form.lower() for form in forms[first:a]), "<C>", *(form.lower() for form in forms[b:end])]
    return " ".join(part for part in parts if part not in ("'s", "the"))
