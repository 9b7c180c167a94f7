"""The working database: the lake as views, and one table per transform. Only a run writes it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb

from models.macros import macros
from orchestration.errors import LoancallsError, TransformError
from orchestration.settings import Settings
from orchestration.store.connection import connect, without_values
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.warehouse.contract import published_tables, violations
from orchestration.warehouse.fingerprints import Fingerprints
from orchestration.warehouse.lake_views import make_views
from orchestration.warehouse.transforms import LAKE, Transform, identity_steps, inputs_of, steps_of

_MOST_ROUNDS = 200
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

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings):
        self.con, self.lake, self.settings = con, lake, settings
        self.fingerprints = Fingerprints(con, lake, settings)
        self._shown: set[str] | None = None  # the uploads that the lake's views are limited to

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

    def build(self, transform: Transform) -> Built:
        """Build one table from its SQL and hold it against its contract. Raises TransformError."""
        try:
            self.con.execute("BEGIN")
            note = self._make(transform)
            columns = [(name, kind) for name, kind, *_ in self.con.execute(f"DESCRIBE {transform.name}").fetchall()]
            if (model := published_tables().get(transform.name)) and (wrong := violations(model, columns)):
                raise TransformError(transform.name, "; ".join(wrong), transform.sql)
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
            return f"{self._repeat(transform.name, transform.links)} rounds"
        return "rebuilt"

    def _make_incrementally(self, transform: Transform) -> str:
        """Stage the uploads that are new or whose reading, SQL or settings changed; keep the others' rows."""
        wanted = self.fingerprints.staging(transform)
        staged = dict(
            self.con.execute(
                "SELECT CAST(upload_id AS VARCHAR), token FROM meta.staged WHERE name = ?", [transform.name]
            ).fetchall()
        )
        exists = self.con.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND schema_name = 'main'",
            [transform.name],
        ).fetchall()[0][0]
        pending = {upload: token for upload, (_, token) in wanted.items() if not exists or staged.get(upload) != token}
        if not exists or len(pending) == len(wanted):
            self._show(None)
            self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {transform.sql}")
        else:
            gone = [upload for upload in staged if upload in pending or upload not in wanted]
            self.con.execute(f"DELETE FROM {transform.name} WHERE upload_id IN (SELECT unnest(?::UUID[]))", [gone])
            if pending:
                self._show({wanted[upload][0] for upload in pending})
                self.con.execute(f"INSERT INTO {transform.name} {transform.sql}")
        self.con.execute("DELETE FROM meta.staged WHERE name = ?", [transform.name])
        if wanted:
            self.con.execute(
                "INSERT INTO meta.staged SELECT ?, unnest(?::UUID[]), unnest(?::VARCHAR[])",
                [transform.name, list(wanted), [token for _, token in wanted.values()]],
            )
        return f"{len(pending)} of {len(wanted)} uploads staged"

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
            ).fetchall()[0][0]
            if not changed:
                self.con.execute(f"CREATE OR REPLACE TABLE {labels} AS SELECT node, label FROM labels")
                self.con.execute("DROP TABLE labels; DROP TABLE before; DROP TABLE stepped; DROP TABLE edges;")
                return rounds
        raise LoancallsError(f"{labels} did not converge in {_MOST_ROUNDS} rounds.")

    def _roll_back(self) -> None:
        self._shown = set()  # whatever the views show now, the next table makes them anew
        with suppress(duckdb.Error):  # no transaction may be open
            self.con.execute("ROLLBACK")


@contextmanager
def open_warehouse(home: Home, settings: Settings) -> Iterator[Warehouse]:
    """Open the working database for writing; checkpointed and closed at the end, also when something fails."""
    (home.root / "tmp").mkdir(mode=0o700, exist_ok=True)
    lake = Lake(home)
    con = connect(home.warehouse, home, settings, data_bytes=lake.rows_bytes())
    try:
        con.execute(f"SET disabled_compression_methods = '{_TEXT_COMPRESSION}'")
        warehouse = Warehouse(con, lake, settings)
        warehouse.refresh()
        yield warehouse
        warehouse.settle()
    finally:
        con.close()
