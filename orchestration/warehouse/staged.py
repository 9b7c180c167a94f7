"""Which uploads each staging table holds, and of what: what is to be staged anew, and what is gone."""

from dataclasses import dataclass

import duckdb

from orchestration.warehouse.fingerprints import Fingerprints
from orchestration.warehouse.transforms import Transform


@dataclass(frozen=True)
class Change:
    """What a staging table lacks. `wanted` are all uploads that stand, each with its sha256 and token."""

    wanted: dict[str, tuple[str, str]]
    pending: dict[str, str]  # upload_id: sha256
    gone: set[str]  # upload_ids of which there are rows that are not wanted

    @property
    def removed(self) -> list[str]:
        """The uploads whose rows go before others come."""
        return [*self.pending, *self.gone]


def change_of(con: duckdb.DuckDBPyConnection, fingerprints: Fingerprints, transform: Transform) -> Change:
    """What is to be done to a staging table; all of it, where the table is not there."""
    here = "WHERE table_name = ? AND schema_name = 'main' AND database_name = current_database()"
    ((is_there,),) = con.execute(f"SELECT count(*) > 0 FROM duckdb_tables() {here}", [transform.name]).fetchall()
    staged: dict[str, str] = {}
    if is_there:
        sql = "SELECT CAST(upload_id AS VARCHAR), token FROM meta.staged WHERE name = ?"
        staged = dict(con.execute(sql, [transform.name]).fetchall())
    wanted = fingerprints.staging(transform)
    pending = {upload: sha256 for upload, (sha256, token) in wanted.items() if staged.get(upload) != token}
    return Change(wanted, pending, staged.keys() - wanted.keys())


def note(con: duckdb.DuckDBPyConnection, table: str, change: Change) -> None:
    """Note that the table holds what is wanted."""
    con.execute("DELETE FROM meta.staged WHERE name = ?", [table])
    if change.wanted:
        con.execute(
            "INSERT INTO meta.staged SELECT ?, unnest(?::UUID[]), unnest(?::VARCHAR[])",
            [table, list(change.wanted), [token for _, token in change.wanted.values()]],
        )
