"""The database beside the working one in which a part is built: its schemas, and how tables are made in them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import duckdb

import transforms
from models.macros import macros
from models.quoting import identifier, literal
from orchestration.store.atomic import PRIVATE, remove_database
from orchestration.warehouse.components import name_components
from orchestration.warehouse.transforms import Transform, steps_of

DATABASE = "part"
SCHEMAS = ("was", "fresh", "touched", "standing", "new", "whole", "closure", "keys")


class Scratch:
    """Attached as `part` to the connection of the working database. `close` it, whatever becomes of it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path):
        self.con, self._path = con, path
        ((self.main,),) = con.execute("SELECT current_database()").fetchall()

    def attach(self) -> None:
        remove_database(self._path)
        self.con.execute(f"ATTACH {literal(str(self._path))} AS {DATABASE}")
        self._path.chmod(PRIVATE)
        with self.among("main"):
            self.con.execute(macros())
        for schema in SCHEMAS:
            self.con.execute(f"CREATE SCHEMA {DATABASE}.{schema}")

    def close(self) -> None:
        with suppress(duckdb.Error):  # it may not have been attached
            self.con.execute(f"DETACH {DATABASE}")
        remove_database(self._path)

    @contextmanager
    def among(self, *schemas: str) -> Iterator[None]:
        """Names are looked for in these schemas, in their order; what is made is made in the first."""
        path = ",".join(f"{DATABASE}.{schema}" for schema in schemas)
        self.con.execute(f"SET search_path = '{path}'")
        try:
            yield
        finally:
            self.con.execute(f"USE {identifier(self.main)}.main")

    def make(self, transform: Transform, condition: str = "") -> None:
        """Make a table by its SELECT, of the rows that meet the condition."""
        self.make_steps(transform)
        select = f"SELECT * FROM ({transform.sql}) AS made WHERE {condition}" if condition else transform.sql
        self.con.execute(f"CREATE OR REPLACE TABLE {transform.name} AS {select}")
        if transform.links:
            name_components(self.con, transform.name, transform.links)

    def make_steps(self, transform: Transform, only: set[str] | None = None) -> None:
        for step in steps_of(transform.name):
            if only is None or step.name in only:
                self.con.execute(f"CREATE OR REPLACE VIEW {step.name} AS {step.sql}")

    def count(self, sql: str) -> int:
        ((count,),) = self.con.execute(sql).fetchall()
        return count

    def rows_of(self, schema: str, table: str) -> int:
        return self.count(f"SELECT count(*) FROM {DATABASE}.{schema}.{table}")


@cache
def sql_of(folder: str, name: str) -> str:
    """The SQL of a file that is no transform: it tells what a part is made of."""
    return (Path(transforms.__file__).parent / folder / f"{name}.sql").read_text(encoding="utf-8")
