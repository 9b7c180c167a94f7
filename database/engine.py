"""The engine that sessions are bound to: which home it reads, whose turn it is to write, and what a commit does.

The home is the one that LOANCALLS_HOME names when a connection is made, so one engine serves whatever home is set.
"""

import getpass
import os
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.pool import QueuePool

import models.writing  # noqa: F401  (what scripts set is put into our words from now on)
from database.constraints import CannotBeKept, Conflict, check_insert, check_update
from database.overlay import WRITABLE, Overlay
from database.statements import records_of
from models.published import published_tables
from orchestration.settings import load_settings
from orchestration.store import journal
from orchestration.store.home import Home
from orchestration.store.records import utc_now

_WRITE = re.compile(
    r'\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?)\s+(?:changed\.)?"?(\w+)"?',
    re.IGNORECASE,
)
_OVERLAY = "overlay"
_UPDATING = "updating"
_NO_DELETE = "Nothing is deleted here: raw keeps what was once stated. Say what is true now instead, such as a status."
_NO_UPSERT = (
    "ON CONFLICT is not known here: look for the row first, or try it in session.begin_nested() and go on at an "
    "IntegrityError."
)

# A connection is kept for the next session, and looks for what is new when a transaction begins. No bulk path for
# inserts: it would go past the events below.
engine = sa.create_engine(
    "duckdb:///:memory:",
    poolclass=QueuePool,
    pool_size=5,
    max_overflow=-1,
    connect_args={"config": {"autoinstall_known_extensions": False}},
    execution_options={"duckdb_copy_threshold": 0},
)


@event.listens_for(engine, "connect")
def _connect(dbapi_connection: Any, record: Any) -> None:
    settings = load_settings()
    record.info[_OVERLAY] = Overlay(dbapi_connection, Home(settings.home).prepare(), settings)


# A child process makes connections of its own.
os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))


@event.listens_for(engine, "checkout")
def _checkout(dbapi_connection: Any, record: Any, proxy: Any) -> None:
    if record.info[_OVERLAY].settings != load_settings():
        raise DisconnectionError("The home is another one now.")


@event.listens_for(engine, "checkin")
@event.listens_for(engine, "close")
@event.listens_for(engine, "close_detached")
def _close(dbapi_connection: Any, record: Any = None) -> None:
    if record is not None and _OVERLAY in record.info:
        record.info[_OVERLAY].end()


def _save(connection: sa.Connection, name: str) -> None:
    _of(connection).save(name)


def _restore(connection: sa.Connection, name: str) -> None:
    _of(connection).restore(name)


def _discard(connection: sa.Connection, name: str) -> None:
    _of(connection).discard(name)


_dialect: Any = engine.dialect

# What is committed is in the journal by then; here nothing needs to be kept, so nothing can fail.
_dialect.do_commit = _dialect.do_rollback

# Scripts use session.begin_nested() to try a row and go on without it.
_dialect.do_savepoint = _save
_dialect.do_rollback_to_savepoint = _restore
_dialect.do_release_savepoint = _discard


# What a script sees as tables are views here.
_dialect.get_table_names = lambda connection, schema=None, **kw: sorted(published_tables())


class _Compiler(_dialect.statement_compiler):
    """SQL without FOR UPDATE: `_before_execute` does what it means."""

    def for_update_clause(self, select: Any, **kw: Any) -> str:
        return ""


_dialect.statement_compiler = _Compiler


@event.listens_for(engine, "begin")
def _begin(connection: sa.Connection) -> None:
    _of(connection).refresh()


