"""Stories: the events of an archive that belong together, found in the graph of its nearest events.

It knows neither the archive nor the disk; `relatedstories.RelatedStories.storylines` gives it what it needs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
