"""The working database: the lake as views, and one table per transform. Only a run writes it.

A table's token is a hash of everything it was made from: its SQL, the macros, the settings and its upstream tokens.
The tokens of a warehouse say whether its tables belong together, and which of them have passed their checks.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.contract import CHECKED_AS
from models.fields import CALL, CALL_LOG, CUSTOMER, FIELDS, LOAN, LOAN_BOOK, RECORD_KINDS, STATUS, UNKNOWN
from orchestration.errors import LoancallsError, TransformError
from orchestration.reader import no_pattern
from orchestration.settings import Settings
from orchestration.store.home import Home
from orchestration.store.lake import KINDS, Lake
from orchestration.warehouse.contract import published_tables, violations
from orchestration.warehouse.transforms import LAKE, Transform, identity_steps, load_transforms, macros

# Views over records of several kinds, under the fields of the first: what is stated of borrowers and of calls.
ROWS_OF = {"borrower_rows": (LOAN_BOOK, CUSTOMER, LOAN), "call_event_rows": (CALL_LOG, CALL, STATUS)}
_MOST_ROUNDS = 200
_AUDIT = "(audit)"


@dataclass(frozen=True)
class Built:
    """What came of building a table."""

    rows: int
    columns: list[tuple[str, str]]
    note: str


class Warehouse:
    """The working database of one home, opened for writing. Use as `with open_warehouse(...)`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings):
        self.con, self.lake, self.settings = con, lake, settings
        self._settings_key = json.dumps(settings.sql_row(), sort_keys=True)

    # --- sources ------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Make the macros, the settings and the views over the lake what they are now, unless they are."""
        token = _hash(macros(), self._settings_key, str(self.lake.root), self.lake.state())
        try:
            if self.con.execute("SELECT token FROM meta.sources").fetchall() == [(token,)]:
                return
        except duckdb.CatalogException:
            pass  # a new database
        self.con.execute("CREATE SCHEMA IF NOT EXISTS lake; CREATE SCHEMA IF NOT EXISTS meta;")
        self.con.execute(
            "CREATE TABLE IF NOT EXISTS meta.tables (name VARCHAR, token VARCHAR, checked_token VARCHAR);"
            "CREATE TABLE IF NOT EXISTS meta.staged (name VARCHAR, upload_id UUID, token VARCHAR);"
        )
        self.con.execute(macros())
        values = self.settings.sql_row()
        self.con.execute(
            "CREATE OR REPLACE TABLE settings AS SELECT "
            + ", ".join(f"CAST({value} AS INTEGER) AS {name}" for name, value in values.items())
        )
        self._make_views(None)
        self.con.execute("CREATE OR REPLACE TABLE meta.sources AS SELECT ? AS token", [token])

    def _make_views(self, shas: set[str] | None) -> None:
        """Views over the lake's Parquet; over the uploads `shas` only, when given."""
        self._view(
            "uploads",
            {
                **{"upload_id": "UUID", "sha256": "VARCHAR", "kind": "VARCHAR", "records": "BIGINT"},
                **{"source": "VARCHAR", "message": "VARCHAR", "column_mapping": "VARCHAR", "notes": "VARCHAR"},
                **dict.fromkeys(("header_lines", "record_lines", "blank_lines"), "BIGINT"),
                **dict.fromkeys(("other_lines", "physical_lines"), "BIGINT"),
                **{"encoding": "VARCHAR", "delimiter": "VARCHAR"},
            },
            self.lake.files("uploads"),
        )
        self._view(
            "sightings",
            {"upload_id": "UUID", "filename": "VARCHAR", "uploaded_by": "VARCHAR", "uploaded_at": "TIMESTAMP"},
            self.lake.files("sightings"),
        )
        self._view(
            "phones",
            {"upload_id": "UUID", "phone_text": "VARCHAR", "phone": "VARCHAR", "problem": "VARCHAR"},
            self.lake.files("phones", shas),
        )
        record = {
            **{"upload_id": "UUID", "line_number": "INTEGER", "row_fingerprint": "UUID"},
            **{"problem": "VARCHAR", "entity_id": "UUID"},
        }
        files = {kind: self.lake.files(f"upload_rows/{kind}", shas) for kind in KINDS}
        for kind in (UNKNOWN, *RECORD_KINDS):
            self._view(f"{kind}_rows", {**record, **dict.fromkeys(FIELDS[kind], "VARCHAR")}, files[kind])
        # What speaks of borrowers and what speaks of calls is typed by one transform each, whoever states it.
        for name, kinds in ROWS_OF.items():
            fields = dict.fromkeys(FIELDS[kinds[0]], "VARCHAR")
            self._views_of_kinds(name, {**record, **fields}, {kind: files[kind] for kind in kinds})
        everything = [file for kind in KINDS for file in files[kind]]
        self._view("upload_rows", {"upload_id": "UUID", "line_number": "INTEGER", "raw_data": "VARCHAR"}, everything)

    def _view(self, name: str, columns: dict[str, str], files: list[Path]) -> None:
        select = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in columns.items())
        nothing = "(SELECT " + ", ".join(f'NULL AS "{column}"' for column in columns) + ") WHERE false"
        if files:
            source = f"read_parquet([{_paths(files)}], hive_partitioning = false)"
            if name == "uploads":  # those that an earlier version read may lack a column
                source = f"(FROM {nothing} UNION ALL BY NAME FROM {source[:-1]}, union_by_name = true))"
        else:
            source = nothing
        self.con.execute(f'CREATE OR REPLACE VIEW {LAKE}."{name}" AS SELECT {select} FROM {source}')

    def _views_of_kinds(self, name: str, columns: dict[str, str], files: dict[str, list[Path]]) -> None:
        """A view over records of several kinds: their `kind`, and the columns; null where a kind lacks one."""
        parts = []
        for kind, paths in files.items():
            known = (
                {"upload_id", "line_number", "row_fingerprint", "problem", "entity_id", *FIELDS[kind]} if paths else ()
            )
            select = ", ".join(
                f'CAST({column if column in known else "NULL"} AS {type_}) AS "{column}"'
                for column, type_ in columns.items()
            )
            source = (
                f"read_parquet([{_paths(paths)}], hive_partitioning = false)" if paths else "(SELECT 1) WHERE false"
            )
            parts.append(f"SELECT '{kind}' AS kind, {select} FROM {source}")
        self.con.execute(f'CREATE OR REPLACE VIEW {LAKE}."{name}" AS {" UNION ALL ".join(parts)}')

    # --- building -----------------------------------------------------------------------------------------------

    def build(self, transform: Transform) -> Built:
        """Build one table from its SQL and hold it against its contract. Raises TransformError."""
        try:
            self.con.execute("BEGIN")
            note = self._make(transform)
            columns = [(name, kind) for name, kind, *_ in self.con.execute(f"DESCRIBE {transform.name}").fetchall()]
            if (model := published_tables().get(transform.name)) and (wrong := violations(model, columns)):
                raise TransformError(transform.name, "; ".join(wrong), transform.sql)
            self.con.execute("DELETE FROM meta.tables WHERE name = ?", [transform.name])
            self.con.execute(
                "INSERT INTO meta.tables VALUES (?, ?, NULL)", [transform.name, self.tokens()[transform.name]]
            )
            self.con.execute("COMMIT")
        except duckdb.Error as error:
            self._roll_back()
            raise TransformError(transform.name, without_values(error), transform.sql) from None
        except BaseException:
            self._roll_back()
            raise
        counted = CHECKED_AS.get(transform.name, transform.name)
        return Built(self.con.execute(f"SELECT count(*) FROM {counted}").fetchone()[0], columns, note)

    def _make(self, transform: Transform) -> str:
        if transform.is_view:
            self.con.execute(f"CREATE OR REPLACE VIEW {transform.name} AS {transform.sql}")
            return "a view"
        if transform.incremental:
            return self._make_incrementally(transform)
        self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {transform.sql}")
        if transform.repeat_on:
            return f"{self._repeat(transform.name, transform.repeat_on)} rounds"
        return "rebuilt"

    def _make_incrementally(self, transform: Transform) -> str:
        """Stage the uploads that are new or whose reading, SQL or settings changed; keep the others' rows."""
        wanted = self._staging_tokens(transform)
        staged = dict(
            self.con.execute(
                "SELECT CAST(upload_id AS VARCHAR), token FROM meta.staged WHERE name = ?", [transform.name]
            ).fetchall()
        )
        exists = self.con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND schema_name = 'main'",
            [transform.name],
        ).fetchone()[0]
        pending = {upload: token for upload, (_, token) in wanted.items() if not exists or staged.get(upload) != token}
        self._make_views({wanted[upload][0] for upload in pending})
        if not exists or len(pending) == len(wanted):
            self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {transform.sql}")
        else:
            gone = [upload for upload in staged if upload in pending or upload not in wanted]
            self.con.execute(f"DELETE FROM {transform.name} WHERE upload_id IN (SELECT unnest(?::UUID[]))", [gone])
            if pending:
                self.con.execute(f"INSERT INTO {transform.name} {transform.sql}")
        self._make_views(None)
        self.con.execute("DELETE FROM meta.staged WHERE name = ?", [transform.name])
        if wanted:
            self.con.execute(
                "INSERT INTO meta.staged SELECT ?, unnest(?::UUID[]), unnest(?::VARCHAR[])",
                [transform.name, list(wanted), [token for _, token in wanted.values()]],
            )
        return f"{len(pending)} of {len(wanted)} uploads staged"

    def _staging_tokens(self, transform: Transform) -> dict[str, tuple[str, str]]:
        """For each upload its sha256 and the token of what it would be staged from."""
        sql = "".join(self._sql_of(name) for name in _closure(transform))
        rows = self.con.execute("SELECT CAST(upload_id AS VARCHAR), sha256 FROM lake.uploads").fetchall()
        return {upload: (sha, _hash(sql, macros(), self._settings_key, self.lake.stamp(sha))) for upload, sha in rows}

    def _repeat(self, labels: str, links: str) -> int:
        """Repeat the two steps of a round until no label changes: as many rounds as the log of the longest chain."""
        hook, jump = identity_steps()
        both = f"FROM {links} WHERE node IS NOT NULL AND other_node IS NOT NULL"
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE edges AS SELECT node, other_node AS neighbour {both} "
            f"UNION SELECT other_node AS node, node AS neighbour {both}"
        )
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE labels AS SELECT * FROM {labels}")
        for rounds in range(1, _MOST_ROUNDS + 1):
            self.con.execute("CREATE OR REPLACE TEMP TABLE before AS SELECT * FROM labels")
            for step in (hook, jump):
                self.con.execute(f"CREATE OR REPLACE TEMP TABLE stepped AS {step}")
                self.con.execute("CREATE OR REPLACE TEMP TABLE labels AS SELECT * FROM stepped")
            changed = self.con.execute(
                "SELECT count(*) FROM labels JOIN before ON before.node = labels.node "
                "WHERE before.label <> labels.label"
            ).fetchone()[0]
            if not changed:
                self.con.execute(f"CREATE OR REPLACE TABLE {labels} AS SELECT node, label FROM labels")
                self.con.execute("DROP TABLE labels; DROP TABLE before; DROP TABLE stepped; DROP TABLE edges;")
                return rounds
        raise LoancallsError(f"{labels} did not come to rest in {_MOST_ROUNDS} rounds.")

    # --- tokens -------------------------------------------------------------------------------------------------

    def tokens(self) -> dict[str, str]:
        """The token that each table would have if it were built now."""
        tokens: dict[str, str] = {}
        raw = _hash(macros(), self._settings_key, self.lake.state())
        for name, transform in load_transforms().items():
            tokens[name] = _hash(raw, self._sql_of(name), *(tokens[table] for table in transform.tables))
        return tokens

    def mark_checked(self, table: str) -> None:
        """Note that the table, as it is now, has passed its own checks."""
        self.con.execute("UPDATE meta.tables SET checked_token = token WHERE name = ?", [table])

    def mark_audited(self) -> None:
        """Note that the published tables, as they are now, have passed the checks between them."""
        self.con.execute("DELETE FROM meta.tables WHERE name = ?", [_AUDIT])
        token = self._audit_token()
        self.con.execute("INSERT INTO meta.tables VALUES (?, ?, ?)", [_AUDIT, token, token])

    def _audit_token(self) -> str:
        stored = dict(self.con.execute("SELECT name, token FROM meta.tables").fetchall())
        return _hash(*(stored.get(table) or "" for table in published_tables()))

    def unfit(self) -> dict[str, str]:
        """The published tables that must not be published, and why."""
        stored = {
            name: (token, checked)
            for name, token, checked in self.con.execute(
                "SELECT name, token, checked_token FROM meta.tables"
            ).fetchall()
        }
        reasons = {}
        expected = self.tokens()
        for table in published_tables():
            token, checked = stored.get(table, (None, None))
            if token is None:
                reasons[table] = "has not been built"
            elif token != expected[table]:
                reasons[table] = "was built from older tables or files"
            elif checked != token:
                reasons[table] = "has not passed its checks"
        if not reasons and stored.get(_AUDIT, ("", ""))[1] != self._audit_token():
            reasons["the audit"] = "has not passed"
        return reasons

    def _sql_of(self, name: str) -> str:
        transform = load_transforms()[name]
        return transform.sql + ("".join(identity_steps()) if transform.repeat_on else "")

    def _roll_back(self) -> None:
        with suppress(duckdb.Error):  # no transaction may be open
            self.con.execute("ROLLBACK")


