"""How links, topics, explanations and an index show themselves: as HTML in a notebook, links as lines of text too.

Imported once something is shown. Whatever a title holds comes out as text, typeset by nobody; colours are mixed into
those of the notebook, light or dark; there are no scripts, and no styles but those of the elements themselves, which
survive where a notebook is cleaned before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from relatedstories.topk.dates import NO_DATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from relatedstories.events import Event
    from relatedstories.ranking.explanation import Explanation
    from relatedstories.ranking.links import Link
    from relatedstories.topics.topic import Mention, Topic

__all__ = ["COMMONEST", "explanation_html", "index_html", "links_html", "links_text", "marked", "shortened", "topics_html"]

ROWS = 50
"""A table has no more rows; it then says how many more there are."""

TITLE, TEXT, NAMES, COMMONEST = 200, 3000, 8, 10
"""Characters of a title and of a text with its topics marked, topics of a link and of an archive that are shown."""

_TINTS = {
    "person": "230,140,0",
    "organisation": "60,130,220",
    "place": "40,160,90",
    "event": "215,70,90",
    "work": "150,95,210",
    "thing": "130,130,130",
}
_SHARES = {"topic": "#3a86c8", "term": "#d98324", "space": "#3d9970"}
_ELSE = "#888888"

_LEFT, _RIGHT = "text-align:left;vertical-align:top", "text-align:right;vertical-align:top"
_QUIET = "opacity:.7"


def shortened(text: str, most: int) -> str:
    """The text on one line, cut to so many characters.

    Examples
    --------
    >>> shortened("Snow closes the  airport of Oslo", 12)
    'Snow closes…'
    """
    text = " ".join(text[: 4 * most + 4].split()) if len(text) > 4 * most else " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


# ---------------------------------------------------------------------- links


def links_text(links: Sequence[Link]) -> str:
    """Links as lines: rank, score, date, context and title."""
    lines = []
    for link in links[:ROWS]:
        told = f"{link.context}: " if link.context else ""
        day = link.event.date.isoformat() if link.event.date else " " * 10
        lines.append(f"{link.rank:2}  {link.score:.2f}  {day}  {shortened(told + link.event.title, 100)}")
    return "\n".join([*lines, *_more(links)]) or "no related events"


def links_html(links: Sequence[Link]) -> str:
    """Links as a table: rank, date, title with what is folded into it, context, score and topics."""
    if not links:
        return _whole(f'<p style="{_QUIET}">No related events.</p>')
    rows = [
        [
            (str(link.rank), _RIGHT),
            (_day(link.event), f"{_LEFT};white-space:nowrap"),
            (_linked(link), _LEFT),
            (_text(link.context, TITLE), _LEFT),
            (f"{link.score:.2f}", _RIGHT),
            (_names(link.topics), f"{_LEFT};{_QUIET}"),
        ]
        for link in links[:ROWS]
    ]
    return _whole(_table(["", "date", "title", "context", "score", "topics"], rows), *_more(links))


def _linked(link: Link) -> str:
    title, url = _text(link.event.title, TITLE), link.event.url
    if url and url.lower().startswith(("https://", "http://")):  # and no address that is a script
        title = f'<a href="{escape(url)}">{title}</a>'
    if link.pinned:
        title += f' <small style="{_QUIET}">(pinned)</small>'
    others = "".join(f"<br>also: {_day(event)} {_text(event.title, TITLE)}" for event in link.duplicates)
    return f'{title}<small style="{_QUIET}">{others}</small>' if others else title


# ---------------------------------------------------------------------- topics


def topics_html(topics: Sequence[Topic], text: str) -> str:
    """Topics as the text with their mentions marked, and a table of them."""
    mentioned = any(topic.mentions for topic in topics)
    head = ["topic", "kind", "mentions", "probability"] if mentioned else ["topic", "kind"]
    rows = []
    for topic in topics[:ROWS]:
        row = [(f'<span style="{_tint(topic.kind)}">{_text(topic.name, TITLE)}</span>', _LEFT), (_text(topic.kind), _LEFT)]
        if mentioned:
            row += [(_names(tuple(dict.fromkeys(topic.mentions))), _LEFT), (f"{topic.probability:.2f}", _RIGHT)]
        rows.append(row)
    shown = [f'<p style="white-space:pre-line;max-width:50em">{marked(text, topics)}</p>'] if text else []
    table = _table(head, rows) if rows else f'<p style="{_QUIET}">No topics.</p>'
    return _whole(*shown, table, *_more(topics))


def marked(text: str, topics: Iterable[Topic]) -> str:
    """The text as HTML with the mentions of topics marked; a topic of another name than its mention is named beside it.

    Examples
    --------
    >>> from relatedstories import Mention, Topic
    >>> print(marked("<b>the ISS", [Topic("ISS", "place", [Mention("ISS", 7, 10)])]))
    &lt;b&gt;the <mark style="background:rgba(40,160,90,.3);color:inherit;border-radius:.2em" title="ISS (place)">ISS</mark>
    """
    parts, end = [], 0
    for mention, topic in sorted(_mentions(topics), key=lambda pair: (pair[0].start, -pair[0].end)):
        if mention.start < end:  # within one that is marked
            continue
        if mention.end > TEXT:
            break
        words = text[mention.start : mention.end]
        told = "" if words.casefold() == topic.name.casefold() else f' <small style="{_QUIET}">{_text(topic.name, TITLE)}</small>'
        title = _text(f"{topic.name} ({topic.kind})", TITLE)
        parts += [
            escape(text[end : mention.start]),
            f'<mark style="{_tint(topic.kind)}" title="{title}">{escape(words)}{told}</mark>',
        ]
        end = mention.end
    rest = text[end:] if len(text) <= TEXT else text[end:TEXT] + "…"
    return "".join([*parts, escape(rest)])


def _mentions(topics: Iterable[Topic]) -> Iterator[tuple[Mention, Topic]]:
    return ((mention, topic) for topic in topics for mention in topic.mentions)


def _tint(kind: str) -> str:
    return f"background:rgba({_TINTS.get(kind, _TINTS['thing'])},.3);color:inherit;border-radius:.2em"


# ---------------------------------------------------------------------- explanations


def explanation_html(explanation: Explanation) -> str:
    """An explanation as its two events, the sum, and a table with a bar for each part."""
    a, b = (f"{_day(event)} {_text(event.title, TITLE)}".strip() for event in (explanation.a, explanation.b))
    if not explanation.parts:
        return _whole(f'<p>{a}<br>{b}</p><p style="{_QUIET}">Not related: they share no topic and no term.</p>')
    greatest = max(part.share for part in explanation.parts)
    rows = []
    for part in explanation.parts[:ROWS]:
        wide = max(0.0, part.share / greatest) if greatest > 0 else 0.0
        colour = _SHARES.get(part.kind, _ELSE)
        bar = f'<div style="background:{colour};width:{12 * wide:.2f}em;height:.8em;margin-top:.2em"></div>'
        rows.append([(f"{part.share:.3f}", _RIGHT), (bar, _LEFT), (_text(part.name, TITLE), _LEFT), (_text(part.kind), _LEFT)])
    total = escape(str(explanation).partition("\n")[0].replace(" x ", " × "))
    return _whole(f"<p>{a}<br>{b}</p><p>{total}</p>", _table(["share", "", "part", "kind"], rows), *_more(explanation.parts))


# ---------------------------------------------------------------------- an index


def index_html(
    settings: Mapping[str, float | None],
    days: npt.NDArray[np.int32] | None = None,
    commonest: Mapping[Topic, int] | None = None,
    topics: int = 0,
) -> str:
    """An index as what it holds, nothing without `days`, and its settings.

    Parameters
    ----------
    settings : mapping of str to float
    days : ndarray of int, optional
        The day of each event.
    commonest : mapping of Topic to int
        The commonest topics and how many events have each.
    topics : int
        How many there are in all.
    """
    rows = [("events", "none yet: fit(events) or load(folder)")]
    if days is not None:
        known = days[days != NO_DATE]
        dates = (
            "no dates" if not len(known) else " to ".join(str(date.fromordinal(int(day))) for day in (known.min(), known.max()))
        )
        undated = f"; {len(days) - len(known):,} without" if 0 < len(known) < len(days) else ""
        rows = [("events", f"{len(days):,}"), ("dates", dates + undated), ("topics", f"{topics:,}")]
    if commonest:
        rows.append(("commonest", ", ".join(f"{_text(name)}&nbsp;{count:,}" for name, count in commonest.items())))
    set_to = (f"{name}&nbsp;{'by&nbsp;size' if value is None else f'{value:g}'}" for name, value in settings.items())
    rows.append(("settings", ", ".join(set_to)))
    body = "".join(f'<tr><th style="{_LEFT}">{name}</th><td style="{_LEFT}">{value}</td></tr>' for name, value in rows)
    return _whole(f'<table><caption style="{_LEFT}">RelatedStories</caption><tbody>{body}</tbody></table>')


# ---------------------------------------------------------------------- their parts


def _whole(*parts: str) -> str:
    # The classes keep what typesets formulas in notebooks from "$5 million for $3".
    return f'<div class="relatedstories tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> str:
    names = "".join(f'<th style="{_LEFT}">{name}</th>' for name in head)
    lines = ("".join(f'<td style="{style}">{cell}</td>' for cell, style in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _more(items: Sequence[object]) -> list[str]:
    return [f"and {len(items) - ROWS:,} more"] if len(items) > ROWS else []


def _text(text: str | None, most: int = TITLE) -> str:
    return escape(shortened(text, most)) if text else ""


def _day(event: Event) -> str:
    return event.date.isoformat() if event.date else ""


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(_text(str(name)) for name in names[:NAMES])
    return f"{shown} and {len(names) - NAMES} more" if len(names) > NAMES else shown
