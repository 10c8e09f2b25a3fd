"""Count the topic model's lexicon and word vectors from linked events and a background archive of texts."""

from __future__ import annotations

import bisect
import collections
import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
import spacy
from sklearn.utils.extmath import randomized_svd

from relatedstories.artefacts import table
from relatedstories.topics.kinds import KINDS, kinds
from relatedstories.topics.lexicon import Lexicon, Pattern, default_countries, form_of, key_of
from relatedstories.topics.names import definitions
from relatedstories.topics.spans import country_pattern
from relatedstories.topics.token_table import TokenTable
from relatedstories.topics.tokenizer import TokenizedText

MEASURED = ("2022", "2023", "2024")
"""Years that are kept for measuring: nothing of them is learnt."""
MAX_FORM = 8  # most tokens in a form
MIN_BACKGROUND = 3  # least number of background events that must define an acronym
MIN_FORM = 5  # least number of background events that must contain a form that nobody linked
MIN_RATE, RATE_SEEN = 0.03, 30  # lower-case forms seen RATE_SEEN times and more are left out if linked at most at this rate
DIMENSIONS = 48
CONTEXTS = 4000
THEMES = 48  # length of the vectors of themes
THEME_WORDS, THEME_LINKS = 12000, 2  # most frequent words, and least links of names, that have a vector of themes
COMMON_WORD = 0.08  # words in more than this share of texts have no theme
MIN_PERSON = 10  # least number of background events that must contain the full name of a person whom nobody linked
MAX_LOWER = 0.2  # words that are in lower case at least this often are in no name of a person
MIN_SHARE = 1 / 3  # least share of the occurrences of a surname that must be of the person whom it may stand for
MIN_PART = 3  # least number of links of a place that a town's name alone may stand for
MAX_PARTS = 3  # most longer names that a form may be a part of
CONTEXTS_OF_NAME = 20  # most mentions per name that decide its kind

ARTICLES = {"the", "a", "an", "The", "A", "An"}
TOKENIZER = spacy.blank("en").tokenizer


class Event(NamedTuple):
    """An event with its editors' links: pairs of words and title."""

    text: TokenizedText
    month: str
    category: str
    links: tuple[tuple[str, str], ...]


class Counts(NamedTuple):
    """Numbers of background events that contain each form: inside a capitalised run, and as a whole run."""

    inside: collections.Counter[str]
    whole: collections.Counter[str]

    def without(self, other: Counts) -> Counts:
        """Return these counts minus those of other events."""
        return Counts(self.inside - other.inside, self.whole - other.whole)


def tokenized(text: str) -> TokenizedText:
    """Return a text with its tokens and their positions."""
    doc = TOKENIZER(text)
    return TokenizedText(text, [token.text for token in doc], [token.idx for token in doc])


def read(path: str, without: Sequence[str] = MEASURED) -> list[Event]:
    """Return the events of a file, but for those of some years, each text once, with renamed titles brought up to date."""
    renamed = dict(table("topics/renamed.tsv"))
    events, known = [], set()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["date"][:4] not in without and row["text"] not in known:
                known.add(row["text"])
                links = tuple((words, renamed.get(title, title).replace("\t", " ")) for words, title in row.get("anchors", ()))
                events.append(Event(tokenized(row["text"]), row["date"][:7], row["category"], links))
    return events


def in_one_number(events: Sequence[Event]) -> list[Event]:
    """Return the events with links to "Airstrikes" moved to "Airstrike", or the other way round where that is more frequent."""
    count = collections.Counter(title for event in events for _, title in event.links)
    moved = {}
    for plural in sorted(count):
        singular = plural.removesuffix("s")
        if singular != plural and singular in count and plural[1:].islower():
            low, high = sorted((singular, plural), key=lambda title: (count[title], title))
            moved[low] = high
    return [event._replace(links=tuple((words, moved.get(title, title)) for words, title in event.links)) for event in events]


def anchor_form(words: str) -> str:
    """Return the form of an anchor: its tokens without an article, a possessive or signs at the ends."""
    forms = [form_of(token.text) for token in TOKENIZER(words.strip())]
    while len(forms) > 1 and (forms[0] in ARTICLES or not forms[0][:1].isalnum()):
        forms = forms[1:]
    while len(forms) > 1 and (forms[-1] == "'s" or not forms[-1][:1].isalnum()):
        forms = forms[:-1]
    return " ".join(forms)


