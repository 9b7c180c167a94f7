"""One question of the published database, on a connection that can do nothing else.

The file is opened read-only and DuckDB is locked: no other file, no other database, no setting and no extension can be
reached. What DuckDB would let through all the same is refused by what the statement is made of.
"""

import json
import re

import duckdb
import polars as pl

from models.quoting import identifier
from orchestration.errors import UsageError
from orchestration.settings import Settings
from orchestration.store.connection import connect
from orchestration.store.home import Home

_CLOSED = "`loancalls query` sees the published tables only; files, other databases and settings are closed to it."
# Functions that a FROM may call: they make rows of their arguments or say what the tables are. All others are refused,
# as DuckDB has some that change its own state (enable_logging) or run a text as SQL (query).
_TABLE_FUNCTIONS = {
    *("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "histogram"),
    *("histogram_values", "duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_functions", "duckdb_types"),
    "pragma_table_info",
}
_LOCK = (
    "SET python_enable_replacements = false",  # or names of our own variables would be tables
    "SET python_scan_all_frames = false",
    "SET allow_community_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def answer(home: Home, settings: Settings, sql: str) -> pl.DataFrame:
    """The rows that one SELECT gives; UUIDs and JSON as text. Raises UsageError for anything else."""
    with connect(home.analytics, home, settings, read_only=True) as con:
        for statement in _LOCK:
            con.execute(statement)
        try:
            _check(con, sql)
            return _frame(con.sql(sql))
        except duckdb.PermissionException:
            raise UsageError(_CLOSED) from None
        except duckdb.Error as error:
            raise UsageError(f"The query cannot be answered: {error}") from None


def _check(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise UsageError unless the text is one SELECT (or an EXPLAIN of one) that only reads."""
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        raise UsageError(
            f"Give one SELECT; this text has {len(statements) or 'no'} statements."
            + (" A PIVOT needs its values: PIVOT ... ON column IN (...)." if "pivot" in sql.lower() else "")
        )
    question = re.sub(r"^\s*explain(\s+analyze)?\b", "", statements[0].query, flags=re.IGNORECASE)
    try:
        parsed = json.loads(con.execute("SELECT json_serialize_sql(?)", [question]).fetchall()[0][0])
        functions = _table_functions(parsed)
    except RecursionError:
        raise UsageError("The query is nested too deep; split it with WITH.") from None
    if parsed["error"] or len(parsed["statements"]) != 1:
        kind = statements[0].type.name.replace("_", " ")
        raise UsageError(f"Give one SELECT; this is a statement of the kind {kind}, and nothing may be changed here.")
    if refused := functions - _TABLE_FUNCTIONS:
        raise UsageError(f"{min(refused)}() cannot be called here. {_CLOSED}")


def _table_functions(parsed: object) -> set[str]:
    """The names of the functions that are called in a FROM, anywhere in a parsed statement."""
    found, todo = set(), [parsed]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            if part.get("type") == "TABLE_FUNCTION":
                found.add(str(part["function"]["function_name"]).lower())
    return found


def _frame(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    names = [identifier(name) for name in relation.columns]
    casts = [
        f"CAST({name} AS VARCHAR) AS {name}" if str(kind) in ("UUID", "JSON") else name
        for name, kind in zip(names, relation.types, strict=True)
    ]
    if len({name.lower() for name in relation.columns}) == len(relation.columns):
        relation = relation.project(", ".join(casts))
    frame = relation.pl()
    return frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)
