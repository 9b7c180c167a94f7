"""A build of the touched part: what the uploads that changed reach, and nothing else.

The same SELECTs run in a database beside the working one. Its schema `fresh` has the rows of changed uploads as they
are staged now, `touched` the staged rows that a tie leads to and every table that is made of them, `whole` every kept
table as it will be, `was` as it is. Then all that is kept changes in one transaction: a run that dies leaves what was.
"""

from functools import cache
from pathlib import Path

import duckdb

from models.published import published_tables
from models.quoting import identifier, literal
from orchestration.store.lake import Lake
from orchestration.warehouse import replaced, standing
from orchestration.warehouse.lake_views import make_views
from orchestration.warehouse.scratch import DATABASE, Scratch, sql_of
from orchestration.warehouse.staged import Change, note
from orchestration.warehouse.transforms import KEYS, LOOKUP, SETTINGS, WHOLE, Transform, load_transforms

# A home with fewer staged records is built whole, which costs less; and so is one of which more is touched.
LEAST_RECORDS = 50_000
MOST_TOUCHED = 1 / 3
_LOANS, _CALLS, _UPLOADS = "_stg_loan_rows", "_stg_call_rows", "_stg_uploads"
_STATED_ROWS = "_stg_upload_row_records"
_RECORDS = ("_stg_borrower_records", "_stg_call_records", "_stg_file_upload_records", _STATED_ROWS)
# What a tie leads to: rows that speak of borrowers, those that speak of calls, and what only our records state.
_REACHED = ("rows", "calls", "records")


