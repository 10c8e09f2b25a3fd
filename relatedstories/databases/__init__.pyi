from .database import Database as Database
from .links_table import LinksTable as LinksTable
from .reader import read_rows as read_rows
