"""Train the topic model: which names words may stand for, and how likely an editor is to link them.

    pip install torch==2.13.0    # for this script alone
    python models/topics/train.py LINKED.jsonl.gz... TEXT.jsonl.gz

Each LINKED, the newest last, holds one event per line with `text`, `date`, `category` and `anchors`: pairs of the words in
the text and the title of the article that an editor linked them to. TEXT holds events with only `text` and `date`. Events of
2022 to 2024, which are for measuring, are ignored.

The lexicon is counted from all files (learn.py). The network that scores candidates is trained on the linked events. For each
quarter of a year it uses a lexicon counted without that quarter, so that it meets unknown names as it will in use. Each
linked file has a bias of its own, its style, because editors linked more in some years; the network is saved with that of the
newest. In some events a name is cut short, to a surname or without its state, because these texts nearly always give it in
full. The network learns from teachers, networks of the same kind that are trained first: its labels mix what editors linked
with the teachers' probabilities, and the teachers alone label events of other years, which have no links.
countries.tsv, renamed.tsv and senses.tsv, beside this script, are written by hand; the results are written to the same folder.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from learn import (
    Counts,
    Event,
    acronyms,
    background_counts,
    in_one_number,
    lexicon_of,
    read,
    tokenized,
    word_themes,
    word_vectors,
)

from relatedstories.artefacts import table
from relatedstories.topics.candidate_ranker import CONTEXT, GRID, HIDDEN, LAYERS, WIDTH, CandidateRanker
from relatedstories.topics.candidates import FEATURES, CandidateGenerator, Candidates
from relatedstories.topics.kinds import KINDS
from relatedstories.topics.lexicon import Lexicon, key_of

try:
    import torch
    from torch import nn
except ImportError as error:  # say what to install, also to a reader who only asks for help
    sys.exit(f"{__doc__}\n{error}")

SEED = 0
EPOCHS = 7
TEACHERS, TEACHER_EPOCHS = 3, 5
BATCH = 32
RATE = 2e-3
DROPOUT = 0.15
HIDDEN_WORDS = 0.15  # share of words replaced by the unknown word in training
COMMON_CATEGORY, WEIGHT = "Health and environment", 0.4  # COVID-19 fills two fifths of the linked years
LEARNT = 16  # dimensions of word vectors learnt here, added to those counted from the background
SHORTENED = 0.25  # share of the events with names that can be shortened in which one is; twice as many where senses.tsv says how
OTHERS = 16000  # number of events of other years that the teachers label
SHAPES = 7


class Batch(NamedTuple):
    """Candidates with what the network should say of them.

    Parameters
    ----------
    candidates : Candidates
    labels, weights : ndarray of float32, shape (n,)
    styles : ndarray of float32, shape (n, number of linked files)
        The file that each candidate's text comes from; for texts without links, that whose style is used in the end.
    """

    candidates: Candidates
    labels: np.ndarray
    weights: np.ndarray
    styles: np.ndarray


def labels_of(candidates: Candidates, events: Sequence[Event]) -> np.ndarray:
    """Return 1 for each candidate whose name editors linked from its text, else 0.

    Names that differ only in their brackets count as one, unless the very name that was linked is a candidate too.
    """
    exact = [{key_of(title) for _, title in event.links} for event in events]
    linked = [{comparable(title) for _, title in event.links} for event in events]
    pairs = list(zip(candidates.names, candidates.text.tolist(), strict=True))
    found = {(comparable(name), text) for name, text in pairs if key_of(name) in exact[text]}
    return np.array(
        [
            key_of(name) in exact[text] or (comparable(name) in linked[text] and (comparable(name), text) not in found)
            for name, text in pairs
        ],
        np.float32,
    )


def comparable(name: str) -> str:
    """Return a name in the form in which titles are compared: without bracket, article, signs and case."""
    return "".join(char for char in key_of(name.partition(" (")[0]) if char.isalnum() or char == " ").removeprefix("the ")


@functools.cache
def _short_names() -> dict[str, str]:
    return {title: form for form, title in table("topics/senses.tsv")}


def shortened(event: Event, people: set[str], rng: np.random.Generator) -> Event:
    """Return the event with one name cut short, to a surname or without its state; the event itself where it has none.

    Editors' texts nearly always give names in full at first, but headlines and other texts do not.
    """
    choices = []
    short_names = _short_names()
    for words, title in event.links:
        first, _, last = words.rpartition(" ")
        town, comma, _ = words.partition(", ")
        if title in people and first and last[:1].isupper() and words == title.partition(" (")[0]:
            choices.append((words, last))
        elif comma and title == words:
            choices.append((words, town))
        elif (short := short_names.get(title)) and short in words:
            choices.append((words, short))
    if not choices:
        return event
    words, short = choices[int(rng.integers(len(choices)))]
    if rng.random() >= (2 * SHORTENED if short in _short_names().values() else SHORTENED):
        return event
    text = event.text.text
    if (
        rng.random() < 0.5 and words.endswith(f" {short}") and short not in short_names.values()
    ):  # "British Prime Minister Boris Johnson" as "Johnson"
        text = re.sub(rf"((?<=[a-z] )|^)(?:[A-Z][\w.'’-]*,? )+(?={re.escape(words)})", "", text)
    text = text.replace(words, short)
    links = [(short if anchor == words else anchor, title) for anchor, title in event.links]
    return event._replace(text=tokenized(text), links=tuple((anchor, title) for anchor, title in links if anchor in text))


class Model(nn.Module):
    """The network of `relatedstories.topics.candidate_ranker`; word vectors have two parts: given, learnt (0 for rare words)."""

    def __init__(self, vectors: np.ndarray, known: np.ndarray, mean: np.ndarray, scale: np.ndarray, n_styles: int) -> None:
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
        self.style = nn.Parameter(torch.zeros(n_styles, HIDDEN))
        self.second = nn.Linear(HIDDEN, 32)
        self.alone = nn.Linear(32, 1)
        self.context = nn.Linear(32 + CONTEXT, 32)
        self.more = nn.Linear(32, 1)
        self.drop, self.drop_little = nn.Dropout(DROPOUT), nn.Dropout(0.1)

    def forward(self, c: Candidates, styles: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
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
        h = torch.relu(self.second(self.drop(torch.relu(self.first(h) + torch.tensor(styles) @ self.style))))
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


def batches(parts: Sequence[tuple[CandidateGenerator, Sequence[Event], np.ndarray]], rng: np.random.Generator) -> list[Batch]:
    """Return the candidates of a few events per batch, with their labels and weights."""
    result = []
    for generate, events, style in parts:
        order = rng.permutation(len(events))
        for i in range(0, len(order), BATCH):
            chosen = [events[j] for j in order[i : i + BATCH]]
            candidates = generate([event.text for event in chosen])
            weights = np.array([WEIGHT if event.category == COMMON_CATEGORY else 1 for event in chosen], np.float32)
            styles = np.tile(style.astype(np.float32), (len(candidates.names), 1))
            result.append(Batch(candidates, labels_of(candidates, chosen), weights[candidates.text], styles))
    return result


def with_teacher_labels(teachers: Sequence[Model], data: Sequence[Batch], share: float) -> list[Batch]:
    """Return the batches with labels that mix in the teachers' mean probability, with weight `share`."""
    result = []
    with torch.no_grad():
        for batch in data:
            judgement = (
                torch.stack([teacher(batch.candidates, batch.styles)[1] for teacher in teachers]).mean(0).sigmoid().numpy()
            )
            result.append(batch._replace(labels=(1 - share) * batch.labels + share * judgement))
    return result


