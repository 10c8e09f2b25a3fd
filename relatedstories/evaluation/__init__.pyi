from .evaluator import Estimate as Estimate
from .evaluator import Evaluation as Evaluation
from .evaluator import evaluate as evaluate
