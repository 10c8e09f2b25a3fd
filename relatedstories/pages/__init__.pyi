from .reader import Pages as Pages
from .reader import read_pages as read_pages
from .writer import LinkedPages as LinkedPages
from .writer import Rewritten as Rewritten
from .writer import rewrite as rewrite
