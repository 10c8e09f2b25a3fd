from .links_table import Database as Database
from .links_table import LinksTable as LinksTable
from .links_table import read_rows as read_rows
