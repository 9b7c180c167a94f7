"""Publish: the warehouse's tables as `analytics.duckdb`, masked, with their contract's types and comments.

The file is written beside the published one and renamed over it, so that a reader has yesterday's or today's, whole.
"""

import hashlib
import logging
from pathlib import Path

import sqlalchemy as sa

from expectations.contract import CHECKED_AS
from models.base import Base, Pii, description, duckdb_type
from models.macros import macros_in
from models.published import published_tables
from models.quoting import identifier, literal
from orchestration.errors import LoancallsError
from orchestration.settings import Settings
from orchestration.store import journal
from orchestration.store.atomic import PRIVATE, put_database, remove_database, sync
from orchestration.store.home import Home
from orchestration.store.session_copy import file_stamp, write_copy
from orchestration.warehouse.build import Warehouse, open_warehouse
from orchestration.warehouse.fingerprints import note_published, state_of
from orchestration.warehouse.pii_key import pii_key, remember
from orchestration.warehouse.transforms import Transform, load_transforms

_log = logging.getLogger(__name__)
_MASKS = {
    Pii.TEXT: "CASE WHEN {column} IS NOT NULL THEN '***' END",
    Pii.PHONE: "CASE WHEN length({column}) > 6 THEN '********' || right({column}, 2) "
    "WHEN {column} IS NOT NULL THEN '***' END",
    Pii.DOCUMENT: "NULL",
    Pii.HASH: "keyed_hash({plain})",
    Pii.ROW_HASH: "NULL",
}


def publish(home: Home, settings: Settings) -> dict[str, int]:
    """Replace analytics.duckdb with the warehouse's tables and return the rows of each.

    Raises LoancallsError, and leaves the published file alone, unless every published table is built from the same
    uploads and has passed its checks. Nothing fails any more once the file is replaced.
    """
    new = Path(f"{home.analytics}.new")
    remove_database(new)
    with open_warehouse(home, settings) as warehouse:
        if unfit := warehouse.fingerprints.unfit():
            reasons = "; ".join(f"{table} {reason}" for table, reason in unfit.items())
            raise LoancallsError(f"Nothing was published: {reasons}. Run `loancalls run`.")
        key = pii_key(home, settings) if settings.pii == "masked" else None
        rows = _write(warehouse, new, settings, key)
        # Nobody may write to it: many tools open a file for writing where they can, and leave a log beside it.
        new.chmod(0o400 if settings.pii == "clear" else 0o444)
        note_published(warehouse.con, state_of(home, settings), file_stamp(new))
        taken_up = journal.taken_up(home)
        warehouse.con.execute(
            "CREATE OR REPLACE TABLE meta.journal AS SELECT ? AS taken_up, ? AS home", [taken_up, str(home.root)]
        )
    sync(new)
    copy = write_copy(home) if home.session_copy.exists() else None
    if key is not None:
        remember(home, key)
    put_database(new, home.analytics)
    try:
        if copy is not None:
            put_database(copy, home.session_copy)
            journal.forget(home, taken_up)  # sessions have it in their copy of the tables
    except Exception as error:
        _log.warning(
            "Published, but sessions may see the tables of the run before: %s. The next run puts that right.", error
        )
    return rows


def published_views() -> dict[str, Transform]:
    """The published tables that are views over other published tables, in an order in which they can be made."""
    tables = published_tables()
    return {
        name: transform
        for name, transform in load_transforms().items()
        if name in tables and transform.is_view and all(table in tables for table in transform.upstream)
    }


def _write(warehouse: Warehouse, target: Path, settings: Settings, key: bytes | None) -> dict[str, int]:
    con = warehouse.con
    if key is not None:
        _define_keyed_hash(warehouse, key)
    con.execute("SET disabled_compression_methods = ''")  # what many will read is worth the work
    con.execute(f"ATTACH {literal(str(target))} AS published")
    target.chmod(PRIVATE)
    rows = {}
    views = published_views()
    for table, model in published_tables().items():
        if table in views:
            continue
        columns = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in model.__table__.columns)
        con.execute(f'CREATE TABLE published."{table}" ({columns})')
        con.execute(f'INSERT INTO published."{table}" {_select(model, table, settings.pii)}')
        _comment(warehouse, model, table, "TABLE")
        ((rows[table],),) = con.execute(f'SELECT count(*) FROM published."{table}"').fetchall()
    ((here,),) = con.execute("SELECT current_database()").fetchall()
    con.execute("USE published")  # so that a view reads the tables beside it, wherever the file is attached
    con.execute(macros_in("".join(transform.sql for transform in views.values())))
    for table, transform in views.items():
        con.execute(f'CREATE VIEW "{table}" AS {transform.sql}')
        _comment(warehouse, published_tables()[table], table, "VIEW")
    con.execute(f"USE {identifier(here)}")
    con.execute("DETACH published")
    return rows


def _select(model: type[Base], table: str, pii: str) -> str:
    columns = list(model.__table__.columns)
    # With its documents masked, a view over raw text has nothing that its narrow table does not.
    source = CHECKED_AS.get(table, table) if pii == "masked" else table
    return f'SELECT {", ".join(_expression(column, pii) for column in columns)} FROM "{source}"'


def _expression(column: sa.Column, pii: str) -> str:
    name, mask, kind = f'"{column.name}"', column.info["pii"], duckdb_type(column)
    plain = f"replace(CAST({name} AS VARCHAR), '-', '')" if mask and mask.is_hash else name
    if mask and pii == "masked":
        return f"CAST({_MASKS[mask].format(column=name, plain=plain)} AS {kind})"
    if kind == "JSON":
        return f"CASE WHEN json_valid(CAST({name} AS VARCHAR)) THEN CAST({name} AS JSON) ELSE to_json({name}) END"
    return f"CAST({plain} AS {kind})"


def _define_keyed_hash(warehouse: Warehouse, key: bytes) -> None:
    """HMAC-SHA256 (RFC 2104) from DuckDB's sha256. The key is in variables, so no statement or log carries it."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    for name, pad in (("inner_pad", 0x36), ("outer_pad", 0x5C)):
        warehouse.con.execute(f"SET VARIABLE {name} = ?", [bytes(byte ^ pad for byte in block)])
    warehouse.con.execute(
        "CREATE OR REPLACE TEMP MACRO keyed_hash(t) AS sha256(getvariable('outer_pad') || "
        "from_hex(sha256(getvariable('inner_pad') || encode(t))))"
    )


def _comment(warehouse: Warehouse, model: type[Base], table: str, what: str) -> None:
    about = f"{description(model)} Grain: {model.__grain__}."
    warehouse.con.execute(f'COMMENT ON {what} published."{table}" IS {literal(about)}')
    for column in model.__table__.columns:
        warehouse.con.execute(
            f'COMMENT ON COLUMN published."{table}"."{column.name}" IS {literal(column.comment or "")}'
        )
