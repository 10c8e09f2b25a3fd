"""Topics in a file as soon as they are found, so that a run that was killed loses no more than it was just at."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from relatedstories.disk.lazy_sequence import as_line
from relatedstories.disk.locks import try_lock
from relatedstories.errors import InputError
from relatedstories.events import Event
from relatedstories.topics.topic import EventTopics

__all__ = ["Checkpoint"]

_log = logging.getLogger(__name__)


class Checkpoint:
    r"""A file of topics by the content of events, to which lines are only ever added.

    Its first line says what found them; each further one is ``[digest, [[name, kind], ...]]``, the digest being that of all
    fields of an event. A line that was cut short counts for nothing, nor does a file of another extractor, which is begun anew.

    Parameters
    ----------
    path : Path
        Made where there is none.
    model : str
        What finds the topics, in its version (`relatedstories.topics.extractor.model_name`).

    Raises
    ------
    InputError
        Where the file cannot be written, as soon as it cannot.

    Examples
    --------
    >>> import tempfile
    >>> rain, snow = Event("1", "Rain in Wales"), Event("2", "Snow in Oslo")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Checkpoint.opened(Path(folder, "topics"), "a model") as checkpoint:
    ...         checkpoint.add(rain, (("Wales", "place"),))
    ...     with Checkpoint.opened(Path(folder, "topics"), "a model") as checkpoint:
    ...         print(checkpoint.found([rain, snow]))
    [(('Wales', 'place'),), None]
    """

    def __init__(self, path: Path, model: str, file: int) -> None:
        self._path, self._file = path, file
        self._known: dict[str, EventTopics] = {}
        head = _head(model)
        os.lseek(file, 0, os.SEEK_END)
        lines = path.read_bytes().splitlines(keepends=True)
        if lines[:1] != [head]:
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            self._write(head)
            return
        for line in lines[1:]:
            with contextlib.suppress(ValueError, TypeError):
                digest, topics = json.loads(line)
                self._known[str(digest)] = tuple([(str(name), str(kind)) for name, kind in topics])
        if not lines[-1].endswith(b"\n"):
            self._write(b"\n")

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path, model: str) -> Iterator[Checkpoint | None]:
        """One whose file is closed when the block ends, and stays if there are topics in it; None where another run has it."""
        with _errors(path):
            file = try_lock(path)
        if file is None:
            _log.warning("%s: is another run's; what this one finds is not kept should it be stopped", path)
            yield None
            return
        try:
            with _errors(path):
                checkpoint = cls(path, model, file)
            yield checkpoint
        finally:
            nothing = os.fstat(file).st_size <= len(_head(model))
            os.close(file)
            if nothing:
                path.unlink(missing_ok=True)

    @staticmethod
    def remove(path: Path) -> None:
        """Take a file away that has served, unless another run is at it."""
        if path.exists() and (file := try_lock(path)) is not None:
            os.close(file)
            path.unlink(missing_ok=True)

    def found(self, events: Sequence[Event]) -> list[EventTopics | None]:
        """The topics of those events of which they are known."""
        return [self._known.get(_digest(event)) for event in events] if self._known else [None] * len(events)

    def add(self, event: Event, topics: EventTopics) -> None:
        """Write down the topics of an event; they are with the system, if not yet on the disk, when this returns."""
        with _errors(self._path):
            self._write(as_line([_digest(event), topics]))

    def _write(self, line: bytes) -> None:
        while line:  # of a long one a full disk may take a part
            line = line[os.write(self._file, line) :]


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: topics that were found cannot be written down ({error.strerror})") from None


def _head(model: str) -> bytes:
    return as_line({"topics_by": model})


def _digest(event: Event) -> str:
    return hashlib.blake2b(as_line(event.to_dict()), digest_size=16).hexdigest()
