from .aliases import read_aliases as read_aliases
from .extractor import TopicExtractor as TopicExtractor
from .kinds import KINDS as KINDS
from .topic import Mention as Mention
from .topic import Topic as Topic
from .topic import Topics as Topics