def background_counts(events: Iterable[Event]) -> Counts:
    """Return in how many events each form occurs."""
    inside: collections.Counter[str] = collections.Counter()
    whole: collections.Counter[str] = collections.Counter()
    tokens = TokenTable(_no_lexicon(), {})
    for event in events:
        forms = [form_of(token) for token in event.text.tokens]
        within, all_of = set(), set()
        for start, stop, first, end in tokens.parts_of_runs(event.text):
            within.add(form := " ".join(forms[first:end]))
            if (first, end) == (start, stop):
                all_of.add(form)
        inside.update(within)
        whole.update(all_of)
    return Counts(inside, whole)


def word_vectors(events: Sequence[Event]) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Return the words, most frequent first, the share of each that is in lower case, and their vectors.

    The vectors are left singular vectors, scaled to unit length, of the positive pointwise mutual information between words and
    the frequent words at the four positions around them, with context distribution smoothing (Levy, Goldberg and Dagan 2015).
    """
    count: collections.Counter[str] = collections.Counter()
    lower: collections.Counter[str] = collections.Counter()
    upper: collections.Counter[str] = collections.Counter()
    texts = []
    for event in events:
        forms = [form_of(token) for token in event.text.tokens]
        before = "."
        for form in forms:
            if form[:1].islower():
                lower[form] += 1
            elif form[:1].isupper() and before not in '.!?"':
                upper[form.lower()] += 1
            before = form
        forms = ["<number>" if form[:1].isdigit() else form for form in forms]
        count.update(forms)
        texts.append(forms)
    vocabulary = [word for word, n in count.most_common() if n >= 5 and word.strip()]
    row = {word: i for i, word in enumerate(vocabulary)}
    flat = np.concatenate([np.array([row.get(form, -1) for form in forms] + [-1, -1]) for forms in texts])
    blocks = []
    for distance, weight in ((1, 1.0), (-1, 1.0), (2, 0.5), (-2, 0.5)):
        other = np.roll(flat, distance)
        both = (flat >= 0) & (other >= 0) & (other < CONTEXTS)
        shape = (len(vocabulary), CONTEXTS)
        pairs = scipy.sparse.coo_matrix((np.ones(both.sum()), (flat[both], other[both])), shape=shape).tocsr().tocoo()
        by_word = np.asarray(pairs.sum(1)).ravel()
        by_context = np.asarray(pairs.sum(0)).ravel() ** 0.75
        by_context *= pairs.data.sum() / by_context.sum()
        information = np.log(pairs.data * pairs.data.sum() / (by_word[pairs.row] * by_context[pairs.col]))
        blocks.append(scipy.sparse.csr_matrix((np.maximum(information, 0) * weight, (pairs.row, pairs.col)), shape=shape))
    left, values, _ = randomized_svd(scipy.sparse.hstack(blocks).tocsr(), DIMENSIONS, random_state=0)
    vectors = left * np.sqrt(values)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    share = np.array([0.5] + [(lower[w.lower()] + 0.5) / (lower[w.lower()] + upper[w.lower()] + 1) for w in vocabulary])
    words = {word: i for i, word in enumerate(vocabulary, 1)}
    return words, share.astype(np.float32), np.vstack([np.zeros(DIMENSIONS), vectors]).astype(np.float32)


def word_themes(events: Sequence[Event], words: dict[str, int]) -> np.ndarray:
    """Return a vector for each word, row 0 for unknown words: words that occur in the same texts have similar vectors.

    They are left singular vectors of the positive pointwise mutual information between words and frequent words of the same
    text, scaled to unit length and weighted by inverse document frequency.
    """
    rows = [np.unique(word_rows(event, words)) for event in events]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    shape = (len(rows), len(words) + 1)
    occurs = scipy.sparse.csr_matrix((np.ones(starts[-1], np.float32), np.concatenate(rows), starts), shape=shape)
    number = np.asarray(occurs.sum(0)).ravel()
    telling = number <= COMMON_WORD * len(rows)
    telling[0] = False
    others = np.argsort(-number * telling, kind="stable")[:CONTEXTS]
    by_length = scipy.sparse.diags(1 / np.maximum(np.diff(starts), 1))
    pairs = (occurs.T @ (by_length @ occurs[:, others])).tocoo()
    kept = telling[pairs.row]
    word, other, weight = pairs.row[kept], pairs.col[kept], pairs.data[kept]
    by_word, by_other = np.bincount(word, weight, shape[1]), np.bincount(other, weight, len(others)) ** 0.75
    by_other *= weight.sum() / by_other.sum()
    information = np.maximum(np.log(weight * weight.sum() / (by_word[word] * by_other[other])), 0)
    matrix = scipy.sparse.csr_matrix((information, (word, other)), shape=(shape[1], len(others)))
    left, values, _ = randomized_svd(matrix, THEMES, random_state=0)
    themes = left * np.sqrt(values)
    themes *= (np.log(len(rows) / np.maximum(number, 1)) * telling / (np.linalg.norm(themes, axis=1) + 1e-9))[:, None]
    themes[THEME_WORDS + 1 :] = 0
    return np.round(themes * (63 / np.abs(themes).max())).astype(np.int8)


def word_rows(event: Event, words: dict[str, int]) -> list[int]:
    """Return the rows of an event's words."""
    forms = ["<number>" if form[:1].isdigit() else form for form in map(form_of, event.text.tokens)]
    return [words.get(form, 0) or words.get(form.lower(), 0) for form in forms]


