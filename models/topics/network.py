"""The network of the topic model as it is trained: `relatedstories.topics.candidate_ranker` in torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from relatedstories.topics.candidate_ranker import CONTEXT, HIDDEN, LAYERS, WIDTH, CandidateRanker
from relatedstories.topics.candidates import FEATURES, Candidates
from relatedstories.topics.tokenizer import TokenizedText

DROPOUT = 0.15
HIDDEN_WORDS = 0.15  # share of words replaced by the unknown word in training
LEARNT = 16  # dimensions of word vectors learnt here, added to those given
SHAPES = 7


class Model(nn.Module):
    """The network of `relatedstories.topics.candidate_ranker`; word vectors have two parts: given, learnt (0 for rare words)."""

    def __init__(
        self,
        vectors: np.ndarray,
        known: np.ndarray,
        mean: np.ndarray,
        scale: np.ndarray,
        n_styles: int,
        hidden: int = HIDDEN,
        n_more: int = 0,
    ) -> None:
        super().__init__()
        self.given = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=True)
        self.learnt = nn.Embedding(len(vectors), LEARNT)
        nn.init.normal_(self.learnt.weight, std=0.1)
        self.known = nn.Parameter(torch.tensor(known), False)
        self.shape = nn.Embedding(SHAPES, WIDTH)
        self.enter = nn.Linear(vectors.shape[1] + LEARNT, WIDTH)
        self.around = nn.ModuleList([nn.Linear(3 * WIDTH, WIDTH) for _ in range(LAYERS)])
        self.mean, self.scale = nn.Parameter(torch.tensor(mean), False), nn.Parameter(torch.tensor(scale), False)
        self.first = nn.Linear(4 * WIDTH + len(FEATURES) + n_more, hidden)
        self.style = nn.Parameter(torch.zeros(n_styles, hidden))
        self.second = nn.Linear(hidden, 32)
        self.alone = nn.Linear(32, 1)
        self.context = nn.Linear(32 + CONTEXT, 32)
        self.more = nn.Linear(32, 1)
        self.drop, self.drop_little = nn.Dropout(DROPOUT), nn.Dropout(0.1)

    def groups_of_weights(self, rate: float) -> list[dict]:
        """Return the weights to learn with their rates."""
        return [{"params": [weights for weights in self.parameters() if weights.requires_grad], "lr": rate}]

    def columns(self, _c: Candidates, _texts: Sequence[TokenizedText]) -> Sequence[torch.Tensor]:
        """Return further columns that `forward` takes, for candidates and the texts that they are in: none."""
        return ()

    def forward(self, c: Candidates, styles: np.ndarray, more: Sequence[torch.Tensor] = ()) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of candidates, alone and beside their neighbours; `more` are further columns of each."""
        words = self.known[torch.tensor(c.words)]
        if self.training:
            words = torch.where(torch.rand(words.shape) < HIDDEN_WORDS, 0, words)
        shapes, a, b, text, span, topic = map(torch.tensor, (c.shapes, c.first, c.end, c.text, c.span, c.topic))
        real = (shapes > 0).float()[:, None]
        x = (
            torch.relu(
                self.enter(self.drop_little(torch.cat([self.given(torch.tensor(c.words)), self.learnt(words)], 1)))
                + self.shape(shapes)
            )
            * real
        )
        for layer in self.around:
            none = torch.zeros_like(x[:1])
            near = torch.cat([torch.cat([none, x[:-1]]), x, torch.cat([x[1:], none])], 1)
            x = (x + torch.relu(layer(near))) * real
        features = ((torch.tensor(c.features) - self.mean) / self.scale).clamp(-5, 5)
        h = self.drop(torch.cat([x[a], x[b - 1], x[a - 1], x[b], features, *more], 1))
        h = torch.relu(self.second(self.drop(torch.relu(self.first(h) + torch.tensor(styles) @ self.style))))
        alone = self.alone(h)[:, 0]
        p = torch.sigmoid(alone)
        beside = alone
        for _ in range(2):
            around = self.neighbours(p, a, b, text, span, topic, len(words))
            beside = alone + self.more(torch.relu(self.context(torch.cat([h, around], 1))))[:, 0]
            p = torch.sigmoid(beside)
        return alone, beside

    @staticmethod
    def neighbours(p, a, b, text, span, topic, n_tokens):
        def most(groups: torch.Tensor, size: int) -> torch.Tensor:
            return torch.zeros(size).scatter_reduce(0, groups, p, "amax")

        def total(groups: torch.Tensor, size: int, values: torch.Tensor) -> torch.Tensor:
            return torch.zeros(size).scatter_add(0, groups, values)

        length = b - a
        which = torch.repeat_interleave(torch.arange(len(a)), length)
        at = torch.arange(len(which)) - torch.repeat_interleave(torch.cumsum(length, 0) - length, length) + a[which]
        by_token = torch.zeros(n_tokens).scatter_reduce(0, at, p[which], "amax")
        over = torch.zeros(len(a)).scatter_reduce(0, which, by_token[at], "amax")
        mean = total(which, len(a), by_token[at]) / length
        n_spans, n_topics, n_texts = int(span.max()) + 1, int(topic.max()) + 1, int(text.max()) + 1
        of_span, of_topic, of_text = most(span, n_spans)[span], most(topic, n_topics)[topic], most(text, n_texts)[text]
        in_span = torch.bincount(span, minlength=n_spans)[span]
        expected = total(text, n_texts, of_span / in_span)[text]
        first = torch.full((n_topics,), 1e9).scatter_reduce(0, topic, a.float(), "amin")[topic]
        left, right = torch.maximum(by_token[a - 1], by_token[a - 2]), torch.maximum(by_token[b], by_token[b + 1])
        return torch.stack(
            [
                of_topic - p, total(topic, n_topics, p)[topic] - p, mean, (a - first).clamp(max=20) / 10, of_text,
                torch.bincount(text, minlength=n_texts)[text] / 40, p, over - p, of_span - p,
                total(span, n_spans, p)[span] - p, left, right, expected / 4,
            ],
            1,
        )  # fmt: skip

    def network(self, mix: np.ndarray) -> CandidateRanker:
        """Return the network for use in a mix of styles, with word vectors, their first layer and the features' scale merged."""
        with torch.no_grad():
            words = self.enter(torch.cat([self.given.weight, self.learnt.weight[self.known]], 1)).numpy()
            numbers = {name: value.detach().numpy() for name, value in self.state_dict().items()}
            numbers["first.bias"] = numbers["first.bias"] + mix @ numbers["style"]
        around = [(numbers[f"around.{i}.weight"].T, numbers[f"around.{i}.bias"]) for i in range(LAYERS)]
        return CandidateRanker.rounded(
            words, numbers["shape.weight"], around, numbers["mean"], numbers["scale"],
            [(numbers[f"{name}.weight"].T, numbers[f"{name}.bias"]) for name in ("first", "second", "alone", "context", "more")],
        )  # fmt: skip
