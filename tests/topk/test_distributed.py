"""On several machines: a cluster of processes finds the same links to the byte, whatever becomes of its workers."""

from __future__ import annotations

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

import relatedstories
from relatedstories import Event, InputError, RelatedStories
from relatedstories.index.archive import Archive
from relatedstories.refresh import refresh
from relatedstories.topics import extraction
from relatedstories.topk import distributed as spread
from relatedstories.topk.distributed import distributed_topk, on_dask, spreads
from relatedstories.topk.join import ANY_DAY, NO_DATE, BlockedIndex, DateFactor, Rows

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
        until(file.exists)
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


def cut(shard: int, asked: int, chunk: int = 64) -> contextlib.AbstractContextManager[object]:
    """As if tasks were so small: a few events then make many."""
    stack = contextlib.ExitStack()
    stack.enter_context(patch.multiple(spread, SHARD=shard, ASKED=asked))
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


# ---------------------------------------------------------------------- the same as in one process


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
def test_the_same_as_without(join, k, shard, asked, backend, data):
    rows, spans = join
    options = {
        "date_factor": DateFactor(data.draw(st.sampled_from([1, 120])), data.draw(st.sampled_from([0.0, 0.4, 1.0]))),
        "embedding_weight": data.draw(st.sampled_from([0.0, 0.5, 1.0])),
        "min_score": data.draw(st.sampled_from([0.0, 0.1])),
    }
    expected = BlockedIndex.of(rows).top(rows, k, np.arange(len(spans), dtype=np.int32), spans, **options).filled()
    done: list[int] = []
    with patch.multiple(spread, SHARD=shard, ASKED=asked), joblib.parallel_config(backend=backend, n_jobs=2):
        found = distributed_topk(rows, k, spans, **options, progress=done.append)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    assert sum(done) == len(spans)


def test_shards_in_which_nothing_may_be_listed_are_left_out():
    days = np.arange(100, dtype=np.int32)
    rows = Rows(sp.csr_array(np.ones((100, 1), np.float32)), days, np.zeros((100, 3), np.int8))
    older = np.stack([np.full(100, NO_DATE, np.int32), days], axis=1)
    with patch.multiple(spread, SHARD=10, ASKED=10):
        pairs = spread._Work(rows, 3, older, DateFactor(1, 1), 0.0, 0.0).pairs()
    assert len(pairs) == 10 * 11 // 2


def test_the_backends_of_one_machine_are_not_taken_for_many():
    assert not spreads()
    for backend in ("loky", "threading", "multiprocessing", "sequential"):
        with joblib.parallel_config(backend=backend):
            assert not spreads()


# ---------------------------------------------------------------------- what is sent


class NoCluster:
    """Notes what would be sent, and computes it here."""

    def __init__(self):
        self.sent: list[int] = []

    def submit(self, function, *arguments, **_):
        self.sent.append(len(pickle.dumps(arguments)))
        return function(*arguments)


def sent(n: int) -> tuple[int, list[int], list[int], list[int]]:
    """For an archive of n events: the size of all rows, and of what goes out as shards, of these made, and of parts."""
    events = archive(n)
    found = [tuple((topic.name, topic.kind) for topic in topics) for topics in CapitalisedWords().extract_many(events)]
    rows, _ = Archive.of(events, found, 0.25).rows()
    client, shards, parts = NoCluster(), [], []
    with patch.multiple(spread, SHARD=200, ASKED=50):
        work = spread._Work(rows, 8, np.tile(np.array(ANY_DAY, np.int32), (n, 1)), DateFactor(120, 0.4), 0.5, 0.05)
        pairs = work.pairs()
        for _, (shard, *arguments), _ in work.tasks(pairs, client):
            shards.append(len(pickle.dumps(shard)))
            assert shard.__sizeof__() > shards[-1] / 2
            parts.append(len(pickle.dumps(arguments)))
    return len(pickle.dumps(rows)), client.sent, shards, parts


def test_a_worker_holds_a_shard_and_a_part_however_large_the_archive():
    small, large = sent(400), sent(3200)
    assert large[0] > 7 * small[0]
    assert (len(small[1]), len(large[1])) == (2, 16)  # each shard once
    for ours, theirs in zip(small[1:], large[1:], strict=True):
        assert max(theirs) < 1.3 * max(ours)  # a little more, as rows of a larger archive have more words between them
    assert sum(large[1]) < 1.1 * large[0]


# ---------------------------------------------------------------------- a cluster


