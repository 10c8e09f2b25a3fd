"""Topics from the named entities of a user's spaCy pipeline.

Mentions are the pipeline's entities and the words that a name table knows editors to link. Where they overlap, the
longer is kept. Within an event, an acronym means the name it abbreviates, and a surname the full name it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from relatedstories.topics.name_table import Name, NameTable
from relatedstories.topics.names import definitions, is_acronym, normalise_name, trim_mention, words

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["KIND_OF_LABEL", "entity_mentions"]

Place: TypeAlias = tuple[int, int]
"""Start and end of a mention, in characters."""

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
"""Labels of spaCy's pipelines that name topics; others (DATE, MONEY, CARDINAL ...) do not."""

LINK_PROBABILITY = 0.5
"""Minimum probability for words of the name table to be a mention without an entity."""

UNLINKED_PROBABILITY, UNLINKED_SEEN = 0.25, 4
"""An entity that occurs at least this often and is linked more rarely is not a topic: "Monday", "Parliament"."""


def entity_mentions(doc: Doc, names: NameTable) -> list[tuple[int, int, str, str, float]]:
    """Return the mentions of a text whose named entities a pipeline has found.

    Parameters
    ----------
    doc : spacy.tokens.Doc
    names : NameTable

    Returns
    -------
    list of (int, int, str, str, float)
        Start and end in characters, canonical name, kind, and the probability that an editor would link it, where the name
        table has seen the words; else 0.5.
    """
    text = doc.text
    found = []
    for start, end, name, kind in _resolve(_mentions(doc, names), text, names):
        row = names.lookup(text[start:end])
        found.append((start, end, name, kind, row.probability if row and row.linked else LINK_PROBABILITY))
    return found


def _mentions(doc: Doc, names: NameTable) -> list[tuple[Place, str]]:
    """Return the words that name a topic, with their kinds, in the order of the text, without overlaps."""
    text, found = doc.text, []
    for entity in doc.ents:
        kind = KIND_OF_LABEL.get(entity.label_)
        if kind is None:
            continue
        row = names.lookup(entity.text)
        if row is None or not _rarely_linked(row):
            found += [(place, kind) for place in _lines(entity.text, entity.start_char)]
    found += [((start, end), "thing") for _, start, end in definitions(text)]
    for start, end, row in names.find(text):
        if row.probability >= LINK_PROBABILITY:
            found.append(((start, end), row.kind))
    # Longest first; an entity before the table's words of the same length, as it knows its kind (the sort is stable).
    found.sort(key=lambda item: (item[0][0] - item[0][1], item[0][0]))
    taken: list[tuple[Place, str]] = []
    covered = bytearray(len(text))
    for (start, end), kind in found:
        if not any(covered[start:end]):
            covered[start:end] = b"\1" * (end - start)
            taken.append(((start, end), kind))
    return sorted(taken)


def _rarely_linked(row: Name) -> bool:
    # Countries are linked rarely too, "U.S." least of all, but name what an event is about.
    return row.kind != "place" and row.linked > 0 and row.seen >= UNLINKED_SEEN and row.probability < UNLINKED_PROBABILITY


def _lines(text: str, start: int) -> Iterator[Place]:
    """Yield an entity's offsets line by line, as entities may run from a title into the text."""
    for line in re.finditer(r"[^\n]*\w[^\n]*", text):
        yield start + line.start(), start + line.start() + len(line[0].rstrip())


def _resolve(mentions: list[tuple[Place, str]], text: str, names: NameTable) -> Iterator[tuple[int, int, str, str]]:
    """Yield mentions with canonical names; names defined in the event precede those of the table."""
    full = _full_names(mentions, text)
    covered = bytearray(len(text))
    for (start, end), _ in mentions:
        covered[start:end] = b"\1" * (end - start)
    # A surname or acronym may stand where no entity was seen.
    more = [((a, b), "thing") for a, b, form in (words(text) if full else ()) if form in full and not any(covered[a:b])]
    for (start, end), kind in sorted([*mentions, *more]):
        name = trim_mention(text[start:end])
        name = full.get(name, name)
        row = names.lookup(name)
        yield start, end, names.canonical(name), row.kind if row and row.kind != "thing" else kind


def _full_names(mentions: list[tuple[Place, str]], text: str) -> dict[str, str]:
    """Return the names in this event that acronyms and surnames stand for."""
    full = {acronym: text[start:end] for acronym, start, end in definitions(text)}
    long_names = dict.fromkeys(name for (start, end), _ in mentions if " " in (name := trim_mention(text[start:end])))
    for (start, end), kind in mentions:
        name = trim_mention(text[start:end])
        if name.isupper() and name not in full and (long_name := next((x for x in long_names if is_acronym(name, x)), None)):
            full[name] = long_name
        if kind == "person" and " " in name and normalise_name(name):
            surname = words(name)[-1].form
            known = full.get(surname, name)
            if normalise_name(known).endswith(normalise_name(name)):  # "President Joe Biden" is Joe Biden
                full[surname] = name
            elif not normalise_name(name).endswith(normalise_name(known)):  # two people of one surname: it names neither
                full[surname] = surname
    return full
