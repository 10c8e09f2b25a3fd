"""A Dask cluster gives the same bytes as one process, also when workers are lost; errors of a cluster are clear."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from distributed import Client
from helpers import CapitalisedWords, day, parts_of, quick, run
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib.parallel import get_active_backend

import relatedstories
from relatedstories import Event, InputError, RelatedStories, parallel
from relatedstories.index.archive import Archive
from relatedstories.parallel import on_cluster, on_dask
from relatedstories.refresh import refresh
from relatedstories.topics import extraction
from relatedstories.topk import distributed
from relatedstories.topk.blocked_index import BlockedIndex
from relatedstories.topk.dates import ANY_DAY, NO_DATE, DateFactor, every_day
from relatedstories.topk.distributed import distributed_topk
from relatedstories.topk.rows import Rows

HERE = Path(__file__).resolve().parent


@dataclass
class Cluster:
    """A scheduler and workers of one thread, a process each."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}  # of the extractors that the tests hand in
        with open(self.folder / "log.txt", "ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_scheduler(self) -> None:
        file = self.folder / "scheduler.json"
        self.start("dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text().rstrip().endswith("}"))  # it may exist before it is written
        self.address = json.loads(file.read_text())["address"]

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start_scheduler()
        for _ in range(2):
            cluster.start_worker()
        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield cluster
    finally:
        cluster.stop()


def small_tasks(shard: int, queries: int, chunk: int = 64) -> contextlib.AbstractContextManager[object]:
    """Make tasks small, so that a few events make many of them."""
    stack = contextlib.ExitStack()
    stack.enter_context(patch.multiple(distributed, ROWS_PER_SHARD=shard, QUERIES_PER_TASK=queries))
    stack.enter_context(patch.object(extraction, "_CHUNK", chunk))
    return stack


def archive(n: int) -> list[Event]:
    """Events of several names out of many and words of few, on days that are often the same, some unknown."""
    draw = random.Random(0)
    names = [f"Name{i}" for i in range(n // 6)]
    words = [f"word{i}" for i in range(n // 4)]
    events = []
    for i in range(n):
        text = " ".join(draw.choices(names, k=3) + draw.choices(words, k=8))
        date = day("2020-01-01").replace(month=draw.randint(1, 12), day=draw.randint(1, 28)) if draw.random() < 0.9 else None
        events.append(Event(f"{i:05}", text, date=date))
    return events


def links(stories: RelatedStories, events: list[Event], **options) -> str:
    file = io.StringIO()
    refresh(stories, events, file, **options)
    return file.getvalue()


# ---------------------------------------------------------------------- the same result as in one process


@st.composite
def joins(draw):
    n, m, d = draw(st.integers(0, 14)), draw(st.integers(1, 6)), draw(st.sampled_from([3, 70]))
    weights = np.array(draw(st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=n * m, max_size=n * m)), np.float32) / 8
    some_day = st.one_of(st.just(NO_DATE), st.integers(0, 4), st.integers(0, 4000), st.integers(-(10**6), 10**6))
    days = np.array(draw(st.lists(some_day, min_size=n, max_size=n)), np.int32)
    embeddings = np.zeros((n, d), np.int8)
    numbers = draw(st.lists(st.sampled_from([-128, -127, 0, 60, 127]), min_size=2 * n, max_size=2 * n))
    embeddings[:, [0, -1]] = np.array(numbers, np.int8).reshape(n, 2)
    embeddings[:, 1:] = np.maximum(embeddings[:, 1:], -127)
    span = st.one_of(st.just(ANY_DAY), st.tuples(some_day, some_day), st.tuples(st.just(NO_DATE), some_day))
    spans = np.array(draw(st.lists(span, min_size=n, max_size=n)), np.int32).reshape(-1, 2)
    return Rows(sp.csr_array(weights.reshape(n, m)), days, embeddings), spans


@given(
    joins(), st.integers(1, 6), st.integers(1, 16), st.integers(1, 16), st.sampled_from(["sequential", "threading"]), st.data()
)
@settings(deadline=None, max_examples=200)
def test_same_as_one_blocked_index(join, k, shard, queries, backend, data):
    rows, spans = join
    options = {
        "date_factor": DateFactor(data.draw(st.sampled_from([0.0, 0.15, 1.0]))),
        "embedding_weight": data.draw(st.sampled_from([0.0, 0.5, 1.0])),
        "min_score": data.draw(st.sampled_from([0.0, 0.1])),
    }
    expected = BlockedIndex.of(rows).top(rows, k, np.arange(len(spans), dtype=np.int32), spans, **options).wait()
    done: list[int] = []
    with (
        patch.multiple(distributed, ROWS_PER_SHARD=shard, QUERIES_PER_TASK=queries),
        joblib.parallel_config(backend=backend, n_jobs=2),
    ):
        found = distributed_topk(rows, k, spans, **options, progress=done.append)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    assert sum(done) == len(spans)


def test_pairs_with_no_day_to_list_are_left_out():
    days = np.arange(100, dtype=np.int32)
    rows = Rows(sp.csr_array(np.ones((100, 1), np.float32)), days, np.zeros((100, 3), np.int8))
    older = np.stack([np.full(100, NO_DATE, np.int32), days], axis=1)
    with patch.multiple(distributed, ROWS_PER_SHARD=10, QUERIES_PER_TASK=10):
        pairs = distributed._DistributedJoin(rows, 3, older, DateFactor(0), 0.0, 0.0).pairs()
    assert len(pairs) == 10 * 11 // 2


# ---------------------------------------------------------------------- what is sent


class NoCluster:
    """A client that notes the size of what would be sent, and computes it here."""

    def __init__(self):
        self.sent: list[int] = []

    def submit(self, function, *arguments, **_):
        self.sent.append(len(pickle.dumps(arguments)))
        return function(*arguments)


def sent(n: int) -> tuple[int, list[int], list[int], list[int]]:
    """Return pickled sizes for n events: all rows; shards as sent; shards as indexed; query rows."""
    events = archive(n)
    found = [tuple((topic.name, topic.kind, (-1,)) for topic in topics) for topics in CapitalisedWords().extract_many(events)]
    rows = Archive.of(events, found, 0.25).rows()
    client, shards, parts = NoCluster(), [], []
    with patch.multiple(distributed, ROWS_PER_SHARD=200, QUERIES_PER_TASK=50):
        work = distributed._DistributedJoin(rows, 8, every_day(n), DateFactor(0.15), 0.5, 0.05)
        pairs = work.pairs()
        for _, (shard, *arguments), _ in work.tasks(pairs, client):
            shards.append(len(pickle.dumps(shard)))
            assert shard.__sizeof__() > shards[-1] / 2
            parts.append(len(pickle.dumps(arguments)))
    return len(pickle.dumps(rows)), client.sent, shards, parts


def test_the_size_of_tasks_does_not_grow_with_the_archive():
    small, large = sent(400), sent(3200)
    assert large[0] > 7 * small[0]
    assert (len(small[1]), len(large[1])) == (2, 16)  # each shard once
    for ours, theirs in zip(small[1:], large[1:], strict=True):
        assert max(theirs) < 1.3 * max(ours)  # a little more, as rows of a larger archive have more words in all
    assert sum(large[1]) < 1.1 * large[0]


# ---------------------------------------------------------------------- a cluster


@pytest.mark.slow
def test_commands_on_a_cluster_write_the_same_bytes(cluster, tmp_path):
    engine = ["--engine", "dask", "--scheduler", cluster.address]
    for name, options in (("local", []), ("dask", engine)):
        done = run("refresh", "sample", "--links", f"{name}.jsonl", "--index", f"{name}", *options, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "302 events, " in done.stderr
        assert "Traceback" not in done.stderr
        assert "WARN" not in done.stderr
    done = run("build", "sample", "--index", "built", *engine, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dask.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()
    parts = [path for path in parts_of(tmp_path / "local").iterdir() if path.name != "last-refresh.json"]  # of this index alone
    for path in parts:
        assert (parts_of(tmp_path / "dask") / path.name).read_bytes() == path.read_bytes()
        if not path.name.startswith(("neighbours", "last-")):  # `build` makes no lists and does not look for the nearest
            assert (parts_of(tmp_path / "built") / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_where_an_event_loop_runs_as_in_a_notebook(cluster):
    events = archive(300)

    async def cell() -> str:
        with on_dask(cluster.address), small_tasks(100, 50):
            return links(quick(), events)

    with ThreadPoolExecutor(1) as thread:  # in this one, tests in a browser may keep an event loop of their own
        assert thread.submit(asyncio.run, cell()).result() == links(quick(), events)


@pytest.mark.slow
def test_a_callers_own_joblib_configuration_is_used(cluster):
    events = archive(1500)
    reported: dict[str, list[int]] = {}

    def progress(stage, done, total):
        assert total == len(events)
        reported.setdefault(stage, []).append(done)

    expected, older = links(quick(), events), links(quick(), events, include_newer=False, max_per_context=1)
    with Client(cluster.address, set_as_default=False) as client, joblib.parallel_config(backend="dask", client=client):
        assert on_cluster()
        with small_tasks(400, 130):
            assert links(quick(), events, progress=progress) == expected
            assert links(quick(), events, include_newer=False, max_per_context=1) == older
        with small_tasks(90, 700):
            stories = quick().fit(events)
            found = {event.id: [link.to_dict() for link in links] for event, links in stories.all_related()}
        until(lambda: not any(client.has_what().values()))  # nothing stays behind
    assert found == {row["id"]: row["links"] for row in map(json.loads, expected.splitlines())}
    for stage in ("topics", "comparing", "links"):
        assert reported[stage] == sorted(reported[stage])
        assert reported[stage][-1] == len(events)
        assert len(reported[stage]) > 20


def kill_in(victim: bool, where: type, method: str, dead: Path) -> None:
    """Let a worker process die in a method of a class; the others wait there until it has."""
    own = getattr(where, method)

    def called(*args, **kwargs):
        if victim:
            dead.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        until(dead.exists)
        return own(*args, **kwargs)

    called.own = own
    setattr(where, method, called)


def restore(where: type, method: str) -> None:
    setattr(where, method, getattr(where, method).own)


@pytest.mark.slow
@pytest.mark.parametrize(("where", "method"), [(CapitalisedWords, "extract_many"), (BlockedIndex, "top")])
def test_a_killed_worker_does_not_change_the_links(cluster, tmp_path, where, method):
    events, dead = archive(3000), tmp_path / "dead"
    expected = links(quick(), events)
    with Client(cluster.address, set_as_default=False) as client, on_dask(cluster.address):
        before = set(client.scheduler_info(n_workers=-1)["workers"])
        process = cluster.start_worker()
        until(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == len(before) + 1)
        (victim,) = set(client.scheduler_info(n_workers=-1)["workers"]) - before
        for worker in (victim, *before):
            client.run(kill_in, worker == victim, where, method, dead, workers=[worker])
        try:
            with small_tasks(300, 100):
                found = links(quick(), events)
        finally:
            client.run(restore, where, method, workers=[*before])
            process.kill()
            process.wait()
        assert dead.exists()
        until(lambda: set(client.scheduler_info(n_workers=-1)["workers"]) == before)  # a client that reconnects sees none
    assert found == expected


# ---------------------------------------------------------------------- errors


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--engine dask", "--engine dask needs --scheduler ADDRESS"),
        ("--scheduler tcp://127.0.0.1:8786", "--scheduler goes with --engine dask"),
        ("--engine local --scheduler tcp://127.0.0.1:8786", "--scheduler goes with --engine dask"),
        ("--engine dask --scheduler tcp://127.0.0.1:8786 --jobs 2", "got --jobs 2 and --engine dask"),
        ("--engine spark", "'spark' is not one of 'local', 'dask'"),
    ],
)
@pytest.mark.parametrize("command", ["refresh sample --links links.jsonl", "build sample --index stories"])
def test_wrong_usage(command, arguments, says, tmp_path):
    done = run(*command.split(), *arguments.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "tcp://127.0.0.1:x", "http://127.0.0.1:8786", ""])
def test_a_wrong_address(address, tmp_path):
    done = run("refresh", "sample", "--links", "links.jsonl", "--engine", "dask", "--scheduler", address, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"relatedstories: error: got no answer from {address!r} (")
    assert done.stderr.endswith("), expected a Dask scheduler there\n")


@pytest.mark.slow
def test_no_scheduler_at_the_address(tmp_path):
    address = f"tcp://127.0.0.1:{free_port()}"
    script = "import relatedstories.parallel as p; p.CONNECTION_TIMEOUT = 2; from relatedstories.cli.app import main; main()"
    arguments = ["refresh", "sample", "--links", "links.jsonl", "--engine", "dask", "--scheduler", address]
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"relatedstories: error: got no answer from '{address}' (Timed out")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_address_of_a_worker(cluster):
    with Client(cluster.address, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info(n_workers=-1)["workers"]))
    with pytest.raises(InputError) as error, on_dask(worker):
        pass
    assert str(error.value) == f"got no answer from '{worker}' (that is a Worker), expected a Dask scheduler there"


class Slow(CapitalisedWords):
    """Slow enough that a scheduler can be killed while it extracts."""

    def extract_many(self, events):
        time.sleep(0.05)
        return super().extract_many(events)


@pytest.mark.slow
def test_a_lost_scheduler_is_one_error_and_keeps_the_old_links(tmp_path):
    (tmp_path / "links.jsonl").write_text("old")
    cluster = Cluster(tmp_path / "cluster")
    cluster.folder.mkdir()

    def progress(stage, done, _total):
        if stage == "topics" and done == 500:
            cluster.processes[0].kill()

    try:
        cluster.start_scheduler()
        cluster.start_worker()
        with (
            small_tasks(300, 100),
            pytest.raises(InputError, match="got no result from the workers at"),
            on_dask(cluster.address),
        ):
            refresh(RelatedStories(Slow()), archive(3000), tmp_path / "links.jsonl", progress=progress)
    finally:
        cluster.stop()
    assert (tmp_path / "links.jsonl").read_text() == "old"


@pytest.mark.slow
def test_a_scheduler_lost_between_two_stages_is_one_error(tmp_path):
    cluster = Cluster(tmp_path)

    def fit_when_it_is_lost():
        with on_dask(cluster.address):
            client = get_active_backend()[0].client
            cluster.processes[0].kill()
            until(lambda: client.status == "closed")
            quick().fit(archive(500))

    try:
        cluster.start_scheduler()
        cluster.start_worker()
        with pytest.raises(InputError, match="got no result from the workers at"):
            fit_when_it_is_lost()
    finally:
        cluster.stop()


@pytest.mark.slow
def test_a_scheduler_without_workers(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        cluster.start_scheduler()
        with patch.object(parallel, "CONNECTION_TIMEOUT", 2), pytest.raises(InputError) as error, on_dask(cluster.address):
            pass
    finally:
        cluster.stop()
    assert str(error.value) == f"got no worker at '{cluster.address}' in 2 s, expected at least one"


@pytest.mark.slow
def test_a_worker_with_another_version(cluster):
    with patch.object(relatedstories, "__version__", "9.9"), pytest.raises(InputError) as error, on_dask(cluster.address):
        pass
    assert "got relatedstories '0.1.0', expected 9.9, as here; install it there" in str(error.value)


@pytest.mark.parametrize("package", ["dask", "distributed"])
def test_a_missing_package(package, tmp_path):
    script = f"import sys; sys.modules[{package!r}] = None; from relatedstories.cli.app import main; main()"
    arguments = ["refresh", "sample", "--links", "links.jsonl", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:8786"]
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f'relatedstories: error: Dask needs the package {package}: pip install "relatedstories[dask]"\n'
