from .archive import overview as overview
from .graph import neighbourhood as neighbourhood
from .parts import score_parts as score_parts
from .timeline import topic_timeline as topic_timeline
