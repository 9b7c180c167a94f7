"""A PostgreSQL server for tests: a cluster of its own in a temporary folder, on a free port of this machine only."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

USER, PASSWORD = "lender", "s3cret@/:word"
_PATIENCE_SECONDS = 60
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "4GB"}


class Cluster:
    """A running server. Each `database` is a new one; over TCP a password is asked for."""

    def __init__(self, port: int):
        self.port = port

    def address(self, database: str, password: str = PASSWORD, scheme: str = "postgresql") -> str:
        return f"{scheme}://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str) -> str:
        """Make an empty database; its address."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.address(name)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs, where there is one."""
    found = shutil.which("initdb")
    here = [Path(found).resolve().parent] if found else []
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return next(iter([*(path.parent for path in reversed(there)), *here]), None)


def why_not() -> str | None:
    """Why no server can be started here."""
    if programs() is None:
        return "PostgreSQL's server is not installed"
    if os.geteuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        return "PostgreSQL's server refuses to run as root, and there is no user postgres"
    return None


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server, and stop and remove it at the end. As root it runs as Debian's user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="loancalls-postgres-"))
    as_user: dict[str, object] = {"cwd": folder, "stdout": subprocess.DEVNULL}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user |= {"user": "postgres", "group": "postgres", "extra_groups": []}
    server = None
    try:
        _make(folder, as_user)
        port = _free_port()
        settings = {**_SETTINGS, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": port}
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *(programs() / "postgres", "-D", folder / "data"),
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                stderr=log,
                **as_user,
            )
        made = Cluster(port)
        _wait(server, made, folder / "log")
        yield made
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path, as_user: dict[str, object]) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)  # the folder itself is open to the server's user only
    subprocess.run(
        [
            *(programs() / "initdb", "--pgdata", folder / "data", "--username", USER, f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ],
        check=True,
        **as_user,
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(server: subprocess.Popen, made: Cluster, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(made.address("postgres")).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {error}\n{log.read_text(encoding='utf-8')}") from None
            time.sleep(0.1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The one server of a test run; tests that need it are skipped with the reason where none can be."""
    if reason := why_not():
        pytest.skip(reason)
    with cluster() as running:
        yield running
