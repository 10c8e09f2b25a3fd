"""What mkdocs does beside its plugins: the repository's own pages stand in the site under the paths that they have here."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("*.md", "benchmarks/**/*.md", "benchmarks/**/*.png", "docs/images/*.png", "models/*/README.md", "notebooks/*.*")
"""What is taken in, so that links among these hold in the site as they do in the repository."""

_CODE_OR_LINK = re.compile(r"```.*?```|`[^`]*`|(?<!!)\[([^][]+)\]\((?!\w+:|#)([^()#\s]+)[^()\s]*\)", re.DOTALL)
_NO_DESCRIPTION = re.compile(r'\s*–\s*<div class="doc-md-description">\s*</div>')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in pages, pictures and notebooks that are kept elsewhere than in docs/."""
    for path in sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern)):
        name = path.relative_to(ROOT).as_posix()
        name = "readme.md" if name == "README.md" else name  # a README would be the site's first page
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - as mkdocs calls it
    """Leave the text alone of links from pages so taken in to files that are not, code say."""
    if page.file.generated_by is None:
        return markdown

    def kept(found: re.Match[str]) -> str:
        text, path = found.groups()
        return found[0] if path is None or files.get_file_from_path(normpath(join(dirname(page.file.src_uri), path))) else text

    return _CODE_OR_LINK.sub(kept, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Leave out the dash before the description of a parameter that has none."""
    return _NO_DESCRIPTION.sub("", html)
