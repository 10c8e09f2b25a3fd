"""The marks within a line: what is cut or replaced where one of their characters stands.

Each rule is given a text, the place of the character, and what is known about the text. It returns the stretch to replace and
what comes in its place, or None where the character is no mark.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["RULES", "TEMPLATE", "Context", "Cut", "Rule"]

Cut: TypeAlias = tuple[int, int, str]
"""The start and end of a stretch, and what replaces it: nothing, a space, a line end, or a text."""


@dataclass(slots=True)
class Context:
    """What is known about a text while it is read.

    Parameters
    ----------
    start : int
        Where the stretch begins that has not been taken over yet; no mark reaches back beyond it.
    in_row, in_table : bool
        Whether the line is a row of a table, and whether it stands under the rule of one.
    has_tables : bool
        Whether there are rules of tables.
    closing : dict of int to int
        The start and end of what closes a mark that was opened.
    missing : set of str
        What was looked for and does not occur again.
    """

    start: int = 0
    in_row: bool = False
    in_table: bool = False
    has_tables: bool = False
    closing: dict[int, int] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def end_of(self, text: str, closing: re.Pattern[str], place: int) -> int:
        """Return where the next closing mark ends, -1 where there is none; nothing is looked for in vain twice."""
        if closing.pattern in self.missing:
            return -1
        if (found := closing.search(text, place)) is None:
            self.missing.add(closing.pattern)
            return -1
        return found.end()


Rule: TypeAlias = Callable[[str, int, Context], Cut | None]

# ---------------------------------------------------------------------- HTML


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCK_TAGS = _names(
    "address article aside blockquote body br button caption center col colgroup dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li link main menu meta nav ol "
    "optgroup option p param pre search section source summary table tbody td tfoot th thead title tr ul"
)
_INLINE_TAGS = _names(
    "a abbr acronym area audio b base bdi bdo big canvas cite code data datalist del dfn em embed font i iframe image img input "
    "ins kbd label map mark math meter object output path picture progress q rp rt ruby s samp script select slot small span "
    "strike strong style sub svg template textarea time track tt u use var video wbr noscript head"
)
_SPACED_TAGS = frozenset({"sup"})
_TAGS = _BLOCK_TAGS | _INLINE_TAGS | _SPACED_TAGS

_TAG_NAME = r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*+)"
TEMPLATE = r"\{(?:\{[^{}\n]{0,300}\}|%[^{}\n]{0,300}%)\}"
"""An expression or tag of a template within something else: an attribute, or the target of a link."""
_VALUE = rf"""(?:"(?:{TEMPLATE}|[^"])*+"|'(?:{TEMPLATE}|[^'])*+'|[^\s"'=<>`]++)"""
_TAG = re.compile(rf"{_TAG_NAME}(?P<attributes>(?:[\s/]++[^\s\"'<>/=]++(?:\s*+=\s*+{_VALUE})?+)*+)\s*+/?+>")
_LOOSE_TAG = re.compile(rf"{_TAG_NAME}(?P<attributes>\s[^<>]*+)?+>")
_BROKEN_TAG = re.compile(
    rf"{_TAG_NAME}(?P<attributes>(?:\s++[\w:@.-]++=(?:\"[^\"<>\n]*+\"|'[^'<>\n]*+'|[\"']?[^\s<>\"']*+))++)(?:\s*/?>)?"
)
_COMMENT_END, _CDATA_END = re.compile("-->"), re.compile(r"\]\]>")
_DECLARATION = re.compile(r"<(?:![A-Za-z][^<>]*|\?[^<>]*\?|%(?:(?!%>)[\s\S]){0,2000}%)>")
_ADDRESS = re.compile(
    rf"<(?:[A-Za-z][A-Za-z0-9+.-]{{1,31}}:[^\s<>]*|[^\s<>@]+@[^\s<>@]+|(?:[^\s<>{{}}]*{TEMPLATE})+[^\s<>{{}}]*)>"
)
_WITHOUT_WORDS = _names("script style svg math object template noscript head textarea select pre canvas audio video")
"""Elements that hold no words of the text."""
_ELEMENT_ENDS = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _WITHOUT_WORDS}
_FLAGS = _names("allowfullscreen async autoplay checked controls defer disabled hidden loop muted novalidate open required")