def name_themes(events: Iterable[Event], names: dict[str, int], words: dict[str, int], themes: np.ndarray) -> np.ndarray:
    """Return for each name the direction of the texts from which editors linked it, without the linked words themselves."""
    sums = np.zeros((len(names), themes.shape[1]))
    linked: collections.Counter[str] = collections.Counter()
    wide = themes.astype(np.float64)
    own: dict[str, np.ndarray] = {}
    for event in events:
        total = wide[word_rows(event, words)].sum(0)
        for anchor, title in sorted(set(event.links)):
            if title not in names:
                continue
            if anchor not in own:
                own[anchor] = wide[
                    [words.get(form, 0) or words.get(form.lower(), 0) for form in anchor_form(anchor).split()]
                ].sum(0)
            around = total - own[anchor]
            sums[names[title]] += around / (np.linalg.norm(around) + 1e-9)
        linked.update({title for _, title in event.links if title in names})
    for name, row in names.items():
        if linked[name] < THEME_LINKS:
            sums[row] = 0
    return np.round(sums * (31 / (np.abs(sums).max(1, keepdims=True) + 1e-9))).astype(np.int8)


def parts_of_names(
    names: Mapping[str, int], linked: Mapping[str, Mapping[str, int]], people: Iterable[str], background: Counts
) -> dict[str, list[str]]:
    """Return for each form the names, most linked first, that people shorten to it: surnames, and towns without their state."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for form, title in table("topics/senses.tsv"):
        found[form].append(title)
    for title in sorted(names, key=lambda title: (-names[title], title)):
        base, bracket, _ = title.partition(" (")
        town, comma, _ = base.partition(", ")
        if (
            names[title] >= MIN_PART
            and town[:1].isupper()
            and (bracket or comma)
            and title not in found[form := anchor_form(town)]
        ):
            found[form].append(title)
    inside, whole = background
    by_surname: dict[str, list[tuple[int, str]]] = collections.defaultdict(list)
    known = set(people)
    spelled = {anchor_form(title.partition(" (")[0]): title for title in sorted(known)}
    for form, titles in linked.items():
        title = max(titles, key=lambda title: (titles[title], title))
        if title in known:
            spelled.setdefault(form, title)
    for form, title in sorted(spelled.items()):
        first, _, surname = form.rpartition(" ")
        if first[:1].isupper() and len(surname) > 2 and surname[0].isupper():
            by_surname[surname].append((inside[form], title))
    for surname, of_name in by_surname.items():
        n, title = max(of_name, key=lambda item: (item[0], names.get(item[1], 0), item[1]))
        if n > max(1, whole[surname]) and n >= MIN_SHARE * inside[surname]:  # "Coventry" is rather the town
            found[surname].insert(0, title)
    return {form: titles[:MAX_PARTS] for form, titles in sorted(found.items()) if titles}


def full_names(background: Counts, names: Iterable[str], words: dict[str, int], lower: np.ndarray) -> list[str]:
    """Return the names of two words of people whom nobody linked."""
    known = {anchor_form(name) for name in names}
    forms = []
    for form, n in background.inside.items():
        first, _, last = form.partition(" ")
        if n >= MIN_PERSON and form not in known and first.isalpha() and last.isalpha() and last[1:].islower():
            forms.append(form)
    forms = sorted(form for form in forms if max(lower[words.get(word.lower(), 0)] for word in form.split(" ")) < MAX_LOWER)
    return [form for form, kind in zip(forms, kinds(forms, [() for _ in forms]), strict=True) if kind == "person"]


def _no_lexicon() -> Lexicon:
    """Return a lexicon that knows only the countries."""
    none = np.zeros((0, 4), np.int32)
    return Lexicon(
        forms=(), n_forms=0, counts=none, titles=none[:, :3], names=(), name_counts=none[:, 0], kinds=none[:, 0],
        patterns={}, specials={}, words={}, lower=np.full(1, 0.5, np.float32),
        word_themes=np.zeros((1, 1), np.int8), name_themes=np.zeros((0, 1), np.int8), heads={}, countries=default_countries(),
    )  # fmt: skip


def _variants(form: str) -> Iterable[str]:
    """Yield the singular, plural and other case of a form that ends in lower case."""
    if form[-1:].islower():
        last = form.rpartition(" ")[2]
        for ending, other in (("ies", "y"), ("es", ""), ("s", "")):
            if last.endswith(ending) and len(last) > 4:
                yield form.removesuffix(ending) + other
        if not last.endswith("s"):
            yield form + "s"
        if form != form.lower():
            yield form.lower()
        elif " " in form:
            yield form[0].upper() + form[1:]


def _pattern_of(title: str, country: str) -> str | None:
    """Return the title with the country's name replaced by a placeholder, or None if the name is not in it."""
    countries = default_countries()
    for name in sorted(countries.names[country], key=len, reverse=True):
        match = re.search(rf"(?<!\w)(the )?{re.escape(name)}(?!\w)", title)
        if match:
            return title[: match.start()] + ("{n}" if name == country else "{a}") + title[match.end() :]
    return None


