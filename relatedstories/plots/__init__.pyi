from .archive import overview as overview
from .graph import neighbourhood as neighbourhood
from .parts import score_parts as score_parts
from .story_map import story_map as story_map
from .story_map import story_map_svg as story_map_svg
from .story_timeline import storyline_plot as storyline_plot
from .timeline import topic_timeline as topic_timeline