def _angle(text: str, place: int, context: Context) -> Cut | None:
    """A tag, comment or address; "a < b" and "<3" stay."""
    after = text[place + 1 : place + 2]
    if after in "!?%":
        if text.startswith("<!--", place):
            end = context.end_of(text, _COMMENT_END, place + 4)
            return place, max(end, place + 4), ""
        if text.startswith("<![CDATA[", place):
            if (end := context.end_of(text, _CDATA_END, place)) > 0:
                context.closing[end - 3] = end
            return place, place + 9, ""
        found = _DECLARATION.match(text, place) if after else None
        return (place, found.end(), "") if found else None
    if not (after.isalpha() or after in "/{"):
        return None
    if (found := _ADDRESS.match(text, place)) is not None:
        return place, found.end(), " "
    found = _TAG.match(text, place) or _LOOSE_TAG.match(text, place) or _BROKEN_TAG.match(text, place)
    if found is None or not _is_tag(found):
        return None
    name, end = found["name"].lower(), found.end()
    if name in _WITHOUT_WORDS and not found["end"] and text[end - 2 : end] != "/>":
        if name != "pre" or "verse" not in (found["attributes"] or ""):  # a poem
            end = max(end, context.end_of(text, _ELEMENT_ENDS[name], end))
        return place, end, "\n"
    return place, end, "\n" if name in _BLOCK_TAGS else " " if name in _SPACED_TAGS else ""


def _is_tag(found: re.Match[str]) -> bool:
    """Tell whether what looks like a tag is one: it has the name of an element, and attributes if anything."""
    name, attributes = found["name"].lower(), (found["attributes"] or "").strip(" \t\n/")
    if not attributes:
        return name in _TAGS or ("-" in name and found["end"] == "/") or ":" in name
    return "=" in attributes or (name in _TAGS and _FLAGS.issuperset(attributes.lower().split()))


_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def _ampersand(text: str, place: int, _context: Context) -> Cut | None:
    """A character reference; "AT&T" stays."""
    if (found := _ENTITY.match(text, place)) is None:
        return None
    written = f"&{found[1]};"
    decoded = html.unescape(written)
    return None if decoded == written else (place, found.end(), decoded)


# ---------------------------------------------------------------------- templates and short codes

_TEMPLATE = re.compile(
    r"\{(?:\{(?:(?!\}\}|\{\{)[\s\S]){0,2000}\}\}\}?|%(?:(?!%\}|\{%)[\s\S]){0,2000}%\}|\#(?:(?!\#\})[^\n]){0,500}\#\}"
    r"|:\s?[^{}\n]{0,500}\}|[#.][A-Za-z][^{}\n]{0,200}\})"
)
_CODE_TEMPLATE = re.compile(r"\{[{%][<%-]?\s*(?P<name>highlight|codeblock|code|comment|raw|mermaid|math|prism)\b")
_TEMPLATE_ENDS = {
    name: re.compile(rf"\{{[{{%][<%-]?\s*(?:end|/\s*){name}\b(?:(?![%}}]\}}).){{0,100}}[%}}]\}}")
    for name in ("highlight", "codeblock", "code", "comment", "mermaid", "math", "prism")
}


def _brace(text: str, place: int, context: Context) -> Cut | None:
    """A template's expression or tag, a short code, or attributes of Markdown; "{braces}" stay."""
    if text[place + 1 : place + 2] not in ("{", "%", "#", ":", ".") or (found := _TEMPLATE.match(text, place)) is None:
        return None
    end = found.end()
    code = _CODE_TEMPLATE.match(text, place)
    if code and code["name"] in _TEMPLATE_ENDS:
        end = max(end, context.end_of(text, _TEMPLATE_ENDS[code["name"]], end))
        return place, end, "\n"
    return place, end, " "


