"""Customers, their loans with history, and payments, as the earlier system named them."""

import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Date, ForeignKey, String, Text
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.orm import Mapped, relationship

from models.base import CALLS_BY_TIME, MONEY, Base, CallStatus, Pii, col, now
from models.legacy import LegacyCustomer
from models.types import CallStatusWord, Id, Phone

if TYPE_CHECKING:
    from models.calls import CallSession
    from models.uploads import UploadRow

LOAN_STATUSES = ("active", "closed")
_CLUSTER_KEY = "The cluster by whatever spelling: upper case, single spaces."
_BRANCH_KEY = "The branch by whatever spelling; with cluster_key it is one branch."
_EMPLOYEE_KEY = "The employee: the id, else the only id of the name, else the name; by whatever spelling."


class Customer(LegacyCustomer, Base):
    """A borrower: everything that all uploads state of one person, under one stable id."""

    __tablename__ = "customers"
    __grain__ = "one row per person"
    __order__ = 3

    id: Mapped[uuid.UUID] = col(
        Id, primary_key=True, default=uuid.uuid4, about="Derived from the upload and line that first stated the person."
    )
    fingerprint: Mapped[str] = col(
        Text,
        nullable=False,
        unique=True,
        pii=Pii.HASH,
        about="md5 of first phone and national id; published as a keyed HMAC unless PII is clear.",
    )
    full_name: Mapped[str | None] = col(String(255), pii=Pii.TEXT, about="The latest stated name.")
    primary_phone: Mapped[str | None] = col(Phone(20), pii=Pii.PHONE, about="The latest stated phone as E.164.")
    national_id: Mapped[str | None] = col(
        String(50), pii=Pii.TEXT, about="National id, upper case, no spaces or hyphens."
    )
    email: Mapped[str | None] = col(String(255), pii=Pii.TEXT, about="The latest stated e-mail address.")
    state: Mapped[str | None] = col(String(100), about="The latest stated state of residence.")
    language_code: Mapped[str] = col(
        String(10),
        nullable=False,
        default="hi-IN",
        about="The language the assistant speaks with the person; hi-IN if none is stated.",
    )
    status: Mapped[str] = col(
        CallStatusWord(50),
        nullable=False,
        default=CallStatus.NOT_INITIATED,
        allowed=tuple(CallStatus),
        about="Status of the latest call session.",
    )
    call_status: Mapped[str] = col(
        CallStatusWord(50),
        nullable=False,
        default=CallStatus.NOT_INITIATED,
        allowed=tuple(CallStatus),
        about="The same as status.",
    )
    first_uploaded_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="uploaded_at of the first upload that states the person (UTC)."
    )
    last_contact_date: Mapped[dt.datetime | None] = col(
        Timestamp, about="When the latest call to the person was placed (UTC)."
    )
    do_not_call: Mapped[bool] = col(
        Boolean,
        nullable=False,
        default=False,
        about="The latest stated wish not to be called; false when never stated.",
    )
    created_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="uploaded_at of the first upload that states it (UTC)."
    )
    updated_at: Mapped[dt.datetime] = col(
        Timestamp,
        nullable=False,
        default=now,
        onupdate=now,
        about="uploaded_at of the last upload that states it (UTC).",
    )

    loans: Mapped[list["Loan"]] = relationship(
        passive_deletes="all", back_populates="customer", order_by="Loan.created_at, Loan.loan_id"
    )
    call_sessions: Mapped[list["CallSession"]] = relationship(
        passive_deletes="all", back_populates="customer", order_by=CALLS_BY_TIME
    )
    upload_row_matches: Mapped[list["UploadRow"]] = relationship(
        passive_deletes="all", back_populates="matched_customer"
    )


class Loan(Base):
    """A loan with the latest stated value of every attribute."""

    __tablename__ = "loans"
    __grain__ = "one row per loan_id"
    __order__ = 4

    id: Mapped[uuid.UUID] = col(
        Id, primary_key=True, default=uuid.uuid4, about="Derived from the lender's loan number."
    )
    customer_id: Mapped[uuid.UUID] = col(
        Id,
        ForeignKey("customers.id"),
        nullable=False,
        about="The borrower whom the latest upload that states one names.",
    )
    loan_id: Mapped[str] = col(
        String(100), nullable=False, unique=True, about="The lender's own loan number, as it was written last."
    )
    loan_key: Mapped[str | None] = col(
        String(100), about="The loan number by whatever spelling: upper case, single spaces, nothing of a spreadsheet."
    )
    principal_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount lent.")
    outstanding_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount still owed; 0 is paid off.")
    due_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount due on the next due date.")
    next_due_date: Mapped[dt.date | None] = col(Date, about="When the next instalment is due.")
    last_paid_date: Mapped[dt.date | None] = col(Date, about="When the borrower last paid.")
    last_paid_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="What the borrower last paid.")
    status: Mapped[str] = col(
        String(50),
        nullable=False,
        default="active",
        allowed=LOAN_STATUSES,
        about="The later word of a status column and of an amount; closed, written off, settled and 0 are closed.",
    )
    cluster: Mapped[str | None] = col(String(100), about="Group of branches.")
    branch: Mapped[str | None] = col(String(255), about="Branch that keeps the loan.")
    branch_contact_number: Mapped[str | None] = col(Phone(20), pii=Pii.PHONE, about="Phone of the branch as E.164.")
    employee_name: Mapped[str | None] = col(String(255), about="Employee responsible for the loan.")
    employee_id: Mapped[str | None] = col(String(100), about="The lender's id of that employee.")
    employee_contact_number: Mapped[str | None] = col(Phone(20), pii=Pii.PHONE, about="Phone of the employee as E.164.")
    cluster_key: Mapped[str | None] = col(String(100), about=_CLUSTER_KEY)
    branch_key: Mapped[str | None] = col(String(255), about=_BRANCH_KEY)
    employee_key: Mapped[str | None] = col(String(255), about=_EMPLOYEE_KEY)
    created_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="uploaded_at of the first upload that states the loan (UTC)."
    )
    updated_at: Mapped[dt.datetime] = col(
        Timestamp,
        nullable=False,
        default=now,
        onupdate=now,
        about="uploaded_at of the last upload that states the loan (UTC).",
    )

    customer: Mapped[Customer] = relationship(back_populates="loans")
    call_sessions: Mapped[list["CallSession"]] = relationship(
        passive_deletes="all", back_populates="loan", order_by=CALLS_BY_TIME
    )
    upload_row_matches: Mapped[list["UploadRow"]] = relationship(passive_deletes="all", back_populates="matched_loan")
    snapshots: Mapped[list["LoanSnapshot"]] = relationship(
        passive_deletes="all", back_populates="loan", order_by="LoanSnapshot.valid_from"
    )


