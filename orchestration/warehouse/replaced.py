"""Which rows of the working database are others than those of the file that was published last.

Kept in the working database, by what a row is replaced by; forgotten with each publishing. Valid only while the file
that was published is there as it was left, and no table was built whole since.
"""

from pathlib import Path

import duckdb

from orchestration.warehouse.transforms import KEYS, Transform

_TYPES = {"loan": "VARCHAR", "call": "VARCHAR"}
# A published file that has grown by as much since it was written whole is written whole again.
_MOST_GROWTH = 1.2


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    for key in KEYS:
        con.execute(f"CREATE TABLE IF NOT EXISTS {_table(key)} (name {_TYPES.get(key, 'UUID')})")


def note(con: duckdb.DuckDBPyConnection, key: str, query: str) -> None:
    """Note what a query finds, keys of one kind."""
    con.execute(f"INSERT INTO {_table(key)} SELECT * FROM ({query}) EXCEPT FROM {_table(key)}")


def condition(transform: Transform, column: str) -> str:
    """Whether a row of the table, as it was published or as it is, is one of those that were replaced."""
    return f"{column} IN (FROM {_table(transform.identifies or '')})"


def note_published(con: duckdb.DuckDBPyConnection, checksum: str, publishing: str, size: int) -> None:
    """Note that a file is about to be published that has it all, and how large it was when it was written whole."""
    for key in KEYS:
        con.execute(f"DELETE FROM {_table(key)}")
    con.execute(
        "CREATE OR REPLACE TABLE meta.published_file AS SELECT ? AS checksum, ? AS publishing, ? AS bytes",
        [checksum, publishing, size],
    )


def published_before(con: duckdb.DuckDBPyConnection, publishing: str, path: Path) -> tuple[str, int] | None:
    """The checksum of the file that was published last in the same way, and its size when it was written whole.

    None where there is none to go on from, or where it has grown too large.
    """
    try:
        found = con.execute("SELECT checksum, bytes FROM meta.published_file WHERE publishing = ?", [publishing])
        checksum, size = found.fetchone() or (None, 0)
    except duckdb.CatalogException:
        return None
    if checksum is None or not path.exists() or path.stat().st_size > size * _MOST_GROWTH:
        return None
    return checksum, size


def _table(key: str) -> str:
    return "meta.replaced_" + key.replace(" ", "_")
