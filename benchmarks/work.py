"""The inputs of the benchmarks of `scale.py`: archives cut to sizes, their topics, rows and indexes, prepared once."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import json
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import generate  # of this folder
import numpy as np
import scipy.sparse as sp

import relatedstories
from relatedstories import Event, RelatedStories, Topic, read_events

NEW = 1000
"""Number of new events, in addition to the size that is measured."""


@cache
def code() -> str:
    """Return a digest of the library's code and models."""
    package = Path(relatedstories.__file__).parent
    digest = hashlib.sha256()
    for folder in (package, package.parent / "models"):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".npz", ".tsv", ".txt"}):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class GivenTopics:
    """An extractor that returns given topics, so that extraction is not measured."""

    name = "given topics"

    def __init__(self, topics: dict[str, tuple[Topic, ...]]) -> None:
        self._topics = topics

    def extract_many(self, events: Iterable[Event]) -> Iterator[tuple[Topic, ...]]:
        for event in events:
            yield self._topics[event.id]


@dataclass(frozen=True)
class Work:
    """A folder of prepared inputs for one size.

    Parameters
    ----------
    folder : Path
    archive : str
        The archive, as for `read_events`; if it is too small, events are generated.
    fields : dict of str to str
    n : int
        Number of events that are measured, without the new ones.
    """

    folder: Path
    archive: str
    fields: dict[str, str]
    n: int

    @property
    def new(self) -> int:
        """Return the number of new events, which is smaller for tiny archives."""
        return min(NEW, self.n // 5)

    def path(self, name: str) -> Path:
        """Return the path of a prepared input."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{self.n}-{name}"

    def events(self) -> list[Event]:
        """Return the events that are measured, followed by the new ones."""
        return list(read_events(str(self.jsonl("all"))))

    def jsonl(self, which: str = "first") -> Path:
        """Return the path of a file of the events that are measured ("first"), or of these and the new ones ("all")."""
        path = self.path(f"{which}.jsonl")
        if not path.exists():
            for name, lines in zip(("first", "all"), self._lines(), strict=True):
                with written(self.path(f"{name}.jsonl")) as new:
                    new.write_text("".join(lines), encoding="utf-8")
        return path

    def generated(self) -> bool:
        """Return whether events are generated because the archive is too small."""
        path = self.path("source.txt")
        if not path.exists():
            count = self.n + self.new
            real = sum(1 for _ in islice(self._read(), count)) == count
            with written(path) as new:
                new.write_text("archive" if real else "generated")
        return path.read_text() == "generated"

    def _read(self) -> Iterator[Event]:
        return read_events(self.archive, self.fields, on_error=lambda _: None)

    def _lines(self) -> tuple[list[str], list[str]]:
        count = self.n + self.new
        if self.generated():
            made = list(generate.events(count, with_known=True))
            records = [record for record, _ in made]
            topics = [[(name, "thing") for name in names] for _, names in made]
            self._topics_file().write_text(json.dumps(topics), encoding="utf-8")
        else:
            events = islice(self._read(), count)
            records = [{"id": event.id, "date": str(event.date or ""), "title": event.full_text} for event in events]
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        return lines[: self.n], lines

    def _topics_file(self) -> Path:
        return self.path("topics.json")

    def topics(self, events: Sequence[Event]) -> list[tuple[Topic, ...]]:
        """Return the topics of events: extracted by the library, or those that the events were generated from."""
        path = self._topics_file()
        if not path.exists():
            stories = RelatedStories().fit(events, n_jobs=2)
            found = [[(topic.name, topic.kind) for topic in stories.topics(event.id)] for event in events]
            with written(path) as new:
                new.write_text(json.dumps(found), encoding="utf-8")
        return [tuple(Topic(*pair) for pair in pairs) for pairs in json.loads(path.read_text(encoding="utf-8"))]

    def extractor(self, events: Sequence[Event]) -> GivenTopics:
        """Return an extractor that knows the topics of events."""
        return GivenTopics({event.id: topics for event, topics in zip(events, self.topics(events), strict=True)})

    def rows(self) -> tuple[sp.csr_array, np.ndarray]:
        """Return the rows and days of the events that are measured; generated events need no text for this."""
        path = self.path("rows.npz")
        if not path.exists():
            rows, days = generate.matrix(self.n) if self.generated() else self._counted()
            with written(path) as new, open(new, "wb") as file:
                np.savez(file, data=rows.data, indices=rows.indices, indptr=rows.indptr, shape=rows.shape, days=days)
        with np.load(path) as kept:
            rows = sp.csr_array((kept["data"], kept["indices"], kept["indptr"]), shape=tuple(kept["shape"]))
            return rows, kept["days"]

    def _counted(self) -> tuple[sp.csr_array, np.ndarray]:
        """Return the rows and days counted from the events' text."""
        from relatedstories.features.vectors import count_terms, count_topics, stemmed

        events = self.events()
        topics = self.topics(events)[: self.n]
        measured = events[: self.n]
        terms = stemmed(count_terms([event.title for event in measured], [event.text for event in measured]))
        keys = count_topics([topic.key for topic in found] for found in topics)
        days = np.array([event.date.toordinal() if event.date else 0 for event in events[: self.n]], np.int32)
        return generate.weighed(terms.matrix, keys.matrix, terms.terms), days

    def index(self, kept: bool = False) -> Path:
        """Return the folder of an index of the events that are measured, with a filled neighbour cache or without."""
        path = self.path("index-kept" if kept else "index")
        if not path.exists():
            events = self.events()
            stories = RelatedStories(self.extractor(events)).fit(events[: self.n])  # type: ignore[arg-type]
            if kept:
                collections.deque(stories.all_related(10, n_jobs=2), maxlen=0)
            stories.save(path)
        return path

    def drawn(self, count: int) -> list[int]:
        """Return the numbers of random events, the same in every run."""
        return random.Random(self.n).sample(range(self.n), min(count, self.n))


@contextlib.contextmanager
def written(path: Path) -> Iterator[Any]:
    """Yield a temporary path that is moved to `path` at the end of the block."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    yield new
    new.replace(path)
