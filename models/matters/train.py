"""Train the model of matters: which phrases in lower case an editor would link.

    pip install torch==2.13.0    # for this script alone
    python models/matters/train.py WORDNET LINKED.jsonl.gz [LINKED.jsonl.gz ...] TEXT.jsonl.gz

WORDNET is the folder of WordNet 3.0's files (data.noun, index.noun ...), as Debian's package wordnet-base installs it. LINKED
and TEXT are as in models/topics/train.py; events of 2022 are ignored, of TEXT also those that are later.

What is known of words and phrases is counted from all three (learn.py). The network is trained on the linked events; for each
quarter of a year it uses tables counted without that quarter, so that it meets unknown phrases as it will in use. It learns from
teachers, networks of the same kind: its labels are half the editors' links and half the teachers' mean probabilities.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from learn import Event, background_of, comparable, facts_of, linked_of, read, tables_of
from wordnet import WordNet

from relatedstories.topics.matter_candidates import MatterFinder
from relatedstories.topics.matter_tables import UNIT, MatterTables
from relatedstories.topics.matters import MatterRanker

try:
    import torch
    from torch import nn
except ImportError as error:  # say what to install, also to a reader who only asks for help
    sys.exit(f"{__doc__}\n{error}")

HIDDEN, TEACHER_HIDDEN = (64, 32), (128, 64)
EPOCHS, TEACHERS = 8, 2
BATCH, RATE, DROPOUT = 256, 2e-3, 0.1
COMMON_CATEGORY, WEIGHT = "Health and environment", 0.4  # COVID-19 fills two fifths of 2020 and 2021
MIN_SPREAD = 0.2  # features that vary less are not scaled up


def examples(events: Sequence[Event], tables: MatterTables) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the features of candidates, whether editors linked their names, and their weights."""
    candidates = MatterFinder(tables)([event.text for event in events])
    linked = [{comparable(title) for _, title in event.links} for event in events]
    labels = [comparable(candidates.name(row)) in linked[text] for row, text in enumerate(candidates.text)]
    weights = np.array([WEIGHT if event.category == COMMON_CATEGORY and event.quarter < "2022" else 1 for event in events])
    return candidates.features, np.array(labels, np.float32), weights[candidates.text].astype(np.float32)


def network(width: int, hidden: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(DROPOUT)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 1))


def train(x: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, hidden: Sequence[int], seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    model = network(x.shape[1], hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-3)
    n_steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=n_steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        model.train()
        order, total = torch.randperm(len(x)), 0.0
        for i in range(0, len(x), BATCH):
            chosen = order[i : i + BATCH]
            logits = model(x[chosen])[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(logits, labels[chosen], weight=weights[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / len(x):.4f}", flush=True)
    return model.eval()


def ranker_of(model: nn.Sequential, mean: np.ndarray, scale: np.ndarray) -> MatterRanker:
    """Return the network for use, with the features' scale in its first layer."""
    layers = [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in model if isinstance(layer, nn.Linear)]
    weights, bias = layers[0]
    layers[0] = (weights / scale[:, None], bias - (mean / scale) @ weights)
    return MatterRanker.rounded(layers)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wordnet", metavar="WORDNET", type=Path)
    parser.add_argument("linked", metavar="LINKED.jsonl.gz", nargs="+")
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    options = parser.parse_args(arguments)
    net = WordNet(options.wordnet)
    background = background_of(options.texts, net)
    events = [event for file in options.linked for event in read(file)]
    facts = facts_of(events, net)
    print(f"{len(events)} linked events, {background.n_events} of the background", flush=True)
    folder = Path(__file__).parent
    tables = tables_of(linked_of(facts), background, net)
    tables.save(folder)
    by_quarter = collections.defaultdict(list)
    for number, event in enumerate(events):
        by_quarter[event.quarter].append(number)
    parts = []
    for quarter, numbers in sorted(by_quarter.items()):
        others = linked_of(fact for fact, event in zip(facts, events, strict=True) if event.quarter != quarter)
        parts.append(examples([events[number] for number in numbers], tables_of(others, background, net)))
    features, labels, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    numbers = features.astype(np.float32) / UNIT
    mean, scale = numbers.mean(0), np.maximum(numbers.std(0), MIN_SPREAD)
    x, given, weight = torch.tensor((numbers - mean) / scale), torch.tensor(labels), torch.tensor(weights)
    print(f"{len(labels)} candidates, {labels.mean():.3f} linked", flush=True)
    with torch.no_grad():
        teachers = []
        for seed in range(1, TEACHERS + 1):
            with torch.enable_grad():
                teacher = train(x, given, weight, TEACHER_HIDDEN, seed)
            teachers.append(teacher(x)[:, 0].sigmoid())
    student = train(x, (given + torch.stack(teachers).mean(0)) / 2, weight, HIDDEN, 0)
    ranker = ranker_of(student, mean, scale)
    ranker.save(folder / "network.npz")
    sizes = {file.name: file.stat().st_size / 1e6 for file in sorted(folder.iterdir()) if file.suffix in (".txt", ".tsv", ".npz")}
    print(
        ", ".join(f"{name} {size:.2f} MB" for name, size in sizes.items()), f"{sum(sizes.values()):.2f} MB in all;",
        f"greatest sum 2**{np.log2(ranker.greatest_sum()):.1f}, exact below 2**24",
    )  # fmt: skip


if __name__ == "__main__":
    main()
