"""Workers end with the process that started them, however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading

import joblib
import pytest

from relatedstories import RelatedStories, read_events
from relatedstories.parallel import end_with_parent
from relatedstories.topics import extraction

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

# Each process says "at work" in one write: `print` writes the end of the line apart, so two workers can share a line.
AT_WORK = {
    "busy": """
        from relatedstories.parallel import results_in_rounds
        tasks = [joblib.delayed(os.write)(1, b"at work\\n"), joblib.delayed(time.sleep)(300)]
        list(results_in_rounds(iter(tasks * 2), 2))
    """,
    "idle": """
        from relatedstories.parallel import running_beside
        with running_beside(gc.collect, 2):
            pass
        os.write(1, b"at work\\n")
        time.sleep(300)
    """,
    "topics": """
        from relatedstories import Event, TopicExtractor
        from relatedstories.topics import extraction
        extraction._CHUNK = 1
        class Slow(TopicExtractor):
            def extract_many(self, events):
                os.write(1, b"at work\\n")
                time.sleep(300)
        events = [Event(str(number), "Oslo") for number in range(8)]
        extraction.extracted(Slow(), events, [None] * 8, n_jobs=2)
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("script", AT_WORK.values(), ids=AT_WORK)
def test_nothing_stays_of_a_process_that_is_killed(script):
    command = [sys.executable, "-c", "import gc, os, time, joblib\n" + textwrap.dedent(script)]
    # Workers, and what cleans up after them, have the same output, which ends when the last of them has ended.
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == b"at work\n"
        running.kill()
        running.wait()
        running.communicate(timeout=20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)


def test_a_worker_whose_parent_is_gone_before_it_looks_ends():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    script = f"import os; from relatedstories.parallel import _end_after; _end_after({gone.pid}, os.getppid())"
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 1


def test_a_process_that_is_no_worker_goes_on():
    before = threading.active_count()
    end_with_parent()
    assert threading.active_count() == before


@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_topics_are_found_with_other_backends(backend, monkeypatch):
    monkeypatch.setattr(extraction, "_CHUNK", 4)
    events = [*read_events("sample")][:20]
    with joblib.parallel_config(backend=backend):
        assert [*RelatedStories().fit(events, n_jobs=2).all_topics()] == [*RelatedStories().fit(events).all_topics()]
