"""Related stories: for every event in a news archive, the handful of others a reader should see next, and why.

>>> from relatedstories import RelatedStories, read_events
>>> stories = RelatedStories().fit(read_events("sample"))
>>> stories.related("2016-12-01-progress-ms-04", k=5)[0].context
'International Space Station'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relatedstories.errors import BadValueError, InputError, UnknownEventError
    from relatedstories.evaluation import Evaluation, evaluate
    from relatedstories.events import Event
    from relatedstories.index import RelatedStories
    from relatedstories.judgements import read_qrels
    from relatedstories.links import Explanation, Link, Links, Part
    from relatedstories.readers import read_events
    from relatedstories.topics import Mention, Topic, TopicExtractor, Topics
    from relatedstories.tuning import Tuning

__all__ = [
    "BadValueError",
    "Evaluation",
    "Event",
    "Explanation",
    "InputError",
    "Link",
    "Links",
    "Mention",
    "Part",
    "RelatedStories",
    "Topic",
    "TopicExtractor",
    "Topics",
    "Tuning",
    "UnknownEventError",
    "evaluate",
    "read_events",
    "read_qrels",
]
__version__ = "0.1.0"

_MODULES = {
    "errors": ("BadValueError", "InputError", "UnknownEventError"),
    "evaluation": ("Evaluation", "evaluate"),
    "events": ("Event",),
    "index": ("RelatedStories",),
    "judgements": ("read_qrels",),
    "links": ("Explanation", "Link", "Links", "Part"),
    "readers": ("read_events",),
    "topics": ("Mention", "Topic", "TopicExtractor", "Topics"),
    "tuning": ("Tuning",),
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: who only reads events does not wait for numpy and scipy.
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"relatedstories.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
