"""What a session sees and changes: the tables as the last run left them, and on top of them what was written since.

A connection is a small database in memory. It has the session's copy of the tables attached, read-only: `base`. What
other sessions have committed since (see `store.journal`) is in the schema `pending`, what this one has changed
in `changed`; the tables that it queries are views over the three, the latest word for each id. So reading never waits
for a run, a run never for a reader, and a commit costs what it changes.

A row is copied into `changed` before it is updated. At the commit, whatever differs there from before is what the
session states.
"""

import glob
import os
import uuid
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.exc import TimeoutError as TurnTimeout

from models.base import Base, duckdb_type
from models.borrowers import Customer, Loan
from models.calls import CallSession, CallStatusUpdate
from models.published import published_tables
from models.quoting import literal
from models.uploads import FileUpload, UploadRow
from orchestration.settings import Settings
from orchestration.store import journal
from orchestration.store.home import Home
from orchestration.store.lock import Turn
from orchestration.store.session_copy import make_copy

WRITABLE = {
    model.__tablename__: model for model in (FileUpload, UploadRow, Customer, Loan, CallSession, CallStatusUpdate)
}
# Kept beside the tables, so that whoever asks by an old phone finds its customer.
FORMER = "former_fingerprints"
_FORMER_COLUMNS = {"fingerprint": "VARCHAR", "customer_id": "UUID"}
# A row, cells as text or None: as it is now, and as it was before.
Row = dict[str, Any]  # by column, a cell as text or null
Change = tuple[Row, Row | None]


