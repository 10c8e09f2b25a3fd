from .judgements import Headings as Headings
from .judgements import Judgements as Judgements
from .judgements import read_qrels as read_qrels
from .measures import Estimate as Estimate
