"""Extract topics: the named things an event is about, under one canonical name each.

Mentions come from the topic model (`relatedstories.topics.tagger`), or from the named entities of the user's spaCy pipeline
(`relatedstories.topics.entities`). The user's own names, and those learnt by `TopicExtractor.fit`, take precedence over both.
Mentions are then grouped into topics by canonical name.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from relatedstories.artefacts import path
from relatedstories.counts import counted
from relatedstories.errors import BadValueError, number_within, shown
from relatedstories.events import Event, checked_language, several
from relatedstories.parallel import without_collections
from relatedstories.text.cleaning import RULES_VERSION, CleanText, clean, clean_event
from relatedstories.text.languages import SAMPLE_CHARS, language_of, language_of_event
from relatedstories.text.segments import clean_segment_numbers
from relatedstories.text.terms import ENGLISH, WITHOUT_SPACES, stem_key
from relatedstories.topics.aliases import learn_names, names_of
from relatedstories.topics.entities import entity_mentions
from relatedstories.topics.kinds import kind as kind_of
from relatedstories.topics.name_candidates import PROBABILITY, name_mentions
from relatedstories.topics.name_table import Name, NameTable, default_names
from relatedstories.topics.names import normalise_name
from relatedstories.topics.pipeline_digest import PipelineDigest
from relatedstories.topics.place_names import place_name
from relatedstories.topics.tagger import BATCH_SIZE, FACTORY, THRESHOLD, TaggedSpan, tag_texts
from relatedstories.topics.tokenizer import TokenizedText, tokenize
from relatedstories.topics.topic import EventTopics, Mention, Topic, Topics, text_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


__all__ = ["THRESHOLD", "TopicExtractor", "model_name"]

MAX_CHARS = 4_000
"""Number of an event's first characters, once cleaned, that topics are extracted from."""

MAX_BATCH_CHARS = 128 * MAX_CHARS
"""Number of characters from which no more events are read together: the arrays of more take too much memory."""

OWN_SEEN = 4
"""Words that occur in at least this many events of a fitted archive, and are rarely linked by its editors, name no topic."""

_MODEL_FILES = (
    "topics/network.npz", "topics/counts.npz", "topics/forms.txt", "topics/names.txt", "topics/words.txt", "topics/patterns.tsv",
    "topics/countries.tsv", "kinds/kinds.npz", "matters/network.npz", "matters/tables.npz", "matters/words.txt",
    "matters/phrases.txt", "matters/names.tsv", "matters/singulars.tsv", "unspaced/ja.tsv", "unspaced/simplified.tsv",
    "unspaced/zh.tsv", "places/endings.tsv", "places/places.tsv", "tokenizer/rules.json", "words/stop_words.tsv",
)  # fmt: skip
"""Files that the model's topics depend on."""

_RULES = b"10"
"""Version of the rules around the model; raised when other topics follow from the same files."""

_RULER = re.compile(r"([^\w\s])\1{20,}")

_MentionRow: TypeAlias = tuple[int, int, str, str, float]
"""A mention: its start and end in characters, and the topic's canonical name, kind and probability."""


class _Found(NamedTuple):
    """A topic: name, kind and probability, and of each mention the start and end in the clean text, and the segment."""

    name: str
    kind: str
    probability: float
    places: Sequence[tuple[int, int]]
    segments: Sequence[int]


