"""The command ``explain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from relatedstories.cli.formatting import title_line
from relatedstories.cli.options import AsJson, index_option, load_index

__all__ = ["EXAMPLES", "explain"]

EXAMPLES = """
Examples:

  relatedstories explain 2016-12-01-progress-ms-04 \\
      2017-06-03-spacex-crs-11 --index stories
"""


def explain(
    a: Annotated[str, typer.Argument(metavar="A", help="The id of an event in the index.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The id of another event in the index.")],
    index: Annotated[Path, index_option()],
    as_json: AsJson = False,
) -> None:
    """Explain why two events are related, or why not: each topic and word they share, with its part of the score."""
    explanation = load_index(index).explain(a, b)
    if as_json:
        print(json.dumps(explanation.to_dict(), ensure_ascii=False))
        return
    print(f"{title_line(explanation.a)}\n{title_line(explanation.b)}\n\n{explanation}")
