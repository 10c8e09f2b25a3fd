"""The search for a shared phrase gives what a comparison of all places of both texts gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relatedstories.ranking import phrases
from relatedstories.ranking.completion import MAX_LABEL_CHARS
from relatedstories.ranking.phrases import MIN_NOUN_SHARE, MIN_WORD_SHARE, Phrase
from relatedstories.ranking.shapes import Part, is_noun_phrase, value_of
from relatedstories.ranking.words_of_text import WordsOfText
from relatedstories.text.terms import terms_of_name

_TEXTS = {
    "en": "Oslo oslo ferry ferries Ferry harbour of the and for Harbour 12 2019 old new river-boat River-Boat boat prime people"
    " Helga's Helga Nord minister Minister sink sinks flood Flood of in COVID-19 a X x. long-distance tram",
    "fr": "La la ligne Ligne de des tram Tram tramway Nice nice port l'Orne Orne 12 vieux porte-avions avions porte",
    "ja": "東京 の が 地震 台風 発表 された サーバ サーバメンテナンス 12 Oslo 県 福岡県 選挙 新型 トランプ ・ 者 参加",
    "zh": "北京 的 了 地震 台风 发布 缓冲区 溢出 12 Oslo 省 四川省 选举 马克 · 者 总统 我们 颱風",
    "de": "Die die Straße Straßen straße von Oslo oslo Nord-Süd Süd der alte Alte Hafen hafen 12 Hafens am",
}
WORDS = {language: text.split() for language, text in _TEXTS.items()}
JOINS = [" ", " ", " ", " ", ", ", ". ", "\n", "-", "  ", "/"]


def share_of(terms: tuple[str, ...], shares: Mapping[str, float]) -> float | None:
    """Return the share of a word's terms, None unless all are shared."""
    if not terms or any(term not in shares for term in terms):
        return None
    return shares[terms[0]] if len(terms) == 1 else sum(shares[term] for term in terms)


def may_begin(words: WordsOfText, place: int, shares: Mapping[str, float]) -> bool:
    """Return whether a phrase may begin with a word, as far as its terms tell."""
    return len(words.terms[place]) > 1 or bool(shares.get(words.keys[place]))


def phrases_at(
    ours: WordsOfText, first: int, theirs: WordsOfText, place: int, shares: Mapping[str, float]
) -> Iterator[tuple[float, Part, int]]:
    """Yield the shares, last parts and lengths of the noun phrases that begin at two places."""
    parts: list[Part] = []
    total = 0.0
    for n in range(min(ours.max_words, len(ours.keys) - first, len(theirs.keys) - place)):
        i, j = first + n, place + n
        part = min(ours.part(i), theirs.part(j))
        is_too_long = ours.ends[i] - ours.starts[first] > MAX_LABEL_CHARS
        if ours.keys[i] != theirs.keys[j] or part is Part.OTHER or is_too_long:
            return
        if n and not (ours.follows(i) and theirs.follows(j)):
            return
        if not n and (part < Part.NUMBER or (part is Part.NAME and ours.goes_on(i, -1) and theirs.goes_on(j, -1))):
            return
        parts.append(part)
        share = share_of(ours.terms[i], shares)
        if share is None:
            continue
        total += share * value_of(part)
        is_cut = part is Part.NAME and ours.goes_on(i, 1) and theirs.goes_on(j, 1)
        if total and not is_cut and ours.may_end(i) and is_noun_phrase(parts):
            yield total, part, n + 1


def slow_phrase(a: str, b: str, shares: Mapping[str, float], language: str, matters: set[str]) -> Phrase | None:
    """Return the shared phrase, found by looking at each place of one text beside each of the other."""
    ours, theirs = WordsOfText(a, language), WordsOfText(b, language)
    greatest = max(shares.values(), default=0.0)
    found = []
    for first, key in enumerate(ours.keys):
        for place in range(len(theirs.keys)):
            if not (may_begin(ours, first, shares) and may_begin(theirs, place, shares)):
                continue
            for share, part, length in phrases_at(ours, first, theirs, place, shares):
                least = greatest * (MIN_WORD_SHARE if part.names_a_matter else MIN_NOUN_SHARE)
                tells = part is Part.NAME or key in matters or (part is Part.MATTER and language in ("ja", "zh"))
                if length > 1 or (tells and share >= least):
                    found.append((-share, first, length))
    if not found:
        return None
    share, first, length = min(found)
    return Phrase(slow_form(ours, theirs, first, length, language), -share, length)


def slow_form(ours: WordsOfText, theirs: WordsOfText, first: int, length: int, language: str) -> str:
    """Return a phrase in the form of a label, found by looking at each place of both texts."""
    own = ours.phrase(first, length)
    if language != "de":
        return own
    begun, others = [], []
    for words in (ours, theirs):
        for place in range(len(words.keys) - length + 1):
            follow = all(words.follows(place + n) for n in range(1, length))
            if words.keys[place : place + length] == ours.keys[first : first + length] and follow:
                (begun if length > 1 and words.begins_sentence(place) else others).append(words.phrase(place, length))
    if length == 1:
        others = [form for form in others if own.casefold().startswith(form.casefold())]
    forms = begun or others
    shortest = [form for form in forms if len(form) == min(map(len, forms))]
    same = any(form.casefold() == own.casefold() for form in shortest)
    return own if same else shortest[0]


