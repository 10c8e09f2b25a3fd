"""Count the tables of the model of matters from WordNet, linked events and a background archive of texts."""

from __future__ import annotations

import collections
import gzip
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse
from sklearn.utils.extmath import randomized_svd
from wordnet import N_FILES, WordNet, depth, shares_of_files

from relatedstories.artefacts import path
from relatedstories.topics.lexicon import form_of, key_of
from relatedstories.topics.matter_candidates import MAX_WORDS, MatterFinder
from relatedstories.topics.matter_tables import HEAD, LOWERED, MODIFIER, MatterTables, lemma_of, scaled
from relatedstories.topics.tokenizer import TokenizedText, tokenize

LAST_OF_BACKGROUND = "2021"
MIN_WORD, MIN_PHRASE, MIN_VECTOR = 3, 6, 8  # least numbers of background events with a word, a phrase, a word with a vector
DIMENSIONS, CONTEXTS = 16, 3000
PRIOR = 0.02  # share of phrases that are linked, about
BREAKING = frozenset(path("matters/breaking.txt").read_text(encoding="utf-8").split())  # words that are in no phrase


class Event(NamedTuple):
    """An event with its editors' links: pairs of words and title."""

    text: TokenizedText
    quarter: str
    category: str
    links: tuple[tuple[str, str], ...]


def read(path: str, last_year: str = "9999", excluded: str = "2022") -> Iterator[Event]:
    """Yield the events up to a year and not of another, each text once."""
    known = set()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            year = row["date"][:4]
            if year <= last_year and year != excluded and row["text"] not in known:
                known.add(row["text"])
                quarter = f"{year}-{(int(row['date'][5:7]) - 1) // 3}"
                yield Event(tokenize(row["text"]), quarter, row.get("category") or "", tuple(map(tuple, row.get("anchors", ()))))


def comparable(name: str) -> str:
    """Return a name in the form in which titles are compared: without bracket, article, signs and case."""
    return "".join(char for char in key_of(name.partition(" (")[0]) if char.isalnum() or char == " ").removeprefix("the ")


def form_of_anchor(words: str) -> str:
    """Return the words of a link as a phrase: its tokens in lower case without an article; "" if it has capitals or signs."""
    forms = [form_of(token) for token in tokenize(words.strip()).tokens]
    if forms and forms[0].lower() in ("the", "a", "an"):
        forms = forms[1:]
    phrase = " ".join(forms)
    return phrase if phrase.islower() and phrase.replace(" ", "").replace("-", "").isalpha() else ""


def is_matter(title: str) -> bool:
    """Return whether a title is written like a common noun: "Drone strike"."""
    core = title.partition(" (")[0]
    return core[:1].isupper() and core[1:] == core[1:].lower() and not any(map(str.isdigit, core)) and len(core) > 2


class Background(NamedTuple):
    """What the background tells of words and phrases."""

    n_events: int
    words: collections.Counter[str]
    phrases: collections.Counter[str]
    usage: dict[str, list[int]]
    vectors: dict[str, np.ndarray]


def permissive(net: WordNet) -> MatterTables:
    """Return tables that know only which words break phrases."""
    words = sorted(BREAKING)
    rows = {word: i for i, word in enumerate(words)}
    plurals = dict(net.plurals)
    none = np.zeros((1, 5), np.int8)  # as many columns as the finder reads
    return MatterTables(rows, [0] * len(words), plurals, none, {}, none, {})


class Runs(MatterFinder):
    """All phrases of a text, whatever is known of them."""

    def phrases(self, text: TokenizedText, net: WordNet) -> set[str]:
        ids, numbers, begin = self._tokens([text])
        tokens = [self._words[i] for i in ids.tolist()]
        first, end, run = (column.tolist() for column in self._words_of_runs([text], begin, numbers))
        found = set()
        for a in range(len(first)):
            for b in range(a, min(len(first), a + MAX_WORDS)):
                if run[b] == run[a]:
                    found.add(singular_phrase(" ".join(tokens[first[a] : end[b]]), net))
        return found


def singular_phrase(phrase: str, net: WordNet) -> str:
    head, space, last = phrase.rpartition(" ")
    return head + space + singular(last, net)


def singular(word: str, net: WordNet) -> str:
    """Return the singular of a word; of a word that WordNet has as it is, the word."""
    if word in net.plurals:
        return net.plurals[word]
    lemma = lemma_of(word)
    if word in net.senses and not (lemma in net.senses and lemma != word and net.tagged[word] <= net.tagged[lemma]):
        return word
    return lemma


