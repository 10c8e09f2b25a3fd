from .aliases import read_aliases as read_aliases
from .extractor import KINDS as KINDS
from .extractor import Mention as Mention
from .extractor import Topic as Topic
from .extractor import TopicExtractor as TopicExtractor
from .extractor import Topics as Topics
