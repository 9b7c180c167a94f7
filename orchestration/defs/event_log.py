"""Dagster's log of events in SQLite, on connections that are kept.

Dagster's own opens a database anew for each event of a run, up to three times, and SQLite folds its write-ahead log
each time the last connection closes; and it asks anew for each event which tables there are. In a small home that was
a third of a run.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, StaticPool, create_engine

from orchestration.store.home import Home


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """The same files as Dagster's own. Keeps a connection to what spans runs, and one to the run that was used last."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self._engines: dict[str, Engine] = {}
        self._found: set[tuple[str, str]] = set()  # tables and finished migrations; neither is ever undone
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "KeptSqliteEventLogStorage":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def has_table(self, table_name: str) -> bool:
        return self._has("table", table_name, super().has_table)

    def has_secondary_index(self, name: str) -> bool:
        return self._has("secondary index", name, super().has_secondary_index)

    def _has(self, kind: str, name: str, look: Callable[[str], bool]) -> bool:
        if (kind, name) not in self._found and look(name):
            self._found.add((kind, name))
        return (kind, name) in self._found

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            if shard != INDEX_SHARD_NAME:
                self._forget(keep=INDEX_SHARD_NAME)
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,  # the lock lets one thread in at a time
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
        return self._engines[shard]

    def _forget(self, keep: str = "") -> None:
        for shard in [shard for shard in self._engines if shard != keep]:
            self._engines.pop(shard).dispose()

    def dispose(self) -> None:
        super().dispose()
        self._forget()


_read_migrations = ScriptDirectory.from_config


@lru_cache
def _migrations(location: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", location)
    return _read_migrations(config)


def _read_migrations_once() -> None:
    """Let the scripts of Dagster's migrations be read once: they were twice for each database that is opened."""

    def from_config(config: Config) -> ScriptDirectory:
        return _migrations(config.get_main_option("script_location") or "")

    ScriptDirectory.from_config = from_config  # type: ignore[method-assign]


def open_instance(home: Home) -> DagsterInstance:
    """Dagster's memory of a home for a run of the command line: connections are kept, what is printed is not."""
    _read_migrations_once()
    overrides: dict[str, object] = {
        "event_log_storage": {
            "module": __name__,
            "class": KeptSqliteEventLogStorage.__name__,
            "config": {"base_dir": str(home.dagster / "history" / "runs")},
        },
        # What a run of ours prints is for the terminal; capturing it would cost two processes for each step.
        "compute_logs": {
            "module": NoOpComputeLogManager.__module__,
            "class": NoOpComputeLogManager.__name__,
            "config": {},
        },
    }
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(home.dagster), overrides=overrides))
