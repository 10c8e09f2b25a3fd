"""An extension for the reference: makes links of names in docstrings; see `Reading`."""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLE = re.compile(r"^\s*(>>>|\.\.\.)")
_NAME = re.compile(r"(?<![`\[])`([A-Za-z]\w*(?:\.\w+)*)`(?!`)")


class Reading(griffe.Extension):
    """Turn names in single backticks into links, and document the parameters of ``__new__`` as those of the class.

    A name that has no page in the site stays plain code.
    """

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:  # noqa: ARG002 - as griffe calls it
        """Visit a package when all of its names are known."""
        self._visit(pkg)

    def _visit(self, obj: griffe.Object) -> None:
        if obj.is_class and "__new__" in obj.members and "__init__" not in obj.members:
            obj.set_member("__init__", obj.members["__new__"])
        if obj.docstring is not None:
            lines = obj.docstring.value.splitlines()
            linked = (line if _EXAMPLE.match(line) else _NAME.sub(lambda found: _link(obj, found[1]), line) for line in lines)
            obj.docstring.value = "\n".join(linked)
        for name, member in obj.members.items():
            if not member.is_alias and name != "__new__":
                self._visit(member)


def _link(obj: griffe.Object, name: str) -> str:
    first, dot, rest = name.partition(".")
    try:
        path = name if first == "relatedstories" else obj.resolve(first) + dot + rest
    except griffe.NameResolutionError:
        return f"`{name}`"
    return f'<autoref optional identifier="{path}">`{name}`</autoref>'