class TopicExtractor:
    """Extracts the topics of events.

    Parameters
    ----------
    nlp : spacy.language.Language, optional
        A pipeline to use instead of the topic model. If it has the component ``relatedstories_topics``, the topics are those
        that the component finds; else they are its entities that are people, organisations, places, events, works or products.
    names : NameTable, optional
        The canonical names of a pipeline's entities, and how often editors link them; by default those of the model. A table
        given here also names the topics that editors gave, which otherwise stand as written.
    threshold : float, optional
        Minimum probability that an editor links a topic, 0 to 1: higher for precision, lower for recall. By default
        `THRESHOLD`, or, where no topic of a text reaches it, lower, so that the likeliest are given.
    aliases : mapping of str to iterable of str, or path, optional
        Names of your own: canonical names, each with the other names it goes by, or a file of them
        (`relatedstories.topics.read_aliases`). They apply wherever their words occur, whatever the model finds.
    ignored : iterable of str, default ()
        Topics to leave out, whatever their source: "human".
    language : str, optional
        The code of the language of texts, and of events that say none: "de". By default it is told from each text.

    Raises
    ------
    BadValueError
        If a parameter is invalid.

    Notes
    -----
    Texts are cleaned first (`relatedstories.text.cleaning.clean`), then only their first `MAX_CHARS` characters are read.
    Creating an extractor is cheap: the model is loaded on first use, once per process.

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
        language: str | None = None,
    ) -> None:
        if nlp is not None and not callable(getattr(nlp, "pipe", None)):
            raise BadValueError("TopicExtractor", "nlp", shown(nlp), "a spaCy Language, as spacy.load gives")
        if names is not None and not isinstance(names, NameTable):
            raise BadValueError("TopicExtractor", "names", shown(names), "a NameTable")
        if isinstance(ignored, str) or not isinstance(ignored, Iterable):
            raise BadValueError("TopicExtractor", "ignored", shown(ignored), "names of topics")
        self.language = checked_language("TopicExtractor", language)
        self._nlp = nlp
        self._pipeline_digest = None if nlp is None else PipelineDigest(nlp)
        self._given_names = names
        self.threshold = None if threshold is None else number_within("TopicExtractor", "threshold", threshold, 0, 1)
        self._aliases = [] if aliases is None else names_of(aliases)
        self._learnt: list[Name] = []
        self._ignored: set[str] = set()
        for name in ignored:
            if not isinstance(name, str):
                raise BadValueError("TopicExtractor", "ignored", shown(name), "names of topics")
            self._ignored.add(normalise_name(name))
        self._set_own_names()

    def _set_own_names(self) -> None:
        rows = {name.words: name for name in [*self._learnt, *self._aliases]}  # a user's words go before what is learnt
        self._own = NameTable(rows.values()) if rows else None
        self._alias_table = NameTable(self._aliases) if self._aliases else None

    @property
    def ignored(self) -> frozenset[str]:
        """The keys (`Topic.key`) of topics that are left out."""
        return frozenset(self._ignored)

    @property
    def names(self) -> NameTable:
        """The canonical names of a pipeline's entities."""
        return default_names() if self._given_names is None else self._given_names  # an empty table counts, too

    @property
    def name(self) -> str:
        """A short description of what the topics depend on; saved with an index, so that topics of two extractors never mix."""
        about = [] if self.threshold is None or not self._reads_model else [f"threshold {self.threshold:g}"]
        if self._nlp is not None:
            meta = self._nlp.meta
            about.append(f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}({', '.join(self._nlp.pipe_names)})")
        if self._pipeline_digest is not None:
            about.append(f"pipeline {self._pipeline_digest.hex()}")
        if self._reads_model or self._given_names is None:  # the model has the names of a pipeline's entities
            about.append(f"model {_hex_digest(_model_bytes())}")
        about.append(f"text {RULES_VERSION}")
        if self._given_names is not None:
            about.append(f"names {_hex_digest(repr(sorted(map(repr, self._given_names))).encode())}")
        if self.language is not None:
            about.append(f"language {self.language}")
        if self._own or self._ignored:
            own = repr((sorted(map(repr, self._own or ())), sorted(self._ignored)))
            about.append(f"aliases {_hex_digest(own.encode())}")
        return f"{type(self).__qualname__}: {', '.join(about)}"

    @property
    def _reads_model(self) -> bool:
        return self._nlp is None or FACTORY in getattr(self._nlp, "pipe_factories", {}).values()

    def fit(self, events: Iterable[Event]) -> TopicExtractor:
        """Learn an archive's own names from its editors' topics.

        From events that have topics it learns, in any language that separates words by spaces, the topics' own names, other
        words that occur where a topic is given, and how often they mean it. Learnt names take precedence over the model;
        a second call replaces the names of the first.

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
            If an item is not an Event, or no event has topics.

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
                "fit", "topics", f"{counted(len(events), 'events')} without any", "events to learn from that editors gave topics"
            )
        self._learnt = learn_names(events)
        self._set_own_names()
        return self

    def extract(self, event_or_text: Event | str) -> Topics:
        """Return the topics of one event or text.

        Parameters
        ----------
        event_or_text : Event or str

        Returns
        -------
        tuple of Topic
            In the order of first mention; topics given by an editor, and the heading, come last. No two have the same key.
            It is a `Topics`, which notebooks display and `to_frame` turns into a data frame.

        Raises
        ------
        BadValueError
            If it is neither an Event nor a str.

        Examples
        --------
        >>> TopicExtractor().extract("Angela Merkel meets Iranian envoys in Geneva")
        ('Angela Merkel', 'Iran', 'Geneva')
        """
        return next(self.extract_many([event_or_text]))

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[Topics]:
        """Yield the topics of events or texts, in input order; the results equal those of `extract`.

        Parameters
        ----------
        events : iterable of Event or str

        Yields
        ------
        tuple of Topic

        Examples
        --------
        >>> list(TopicExtractor().extract_many(["Snow in Oslo", "Rain in Wales"]))
        [('Oslo',), ('Wales',)]
        """
        for batch in _batches(several("extract_many", "events", events)):
            with without_collections():
                columns = zip(batch, *self._found_in(batch), strict=True)
                found = [Topics(_topics_of(each, cleaned, text_of(event)), event) for event, cleaned, each in columns]
            yield from found

    def stored_topics(self, events: Iterable[Event]) -> Iterator[EventTopics]:
        """Yield the topics of events as an archive stores them, sooner than `extract_many` gives them.

        Parameters
        ----------
        events : iterable of Event

        Yields
        ------
        EventTopics
        """
        for batch in _batches(events):
            with without_collections():
                _, found = self._found_in(batch)
                stored = [
                    tuple([(name, kind, tuple(of)) for name, kind, _, _, of in each if normalise_name(name)]) for each in found
                ]
            yield from stored

    def _found_in(self, batch: Sequence[Event | str]) -> tuple[list[CleanText], list[list[_Found]]]:
        """Return some events or texts without markup, and their topics."""
        cleaned = [clean_event(event) if isinstance(event, Event) else clean(text_of(event)) for event in batch]
        texts = [_blank_rulers(clean_text.text[:MAX_CHARS]) for clean_text in cleaned]
        languages = [self._language_of(event, each) for event, each in zip(batch, cleaned, strict=True)]
        if self._nlp is None:
            english = [tokenize(text) for text, language in zip(texts, languages, strict=True) if language == ENGLISH]
            tagged = zip(english, tag_texts(english, self.threshold), strict=True) if english else iter(())
            mentions = [
                _in_characters(*next(tagged)) if language == ENGLISH else self._names_in(text, language)
                for text, language in zip(texts, languages, strict=True)
            ]
        else:
            mentions = [self._mentions_of_doc(doc) for doc in self._nlp.pipe(texts)]
        columns = zip(batch, cleaned, mentions, languages, strict=True)
        return cleaned, [self._grouped(clean_text, found, event, language) for event, clean_text, found, language in columns]

    def _language_of(self, event: Event | str, cleaned: CleanText) -> str:
        """Return the language of an event: what it says, what was declared for all, or what its text tells."""
        if isinstance(event, str):
            return language_of(cleaned.text, self.language)
        if cleaned.offsets is None and len(event.text) <= SAMPLE_CHARS:  # it need not be cleaned again
            return language_of(cleaned.text, event.language or self.language)
        return language_of_event(event, self.language)

    def _names_in(self, text: str, language: str) -> list[_MentionRow]:
        """Return the names in a text in another language than English."""
        if self.threshold is not None and self.threshold > PROBABILITY:
            return []
        found: list[_MentionRow] = []
        for start, end, name, kind in name_mentions(text, language):
            place = name if kind == "place" else place_name(name, language)
            found.append((start, end, place or name, "place" if place else kind, PROBABILITY))
        return found

    def _mentions_of_doc(self, doc: Doc) -> list[_MentionRow]:
        if not self._reads_model:
            return entity_mentions(doc, self.names)
        spans = doc.spans["topics"]
        probabilities = spans.attrs["probabilities"]
        pairs = zip(spans, probabilities, strict=True)
        return [(span.start_char, span.end_char, span.kb_id_, span.label_, p) for span, p in pairs if p >= (self.threshold or 0)]

    def _grouped(self, cleaned: CleanText, mentions: list[_MentionRow], of: Event | str, language: str) -> list[_Found]:
        """Return the topics of mentions, with the user's own names and the topics that editors gave."""
        event = of if isinstance(of, Event) else None
        if self._own is not None:
            mentions = self._with_own_names(cleaned.text[:MAX_CHARS], mentions, language)
        gathered: dict[str, tuple[str, str, float, list[tuple[int, int]]]] = {}
        for start, end, name, kind, probability in mentions:
            key = stem_key(normalise_name(name), language)
            if key in gathered:
                gathered[key][3].append((start, end))
            else:
                gathered[key] = (name, kind, probability, [(start, end)])
        if event is not None and (event.topics or event.heading):
            written: set[str] = set()
            for given in [*event.topics, *([event.heading] if event.heading else [])]:
                name = self._name_of_given(given)
                key = stem_key(normalise_name(name), language)
                if key not in written:  # the editor's spelling goes before the text's
                    written.add(key)
                    in_text = gathered.get(key)
                    gathered[key] = (name, in_text[1] if in_text else kind_of(name), 1.0, in_text[3] if in_text else [])
        gathered.pop("", None)
        kept = list(gathered.values())
        if self._ignored:
            kept = [item for item in kept if normalise_name(item[0]) not in self._ignored]
        starts = [start for item in kept for start, _ in item[3]]
        numbers = iter(clean_segment_numbers(cleaned, starts, of_event=event is not None))
        return [_Found(*item, list(itertools.islice(numbers, len(item[3])))) for item in kept]

    def _name_of_given(self, given: str) -> str:
        """Return the name of a topic that an editor gave: as written, unless the user named another for it."""
        for table in (self._alias_table, self._given_names):
            if table is not None and (known := table.known(given)) is not None:
                return known
        return given

    def _with_own_names(self, text: str, mentions: list[_MentionRow], language: str) -> list[_MentionRow]:
        """Return the mentions, with those of the user's own names (longest first) replacing the mentions they overlap."""
        assert self._own is not None
        least = THRESHOLD if self.threshold is None else self.threshold
        covered = bytearray(len(text))
        own: list[_MentionRow] = []
        users = {name.words for name in self._aliases}
        places = self._own.find_within(text) if language in WITHOUT_SPACES or language == "ko" else self._own.find(text)
        order = sorted(places, key=lambda item: (item[2].words not in users, item[0] - item[1], item[0]))
        for start, end, row in order:
            if any(covered[start:end]):
                continue
            if row.probability >= least:
                own.append((start, end, row.canonical, row.kind, row.probability))
            elif row.seen < OWN_SEEN:
                continue
            covered[start:end] = b"\1" * (end - start)
        return sorted([*own, *(mention for mention in mentions if not any(covered[mention[0] : mention[1]]))])


