from .stories import Changes as Changes
from .stories import RelatedStories as RelatedStories
from .tuning import Tuning as Tuning
