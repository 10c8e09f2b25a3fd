"""Train the topic model: which names words may stand for, and how likely an editor is to link them.

    pip install torch==2.13.0    # for this script alone
    python models/topics/train.py LINKED.jsonl.gz TEXT.jsonl.gz

LINKED holds one event per line with `text`, `date`, `category` and `anchors`: pairs of the words in the text and the title of
the article that an editor linked them to. TEXT holds events with only `text` and `date`. Events dated 2022 or later are ignored.

The lexicon is counted from both files (learn.py). The network that scores candidates is trained on the linked events. For each
quarter of a year it uses a lexicon counted without that quarter, so that it meets unknown names as it will in use.
The network learns from teachers, networks of the same kind that are trained first: its labels mix what editors linked with the
teachers' probabilities, and the teachers alone label events of other years, which have no links.
countries.tsv and renamed.tsv, beside this script, are written by hand; the results are written to the same folder.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from learn import Counts, Event, acronyms, background_counts, lexicon_of, read, word_vectors

from relatedstories.topics.candidate_ranker import CONTEXT, GRID, HIDDEN, LAYERS, WIDTH, CandidateRanker
from relatedstories.topics.candidates import FEATURES, CandidateGenerator, Candidates
from relatedstories.topics.lexicon import key_of

try:
    import torch
    from torch import nn
except ImportError as error:  # say what to install, also to a reader who only asks for help
    sys.exit(f"{__doc__}\n{error}")

SEED = 0
EPOCHS = 8
TEACHERS, TEACHER_EPOCHS = 4, 6
BATCH = 32
RATE = 2e-3
DROPOUT = 0.15
HIDDEN_WORDS = 0.15  # share of words replaced by the unknown word in training
COMMON_CATEGORY, WEIGHT = "Health and environment", 0.4  # COVID-19 fills two fifths of the linked years
LEARNT = 16  # dimensions of word vectors learnt here, added to those counted from the background
OTHERS = 16000  # number of events of other years that the teachers label
SHAPES = 7

Batch: TypeAlias = tuple[Candidates, np.ndarray, np.ndarray]
"""Candidates, with their labels and weights."""


def labels_of(candidates: Candidates, events: Sequence[Event]) -> np.ndarray:
    """Return 1 for each candidate whose name editors linked from its text, else 0."""
    linked = [{comparable(title) for _, title in event.links} for event in events]
    return np.array(
        [comparable(name) in linked[text] for name, text in zip(candidates.names, candidates.text, strict=True)], np.float32
    )


def comparable(name: str) -> str:
    """Return a name in the form in which titles are compared: without bracket, article, signs and case."""
    return "".join(char for char in key_of(name.partition(" (")[0]) if char.isalnum() or char == " ").removeprefix("the ")


class Model(nn.Module):
    """The network of `relatedstories.topics.candidate_ranker`; word vectors have two parts: given, learnt (0 for rare words)."""

    def __init__(self, vectors: np.ndarray, known: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> None:
        super().__init__()
        self.given = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=True)
        self.learnt = nn.Embedding(len(vectors), LEARNT)
        nn.init.normal_(self.learnt.weight, std=0.1)
        self.known = nn.Parameter(torch.tensor(known), False)
        self.shape = nn.Embedding(SHAPES, WIDTH)
        self.enter = nn.Linear(vectors.shape[1] + LEARNT, WIDTH)
        self.around = nn.ModuleList([nn.Linear(3 * WIDTH, WIDTH) for _ in range(LAYERS)])
        self.mean, self.scale = nn.Parameter(torch.tensor(mean), False), nn.Parameter(torch.tensor(scale), False)
        self.first = nn.Linear(4 * WIDTH + len(FEATURES), HIDDEN)
        self.second = nn.Linear(HIDDEN, 32)
        self.alone = nn.Linear(32, 1)
        self.context = nn.Linear(32 + CONTEXT, 32)
        self.more = nn.Linear(32, 1)
        self.drop, self.drop_little = nn.Dropout(DROPOUT), nn.Dropout(0.1)

    def forward(self, c: Candidates) -> tuple[torch.Tensor, torch.Tensor]:
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
        h = self.drop(torch.cat([x[a], x[b - 1], x[a - 1], x[b], features], 1))
        h = torch.relu(self.second(self.drop(torch.relu(self.first(h)))))
        alone = self.alone(h)[:, 0]
        p = torch.sigmoid(alone)
        more = alone
        for _ in range(2):
            around = self.neighbours(p, a, b, text, span, topic, len(words))
            more = alone + self.more(torch.relu(self.context(torch.cat([h, around], 1))))[:, 0]
            p = torch.sigmoid(more)
        return alone, more

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

    def network(self) -> CandidateRanker:
        """Return the network for use, with word vectors, their first layer and the features' scale merged."""
        with torch.no_grad():
            words = self.enter(torch.cat([self.given.weight, self.learnt.weight[self.known]], 1)).numpy()
            numbers = {name: value.detach().numpy() for name, value in self.state_dict().items()}
        around = [(numbers[f"around.{i}.weight"].T, numbers[f"around.{i}.bias"]) for i in range(LAYERS)]
        return CandidateRanker.rounded(
            words, numbers["shape.weight"], around, numbers["mean"], numbers["scale"],
            [(numbers[f"{name}.weight"].T, numbers[f"{name}.bias"]) for name in ("first", "second", "alone", "context", "more")],
        )  # fmt: skip


