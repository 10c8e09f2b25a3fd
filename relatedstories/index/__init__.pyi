from .stories import RelatedStories as RelatedStories
from .tuning import Tuning as Tuning
from .update import Changes as Changes
