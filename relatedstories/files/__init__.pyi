from .keyed_lists import read_lists as read_lists
from .links_file import LinksFile as LinksFile
from .links_file import LinksStream as LinksStream
from .links_file import read_links as read_links
