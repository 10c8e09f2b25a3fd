"""Text before topics: what people have, with its markup and odd characters, turned into the words that they wrote."""