_NAMED = r"\[(?P<name>[A-Za-z][\w-]*)"
_SHORT_CODE = re.compile(
    r"\[/[A-Za-z][\w-]*\]"
    r"|\[(?:url|img|quote|color|size|font|email|code)=[^\]\n]*\]"
    r"|\[[A-Za-z][\w-]*(?:\s+[\w-]+=(?:\"[^\"\]]*\"|'[^'\]]*'|[^\s\]\"']+))+\s*/?\]"
    r"|\[[A-Za-z][\w-]*\s*/\]|\[(?:toc|TOC|gallery|more|nextpage|\*)\]|\[![A-Z]+\]"
)
_BARE_CODE = re.compile(r"\[([A-Za-z][\w-]{0,30})\]")
_CODE_ELEMENT = re.compile(r"\[(code|sourcecode|source|php|latex|math)(?=[\s=\]])[^\]\n]*\]")

# ---------------------------------------------------------------------- Markdown

# Possessive and limited to 200 parts, so that a page of nothing but brackets takes linear time.
_LABEL = r"(?:[^\[\]\\]++|\\.|\[(?:[^\[\]\\]++|\\.){0,200}+\]){0,200}+"
_TARGET = (
    rf"(?:<(?:[^<>\\\r\n]|\\.)*>|(?:{TEMPLATE}|[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\)){{0,4000}}+"
    r"|(?:mailto:|https?://)[^()<>\n]{0,500})"
)
_LINK = re.compile(
    rf"\[(?P<label>{_LABEL})\](?:\(\s*+{_TARGET}(?:\s++(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*+\)|\[[^\[\]\n]{{0,100}}\])",
    re.DOTALL,
)
_WIKI_LINK = re.compile(r"\[\[(?P<target>[^\[\]|\n]{1,300})(?:\|(?P<label>[^\[\]\n]{1,300}))?\]\]")
_FOOTNOTE = re.compile(r"\[\^[^\]\n]{1,100}\]")
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


def _bracket(text: str, place: int, context: Context) -> Cut | None:
    """A link, an image, a footnote or a short code; "[sic]" stays."""
    after = text[place + 1 : place + 2]
    start = place - 1 if place > context.start and text[place - 1] == "!" else place
    if after == "[" and (found := _WIKI_LINK.match(text, place)) is not None:
        if start < place:
            return start, found.end(), ""
        context.closing[found.end() - 2] = found.end()
        return place, found.start("label") if found["label"] else place + 2, ""
    if after == "^" and (found := _FOOTNOTE.match(text, place)) is not None:
        return place, found.end(), ""
    if (found := _LINK.match(text, place)) is not None and not _EMPTY_LINE.search(found["label"]):
        if start < place:
            return start, found.end(), ""
        context.closing[found.end("label")] = found.end()
        return place, place + 1, ""
    if (found := _CODE_ELEMENT.match(text, place)) is not None:
        closing = re.compile(rf"\[/{found[1]}\]")
        if (end := context.end_of(text, closing, found.end())) > 0:
            return place, end, "\n"
    if (found := _SHORT_CODE.match(text, place)) is not None:
        return place, found.end(), " "
    if (found := _BARE_CODE.match(text, place)) is not None:
        closing = re.compile(rf"\[/{re.escape(found[1])}\]")
        if context.end_of(text, closing, found.end()) > 0:
            return place, found.end(), " "
    return None


def _run(text: str, place: int) -> int:
    """Return where the run of a character ends that begins here."""
    character, end = text[place], place + 1
    while end < len(text) and text[end] == character:
        end += 1
    return end


_IN_BLOCK = r"(?:[^\n]|\n(?![ \t]*\n)){1,600}?"
_STRONG = re.compile(rf"\*\*(?=[^\s*]){_IN_BLOCK}(?<=[^\s*])(?P<end>\*\*)(?!\d)")
_EMPHASIS = re.compile(rf"([*_]{{1,3}})(?=[^\s*_]){_IN_BLOCK}(?<=[^\s])(?P<end>(?<![*_])\1)(?![\w*])")


