"""Recognise addresses given in place of a file, such as the URL of a database, and hide the passwords in them."""

from __future__ import annotations

import re
from typing import TypeGuard

__all__ = ["DATABASES", "address_scheme", "is_database", "without_passwords"]

_ADDRESS = re.compile(r"([A-Za-z][\w+.:-]+):/")  # one slash is what pathlib leaves of two
_DATABASE = re.compile(r"(sqlite|postgres|postgresql|mysql|mariadb|\w+\+\w+)://")
DATABASES = "sqlite, postgresql, mysql or mariadb, or another one with its driver, such as oracle+oracledb"
"""How the address of a database begins, in words."""

_USER_PASSWORD = re.compile(r"(\w:/{1,2}[^\s/:@]*:)\S+@")  # up to the last @, as a password may hold one that should be %40
_PASSWORD_PARAMETER = re.compile(r"([?&][\w.-]*(?:pass|pwd|secret|token)[\w.-]*=)[^\s&]+", re.IGNORECASE)


def address_scheme(text: str) -> str | None:
    """Return what stands before ``://`` if the text is an address, else None.

    Examples
    --------
    >>> address_scheme("https://example.org/news.csv"), address_scheme("news.csv")
    ('https', None)
    """
    match = _ADDRESS.match(text)
    return match and match[1]


def is_database(source: object) -> TypeGuard[str]:
    """Return whether the source is the URL of a database.

    Examples
    --------
    >>> is_database("sqlite:///news.db"), is_database("oracle+oracledb://host/news"), is_database("https://example.org")
    (True, True, False)
    """
    return isinstance(source, str) and _DATABASE.match(source) is not None


def without_passwords(text: str) -> str:
    """Return the text with three stars in place of each password in an address.

    Examples
    --------
    >>> without_passwords("no file mysql://joe:secret@host/news?ssl_password=secret")
    'no file mysql://joe:***@host/news?ssl_password=***'
    """
    return _PASSWORD_PARAMETER.sub(r"\1***", _USER_PASSWORD.sub(r"\1***@", text))
