"""Runs of the command line, each in a process of its own that starts at once: it is forked from one that has loaded everything."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Forks", "forks"]


class Forks:
    """A process that has loaded and compiled all that commands need, and forks one for each run of the command line."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def start(self, arguments: list[str], folder: Path, *, output: Path, errors: Path, input: Path | None, env: Any = None) -> int:
        """Start the command line in a folder and return its process id; its streams are files."""
        assert self._process.stdin is not None
        files = [str(path) for path in (input or os.devnull, output, errors)]
        request = [arguments, str(folder), files, dict(os.environ if env is None else env)]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._answer())

    def wait(self, timeout: float) -> int | None:
        """Return the exit code of the run that was started last, None if it has not ended in time."""
        if not select.select([self._process.stdout], [], [], timeout)[0]:
            return None
        return os.waitstatus_to_exitcode(int(self._answer()))

    def run(self, arguments: list[str], timeout: float, cwd: Any = None, env: Any = None, input: str | None = None) -> Any:
        """Run the command line and return what `subprocess.run` would."""
        with tempfile.TemporaryDirectory() as folder:
            paths = given, output, errors = [Path(folder, name) for name in ("input", "output", "errors")]
            given.write_text(input or "", encoding="utf-8")
            pid = self.start(arguments, Path(cwd or os.getcwd()), input=given, output=output, errors=errors, env=env)
            if (code := self.wait(timeout)) is None:
                os.kill(pid, signal.SIGKILL)
                self.wait(60)
                raise subprocess.TimeoutExpired(arguments, timeout)
            _, printed, said = (path.read_text(encoding="utf-8") for path in paths)
            return subprocess.CompletedProcess(arguments, code, printed, said)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


_running: dict[int, Forks] = {}


def forks() -> Forks:
    """Return the process that forks the runs of these tests, which is started when it is first needed."""
    if os.getpid() not in _running:
        _running[os.getpid()] = Forks()
        atexit.register(_running[os.getpid()].close)
    return _running[os.getpid()]


# ---------------------------------------------------------------------- in the process that forks


def load_all() -> None:
    """Load what commands need: modules, models and compiled code."""
    import bm25s  # noqa: F401
    import distributed  # noqa: F401
    import psycopg  # noqa: F401
    import pytrec_eval  # noqa: F401
    import yaml  # noqa: F401

    import relatedstories.cli.app
    import relatedstories.databases.links_table
    import relatedstories.evaluation.evaluator
    import relatedstories.export.job
    import relatedstories.pages.front_matter
    import relatedstories.pages.writer  # noqa: F401
    from relatedstories import RelatedStories, TopicExtractor, read_events

    TopicExtractor().extract("Der Schnee legt den Flughafen von Oslo lahm, und niemand weiß, wann er wieder öffnet")
    for stories in [RelatedStories().fit(list(read_events("sample"))[:20])]:
        list(stories.all_related())


def become(request: str) -> NoReturn:
    """Become a run of the command line, as ``python -m relatedstories`` is one, and end with its exit code."""
    from relatedstories.cli.app import main

    arguments, folder, files, environment = json.loads(request)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(files):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["relatedstories", *arguments]
    code: Any = 0
    try:
        main()
    except SystemExit as done:
        code = done.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def serve() -> None:
    """Fork a run for each line of standard input; print its process id, and when it has ended its status."""
    import gc

    load_all()
    gc.collect()
    gc.freeze()  # so that runs do not copy this memory by counting it
    print("ready", flush=True)
    for request in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(request)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then close this process
    serve()
