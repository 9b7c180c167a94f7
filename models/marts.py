"""The marts: what analysts ask. Rates are fractions with their denominator beside them; null where it is 0."""

import datetime as dt
import decimal
import uuid

from sqlalchemy import BigInteger, Double, ForeignKey, String
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.orm import Mapped

from models.base import MONEY, MONEY_SUM, Base, col
from models.codes import CELL_ERROR_CODES, ROW_ERROR_CODES
from models.types import Id

JOURNEY_EVENTS = ("uploaded", "called", "status", "paid")


class CallFigures:
    """The figures that every table of call success shares."""

    attempts: Mapped[int] = col(
        BigInteger,
        nullable=False,
        sort_order=10,
        about="Calls that were placed (status beyond not_initiated).",
    )
    completed: Mapped[int] = col(
        BigInteger, nullable=False, sort_order=11, about="Attempts that ended as call_completed."
    )
    disconnected: Mapped[int] = col(
        BigInteger, nullable=False, sort_order=12, about="Attempts that ended as disconnected."
    )
    failed: Mapped[int] = col(BigInteger, nullable=False, sort_order=13, about="Attempts that ended as failed.")
    unfinished: Mapped[int] = col(
        BigInteger,
        nullable=False,
        sort_order=14,
        about="Attempts without an end yet: calling, in progress, transfer.",
    )
    success_rate: Mapped[float | None] = col(Double, sort_order=15, about="completed / attempts.")
    success_rate_low: Mapped[float | None] = col(
        Double, sort_order=16, about="Lower end of the 95 % Wilson interval of success_rate."
    )
    success_rate_high: Mapped[float | None] = col(
        Double, sort_order=17, about="Upper end of the 95 % Wilson interval of success_rate."
    )
    contacts: Mapped[int] = col(
        BigInteger,
        nullable=False,
        sort_order=18,
        about="Completed calls with a conversation of at least CONTACT_SECONDS, not answered by a machine.",
    )
    contact_rate: Mapped[float | None] = col(Double, sort_order=19, about="contacts / attempts.")
    talk_seconds: Mapped[int] = col(
        BigInteger,
        nullable=False,
        sort_order=20,
        about="Conversation seconds, else the duration, of completed calls.",
    )


class LeagueFigures(CallFigures):
    """What a league table adds: a rate that small numbers cannot distort, and a rank by it."""

    shrunk_rate: Mapped[float | None] = col(
        Double, sort_order=21, about="(completed + 20 p) / (attempts + 20), p the rate over all calls."
    )
    rank: Mapped[int | None] = col(
        BigInteger, sort_order=22, about="Place by shrunk_rate, the best is 1; null for `(none)`."
    )
    payments: Mapped[int] = col(
        BigInteger, nullable=False, sort_order=23, about="Payments within RECOVERY_DAYS of a completed call."
    )
    recovered_amount: Mapped[decimal.Decimal] = col(
        MONEY_SUM,
        nullable=False,
        sort_order=24,
        about="Amount of those payments: association with the call, not its effect.",
    )


class LoanCallSuccess(CallFigures, Base):
    """How often the borrower of a loan was called about it, and with what success."""

    __tablename__ = "loan_call_success"
    __grain__ = "one row per loan"
    __order__ = 1

    loan_id: Mapped[str] = col(String(100), primary_key=True, about="The lender's own loan number.")
    loan_ref: Mapped[uuid.UUID] = col(
        Id, ForeignKey("loans.id"), nullable=False, unique=True, about="The loan, as loans.id."
    )
    customer_id: Mapped[uuid.UUID] = col(Id, ForeignKey("customers.id"), nullable=False, about="The loan's customer.")
    first_call_at: Mapped[dt.datetime | None] = col(Timestamp, sort_order=30, about="Its first attempt (UTC).")
    last_call_at: Mapped[dt.datetime | None] = col(Timestamp, sort_order=31, about="Its latest attempt (UTC).")


class CustomerJourney(Base):
    """Everything that happened with a customer, on one timeline."""

    __tablename__ = "customer_journey"
    __grain__ = "one row per customer and event"
    __order__ = 2

    id: Mapped[uuid.UUID] = col(Id, primary_key=True, about="Derived from the event.")
    customer_id: Mapped[uuid.UUID] = col(Id, ForeignKey("customers.id"), nullable=False, about="The customer.")
    sequence: Mapped[int] = col(BigInteger, nullable=False, about="Place on the customer's timeline, from 1.")
    event_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, about="When (UTC); a payment stands at the start of its local day."
    )
    event: Mapped[str] = col(
        String(20), nullable=False, allowed=JOURNEY_EVENTS, about="uploaded, called, status or paid."
    )
    loan_id: Mapped[str | None] = col(String(100), about="The lender's loan number, where the event has a loan.")
    call_sid: Mapped[str | None] = col(String(100), about="The call, for called and status.")
    status: Mapped[str | None] = col(String(50), about="The call's status, for called and status.")
    amount: Mapped[decimal.Decimal | None] = col(
        MONEY, about="Outstanding amount as stated for uploaded, amount paid for paid."
    )
    upload_row_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("upload_rows.id"), about="The row of a file that the event comes from."
    )