DETERMINERS = frozenset((
    "the", "a", "an", "his", "her", "its", "their",
    "our", "this", "that", "these", "those", "some", "any", "no",
))  # fmt: skip
ENDS = frozenset((
    "of", "in", "on", "at", "by", "for", "from", "with", "against", "during", "after", "before", "and",
    "or", ",", ".", ";", ":", ")", "over", "as", "is", "are", "was", "were", "has", "have",
))  # fmt: skip
OBJECTS = frozenset(("the", "a", "an", "his", "her", "its", "their", "him", "them", "it"))


def background_of(path: str, net: WordNet) -> Background:
    runs = Runs(permissive(net))
    words: collections.Counter[str] = collections.Counter()
    upper: collections.Counter[str] = collections.Counter()
    phrases: collections.Counter[str] = collections.Counter()
    usage: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    texts = []
    for event in read(path, LAST_OF_BACKGROUND):
        forms = [form_of(token) for token in event.text.tokens]
        lowered = {form for form in forms if form.islower() and form.isalpha()}
        words.update(lowered)
        upper.update(
            {
                form.lower()
                for form, before in zip(forms[1:], forms, strict=False)
                if form[:1].isupper() and before not in ".!?\"'“:"
            }
        )
        phrases.update(runs.phrases(event.text, net))
        padded = [".", *forms, "."]
        for i, form in enumerate(forms):
            if form in lowered:
                row = usage[form]
                row[0] += 1
                row[1] += padded[i].lower() in DETERMINERS
                row[2] += padded[i] == "to"
                row[3] += padded[i + 2] in OBJECTS
                row[4] += padded[i + 2] in ENDS
        texts.append([form.lower() for form in forms])
    vectors = vectors_of(texts)
    usage = {word: [*row, upper[word]] for word, row in usage.items()}
    return Background(
        len(texts), words, collections.Counter({p: n for p, n in phrases.items() if n >= MIN_PHRASE}), usage, vectors
    )


def vectors_of(texts: Sequence[Sequence[str]]) -> dict[str, np.ndarray]:
    """Return vectors of words: singular vectors of the positive pointwise mutual information with words near them."""
    count = collections.Counter(form for forms in texts for form in forms)
    vocabulary = [word for word, n in count.most_common() if n >= MIN_VECTOR and (word.isalpha() or n > 1000)]
    row = {word: i for i, word in enumerate(vocabulary)}
    flat = np.concatenate([np.array([row.get(form, -1) for form in forms] + [-1, -1]) for forms in texts])
    blocks = []
    for distance, weight in ((1, 1.0), (-1, 1.0), (2, 0.5), (-2, 0.5)):
        other = np.roll(flat, distance)
        both = (flat >= 0) & (other >= 0) & (other < CONTEXTS)
        shape = (len(vocabulary), CONTEXTS)
        pairs = scipy.sparse.coo_matrix((np.ones(both.sum()), (flat[both], other[both])), shape=shape).tocsr().tocoo()
        by_word, by_context = np.asarray(pairs.sum(1)).ravel(), np.asarray(pairs.sum(0)).ravel() ** 0.75
        by_context *= pairs.data.sum() / by_context.sum()
        information = np.log(pairs.data * pairs.data.sum() / (by_word[pairs.row] * by_context[pairs.col]))
        blocks.append(scipy.sparse.csr_matrix((np.maximum(information, 0) * weight, (pairs.row, pairs.col)), shape=shape))
    left, values, _ = randomized_svd(scipy.sparse.hstack(blocks).tocsr(), DIMENSIONS, random_state=0)
    vectors = left * np.sqrt(values)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    return {word: vectors[i] for word, i in row.items()}


class Linked(NamedTuple):
    """Counts of some linked events."""

    linked: collections.Counter[str]  # phrases
    seen: collections.Counter[str]
    titles: dict[str, collections.Counter[str]]  # of a phrase, as written and in the singular
    names: collections.Counter[str]


def facts_of(events: Sequence[Event], net: WordNet) -> list[tuple[set[str], list[tuple[str, str, str]], list[str]]]:
    """Return for each event its phrases, the links of phrases (as written, in the singular, title), and the titles."""
    runs = Runs(permissive(net))
    result = []
    for event in events:
        links = []
        for words, title in event.links:
            form = form_of_anchor(words)
            if form:
                links.append((form, singular_phrase(form, net), title))
        phrases = runs.phrases(event.text, net) | {phrase for _, phrase, _ in links}
        result.append((phrases, links, [title for _, title in event.links]))
    return result


