"""Plots of an archive: a topic over time, an event's neighbourhood, the parts of a score, an archive at a glance.

Each plot draws into the axes or the figure that it is given, or else into a new figure, and returns the axes. Plots need
``pip install "relatedstories[plots]"``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