def _emphasis(text: str, place: int, context: Context) -> Cut | None:
    """A mark of emphasis; "a * b", "2**3" and "snake_case" stay."""
    before = text[place - 1] if place else " "
    if before == text[place] and place > context.start:
        return None
    end = _run(text, place)
    if end - place > 3:
        return place, end, " "
    after = text[end : end + 1]
    if not after or after.isspace():
        return (place, end, "") if end - place > 1 and not before.isspace() else None
    is_word = before.isalnum() or before == "_"
    found = _EMPHASIS.match(text, place) if not is_word else None
    if found is None and end - place == 2 and text[place] == "*" and not before.isdigit():
        found = _STRONG.match(text, place)
    if found is not None:
        context.closing[found.start("end")] = found.end("end")
        return place, end, ""
    return (place, end, "") if end - place > 1 and not (is_word and after.isalnum()) else None


def _backtick(text: str, place: int, _context: Context) -> Cut | None:
    """Marks of code within a line, whose words stay."""
    return place, _run(text, place), ""


def _tilde(text: str, place: int, _context: Context) -> Cut | None:
    """Marks of what is struck through; "~5 km" stays."""
    end = _run(text, place)
    return (place, end, "" if end - place < 4 else " ") if end - place > 1 else None


_ESCAPED = frozenset("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\\")


def _backslash(text: str, place: int, _context: Context) -> Cut | None:
    """An escape."""
    after = text[place + 1 : place + 2]
    if after in _ESCAPED:
        return place, place + 2, after
    return (place, place + 1, "") if after and after in "\n\r\x0b\x0c\x85\u2028\u2029" else None


def _pipe(_text: str, place: int, context: Context) -> Cut | None:
    """The edge of a table's cell; "News | Weather" stays."""
    return (place, place + 1, "\n") if context.in_row else None


_HIDDEN_END = re.compile("%%")


def _percent(text: str, place: int, context: Context) -> Cut | None:
    """A comment of Obsidian; "50%" stays."""
    if not text.startswith("%%", place) or (place and not text[place - 1].isspace()):
        return None
    end = context.end_of(text, _HIDDEN_END, place + 2)
    return (place, end, "") if end > 0 else None


# ---------------------------------------------------------------------- addresses

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}:\Z")
_REST = re.compile(r"//[^\s<>\"'“”‘’|\\^`{}\[\]（）「」、。，]+")
_HOST = re.compile(r"//[\w-]+(?:\.[\w-]+)+")
_TRAILING = ".,;:!?…*_~"


def _slash(text: str, place: int, context: Context) -> Cut | None:
    """A URL."""
    if not text.startswith("//", place):
        return None
    scheme = _SCHEME.search(text[max(context.start, place - 17) : place])
    begins = place == 0 or text[place - 1].isspace() or text[place - 1] == "("
    if scheme is None and not (begins and _HOST.match(text, place)):
        return None
    if (found := _REST.match(text, place)) is None:
        return None
    address = found[0].rstrip(_TRAILING)
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(_TRAILING)
    return place - (len(scheme[0]) if scheme else 0), place + len(address), " "


_LOCAL_PART = re.compile(r"(?:mailto:)?[\w.+-]+\Z")
_DOMAIN = re.compile(r"@[\w-]+(?:\.[\w-]+)+")


def _at(text: str, place: int, context: Context) -> Cut | None:
    """An e-mail address; "@name" stays."""
    if (domain := _DOMAIN.match(text, place)) is None:
        return None
    local = _LOCAL_PART.search(text[max(context.start, place - 72) : place])
    return (place - len(local[0]), domain.end(), " ") if local else None


# ---------------------------------------------------------------------- characters that nobody sees

_INVISIBLE = "\xad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"


def _invisible(text: str, place: int, _context: Context) -> Cut | None:
    """A character that nobody sees. One that joins or parts letters stays in scripts that need it."""
    if text[place] in "\u200c\u200d" and place and text[place - 1] > "\u024f":
        return None
    return place, place + 1, ""


RULES: dict[str, Rule] = {
    "<": _angle, "&": _ampersand, "{": _brace, "[": _bracket, "*": _emphasis, "_": _emphasis, "`": _backtick, "~": _tilde,
    "\\": _backslash, "|": _pipe, "%": _percent, "/": _slash, "@": _at, **dict.fromkeys(_INVISIBLE, _invisible),
}  # fmt: skip
