"""A small archive is compared by numpy, without the compiled kernel, which takes longer to load: its links are the same."""

from __future__ import annotations

import datetime as dt
import random
import subprocess
import sys

import pytest

from relatedstories import Event, RelatedStories
from relatedstories.index import comparison, retriever
from relatedstories.topk import loading

PLACES = "Oslo", "Bergen", "Lyon", "Ghent", "Malta", "Wales"
MATTERS = "snow", "floods", "a strike", "an election", "a new bridge", "a wildfire", "a museum", "a ferry"


def _archive():
    """Return events with near-duplicates, copies and unknown dates among them, in a few long stories."""
    drawn = random.Random(3)
    events = []
    for number in range(60):
        place, matter = drawn.choice(PLACES), drawn.choice(MATTERS)
        date = None if number % 11 == 0 else dt.date(2020, 1, 1) + dt.timedelta(drawn.randrange(400))
        text = f"{place} speaks of {matter}. The mayor of {place} came to see {drawn.choice(MATTERS)}." * (1 + number % 3)
        events.append(Event(f"e{number:02}", f"News of {matter} in {place}", text, date))
    return [*events, Event("copy", events[5].title, events[5].text, events[5].date), Event("alone", "Zebra")]


def _links(stories, **keywords):
    return {
        event.id: ([(link.event.id, link.score, link.contexts, link.duplicates) for link in links], links.copies)
        for event, links in stories.all_related(**keywords)
    }


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"k": 12, "min_score": 0.01},
        {"include_newer": False},
        {"since": "2020-06-01"},
        {"diversity": 0.5},
        {"fallback": "recent"},
    ],
)
def test_links_are_the_same_with_and_without_the_kernel(keywords, monkeypatch):
    found = []
    for takes_kernel in (True, False):
        for module in (comparison, retriever):
            monkeypatch.setattr(module, "takes_kernel", lambda _, takes=takes_kernel: takes)
        stories = RelatedStories().fit(_archive())
        many = stories.related_many([f"e{number:02}" for number in range(5)], **keywords)
        found.append((_links(stories, **keywords), [[link.event.id for link in links] for links in many]))
    assert found[0] == found[1]
    assert any(copies for _, copies in found[0][0].values())
    assert any(len(links) > 2 for links, _ in found[0][0].values())


@pytest.mark.parametrize(("n", "takes"), [(loading.FEW, False), (loading.FEW + 1, True)])
def test_few_rows_do_not_need_the_kernel(n, takes, monkeypatch):
    monkeypatch.setattr(loading, "kernel_is_loaded", lambda: False)
    assert loading.takes_kernel(n) == takes
    monkeypatch.setattr(loading, "kernel_is_loaded", lambda: True)
    assert loading.takes_kernel(n)


def test_a_refresh_of_few_events_imports_no_compiler(tmp_path):
    script = """
import sys
from relatedstories import Event, RelatedStories
from relatedstories.refresh import refresh
events = [Event(str(number), f"Snow in Oslo, day {number}") for number in range(9)]
print(refresh(RelatedStories(), events, sys.argv[1], index=sys.argv[2]).links > 0, "numba" in sys.modules)
"""
    arguments = [sys.executable, "-c", script, str(tmp_path / "links.jsonl"), str(tmp_path / "index")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