def _paths(files: list[Path]) -> str:
    return ", ".join("'" + no_pattern(path).replace("'", "''") + "'" for path in files)


@contextmanager
def open_warehouse(home: Home, settings: Settings) -> Iterator[Warehouse]:
    """Open the working database for writing; checkpointed and closed at the end, also when something fails."""
    (home.root / "tmp").mkdir(mode=0o700, exist_ok=True)
    con = connect(home.warehouse, home, settings)
    try:
        warehouse = Warehouse(con, Lake(home), settings)
        warehouse.refresh()
        yield warehouse
        con.execute("CHECKPOINT")
    finally:
        con.close()


def connect(path: Path | str, home: Home, settings: Settings, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with our limits, spilling into the home, that installs nothing."""
    config: dict[str, object] = {
        "temp_directory": str(home.root / "tmp"),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": True,
    }
    if settings.memory_limit:
        config["memory_limit"] = settings.memory_limit
    if settings.threads:
        config["threads"] = settings.threads
    try:
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        raise LoancallsError(
            f"{path} cannot be opened: {str(error).splitlines()[0]} Close the program that has it open, or remove the "
            "file if it is broken: it is rebuilt from the lake."
        ) from None


def lock_into(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Keep a connection that reads what strangers sent from every file outside `folder`, for good."""
    # DuckDB holds a path that is asked for against these as it is written, and again as it is found.
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in (str(folder), no_pattern(folder)))
    con.execute(f"SET allowed_directories = [{names}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def without_values(error: duckdb.Error) -> str:
    """DuckDB's message without the values it quotes, which may be somebody's personal data."""
    message = str(error)
    if isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException):
        message = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "'...'", message.splitlines()[0])
    return message


def _closure(transform: Transform) -> list[str]:
    known = load_transforms()
    names, todo = [], [transform.name]
    while todo:
        name = todo.pop()
        if name not in names:
            names.append(name)
            todo += known[name].tables
    return sorted(names)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
