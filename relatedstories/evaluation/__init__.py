"""The evaluation of links against human judgements, compared with baselines on the same events."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
