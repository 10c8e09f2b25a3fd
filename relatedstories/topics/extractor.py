"""Topics: the named things an event is about, under one canonical name each.

Mentions come from the topic model (`relatedstories.topics.tagger`), or from the named entities of a spaCy pipeline that the user
hands in (`relatedstories.topics.entities`). The user's own names, and those that `TopicExtractor.fit` has learnt, go before both.
Mentions are then gathered into topics by canonical name.
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
from relatedstories.topics.tagger import BATCH_SIZE, FACTORY, THRESHOLD, Found, find, tokenized
from relatedstories.topics.text_forms import Text
from relatedstories.topics.topic import Mention, Topic, Topics, text_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["THRESHOLD", "TopicExtractor", "model_name"]

MAX_CHARS = 20_000
"""An event's first characters, which topics are read from: news says what it is about at the start."""

OWN_SEEN = 4
"""Words that so many events of a fitted archive have, and that its editors seldom mean by a topic, name none."""

_MODEL_FILES = (
    "topics/network.npz", "topics/counts.npz", "topics/forms.txt", "topics/names.txt", "topics/words.txt", "topics/patterns.tsv",
    "topics/countries.tsv", "kinds/kinds.npz",
)  # fmt: skip
"""What the model's topics depend on."""

_RULER = re.compile(r"([^\w\s])\1{20,}")

_Place: TypeAlias = tuple[int, int, str, str, float]
"""A mention: its start and end in characters, and the topic's canonical name, kind and probability."""


