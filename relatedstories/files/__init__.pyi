from .keyed_lists import read_lists as read_lists
