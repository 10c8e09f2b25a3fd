"""How many workers there are, and whether the active joblib backend is a cluster."""

from __future__ import annotations

import functools
import gc
import os
import signal
import subprocess
import sys
import time

import joblib
import pytest

from relatedstories.errors import BadValueError
from relatedstories.parallel import (
    on_cluster,
    results_in_rounds,
    results_of,
    running_beside,
    without_collections,
    worker_count,
)


def test_worker_count():
    assert worker_count(3) == 3
    assert worker_count(-1) == joblib.cpu_count()


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "2"])
def test_invalid_worker_counts(n_jobs):
    with pytest.raises(BadValueError, match=r"n_jobs: got .*, expected a whole number of at least 1, or -1 for one per core"):
        worker_count(n_jobs)


def test_backends_of_one_machine_are_not_a_cluster():
    assert not on_cluster()
    for backend in ("loky", "threading", "multiprocessing", "sequential"):
        with joblib.parallel_config(backend=backend):
            assert not on_cluster()


def test_rounds_are_made_while_others_run():
    made = []

    def tasks():
        for number in range(7):
            made.append(number)
            yield joblib.delayed(abs)(-number)

    results = results_in_rounds(tasks(), 2)
    assert next(results) == 0
    assert made == [0, 1, 2, 3]
    assert list(results) == [1, 2, 3, 4, 5, 6]
    assert list(results_in_rounds(iter([]), 2)) == []


def test_a_caller_may_leave_rounds_early(recwarn):
    results = results_in_rounds((joblib.delayed(abs)(-number) for number in range(9)), 2)
    next(results)
    results.close()
    assert not [warning for warning in recwarn if "cancel" in str(warning.message)]


def note_process(folder):
    (folder / str(os.getpid())).touch()
    time.sleep(0.3)  # so that no process runs it twice


def test_other_processes_get_ready_and_stay_for_the_next_work(tmp_path):
    with running_beside(functools.partial(note_process, tmp_path), 2):
        some = [*results_in_rounds((joblib.delayed(os.getpid)() for _ in range(4)), 2)]
    ready = {int(path.name) for path in tmp_path.iterdir()}
    assert os.getpid() not in ready
    assert set(some) <= ready
    assert {*results_in_rounds((joblib.delayed(os.getpid)() for _ in range(4)), 2)} <= ready


def test_what_other_processes_raise_while_they_get_ready_is_passed_over():
    with running_beside(functools.partial(int, "none"), 2):
        pass
    with pytest.raises(KeyError), running_beside(int, 2):
        raise KeyError
    assert [*results_in_rounds((joblib.delayed(abs)(-number) for number in range(3)), 2)] == [0, 1, 2]


def parallel() -> joblib.Parallel:
    return joblib.Parallel(n_jobs=2, return_as="generator", idle_worker_timeout=1)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_what_a_terminal_sends_reaches_no_worker(name):
    assert list(results_of(parallel(), (joblib.delayed(sent_to_itself)(name) for _ in range(4)))) == ["went on"] * 4


def sent_to_itself(name: str) -> str:
    os.kill(os.getpid(), getattr(signal, name))
    time.sleep(0.1)
    return "went on"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.filterwarnings("error:.*cancelled")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # loky's, of tasks that end as they start
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_waits_until_all_workers_have_started(name):
    number, handed_out = getattr(signal, name), []

    def stop(*_):
        raise KeyboardInterrupt

    def tasks():
        os.kill(os.getpid(), number)
        for number_of_task in range(4):
            handed_out.append(number_of_task)
            yield joblib.delayed(time.sleep)(0.1)

    before = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            next(results_of(parallel(), tasks()))
    finally:
        signal.signal(number, before)
    assert handed_out


@pytest.mark.filterwarnings("error:.*cancelled")
def test_results_that_nobody_waits_for_end_without_a_word():
    results = results_of(parallel(), (joblib.delayed(time.sleep)(0.1 * number) for number in range(9)))
    assert next(results) is None
    results.close()


def test_garbage_is_looked_for_after_a_block_as_before_it():
    with without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(KeyError), without_collections():
        raise KeyError
    assert gc.isenabled()


def test_garbage_is_looked_for_after_blocks_of_threads_that_overlap(monkeypatch):
    class Collector:
        is_enabled = False  # in the block of another thread, which ends as soon as this one has asked

        def isenabled(self):
            was_enabled, self.is_enabled = self.is_enabled, True
            return was_enabled

        def disable(self):
            self.is_enabled = False

        def enable(self):
            self.is_enabled = True

    collector = Collector()
    monkeypatch.setattr("relatedstories.parallel.gc", collector)
    with without_collections():
        pass
    assert collector.is_enabled


SELDOM = """
from relatedstories.parallel import collect_seldom

class Ring:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("collected")

collect_seldom()
Ring()
print("made")
"""


def test_garbage_is_not_looked_for_at_the_end_of_a_process():
    done = subprocess.run([sys.executable, "-c", SELDOM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["made"]
