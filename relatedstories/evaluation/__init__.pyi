from .evaluator import Evaluation as Evaluation
from .evaluator import evaluate as evaluate
