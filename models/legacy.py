"""The attribute names of the earlier system, reading and writing, on instances and in queries.

Each is another name for what the tables have now: of a column, of the customer's first loan, or of a key of
call_metadata. Nothing is stored twice.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import declared_attr, synonym

from models import rules


def _of_first_loan(attribute: str) -> hybrid_property:
    """An attribute of the customer's first loan, as text; setting it makes the loan when there is none."""

    def read(self: Any) -> str | None:
        value = getattr(self.loans[0], attribute) if self.loans else None
        return None if value is None else str(value)

    def write(self: Any, value: Any) -> None:
        if not self.loans:
            if value is None:
                return
            self.loans.append(type(self).loans.property.mapper.class_())
        setattr(self.loans[0], attribute, value)

    def in_query(cls: Any) -> Any:
        loan = sa.orm.aliased(cls.loans.property.mapper.class_)
        return (
            sa.select(sa.cast(getattr(loan, attribute), sa.String))
            .where(loan.customer_id == cls.id)
            .order_by(loan.created_at, loan.loan_id)
            .limit(1)
            .scalar_subquery()
        )

    return hybrid_property(read, write, expr=in_query)


def _of_metadata(key: str, column: str | None = None, is_time: bool = False) -> hybrid_property:
    """A key of call_metadata; `column` is what a call log states of the same, and counts where the key is not set."""

    def read(self: Any) -> Any:
        value = (self.call_metadata or {}).get(key)
        if value is None:
            return getattr(self, column) if column else None
        return _read_time(value) if is_time and isinstance(value, str) else value

    def write(self: Any, value: Any) -> None:
        if is_time:
            value = rules.moment(value)
            value = value.isoformat() if isinstance(value, dt.datetime) else value
        # A new dict, so that the change is seen.
        self.call_metadata = {**(self.call_metadata or {}), key: value}

    def in_query(cls: Any) -> Any:
        value = cls.call_metadata[key].as_string()
        value = sa.try_cast(value, sa.DateTime) if is_time else value
        return sa.func.coalesce(value, getattr(cls, column)) if column else value

    return hybrid_property(read, write, expr=in_query)


def _read_time(text: str) -> dt.datetime | None:
    """A time as it was kept; None for words that are none."""
    try:
        return rules.moment(text)
    except ValueError:
        return None


class LegacyCustomer:
    """customer.name, phone_number, and what was on the customer before there were loans: loan_id, amount, due_date."""

    loan_id = _of_first_loan("loan_id")
    amount = _of_first_loan("outstanding_amount")
    due_date = _of_first_loan("next_due_date")

    name = declared_attr(lambda cls: synonym("full_name"))
    phone_number = declared_attr(lambda cls: synonym("primary_phone"))


class LegacyFileUpload:
    """file_upload.upload_status and upload_time."""

    upload_status = declared_attr(lambda cls: synonym("status"))
    upload_time = declared_attr(lambda cls: synonym("uploaded_at"))


class LegacyCallSession:
    """call_session.start_time and duration, and the nine that live in call_metadata."""

    end_time = _of_metadata("end_time", column="ended_at", is_time=True)
    websocket_session_id = _of_metadata("websocket_session_id")
    call_direction = _of_metadata("call_direction", column="direction")
    agent_transfer_time = _of_metadata("agent_transfer_time", is_time=True)
    agent_number = _of_metadata("agent_number")
    exotel_data = _of_metadata("exotel_data")
    conversation_transcript = _of_metadata("conversation_transcript")
    intent_detected = _of_metadata("intent_detected")
    language_detected = _of_metadata("language_detected")

    start_time = declared_attr(lambda cls: synonym("initiated_at"))
    duration = declared_attr(lambda cls: synonym("duration_seconds"))
