"""How alike the events of a topic are."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from relatedstories.features.word_space import NONE
from relatedstories.index.coherence import SAMPLE, Coherence
from relatedstories.ranking.labels import TYPICAL


def test_the_order_of_events_does_not_matter_up_to_the_sample() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.integers(-8, 9, (40, 256)).astype(np.int8)
    counts = sp.csr_array(rng.random((40, 5)) < 0.4, dtype=np.float32)
    order = rng.permutation(40)
    here, there = Coherence(counts, embeddings), Coherence(counts[order], embeddings[order])
    assert [here(column) for column in range(5)] == [there(column) for column in range(5)]


def test_it_is_between_0_and_1_and_unknown_without_embeddings() -> None:
    embeddings = np.zeros((2 * SAMPLE, 256), np.int8)
    embeddings[:, 0] = 127
    embeddings[SAMPLE:, 0] = NONE
    embeddings[0, :2] = 0, 127
    counts = sp.csr_array(np.stack([np.arange(2 * SAMPLE) > 0, np.arange(2 * SAMPLE) >= SAMPLE], axis=1), dtype=np.float32)
    coherence = Coherence(counts, embeddings)
    assert TYPICAL < coherence(0) <= 1  # type: ignore[operator]
    assert coherence(1) is None
    assert Coherence(counts[:0], embeddings[:0])(0) is None