@pytest.mark.slow
def test_the_command_gives_the_same_bytes(cluster, tmp_path):
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
    for path in parts_of(tmp_path / "local").iterdir():
        assert (parts_of(tmp_path / "dask") / path.name).read_bytes() == path.read_bytes()
        if not path.name.startswith("nearest"):  # which is not looked for to build an index
            assert (parts_of(tmp_path / "built") / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_within_a_callers_own_configuration(cluster):
    events = archive(1500)
    told: dict[str, list[int]] = {}

    def progress(stage, done, total):
        assert total == len(events)
        told.setdefault(stage, []).append(done)

    expected, older = links(quick(), events), links(quick(), events, include_newer=False, max_per_context=1)
    with Client(cluster.address, set_as_default=False) as client, joblib.parallel_config(backend="dask", client=client):
        assert spreads()
        with cut(400, 130):
            assert links(quick(), events, progress=progress) == expected
            assert links(quick(), events, include_newer=False, max_per_context=1) == older
        with cut(90, 700):
            stories = quick().fit(events)
            found = {event.id: [link.to_dict() for link in links] for event, links in stories.all_related()}
        until(lambda: not any(client.has_what().values()))  # nothing stays behind
    assert found == {row["id"]: row["links"] for row in map(json.loads, expected.splitlines())}
    for stage in ("topics", "comparing", "links"):
        assert told[stage] == sorted(told[stage])
        assert told[stage][-1] == len(events)
        assert len(told[stage]) > 20


class Slow(CapitalisedWords):
    """Takes so long that a worker can be killed while it is at it."""

    def extract_many(self, events):
        time.sleep(0.05)
        return super().extract_many(events)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["topics", "comparing"])
def test_a_worker_is_killed(cluster, stage):
    events = archive(3000)
    expected = links(quick(), events)
    victim = None
    with Client(cluster.address, set_as_default=False) as client, on_dask(cluster.address):
        before = set(client.scheduler_info(n_workers=-1)["workers"])
        process = cluster.start_worker()
        client.wait_for_workers(3, timeout=60)
        (address,) = set(client.scheduler_info(n_workers=-1)["workers"]) - before

        def progress(at, done, total):
            nonlocal victim
            if victim is None and at == stage and done > total / 5:
                until(lambda: client.processing()[address], 20)
                if stage == "comparing":
                    until(lambda: client.has_what()[address], 20)  # a shard, which is gone with it
                victim = done
                process.send_signal(signal.SIGKILL)
                process.wait()

        with cut(300, 100):
            found = links(RelatedStories(Slow()), events, progress=progress)
        assert victim is not None
        assert victim < len(events)
        assert set(client.scheduler_info(n_workers=-1)["workers"]) == before
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
def test_an_address_that_is_none(address, tmp_path):
    done = run("refresh", "sample", "--links", "links.jsonl", "--engine", "dask", "--scheduler", address, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"relatedstories: error: got no answer from {address!r} (")
    assert done.stderr.endswith("), expected a Dask scheduler there\n")


@pytest.mark.slow
def test_nobody_there(tmp_path):
    start = time.monotonic()
    address = f"tcp://127.0.0.1:{free_port()}"
    done = run("refresh", "sample", "--links", "links.jsonl", "--engine", "dask", "--scheduler", address, cwd=tmp_path)
    assert time.monotonic() - start < 20
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"relatedstories: error: got no answer from '{address}' (Timed out")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_worker_is_no_scheduler(cluster):
    with Client(cluster.address, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info(n_workers=-1)["workers"]))
    with pytest.raises(InputError) as error, on_dask(worker):
        pass
    assert str(error.value) == f"got no answer from '{worker}' (that is a Worker), expected a Dask scheduler there"


@pytest.mark.slow
def test_the_scheduler_is_lost(tmp_path):
    (tmp_path / "links.jsonl").write_text("old")
    cluster = Cluster(tmp_path / "cluster")
    cluster.folder.mkdir()

    def progress(stage, done, _total):
        if stage == "topics" and done == 500:
            cluster.processes[0].kill()

    try:
        cluster.start_scheduler()
        cluster.start_worker()
        with cut(300, 100), pytest.raises(InputError, match="got no result from the workers at"), on_dask(cluster.address):
            refresh(RelatedStories(Slow()), archive(3000), tmp_path / "links.jsonl", progress=progress)
    finally:
        cluster.stop()
    assert (tmp_path / "links.jsonl").read_text() == "old"


@pytest.mark.slow
def test_a_scheduler_without_workers(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        cluster.start_scheduler()
        with patch.object(spread, "PATIENCE", 2), pytest.raises(InputError) as error, on_dask(cluster.address):
            pass
    finally:
        cluster.stop()
    assert str(error.value) == f"got no worker at '{cluster.address}' in 2 s, expected one at least"


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
