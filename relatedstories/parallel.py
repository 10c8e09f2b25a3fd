"""Where work runs: on how many processes of this machine, or on the cluster of the active joblib backend."""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, islice
from types import FrameType
from typing import Any

from relatedstories.errors import BadValueError, InputError, shown, whole_number

__all__ = [
    "collect_seldom",
    "end_with_parent",
    "on_cluster",
    "on_dask",
    "results_in_rounds",
    "results_of",
    "running_beside",
    "started",
    "without_collections",
    "worker_count",
]

CONNECTION_TIMEOUT = 10
"""Seconds within which the scheduler must answer, and then at least one worker be connected to it."""

_SECONDS_BETWEEN_LOOKS = 1
"""Time after which a worker looks again whether its parent is there."""


def worker_count(n_jobs: int) -> int:
    """Return the number of threads or processes for `n_jobs`; -1 stands for the number of cores.

    Examples
    --------
    >>> worker_count(2)
    2
    """
    if n_jobs == -1:
        from joblib import cpu_count

        return int(cpu_count())
    try:
        return whole_number("n_jobs", "", n_jobs, 1)
    except BadValueError as error:
        raise BadValueError("n_jobs", "", error.got, f"{error.expected}, or -1 for one per core") from None


def on_cluster() -> bool:
    """Return whether the active joblib backend is another than those of joblib for one machine: a Dask cluster, for example.

    Examples
    --------
    >>> import joblib
    >>> with joblib.parallel_config(backend="loky"):
    ...     on_cluster()
    False
    """
    if "joblib" not in sys.modules:  # slow to import, and while it is not imported no backend can have been chosen
        return False
    from joblib.parallel import LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend, get_active_backend

    return type(get_active_backend()[0]) not in (LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend)


def results_of(parallel: Any, tasks: Iterable[Any]) -> Iterator[Any]:
    """Yield the results of tasks in their order, and end the workers without a word where the caller stops early.

    A terminal sends Ctrl-C to all processes, and SIGHUP when it is closed. This one stops its workers itself; a worker that was
    interrupted while it starts, or whose start was, would print a traceback. So neither reaches the workers, and both wait here,
    as SIGTERM does, until they have started.

    Parameters
    ----------
    parallel : joblib.Parallel
        With ``return_as="generator"``.
    tasks : iterable
        What `joblib.delayed` makes.

    Examples
    --------
    >>> import joblib
    >>> list(results_of(joblib.Parallel(return_as="generator"), [joblib.delayed(abs)(-1), joblib.delayed(abs)(2)]))
    [1, 2]
    """
    results = started(parallel, tasks)
    try:
        for result in results:  # noqa: UP028 - "yield from" would close the results, with a warning
            yield result
    except BaseException:
        _close(results)
        raise


_OF_TERMINALS = {signal.SIGINT} | ({signal.SIGHUP} if hasattr(signal, "SIGHUP") else set())
"""The signals that a terminal sends to all processes: Ctrl-C, and the end of the session."""


def started(parallel: Any, tasks: Iterable[Any]) -> Any:
    """Return the generator of the results of tasks once workers have begun; Ctrl-C reaches none, as with `results_of`."""
    results: Any = None
    try:
        with ExitStack() as stack:
            for number in (*_OF_TERMINALS, signal.SIGTERM):
                stack.enter_context(_put_off(number))
            stack.enter_context(_blocked_in_new_processes(_OF_TERMINALS))
            results = parallel(tasks)
    except BaseException:  # also a signal that was put off until there are results
        if results is not None:
            _close(results)
        raise
    return results


def end_with_parent() -> None:
    """Have this process, a worker, end within seconds of the process that started it, even if that one is killed.

    It is for the ``initializer`` of `joblib.Parallel`: loky's workers would wait for their parent for half an hour or for good.
    In a process that is no worker, as with a backend of threads, nothing is done; nor on Windows, where no process gets another
    parent.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None or sys.platform == "win32":
        return
    threading.Thread(target=_end_after, args=(parent.pid, os.getppid()), name="end-with-parent", daemon=True).start()


def _end_after(parent: int, adopter: int) -> None:
    """End this process once its parent is gone, or it has another one than at first: the system lets one adopt it then.

    The two differ where the parent was killed before this process could ask, and where a script starts Python. Process 1 starts
    no script: where it adopted this process, the parent is gone, though it looks alive until somebody waits for it.
    """
    with suppress(ProcessLookupError):
        while os.getppid() == adopter and (adopter != 1 or parent == 1):
            os.kill(parent, 0)  # an error if there is no such process
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


def collect_seldom() -> None:
    """Have this process look for garbage seldom, and not when it ends: an archive is a million objects that stay to the end.

    Looking through them took a sixth of a night's time, and a twenty-fifth at its end, where Python does so several times.
    """
    gc.set_threshold(100_000, 20, 100)
    atexit.register(gc.freeze)


@contextmanager
def without_collections() -> Iterator[None]:
    """Look for no garbage within a block, which makes many objects and soon drops them, unless nobody looks for any as it is.

    Otherwise all objects of the process, which are a user's too, are gone through again and again.
    """
    collecting = gc.isenabled()
    if collecting:  # else another thread may end its block just now, and nobody would look for garbage again
        gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


_IN_WORKERS = {
    "backend": "loky",
    "return_as": "generator",
    "batch_size": 1,
    "pre_dispatch": "all",
    "initializer": end_with_parent,
}
"""How joblib runs tasks in processes that stay for the next work, as long as all of this is the same."""


def results_in_rounds(tasks: Iterator[Any], n_workers: int) -> Generator[Any, None, None]:
    """Yield the results of tasks in their order; other processes have some to run while this one makes the next.

    A task is made no sooner than a round before it is run, of a task for each process. Where the caller stops early, what is at
    work is waited for: it ends in a moment, and joblib may print a traceback where it is told to end it.

    Parameters
    ----------
    tasks : iterator
        What `joblib.delayed` makes.
    n_workers : int
        The number of processes.

    Examples
    --------
    >>> import joblib
    >>> list(results_in_rounds((joblib.delayed(abs)(-number) for number in range(3)), 2))
    [0, 1, 2]
    """
    from joblib import Parallel

    running: deque[Any] = deque()
    try:
        while True:
            if some := list(islice(tasks, n_workers)):
                parallel = Parallel(n_workers, **_IN_WORKERS)
                running.append(started(parallel, some))
            if len(running) > bool(some):
                for result in running[0]:  # noqa: UP028 - "yield from" would close the results, with a warning
                    yield result
                running.popleft()
            if not running:
                return
    except BaseException:
        with suppress(Exception):
            for _ in chain.from_iterable(running):
                pass
        raise


@contextmanager
def running_beside(function: Callable[[], object], n_workers: int) -> Iterator[None]:
    """Have other processes run a function, once each, while the block goes on; at its end, what is at work is waited for.

    The processes stay for the next work.

    Parameters
    ----------
    function : callable
        Raises nothing and returns nothing.
    n_workers : int
        The number of processes.
    """
    from joblib import Parallel, delayed

    parallel = Parallel(n_workers, **_IN_WORKERS)
    results = started(parallel, [delayed(function)() for _ in range(n_workers)])
    try:
        yield
    finally:
        with suppress(Exception):
            deque(results, 0)


def _close(results: Any) -> None:
    """End the workers of a generator of results without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tasks are cancelled
        results.close()


