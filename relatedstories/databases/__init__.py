"""Databases, through SQLAlchemy: an archive is read from a table, its links are written to another table."""

import importlib.util

import lazy_loader

from relatedstories.errors import InputError

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def _check_packages() -> None:
    """Raise `InputError` if a package that databases need is not installed."""
    for module, package in (("sqlalchemy", "SQLAlchemy"), ("platformdirs", "platformdirs")):
        if importlib.util.find_spec(module) is None:
            raise InputError(f'databases need {package}, which is not installed: pip install "relatedstories[databases]"')


_check_packages()
