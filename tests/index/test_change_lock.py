"""Changes of an index from several threads: none is lost, readers do not wait, and nobody waits for themselves."""

from __future__ import annotations

import copy
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import SPACE, CapitalisedWords, quick

from relatedstories import Event, InputError, RelatedStories
from relatedstories.index.change_lock import ChangeLock

OLD = [Event(f"old{i}", f"Fire in Oslo {'abcdefghij'[i % 10] * 3}{i}") for i in range(12)]


class Held(CapitalisedWords):
    """Finds the topics of an event called "Slow" once it is let go."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()

    def extract_many(self, events):
        events = list(events)
        if any("Slow" in event.title for event in events):
            self.begun.set()
            assert self.let_go.wait(30)
        return super().extract_many(events)


CHANGES = {
    "add": lambda stories: stories.add([Event("slow", "Slow fire in Oslo")]),
    "fit": lambda stories: stories.fit([*OLD, Event("slow", "Slow fire in Oslo")]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_second_change_waits_and_readers_do_not(change):
    held = Held()
    stories = RelatedStories(held).fit(OLD)
    before = stories.related("old3")
    with ThreadPoolExecutor(3) as pool:
        try:
            first = pool.submit(change, stories)
            assert held.begun.wait(30)
            others = [pool.submit(stories.add, [Event("new", "Fire in Malta")]), pool.submit(stories.remove, "old7")]
            time.sleep(0.1)
            assert not any(other.done() for other in others)
            assert stories.related("old3") == before
            assert len(stories) == len(OLD)
        finally:
            held.let_go.set()
        for each in [first, *others]:
            each.result()
    expected = {event.id for event in OLD} - {"old7"} | {"slow", "new"}
    assert {event.id for event in stories} == expected
    fresh = quick().fit([*stories])
    assert list(stories.all_related(3)) == list(fresh.all_related(3))


def test_no_event_is_lost_that_several_threads_add_one_by_one():
    stories = quick().fit(OLD)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda i: stories.add([Event(f"new{i}", f"Snow in Malta {i}")]), range(30)))
    finally:
        sys.setswitchinterval(interval)
    assert len(stories) == len(OLD) + 30


def test_events_that_are_added_may_change_the_archive_as_they_come():
    stories = quick().fit(SPACE)
    edited = Event(SPACE[0].id, "Snow in Malta")

    def replacing():
        stories.remove(edited.id)
        yield edited

    stories.add(replacing())
    assert stories[edited.id] == edited
    assert len(stories) == len(SPACE)


def test_a_change_within_a_change_is_an_error():
    stories = quick().fit(OLD)
    with pytest.raises(InputError, match="from within another one"):
        stories.add([Event("new", "Fire in Malta")], progress=lambda *_: stories.remove("old7"))
    assert [*stories] == sorted(OLD, key=lambda event: event.id)
    assert len(stories.remove("old7")) == len(OLD) - 1


def test_a_copy_changes_by_itself():
    stories = quick().fit(OLD)
    with stories._change_lock.held():
        copied = copy.copy(stories).add([Event("new", "Fire in Malta")])
    assert (len(stories), len(copied)) == (len(OLD), len(OLD) + 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_forked_during_a_change_does_not_wait_for_it():
    lock, held, done = ChangeLock(), threading.Event(), threading.Event()

    def hold():
        with lock.held():
            held.set()
            done.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert held.wait(30)
        pid = os.fork()
        if pid == 0:
            signal.alarm(20)  # which ends it
            with lock.held():
                os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        done.set()
        holding.join()
