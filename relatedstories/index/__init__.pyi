from .integrity import check_index as check_index
from .stories import RelatedStories as RelatedStories
from .tuning import Tuning as Tuning
from .update import Changes as Changes