class EmployeePerformance(LeagueFigures, Base):
    """How the calls about an employee's loans went; `(none)` holds the calls without an employee."""

    __tablename__ = "employee_performance"
    __grain__ = "one row per employee"
    __order__ = 3

    employee: Mapped[str] = col(String(255), primary_key=True, about="The employee's id, else the name, else `(none)`.")
    employee_key: Mapped[str] = col(
        String(255), nullable=False, unique=True, about="The employee by whatever spelling; joins with loans."
    )
    employee_id: Mapped[str | None] = col(
        String(100), about="The lender's id of the employee, as most records write it."
    )
    employee_name: Mapped[str | None] = col(String(255), about="The name of the employee that most records state.")
    loans: Mapped[int] = col(BigInteger, nullable=False, about="Loans whose latest stated employee it is.")


class BranchPerformance(LeagueFigures, Base):
    """How the calls about a branch's loans went; `(none)` holds the calls without a branch."""

    __tablename__ = "branch_performance"
    __grain__ = "one row per cluster and branch"
    __order__ = 4

    cluster: Mapped[str] = col(
        String(100), primary_key=True, about="Group of branches, as most records write it; else `(none)`."
    )
    branch: Mapped[str] = col(String(255), primary_key=True, about="Branch, as most records write it; else `(none)`.")
    cluster_key: Mapped[str] = col(String(100), nullable=False, about="The cluster by whatever spelling.")
    branch_key: Mapped[str] = col(
        String(255), nullable=False, about="The branch by whatever spelling; joins with loans."
    )
    employees: Mapped[int] = col(BigInteger, nullable=False, about="Employees named for its loans or calls.")
    loans: Mapped[int] = col(BigInteger, nullable=False, about="Loans whose latest stated branch it is.")


class CustomerCallSuccess(CallFigures, Base):
    """How often a customer was called, over all loans and calls without a loan, and with what success."""

    __tablename__ = "customer_call_success"
    __grain__ = "one row per customer"
    __order__ = 5

    customer_id: Mapped[uuid.UUID] = col(Id, ForeignKey("customers.id"), primary_key=True, about="The customer.")
    loans: Mapped[int] = col(BigInteger, nullable=False, about="Loans that belong to the customer.")
    first_call_at: Mapped[dt.datetime | None] = col(Timestamp, sort_order=30, about="The first attempt (UTC).")
    last_call_at: Mapped[dt.datetime | None] = col(Timestamp, sort_order=31, about="The latest attempt (UTC).")


class UploadQuality(Base):
    """How good an upload was, and what the calls it triggered came to."""

    __tablename__ = "upload_quality"
    __grain__ = "one row per upload"
    __order__ = 6

    file_upload_id: Mapped[uuid.UUID] = col(Id, ForeignKey("file_uploads.id"), primary_key=True, about="The upload.")
    filename: Mapped[str] = col(String(255), nullable=False, about="The name under which it was first seen.")
    uploaded_by: Mapped[str | None] = col(String(100), about="Who sent it.")
    uploaded_at: Mapped[dt.datetime] = col(Timestamp, nullable=False, about="When it was sent (UTC).")
    kind: Mapped[str] = col(String(20), nullable=False, about="What the header makes the file.")
    status: Mapped[str] = col(String(50), nullable=False, about="How the upload as a whole came out.")
    total_records: Mapped[int] = col(BigInteger, nullable=False, about="Records in the file.")
    created: Mapped[int] = col(BigInteger, nullable=False, about="Records that brought something new.")
    matched: Mapped[int] = col(BigInteger, nullable=False, about="Records about something known.")
    duplicate: Mapped[int] = col(BigInteger, nullable=False, about="Records equal to an earlier one of the upload.")
    error: Mapped[int] = col(BigInteger, nullable=False, about="Records that could not be used.")
    share_good: Mapped[float | None] = col(Double, about="(created + matched) / total_records.")
    used_in_part: Mapped[int] = col(
        BigInteger,
        nullable=False,
        about="Used records of which a cell was left out; upload_errors has the codes.",
    )
    calls: Mapped[int] = col(BigInteger, nullable=False, about="Calls that the upload triggered.")
    attempts: Mapped[int] = col(BigInteger, nullable=False, about="Those of them that were placed.")
    completed: Mapped[int] = col(BigInteger, nullable=False, about="Attempts that ended as call_completed.")
    success_rate: Mapped[float | None] = col(Double, about="completed / attempts.")


class UploadError(Base):
    """What was wrong with the records of an upload, branch by branch and error code by error code."""

    __tablename__ = "upload_errors"
    __grain__ = "one row per upload, branch and error code"
    __order__ = 7

    file_upload_id: Mapped[uuid.UUID] = col(Id, ForeignKey("file_uploads.id"), primary_key=True, about="The upload.")
    filename: Mapped[str] = col(String(255), nullable=False, about="Its name.")
    branch_key: Mapped[str] = col(
        String(255), primary_key=True, about="The branch that the records state, as one spelling; (none) without one."
    )
    code: Mapped[str] = col(
        String(50),
        primary_key=True,
        allowed=(*ROW_ERROR_CODES, *CELL_ERROR_CODES),
        about="The error; bad_amount, bad_date and the like leave out a cell, any other the whole record.",
    )
    records: Mapped[int] = col(
        BigInteger, nullable=False, about="Records that have it; one with several errors counts once for each."
    )
