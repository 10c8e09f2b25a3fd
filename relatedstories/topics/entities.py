"""Topics from the named entities of a spaCy pipeline that a user passes.

Mentions are the pipeline's entities, and words that editors link according to a name table. Of overlapping mentions the longer
one is kept. Within an event, an acronym stands for the name it abbreviates, and a surname for the full name that ends with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from relatedstories.topics.names import Name, NameTable, bare, definitions, is_acronym, normalise_name, words

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["KIND_OF_LABEL", "entity_mentions"]

Offsets: TypeAlias = tuple[int, int]
"""Start and end of a mention in a text, in characters."""

KIND_OF_LABEL = {
    "PERSON": "person",
    "PER": "person",
    "ORG": "organisation",
    "NORP": "organisation",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "EVENT": "event",
    "WORK_OF_ART": "work",
    "LAW": "work",
    "PRODUCT": "thing",
    "MISC": "thing",
}
"""The kind for each entity label of spaCy's pipelines that stands for topics; labels such as DATE, MONEY and CARDINAL do not."""

LINK_PROBABILITY = 0.5
"""Minimum probability of words of the name table to count as a mention where no entity was found."""

UNLINKED_PROBABILITY, UNLINKED_SEEN = 0.25, 4
"""An entity that occurs in at least `UNLINKED_SEEN` events, and that editors link with less than `UNLINKED_PROBABILITY`, is not a
topic: "Monday", "Parliament"."""


def entity_mentions(doc: Doc, names: NameTable) -> list[tuple[int, int, str, str, float]]:
    """Return the mentions in a document with named entities.

    Parameters
    ----------
    doc : spacy.tokens.Doc
    names : NameTable

    Returns
    -------
    list of (int, int, str, str, float)
        Start and end in characters, canonical name, kind, and the probability that an editor would link it: from the name
        table, or `LINK_PROBABILITY` for unknown words.
    """
    text = doc.text
    found = []
    for start, end, name, kind in _resolve(_mentions(doc, names), text, names):
        row = names.lookup(text[start:end])
        found.append((start, end, name, kind, row.probability if row and row.linked else LINK_PROBABILITY))
    return found


def _mentions(doc: Doc, names: NameTable) -> list[tuple[Offsets, str]]:
    """Return the mentions of topics in text order, none of which overlap, each with its kind."""
    text, found = doc.text, []
    for entity in doc.ents:
        kind = KIND_OF_LABEL.get(entity.label_)
        if kind is None:
            continue
        row = names.lookup(entity.text)
        if row is None or not _rarely_linked(row):
            found += [(offsets, kind) for offsets in _lines(entity.text, entity.start_char)]
    found += [((start, end), "thing") for _, start, end in definitions(text)]
    for start, end, row in names.find(text):
        if row.probability >= LINK_PROBABILITY:
            found.append(((start, end), row.kind))
    # Longest first; entities precede words of the table of the same length (stable sort), as their kind is known.
    found.sort(key=lambda item: (item[0][0] - item[0][1], item[0][0]))
    selected: list[tuple[Offsets, str]] = []
    covered = bytearray(len(text))
    for (start, end), kind in found:
        if not any(covered[start:end]):
            covered[start:end] = b"\1" * (end - start)
            selected.append(((start, end), kind))
    return sorted(selected)


def _rarely_linked(row: Name) -> bool:
    """Return whether editors rarely link a frequent name, other than a place."""
    # Countries are linked rarely too, above all "U.S.", but they are topics.
    return row.kind != "place" and row.linked > 0 and row.seen >= UNLINKED_SEEN and row.probability < UNLINKED_PROBABILITY


def _lines(text: str, start: int) -> Iterator[Offsets]:
    """Yield the offsets of each line of an entity: a title has no full stop, so that an entity may run on into the text."""
    for line in re.finditer(r"[^\n]*\w[^\n]*", text):
        yield start + line.start(), start + line.start() + len(line[0].rstrip())


def _resolve(mentions: list[tuple[Offsets, str]], text: str, names: NameTable) -> Iterator[tuple[int, int, str, str]]:
    """Yield mentions with their canonical names; full names in the event take precedence over the table."""
    full = _full_names(mentions, text)
    covered = bytearray(len(text))
    for (start, end), _ in mentions:
        covered[start:end] = b"\1" * (end - start)
    # A surname or acronym may occur where no entity was found.
    more = [((a, b), "thing") for a, b, form in (words(text) if full else ()) if form in full and not any(covered[a:b])]
    for (start, end), kind in sorted([*mentions, *more]):
        name = bare(text[start:end])
        name = full.get(name, name)
        row = names.lookup(name)
        yield start, end, names.canonical(name), row.kind if row and row.kind != "thing" else kind


def _full_names(mentions: list[tuple[Offsets, str]], text: str) -> dict[str, str]:
    """Return the full names in an event by the acronyms and surnames that stand for them."""
    full = {acronym: text[start:end] for acronym, start, end in definitions(text)}
    long_names = dict.fromkeys(name for (start, end), _ in mentions if " " in (name := bare(text[start:end])))
    for (start, end), kind in mentions:
        name = bare(text[start:end])
        if name.isupper() and name not in full and (long_name := next((x for x in long_names if is_acronym(name, x)), None)):
            full[name] = long_name
        if kind == "person" and " " in name and normalise_name(name):
            surname = words(name)[-1].form
            known = full.get(surname, name)
            if normalise_name(known).endswith(normalise_name(name)):  # "President Joe Biden" is Joe Biden
                full[surname] = name
            elif not normalise_name(name).endswith(normalise_name(known)):  # two people share the surname: it stands for neither
                full[surname] = surname
    return full
