"""The zones of an event: what its title and its lead say counts more than the rest of its text."""

__all__ = ["LEAD", "TITLE"]

TITLE, LEAD = 6, 3
"""What a word or a name in the title, and in the lead, counts as, beside one in the rest of the text."""