def batches(parts: Sequence[tuple[CandidateGenerator, Sequence[Event]]], rng: np.random.Generator) -> list[Batch]:
    """Return the candidates of a few events per batch, with their labels and weights."""
    result = []
    for generate, events in parts:
        order = rng.permutation(len(events))
        for i in range(0, len(order), BATCH):
            chosen = [events[j] for j in order[i : i + BATCH]]
            candidates = generate([event.text for event in chosen])
            weights = np.array([WEIGHT if event.category == COMMON_CATEGORY else 1 for event in chosen], np.float32)
            result.append((candidates, labels_of(candidates, chosen), weights[candidates.text]))
    return result


def with_teacher_labels(teachers: Sequence[Model], data: Sequence[Batch], share: float) -> list[Batch]:
    """Return the batches with labels that mix in the teachers' mean probability, with weight `share`."""
    result = []
    with torch.no_grad():
        for candidates, labels, weights in data:
            judgement = torch.stack([teacher(candidates)[1] for teacher in teachers]).mean(0).sigmoid().numpy()
            result.append((candidates, (1 - share) * labels + share * judgement, weights))
    return result


def train(data: list[Batch], vectors: np.ndarray, seed: int = SEED, epochs: int = EPOCHS) -> Model:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    features = np.concatenate([candidates.features for candidates, _, _ in data])
    often = np.bincount(np.concatenate([candidates.words for candidates, _, _ in data]), minlength=len(vectors)) >= 3
    model = Model(vectors, np.where(often, np.arange(len(vectors)), 0), features.mean(0), features.std(0) + 1e-2)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * len(data), pct_start=0.1)
    loss_of = nn.functional.binary_cross_entropy_with_logits
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for i in rng.permutation(len(data)):
            candidates, labels, weights = data[i]
            right, weight = torch.tensor(labels), torch.tensor(weights)
            alone, more = model(candidates)
            loss = loss_of(more, right, weight=weight) + 0.5 * loss_of(alone, right, weight=weight)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {epochs}: loss {total / len(data):.4f}", flush=True)
    model.eval()
    return model


def quarter(month: str) -> int:
    return int(month[:4]) * 4 + (int(month[5:7]) - 1) // 3


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linked", metavar="LINKED.jsonl.gz")
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    options = parser.parse_args(arguments)
    linked, background = read(options.linked), read(options.texts)
    print(f"{len(linked)} linked events, {len(background)} of the background", flush=True)
    words, lower, vectors = word_vectors(background)
    counts, defined = background_counts(background), acronyms(background)
    by_quarter = collections.defaultdict(list)
    for event in linked:
        by_quarter[quarter(event.month)].append(event)
    parts = []
    for number, events in sorted(by_quarter.items()):
        others = [event for event in linked if quarter(event.month) != number]
        rest: Counts = counts.without(background_counts(event for event in background if quarter(event.month) == number))
        parts.append((CandidateGenerator(lexicon_of(others, rest, words, lower, defined)), events))
    data = batches(parts, np.random.default_rng(SEED))
    print(
        f"{sum(len(labels) for _, labels, _ in data)} candidates, {np.mean(np.concatenate([x[1] for x in data])):.3f} linked",
        flush=True,
    )
    folder = Path(__file__).parent
    lexicon = lexicon_of(linked, counts, words, lower, defined)
    lexicon.save(folder)
    unlinked = [event for event in background if quarter(event.month) not in by_quarter]
    chosen = np.random.default_rng(SEED).permutation(len(unlinked))[:OTHERS]
    unlabelled = batches([(CandidateGenerator(lexicon), [unlinked[i] for i in chosen])], np.random.default_rng(SEED))
    teachers = [train(data, vectors, SEED + 1 + i, TEACHER_EPOCHS) for i in range(TEACHERS)]
    student = train(with_teacher_labels(teachers, data, 0.5) + with_teacher_labels(teachers, unlabelled, 1), vectors)
    student.network().save(folder / "network.npz")
    sizes = {file.name: file.stat().st_size / 1e6 for file in sorted(folder.iterdir()) if file.suffix in (".txt", ".tsv", ".npz")}
    print(
        ", ".join(f"{name} {size:.2f} MB" for name, size in sizes.items()),
        f"{sum(sizes.values()):.2f} MB in all; grid 2**-{GRID}",
    )


if __name__ == "__main__":
    main()
