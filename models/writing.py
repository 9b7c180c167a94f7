"""What a script sets on an instance, put into the words and types of the tables at once.

Scripts of the earlier system set dates as text, amounts as floats, ids as text, any writing of a phone, any of the
status words there were, and what a data frame calls NaN. All of it becomes here what the transforms would make of it,
so that an instance shows what the next run will. Raises ValueError for what has no meaning at all.
"""

import datetime as dt
import decimal
import hashlib
import json
import uuid
import warnings
from collections.abc import Callable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import object_session

from models import rules
from models.base import Base
from models.borrowers import Customer
from models.calls import CallSession, CallStatusUpdate
from models.types import CallStatusWord, plain
from models.uploads import UploadRow


def _meant(text: str, read: Callable[[str], Any], what_not: str) -> Any:
    """What a text means to `read`, None where it is blank. Raises ValueError for one that means nothing."""
    found = read(text)
    if found is None and not rules.is_unstated(text):
        raise ValueError(f"'{text}' is {what_not}")
    return found


def _date(value: Any) -> Any:
    if isinstance(value, str):
        return _meant(value, rules.date, "not a valid date; write it as 2026-03-15.")
    return value.date() if isinstance(value, dt.datetime) else value


def _number(scale: int) -> Callable[[Any], Any]:
    def coerce(value: Any) -> Any:
        if isinstance(value, str):
            return _meant(value, rules.amount, "not a valid amount; write it as 50000.50.")
        return decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(-scale), decimal.ROUND_HALF_UP)

    return coerce


def _whole(value: Any) -> Any:
    return (
        _meant(value, rules.seconds, "not a valid whole number; write it as 45.")
        if isinstance(value, str)
        else int(value)
    )


def _flag(value: Any) -> bool | None:
    return _meant(value, rules.flag, "neither yes nor no; write yes or no.") if isinstance(value, str) else bool(value)


def _id(value: Any) -> Any:
    return uuid.UUID(value) if isinstance(value, str) else value


def _status(value: Any) -> str:
    status = rules.call_status(value)
    if status is None:
        raise ValueError(f"Call status not recognised: '{value}'; CallStatus lists them all.")
    return status


def _phone(value: Any) -> str | None:
    text = str(value).strip()
    return None if rules.is_absent(text) else rules.phone(text) or text


def _contact(value: Any) -> str | None:
    found = rules.phone(str(value))
    if found is None and not rules.is_absent(str(value)):
        warnings.warn("The phone of a branch or an employee is not a valid number; it is left out.", stacklevel=4)
    return found


def _national_id(value: Any) -> str | None:
    found = rules.national_id(value)
    if found is None and not rules.is_absent(value):
        warnings.warn("A national id that is masked or cut off identifies nobody; it is left out.", stacklevel=4)
    return found


def _identifier(value: Any) -> str | None:
    return None if rules.is_absent(str(value)) else str(value).strip()


def _text(value: Any) -> str | None:
    return rules.words(str(value).strip())


_BY_NAME: dict[str, Callable[[Any], Any]] = {
    "national_id": _national_id,
    "call_sid": _identifier,
    **dict.fromkeys(("primary_phone", "from_number", "to_number"), _phone),
    **dict.fromkeys(("branch_contact_number", "employee_contact_number"), _contact),
}
_BY_TYPE: dict[type, Callable[[Any], Any]] = {
    sa.Uuid: _id,
    sa.DateTime: rules.moment,
    sa.Date: _date,
    sa.Boolean: _flag,
    sa.Integer: _whole,
    sa.String: _text,
}


def _coercion(column: sa.Column) -> Callable[[Any], Any] | None:
    kind = plain(column.type)
    if column.name in _BY_NAME:
        return _BY_NAME[column.name]
    if column.name == "loan_id" and isinstance(kind, sa.String):
        return rules.loan_number
    if column.table.name == "loans" and column.name == "status":
        return rules.loan_status
    if isinstance(column.type, CallStatusWord):
        return _status
    if isinstance(kind, sa.Numeric) and kind.scale:
        return _number(kind.scale)
    return next((coerce for type_, coerce in _BY_TYPE.items() if isinstance(kind, type_)), None)


