"""Addresses where a file or a text could stand: which are a database's, and messages without the passwords in them."""

from __future__ import annotations

import re
from typing import TypeGuard

__all__ = ["address_scheme", "is_database", "without_passwords"]

_ADDRESS = re.compile(r"([A-Za-z][\w+.:-]+):/")  # one slash is what pathlib leaves of two
_DATABASE = re.compile(r"(sqlite|postgres|postgresql|mysql|mariadb|\w+\+\w+)://")
_USER = re.compile(r"(\w:/{1,2}[^\s/:@]*:)\S+@")  # to the last @: a password may hold one that should have been %40
_PARAMETER = re.compile(r"([?&][\w.-]*(?:pass|pwd|secret|token)[\w.-]*=)[^\s&]+", re.IGNORECASE)


def address_scheme(text: str) -> str | None:
    """What stands before ``://`` where the text is an address.

    Examples
    --------
    >>> address_scheme("https://example.org/news.csv"), address_scheme("news.csv")
    ('https', None)
    """
    match = _ADDRESS.match(text)
    return match and match[1]


def is_database(source: object) -> TypeGuard[str]:
    """Whether this is the address of a database.

    Examples
    --------
    >>> is_database("sqlite:///news.db"), is_database("oracle+oracledb://host/news"), is_database("https://example.org")
    (True, True, False)
    """
    return isinstance(source, str) and _DATABASE.match(source) is not None


def without_passwords(text: str) -> str:
    """The text with three stars for each password in an address.

    Examples
    --------
    >>> without_passwords("no file mysql://joe:secret@host/news?ssl_password=secret")
    'no file mysql://joe:***@host/news?ssl_password=***'
    """
    return _PARAMETER.sub(r"\1***", _USER.sub(r"\1***@", text))
