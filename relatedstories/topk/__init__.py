"""The exact top-k join of sparse rows: for every row the rows of the greatest scores."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