class Overlay:
    """The view of one connection `con` (a DB-API connection to an empty database in memory) on a home."""

    def __init__(self, con: Any, home: Home, settings: Settings):
        self.con, self.home, self.settings = con, home, settings
        self.base: str | None = None
        self._base_file: tuple[int, int] | None = None
        self._bases = 0
        self._moved = False  # whether base was made in a home at another place
        self._has_others = False  # whether copies are attached that are no longer read
        self._through = 0  # the last commit that base or pending has
        self._pending: set[str] = set()  # tables that have rows in pending
        self._touched: set[str] = set()  # tables that this session has changed
        self._turn: Turn | None = None
        self._saved: dict[str, dict[str, pa.Table]] = {}  # the changes at each savepoint
        self.columns = {name: _columns(model) for name, model in WRITABLE.items()} | {FORMER: _FORMER_COLUMNS}
        statements = [f"SET memory_limit = '{settings.memory_limit}'"] if settings.memory_limit else []
        statements += [f"SET threads = {settings.threads}"] if settings.threads else []
        statements += ["CREATE SCHEMA changed", "CREATE SCHEMA pending", "CREATE SCHEMA before"]
        statements += ["CREATE TABLE changed.seen (id UUID)"]
        statements += [
            "CREATE TABLE changed.identities (id UUID, fingerprint VARCHAR, phone VARCHAR, national_id VARCHAR)"
        ]
        for name, columns in self.columns.items():
            said = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            statements += [f"CREATE TABLE {schema}.{name} ({said})" for schema in ("changed", "pending")]
        self.run(";".join([*statements, *self._views_of_base(), *self._views()]))
        self.refresh()

    def run(self, sql: str, params: list | None = None) -> list[tuple]:
        """Execute a statement of ours beside those of the session; all rows of its result."""
        cursor = self.con.cursor()
        cursor.execute(sql, params or [])
        return cursor.fetchall() if cursor.description else []

    # --- what is there ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """See what runs and other sessions have written up to now."""
        commits = journal.commits(self.home)  # before the copy is looked at: a run drops them only once it is there
        statements = []
        if self._attach():
            self._has_others = True
            ((self._through, home),) = self.run(f"SELECT taken_up, home FROM {self.base}.meta.journal")
            self._moved = home != str(self.home.root)
            self.run(";".join(f"DELETE FROM pending.{name}" for name in self.columns))
            self._pending.clear()
            statements += self._views_of_base() + self._views()
        known = set(self._pending)
        if new := [commit for commit in commits if commit.number > self._through]:
            self._load(new)
            self._through = new[-1].number
        if known != self._pending:
            statements += self._views()
        if statements:
            self.run(";".join(statements))
        if self._has_others and self._turn is None:
            self._detach_others()

    def _attach(self) -> bool:
        """Attach the session's copy of the tables, if it is another one than before."""
        path = self.home.session_copy
        if not path.exists():
            if not self.home.analytics.exists():
                return False
            self._make_copy()
        status = path.stat()
        if (status.st_ino, status.st_mtime_ns) == self._base_file:
            return False
        # Under a name of its own: DuckDB attaches no path twice, and the copy before this one may be in use still.
        link = self.home.staging / f"session_{uuid.uuid4().hex}.link"
        os.link(path, link)
        try:
            status = link.stat()
            self._bases += 1
            name = f"base_{self._bases}"
            self.run(f"ATTACH {literal(str(link))} AS {name} (READ_ONLY)")
        finally:
            link.unlink()
        self.base, self._base_file = name, (status.st_ino, status.st_mtime_ns)
        return True

    def _make_copy(self) -> None:
        """Have the tables copied for sessions, of which this is the home's first. Runs keep the copy up to date."""
        turn = None if self.home.is_our_turn else self.home.take_turn(self.settings.wait_seconds)
        if turn is None and not self.home.is_our_turn:
            raise InvalidRequestError(_waited(self.home, self.settings))
        try:
            if not self.home.session_copy.exists() and not make_copy(self.home):
                raise InvalidRequestError(f"Sessions cannot read {self.home.root} yet; run `loancalls run` once.")
        finally:
            if turn is not None:
                turn.end()

    def _detach_others(self) -> None:
        """Let go of copies that runs have replaced, which take up their space until then."""
        attached = self.run("SELECT database_name FROM duckdb_databases() WHERE starts_with(database_name, 'base_')")
        for (name,) in attached:
            if name != self.base:
                self.run(f"DETACH {name}")
        self._has_others = False

    def _load(self, commits: list[journal.Commit]) -> None:
        """Put the rows of commits into `pending`, the latest word for each."""
        for table, columns in self.columns.items():
            rows = [row for commit in commits for row in commit.rows.get(table, [])]
            if not rows:
                continue
            key = _key(table)
            rows = list({row[key]: row for row in rows}.values())
            texts = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})
            cells = ", ".join(f'CAST("{name}" AS {kind})' for name, kind in columns.items())
            self.con.register("journal_rows", texts)
            self.run(
                f"DELETE FROM pending.{table} WHERE {key} IN (SELECT CAST({key} AS {columns[key]}) FROM journal_rows);"
                f"INSERT INTO pending.{table} SELECT {cells} FROM journal_rows"
            )
            self.con.unregister("journal_rows")
            self._pending.add(table)

    def _views_of_base(self) -> list[str]:
        """The published tables that nobody writes to, as the last run left them."""
        return [
            f'CREATE OR REPLACE VIEW main."{name}" AS {self._base_select(name, _columns(model))}'
            for name, model in published_tables().items()
            if name not in WRITABLE
        ]

    def _views(self) -> list[str]:
        """`before.<table>`: as committed; `<table>`: with the changes of this session. What is empty is left out."""
        statements = []
        for name, columns in self.columns.items():
            before = _on_top(self._base_select(name, columns), f"pending.{name}", _key(name), name in self._pending)
            now = _on_top(f"SELECT * FROM before.{name}", f"changed.{name}", _key(name), self._turn is not None)
            statements += [
                f"CREATE OR REPLACE VIEW before.{name} AS {before}",
                f"CREATE OR REPLACE VIEW main.{name} AS {now}",
            ]
        return statements

    def _base_select(self, table: str, columns: dict[str, str]) -> str:
        if self.base is None:
            empty = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
            return f"SELECT {empty} WHERE false"
        hashes = _hashes(table)
        cells = ", ".join(
            f"replace(CAST({name} AS VARCHAR), '-', '') AS {name}"
            if name in hashes
            else f'CAST("{name}" AS {kind}) AS "{name}"'
            for name, kind in columns.items()
        )
        if table == "upload_rows" and self._moved:
            return f"SELECT {cells} FROM ({self._rows_with_text()})"
        return f'SELECT {cells} FROM {self.base}."{table}"'

    def _rows_with_text(self) -> str:
        """upload_rows with the text of each row from this home's lake; base would look for it where the home was."""
        lake = glob.escape(str(self.home.lake / "upload_rows")).replace("'", "''")

        def texts(kind: str, column: str) -> str:
            if not any((self.home.lake / "upload_rows").glob(f"{kind}/*.parquet")):
                return f"SELECT NULL::UUID AS upload_id, 0 AS line_number, NULL::VARCHAR AS {column} WHERE false"
            source = f"read_parquet('{lake}/{kind}/*.parquet', union_by_name = true, hive_partitioning = false)"
            return f"SELECT upload_id, line_number, {column} FROM {source}"

        return (
            f"SELECT rows.*, coalesce(raw.raw_data, said.stated_raw_data) AS raw_data "
            f"FROM {self.base}._upload_row_outcomes AS rows "
            f"LEFT JOIN ({texts('*', 'raw_data')}) AS raw "
            "ON raw.upload_id = rows.file_upload_id AND raw.line_number = rows.line_number "
            f"LEFT JOIN {self.base}._stated_upload_rows AS stated ON stated.id = rows.id "
            f"LEFT JOIN ({texts('upload_row', 'stated_raw_data')}) AS said "
            "ON said.upload_id = stated.record_upload_id AND said.line_number = stated.record_line_number"
        )

    # --- writing ------------------------------------------------------------------------------------------------

    def take_turn(self) -> None:
        """Become the one writer of the home, and see what was written before. Raises TurnTimeout."""
        if self._turn is not None:
            return
        if self.home.is_our_turn:
            raise TurnTimeout(
                "Another session of this thread has changes that are not committed; commit or close it first."
            )
        self._turn = self.home.take_turn(self.settings.wait_seconds)
        if self._turn is None:
            raise TurnTimeout(_waited(self.home, self.settings))
        self._before = self.base, self._base_file, self._through, set(self._pending)
        self.refresh()
        self.run(";".join(self._views()))

    def end(self) -> None:
        """The transaction ends and takes all with it that was made in it; committed changes are in the journal."""
        if self._turn is not None:
            self._see_committed()
            self._touched.clear()
            self.release()
        self._saved.clear()

    def _see_committed(self) -> None:
        """Whatever was attached or loaded while a transaction lasted is gone with it."""
        self.base, self._base_file, self._through, pending = self._before
        self._pending = set(pending)

    def release(self) -> None:
        """Let others write."""
        if self._turn is not None:
            self._turn.end()
            self._turn = None

    @property
    def is_writing(self) -> bool:
        return self._turn is not None

    def copy_on_write(self, table: str, ids: list[str]) -> None:
        """Bring rows that are about to be updated into `changed`; of customers, note who they are so far."""
        self._touched.add(table)
        self.run(
            f"INSERT INTO changed.{table} SELECT * FROM before.{table} WHERE id IN (SELECT unnest(?::UUID[])) "
            f"AND id NOT IN (SELECT id FROM changed.{table})",
            [ids],
        )
        if table == "customers":
            self.run(
                "INSERT INTO changed.identities SELECT id, fingerprint, primary_phone, national_id "
                "FROM changed.customers WHERE id IN (SELECT unnest(?::UUID[]))",
                [ids],
            )
        self.run("INSERT INTO changed.seen SELECT unnest(?::UUID[])", [ids])

    def new_ids(self, table: str) -> list[str]:
        """The ids of rows in `changed` that neither this nor `copy_on_write` has seen before."""
        self._touched.add(table)
        rows = self.run(
            f"SELECT CAST(id AS VARCHAR) FROM changed.{table} WHERE id NOT IN (SELECT id FROM changed.seen)"
        )
        ids = [one for (one,) in rows]
        self.run("INSERT INTO changed.seen SELECT unnest(?::UUID[])", [ids])
        return ids

    def remember_fingerprints(self) -> None:
        """Keep what customers' fingerprints were before this session changed them, committed or not."""
        self.run(
            f"INSERT INTO changed.{FORMER} SELECT DISTINCT old.fingerprint, old.id FROM changed.identities AS old "
            "JOIN changed.customers AS new ON new.id = old.id WHERE new.fingerprint <> old.fingerprint "
            f"AND old.fingerprint NOT IN (SELECT fingerprint FROM changed.{FORMER})"
        )

    def passing_identities(self) -> list[tuple[str, str | None, str | None]]:
        """By id, the phones and national ids that customers had in between: neither before this session nor now."""
        return self.run(
            "SELECT CAST(passed.id AS VARCHAR), passed.phone, passed.national_id FROM changed.identities AS passed "
            "JOIN changed.customers AS new ON new.id = passed.id "
            "LEFT JOIN before.customers AS old ON old.id = passed.id "
            "WHERE passed.fingerprint <> new.fingerprint AND passed.fingerprint IS DISTINCT FROM old.fingerprint "
            "QUALIFY row_number() OVER (PARTITION BY passed.id, passed.fingerprint ORDER BY passed.rowid) = 1 "
            "ORDER BY passed.rowid"
        )

    def changes(self, table: str, ids: list[str] | None = None) -> list[Change]:
        """The rows of `table` (of `ids`) that this session changed: each as it is now and was before, None if new.

        Cells are text, as DuckDB writes them, or None.
        """
        if table not in self._touched:
            return []
        if ids is None:
            ids = [id_ for (id_,) in self.run(f"SELECT CAST(id AS VARCHAR) FROM changed.{table}")]
        names = list(self.columns[table])
        cells = ", ".join(f'CAST({row}."{name}" AS VARCHAR)' for row in ("new", "old") for name in names)
        rows = self.run(
            "WITH ids AS (SELECT unnest(?::UUID[]) AS id) "
            f"SELECT {cells} FROM changed.{table} AS new "
            # Few rows are found among many: by their ids before anything else of them is read.
            f"LEFT JOIN (SELECT * FROM before.{table} WHERE id IN (SELECT id FROM ids)) AS old ON old.id = new.id "
            "WHERE new.id IN (SELECT id FROM ids) ORDER BY new.rowid",
            [ids],
        )
        found: list[tuple[Row, Row | None]] = []
        for row in rows:
            new = dict(zip(names, row[: len(names)], strict=True))
            old = dict(zip(names, row[len(names) :], strict=True))
            if new != old:
                found.append((new, old if old["id"] is not None else None))
        return found

    def texts(self, table: str, column: str, ids: list[str]) -> dict[str, str]:
        """By id, a column of rows as they are now."""
        cells = f"CAST(id AS VARCHAR), {column}"
        rows = self.run(
            "WITH ids AS (SELECT unnest(?::UUID[]) AS id) "
            f"SELECT {cells} FROM before.{table} WHERE id IN (SELECT id FROM ids) "
            f"UNION ALL SELECT {cells} FROM changed.{table} WHERE id IN (SELECT id FROM ids)",
            [ids],
        )
        return dict(rows)  # what was changed comes last

    def stated(self, table: str, columns: list[str], ids: list[str]) -> set[str]:
        """Those of the columns in which any of the changed rows of `ids` has a value."""
        if not columns:
            return set()
        counts = ", ".join(f"count({column})" for column in columns)
        where = "WHERE id IN (SELECT unnest(?::UUID[]))"
        (found,) = self.run(f"SELECT {counts} FROM changed.{table} {where}", [ids])
        return {column for column, count in zip(columns, found, strict=True) if count}

    def former(self) -> list[dict]:
        """The fingerprints that this session made former ones."""
        rows = self.run(f"SELECT fingerprint, CAST(customer_id AS VARCHAR) FROM changed.{FORMER}")
        return [{"fingerprint": fingerprint, "customer_id": customer} for fingerprint, customer in rows]

    def save(self, name: str) -> None:
        """Keep the changes as they are now, for `restore`: what a savepoint is, which DuckDB has none of."""
        self._saved[name] = {
            table: self._rows_of(f"SELECT * FROM changed.{table}") for table in (*self.columns, "seen")
        }

    def restore(self, name: str) -> None:
        """Bring back the changes as they were kept, in a new transaction.

        After a statement that it refuses DuckDB does nothing more in a transaction but end it.
        """
        self.con.rollback()
        self.con.begin()
        if self._turn is not None:
            self._see_committed()
            self.refresh()
            self.run(";".join(self._views()))
        for table, rows in self._saved[name].items():
            if len(rows):
                self.con.register("saved_rows", rows)
                self.run(f"INSERT INTO changed.{table} FROM saved_rows")
                self.con.unregister("saved_rows")

    def discard(self, name: str) -> None:
        """Forget what was kept."""
        del self._saved[name]

    def _rows_of(self, query: str) -> pa.Table:
        cursor = self.con.cursor()
        cursor.execute(query)
        return cursor.to_arrow_table()