class LoanSnapshot(Base):
    """A loan as one upload stated it, and the time for which that was the latest word."""

    __tablename__ = "loan_snapshots"
    __grain__ = "one row per loan and upload that states it"
    __order__ = 5

    id: Mapped[uuid.UUID] = col(Id, primary_key=True, about="Derived from the loan number and the upload.")
    loan_ref: Mapped[uuid.UUID] = col(Id, ForeignKey("loans.id"), nullable=False, about="The loan, as loans.id.")
    loan_id: Mapped[str] = col(
        String(100), nullable=False, about="The lender's own loan number, as the upload writes it."
    )
    loan_key: Mapped[str] = col(String(100), nullable=False, about="The loan number by whatever spelling.")
    customer_id: Mapped[uuid.UUID] = col(
        Id,
        ForeignKey("customers.id"),
        nullable=False,
        about="The borrower whom the upload names; else whose the loan is by other uploads.",
    )
    file_upload_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("file_uploads.id"), nullable=False, about="The upload that states it."
    )
    upload_row_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("upload_rows.id"), nullable=False, about="The upload's last row for the loan."
    )
    valid_from: Mapped[dt.datetime] = col(Timestamp, nullable=False, about="uploaded_at of the upload (UTC).")
    valid_to: Mapped[dt.datetime | None] = col(
        Timestamp, about="valid_from of the loan's next snapshot (UTC); null on the one in force."
    )
    principal_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount lent, as stated; null if not.")
    outstanding_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount owed, as stated; null if not.")
    due_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount due, as stated; null if not.")
    next_due_date: Mapped[dt.date | None] = col(Date, about="Next due date, as stated; null if not.")
    last_paid_date: Mapped[dt.date | None] = col(Date, about="Date last paid, as stated; null if not.")
    last_paid_amount: Mapped[decimal.Decimal | None] = col(MONEY, about="Amount last paid, as stated.")
    status: Mapped[str | None] = col(
        String(50),
        allowed=LOAN_STATUSES,
        about="What its status, else its outstanding amount, says; null if neither is stated.",
    )
    cluster: Mapped[str | None] = col(String(100), about="Cluster, as stated; null if not.")
    branch: Mapped[str | None] = col(String(255), about="Branch, as stated; null if not.")
    branch_contact_number: Mapped[str | None] = col(
        Phone(20), pii=Pii.PHONE, about="Phone of the branch as E.164, as stated; null if not."
    )
    employee_name: Mapped[str | None] = col(String(255), about="Employee, as stated; null if not.")
    employee_id: Mapped[str | None] = col(String(100), about="Id of the employee, as stated; null if not.")
    employee_contact_number: Mapped[str | None] = col(
        Phone(20), pii=Pii.PHONE, about="Phone of the employee as E.164, as stated; null if not."
    )
    cluster_key: Mapped[str | None] = col(String(100), about=_CLUSTER_KEY)
    branch_key: Mapped[str | None] = col(String(255), about=_BRANCH_KEY)
    employee_key: Mapped[str | None] = col(String(255), about=_EMPLOYEE_KEY)

    loan: Mapped[Loan] = relationship(back_populates="snapshots")


class Payment(Base):
    """A payment that some upload states: a distinct last paid date and amount of a loan."""

    __tablename__ = "payments"
    __grain__ = "one row per loan, date and amount paid"
    __order__ = 8

    id: Mapped[uuid.UUID] = col(Id, primary_key=True, about="Derived from the loan number, the date and the amount.")
    loan_ref: Mapped[uuid.UUID] = col(Id, ForeignKey("loans.id"), nullable=False, about="The loan, as loans.id.")
    loan_id: Mapped[str] = col(String(100), nullable=False, about="The lender's own loan number.")
    customer_id: Mapped[uuid.UUID] = col(
        Id,
        ForeignKey("customers.id"),
        nullable=False,
        about="The loan's customer as of the first upload that states it.",
    )
    paid_on: Mapped[dt.date] = col(Date, nullable=False, about="The local date on which it was paid, as stated.")
    paid_at: Mapped[dt.datetime] = col(Timestamp, nullable=False, about="The start of that local day (UTC).")
    amount: Mapped[decimal.Decimal] = col(MONEY, nullable=False, about="What was paid.")
    first_seen_upload: Mapped[uuid.UUID] = col(
        Id, ForeignKey("file_uploads.id"), nullable=False, about="The first upload that states it."
    )
    upload_row_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("upload_rows.id"), nullable=False, about="That upload's last row for the loan."
    )