@event.listens_for(engine, "before_execute")
def _before_execute(connection: sa.Connection, clause: Any, many: Any, params: Any, options: Any) -> None:
    """Bring the rows of an UPDATE within reach; its own condition says which they are."""
    if isinstance(clause, sa.Delete):
        raise CannotBeKept(_NO_DELETE)
    if getattr(clause, "_post_values_clause", None) is not None:
        raise CannotBeKept(_NO_UPSERT)
    if getattr(clause, "_for_update_arg", None) is not None:
        _of(connection).take_turn()  # nobody else changes what is read now
    if not isinstance(clause, sa.Update) or not isinstance(clause.table, sa.Table) or clause.table.name not in WRITABLE:
        return
    table = WRITABLE[clause.table.name].__table__
    _of(connection).take_turn()
    matching = sa.select(sa.cast(table.c.id, sa.String)).where(*clause._where_criteria)
    ids = {one for each in many or [params or {}] for one in connection.execute(matching, each).scalars()}
    _of(connection).copy_on_write(table.name, sorted(ids))
    connection.info[_UPDATING] = sorted(ids)


@event.listens_for(engine, "before_cursor_execute", retval=True)
def _before_cursor(connection: sa.Connection, cursor: Any, sql: str, params: Any, context: Any, many: bool) -> tuple:
    """Let what writes to a table write to the changes of this connection."""
    found = _WRITE.match(sql)
    if not found:
        return sql, params
    verb, table = found.group(1).split()[0].upper(), found.group(2).lower()
    if table not in WRITABLE:
        raise CannotBeKept(f"{table} cannot be written to; it is worked out from other tables by the next run.")
    if verb not in ("INSERT", "UPDATE"):
        raise CannotBeKept(_NO_DELETE)
    overlay = _of(connection)
    overlay.take_turn()
    if verb == "UPDATE" and (context.compiled is None or isinstance(context.compiled.statement, sa.TextClause)):
        # Any row may be meant.
        ids = [one for (one,) in overlay.run(f"SELECT CAST(id AS VARCHAR) FROM {table}")]
        overlay.copy_on_write(table, ids)
        connection.info[_UPDATING] = ids
    return sql[: found.start(2)].rstrip('"') + f"changed.{table}" + sql[found.end(2) :].removeprefix('"'), params


@event.listens_for(engine, "after_execute")
def _after_execute(connection: sa.Connection, clause: Any, many: Any, params: Any, options: Any, result: Any) -> None:
    """Hold what was written against keys and references, once its result is read: ours would replace it."""
    if isinstance(clause, sa.Insert | sa.Update | sa.TextClause):
        keys = result.context.compiled.column_keys if isinstance(clause, sa.Update) else None
        _check(connection, str(clause) if isinstance(clause, sa.TextClause) else result.context.statement, keys)


@event.listens_for(engine, "after_cursor_execute")
def _after_cursor(connection: sa.Connection, cursor: Any, sql: str, params: Any, context: Any, many: bool) -> None:
    if context.compiled is None:  # the text of a driver; no other event tells of it
        _check(connection, sql, None)


def _check(connection: sa.Connection, sql: str, columns: list[str] | None) -> None:
    found = _WRITE.match(sql)
    if not found:
        return
    overlay, table = _of(connection), found.group(2).lower()
    try:
        if found.group(1)[0].upper() == "I":
            check_insert(overlay, table)
        else:
            check_update(overlay, table, connection.info.pop(_UPDATING, []), columns or list(overlay.columns[table]))
    except Conflict as conflict:
        raise IntegrityError(sql, None, conflict, hide_parameters=True) from None


@event.listens_for(engine, "commit")
def _commit(connection: sa.Connection) -> None:
    """What was changed goes into the journal, as a whole, before anybody is told that it is committed."""
    overlay = _of(connection)
    if not overlay.is_writing:
        return
    changes = {table: overlay.changes(table) for table in WRITABLE}
    records = records_of(overlay, changes)
    rows = {table: [new for new, _ in of_table] for table, of_table in changes.items()}
    rows["former_fingerprints"] = overlay.former()
    if records:
        journal.append(overlay.home, utc_now(), getpass.getuser(), records, {name: r for name, r in rows.items() if r})
    overlay.end()


@event.listens_for(engine, "rollback")
def _rollback(connection: sa.Connection) -> None:
    _of(connection).end()


def _of(connection: sa.Connection) -> Overlay:
    return connection.info[_OVERLAY]
