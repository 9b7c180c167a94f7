"""A world to test in: a home of its own, files put into its inbox, and the tables that come of them.

Everything here is the real code: files go through ingest into a lake, and every transform is built. Only Dagster and
the checks are left out, so that a world takes a fraction of a second.
"""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import forked
import polars as pl

from expectations.run import Outcome, Suites
from models.published import published_tables
from orchestration.ingest.inbox import Inbox, partition_keys
from orchestration.ingest.run import ingest
from orchestration.settings import Settings, load_settings
from orchestration.store.atomic import remove_database
from orchestration.store.connection import connect
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.warehouse.build import open_warehouse
from orchestration.warehouse.publish import publish
from orchestration.warehouse.transforms import load_transforms

REPO = Path(__file__).parent.parent
SAMPLE = REPO / "data" / "sample"
LOANCALLS = Path(sys.executable).parent / "loancalls"


def csv_bytes(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Records as CSV with the keys of the first as header; None is a blank cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({key: "" if cell is None else cell for key, cell in row.items()} for row in rows)
    return out.getvalue().encode()


def loancalls(home: Path, *arguments: object, code: int = 0, **settings: str) -> subprocess.CompletedProcess:
    """Run the command line on a home, in the folder the home is in; it must end with this exit code.

    In a process of its own, which starts with the libraries loaded.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LOANCALLS_", "DAGSTER"))}
    environment |= {
        "LOANCALLS_HOME": str(home),
        **{f"LOANCALLS_{name}": value for name, value in settings.items()},
    }
    done = forked.loancalls([str(argument) for argument in arguments], environment, home.parent)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


@contextmanager
def suites_on(database: Path) -> Iterator[Suites]:
    """The expectations, on a working database that nobody has open."""
    with duckdb.connect(str(database), read_only=True) as con:
        yield Suites(con)


def check_contract(database: Path, table: str) -> list[Outcome]:
    """Hold a table against its own contract."""
    with suites_on(database) as suites:
        return suites.contract(table)


def check_together(database: Path, tables: Iterable[str]) -> list[Outcome]:
    """Hold tables against each other."""
    with suites_on(database) as suites:
        return suites.together(tables)


class World:
    """A home under `root`. `put` files, `load` them, then ask with `rows` or `table`."""

    def __init__(self, root: Path, **settings: str):
        env = {
            "LOANCALLS_HOME": str(root),
            **{f"LOANCALLS_{name.upper()}": value for name, value in settings.items()},
        }
        self.settings: Settings = load_settings(env)
        self.home = Home(self.settings.home).prepare()
        self.lake = Lake(self.home)
        self.inbox = Inbox(self.home, self.settings.utc_offset_minutes)
        self.outside = root.parent / f"{root.name}.outside"
        self.outside.mkdir(exist_ok=True)

    def put(
        self,
        name: str,
        content: bytes | str | Sequence[Mapping[str, object]],
        at: str | None = None,
        by: str = "tester",
    ) -> None:
        """Put a file into the inbox as sent at `at` (UTC: 2026-03-01 04:00)."""
        if not isinstance(content, bytes | str):
            content = csv_bytes(content)
        path = self.outside / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        moment = datetime.fromisoformat(at) if at else datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
        self.inbox.take(path, by, moment)

    def ingest(self) -> list[str]:
        """Read everything new in the inbox into the lake; the keys that were read."""
        keys = partition_keys(self.inbox.pending(self.lake), [])
        ingest(self.home, self.settings, keys)
        return keys

    def build(self, tables: Iterable[str] | None = None) -> None:
        """Build every transform (or those named) in order."""
        with open_warehouse(self.home, self.settings) as warehouse:
            if tables is None:
                warehouse.begin()
            for name, transform in load_transforms().items():
                if not transform.is_step and (tables is None or name in tables):
                    warehouse.build(transform)
            warehouse.finish()

    def build_for(self, *tables: str) -> None:
        """Build these tables and what they are made from, and no others."""
        known, wanted, todo = load_transforms(), set(), list(tables)
        while todo:
            wanted.add(name := todo.pop())
            todo += set(known[name].tables) - wanted
        self.build(wanted)

    def publish(self, are_checks_passed: bool = True) -> None:
        """Publish what was built as if every check had been made and had passed, or as if none had."""
        if are_checks_passed:
            with open_warehouse(self.home, self.settings) as warehouse:
                for table in published_tables():
                    warehouse.fingerprints.mark_checked(table)
                warehouse.fingerprints.mark_audited()
        publish(self.home, self.settings)

    def settle(self, full: bool = False, are_checks_passed: bool = True) -> None:
        """What a run does, also with what sessions wrote: take up what is new, build and publish."""
        with self.home.lock():
            self.inbox.clear(self.lake)
            self.inbox.gather(self.lake)
            self.ingest()
            if full:
                remove_database(self.home.warehouse)
            self.build()
            self.publish(are_checks_passed)

    def load(self) -> "World":
        self.ingest()
        self.build()
        return self

    def rows(self, sql: str) -> list[tuple]:
        """The rows of a query over the working database."""
        with connect(self.home.warehouse, self.home, self.settings, read_only=True) as con:
            return con.execute(sql).fetchall()

    def value(self, sql: str) -> object:
        """The one value of a query that gives one."""
        ((value,),) = self.rows(sql)
        return value

    def records(self, sql: str) -> list[dict]:
        with connect(self.home.warehouse, self.home, self.settings, read_only=True) as con:
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def table(self, name: str) -> pl.DataFrame:
        """A whole table, UUIDs and JSON as text, in an order of its own cells: equal tables are equal frames."""
        return self.tables([name])[name]

    def tables(self, names: Iterable[str]) -> dict[str, pl.DataFrame]:
        """Several tables, each as `table` gives it."""
        with connect(self.home.warehouse, self.home, self.settings, read_only=True) as con:
            return {name: _frame(con, name) for name in names}


def _frame(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    kinds = con.execute(f"DESCRIBE {name}").fetchall()
    cells = [
        f'CAST("{column}" AS VARCHAR) AS "{column}"' if kind in ("UUID", "JSON") else f'"{column}"'
        for column, kind, *_ in kinds
    ]
    frame = con.sql(f"SELECT {', '.join(cells)} FROM {name}").pl()
    return frame.sort(frame.columns)
