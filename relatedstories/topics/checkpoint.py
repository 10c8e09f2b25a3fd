"""A file that stores topics as soon as they are extracted, so that a killed run can resume where it stopped."""

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
    r"""An append-only file of topics by the content of events.

    The first line identifies the extractor; each further line is ``[digest, [[name, kind], ...]]`` with a digest of all fields
    of an event. A truncated line is ignored. A file of another extractor is overwritten.

    Parameters
    ----------
    path : Path
        Created if it is missing.
    model : str
        The name of the extractor (`relatedstories.topics.extractor.model_name`).
    file : int
        The descriptor of the open and locked file.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> rain, snow = Event("1", "Rain in Wales"), Event("2", "Snow in Oslo")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Checkpoint.opened(Path(folder, "topics"), "a model") as checkpoint:
    ...         checkpoint.add(rain, (("Wales", "place"),))
    ...     with Checkpoint.opened(Path(folder, "topics"), "a model") as checkpoint:
    ...         print(checkpoint.topics_of([rain, snow]))
    [(('Wales', 'place'),), None]
    """

    def __init__(self, path: Path, model: str, file: int) -> None:
        self._path, self._file = path, file
        self._known: dict[str, EventTopics] = {}
        header = _header(model)
        os.lseek(file, 0, os.SEEK_END)
        lines = path.read_bytes().splitlines(keepends=True)
        if lines[:1] != [header]:
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            self._write(header)
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
        """Open a checkpoint for a block, None if another run uses it; then close the file, or remove it if it is empty."""
        with _as_input_error(path):
            file = try_lock(path)
        if file is None:
            _log.warning("%s: another run uses this file; topics that this run extracts are lost if it is stopped", path)
            yield None
            return
        try:
            with _as_input_error(path):
                checkpoint = cls(path, model, file)
            yield checkpoint
        finally:
            is_empty = os.fstat(file).st_size <= len(_header(model))
            os.close(file)
            if is_empty:
                path.unlink(missing_ok=True)

    @staticmethod
    def remove(path: Path) -> None:
        """Remove a checkpoint that is no longer needed, unless another run uses it."""
        if path.exists() and (file := try_lock(path)) is not None:
            os.close(file)
            path.unlink(missing_ok=True)

    def topics_of(self, events: Sequence[Event]) -> list[EventTopics | None]:
        """Return the stored topics of each event, None for events without."""
        return [self._known.get(_event_digest(event)) for event in events] if self._known else [None] * len(events)

    def add(self, event: Event, topics: EventTopics) -> None:
        """Append the topics of an event; on return the operating system has them, though perhaps not yet the disk."""
        with _as_input_error(self._path):
            self._write(as_line([_event_digest(event), topics]))

    def _write(self, line: bytes) -> None:
        """Append bytes to the file."""
        while line:  # a nearly full disk may accept only a part
            line = line[os.write(self._file, line) :]


@contextlib.contextmanager
def _as_input_error(path: Path) -> Iterator[None]:
    """Raise an error of the operating system as an `InputError`."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: extracted topics cannot be saved ({error.strerror})") from None


def _header(model: str) -> bytes:
    """Return the first line of a checkpoint."""
    return as_line({"topics_by": model})


def _event_digest(event: Event) -> str:
    """Return a digest of all fields of an event."""
    return hashlib.blake2b(as_line(event.to_dict()), digest_size=16).hexdigest()
