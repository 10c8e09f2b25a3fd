from .errors import BadValueError as BadValueError
from .errors import InputError as InputError
from .errors import UnknownEventError as UnknownEventError
from .evaluation.evaluator import Evaluation as Evaluation
from .evaluation.evaluator import evaluate as evaluate
from .events import Event as Event
from .index.stories import RelatedStories as RelatedStories
from .index.tuning import Tuning as Tuning
from .judging.judgements import read_qrels as read_qrels
from .ranking.explanation import Explanation as Explanation
from .ranking.explanation import Part as Part
from .ranking.links import Link as Link
from .ranking.links import Links as Links
from .sources import read_events as read_events
from .storylines.storyline import Storyline as Storyline
from .storylines.storyline import Storylines as Storylines
from .topics.extractor import TopicExtractor as TopicExtractor
from .topics.topic import Mention as Mention
from .topics.topic import Topic as Topic
from .topics.topic import Topics as Topics

__version__: str