def _batches(events: Iterable[Event | str]) -> Iterator[list[Event | str]]:
    """Yield events in rows of up to `BATCH_SIZE`, fewer of long ones."""
    batch: list[Event | str] = []
    size = 0
    for event in events:
        batch.append(event)
        size += min(MAX_CHARS, len(event.title) + len(event.text) if isinstance(event, Event) else len(str(event)))
        if len(batch) == BATCH_SIZE or size >= MAX_BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _topics_of(found: Iterable[_Found], cleaned: CleanText, raw: str) -> Iterator[Topic]:
    text = cleaned.text
    for name, kind, probability, places, segments in found:
        mentions = [_mention(text[start:end], raw, *cleaned.raw_span(start, end)) for start, end in places]
        yield Topic(name, kind, mentions, probability, segments)


def _mention(words: str, raw: str, start: int, end: int) -> Mention:
    """Return a mention as it is written; its clean words where it is written with markup, line ends or odd spaces."""
    written = raw[start:end]
    if written != words and (
        len(unicodedata.normalize("NFC", written)) != len(words) or any(c.isspace() and c != " " for c in written)
    ):
        written = words
    return Mention(written, start, end)


def _in_characters(text: TokenizedText, found: Iterable[TaggedSpan]) -> list[_MentionRow]:
    """Return the model's mentions with their offsets in characters."""
    starts, tokens = text.starts, text.tokens
    return [(starts[first], starts[end - 1] + len(tokens[end - 1]), name, kind, p) for first, end, name, kind, p in found]


def _blank_rulers(text: str) -> str:
    """Return the text with long runs of one sign blanked, which take spaCy's tokenizer minutes; offsets are unchanged."""
    return _RULER.sub(lambda row: " " * len(row[0]), text)


def _hex_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


@functools.cache
def _model_bytes() -> bytes:
    return b"".join([_RULES, *(path(name).read_bytes() for name in _MODEL_FILES)])


def model_name(extractor: Any) -> str:
    """Return the name of an extractor, or of its class: what its topics depend on."""
    return str(getattr(extractor, "name", type(extractor).__qualname__))
