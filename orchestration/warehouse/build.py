"""The working database: the lake as views, and one table per transform. Only a run writes it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.contract import CHECKED_AS
from models.macros import macros
from orchestration.errors import LoancallsError, TransformError
from orchestration.settings import Settings
from orchestration.store.atomic import remove_database
from orchestration.store.connection import connect, without_values
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.warehouse import replaced, staged, touched
from orchestration.warehouse.components import name_components
from orchestration.warehouse.contract import published_tables, violations
from orchestration.warehouse.fingerprints import Fingerprints
from orchestration.warehouse.lake_views import make_views
from orchestration.warehouse.scratch import DATABASE
from orchestration.warehouse.staged import change_of
from orchestration.warehouse.touched import TouchedPart
from orchestration.warehouse.transforms import (
    LAKE,
    Transform,
    inputs_of,
    load_transforms,
    steps_of,
)

# To look for the best way to keep texts takes a fifth of a build, and pays for what is published alone.
_TEXT_COMPRESSION = "dictionary,dict_fsst,fsst,zstd"


@dataclass(frozen=True)
class Built:
    """What came of building a table; `rows` is None for a view, whose rows are counted when somebody asks."""

    rows: int | None
    columns: list[tuple[str, str]]
    note: str


class Warehouse:
    """The working database of one home, opened for writing. Use as `with open_warehouse(...)`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, home: Home, settings: Settings):
        self.con, self.lake, self.settings = con, Lake(home), settings
        self._scratch = _part_of(home)
        self.fingerprints = Fingerprints(con, self.lake, settings)
        self._shown: set[str] | None = None  # the uploads that the lake's views are limited to
        self._part: TouchedPart | None = None
        self._is_all_built = False  # every table is built, one after the other
        self._checked: set[str] = set()

    def refresh(self) -> None:
        """Make the macros, the settings and the views over the lake what they are now, unless they are.

        Raises LoancallsError where the lake has lost files of an upload that it had: its rows would be left out.
        """
        lost = [sha256 for sha256 in self.lake.damaged() if self.lake.facts_path(sha256).exists()]
        if lost:
            raise LoancallsError(
                f"The lake has lost files of {', '.join(map(short_hash, lost))}; `loancalls run` makes them again, or "
                "says what to do."
            )
        token = self.fingerprints.raw
        try:
            if self.con.execute("SELECT token FROM meta.sources").fetchall() == [(token,)]:
                return
        except duckdb.CatalogException:
            pass  # a new database
        self.con.execute(
            "CREATE SCHEMA IF NOT EXISTS meta;"
            "CREATE TABLE IF NOT EXISTS meta.tables (name VARCHAR, token VARCHAR, checked_token VARCHAR);"
            "CREATE TABLE IF NOT EXISTS meta.staged (name VARCHAR, upload_id UUID, token VARCHAR);"
        )
        replaced.make_tables(self.con)
        self.con.execute(macros())
        values = self.settings.sql_row()
        self.con.execute(
            "CREATE OR REPLACE TABLE settings AS SELECT "
            + ", ".join(f"CAST({value} AS INTEGER) AS {name}" for name, value in values.items())
        )
        make_views(self.con, self.lake)
        self._note_sources()

    def settle(self) -> None:
        """Let the views over the lake show all of it again, and put everything into the file itself."""
        self._show(None)
        self.con.execute("CHECKPOINT")

    def begin(self) -> None:
        """All tables are about to be built, in their order: decide whether of all rows, or of touched ones."""
        self._is_all_built = True
        self._part = self._touched_part()

    @property
    def is_of_a_part(self) -> bool:
        """Whether what is built is made of the touched part of the rows."""
        return self._part is not None

    def finish(self) -> None:
        """What was begun is done: let the working database have what was made of the touched part."""
        if not self._is_all_built:
            return
        if self._part is not None:
            try:
                self.con.execute("BEGIN")
                self._part.put()
                self.fingerprints.note_all(self._there(), self._checked)
                self._note_complete()
                self.con.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                self.close_part()
        else:
            self._note_complete()

    def _note_complete(self) -> None:
        """Let the next build be one of a part; not where a table was left unchecked, since only new rows are then."""
        if self.fingerprints.are_checked():
            self.fingerprints.note_complete()
        else:
            self.fingerprints.forget_complete()

    def close_part(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part, self._checked = None, set()

    def mark_checked(self, table: str) -> None:
        """Note that the table, as it is now, has passed its own checks."""
        if self._part is not None:
            self._checked.add(table)
        else:
            self.fingerprints.mark_checked(table)

    def build(self, transform: Transform) -> Built:
        """Build one table from its SQL and hold it against its contract. Raises TransformError."""
        if self._part is not None:
            return self._build_part(self._part, transform)
        if not self._is_all_built:
            self._build_missing(transform)
        try:
            self.con.execute("BEGIN")
            self.fingerprints.forget_complete()
            note = self._make(transform)
            columns = self._columns_of(transform, transform.name)
            self.fingerprints.note_built(transform.name)
            self.con.execute("COMMIT")
        except duckdb.Error as error:
            self._roll_back()
            raise TransformError(transform.name, without_values(error), transform.sql) from None
        except BaseException:
            self._roll_back()
            raise
        count = None if transform.is_view else f"SELECT count(*) FROM {transform.name}"
        return Built(self.con.execute(count).fetchall()[0][0] if count else None, columns, note)

    def _build_missing(self, transform: Transform) -> None:
        """Build what the table is made from where it is not there: a build of a part keeps only what it needs."""
        known, there = load_transforms(), self._there()
        for name in inputs_of(transform.name):
            if name in known and name not in there:
                self.build(known[name])

    def _there(self) -> set[str]:
        """The tables and views that the working database has."""
        here = "WHERE database_name = current_database() AND schema_name = 'main'"
        found = self.con.execute(
            f"SELECT view_name FROM duckdb_views() {here} UNION SELECT table_name FROM duckdb_tables() {here}"
        )
        return {name for (name,) in found.fetchall()}

    def places(self, table: str) -> tuple[str, str] | None:
        """Where the new rows of a published table are, and where all; None where that is the table itself."""
        transform = load_transforms()[CHECKED_AS.get(table, table)]
        if self._part is None or transform.is_view:
            return None
        return f"{self._part.home_of(transform)}.{transform.name}", f"{DATABASE}.whole.{transform.name}"

    def _build_part(self, part: TouchedPart, transform: Transform) -> Built:
        try:
            rows, note = part.build(transform)
            columns = self._columns_of(transform, f"{part.home_of(transform)}.{transform.name}")
        except duckdb.Error as error:
            raise TransformError(transform.name, without_values(error), transform.sql) from None
        return Built(rows, columns, note)

    def _columns_of(self, transform: Transform, place: str) -> list[tuple[str, str]]:
        """The columns of a table and their types. Raises TransformError where its contract says otherwise."""
        columns = [(name, kind) for name, kind, *_ in self.con.execute(f"DESCRIBE {place}").fetchall()]
        if (model := published_tables().get(transform.name)) and (wrong := violations(model, columns)):
            raise TransformError(transform.name, "; ".join(wrong), transform.sql)
        return columns

    def _touched_part(self) -> TouchedPart | None:
        """What is to be built of a part, where the tables that there are allow it and it is worth it."""
        if not self.fingerprints.is_complete():
            return None
        changes = {
            name: change_of(self.con, self.fingerprints, one)
            for name, one in load_transforms().items()
            if one.incremental
        }
        records = dict(self.con.execute("SELECT CAST(upload_id AS VARCHAR), records FROM lake.uploads").fetchall())
        again = {upload for change in changes.values() for upload in change.removed}
        total, changed = sum(records.values()), sum(records.get(upload, 0) for upload in again)
        if total < touched.LEAST_RECORDS or changed > total * touched.MOST_TOUCHED:
            return None
        self._show(None)
        part = TouchedPart(self.con, self.lake, self._scratch, changes)
        try:
            part.stage()
            if part.reach():
                return part
        except duckdb.Error as error:
            part.close()
            raise LoancallsError(
                f"What the new files touch could not be told: {without_values(error)} Run `loancalls run --full`."
            ) from None
        except BaseException:
            part.close()
            raise
        part.close()
        return None

    def _make(self, transform: Transform) -> str:
        for step in steps_of(transform.name):
            self.con.execute(f"CREATE OR REPLACE VIEW {step.name} AS {step.sql}")
        if transform.incremental:
            return self._make_incrementally(transform)
        if any(table.startswith(LAKE + ".") for table in inputs_of(transform.name)):
            self._show(None)
        if transform.is_view:
            self.con.execute(f"CREATE OR REPLACE VIEW {transform.name} AS {transform.sql}")
            return "a view"
        self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {transform.sql}")
        if transform.links:
            return f"{name_components(self.con, transform.name, transform.links)} rounds"
        return "full: made of all rows"

    def _make_incrementally(self, transform: Transform) -> str:
        """Stage the uploads that are new or whose reading, SQL or settings changed; keep the others' rows."""
        change = change_of(self.con, self.fingerprints, transform)
        if len(change.pending) == len(change.wanted):
            self._show(None)
            self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {transform.sql}")
        else:
            gone = f"DELETE FROM {transform.name} WHERE upload_id IN (SELECT unnest(?::UUID[]))"
            self.con.execute(gone, [change.removed])
            if change.pending:
                self._show(set(change.pending.values()))
                self.con.execute(f"INSERT INTO {transform.name} {transform.sql}")
        staged.note(self.con, transform.name, change)
        return f"{len(change.pending)} of {len(change.wanted)} uploads staged"

    def _show(self, shas: set[str] | None) -> None:
        """Limit the views over the lake to some uploads; the next run makes them anew should this one be killed."""
        if shas == self._shown:
            return
        make_views(self.con, self.lake, shas)
        self._shown = shas
        if shas is None:
            self._note_sources()
        else:
            self.con.execute("DELETE FROM meta.sources")

    def _note_sources(self) -> None:
        self.con.execute("CREATE OR REPLACE TABLE meta.sources AS SELECT ? AS token", [self.fingerprints.raw])

    def _roll_back(self) -> None:
        self._shown = set()  # whatever the views show now, the next table makes them anew
        with suppress(duckdb.Error):  # no transaction may be open
            self.con.execute("ROLLBACK")


def _part_of(home: Home) -> Path:
    """The database beside the working one in which a part is built."""
    return home.root / "tmp" / "part.duckdb"


@contextmanager
def open_warehouse(home: Home, settings: Settings) -> Iterator[Warehouse]:
    """Open the working database for writing; checkpointed and closed at the end, also when something fails."""
    (home.root / "tmp").mkdir(mode=0o700, exist_ok=True)
    remove_database(_part_of(home))  # of a run that was killed
    con = connect(home.warehouse, home, settings, data_bytes=Lake(home).rows_bytes())
    try:
        con.execute(f"SET disabled_compression_methods = '{_TEXT_COMPRESSION}'")
        warehouse = Warehouse(con, home, settings)
        warehouse.refresh()
        try:
            yield warehouse
        finally:
            warehouse.close_part()
        warehouse.settle()
    finally:
        con.close()