def train(data: list[Batch], vectors: np.ndarray, seed: int = SEED, epochs: int = EPOCHS) -> Model:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    features = np.concatenate([batch.candidates.features for batch in data])
    often = np.bincount(np.concatenate([batch.candidates.words for batch in data]), minlength=len(vectors)) >= 3
    model = Model(
        vectors, np.where(often, np.arange(len(vectors)), 0), features.mean(0), features.std(0) + 1e-2, data[0].styles.shape[1]
    )
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * len(data), pct_start=0.1)
    loss_of = nn.functional.binary_cross_entropy_with_logits
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for i in rng.permutation(len(data)):
            candidates, labels, weights, styles = data[i]
            right, weight = torch.tensor(labels), torch.tensor(weights)
            alone, more = model(candidates, styles)
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


def prepare(
    linked: Sequence[Sequence[Event]],
    background: Sequence[Event],
    words: dict[str, int],
    lower: np.ndarray,
    themes: np.ndarray,
    counts: Counts,
    defined: dict[str, str],
    n_others: int = OTHERS,
) -> tuple[list[Batch], Lexicon, list[Batch], np.ndarray]:
    """Return the batches of linked events, the lexicon of all events, batches of others without links, and the mix of styles."""
    everything = in_one_number([event for events in linked for event in events])
    ends = np.cumsum([len(events) for events in linked])
    linked = [everything[end - len(events) : end] for end, events in zip(ends, linked, strict=True)]
    quarters = sorted({quarter(event.month) for event in everything})
    mix = np.eye(len(linked), dtype=np.float32)[-1]  # of the newest file
    lexicon = lexicon_of(everything, counts, words, lower, themes, defined)
    people = {name for name, kind in zip(lexicon.names, lexicon.kinds, strict=True) if KINDS[kind] == "person"}
    rng = np.random.default_rng(SEED)
    parts = []
    for number in quarters:
        others = [event for event in everything if quarter(event.month) != number]
        rest = counts.without(background_counts(event for event in background if quarter(event.month) == number))
        generate = CandidateGenerator(lexicon_of(others, rest, words, lower, themes, defined))
        for style, events in zip(np.eye(len(linked)), linked, strict=True):
            chosen = [event for event in events if quarter(event.month) == number]
            parts.append((generate, [shortened(event, people, rng) for event in chosen], style))
    data = batches(parts, np.random.default_rng(SEED))
    unlinked = [event for event in background if quarter(event.month) not in quarters]
    chosen = np.random.default_rng(SEED).permutation(len(unlinked))[:n_others]
    unlabelled = batches([(CandidateGenerator(lexicon), [unlinked[i] for i in chosen], mix)], np.random.default_rng(SEED))
    return data, lexicon, unlabelled, mix


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linked", nargs="+", metavar="LINKED.jsonl.gz")
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    options = parser.parse_args(arguments)
    linked, background = [read(path) for path in options.linked], read(options.texts)
    background += [event for events in linked for event in events]
    background = list({event.text.text: event for event in background}.values())
    print(f"{sum(map(len, linked))} linked events, {len(background)} texts", flush=True)
    words, lower, vectors = word_vectors(background)
    themes = word_themes(background, words)
    counts, defined = background_counts(background), acronyms(background)
    data, lexicon, unlabelled, mix = prepare(linked, background, words, lower, themes, counts, defined)
    share = np.mean(np.concatenate([batch.labels for batch in data]))
    print(f"{sum(len(batch.labels) for batch in data)} candidates, {share:.3f} linked", flush=True)
    folder = Path(__file__).parent
    lexicon.save(folder)
    teachers = [train(data, vectors, SEED + 1 + i, TEACHER_EPOCHS) for i in range(TEACHERS)]
    student = train(with_teacher_labels(teachers, data, 0.5) + with_teacher_labels(teachers, unlabelled, 1), vectors)
    student.network(mix).save(folder / "network.npz")
    sizes = {file.name: file.stat().st_size / 1e6 for file in sorted(folder.iterdir()) if file.suffix in (".txt", ".tsv", ".npz")}
    print(
        ", ".join(f"{name} {size:.2f} MB" for name, size in sizes.items()),
        f"{sum(sizes.values()):.2f} MB in all; grid 2**-{GRID}",
    )


if __name__ == "__main__":
    main()