class TopicExtractor:
    """Finds the topics of events.

    Parameters
    ----------
    nlp : spacy.language.Language, optional
        A pipeline to use instead of the topic model: if it has the component ``relatedstories_topics``, what that finds are
        the topics; else its ``doc.ents``, of which labels of people, organisations, places, events, works and products count.
    names : NameTable, optional
        With a pipeline's entities, the canonical names and how often editors link them; by default those of the model.
    threshold : float, optional
        Topics that an editor would link with at least this probability are given, 0 to 1: higher for precision, lower for
        recall. By default `THRESHOLD`, and where no topic of a text reaches it, the likeliest.
    aliases : mapping of str to iterable of str, or path, optional
        Names of your own: canonical names, each with the other names it goes by, or a file of them
        (`relatedstories.topics.read_aliases`). They stand wherever their words do, whatever the model says.
    ignored : iterable of str, default ()
        Topics that are never given, whoever named them: "human".

    Raises
    ------
    BadValueError
        If a parameter is not what it should be.

    Notes
    -----
    Of a text of more than `MAX_CHARS` characters only those are read. Making an extractor costs nothing: the model is
    loaded when it is first used, once a process.

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
        self._own_names = names
        self.threshold = None if threshold is None else number_within("TopicExtractor", "threshold", threshold, 0, 1)
        self._aliases = [] if aliases is None else names_of(aliases)
        self._learnt: list[Name] = []
        self._ignored: set[str] = set()
        for name in ignored:
            if not isinstance(name, str):
                raise BadValueError("TopicExtractor", "ignored", shown(name), "names of topics")
            self._ignored.add(normalise_name(name))
        self._set_own()

    def _set_own(self) -> None:
        rows = {name.words: name for name in [*self._learnt, *self._aliases]}  # a user's words go before what is learnt
        self._own = NameTable(rows.values()) if rows else None

    @property
    def ignored(self) -> frozenset[str]:
        """The keys (`Topic.key`) of topics that are never given."""
        return frozenset(self._ignored)

    @property
    def names(self) -> NameTable:
        """The canonical names of topics that editors give, and of a pipeline's entities."""
        return default_names() if self._own_names is None else self._own_names  # an empty table is one, too

    @property
    def name(self) -> str:
        """What the topics depend on, as a short text: saved with an index, so that its topics are not mixed with another's."""
        about = [] if self.threshold is None or not self._reads_model else [f"threshold {self.threshold:g}"]
        if self._nlp is not None:
            meta = self._nlp.meta
            settings = [self._nlp.get_pipe_config(name) for name in self._nlp.pipe_names] if self._reads_model else []
            about.append(f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}({', '.join(self._nlp.pipe_names)})")
            about += [f"components {_digest(repr(settings).encode())}"] if settings else []
        if self._reads_model:
            about.append(f"model {_digest(_model_bytes())}")
        if self._own_names is not None:
            about.append(f"names {_digest(repr(sorted(map(repr, self._own_names))).encode())}")
        if self._own or self._ignored:
            own = repr((sorted(map(repr, self._own or ())), sorted(self._ignored)))
            about.append(f"aliases {_digest(own.encode())}")
        return f"{type(self).__qualname__}: {', '.join(about)}"

    @property
    def _reads_model(self) -> bool:
        return self._nlp is None or FACTORY in getattr(self._nlp, "pipe_factories", {}).values()

    def fit(self, events: Iterable[Event]) -> TopicExtractor:
        """Learn an archive's own names from its editors' topics.

        Where the archive's events carry topics, the words they go by are learnt, in any language whose words stand apart:
        the topics' own names, other words that stand where a topic is given, and how often they mean it. What is learnt
        goes before the model; a second call replaces what the first has learnt.

        Parameters
        ----------
        events : iterable of Event

        Returns
        -------
        TopicExtractor
            Itself.

        Raises
        ------
        BadValueError
            If an event is none, or no event has topics.

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
        self._set_own()
        return self

    def extract(self, event_or_text: Event | str) -> Topics:
        """The topics of one event or text.

        Parameters
        ----------
        event_or_text : Event or str

        Returns
        -------
        tuple of Topic
            In the order they are first mentioned; those that an editor gave, and the heading, last. No two have one key.
            As `Topics` it shows itself in a notebook and makes data frames.

        Raises
        ------
        BadValueError
            If it is neither an event nor a text.
        """
        return next(self.extract_many([event_or_text]))

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[Topics]:
        """The topics of many events or texts, streaming, in input order; the same as `extract` one by one.

        Parameters
        ----------
        events : iterable of Event or str

        Yields
        ------
        tuple of Topic
        """
        stream = iter(events)
        while batch := list(itertools.islice(stream, BATCH_SIZE)):
            texts = [_plain(text_of(event)[:MAX_CHARS]) for event in batch]
            if self._nlp is None:
                read = [tokenized(text) for text in texts]
                mentions = [_places(text, found) for text, found in zip(read, find(read, self.threshold), strict=True)]
            else:
                mentions = [self._of_pipeline(doc) for doc in self._nlp.pipe(texts)]
            for event, text, found in zip(batch, texts, mentions, strict=True):
                yield Topics(self._gathered(text, found, event if isinstance(event, Event) else None), event)

    def _of_pipeline(self, doc: Doc) -> list[_Place]:
        if not self._reads_model:
            return entity_mentions(doc, self.names)
        spans = doc.spans["topics"]
        probabilities = spans.attrs["probabilities"]
        pairs = zip(spans, probabilities, strict=True)
        return [(span.start_char, span.end_char, span.kb_id_, span.label_, p) for span, p in pairs if p >= (self.threshold or 0)]

    def _gathered(self, text: str, mentions: list[_Place], event: Event | None) -> Iterator[Topic]:
        """Mentions by topic, with the user's own names and the topics that editors gave."""
        if self._own is not None:
            mentions = self._with_own(text, mentions)
        gathered: dict[str, tuple[str, str, list[Mention], float]] = {}
        for start, end, name, kind, probability in mentions:
            known = gathered.setdefault(normalise_name(name), (name, kind, [], probability))
            known[2].append(Mention(text[start:end], start, end))
        if event is not None and (event.topics or event.heading):
            for given in [*event.topics, *([event.heading] if event.heading else [])]:
                name = (self._own and self._own.known(given)) or self.names.canonical(given)
                gathered.setdefault(normalise_name(name), (name, kind_of(name), [], 1.0))
        gathered.pop("", None)
        return (Topic(*item) for key, item in gathered.items() if key not in self._ignored)

    def _with_own(self, text: str, mentions: list[_Place]) -> list[_Place]:
        """The mentions with those of the user's own names, the longest first, in place of what overlaps them."""
        assert self._own is not None
        least = THRESHOLD if self.threshold is None else self.threshold
        covered = bytearray(len(text))
        own: list[_Place] = []
        users = {name.words for name in self._aliases}
        order = sorted(self._own.find(text), key=lambda item: (item[2].words not in users, item[0] - item[1], item[0]))
        for start, end, row in order:
            if any(covered[start:end]):
                continue
            if row.probability >= least:
                own.append((start, end, row.canonical, row.kind, row.probability))
            elif row.seen < OWN_SEEN:
                continue
            covered[start:end] = b"\1" * (end - start)
        return sorted([*own, *(mention for mention in mentions if not any(covered[mention[0] : mention[1]]))])


def _places(text: Text, found: Iterable[Found]) -> list[_Place]:
    """Where the model's mentions stand in characters."""
    starts, tokens = text.starts, text.tokens
    return [(starts[first], starts[end - 1] + len(tokens[end - 1]), name, kind, p) for first, end, name, kind, p in found]


def _plain(text: str) -> str:
    """The text with long rows of one sign blanked, which spaCy's tokenizer takes minutes for; offsets stay."""
    return _RULER.sub(lambda row: " " * len(row[0]), text)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


@functools.cache
def _model_bytes() -> bytes:
    return b"".join(path(name).read_bytes() for name in _MODEL_FILES)


def model_name(extractor: Any) -> str:
    """What an extractor's topics depend on: its ``name``, or that of its class."""
    return str(getattr(extractor, "name", type(extractor).__qualname__))