def linked_of(facts: Iterable[tuple[set[str], list[tuple[str, str, str]], list[str]]]) -> Linked:
    linked: collections.Counter[str] = collections.Counter()
    seen: collections.Counter[str] = collections.Counter()
    names: collections.Counter[str] = collections.Counter()
    titles: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for phrases, links, all_titles in facts:
        seen.update(phrases)
        linked.update({phrase for _, phrase, title in links if is_matter(title)})
        names.update({title for title in all_titles if is_matter(title)})
        for form, phrase, title in links:
            titles[form][title] += 1
            if phrase != form:
                titles[phrase][title] += 1
    return Linked(linked, seen, titles, names)


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def rate(linked: float, seen: float, prior: float = PRIOR, weight: float = 4) -> float:
    """Return the log odds of a share, drawn to a prior."""
    return logit((linked + prior * weight) / (max(seen, linked) + weight + 0.5))


def tables_of(linked: Linked, background: Background, net: WordNet) -> MatterTables:
    """Return the tables that counts give."""
    # how often phrases of a class are linked: each synset and those above it get the links of their words
    class_linked: collections.Counter[str] = collections.Counter()
    class_seen: collections.Counter[str] = collections.Counter()
    as_head: dict[str, list[float]] = collections.defaultdict(lambda: [0, 0])
    as_modifier: dict[str, list[float]] = collections.defaultdict(lambda: [0, 0])
    for phrase, n in linked.seen.items():
        n_linked = linked.linked[phrase]
        parts = phrase.split(" ")
        sense_of = phrase if phrase in net.senses else parts[-1]
        # a frequent phrase counts less than in proportion: its class should tell of others
        n_seen, n_here = math.sqrt(n), n_linked / math.sqrt(n)
        for at, _ in net.ancestors(net.senses[sense_of][0]) if sense_of in net.senses else ():
            class_linked[at] += n_here
            class_seen[at] += n_seen
        as_head[parts[-1]][0] += n_here * (len(parts) > 1)
        as_head[parts[-1]][1] += n_seen * (len(parts) > 1)
        if len(parts) > 1:
            as_modifier[parts[0]][0] += n_here
            as_modifier[parts[0]][1] += n_seen

    def class_rate(word: str, own_linked: float = 0, own_seen: float = 0) -> float:
        if word not in net.senses:
            return logit(PRIOR)
        chain = list(net.ancestors(net.senses[word][0]))
        share = PRIOR
        for at, _ in reversed(chain):
            n, k = class_seen[at] - own_seen, class_linked[at] - own_linked
            share = (max(k, 0) + 8 * share) / (max(n, 0, k) + 8)
        return logit(min(max(share, 1e-4), 1 - 1e-4))

    known = {word for word, n in background.words.items() if n >= MIN_WORD} | {word for word in net.senses if " " not in word}
    known |= {singular(word, net) for word in known}
    known = {word for word in known if word.isascii() and word.isalpha() and len(word) > 1} | BREAKING
    words = sorted(known)
    roles, numbers = [], []
    for word in words:
        is_noun, is_verb = word in net.senses or singular(word, net) in net.senses, net.is_verb(word)
        is_adjective, is_adverb = word in net.adjectives, word in net.adverbs
        unknown = not (is_noun or is_verb or is_adjective or is_adverb)
        named = linked.linked[singular(word, net)] > 1  # "capsizes": verbs, too, are linked to matters
        head = is_noun or unknown or named or word.endswith("ing")
        modifier = head or is_adjective or word.endswith("ed")
        lower_count = background.words[word]
        if word in BREAKING or (background.usage.get(word, [0] * 6)[5] > 3 * lower_count + 2 and unknown):
            head = modifier = False
        upper_count = background.usage.get(word, [0] * 6)[5]
        lowered = head and (lower_count > 2 * upper_count and lower_count >= MIN_WORD)
        roles.append(HEAD * head | MODIFIER * modifier | LOWERED * lowered)
        total, determiner, infinitive, objects, ends, _ = background.usage.get(word, [0] * 6)
        own = linked.seen[word]
        own_seen, own_linked = (math.sqrt(own), linked.linked[word] / math.sqrt(own)) if own else (0, 0)
        vector = background.vectors.get(word)
        numbers.append(
            [
                math.log1p(lower_count) / 2,
                4 * determiner / (total + 2), 6 * infinitive / (total + 2), 4 * objects / (total + 2), 3 * ends / (total + 2),
                is_noun, is_verb, is_adjective or is_adverb,
                *(vector * 3 if vector is not None else [0.0] * DIMENSIONS),
                math.log1p(len(net.senses.get(word, ()))), math.log1p(net.tagged.get(word, 0)),
                depth(net, word) if word in net.senses else 0,
                class_rate(word, own_linked, own_seen),
                math.log1p(as_head[word][0]) if word in as_head else 0, rate(*as_head[word]) if word in as_head else logit(PRIOR),
                math.log1p(as_modifier[word][0]) if word in as_modifier else 0,
                rate(*as_modifier[word]) if word in as_modifier else logit(PRIOR),
                *(shares_of_files(net, word) if word in net.senses else [0.0] * N_FILES),
            ]
        )  # fmt: skip
    unknown_row = np.zeros(len(numbers[0]))
    unknown_row[[DIMENSIONS + 11, DIMENSIONS + 13, DIMENSIONS + 15]] = logit(PRIOR)
    word_numbers = scaled(np.array([*numbers, unknown_row]))

    name_of: dict[str, str] = {}
    known_names = {}
    for name in sorted(linked.names, key=lambda name: (linked.names[name], name)):
        known_names[comparable(name)] = name
    for phrase, titles in linked.titles.items():
        good = [(n, title) for title, n in titles.items() if is_matter(title) and (n > 1 or _alike(title, phrase))]
        if good:
            own = comparable(phrase)
            # the phrase itself, where that is linked nearly as often
            name_of[phrase] = max(good, key=lambda item: (item[0] + 0.5 * (comparable(item[1]) == own), item[1]))[1]
    common = {word for word, n in background.words.items() if n >= MIN_VECTOR}
    common |= {singular(word, net) for word in common}
    phrases = linked.linked.keys() | background.phrases.keys()
    phrases |= {
        phrase for phrase in net.senses if " " in phrase and all(part in common for part in phrase.split(" ") if part != "-")
    }
    rows, phrase_numbers = [], []
    for phrase in sorted(phrases):
        parts = phrase.split(" ")
        if len(parts) > 7 or not phrase.isascii():
            continue
        seen, n, df = linked.seen[phrase], linked.linked[phrase], background.phrases[phrase]
        own_seen, own_linked = (math.sqrt(seen), n / math.sqrt(seen)) if seen else (0, 0)
        head_df = background.phrases[parts[-1]] if len(parts) > 1 else 0
        titles = linked.titles.get(phrase)
        matters = sum(k for title, k in titles.items() if is_matter(title)) / titles.total() if titles else 0
        name = name_of.get(phrase)
        phrase_numbers.append(
            [
                math.log1p(n), rate(n, seen), math.log1p(df) / 2, phrase in net.senses, math.log1p(seen) / 2,
                (name is not None) + (name is None and comparable(phrase) in known_names),
                matters, class_rate(phrase, own_linked, own_seen) if len(parts) > 1 and phrase in net.senses else 0,
                math.log((df + 1) / (head_df + 2)) / 2 if len(parts) > 1 else 0,
            ]
        )  # fmt: skip
        rows.append(phrase)
        if name is None and comparable(phrase) in known_names:
            name_of[phrase] = known_names[comparable(phrase)]
    unknown_phrase = np.zeros(len(phrase_numbers[0]))
    unknown_phrase[1] = rate(0, 0)
    unknown_phrase[8] = -2
    names = {
        phrase: name for phrase, name in sorted(name_of.items()) if name != phrase[:1].upper() + phrase[1:].replace(" - ", "-")
    }
    singulars = {word: one for word in words if (one := singular(word, net)) != default_singular(word, known)}
    return MatterTables(
        {word: i for i, word in enumerate(words)}, roles, singulars, word_numbers,
        {phrase: i for i, phrase in enumerate(rows)},
        scaled(np.array([*phrase_numbers, unknown_phrase])), names,
    )  # fmt: skip


def _alike(title: str, phrase: str) -> bool:
    """Return whether a title has the last word of a phrase, or one like it."""
    stem = phrase.rpartition(" ")[2][:4]
    return any(word.startswith(stem) for word in title.lower().split())


def default_singular(word: str, known: set[str]) -> str:
    lemma = lemma_of(word)
    return lemma if lemma in known or word not in known else word
