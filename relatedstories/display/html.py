"""How links, topics, explanations and an index are shown: as HTML in a notebook, links as lines of text too.

The templates escape whatever a title holds. Colours blend with those of the notebook, light or dark. There are no scripts,
and styles stand in the elements, where they survive the clean-up of notebooks. The functions take any objects with the
attributes of `Link`, `Topic`, `Explanation` and so on, so that this module knows nothing of those that use it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from relatedstories.text.titles import plain_title

__all__ = [
    "MAX_COMMONEST",
    "IndexContents",
    "explanation_html",
    "index_html",
    "links_html",
    "links_text",
    "mark_mentions",
    "shorten",
    "topics_html",
]

MAX_ROWS = 50
"""Number of rows of a table; below it stands how many more there are."""

MAX_TITLE = 200
"""Number of characters of a title or name."""

MAX_TEXT = 3000
"""Number of characters of a text with its mentions marked."""

MAX_NAMES = 8
"""Number of a link's topics."""

MAX_COMMONEST = 10
"""Number of an archive's commonest topics."""

_KIND_COLOURS = {
    "person": "230,140,0",
    "organisation": "60,130,220",
    "place": "40,160,90",
    "event": "215,70,90",
    "work": "150,95,210",
    "thing": "130,130,130",
    "concept": "0,150,160",
}
_PART_COLOURS = {"topic": "#3a86c8", "term": "#d98324", "space": "#3d9970"}
_OTHER_COLOUR = "#888888"


def shorten(text: str | None, max_length: int = MAX_TITLE) -> str:
    """Return the text on one line, cut to a number of characters with an ellipsis.

    Examples
    --------
    >>> shorten("Snow closes the  airport of Oslo", 12)
    'Snow closes…'
    """
    if not text:
        return ""
    words = text[: 4 * max_length + 4].split() if len(text) > 4 * max_length else text.split()
    line = " ".join(words)
    return line if len(line) <= max_length else line[: max_length - 1].rstrip() + "…"


def _tint(kind: str) -> str:
    """Return the style of a topic of a kind."""
    return f"background:rgba({_KIND_COLOURS.get(kind, _KIND_COLOURS['thing'])},.3);color:inherit;border-radius:.2em"


def _is_web_address(url: str | None) -> bool:
    """Return whether a URL may be linked; one that is a script may not."""
    return bool(url) and str(url).lower().startswith(("https://", "http://"))


@functools.cache
def _templates() -> Environment:
    """Return the environment of the templates, made once something is shown."""
    environment = Environment(
        loader=PackageLoader("relatedstories.display"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"max_rows": MAX_ROWS, "max_names": MAX_NAMES}
    environment.filters |= {
        "is_web_address": _is_web_address,
        "plain": plain_title,
        "share_colour": lambda kind: _PART_COLOURS.get(kind, _OTHER_COLOUR),
        "shorten": shorten,
        "tint": _tint,
    }
    return environment


def _render(template: str, **values: Any) -> str:
    return _templates().get_template(template).render(**values).strip()


# ---------------------------------------------------------------------- links


def links_text(links: Any) -> str:
    """Return links as lines: rank, score, date, context and title; then copies of the event."""
    lines = []
    for link in links[:MAX_ROWS]:
        context = f"{link.label}: " if link.label else ""
        context = context if link.fallback is None else f"({link.fallback}) {context}"
        day = link.event.date.isoformat() if link.event.date else " " * 10
        lines.append(f"{link.rank:2}  {link.score:.2f}  {day}  {shorten(context + plain_title(link.event.title), 100)}")
    if len(links) > MAX_ROWS:
        lines.append(f"and {len(links) - MAX_ROWS:,} more")
    lines = lines or ["no related events"]
    for copy in links.copies:
        day = f"{copy.date} " if copy.date else ""
        lines.append(f"also published as: {day}{shorten(plain_title(copy.title), 80)}")
    return "\n".join(lines)


def links_html(links: Any) -> str:
    """Return links as a table: rank, date, title with duplicates, context, score and topics; below it copies of the event."""
    return _render("links.html", links=links)


# ---------------------------------------------------------------------- topics


def topics_html(topics: Sequence[Any], text: str) -> str:
    """Return the text with the topics' mentions marked, and a table of the topics."""
    mentioned = any(topic.mentions for topic in topics)
    marked_text = Markup(mark_mentions(text, topics))
    return _render("topics.html", topics=topics, text=text, mentioned=mentioned, marked_text=marked_text)


def mark_mentions(text: str, topics: Iterable[Any]) -> str:
    """Return the text as HTML with the mentions of topics marked; a topic that is mentioned by another name is named beside it.

    Examples
    --------
    >>> from relatedstories import Mention, Topic
    >>> print(mark_mentions("<b>the ISS", [Topic("ISS", "place", [Mention("ISS", 7, 10)])]))
    &lt;b&gt;the <mark style="background:rgba(40,160,90,.3);color:inherit;border-radius:.2em" title="ISS (place)">ISS</mark>
    """
    parts, end = [], 0
    mentions = ((mention, topic) for topic in topics for mention in topic.mentions)
    for mention, topic in sorted(mentions, key=lambda pair: (pair[0].start, -pair[0].end)):
        if mention.start < end:  # within a mention that is marked already
            continue
        if mention.end > MAX_TEXT:
            break
        words = text[mention.start : mention.end]
        parts.append(escape(text[end : mention.start]))
        name = "" if words.casefold() == topic.name.casefold() else shorten(topic.name)
        parts.append(
            Markup('<mark style="{}" title="{}">{}{}</mark>').format(
                _tint(topic.kind),
                shorten(f"{topic.name} ({topic.kind})"),
                words,
                Markup(' <small style="opacity:.7">{}</small>').format(name) if name else "",
            )
        )
        end = mention.end
    rest = text[end:] if len(text) <= MAX_TEXT else text[end:MAX_TEXT] + "…"
    return str(Markup("").join([*parts, escape(rest)]))


# ---------------------------------------------------------------------- explanations


def explanation_html(explanation: Any) -> str:
    """Return an explanation as its two events, its sum, and a table with a bar for each part."""
    greatest = max((part.share for part in explanation.parts), default=0.0)
    lengths = [max(0.0, part.share / greatest) if greatest > 0 else 0.0 for part in explanation.parts]
    total = str(explanation).partition("\n")[0].replace(" x ", " × ")
    return _render("explanation.html", explanation=explanation, bar_lengths=lengths, total=total)


# ---------------------------------------------------------------------- an index


class IndexContents(NamedTuple):
    """What an index holds.

    Parameters
    ----------
    n_events : int
    n_undated : int
        How many of the events have no date.
    first, last : datetime.date or None
        The dates of the earliest and the latest event.
    n_topics : int
    commonest : mapping of Topic to int
        The commonest topics, with the number of events that have each.
    recurring : mapping of str to int
        The sentences that are left out, since they recur, with the number of events that have each; the commonest first.
    """

    n_events: int
    n_undated: int
    first: date | None
    last: date | None
    n_topics: int
    commonest: Mapping[Any, int]
    recurring: Mapping[str, int] = {}


def index_html(settings: Mapping[str, float | str | None], contents: IndexContents | None) -> str:
    """Return what an index holds, None if nothing yet, and its settings."""
    return _render("index.html", settings=settings, contents=contents)
