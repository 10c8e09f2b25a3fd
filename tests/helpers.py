"""What the tests share: tiny archives whose right answer is plain to see, and the data that may not be there."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forks import forks
from hypothesis import strategies as st

from relatedstories import Event, RelatedStories, Topic

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

SHARED = ROOT.parent / "shared"
"""Labelled news events; beside the checkout where its developers work, not part of it."""


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs {name} beside the checkout")
        pytest.skip(f"needs {name}, which is not beside this checkout")
    return path


COMMAND = [sys.executable, "-m", "relatedstories"]
"""The command line, whatever is on PATH."""


def run(*arguments: object, timeout: float = 300, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line as its users type it, in a process of its own, and return its exit code and what it printed."""
    words = [*map(str, arguments)]
    if hasattr(os, "fork"):
        return forks().run(words, timeout, **options)
    return subprocess.run([*COMMAND, *words], capture_output=True, encoding="utf-8", timeout=timeout, check=False, **options)


def unframed(text: str) -> str:
    """Return what is said in a frame around several lines as one line without the frame."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


def usage_error(stderr: str) -> str:
    """Return what is said to be wrong with the usage: all that follows the hint at --help."""
    usage, hint, message = stderr.rpartition("--help")
    assert "relatedstories" in usage, stderr
    assert hint, stderr
    return unframed(message.partition("\n")[2])


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


SPACE = [
    Event("dragon", "SpaceX launches a Dragon cargo ship to the International Space Station (ISS)", date=day("2017-06-03")),
    Event("progress", "A Progress cargo ship bound for the International Space Station is lost", date=day("2016-12-01")),
    Event("whitson", "Peggy Whitson sets a record aboard the ISS", date=day("2017-04-24")),
    Event("iceland", "Voters in Iceland elect a new parliament", date=day("2016-10-29")),
    Event("oslo", "Snow closes the airport of Oslo", date=day("2017-01-04")),
    Event("oslo-2", "Oslo airport opens again after the snow", date=day("2017-01-05")),
]
"""Three events of the space station, two of an airport, one that nothing else is about."""


class CapitalisedWords:
    """An extractor that needs no model: every word with a capital is a topic. Quick enough for hundreds of examples."""

    def extract_many(self, events: Iterable[Event | str]) -> Iterator[tuple[Topic, ...]]:
        for event in events:
            words = (event.full_text if isinstance(event, Event) else event).split()
            yield tuple(dict.fromkeys(Topic(word) for word in words if word[:1].isupper()))


class Named(CapitalisedWords):
    """The same with a name, so that a loaded index and a check know its topics as this extractor's."""

    name = "capitalised words"


def quick(**settings: float) -> RelatedStories:
    return RelatedStories(CapitalisedWords(), **settings)  # type: ignore[arg-type]


def read_terminal(end: int) -> bytes:
    """All that is written to the other end of a pseudo-terminal until that is closed."""
    seen = b""
    while True:
        try:
            block = os.read(end, 4096)
        except OSError:  # as Linux says that it is closed
            break
        if not block:
            break
        seen += block
    return seen


def parts_of(index):
    """The folder that an index has its arrays and documents in."""
    (folder,) = index.glob("parts-*")
    return folder


WORDS = ["Oslo", "Malta", "Ceres", "storm", "strike", "vote", "fire", "rain", "a", "the"]


@st.composite
def archives(draw, least=0, most=12):
    """Events of few words and near dates, so that many share topics, tie or repeat each other."""
    n = draw(st.integers(least, most))
    titles = draw(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), min_size=n, max_size=n))
    dates = draw(st.lists(st.none() | st.dates(day("2020-01-01"), day("2020-01-20")), min_size=n, max_size=n))
    ids = draw(st.permutations([f"e{i}" for i in range(n)]))
    return [Event(id_, " ".join(title), date=date) for id_, title, date in zip(ids, titles, dates, strict=True)]


def everything(stories: RelatedStories, k: int = 4):
    return dict(stories.all_related(k, min_score=0))


def near(a: Event, b: Event) -> tuple[int, str]:
    return (abs((a.date - b.date).days) if a.date and b.date else 10**9, b.id)
