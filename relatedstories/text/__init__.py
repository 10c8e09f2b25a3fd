"""Text before topics: markup and odd characters turned into the words that were written, their language and their terms."""
