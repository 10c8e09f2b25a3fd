"""A checkpoint of topics, written as they are found, so that a run that is killed loses only the batch it was at."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from relatedstories.disk.lazy_sequence import to_json_line
from relatedstories.disk.locks import try_lock
from relatedstories.errors import InputError
from relatedstories.events import Event
from relatedstories.topics.topic import EventTopics

__all__ = ["Checkpoint"]

_log = logging.getLogger(__name__)


class Checkpoint:
    r"""An append-only file of topics, keyed by the content of events.

    Its first line names the extractor; each further line is ``[digest, [[name, kind, segments], ...]]`` with the digest of
    all fields of an event. An incomplete line is ignored; the file of another extractor is overwritten.

    Parameters
    ----------
    path : Path
        Created if missing.
    model : str
        Name and version of the extractor (`relatedstories.topics.extractor.model_name`).

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
    ...         checkpoint.add(rain, (("Wales", "place", (-1,)),))
    ...     with Checkpoint.opened(Path(folder, "topics"), "a model") as checkpoint:
    ...         print(checkpoint.topics_of([rain, snow]))
    [(('Wales', 'place', (-1,)),), None]
    """

    def __init__(self, path: Path, model: str, file: int) -> None:
        self._path, self._file = path, file
        self._known: dict[str, EventTopics] = {}
        head = _header(model)
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
                self._known[str(digest)] = tuple([(str(name), str(kind), tuple(map(int, of))) for name, kind, of in topics])
        if not lines[-1].endswith(b"\n"):
            self._write(b"\n")

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path, model: str) -> Iterator[Checkpoint | None]:
        """Open a checkpoint for a block; afterwards an empty one is deleted. Gives None if another run has it open."""
        with _input_errors(path):
            file = try_lock(path)
        if file is None:
            _log.warning("%s: in use by another run; topics found by this run are lost if it is stopped", path)
            yield None
            return
        try:
            with _input_errors(path):
                checkpoint = cls(path, model, file)
            yield checkpoint
        finally:
            nothing = os.fstat(file).st_size <= len(_header(model))
            os.close(file)
            if nothing:
                path.unlink(missing_ok=True)

    @staticmethod
    def remove(path: Path) -> None:
        """Delete a checkpoint that is no longer needed, unless another run has it open."""
        if path.exists() and (file := try_lock(path)) is not None:
            os.close(file)
            path.unlink(missing_ok=True)

    def topics_of(self, events: Sequence[Event]) -> list[EventTopics | None]:
        """Return the topics of each event, or None where the checkpoint has none."""
        return [self._known.get(_event_digest(event)) for event in events] if self._known else [None] * len(events)

    def add(self, event: Event, topics: EventTopics) -> None:
        """Write the topics of an event; on return the operating system has them, though perhaps not yet the disk."""
        with _input_errors(self._path):
            self._write(to_json_line([_event_digest(event), topics]))

    def _write(self, line: bytes) -> None:
        while line:  # a write may be partial when the disk is full
            line = line[os.write(self._file, line) :]


@contextlib.contextmanager
def _input_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: topics cannot be written ({error.strerror})") from None


def _header(model: str) -> bytes:
    return to_json_line({"topics_by": model})


def _event_digest(event: Event) -> str:
    return hashlib.blake2b(to_json_line(event.to_dict()), digest_size=16).hexdigest()
