"""The reason of one link: why two events are related, found only as far as somebody asks."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from relatedstories.events import Event
from relatedstories.index.archive_labels import ArchiveLabels, Term
from relatedstories.ranking.completion import MAX_LABEL_CHARS
from relatedstories.ranking.labels import (
    ALONE,
    BESIDE,
    SECOND,
    TYPICAL,
    Label,
    is_part_without_spaces,
    most_telling_first,
    says_the_same,
)
from relatedstories.ranking.links import MAX_CONTEXTS
from relatedstories.ranking.phrases import (
    Phrase,
    completed_word,
    said_release,
    salient_phrase,
    shared_family,
    shared_phrase,
    shared_site,
    shared_version,
)
from relatedstories.ranking.series import in_series, without_dates
from relatedstories.ranking.shapes import Part, dull_terms, names_a_column, part_of
from relatedstories.text.terms import ENGLISH, WITHOUT_SPACES, terms_of_name
from relatedstories.text.unspaced_words import WITH_TABLES, WITHOUT_WORDS
from relatedstories.topics.topic import Topic

__all__ = ["Reason"]

TITLED = 2.0
"""What a name in the titles of both events counts as, beside those that are in their texts: titles say what texts are about."""

FAR = 2.0
"""How many times as well as a broad topic a phrase must explain a link between articles to come before it."""

AUTHOR = 0.5
"""What a person counts as, beside a phrase of a title, whom only the texts of articles name: many wrote one or are quoted."""

_NUMBER = re.compile(r"(?<![A-Za-z\d])\d+")

_Ranked: TypeAlias = "list[tuple[Label, float]]"
"""Topics with how well each explains a link, the most telling first."""


class Reason:
    """Why an event is related to another one of an archive.

    Most candidates are never shown, and whether a link needs a greater score is mostly clear from the shared topics alone: the
    rest, above all the search for shared phrases, is done for links that are shown.

    Parameters
    ----------
    known : ArchiveLabels
    event : Event
        The event that the link is under.
    other : Event or int
        The event that it leads to, or its number in the archive.
    language : str
        The code of its language.
    columns, products : sequences of int and of float
        The columns that both rows have, rising, and the products of their weights there.
    own : int, optional
        The number in the archive of the event that the link is under.
    """

    __slots__ = (
        *("_columns", "_contexts", "_event", "_has_subject", "_labels", "_language", "_n_terms", "_other", "_own"),
        *("_products", "_ranked", "_known", "_shares", "_terms"),
    )

    def __init__(
        self,
        known: ArchiveLabels,
        event: Event,
        other: Event | int,
        language: str,
        columns: Sequence[int],
        products: Sequence[float],
        own: int | None = None,
    ) -> None:
        first_topic = bisect_left(columns, known.n_terms)
        self._known, self._event, self._own, self._other, self._language = known, event, own, other, language
        self._columns, self._products, self._n_terms = columns, products, first_topic
        labels = known.labels
        self._labels = [labels[column] for column in columns[first_topic:]]
        self._shares: dict[str, float] | None = None
        self._terms: list[Term] | None = None
        self._ranked: _Ranked | None = None
        self._contexts: tuple[str, ...] | None = None
        self._has_subject = False

    @property
    def contexts(self) -> tuple[str, ...]:
        """The labels of the link, best first; the link back has the same."""
        if self._contexts is None:
            known, numbers = self._known.contexts, self._numbers()
            found = None if numbers is None else known.get(numbers)
            if found is None:
                labels = self._with_release(self._completed(self._found_contexts())) or self._said_in_common_words(())
                found = labels, self._has_subject
                if numbers is not None:
                    known.keep(numbers, found)
            self._contexts, self._has_subject = found
        return self._contexts

    def _numbers(self) -> tuple[int, int] | None:
        """Return the numbers of two events of the archive in one language, rising: the link back has the same labels."""
        own, other = self._own, self._other
        if own is None or not isinstance(other, int) or self._known.archive.languages[own] != self._language:
            return None
        return (own, other) if own < other else (other, own)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All shared topics, the most telling first."""
        if len(self._labels) < 2:
            return self._labels[0].only_topic if self._labels else ()
        return tuple([label.topic for label, _ in self._topics_ranked()])

    def is_padding(self, score: float) -> bool:
        """Return whether a score is too low for a reason that says little."""
        floor = self._known.floor
        if not self._labels:
            return score < self._known.least_without_topics
        if score >= ALONE * floor or not any(label.says_little for label in self._labels):
            return False
        if score < BESIDE * floor and self._contexts is None and self._titles() is None:
            telling = [label for label in self._labels if label.tells and self._known.is_shown(label.name)]
            first = self._first_of(telling)
            if first is not None and not first.is_last_resort:  # it is the first context, whatever comes after it
                if first.says_little:
                    return self._subject(telling) is None
                if not self._says_little(first.name):
                    return False
        contexts = self.contexts
        if self._has_subject or not contexts or not self._says_little(contexts[0]):
            return False
        return score < (ALONE if len(contexts) == 1 else BESIDE) * floor

    def _first_of(self, telling: list[Label]) -> Label | None:
        """Return the most telling of some of the shared topics, or one that says as little."""
        if len(telling) < 2 or all(label.says_little and not label.is_last_resort for label in telling):
            return telling[0] if telling else None
        return self._telling()[0][0]

    def _says_little(self, context: str) -> bool:
        return any(label.says_little and label.name == context for label in self._labels)

    def _term_shares(self) -> dict[str, float]:
        """Return the shares of the score of the shared terms."""
        if self._shares is None:
            n, texts = self._n_terms, self._known.texts_of(self._language)
            self._shares = dict(zip([texts[column] for column in self._columns[:n]], self._products[:n], strict=True))
        return self._shares

    def _topics_ranked(self) -> _Ranked:
        """Return the shared topics, most telling first."""
        if self._ranked is None:
            pairs = zip(self._labels, self._products[self._n_terms :], strict=True)
            self._ranked = most_telling_first(pairs, self._term_shares()) if self._labels else []
        return self._ranked

    def _telling(self) -> _Ranked:
        """Return the shared topics that may be labels, most telling first."""
        return [(label, value) for label, value in self._topics_ranked() if label.tells and self._known.is_shown(label.name)]

    def _found_contexts(self) -> tuple[str, ...]:
        titles = self._titles()
        series = None
        if titles is not None:
            is_same = titles[0].casefold() == titles[1].casefold()
            if is_same and self._names_a_column(titles[0]):
                return (titles[0],)
            series, ours, theirs = in_series(*titles)
            is_told = not is_same or self._known.archive.is_rare_title(titles[0])
            if is_told and (titled := self._titled(ours, theirs)):
                return _shown(titled)
            if said := self._said_by_a_title(*titles):
                return _shown(said)
        labels, is_shown = self._labels, self._known.is_shown
        if series is None and len(labels) == 1 and labels[0].tells and not labels[0].is_broad and not labels[0].is_place:
            # Many links share a single topic.
            return (labels[0].name,) if is_shown(labels[0].name) else ()
        telling = self._telling()
        is_enough = bool(telling) and not telling[0][0].is_broad
        if is_enough:  # but where it was may be said beside what happened
            telling = telling[:1] + [each for each in telling[1:] if each[0].is_matter and not telling[0][0].is_matter]
        chosen = [(label.name, value) for label, value in telling]
        if not is_enough or telling[0][0].is_place:
            # A topic is surer than a subject or a phrase, unless it is only an office or a people.
            place = int(bool(telling) and not telling[0][0].is_last_resort)
            beside = [label for label, _ in telling]
            subject = self._subject(beside)
            if subject is not None:
                self._has_subject = True
                chosen.insert(place, (subject, math.inf))
            if not is_enough and (subject is None or not telling):
                phrase, comes_first = self._phrase_beside(telling, subject, titles, series)
                if phrase is not None:
                    chosen.insert(0 if comes_first else place, (phrase.text, phrase.share))
        if series is not None and is_shown(series):
            chosen = [each for each in chosen if each[0] not in series]
            if not chosen:
                chosen = [(name, 0.0) for name in self._said_in_common_words(terms_of_name(series, self._language))]
            if not chosen or (telling and chosen[0][0] == telling[0][0].name and telling[0][0].topic.kind == "person"):
                chosen.insert(0, (series, 0.0))  # who is named in all articles of a series hardly tells two of them
        return _shown(chosen) if chosen else ()

    def _said_by_a_title(self, ours: str, theirs: str) -> list[tuple[str, float]]:
        """Return a phrase of one title that both texts say, and the most telling topic, with how well each explains the link.

        Nothing where the phrase does not say more, or where a title has the topic or editors gave it, which is their own reason.
        """
        telling = self._telling()
        if not telling or telling[0][0].is_given:
            return []
        label, value = telling[0]
        needed = value
        titles = [_terms_of_title(title, self._language) for title in (ours, theirs)]
        if label.topic.kind == "person":
            needed *= AUTHOR
            is_titled = any(not title.isdisjoint(label.terms) for title in titles)  # a title may say but the surname
        else:
            is_titled = any(title.issuperset(label.terms) for title in titles)
        told, *_ = self._told_terms(label.terms)
        most = max([sum([told.get(term, 0.0) for term in title]) for title in titles])
        if is_titled or TYPICAL * most <= needed:  # as it is for most
            return []
        phrase = self._phrase([label])
        if phrase is None or not self._says_more(phrase, label, needed):
            return []
        terms = terms_of_name(phrase.text, self._language)
        is_noun = (
            phrase.n_words > 1 or _has_signs(phrase.text) or phrase.text.isupper() or self._is_said_in_lower_case(phrase.text)
        )
        is_in_title = any(title.issuperset(terms) for title in titles)
        return [(phrase.text, phrase.share), (label.name, value)] if is_noun and is_in_title else []

    def _said_in_common_words(self, silent: Collection[str]) -> tuple[str, ...]:
        """Return several words of a title that both articles say, though each is common in the archive: "customer experience".

        Nothing where each is in most of its events, as "Rust team" is in a blog on Rust.

        Parameters
        ----------
        silent : collection of str
            Terms that count nothing.
        """
        if self._titles() is None or self._language in WITHOUT_WORDS:
            return ()
        archive = self._known.archive
        told, matters, _ = self._told_terms(silent, TYPICAL)
        texts, most = self._known.texts_of(self._language), archive.n_events_by_language.get(self._language, 0) / 2
        in_most = {texts[column] for column in self._columns[: self._n_terms] if archive.term_events[column] > most}
        if in_most.issuperset(told):
            return ()
        ours, theirs = map(archive.own_parts, self._events)
        for one, other in ((ours, theirs), (theirs, ours)):  # it is written as in the title
            phrase = salient_phrase(one, other, told, self._language, matters)
            terms = terms_of_name(phrase.text, self._language) if phrase is not None and phrase.n_words > 1 else []
            if phrase is None or in_most.issuperset(terms) or not self._known.is_shown(phrase.text):
                return ()
            if _terms_of_title(one[0], self._language).issuperset(terms):
                return (phrase.text,)
        return ()

    def _is_said_in_lower_case(self, word: str) -> bool:
        """Return whether a text has a word in lower case, too: "mirrors", not "Catalan", which may be a people's name."""
        pattern = rf"\b{re.escape(word.lower())}\b"
        parts = map(self._known.archive.own_parts, self._events)
        return any(re.search(pattern, text) for part in parts for text in part)

    def _phrase_beside(
        self, telling: _Ranked, subject: str | None, titles: tuple[str, str] | None, series: str | None
    ) -> tuple[Phrase | None, bool]:
        """Return a phrase that says what the shared topics do not, given the most telling first, and whether it says far more."""
        beside = [label for label, _ in telling]
        is_told = any(label.is_matter for label in beside)  # what happened, or to what
        phrase = self._phrase(beside) if titles is not None or not is_told else None
        if phrase is None:
            return None, False
        if titles is not None and telling and self._says_more(phrase, telling[0][0], FAR * telling[0][1]):
            return phrase, True
        is_sure = phrase.n_words > 1 or (subject is None and (titles is None or self._is_about(phrase.text, *titles, series)))
        return (phrase if is_sure and not is_told else None), False

    def _says_more(self, phrase: Phrase, label: Label, value: float) -> bool:
        """Return whether a phrase surely explains a link between articles better than a topic."""
        is_sure = phrase.n_words > 1 or (self._is_name(phrase.text) and (not label.is_matter or _has_signs(phrase.text)))
        has_acronym = any(word.isupper() and says_the_same(word, label.name) for word in phrase.text.split())
        says_more = is_sure and TYPICAL * phrase.share > value
        return says_more and not (has_acronym or says_the_same(phrase.text, label.name))

    def _with_release(self, contexts: tuple[str, ...]) -> tuple[str, ...]:
        """Return labels with the release that two articles are about.

        If both titles are about releases of one family, that comes in place of its name, else after what is new.
        """
        titles = self._titles()
        family = None if titles is None else shared_family(*titles, self._language)
        if titles is not None and family is None:
            return self._with_said_release(contexts, titles)
        if family is None or not self._known.is_shown(family) or any(_has_all_of(name, family) for name in contexts):
            return contexts
        more = [name for name in contexts if not _has_all_of(family, name)]
        if contexts and len(more) == len(contexts):
            return (*contexts, family)[:MAX_CONTEXTS]
        return (family, *more)

    def _with_said_release(self, contexts: tuple[str, ...], titles: tuple[str, str]) -> tuple[str, ...]:
        """Return labels with the release that one title names and the other article says, in place of its name."""
        if not any(map(_NUMBER.search, titles)):
            return contexts
        texts = [*map(self._known.archive.own_text, self._events)]
        for title, other_title, other_text in zip(titles, titles[::-1], texts[::-1], strict=True):
            release = said_release(title, other_title, other_text, self._language)
            if release is not None and contexts:
                name, _, number = release.rpartition(" ")
                shorter, longer = sorted((name, contexts[0]), key=len)
                if not f" {longer}".endswith(f" {shorter}"):
                    continue
                if not any(map(str.islower, longer.split())):  # "openSUSE Leap", not "development of Leap"
                    release = f"{longer} {number}"
            if release is not None and self._known.is_shown(release):
                return (release, *contexts[1:])
        return contexts

    def _completed(self, contexts: tuple[str, ...]) -> tuple[str, ...]:
        """Return labels with the name that a single word, which comes first, is mostly part of in two articles."""
        if not contexts or " " in contexts[0] or self._language != ENGLISH or self._titles() is None:
            return contexts
        word, *more = contexts
        if any(label.name == word and label.topic.kind in ("place", "person") for label in self._labels):
            return contexts
        archive = self._known.archive
        one, other = map(archive.own_parts, self._events)
        name = completed_word(one, other, word)
        return (name, *(each for each in more if not says_the_same(each, name))) if self._known.is_shown(name) else contexts

    def _titles(self) -> tuple[str, str] | None:
        """Return the titles of both events; None unless both also have a text, without which the title is all of it."""
        if not (self._event.title and self._event.text):  # mostly so, and sooner found than parts
            return None
        if not all(event.title and event.text for event in self._events):
            return None
        (ours, our_text), (theirs, their_text) = map(self._known.archive.own_parts, self._events)
        return (ours, theirs) if ours and our_text and theirs and their_text else None

    def _names_a_column(self, title: str) -> bool:
        """Return whether a title that articles share names them: "Planet News"."""
        if len(title) > MAX_LABEL_CHARS or self._language in WITHOUT_SPACES or not names_a_column(title, self._language):
            return False
        return self._known.is_shown(title) and self._known.archive.is_rare_title(title)

    def _titled(self, ours: str, theirs: str) -> list[tuple[str, float]]:
        """Return what two titles name, with how well it explains the link, the most telling first.

        Nothing where titles share no more than a place, or where a topic of the texts says more.
        """
        in_both = _terms_of_title(ours, self._language) & _terms_of_title(theirs, self._language)
        if not in_both:
            return []
        telling = self._telling()
        named = [
            (label.name, value if label.topic.kind == "concept" else TITLED * value)
            for label, value in self._topics_ranked()
            if label.tells_in_titles
            and not (label.says_little or label.is_place)
            and in_both.issuperset(label.terms)
            and _numbers(label.name) <= _numbers(ours) & _numbers(theirs)
        ]
        phrase = self._title_phrase(ours, theirs)
        if phrase is not None:
            fuller = [label.name for label, _ in telling if _has_all_of(label.name, phrase.text)]
            fuller = [name for name in fuller if name.casefold() == phrase.text.casefold()] or fuller
            value = TYPICAL * phrase.share * (1 if phrase.text.islower() else TITLED)
            parts = [each for name, each in named if phrase.n_words > 1 and _has_all_of(phrase.text, name)]  # it says more
            named.insert(0, ([*fuller, phrase.text][0], max([value, *parts])))
        for name in filter(None, (shared_version(ours, theirs), shared_site(ours, theirs))):
            shares = self._term_shares()
            told = sum([shares.get(term, 0.0) for term in terms_of_name(name, self._language)])
            named.append((name, TITLED * TYPICAL * TYPICAL * told))
        named = [(name, value) for name, value in named if self._known.is_shown(name)]
        named.sort(key=lambda each: -each[1])
        is_name = phrase is None or not phrase.text.islower()  # a place may say more than a noun, but not than a name
        strongest = [value for label, value in telling if not (label.says_little or (label.is_place and is_name))]
        if phrase is not None and self._is_column(phrase.text, ours, theirs):
            named.insert(0, (phrase.text, max([*strongest, *(value for _, value in named)])))
        elif not named or (strongest and named[0][1] < strongest[0]):
            return []
        return named + [(label.name, value) for label, value in telling if TITLED * value >= named[0][1]]

    def _is_column(self, name: str, ours: str, theirs: str) -> bool:
        """Return whether several words name what two titles are issues of, as these differ in numbers and dates alone."""
        if " " not in name or any(map(str.isdigit, name)) or not self._known.is_shown(name):
            return False
        return without_dates(ours, self._language) == without_dates(theirs, self._language)

    def _title_phrase(self, title: str, other_title: str) -> Phrase | None:
        """Return the phrase that both titles have and that says most; common words may be part of it.

        A single word must be a name that is not common, or part of what says most in the texts; a subject says more than that.
        """
        verbs_are_known = self._language == ENGLISH or self._language in WITH_TABLES
        of_common = TYPICAL / TITLED if verbs_are_known else 0.0
        told, matters, common = self._told_terms((), of_common)
        phrase = shared_phrase(title, other_title, told, self._language, matters)
        if phrase is None or phrase.n_words > 1 or self._language in WITHOUT_WORDS:
            return phrase
        in_texts = self._phrase(()) if self._language == ENGLISH else None
        if in_texts is not None and f" {phrase.text} ".casefold() in f" {in_texts.text} ".casefold():
            phrase, is_about = in_texts._replace(share=max(in_texts.share, phrase.share)), True
        else:
            is_about = self._is_name(phrase.text) and not common.issuperset(terms_of_name(phrase.text, self._language))
        subject = None if phrase.n_words > 1 else self._subject(())
        says_less = subject is not None and (phrase.text.casefold() in subject.casefold() or not self._is_name(phrase.text))
        return phrase if is_about and not says_less else None

    def _is_about(self, word: str, ours: str, theirs: str, series: str | None) -> bool:
        """Return whether a word says what articles are about: a name, or a noun in a title; a series says more."""
        terms = terms_of_name(word, self._language)
        in_title = any(_terms_of_title(title, self._language).issuperset(terms) for title in (ours, theirs))
        return (self._is_name(word) or in_title) and not (series is not None and self._is_told(series))

    def _is_told(self, name: str) -> bool:
        """Return whether a name has a shared term that is not common."""
        told, *_ = self._told_terms(())
        return any(told.get(term) for term in terms_of_name(name, self._language))

    def _is_name(self, word: str) -> bool:
        """Return whether a word is a name, or in Chinese or Japanese a noun that says as much."""
        part = part_of(word, self._language, False)
        return part is Part.NAME or (part is Part.MATTER and self._language in WITH_TABLES)

    def _subject(self, beside: Iterable[Label]) -> str | None:
        """Return the narrowest subject that both events have, where no shared topic says what happened or to what."""
        if self._language != ENGLISH or any(label.is_kind_of_news or label.topic.kind == "thing" for label in beside):
            return None
        subjects = self._known.archive.subjects
        one, other = self._events
        if not (ours := subjects(one)):
            return None
        theirs = subjects(other)
        return next((subject for subject in ours if subject in theirs and self._known.is_shown(subject)), None)

    @property
    def _events(self) -> tuple[Event, Event]:
        """Both events, in the order of their ids, so that the link back has the same labels."""
        event, other = self._event, self._other
        if isinstance(other, int):
            other = self._known.archive.events[other]
        return (event, other) if event.id <= other.id else (other, event)

    def _phrase(self, beside: Sequence[Label]) -> Phrase | None:
        """Return the phrase that both events have and that says most beside other labels."""
        archive = self._known.archive
        told, matters, _ = self._told_terms({term for label in beside for term in label.terms})
        if not any(told.values()):
            return None
        if self._titles() is not None and self._language not in WITHOUT_WORDS:
            a, b = map(archive.own_parts, self._events)
            phrase = salient_phrase(a, b, told, self._language, matters)
        else:
            ours, theirs = map(archive.own_text, self._events)
            phrase = shared_phrase(ours, theirs, told, self._language, matters)
        return phrase if phrase is not None and self._known.is_shown(phrase.text) else None

    def _told_terms(self, silent: Collection[str], of_common: float = 0.0) -> tuple[dict[str, float], list[str], set[str]]:
        """Return what each shared term counts in a phrase, which of them may be one alone, and which are common.

        Parameters
        ----------
        silent : collection of str
            Terms that count nothing.
        of_common : float, default 0
            What a share counts as if it is a common term's.
        """
        if self._terms is None:
            terms = self._known.terms_of(self._language)
            self._terms = [terms[column] for column in self._columns[: self._n_terms]]
        found = list(zip(self._terms, self._products, strict=False))
        common: set[str] = set()
        if of_common:
            common = {text for text, factor, _ in self._terms if not factor and text not in dull_terms()}
            found = [((text, of_common if text in common else factor, known), share) for (text, factor, known), share in found]
        told = {text: share * factor for (text, factor, _), share in found}
        told.update(dict.fromkeys(told.keys() & silent, 0.0))
        return told, [text for text, _, is_known in self._terms if is_known], common


def _shown(chosen: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """Return the labels of a link, given names with how well each explains it, best first."""
    first, least = chosen[0]
    is_said = [says_the_same(name, first) or is_part_without_spaces(name, first) for name, _ in chosen[1:]]
    more = [name for (name, value), said in zip(chosen[1:], is_said, strict=True) if value >= SECOND * least and not said]
    return (first, *more)[:MAX_CONTEXTS]


def _has_all_of(name: str, phrase: str) -> bool:
    """Return whether a name has all words of a phrase, in either number, or the phrase as part of its words."""
    is_part = re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", name, re.IGNORECASE) is not None
    return is_part or (name.count(" ") >= phrase.count(" ") and says_the_same(phrase, name))


def _has_signs(word: str) -> bool:
    """Return whether a word is surely a name, with a digit or a capital within: "openFDA", not "English" or "FEMA"."""
    return any(map(str.isdigit, word)) or (any(map(str.isupper, word[1:])) and not word.isupper())


def _numbers(name: str) -> set[str]:
    return set(_NUMBER.findall(name))


@lru_cache(1 << 12)
def _terms_of_title(title: str, language: str) -> frozenset[str]:
    return frozenset(terms_of_name(title, language))
