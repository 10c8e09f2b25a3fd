"""Generated archives: the same for a seed, as long as asked for, and like their text and matrix say."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from relatedstories import read_events

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import generate  # noqa: E402


def made(*arguments: object) -> str:
    command = [sys.executable, BENCHMARKS / "generate.py", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_an_archive_is_read_by_the_library_and_is_the_same_for_a_seed() -> None:
    events = list(read_events(json.loads(line) for line in made(500, "--seed", 3).splitlines()))
    assert len({event.id for event in events}) == 500
    dates = [event.date for event in events]
    assert dates == sorted(dates, key=str)
    assert (dates[-1] - dates[0]).days > 18 * 365  # type: ignore[operator]
    again = [record["title"] for record, _ in generate.events(500, seed=3)]
    assert [event.title for event in events] == again
    assert again != [record["title"] for record, _ in generate.events(500, seed=4)]


def test_no_two_ranks_have_one_word_and_none_is_a_stop_word() -> None:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = [generate.word(rank) for rank in (*range(20_000), *range(343_000, 344_000))]
    assert len({*words, *ENGLISH_STOP_WORDS}) == len(words) + len(ENGLISH_STOP_WORDS)
    assert len({generate.name(rank) for rank in range(40_000)}) == 40_000


def test_the_matrix_is_that_of_the_text() -> None:
    from relatedstories.features.vectors import count_terms, count_topics

    archive = list(generate.events(2000))
    terms, topics = count_terms(event["title"] for event, _ in archive), count_topics(names for _, names in archive)
    rows, days = generate.matrix(2000)
    assert rows.shape == (2000, len(terms.terms) + len(topics.terms))
    assert rows.nnz == terms.matrix.nnz + topics.matrix.nnz
    assert [str(generate.FIRST_DAY + np.timedelta64(day, "D").item()) for day in days[::500].tolist()] == [
        event["date"] for event, _ in archive[::500]
    ]


def test_zipf_draws_in_proportion_to_its_points() -> None:
    zipf = generate.Zipf([(1, 100), (10, 10), (100, 0.1)])
    drawn = zipf.draw(np.random.default_rng(0), 300_000)
    tens, hundreds = np.mean((drawn >= 9) & (drawn < 19)), np.mean((drawn >= 99) & (drawn < 199))
    assert tens / hundreds == pytest.approx(10, rel=0.1)  # a share of rank ** -2, so of each ten times the width a tenth
    assert zipf.draw(np.random.default_rng(0), 1000, first=40).min() >= 40


def test_it_is_beside_a_real_archive() -> None:
    out = made(200, "--compare", Path(read_events.__globals__["__file__"]).with_name("sample.jsonl"))
    lines = dict(itertools.islice((line.strip("| ").split(" | ", 1) for line in out.splitlines() if " | " in line), None))
    assert lines["events"] == "200 | 200"
    assert {"vocabulary in 1,000 events"}.isdisjoint(lines)


@pytest.mark.parametrize("known", [False, True])
def test_the_word_space_knows_known_words_alone(known: bool) -> None:
    from relatedstories.features.vectors import count_terms, count_topics
    from relatedstories.features.word_space import NONE, default_space

    texts = [event["title"] for event, _ in generate.events(200, with_known=known)]
    embeddings = default_space().embeddings(count_terms(texts), count_topics([] for _ in texts))
    assert (embeddings[:, 0] != NONE).mean() > 0.8 if known else (embeddings[:, 0] == NONE).all()