class TouchedPart:
    """One build of a part, in a database that is removed at the end. `close` it, whatever becomes of it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake, path: Path, changes: dict[str, Change]):
        """`changes` are those of each staging table."""
        self._scratch, self._con, self._lake, self._changes = Scratch(con, path), con, lake, changes
        self._pending = {upload: sha256 for change in changes.values() for upload, sha256 in change.pending.items()}
        self._again = sorted({upload for change in changes.values() for upload in change.removed})
        self._are_any_standing = False

    def stage(self) -> None:
        """Stage what changed, and look up what is looked up."""
        self._scratch.attach()
        known = load_transforms()
        for name, transform in known.items():
            if transform.is_kept and transform.identifies != WHOLE:
                self._con.execute(
                    f"CREATE VIEW {DATABASE}.was.{name} AS SELECT * FROM {identifier(self._scratch.main)}.main.{name}"
                )
        self._con.execute(
            f"CREATE TABLE {DATABASE}.whole.{SETTINGS} AS FROM {identifier(self._scratch.main)}.main.{SETTINGS}"
        )
        with self._scratch.among("fresh", "whole"):
            make_views(self._con, self._lake, set(self._pending.values()))
            for transform in known.values():
                if transform.incremental:
                    self._scratch.make(transform)
        self._make_whole_staging()
        with self._scratch.among("whole"):
            for transform in known.values():
                if transform.identifies == LOOKUP:
                    self._scratch.make(transform)

    def reach(self) -> bool:
        """Follow every tie; False where it leads to more than is worth building by itself."""
        self._note_changed_uploads()
        with self._scratch.among("whole"):
            self._scratch.make_steps(load_transforms()["_call_stated_rows"], only={"_upload_places", "_named_uploads"})
        records = sum(self._scratch.count(f"SELECT count(*) FROM {DATABASE}.whole.{name}") for name in (_LOANS, _CALLS))
        with self._scratch.among("closure", "whole"):
            for name in ("borrower_rows", "call_rows", "places"):
                self._con.execute(f"CREATE VIEW {name} AS {sql_of('closure', name)}")
            for name in ("contacts", "changed_names", "record_ties"):
                self._con.execute(f"CREATE TABLE {name} AS {sql_of('closure', name)}")
            standing.note_candidates(self._scratch)
            self._con.execute("CREATE TABLE ties (kind VARCHAR, name VARCHAR)")
            for name in _REACHED:
                self._con.execute(f"CREATE TABLE new_{name} AS {sql_of('closure', f'first_{name}')}")
                self._con.execute(f"CREATE TABLE {name} AS FROM new_{name}")
            goes_on = True
            while goes_on:
                goes_on = self._follow()
                if sum(self._scratch.count(f"SELECT count(*) FROM {name}") for name in ("rows", "calls")) > (
                    records * MOST_TOUCHED
                ):
                    return False
        self._are_any_standing = standing.find(self._scratch)
        self._make_keys()
        self._make_touched_staging()
        return True

    def build(self, transform: Transform) -> tuple[int | None, str]:
        """Make one table of the touched part, or of all of it; how many rows it has, and what was done."""
        if transform.incremental:
            staged, known = len(self._pending), len(self._changes[transform.name].wanted)
            return self._scratch.rows_of("whole", transform.name), f"{staged} of {known} uploads staged"
        if transform.is_view:
            return None, "a view"
        if transform.identifies == LOOKUP:
            return self._scratch.rows_of("whole", transform.name), "looked up of all rows"
        if transform.identifies == WHOLE:
            if any(transform.name in reader.tables for reader in _readers_in_part()):
                with self._scratch.among("touched", "whole"):
                    self._scratch.make(transform)
            with self._scratch.among("whole"):
                self._scratch.make(transform)
            return self._scratch.rows_of("whole", transform.name), "whole: made of all rows that are kept"
        with self._scratch.among("touched", "whole"):
            self._scratch.make(transform)
        again = standing.make(self._scratch, transform) if self._are_any_standing else 0
        if not transform.is_kept:
            return self._scratch.rows_of("touched", transform.name), "of the touched part alone"
        others = f" UNION ALL FROM {DATABASE}.standing.{transform.name}" if again else ""
        with self._scratch.among("new"):
            self._con.execute(f"CREATE VIEW {transform.name} AS FROM {DATABASE}.touched.{transform.name}{others}")
        was = f"{DATABASE}.was.{transform.name}"
        self._con.execute(
            f"CREATE VIEW {DATABASE}.whole.{transform.name} AS "
            f"SELECT * FROM {was} WHERE NOT {self._is_touched(transform)} "
            f"UNION ALL FROM {DATABASE}.new.{transform.name}"
        )
        before, rows = self._scratch.count(f"SELECT count(*) FROM {was}"), self._scratch.rows_of("new", transform.name)
        gone = self._scratch.count(f"SELECT count(*) FROM {was} WHERE {self._is_touched(transform)}")
        why = f", {again:,} of them by records that state again what is known" if again else ""
        return before - gone + rows, f"touched: {gone:,} of {before:,} rows replaced by {rows:,}{why}"

    def home_of(self, transform: Transform) -> str:
        """The schema that has the table as it is now."""
        if transform.is_view and not transform.is_step:
            return f"{identifier(self._scratch.main)}.main"
        if transform.incremental:
            return f"{DATABASE}.fresh"
        if transform.identifies in (LOOKUP, WHOLE):
            return f"{DATABASE}.whole"
        return f"{DATABASE}.{'new' if transform.is_kept else 'touched'}"

    def put(self) -> None:
        """Let the working database have it; within its transaction."""
        main = f"{identifier(self._scratch.main)}.main"
        for name, transform in load_transforms().items():
            if transform.incremental:
                gone = f"DELETE FROM {main}.{name} WHERE upload_id IN (SELECT unnest(?::UUID[]))"
                self._con.execute(gone, [self._again])
                self._con.execute(f"INSERT INTO {main}.{name} FROM {DATABASE}.fresh.{name}")
                note(self._con, name, self._changes[name])
            elif transform.identifies == LOOKUP or (transform.identifies == WHOLE and name in published_tables()):
                self._con.execute(f"CREATE OR REPLACE TABLE {main}.{name} AS FROM {DATABASE}.whole.{name}")
            elif transform.replaced_by:
                self._con.execute(f"DELETE FROM {main}.{name} WHERE {self._is_touched(transform)}")
                self._con.execute(f"INSERT INTO {main}.{name} FROM {DATABASE}.new.{name}")
            elif not transform.is_view:
                self._con.execute(f"DROP TABLE IF EXISTS {main}.{name}")
        self._note_replaced()

    def _note_replaced(self) -> None:
        """Note the keys of what was replaced and of what is there in its place, for publishing the same."""
        for key in KEYS:
            new = "".join(
                f" UNION SELECT {transform.replaced_by} FROM {DATABASE}.new.{name}"
                for name, transform in load_transforms().items()
                if transform.identifies == key
            )
            replaced.note(self._con, key, f"FROM {DATABASE}.keys.{file_of(key)}{new}")

    def close(self) -> None:
        self._scratch.close()

    # --- the schemas --------------------------------------------------------------------------------------------

    def _make_whole_staging(self) -> None:
        again = ", ".join(f"UUID {literal(upload)}" for upload in self._again)
        others = f"WHERE upload_id NOT IN ({again})" if again else ""
        for name, transform in load_transforms().items():
            if transform.incremental:
                self._con.execute(
                    f"CREATE VIEW {DATABASE}.whole.{name} AS SELECT * FROM {DATABASE}.was.{name} {others} "
                    f"UNION ALL FROM {DATABASE}.fresh.{name}"
                )

    def _make_touched_staging(self) -> None:
        """Of each staged table the rows that a tie leads to; of what stands beside them, all."""
        with self._scratch.among("touched"):
            for name, reached in ((_LOANS, "rows"), (_CALLS, "calls"), *((name, "records") for name in _RECORDS)):
                self._con.execute(
                    f"CREATE TABLE {name} AS SELECT staged.* FROM {DATABASE}.whole.{name} AS staged "
                    f"SEMI JOIN {DATABASE}.closure.{reached} AS reached ON reached.row_id = staged.row_id"
                )
            shas = self._con.execute(
                f"SELECT sha256 FROM {DATABASE}.whole.{_UPLOADS} "
                f"SEMI JOIN {DATABASE}.closure.changed_uploads USING (upload_id)"
            ).fetchall()
            make_views(self._con, self._lake, {sha256 for (sha256,) in shas}, with_all_texts=True)

    def _make_keys(self) -> None:
        """What is replaced in each table: what the touched rows were about, and are."""
        # A set of keys may go on from others.
        for key in sorted(KEYS, key=lambda key: "keys." in sql_of("keys", file_of(key))):
            with self._scratch.among("keys", "closure", "whole"):
                self._con.execute(f"CREATE TABLE {file_of(key)} AS {sql_of('keys', file_of(key))}")

    def _is_touched(self, transform: Transform) -> str:
        return f"{transform.replaced_by} IN (FROM {DATABASE}.keys.{file_of(transform.identifies or '')})"

    # --- the closure --------------------------------------------------------------------------------------------

    def _note_changed_uploads(self) -> None:
        """Those that are staged anew or gone, and those of which another time or name is said."""
        columns = "upload_id, uploaded_at, filename, times_sent, kind"
        self._con.execute(
            f"CREATE TABLE {DATABASE}.closure.changed_uploads AS SELECT unnest(?::UUID[]) AS upload_id UNION "
            f"SELECT upload_id FROM (SELECT {columns} FROM {DATABASE}.was.{_UPLOADS} EXCEPT "
            f"SELECT {columns} FROM {DATABASE}.whole.{_UPLOADS}) UNION "
            f"SELECT upload_id FROM (SELECT {columns} FROM {DATABASE}.whole.{_UPLOADS} EXCEPT "
            f"SELECT {columns} FROM {DATABASE}.was.{_UPLOADS})",
            [self._again],
        )

    def _follow(self) -> bool:
        """Take one step along every tie; whether it led anywhere."""
        self._con.execute(f"CREATE OR REPLACE TABLE new_ties AS {sql_of('closure', 'new_ties')}")
        self._con.execute("INSERT INTO ties FROM new_ties")
        for name in _REACHED:
            self._con.execute(f"CREATE TABLE more_{name} AS {sql_of('closure', f'more_{name}')}")
        found = 0
        for name in _REACHED:
            self._con.execute(f"DROP TABLE new_{name}; ALTER TABLE more_{name} RENAME TO new_{name}")
            self._con.execute(f"INSERT INTO {name} FROM new_{name}")
            found += self._scratch.count(f"SELECT count(*) FROM new_{name}")
        return bool(found) or self._follow_likeness()

    def _follow_likeness(self) -> bool:
        """Where no tie leads any further: go on from the rows of loans that are alike those reached."""
        self._con.execute(f"INSERT INTO new_rows {sql_of('closure', 'alike_rows')}")
        self._con.execute("INSERT INTO rows FROM new_rows")
        return self._scratch.count("SELECT count(*) FROM new_rows") > 0


def file_of(key: str) -> str:
    """The name by which a file, and a table of keys, goes."""
    return key.replace(" ", "_")


@cache
def _readers_in_part() -> tuple[Transform, ...]:
    """The tables that are made of the touched part, and the steps of them."""
    return tuple(
        transform
        for transform in load_transforms().values()
        if not transform.incremental and transform.identifies not in (LOOKUP, WHOLE) and not transform.is_view
    )
