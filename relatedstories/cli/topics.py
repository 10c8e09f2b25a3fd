"""The command ``topics``."""

from __future__ import annotations

import collections
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relatedstories.cli.console import say
from relatedstories.cli.formatting import title_line
from relatedstories.cli.options import AsJson, ReadOptions, TopicOptions, used_option
from relatedstories.cli.source import Source, is_file, names_archive
from relatedstories.errors import InputError, shown
from relatedstories.events import Event
from relatedstories.files.formats import FORMATS, is_readable
from relatedstories.pages.discovery import OTHER_SUFFIXES, SUFFIXES

if TYPE_CHECKING:
    from relatedstories.topics.topic import Topic

__all__ = ["EXAMPLES", "topics"]

EXAMPLES = """
Examples:

  relatedstories topics "The ISS passes over Vienna."
  relatedstories topics article.txt
  relatedstories topics news.csv --field title=headline --json
  relatedstories topics sqlite:///news.db --where "id = 17"
"""


def topics(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|FILE|SOURCE",
            help="A text in quotes, a file of plain text, '-' for standard input, or an archive as 'refresh' reads it, "
            "whose events are taken one by one.",
        ),
    ],
    reading: ReadOptions,
    topic_options: TopicOptions,
    as_json: AsJson = False,
) -> None:
    """List the topics of a text, or of every event in an archive.

    A line is printed for each topic: its name, its kind, and the words of the text that name it, separated by tabs.
    """
    extractor = topic_options.extractor()
    if not names_archive(text):
        if (option := used_option(reading)) is not None:
            raise typer.BadParameter(f"{option} goes with an archive of events, not with a text")
        _print_topics(None, extractor.extract(_read_text(text)), as_json)
        return
    with Source(text, reading).events() as events:
        waiting: collections.deque[Event] = collections.deque()  # given to the extractor, whose topics are not found yet

        def remember() -> Iterator[Event]:
            for event in events:
                waiting.append(event)
                yield event

        for found in extractor.extract_many(remember()):
            _print_topics(waiting.popleft(), found, as_json)


def _read_text(text: str) -> str:
    """Return the text that an argument is or names, with characters that are not UTF-8 replaced."""
    if text == "-":
        return sys.stdin.buffer.read().decode(errors="replace")
    if is_file(text):
        content = Path(text).read_bytes()
        if b"\0" in content:
            raise InputError(f"{text}: got a file that is no text in UTF-8, expected one, or an archive: {FORMATS}")
        return content.decode(errors="replace")
    has_spaces = any(map(str.isspace, text))
    has_suffix = is_readable(text) or text.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))
    if has_suffix and not has_spaces:
        raise InputError(f"{text}: got no such file, expected one; '-' takes a text that looks like a file from standard input")
    if has_suffix or (not has_spaces and ("/" in text or os.sep in text)):
        say(f"warning: {shown(text)}: got no such file; it is taken as a text")
    return text.encode("utf-8", "replace").decode()


def _print_topics(event: Event | None, found: tuple[Topic, ...], as_json: bool) -> None:
    """Print the topics found in an event, or in a text that is no event."""
    if as_json:
        topics_found = [
            {
                "name": topic.name,
                "kind": topic.kind,
                "mentions": [{"text": str(mention), "start": mention.start, "end": mention.end} for mention in topic.mentions],
            }
            for topic in found
        ]
        print(json.dumps(({"id": event.id} if event else {}) | {"topics": topics_found}, ensure_ascii=False))
        return
    if event is not None:
        print(f"{event.id}  {title_line(event)}")
    for topic in found:
        print(f"{'  ' if event else ''}{topic.name}\t{topic.kind}\t{' | '.join(dict.fromkeys(topic.mentions))}")