def _key(table: str) -> str:
    return "id" if table in WRITABLE else "fingerprint"


def _on_top(below: str, above: str, key: str, is_needed: bool) -> str:
    """The rows of the table `above`, and those of the query `below` that it says nothing of."""
    if not is_needed:
        return below
    return (
        f"SELECT * FROM ({below}) AS b WHERE NOT EXISTS (SELECT 1 FROM {above} AS a WHERE a.{key} = b.{key}) "
        f"UNION ALL SELECT * FROM {above}"
    )


def _columns(model: type[Base]) -> dict[str, str]:
    """The columns of a table with their types here: JSON stays text."""
    kinds = {column.name: duckdb_type(column) for column in model.__table__.columns}
    return {name: "VARCHAR" if kind == "JSON" else kind for name, kind in kinds.items()}


def _hashes(table: str) -> set[str]:
    """The columns that are 16 bytes in the warehouse and hexadecimal digits for scripts."""
    if table == FORMER:
        return {"fingerprint"}
    columns: sa.ColumnCollection = published_tables()[table].__table__.columns
    return {column.name for column in columns if column.info["pii"] and column.info["pii"].is_hash}


def _waited(home: Home, settings: Settings) -> str:
    return (
        f"Another run or session is writing to {home.root}; waited {settings.wait_seconds} seconds for it to end. "
        "Try again, or wait longer with LOANCALLS_WAIT_SECONDS."
    )
