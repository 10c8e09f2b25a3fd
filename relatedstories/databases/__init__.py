"""Databases, through SQLAlchemy: an archive is read from a table, its links are written to another beside it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
