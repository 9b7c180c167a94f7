"""The declarative base, and the vocabulary the contract is written in."""

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from models import rules
from models.types import Words
from models.types import plain as plain_type

MONEY = sa.Numeric(15, 2)
# The sum of ten thousand million such amounts.
MONEY_SUM = sa.Numeric(25, 2)


class Pii(StrEnum):
    """How a column is masked in what is published (see `orchestration.warehouse.publish`)."""

    TEXT = "text"  # present or absent is all that is shown: '***'
    PHONE = "phone"  # the last two digits are shown
    DOCUMENT = "document"  # JSON that may hold anything: NULL
    HASH = "hash"  # an unkeyed hash of personal data: replaced by a keyed HMAC
    ROW_HASH = "row_hash"  # an unkeyed hash of a whole row, which nobody joins by: NULL

    @property
    def is_hash(self) -> bool:
        """Whether the column is a hash: 16 bytes in the warehouse, hexadecimal digits where it is published."""
        return self in (Pii.HASH, Pii.ROW_HASH)


class CallStatus(StrEnum):
    """The seven states of a call session, in our words; and the words that there were before, as other names of them.

    `CallStatus("no_answer")` and `CallStatus.NO_ANSWER` are CallStatus.DISCONNECTED.
    """

    NOT_INITIATED = "not_initiated"
    CALLING = "calling"
    CALL_IN_PROGRESS = "call_in_progress"
    AGENT_TRANSFER = "agent_transfer"
    CALL_COMPLETED = "call_completed"
    DISCONNECTED = "disconnected"
    FAILED = "failed"

    READY = NOT_INITIATED
    SCHEDULED = NOT_INITIATED
    INITIATED = CALLING
    RINGING = CALLING
    IN_PROGRESS = CALL_IN_PROGRESS
    COMPLETED = CALL_COMPLETED
    CALL_FAILED = FAILED
    NOT_PICKED = DISCONNECTED
    BUSY = DISCONNECTED
    NO_ANSWER = DISCONNECTED

    @classmethod
    def _missing_(cls, value: object) -> "CallStatus | None":
        status = rules.call_status(value) if isinstance(value, str) else None
        return cls(status) if status else None


class Base(DeclarativeBase):
    """Base of every table class. A class's docstring is the table's description, `__grain__` what one row is."""

    __table__: ClassVar[sa.Table]
    __grain__: str = ""


def col(
    *args: Any,
    about: str,
    pii: Pii | None = None,
    allowed: tuple[str, ...] = (),
    unique: bool = False,
    nullable: bool = True,
    primary_key: bool = False,
    **more: Any,
) -> MappedColumn:
    """A column of the contract: `about` describes it in one sentence, `allowed` lists its values, `pii` its mask."""
    info = {"pii": pii, "allowed": tuple(str(value) for value in allowed), "unique": unique or primary_key}
    return mapped_column(
        *args,
        comment=about,
        info=info,
        nullable=nullable and not primary_key,
        primary_key=primary_key,
        **more,
    )


# How an object lists its calls: without an order a database gives any.
CALLS_BY_TIME = "CallSession.initiated_at, CallSession.call_sid"


def now() -> dt.datetime:
    """Now, as naive UTC: what tables store."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def description(model: type[Base]) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


def duckdb_type(column: sa.Column) -> str:
    """The published type of a column, as DuckDB prints it."""
    if isinstance(column.type, Words):
        return "VARCHAR[]"
    kind = plain_type(column.type)
    if isinstance(kind, sa.Uuid):
        return "UUID"
    if isinstance(kind, sa.JSON):
        return "JSON"
    if isinstance(kind, sa.DateTime):
        return "TIMESTAMP"
    if isinstance(kind, sa.Double):
        return "DOUBLE"
    if isinstance(kind, sa.Numeric):
        return f"DECIMAL({kind.precision},{kind.scale})"
    plain = ((sa.Date, "DATE"), (sa.Boolean, "BOOLEAN"), (sa.BigInteger, "BIGINT"), (sa.Integer, "INTEGER"))
    return next((name for python, name in plain if isinstance(kind, python)), "VARCHAR")