def acronyms(events: Iterable[Event]) -> dict[str, str]:
    """Return the acronyms that at least `MIN_BACKGROUND` texts define alike, as in "International Space Station (ISS)"."""
    defined: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for event in events:
        if "(" in event.text.text:
            for acronym, start, end in definitions(event.text.text):
                defined[acronym][event.text.text[start:end]] += 1
    best = {acronym: max(names.items(), key=lambda item: (item[1], item[0])) for acronym, names in sorted(defined.items())}
    return {acronym: name for acronym, (name, n) in best.items() if n >= MIN_BACKGROUND and 2 * n > defined[acronym].total()}


def lexicon_of(
    events: Sequence[Event],
    background: Counts,
    words: dict[str, int],
    lower: np.ndarray,
    themes: np.ndarray,
    defined: dict[str, str],
) -> Lexicon:
    """Return the lexicon counted from linked events and background counts."""
    countries = default_countries()
    linked: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    names: collections.Counter[str] = collections.Counter()
    patterns: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    specials: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
    heads: collections.Counter[str] = collections.Counter()
    anchors = {words: anchor_form(words) for event in events for words, _ in event.links}
    for event in events:
        pairs = {
            (form, title) for words, title in event.links if any(map(str.isalpha, form := anchors[words])) and len(words) < 100
        }
        names.update({title for _, title in pairs})
        here = {country for _, _, country in countries.find([form_of(token) for token in event.text.tokens])}
        for form, title in pairs:
            linked[form][title] += 1
            parts = form.split()
            if len(parts) > 1 and parts[0][0].isupper() and parts[-1][0].islower():
                heads[parts[-1]] += 1
            found = countries.find(parts)
            if len(found) == 1 and found[0][1] - found[0][0] < len(parts):
                a, b, country = found[0]
                key = country_pattern(parts, 0, len(parts), a, b)
                thing = " ".join(key.replace("of <C>", "").replace("<C>", "").split())
            elif not found:
                thing, key = form.lower(), "~" + form.lower()
                about = [country for country in sorted(here) if _pattern_of(title, country)]
                if len(about) != 1:
                    patterns[key]["-"] += 1
                    continue
                country = about[0]
            else:
                continue
            specials[thing, country][title] += 1
            patterns[key][_pattern_of(title, country) or "-"] += 1
    starts: dict[str, bool] = {}
    for form in linked:
        parts = form.split()
        for i in range(1, min(len(parts), MAX_FORM) + 1):
            starts[" ".join(parts[:i])] = starts.get(" ".join(parts[:i]), False) or i == len(parts)
    seen: collections.Counter[str] = collections.Counter()
    for event in events:
        forms = [form_of(token) for token in event.text.tokens]
        here = set()
        for i in range(len(forms)):
            form = forms[i]
            for j in range(i + 1, len(forms) + 1):
                whole = starts.get(form)
                if whole is None:
                    break
                if whole:
                    here.add(form)
                form = f"{form} {forms[j]}" if j < len(forms) else ""
        seen.update(here)
    rows: dict[str, tuple[int, int, collections.Counter[str]]] = {}
    for form, titles in linked.items():
        n = titles.total()
        if form.count(" ") < MAX_FORM and (seen[form] < RATE_SEEN or n > MIN_RATE * seen[form] or not form.islower()):
            rows[form] = (n, max(n, seen[form]), titles)
    for form, row in sorted(rows.items(), key=lambda item: (-item[1][0], item[0])):
        for variant in _variants(form):
            if variant.rpartition(" ")[2] in words:
                rows.setdefault(variant, row)
    for title in sorted(names, key=lambda title: (-names[title], title)):  # add titles that no anchor spells out
        form = anchor_form(title.partition(" (")[0])
        if form and (" " in form or len(form) > 4) and form.count(" ") < MAX_FORM:
            lowered = form[0].lower() + form[1:]
            for key in (form, lowered) if form[1:].islower() else (form,):
                rows.setdefault(key, (0, 0, collections.Counter({title: 0})))
    for acronym, name in defined.items():
        known = rows.get(anchor_form(name))
        title = min(known[2], key=lambda title: (-known[2][title], title)) if known else name
        names[title] += 0
        rows.setdefault(acronym, (0, 0, collections.Counter({title: 0})))
    people = [name for name, kind in zip(names, _kinds(names, events), strict=True) if KINDS[kind] == "person"]
    people += full_names(background, names, words, lower)
    parts_of = parts_of_names(names, linked, people, background)
    for title in sorted({title for titles in parts_of.values() for title in titles}):
        names[title] += 0
    everything = sorted({*rows, *parts_of, *(form for form, n in background.inside.items() if n >= MIN_FORM)})
    name_rows = {name: i for i, name in enumerate(sorted(names, key=lambda name: (key_of(name), -names[name], name)))}
    counts = np.zeros((len(everything), 4), np.int32)
    title_rows = []
    for i, form in enumerate(everything):
        n, occurs, titles = rows.get(form, (0, 0, collections.Counter()))
        counts[i] = n, occurs, background.inside[form], background.whole[form]
        merged: dict[str, list[Any]] = {}  # merges titles that differ only in case or accents
        for title, count in sorted(titles.items(), key=lambda item: (-item[1], item[0])):
            merged.setdefault(key_of(title), [title, 0])[1] += count
        seldom = n * 10 <= occurs
        longer = [title for title in parts_of.get(form, ()) if seldom or merged.get(key_of(title), [title, 0])[1] * 10 <= n]
        for title in longer:  # they stand whatever the number of their links
            merged.pop(key_of(title), None)
        title_rows += [(i, name_rows[title], count) for title, count in sorted(merged.values(), key=lambda x: (-x[1], x[0]))[:3]]
        title_rows += [(i, name_rows[title], 0) for title in longer]
    known = set(everything)
    prefixes = sorted(
        {" ".join(parts[:i]) for form in rows if " " in form for parts in [form.split(" ")] for i in range(1, len(parts))} - known
    )
    n_names = np.array([names[name] for name in name_rows], np.int32)
    return Lexicon(
        forms=[*everything, *prefixes],
        n_forms=len(everything),
        counts=counts,
        titles=np.array(title_rows, np.int32).reshape(-1, 3),
        names=list(name_rows),
        name_counts=n_names,
        kinds=_kinds(name_rows, events),
        patterns=_most(patterns, 1),
        specials=_most(specials, 1),
        words=words,
        lower=lower,
        word_themes=themes,
        name_themes=name_themes(events, name_rows, words, themes),
        heads={head: n for head, n in sorted(heads.items()) if n > 1},
        countries=countries,
    )


