"""The functions of the earlier system: create, find and update, on a session of the caller.

They flush and do not commit. Ids may be UUIDs or text; dicts have the columns' names, or the earlier ones.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from models import rules
from models.base import CallStatus, now
from models.borrowers import Customer, Loan
from models.calls import CallSession, CallStatusUpdate

Id = uuid.UUID | str


def compute_fingerprint(phone: str | None, national_id: str | None = "") -> str:
    """Who a customer is: md5 of the phone's digits (E.164 without plus), `|` and the national id, in hex."""
    return rules.fingerprint(phone, national_id)


def normalize_phone(phone: str | None) -> str | None:
    """E.164 (`+919876543210`); None for what is not a valid number."""
    return rules.phone(phone)


def get_customer_by_fingerprint(session: Session, fingerprint: str) -> Customer | None:
    """The customer who has the fingerprint, or has ever had it."""
    customer = session.scalars(select(Customer).where(Customer.fingerprint == fingerprint)).first()
    if customer is None:
        former = text("SELECT customer_id FROM former_fingerprints WHERE fingerprint = :fingerprint")
        found = session.execute(former, {"fingerprint": fingerprint}).scalar()
        customer = session.get(Customer, found) if found else None
    return customer


def get_customer_by_phone(session: Session, phone: str) -> Customer | None:
    """The customer whose phone this is now, in whatever way it is written; of several the one stated first."""
    phones = {phone, rules.phone(phone)} - {None}
    query = select(Customer).where(Customer.primary_phone.in_(phones)).order_by(Customer.created_at, Customer.id)
    return session.scalars(query.limit(1)).first()


def get_loan_by_external_id(session: Session, loan_id: str) -> Loan | None:
    """The loan with the lender's number."""
    return session.scalars(select(Loan).where(func.upper(Loan.loan_id) == rules.loan_key(loan_id))).first()


def get_call_session_by_sid(session: Session, call_sid: str) -> CallSession | None:
    """The call with the provider's id."""
    return session.scalars(select(CallSession).where(CallSession.call_sid == call_sid)).first()


def get_calls_by_customer(session: Session, customer_id: Id) -> list[CallSession]:
    """The customer's calls, the latest first."""
    return list(session.scalars(_latest_first(CallSession.customer_id == customer_id)))


def get_calls_by_loan(session: Session, loan_id: Id) -> list[CallSession]:
    """The loan's calls, the latest first; `loan_id` is loans.id."""
    return list(session.scalars(_latest_first(CallSession.loan_id == loan_id)))


def get_call_counts_for_loan(session: Session, loan_id: Id) -> dict[str, int | float]:
    """How the calls of a loan went: total_calls, completed_calls, failed_calls, success_rate.

    success_rate is percent: completed of those that were placed; 0.0 where none was. `loan_id` is loans.id.
    """

    def count(*conditions: Any) -> Any:
        return func.count().filter(*conditions)

    total, placed, completed, failed = session.execute(
        select(
            func.count(),
            count(CallSession.status != CallStatus.NOT_INITIATED),
            count(CallSession.status == CallStatus.CALL_COMPLETED),
            count(CallSession.status == CallStatus.FAILED),
        ).where(CallSession.loan_id == loan_id)
    ).one()
    return {
        "total_calls": total,
        "completed_calls": completed,
        "failed_calls": failed,
        "success_rate": 100 * completed / placed if placed else 0.0,
    }


def create_customer(session: Session, customer_data: Mapping[str, Any]) -> Customer:
    """A new customer; the fingerprint is computed. Raises IntegrityError when somebody has, or had, the same."""
    return _create(session, Customer, customer_data)


def create_loan(session: Session, loan_data: Mapping[str, Any]) -> Loan:
    """A new loan of a customer. Raises IntegrityError for a number that is taken or a customer who is not there."""
    return _create(session, Loan, loan_data)


def create_call_session(session: Session, call_data: Mapping[str, Any]) -> CallSession:
    """A new call; `metadata` is call_metadata. Raises IntegrityError for a call_sid that is there already."""
    data = dict(call_data)
    metadata = {**(data.pop("metadata", None) or {}), **(data.pop("call_metadata", None) or {})}
    # First, since the earlier names of what it has are put into it.
    return _create(session, CallSession, {"call_metadata": metadata or None, **data})


def update_call_status(
    session: Session,
    call_sid: str,
    status: str,
    message: str | None = None,
    extra_data: Mapping[str, Any] | None = None,
) -> CallSession | None:
    """Note that a call was seen in a status, and put the call and its customer there unless they are further already.

    None when there is no such call. Raises ValueError for an unknown status.
    """
    call = get_call_session_by_sid(session, call_sid)
    if call is None:
        return None
    moment = now()
    update = CallStatusUpdate(call_session_id=call.id, status=status, message=message, timestamp=moment)
    update.extra_data = dict(extra_data) if extra_data is not None else None
    session.add(update)
    if rules.call_status_rank(update.status) >= rules.call_status_rank(call.status or CallStatus.NOT_INITIATED):
        call.status = status
    if call.customer is not None:
        _touch(call.customer, call.status, moment)
    session.flush()
    return call


def update_customer_call_status(session: Session, customer_id: Id, status: str) -> Customer | None:
    """Set where calling a customer has come to, and when; None when there is no such customer."""
    return _update_customer(session, session.get(Customer, _uuid(customer_id)), status)


def update_customer_call_status_by_phone(session: Session, phone: str, status: str) -> Customer | None:
    """The same by phone, in whatever way it is written."""
    return _update_customer(session, get_customer_by_phone(session, phone), status)


def _update_customer(session: Session, customer: Customer | None, status: str) -> Customer | None:
    if customer is not None:
        _touch(customer, status, now())
        session.flush()
    return customer


def _touch(customer: Customer, status: str, moment: dt.datetime) -> None:
    customer.call_status = status
    customer.last_contact_date = moment


def _create(session: Session, model: type, data: Mapping[str, Any]) -> Any:
    made = model(**data)
    session.add(made)
    session.flush()
    return made


def _latest_first(condition: Any) -> Any:
    return select(CallSession).where(condition).order_by(CallSession.initiated_at.desc(), CallSession.call_sid)


def _uuid(value: Id) -> uuid.UUID:
    return uuid.UUID(value) if isinstance(value, str) else value
