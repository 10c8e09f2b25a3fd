"""Folders of Markdown pages: events are read from them, related links are written into them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