@st.composite
def two_texts(draw, language):
    """Two texts of few words, the shares of some of their terms, and the terms that are matters."""
    word, join = st.sampled_from(WORDS[language]), st.sampled_from(JOINS)
    a, b = ("".join(part for pair in draw(st.lists(st.tuples(word, join), max_size=24)) for part in pair) for _ in range(2))
    terms = sorted({term for word in WORDS[language] for term in terms_of_name(word, language)})
    share = st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.1, 0.1])
    shares = draw(st.dictionaries(st.sampled_from(terms), share, max_size=14))
    return a, b, shares, draw(st.sets(st.sampled_from(terms), max_size=8))


@pytest.mark.parametrize("language", WORDS)
@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_the_phrase_is_that_of_all_places(language, data):
    a, b, shares, matters = data.draw(two_texts(language))
    expected = slow_phrase(a, b, shares, language, matters)
    assert phrases.shared_phrase(a, b, shares, language, matters) == expected


def test_texts_of_this_test_share_phrases_of_one_and_of_several_words():
    shares = {"ferri": 0.1, "oslo": 0.1, "harbour": 0.05}
    assert slow_phrase("the Oslo ferry", "an Oslo ferry", shares, "en", set()) == Phrase("Oslo ferry", 0.2, 2)
    assert slow_phrase("in Oslo now", "here is Oslo", shares, "en", set()) == Phrase("Oslo", 0.1, 1)


@pytest.mark.parametrize(
    ("language", "a", "b", "expected"),
    [
        ("cs", "Úřad spustil jadernou elektrárnu", "Jaderná elektrárna stojí", "Jaderná elektrárna"),
        ("ru", "Сбой на атомной электростанции", "Атомная электростанция стоит", "Атомная электростанция"),
        ("tr", "Sel nükleer santralin yanında", "Yeni nükleer santral açıldı", "nükleer santral"),
        ("de", "Das Kleid des Bäckermeisters", "Ein Bäckermeister singt", "Bäckermeister"),
        ("fr", "Les centrales nucléaires ferment", "Une centrale nucléaire ouvre", "centrales nucléaires"),
        ("en", "The wooden ferries sink", "A wooden ferry sank", "wooden ferries"),
    ],
)
def test_a_phrase_is_a_subject_where_nouns_have_cases(language: str, a: str, b: str, expected: str) -> None:
    shares = dict.fromkeys(set(terms_of_name(a, language)) & set(terms_of_name(b, language)), 0.1)
    found = phrases.shared_phrase(a, b, shares, language)
    assert found is not None
    assert found.text == expected


@pytest.mark.parametrize("language", ["ja", "ko", "zh", "en"])
@given(text=st.text("佐々木〇𠮷野のをサーバㅋ서울의 Ab1.-", max_size=24))
def test_words_of_a_text_are_apart_and_rising(language: str, text: str) -> None:
    words = WordsOfText(text, language)
    assert all(start < end for start, end in zip(words.starts, words.ends, strict=True))
    assert all(end <= start for end, start in zip(words.ends, words.starts[1:], strict=False))


def test_a_name_with_a_mark_of_repetition_is_one_word() -> None:
    assert (
        phrases.shared_phrase("佐々木選手が優勝", "優勝した佐々木選手", {"佐々": 0.2, "々木": 0.2, "選手": 0.1}, "ja").text
        == "佐々木選手"
    )  # type: ignore[union-attr]


def test_a_first_name_that_different_people_have_says_nothing_of_two_articles() -> None:
    ours = "Our thanks", "We thank all who helped, Oliver Aske and also Oliver Brand, and then Oliver Cole."
    theirs = "A list", "We met some of them there, Oliver Dahl and also Oliver Eng, and then Oliver Falk."
    assert phrases.salient_phrase(ours, theirs, {"oliv": 0.3}) is None
    ours, theirs = ("Our thanks", "We thank Oliver. All thank Oliver."), ("A list", "We met Oliver, who sang.")
    assert phrases.salient_phrase(ours, theirs, {"oliv": 0.3}).text == "Oliver"  # type: ignore[union-attr]


@pytest.mark.parametrize(("title", "text", "expected"), [
    ("A port", "The tide mill is old.", None),  # said twice in all
    ("The tide mill", "It is old.", "tide mill"),
    ("A port", "The tide mill is old. The tide mill saws.", "tide mill"),
])  # fmt: skip
def test_articles_are_about_what_they_say_again_or_in_a_title(title: str, text: str, expected: str | None) -> None:
    found = phrases.salient_phrase((title, text), ("A road", "It ends at the tide mill."), {"tide": 0.2, "mill": 0.1})
    assert (found and found.text) == expected
