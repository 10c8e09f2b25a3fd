"""Hooks of mkdocs: show pages of the repository that are kept outside docs/, and make the links between all pages work.

Links in Markdown are written as they work in the repository; the hooks turn them into the paths of the site, where the pages of
docs/ stand at the top.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("*.md", "benchmarks/**/*.md", "benchmarks/**/*.png", "models/*/README.md", "notebooks/*.*")
"""Files outside docs/ that are part of the site."""

LEFT_OUT = {"README.md"}
"""The front page of the repository; the site has docs/index.md."""

_CODE_OR_LINK = re.compile(r"```.*?```|`[^`]*`|(!?)\[([^][]*)\]\((?!\w+:|#)([^()#\s]+)(#[^()\s]*)?\)", re.DOTALL)
_NO_DESCRIPTION = re.compile(r'\s*–\s*<div class="doc-md-description">\s*</div>')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, pictures and notebooks that are kept outside docs/."""
    for path in sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        if name not in LEFT_OUT:
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs passes it by name
    """Turn links between files of the repository into links of the site, and links to files it does not show into plain text."""
    site_path = page.file.src_uri
    repository_path = site_path if page.file.generated_by else f"docs/{site_path}"

    def in_site(found: re.Match[str]) -> str:
        image, text, path, place = found.groups()
        if path is None:  # code
            return found[0]
        target = normpath(join(dirname(repository_path), path))
        shown = files.get_file_from_path(target.removeprefix("docs/"))
        if shown is None:
            return text if (ROOT / target).exists() else found[0]
        return f"{image}[{text}]({relpath(shown.src_uri, dirname(site_path) or '.')}{place or ''})"

    return _CODE_OR_LINK.sub(in_site, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Remove the dash before the description of a parameter that has no description."""
    return _NO_DESCRIPTION.sub("", html)
