"""The model of languages, beside the package that its weights are from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from relatedstories.text.language_model import LONGEST, LanguageModel, default_language_model, key_of_bytes
from relatedstories.text.languages import RANKED

TEXTS = [
    "The mayor opens the new bridge over the river", "Der Schnee legt den Flughafen lahm", "La pluie a inondé les rues du port",
    "Câmara aprova novo orçamento da cidade", "Vláda odložila stavbu nové dálnice", "Belediye yeni metro hattını açtı",
    "La registaro de Norvegio anoncis novan leĝon", "Bão đổ bộ vào các tỉnh miền Trung", "Парламентът прие бюджета",
    "Жители города возвращаются домой", "У Києві відкрили новий міст", "दिल्ली में भारी बारिश से सड़कें बंद", "x", "ruby 2.7 c++ ftp",
]  # fmt: skip


@pytest.fixture(scope="module")
def package() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def shares(probabilities: dict[str, float]) -> dict[str, float]:
    """The probabilities of the languages that are told apart, of their sum."""
    total = sum(p for language, p in probabilities.items() if language in RANKED)
    return {language: p / total for language, p in probabilities.items() if language in RANKED}


@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=8), max_size=6))
@settings(deadline=None, max_examples=60)
def test_probabilities_are_those_of_the_package(package: LanguageIdentifier, texts: list[str]) -> None:
    text = " ".join(texts).lower()
    ours, theirs = default_language_model().probabilities(text), dict(package.rank(text))
    assert set(ours) == set(RANKED)
    if sum(theirs[language] for language in RANKED) > 1e-20:  # else the text is in none of them, and theirs are rounded to 0
        assert shares(ours) == pytest.approx(shares(theirs), abs=1e-4)


def test_the_longest_known_sequence_at_each_byte_counts() -> None:
    known = [b"a", b"b", b"ab", b"abc"]
    keys = np.array(sorted(map(key_of_bytes, known)), np.uint64)
    model = LanguageModel(
        languages=["one", "other"],
        priors=np.zeros(2, np.float32),
        keys=keys,
        features=np.array([0, 1, -1, 2]),
        starts=np.searchsorted(keys >> np.uint64(8 * LONGEST), np.arange(1, LONGEST + 2)),
        usual=np.zeros(2, np.float32),
        ends=np.array([0, 1, 2, 3]),
        columns=np.array([0, 1, 0]),
        weights=np.array([1, 1, 5], np.float16),
    )
    assert model._features_in(b"abcab").tolist() == [0, 2, 0]  # "ab" is known, but counts as nothing
    assert model.probabilities("") == model.probabilities("?") == {"one": 0.5, "other": 0.5}
    assert model.probabilities("b")["other"] == pytest.approx(2 / 3)
    # "a" twice and "abc" once, over the root of the number of bytes.
    assert model.probabilities("abcab")["one"] == pytest.approx(1 / (1 + np.exp(-(np.log(3) + 5 * np.log(2)) / 5**0.5)))
