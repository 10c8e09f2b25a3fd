"""Runs of the command line, each in a process of its own that starts at once: forked from one that has loaded everything."""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import sys

__all__ = ["Forks", "forks"]


class Run:
    """A run of the command line.

    Parameters
    ----------
    address : str
        The socket of the process that forks.
    arguments : list of str
    folder : path
        Where it runs.
    files : list of int
        Descriptors of its standard input, output and error.
    environment : mapping of str to str
    """

    def __init__(self, address, arguments, folder, files, environment):
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(address)
        request = json.dumps([[*arguments], os.fspath(folder), dict(environment)]).encode() + b"\n"
        self._connection.sendmsg([request[:1]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])
        self._connection.sendall(request[1:])
        self._answers = self._connection.makefile()
        self.pid = int(self._answers.readline())

    def wait(self, timeout=None):
        """Return the exit code; raises `TimeoutError` if it has not ended in time."""
        self._connection.settimeout(timeout)
        code = os.waitstatus_to_exitcode(int(self._answers.readline()))
        self._connection.close()
        return code


class Forks:
    """A process that has loaded and compiled all that commands need, and forks one for each run of the command line."""

    def __init__(self):
        import subprocess
        import tempfile

        self._folder = tempfile.mkdtemp(prefix="forks-")  # a short path, as the path of a socket has to be
        self.address = f"{self._folder}/socket"
        command = [sys.executable, __file__, "serve", self.address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"ready\n"

    def start(self, arguments, folder, *, output, errors):
        """Start the command line in a folder, with its output in files, and return the `Run`."""
        with open(os.devnull, "rb") as nothing, open(output, "wb") as out, open(errors, "wb") as err:
            return Run(self.address, arguments, folder, [nothing.fileno(), out.fileno(), err.fileno()], os.environ)

    def run(self, arguments, timeout, cwd=None, env=None, input=None):  # noqa: A002
        """Run the command line and return what `subprocess.run` would."""
        import subprocess
        import tempfile

        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            given.write((input or "").encode())
            given.seek(0)
            files = [file.fileno() for file in (given, output, errors)]
            run = Run(self.address, arguments, cwd or os.getcwd(), files, os.environ if env is None else env)
            try:
                code = run.wait(timeout)
            except TimeoutError:
                os.kill(run.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, timeout) from None
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, code, output.read().decode(), errors.read().decode())

    @property
    def command(self):
        """A command that runs the command line with the arguments after it, for shells."""
        return [sys.executable, "-S", "-E", __file__, "run", self.address]

    def close(self):
        import shutil

        self._process.stdin.close()
        self._process.wait(30)
        shutil.rmtree(self._folder)


_running = {}


def forks():
    """Return the process that forks the runs of these tests, which is started when it is first needed."""
    import atexit

    if os.getpid() not in _running:
        _running[os.getpid()] = Forks()
        atexit.register(_running[os.getpid()].close)
    return _running[os.getpid()]


# ---------------------------------------------------------------------- in the process that forks


def load_all():
    """Load what commands need, modules, models and compiled code, by running some of them in this process."""
    import pathlib
    import tempfile

    import bm25s  # noqa: F401
    import distributed  # noqa: F401
    import joblib  # noqa: F401
    import psycopg  # noqa: F401
    import pytrec_eval  # noqa: F401
    import rich.markdown  # noqa: F401
    import sklearn.feature_extraction.text  # noqa: F401
    import typer

    import relatedstories.databases.links_table
    import relatedstories.evaluation.evaluator
    import relatedstories.export.job
    import relatedstories.index.integrity
    import relatedstories.pages.writer  # noqa: F401
    from relatedstories import TopicExtractor
    from relatedstories.cli.app import app

    TopicExtractor().extract("Der Schnee legt den Flughafen von Oslo lahm, und niemand weiß, wann er wieder öffnet")
    command = typer.main.get_command(app)
    with tempfile.TemporaryDirectory() as folder:
        events, links, index = (str(pathlib.Path(folder, name)) for name in ("events.jsonl", "links.jsonl", "index"))
        for n_events in (6, 5, 5):  # a new index, one that is brought up to date, nothing new
            lines = [json.dumps({"id": str(n), "title": f"Snow closes the airport of Oslo on day {n}"}) for n in range(n_events)]
            pathlib.Path(events).write_text("\n".join(lines))
            asked = ["refresh", events, "--links", links, "--index", index, "--jobs", "1", "--quiet"]
            command.main(asked, prog_name="relatedstories", standalone_mode=False)


def become(arguments, folder, environment, files):
    """Become a run of the command line, as ``python -m relatedstories`` is one, and end with its exit code."""
    import atexit

    from relatedstories.cli.app import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files):
        os.dup2(file, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["relatedstories", *arguments]
    code = 0
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


def answer(connection):
    """Fork the run that a connection asks for; send its process id, and when it has ended its status."""
    request, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(3 * 4))
    [(_, _, data)] = ancillary
    files = array.array("i", data).tolist()
    while not request.endswith(b"\n"):
        request += connection.recv(1 << 16)
    pid = os.fork()
    if pid == 0:
        connection.close()
        become(*json.loads(request), files)
    for file in files:
        os.close(file)
    connection.sendall(b"%d\n" % pid)
    connection.sendall(b"%d\n" % os.waitpid(pid, 0)[1])


def serve(address):
    """Answer each connection in a process of its own, until standard input is closed."""
    import contextlib
    import gc
    import select

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then close this process
    load_all()
    os.fsync = lambda _: None  # as in conftest.py
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    gc.collect()
    gc.freeze()  # so that runs do not copy this memory by counting it
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            answer(connection)
            os._exit(0)
        connection.close()
        with contextlib.suppress(ChildProcessError):  # there is none left
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        code = Run(sys.argv[2], sys.argv[3:], os.getcwd(), [0, 1, 2], os.environ).wait()
        sys.exit(code if code >= 0 else 128 - code)
