"""Publish: the warehouse's tables as `analytics.duckdb`, masked, with their contract's types and comments.

The file is written beside the published one and renamed over it, so that a reader has yesterday's or today's, whole.
"""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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
from orchestration.store.hashing import checksum
from orchestration.store.home import Home
from orchestration.store.session_copy import file_stamp, write_copy
from orchestration.warehouse import replaced
from orchestration.warehouse.build import Warehouse, open_warehouse
from orchestration.warehouse.fingerprints import note_published, publishing_of, state_of
from orchestration.warehouse.pii_key import pii_key, remember
from orchestration.warehouse.transforms import WHOLE, Transform, load_transforms

_log = logging.getLogger(__name__)
# The format that the tools of analysts read, older ones too, whichever version of DuckDB writes.
_STORAGE = "v1.0.0"
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
        con, publishing = warehouse.con, publishing_of(home, settings)
        if key is not None:
            _define_keyed_hash(warehouse, key)
        # What many will read is worth the work; only long texts are worth that of zstd, and those are masked.
        con.execute(f"SET disabled_compression_methods = '{'zstd' if settings.pii == 'masked' else ''}'")
        before = replaced.published_before(con, publishing, home.analytics)
        if before is not None and _is_copied(home.analytics, new, before[0]):
            rows, size = _amend(warehouse, new, settings), before[1]
        else:
            remove_database(new)
            rows, size = _write(warehouse, new, settings), new.stat().st_size
        # Nobody may write to it: many tools open a file for writing where they can, and leave a log beside it.
        new.chmod(0o400 if settings.pii == "clear" else 0o444)
        con.execute("BEGIN")
        note_published(con, state_of(home, settings), file_stamp(new))
        replaced.note_published(con, checksum(new), publishing, size)
        con.execute("COMMIT")
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


def _write(warehouse: Warehouse, target: Path, settings: Settings) -> dict[str, int]:
    """Write every published table into a new file; the rows of each."""
    con, views = warehouse.con, published_views()
    with _attached(warehouse, target):
        for table, model in _stored_tables().items():
            columns = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in model.__table__.columns)
            con.execute(f'CREATE TABLE published."{table}" ({columns})')
            con.execute(f'INSERT INTO published."{table}" {_select(model, table, settings.pii)}')
            _comment(warehouse, model, table, "TABLE")
        ((here,),) = con.execute("SELECT current_database()").fetchall()
        con.execute("USE published")  # so that a view reads the tables beside it, wherever the file is attached
        con.execute(macros_in("".join(transform.sql for transform in views.values())))
        for table, transform in views.items():
            con.execute(f'CREATE VIEW "{table}" AS {transform.sql}')
            _comment(warehouse, published_tables()[table], table, "VIEW")
        con.execute(f"USE {identifier(here)}")
        return _counts(warehouse)


def _amend(warehouse: Warehouse, target: Path, settings: Settings) -> dict[str, int]:
    """Replace the rows that are others now in a copy of the file that was published last; the rows of each table."""
    con = warehouse.con
    with _attached(warehouse, target):
        for table, model in _stored_tables().items():
            select, transform = _select(model, table, settings.pii), load_transforms()[CHECKED_AS.get(table, table)]
            if transform.identifies == WHOLE:
                con.execute(f'DELETE FROM published."{table}"')
                con.execute(f'INSERT INTO published."{table}" {select}')
                continue
            is_replaced = replaced.condition(transform, transform.replaced_by or "")
            con.execute(f'DELETE FROM published."{table}" WHERE {is_replaced}')
            if select.endswith(f'"{transform.name}"'):
                # What was replaced last stands last: by their places, few other rows are looked at.
                is_replaced = f'rowid IN (SELECT rowid FROM "{transform.name}" WHERE {is_replaced})'
            con.execute(f'INSERT INTO published."{table}" {select} WHERE {is_replaced}')
        return _counts(warehouse)


def _is_copied(published: Path, target: Path, expected: str) -> bool:
    """Copy the file that was published last; False where it is not as it was left."""
    shutil.copyfile(published, target)
    target.chmod(PRIVATE)
    return checksum(target) == expected


@contextmanager
def _attached(warehouse: Warehouse, target: Path) -> Iterator[None]:
    """A file attached as `published`, closed with all that was written."""
    warehouse.con.execute(f"ATTACH {literal(str(target))} AS published (STORAGE_VERSION '{_STORAGE}')")
    target.chmod(PRIVATE)
    yield
    warehouse.con.execute("DETACH published")


def _stored_tables() -> dict[str, type[Base]]:
    """The published tables that have rows of their own."""
    views = published_views()
    return {table: model for table, model in published_tables().items() if table not in views}


def _counts(warehouse: Warehouse) -> dict[str, int]:
    tables = list(_stored_tables())
    counted = ", ".join(f'(SELECT count(*) FROM published."{table}")' for table in tables)
    (found,) = warehouse.con.execute(f"SELECT {counted}").fetchall()
    return dict(zip(tables, found, strict=True))


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
