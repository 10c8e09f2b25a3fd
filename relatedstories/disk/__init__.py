"""Atomic writing of files, file locks, and sequences that read their values lazily."""
