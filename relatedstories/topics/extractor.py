"""Topic extraction: the named things an event is about, each under one canonical name.

Mentions come from the topic model (`relatedstories.topics.tagger`), or from the named entities of a spaCy pipeline that the user
passes (`relatedstories.topics.entities`). The user's aliases and the names learnt by `TopicExtractor.fit` take precedence over
both. Mentions are then grouped into topics by canonical name.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from relatedstories.artefacts import path
from relatedstories.errors import BadValueError, number_within, shown
from relatedstories.events import Event
from relatedstories.topics.aliases import learn_names, names_of
from relatedstories.topics.entities import entity_mentions
from relatedstories.topics.kinds import kind as kind_of
from relatedstories.topics.names import Name, NameTable, default_names, normalise_name
from relatedstories.topics.tagger import BATCH_SIZE, FACTORY, THRESHOLD, TopicSpan, find, tokenized
from relatedstories.topics.text_forms import Text
from relatedstories.topics.topic import Mention, Topic, Topics, text_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["THRESHOLD", "TopicExtractor", "model_name"]

MAX_CHARS = 20_000
"""Number of characters read of each event: news says at the start what it is about."""

MIN_UNLINKED_EVENTS = 4
"""Words that editors of a fitted archive rarely link name no topic if at least this many of its events contain them."""

_MODEL_FILES = (
    "topics/network.npz", "topics/counts.npz", "topics/forms.txt", "topics/names.txt", "topics/words.txt", "topics/patterns.tsv",
    "topics/countries.tsv", "kinds/kinds.npz",
)  # fmt: skip
"""Files that determine the topics the model finds."""

_REPEATED_SIGN = re.compile(r"([^\w\s])\1{20,}")

_LocatedMention: TypeAlias = tuple[int, int, str, str, float]
"""Start and end of a mention in characters, and the canonical name, kind and probability of its topic."""


class TopicExtractor:
    """Extracts the topics of events and texts.

    Parameters
    ----------
    nlp : spacy.language.Language, optional
        A pipeline to use instead of the topic model. If it has the component ``relatedstories_topics``, the topics are the
        spans which that component finds; otherwise they are those ``doc.ents`` whose labels stand for people, organisations,
        places, events, works or products.
    names : NameTable, optional
        For a pipeline's entities, their canonical names and how often editors link them; by default those of the model.
    threshold : float, optional
        Minimum probability, 0 to 1, that an editor would link a topic: higher for precision, lower for recall. By default
        `THRESHOLD`; a text none of whose topics reaches it then gets its most probable ones.
    aliases : mapping of str to iterable of str, or path, optional
        Your own names: a mapping of canonical names to their other names, or a file of them
        (`relatedstories.topics.read_aliases`). They apply wherever their words occur, whatever the model says.
    ignored : iterable of str, default ()
        Names of topics to leave out, including topics from editors and aliases: "human".

    Raises
    ------
    BadValueError
        If a parameter has the wrong type or range.

    Notes
    -----
    Only the first `MAX_CHARS` characters of a text are read. Creating an extractor is cheap: the model is loaded on first
    use, once per process.

    Examples
    --------
    >>> extractor = TopicExtractor(aliases={"Federal Reserve": ["the Fed"]}, ignored=["Monday"])
    >>> for topic in extractor.extract("Supplies reach the International Space Station (ISS). The ISS has a crew of six."):
    ...     print(topic, topic.kind, topic.mentions)
    International Space Station place ('International Space Station', 'ISS', 'ISS')
    """

    def __init__(
        self,
        nlp: Language | None = None,
        names: NameTable | None = None,
        *,
        threshold: float | None = None,
        aliases: Mapping[str, str | Iterable[str]] | str | os.PathLike[str] | None = None,
        ignored: Iterable[str] = (),
    ) -> None:
        if nlp is not None and not callable(getattr(nlp, "pipe", None)):
            raise BadValueError("TopicExtractor", "nlp", shown(nlp), "a spaCy Language, as spacy.load gives")
        if names is not None and not isinstance(names, NameTable):
            raise BadValueError("TopicExtractor", "names", shown(names), "a NameTable")
        if isinstance(ignored, str) or not isinstance(ignored, Iterable):
            raise BadValueError("TopicExtractor", "ignored", shown(ignored), "names of topics")
        self._nlp = nlp
        self._name_table = names
        self.threshold = None if threshold is None else number_within("TopicExtractor", "threshold", threshold, 0, 1)
        self._aliases = [] if aliases is None else names_of(aliases)
        self._learnt: list[Name] = []
        self._ignored: set[str] = set()
        for name in ignored:
            if not isinstance(name, str):
                raise BadValueError("TopicExtractor", "ignored", shown(name), "names of topics")
            self._ignored.add(normalise_name(name))
        self._update_own_names()

    def _update_own_names(self) -> None:
        """Build the table of learnt names and aliases."""
        rows = {name.words: name for name in [*self._learnt, *self._aliases]}  # aliases override learnt names
        self._own_names = NameTable(rows.values()) if rows else None

    @property
    def ignored(self) -> frozenset[str]:
        """The keys (`Topic.key`) of topics that are left out."""
        return frozenset(self._ignored)

    @property
    def names(self) -> NameTable:
        """The canonical names for editors' topics and for a pipeline's entities."""
        return default_names() if self._name_table is None else self._name_table  # an empty table counts too

    @property
    def name(self) -> str:
        """A short text that identifies everything the topics depend on; an index stores it so that topics are never mixed."""
        parts = [] if self.threshold is None or not self._reads_model else [f"threshold {self.threshold:g}"]
        if self._nlp is not None:
            meta = self._nlp.meta
            settings = [self._nlp.get_pipe_config(name) for name in self._nlp.pipe_names] if self._reads_model else []
            parts.append(f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}({', '.join(self._nlp.pipe_names)})")
            parts += [f"components {_short_hash(repr(settings).encode())}"] if settings else []
        if self._reads_model:
            parts.append(f"model {_short_hash(_model_bytes())}")
        if self._name_table is not None:
            parts.append(f"names {_short_hash(repr(sorted(map(repr, self._name_table))).encode())}")
        if self._own_names or self._ignored:
            own = repr((sorted(map(repr, self._own_names or ())), sorted(self._ignored)))
            parts.append(f"aliases {_short_hash(own.encode())}")
        return f"{type(self).__qualname__}: {', '.join(parts)}"

    @property
    def _reads_model(self) -> bool:
        """Whether the topics come from the topic model, directly or through a pipeline."""
        return self._nlp is None or FACTORY in getattr(self._nlp, "pipe_factories", {}).values()

    def fit(self, events: Iterable[Event]) -> TopicExtractor:
        """Learn the names of an archive's topics from its editors.

        From events with topics, learn which words name each topic: its own name, other words that occur where editors gave
        the topic, and how often they mean it. This works in any language that separates words. Learnt names take precedence
        over the model; a second call replaces the names learnt by the first.

        Parameters
        ----------
        events : iterable of Event

        Returns
        -------
        TopicExtractor
            The extractor itself.

        Raises
        ------
        BadValueError
            If an item is not an event, or no event has topics.

        Examples
        --------
        >>> import spacy
        >>> events = [Event(str(i), f"Neues aus Kiew, Teil {i}", topics=["Kyjiw"]) for i in range(3)]
        >>> extractor = TopicExtractor(spacy.blank("de"), NameTable([])).fit(events)  # without the English model
        >>> [(topic.name, topic.mentions) for topic in extractor.extract("Schnee in Kiew")]
        [('Kyjiw', ('Kiew',))]
        """
        if isinstance(events, (Event, str)) or not isinstance(events, Iterable):
            raise BadValueError("fit", "events", shown(events), "several events")
        events = list(events)
        for event in events:
            if not isinstance(event, Event):
                raise BadValueError("fit", None, shown(event), "an Event")
        if not any(event.topics for event in events):
            raise BadValueError(
                "fit", "topics", f"{len(events)} events without any", "events to learn from that editors gave topics"
            )
        self._learnt = learn_names(events)
        self._update_own_names()
        return self

    def extract(self, event_or_text: Event | str) -> Topics:
        """Return the topics of one event or text.

        Parameters
        ----------
        event_or_text : Event or str

        Returns
        -------
        tuple of Topic
            The topics in the order of their first mention, then those that an editor gave and the heading, without
            duplicate keys. A `Topics` tuple, which has a notebook display and converts to a data frame.

        Raises
        ------
        BadValueError
            If the argument is neither an event nor a text.
        """
        return next(self.extract_many([event_or_text]))

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[Topics]:
        """Yield the topics of many events or texts in input order, the same as `extract` gives for each.

        Parameters
        ----------
        events : iterable of Event or str

        Yields
        ------
        tuple of Topic
        """
        stream = iter(events)
        while batch := list(itertools.islice(stream, BATCH_SIZE)):
            texts = [_blank_repeated_signs(text_of(event)[:MAX_CHARS]) for event in batch]
            if self._nlp is None:
                tokenised = [tokenized(text) for text in texts]
                spans = find(tokenised, self.threshold)
                mentions = [_locate(text, spans_of_text) for text, spans_of_text in zip(tokenised, spans, strict=True)]
            else:
                mentions = [self._pipeline_mentions(doc) for doc in self._nlp.pipe(texts)]
            for event, text, mentions_of_text in zip(batch, texts, mentions, strict=True):
                yield Topics(self._group(text, mentions_of_text, event if isinstance(event, Event) else None), event)

    def _pipeline_mentions(self, doc: Doc) -> list[_LocatedMention]:
        """Return the mentions in a document of the pipeline."""
        if not self._reads_model:
            return entity_mentions(doc, self.names)
        spans = doc.spans["topics"]
        probabilities = spans.attrs["probabilities"]
        pairs = zip(spans, probabilities, strict=True)
        return [(span.start_char, span.end_char, span.kb_id_, span.label_, p) for span, p in pairs if p >= (self.threshold or 0)]

    def _group(self, text: str, mentions: list[_LocatedMention], event: Event | None) -> Iterator[Topic]:
        """Return mentions grouped by topic, together with own names and the topics that editors gave."""
        if self._own_names is not None:
            mentions = self._with_own_names(text, mentions)
        topics: dict[str, tuple[str, str, list[Mention], float]] = {}
        for start, end, name, kind, probability in mentions:
            topic = topics.setdefault(normalise_name(name), (name, kind, [], probability))
            topic[2].append(Mention(text[start:end], start, end))
        if event is not None and (event.topics or event.heading):
            for given in [*event.topics, *([event.heading] if event.heading else [])]:
                name = (self._own_names and self._own_names.known(given)) or self.names.canonical(given)
                topics.setdefault(normalise_name(name), (name, kind_of(name), [], 1.0))
        topics.pop("", None)
        return (Topic(*item) for key, item in topics.items() if key not in self._ignored)

    def _with_own_names(self, text: str, mentions: list[_LocatedMention]) -> list[_LocatedMention]:
        """Return the mentions with own names, the longest first, replacing mentions that they overlap."""
        assert self._own_names is not None
        threshold = THRESHOLD if self.threshold is None else self.threshold
        covered = bytearray(len(text))
        own: list[_LocatedMention] = []
        alias_words = {name.words for name in self._aliases}
        order = sorted(
            self._own_names.find(text), key=lambda item: (item[2].words not in alias_words, item[0] - item[1], item[0])
        )
        for start, end, row in order:
            if any(covered[start:end]):
                continue
            if row.probability >= threshold:
                own.append((start, end, row.canonical, row.kind, row.probability))
            elif row.seen < MIN_UNLINKED_EVENTS:
                continue
            covered[start:end] = b"\1" * (end - start)
        return sorted([*own, *(mention for mention in mentions if not any(covered[mention[0] : mention[1]]))])


def _locate(text: Text, spans: Iterable[TopicSpan]) -> list[_LocatedMention]:
    """Return the spans that the model found with offsets in characters."""
    starts, tokens = text.starts, text.tokens
    return [(starts[first], starts[end - 1] + len(tokens[end - 1]), name, kind, p) for first, end, name, kind, p in spans]


def _blank_repeated_signs(text: str) -> str:
    """Replace long sequences of one sign by spaces, as spaCy's tokenizer needs minutes for them; offsets stay the same."""
    return _REPEATED_SIGN.sub(lambda match: " " * len(match[0]), text)


def _short_hash(data: bytes) -> str:
    """Return the first twelve hexadecimal digits of the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()[:12]


@functools.cache
def _model_bytes() -> bytes:
    """Return the contents of all files of the model."""
    return b"".join(path(name).read_bytes() for name in _MODEL_FILES)


def model_name(extractor: Any) -> str:
    """Return what identifies an extractor: its ``name``, or the name of its class."""
    return str(getattr(extractor, "name", type(extractor).__qualname__))
