"""The export of an archive as a static site, in HTML, JSON, XML and Markdown.

`job` runs the export: `site` groups the events by day and topic, `story_pages` by story (`merged_stories` knows where earlier
ones went), `view_builder` builds the `views` (what each page shows, at which of the `paths`), `render` turns them into text
(with templates, `pieces`, `markdown` and `linked_data`, or `records` for JSON), `search` adds the search (`search_index`,
`search_terms` and `packing`), and `writer` writes the files that changed.
"""

from relatedstories.export.job import TITLE, Exported, export
from relatedstories.export.render import FORMATS
from relatedstories.export.sqlite_export import ExportedDatabase, export_sqlite

__all__ = ["FORMATS", "TITLE", "Exported", "ExportedDatabase", "export", "export_sqlite"]
