"""Related stories: for every event in a news archive, the handful of others a reader should see next, and why.

>>> from relatedstories import RelatedStories, read_events
>>> stories = RelatedStories().fit(read_events("sample"))
>>> stories.related("2016-12-01-progress-ms-04", k=5)[0].context
'International Space Station'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
