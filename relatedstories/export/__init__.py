"""An archive as a site that people read: `export` writes its pages, as HTML, JSON, XML and Markdown.

The way of a page: `site` (the events by day and topic) → `views` (what each page shows, with `paths`) → `render` (the formats:
templates, with `markdown` and `linked_data`, and `records` for JSON) → `writer` (what changed, to disk) → `job` (all of it).
"""

from relatedstories.export.job import TITLE, Exported, export
from relatedstories.export.render import FORMATS

__all__ = ["FORMATS", "TITLE", "Exported", "export"]