def _kinds(names: Iterable[str], events: Sequence[Event]) -> np.ndarray:
    """Return the kinds of names, classified by spelling and by the words around their mentions."""
    contexts: dict[str, list[str]] = collections.defaultdict(list)
    for event in events:
        tokens, offsets = event.text.tokens, event.text.starts
        for words, title in event.links:
            at = bisect.bisect_left(offsets, event.text.text.find(words))
            if len(contexts[title]) < 3 * CONTEXTS_OF_NAME and at < len(tokens):
                end = bisect.bisect_left(offsets, offsets[at] + len(words))
                contexts[title] += [*["", "", *tokens[:at]][-2:], *tokens[end : end + 1], ""][:3]
    countries = default_countries().names
    found = kinds(list(names), [contexts[name] for name in names])
    return np.array(
        [KINDS.index("place" if name.partition(" (")[0] in countries else kind) for name, kind in zip(names, found, strict=True)],
        np.uint8,
    )


def _most(counted: dict[Any, collections.Counter[str]], least: int) -> dict[Any, tuple[Pattern, ...]]:
    """Return the names of each key, most frequent first, without keys that have no name."""
    result = {}
    for key in sorted(counted):
        found = [(name, n) for name, n in sorted(counted[key].items(), key=lambda item: (-item[1], item[0])) if n >= least]
        if any(name != "-" for name, _ in found):
            result[key] = tuple(found)
    return result