@contextmanager
def _put_off(number: signal.Signals) -> Iterator[None]:
    """Handle a signal that comes within the enclosed block at its end; only the main thread handles any."""
    handler = signal.getsignal(number)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    frames: list[FrameType | None] = []
    signal.signal(number, lambda _, frame: frames.append(frame))
    try:
        yield
    finally:
        signal.signal(number, handler)
        if frames:
            handler(number, frames[0])


@contextmanager
def _blocked_in_new_processes(numbers: set[signal.Signals]) -> Iterator[None]:
    """Start the processes of the enclosed block with signals blocked. Windows has no signal masks; there nothing changes."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # a process beside the workers; starting it would unblock signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def on_dask(address: str) -> Iterator[None]:
    """Run the work of the enclosed block on the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        The scheduler's address, such as ``tcp://host:8786``.

    Raises
    ------
    InputError
        If the extra is not installed, no scheduler with workers answers at the address, a worker has another version of the
        library, the connection to the scheduler is lost, or several workers died of one task. If all workers are lost, the
        work waits for new ones.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
        from joblib import parallel_config
    except ImportError as error:
        raise InputError(f'Dask needs the package {error.name}: pip install "relatedstories[dask]"') from None
    _check_scheduler(address)
    with Client(address, timeout=CONNECTION_TIMEOUT, set_as_default=False) as client:
        _check_workers(client, address)
        try:
            with parallel_config(backend="dask", client=client):
                yield
        except (CommClosedError, FutureCancelledError, KilledWorker, AttributeError) as error:
            # A client that lost its scheduler between two stages has none that joblib could ask.
            if isinstance(error, AttributeError) and client.scheduler is not None:
                raise
            raise InputError(f"got no result from the workers at {shown(address)}: {_on_one_line(error)}") from error


def _check_scheduler(address: str) -> None:
    """Raise an error unless a scheduler answers at the address.

    A `Client` does not serve for this: where something else answers it waits without end, and where the address is wrong
    its clean-up waits for seconds and prints a traceback.
    """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from distributed import Security, rpc

    async def ask_identity() -> None:
        connection_args = Security().get_connection_args("client")
        async with rpc(address, timeout=CONNECTION_TIMEOUT, connection_args=connection_args) as server:
            identity = await asyncio.wait_for(server.identity(), CONNECTION_TIMEOUT + 1)
        if identity["type"] != "Scheduler":
            raise ValueError(f"that is a {identity['type']}")

    try:
        with ThreadPoolExecutor(1) as thread:  # as a notebook's own thread runs an event loop already
            thread.submit(lambda: asyncio.run(ask_identity())).result()
    except (OSError, ValueError, TypeError) as error:
        reason = _on_one_line(error)
        raise InputError(f"got no answer from {shown(address)} ({reason}), expected a Dask scheduler there") from None


def _on_one_line(error: BaseException) -> str:
    """Return the message of an error on one line, or its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _check_workers(client: Any, address: str) -> None:
    """Raise an error unless a worker is connected and all have this version of the library; others could give other links."""
    from importlib.metadata import version

    from relatedstories import __version__

    try:
        client.wait_for_workers(1, timeout=CONNECTION_TIMEOUT)
    except TimeoutError:
        raise InputError(f"got no worker at {shown(address)} in {CONNECTION_TIMEOUT} s, expected at least one") from None
    for worker, found in client.run(version, "relatedstories", on_error="return").items():
        if found != __version__:
            got = "none" if isinstance(found, Exception) else shown(found)
            raise InputError(f"worker {worker}: got relatedstories {got}, expected {__version__}, as here; install it there")
