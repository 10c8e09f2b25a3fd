"""Texts of any language: which language a text is in, and its terms."""