def _is_nothing(value: Any) -> bool:
    """Whether a data frame means nothing by it: NaN and NaT are not equal to themselves, and NA does not say."""
    try:
        return not bool(value == value)
    except TypeError:
        return True


def _plain(value: Any) -> Any:
    """A data frame's value as Python's; its times count nanoseconds, which Python's do not."""
    if type(value).__name__ == "datetime64":
        value = value.astype("datetime64[us]")
    return value.item() if hasattr(value, "item") else value


@event.listens_for(Base, "attribute_instrument", propagate=True)
def _listen(cls: type[Base], key: str, attribute: Any) -> None:
    column = cls.__table__.columns.get(key) if hasattr(attribute.property, "columns") else None
    coerce = None if column is None else _coercion(column)
    if coerce is None:
        return

    @event.listens_for(attribute, "set", retval=True)
    def put(target: Any, value: Any, old: Any, initiator: Any) -> Any:
        if value is None or isinstance(value, sa.sql.ClauseElement):
            return value
        said = None if _is_nothing(value) else coerce(_plain(value))
        if said is None:
            # A blank cell states nothing, so what was stated before stays.
            return getattr(target, key)
        _follow(target, key, said, value)
        return said


def _follow(target: Any, key: str, value: Any, said: Any) -> None:
    """What goes with an attribute: the fingerprint with phone and national id, the provider's word with the status."""
    if isinstance(target, Customer) and key in ("primary_phone", "national_id"):
        other = target.national_id if key == "primary_phone" else target.primary_phone
        phone, number = (value, other) if key == "primary_phone" else (other, value)
        target.fingerprint = rules.fingerprint(phone, number, str(target.id or ""))
    elif isinstance(target, CallSession | CallStatusUpdate) and key == "status":
        target.provider_status = str(said)


@event.listens_for(Customer, "before_insert")
def _identify(mapper: Any, connection: Any, customer: Customer) -> None:
    customer.id = customer.id or uuid.uuid4()
    customer.fingerprint = rules.fingerprint(customer.primary_phone, customer.national_id, str(customer.id))


@event.listens_for(Customer, "before_insert")
@event.listens_for(Customer, "before_update")
def _same_status(mapper: Any, connection: Any, customer: Customer) -> None:
    """status and call_status are one: the one that was set counts."""
    changed = [name for name in ("call_status", "status") if sa.inspect(customer).attrs[name].history.added]
    if len(changed) == 1:
        customer.status = customer.call_status = getattr(customer, changed[0])


@event.listens_for(CallSession, "before_insert")
def _name_call(mapper: Any, connection: Any, call: CallSession) -> None:
    # A call that failed before the provider gave it an id counts all the same.
    call.id = call.id or uuid.uuid4()
    call.call_sid = call.call_sid or f"no-sid-{call.id}"


@event.listens_for(UploadRow, "before_insert")
def _mark_row(mapper: Any, connection: Any, row: UploadRow) -> None:
    if row.row_fingerprint is None:
        row.row_fingerprint = hashlib.md5(json.dumps(row.raw_data, sort_keys=True, default=str).encode()).hexdigest()


@event.listens_for(CallStatusUpdate, "before_insert")
def _number_update(mapper: Any, connection: Any, update: CallStatusUpdate) -> None:
    call, stated, session = update.call_session_id, cast(int | None, update.sequence), object_session(update)
    if stated is None and call is not None and session is not None:
        table = CallStatusUpdate.__table__
        last = connection.execute(sa.select(sa.func.max(table.c.sequence)).where(table.c.call_session_id == call))
        beside = [
            other.sequence or 0
            for other in session.new
            if isinstance(other, CallStatusUpdate) and other.call_session_id == call
        ]
        update.sequence = max([last.scalar() or 0, *beside]) + 1


@event.listens_for(Base, "before_insert", propagate=True)
def _fill_in(mapper: Any, connection: Any, made: Any) -> None:
    """What was set to None and has a default takes it, as if it had not been set."""
    for column in mapper.local_table.columns:
        if column.default is not None and column.name in made.__dict__ and getattr(made, column.name) is None:
            default = column.default.arg
            setattr(made, column.name, default(None) if callable(default) else default)
