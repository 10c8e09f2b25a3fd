from .storyline import Storyline as Storyline
from .storyline import Storylines as Storylines
