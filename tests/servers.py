"""Database servers that the tests start: PostgreSQL, PgBouncer in front of it, and MariaDB, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "s3cr%et&word"
IN_URL = "s3cr%25et%26word"


def missing(reason: str) -> None:
    """Skip a test whose server is not installed, or let it fail in CI, which installs all."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def binary(name: str, what: str) -> Path:
    """Return the path of a server's program."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        missing(f"needs {what}: {name} is neither on the path nor in /usr/sbin")
    return Path(str(found))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def folder_of_server(prefix: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Make a folder for a server, and the arguments of `subprocess` that start one in it, as servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))  # a short path, as the path of a socket has to be
    as_user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        as_user |= {"user": "nobody", "extra_groups": []}
        shutil.chown(folder, "nobody")
    try:
        yield folder, as_user
    finally:
        shutil.rmtree(folder)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server that was started takes connections."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
        time.sleep(0.05)


def postgresql_binaries() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = folders[-1] if folders else shutil.which("initdb")
    if found is None:
        missing("needs PostgreSQL's server: initdb is neither on the path nor in /usr/lib/postgresql")
    return Path(str(found)).parent


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start PostgreSQL, and give the URL up to the name of the database; its user joe needs a password."""
    binaries, port = postgresql_binaries(), free_port()
    with folder_of_server("pg-") as (folder, as_user):
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        data = folder / "data"
        command = [binaries / "initdb", "-D", data, "-U", "joe", "-A", "scram-sha-256", "--pwfile", folder / "password"]
        subprocess.run([*command, "-E", "UTF8", "--locale=C", "--no-sync"], check=True, capture_output=True, **as_user)
        options = f"-c unix_socket_directories={folder} -c listen_addresses=127.0.0.1 -p {port} -c fsync=off"
        start = [binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start"]
        try:
            subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user)
            yield f"postgresql+psycopg://joe:{IN_URL}@127.0.0.1:{port}/"
        finally:
            if (data / "postmaster.pid").exists():
                stop = [binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
                subprocess.run(stop, check=True, capture_output=True, **as_user)


@contextlib.contextmanager
def pgbouncer(server: str) -> Iterator[str]:
    """Start PgBouncer with transaction pooling before a PostgreSQL server, and give its URL as `postgresql` does.

    It has three connections to the server, which all clients share, as many as a refresh needs at a time.
    """
    program, port = binary("pgbouncer", "PgBouncer"), free_port()
    behind = server.rstrip("/").rpartition(":")[2]
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "auth_type": "plain",
        "auth_file": "users.txt",
        "pool_mode": "transaction",
        "default_pool_size": 3,
        "server_reset_query": "",
        "unix_socket_dir": "",
        "query_wait_timeout": 20,
    }
    with folder_of_server("bouncer-") as (folder, as_user):
        lines = [f"[databases]\n* = host=127.0.0.1 port={behind}\n[pgbouncer]", *(f"{key} = {settings[key]}" for key in settings)]
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        (folder / "users.txt").write_text(f'"joe" "{PASSWORD}"\n')
        for file in folder.iterdir():
            file.chmod(0o644)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, folder / "pgbouncer.ini"], **as_user, stdout=log, stderr=log)
        try:
            wait_for(port, process, folder / "log")
            yield f"postgresql+psycopg://joe:{IN_URL}@127.0.0.1:{port}/"
        finally:
            process.kill()
            process.wait()


_USERS = f"""
CREATE USER IF NOT EXISTS joe@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON news.* TO joe@'%';
GRANT ALL ON `the news`.* TO joe@'%';
CREATE USER IF NOT EXISTS admin@'%' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
"""


class MariaDB:
    """A MariaDB server, which can be killed and started again. Its user joe owns the database "news", admin all."""

    def __init__(self, folder: Path, as_user: dict[str, Any]) -> None:
        self._folder, self._as_user = folder, as_user
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._program = binary("mariadbd", "MariaDB's server")
        (folder / "users.sql").write_text(_USERS)
        (folder / "users.sql").chmod(0o644)
        install = [binary("mariadb-install-db", "MariaDB's server"), "--no-defaults", f"--datadir={folder}/data"]
        install += ["--skip-test-db", "--auth-root-authentication-method=normal", "--innodb-flush-method=nosync"]
        subprocess.run(install, check=True, capture_output=True, **as_user)

    def url(self, user: str = "joe", database: str = "news") -> str:
        return f"mysql+pymysql://{user}:{IN_URL}@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        folder = self._folder
        command = [self._program, "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/socket"]
        command += [f"--port={self._port}", f"--pid-file={folder}/pid", f"--log-error={folder}/log", "--bind-address=127.0.0.1"]
        command += [
            f"--init-file={folder}/users.sql",
            "--skip-name-resolve",
            "--innodb-flush-method=nosync",
            "--innodb-buffer-pool-size=32M",
        ]
        command += ["--character-set-server=utf8mb4"]
        self._process = subprocess.Popen(command, **self._as_user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._port, self._process, folder / "log")

    def kill(self) -> None:
        """Kill the server without any chance to tidy up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def mariadb() -> Iterator[MariaDB]:
    """Start MariaDB."""
    with folder_of_server("maria-") as (folder, as_user):
        server = MariaDB(folder, as_user)
        try:
            server.start()
            yield server
        finally:
            server.kill()
