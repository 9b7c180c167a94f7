"""The core tables: uploads and their rows, customers, loans and their history, calls.

Names and types follow the earlier system's tables. The warehouse carries no UNIQUE or foreign key constraints; both
are stated here and held by expectations.
"""

import datetime as dt
import decimal
import uuid

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Integer, Numeric, String, Text
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.orm import Mapped, relationship

from models.base import MONEY, Base, CallStatus, Pii, col
from models.fields import CALL_LOG, LOAN_BOOK, RECORD_KINDS, UNKNOWN
from models.legacy import LegacyCallSession, LegacyCustomer, LegacyFileUpload
from models.types import CallStatusWord, Id, Phone, Words

UPLOAD_KINDS = (LOAN_BOOK, CALL_LOG, UNKNOWN, *RECORD_KINDS)
UPLOAD_SOURCES = ("file", "api", "import")
UPLOAD_STATUSES = ("processing", "completed", "completed_with_errors", "failed")
ROW_STATUSES = ("error", "duplicate", "created", "matched")
ROW_MATCHES = ("created", "entity_id", "fingerprint", "national_id", "phone", "loan_id", "linked")
LOAN_STATUSES = ("active", "closed")
ATTRIBUTIONS = ("row", "loan", "customer", "number", "number_ambiguous", "none")
# A row's error is one of the first list; the codes of the second name a cell that was left out of a usable row.
# With each, what the sender can do about it.
ROW_ERRORS = {
    "missing_loan_id": "fill in the loan id and send the rows again",
    "bad_loan_id": "format the column as text in the spreadsheet, so that no digits are lost, and send it again",
    "missing_customer_id": "state the customer's id in the record",
    "wrong_field_count": "put the cell that holds the delimiter in double quotes, or name every column in the header",
    "bad_quoting": "close the double quote, or double it where it is part of the text",
    "bad_encoding": "save the file as UTF-8 and send it again",
    "missing_call_sid": "export the log with the call id in every row",
    "bad_call_sid": "format the column as text in the spreadsheet, so that no digits are lost, and send it again",
    "unknown_status": "tell the data team what the status means",
    "missing_upload": "import the whole database, its uploads too",
    "earlier_error": "send the file that the row came from",
}
CELL_ERRORS = {
    "bad_amount": "write amounts as 50000.50",
    "bad_date": "write dates as 2026-03-15",
    "bad_phone": "write a phone as ten digits, in a column formatted as text",
    "bad_national_id": "state the id in full, in a column formatted as text",
    "bad_number": "write durations as whole seconds, and line numbers as whole numbers",
    "bad_flag": "write yes or no",
    "bad_value": "correct the value where the record comes from",
}
# What the sender should look at, although the row was used; what it means, and what can be done about it.
FINDINGS = {
    "no_contact": (
        "no row states a phone or a national id of the loan's borrower",
        "state one, so that he can be called",
    ),
    "several_borrowers": (
        "the row states somebody else than the loan's borrower in the same file",
        "add a column role: Applicant, Co-Applicant or Guarantor",
    ),
    "instalments": (
        "the loan stands several times in the file, with different due dates, and the next one counts",
        "send one row for each loan",
    ),
    "shared_phone": (
        "the borrower of the phone has another name here",
        "state the national id of each person who shares the phone",
    ),
    "ids_alike": (
        "the loan id differs from another in leading zeros, hyphens or spaces only, and they are two loans",
        "write a loan's id in one way",
    ),
    "found_nobody": (
        "the call names no loan that is known, and its number is no borrower's",
        "send the loan book that has the borrower, or the loan id with each call",
    ),
}
ROW_ERROR_CODES = tuple(ROW_ERRORS)
CELL_ERROR_CODES = tuple(CELL_ERRORS)
# How an object lists its calls: without an order a database gives any.
BY_TIME = "CallSession.initiated_at, CallSession.call_sid"


def now() -> dt.datetime:
    """Now, as naive UTC: what tables store."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class FileUpload(LegacyFileUpload, Base):
    """One file as received: who sent it when, how it was read, and what became of its records."""

    __tablename__ = "file_uploads"
    __grain__ = "one row per upload: the same bytes are one upload, whatever their name"
    __order__ = 1

    id: Mapped[uuid.UUID] = col(
        Id, primary_key=True, default=uuid.uuid4, about="Derived from the sha256 of the file's bytes."
    )
    filename: Mapped[str] = col(String(255), nullable=False, about="The name under which the file was first seen.")
    original_filename: Mapped[str | None] = col(
        String(255), about="The same name; kept for scripts of the earlier system."
    )
    file_path: Mapped[str | None] = col(
        String(500), about="Where the earlier system kept the file, as its database says; null for files of ours."
    )
    uploaded_by: Mapped[str | None] = col(String(100), about="Who sent it: as stated, else the owner of the file.")
    uploaded_at: Mapped[dt.datetime] = col(
        Timestamp,
        nullable=False,
        default=now,
        about="When it was sent (UTC): as stated, else the file's modification time.",
    )
    sha256: Mapped[str | None] = col(
        String(64), unique=True, about="Hash of the file's bytes, in hex; null where only our records state the upload."
    )
    kind: Mapped[str] = col(
        String(20),
        nullable=False,
        default=LOAN_BOOK,
        allowed=UPLOAD_KINDS,
        about="What the header makes the file; of records of ours, what each of them states.",
    )
    source: Mapped[str] = col(
        String(10),
        nullable=False,
        default="api",
        allowed=UPLOAD_SOURCES,
        about="A file that somebody sent, what was written through the session (api), or an imported database.",
    )
    total_records: Mapped[int] = col(
        BigInteger, nullable=False, default=0, about="Records in the file, unreadable ones too."
    )
    processed_records: Mapped[int] = col(
        BigInteger, nullable=False, default=0, about="Records that were looked at: all."
    )
    success_records: Mapped[int] = col(
        BigInteger, nullable=False, default=0, about="Records with status created or matched."
    )
    failed_records: Mapped[int] = col(BigInteger, nullable=False, default=0, about="Records with status error.")
    duplicate_records: Mapped[int] = col(BigInteger, nullable=False, default=0, about="Records with status duplicate.")
    status: Mapped[str] = col(
        String(50),
        nullable=False,
        default="processing",
        allowed=UPLOAD_STATUSES,
        about="How the upload as a whole came out.",
    )
    processing_errors: Mapped[dict | None] = col(
        JSON, about="What was wrong, as JSON: a message for the file and the count of each error code."
    )
    column_mapping: Mapped[dict | None] = col(
        JSON, about="Which of the file's headers served which field, as JSON, best first."
    )
    date_orders: Mapped[dict | None] = col(JSON, about="For each date column whether day or month came first, as JSON.")
    encoding: Mapped[str | None] = col(
        String(20), about="How its text is encoded: utf-8, utf-16-le, cp1252...; or xlsx, xls, ods, html."
    )
    delimiter: Mapped[str | None] = col(String(5), about="What stands between its cells; empty for a workbook.")
    header_lines: Mapped[int | None] = col(BigInteger, about="Lines of the file that its header takes.")
    record_lines: Mapped[int | None] = col(BigInteger, about="Lines that records take; one may take several.")
    blank_lines: Mapped[int | None] = col(BigInteger, about="Lines with nothing in them, or with blank cells only.")
    other_lines: Mapped[int | None] = col(
        BigInteger, about="Lines that are not records: titles, totals, repeated headers, footers, other tables."
    )
    physical_lines: Mapped[int | None] = col(BigInteger, about="All lines: header + record + blank + other lines.")
    reading_notes: Mapped[dict | None] = col(
        JSON, about="How it was read, as JSON: which lines are not records, which were repaired, renamed columns."
    )
    times_sent: Mapped[int] = col(
        BigInteger, nullable=False, default=1, about="How often these bytes were sent, under any name, time or sender."
    )
    created_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="The same as uploaded_at (UTC)."
    )
    updated_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, onupdate=now, about="When the same bytes were last sent (UTC)."
    )

    upload_rows: Mapped[list["UploadRow"]] = relationship(
        passive_deletes="all", back_populates="file_upload", order_by="UploadRow.line_number, UploadRow.id"
    )
    triggered_call_sessions: Mapped[list["CallSession"]] = relationship(
        passive_deletes="all", back_populates="triggering_batch", order_by=BY_TIME
    )


class UploadRow(Base):
    """One record of an upload, as received, with what became of it."""

    __tablename__ = "upload_rows"
    __grain__ = "one row per record of an upload"
    __order__ = 2

    id: Mapped[uuid.UUID] = col(
        Id, primary_key=True, default=uuid.uuid4, about="Derived from the upload's sha256 and the line."
    )
    file_upload_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("file_uploads.id"), nullable=False, about="The upload it stands in."
    )
    line_number: Mapped[int] = col(
        Integer,
        nullable=False,
        about="The line of the file (from 1) on which it starts; in a workbook its row, counted over all sheets.",
    )
    sheet: Mapped[str | None] = col(
        Text, about="The sheet of a workbook that the record stands on; null in a text file."
    )
    sheet_row: Mapped[int | None] = col(Integer, about="The row of that sheet (from 1), as the workbook numbers it.")
    raw_data: Mapped[dict | None] = col(
        JSON, pii=Pii.DOCUMENT, about="The exact text of every cell under its header, as JSON."
    )
    phone_normalized: Mapped[str | None] = col(
        String(20), pii=Pii.PHONE, about="The borrower's phone of the row as E.164."
    )
    loan_id_text: Mapped[str | None] = col(
        String(100), about="The lender's loan number as the row states it; of a call log's row, if it is a known loan."
    )
    branch_key: Mapped[str | None] = col(String(255), about="The branch that the row states, by whatever spelling.")
    employee_key: Mapped[str | None] = col(String(255), about="The employee whom the row states, by whatever spelling.")
    row_fingerprint: Mapped[str | None] = col(
        String(100), pii=Pii.ROW_HASH, about="Hash of all cells: equal within an upload means a duplicate."
    )
    match_customer_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("customers.id"), about="The customer the row, or the row's call, belongs to."
    )
    match_loan_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("loans.id"), about="The loan the row states, or the row's call was attributed to."
    )
    match_call_session_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("call_sessions.id"), about="The call that the row of a call log is about."
    )
    match_method: Mapped[str | None] = col(
        String(50),
        allowed=ROW_MATCHES,
        about="What ties a loan book's row to an earlier row of its customer, the strongest that holds.",
    )
    matched_at: Mapped[dt.datetime | None] = col(Timestamp, about="uploaded_at of the row's upload (UTC).")
    status: Mapped[str] = col(
        String(50), nullable=False, default="pending", allowed=ROW_STATUSES, about="What became of the record."
    )
    error_codes: Mapped[list[str] | None] = col(
        Words, about="The codes of what was wrong: of the record first, then of cells that were left out."
    )
    error: Mapped[str | None] = col(
        Text, about="`code: sentence` of what was wrong with the record and, after it, with cells that were left out."
    )

    file_upload: Mapped[FileUpload] = relationship(back_populates="upload_rows")
    matched_customer: Mapped["Customer | None"] = relationship(back_populates="upload_row_matches")
    matched_loan: Mapped["Loan | None"] = relationship(back_populates="upload_row_matches")
    matched_call_session: Mapped["CallSession | None"] = relationship(
        back_populates="upload_rows", foreign_keys=[match_call_session_id]
    )
    triggered_call_sessions: Mapped[list["CallSession"]] = relationship(
        passive_deletes="all",
        back_populates="triggering_row",
        foreign_keys="CallSession.triggered_by_row",
        order_by=BY_TIME,
    )


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
        passive_deletes="all", back_populates="customer", order_by=BY_TIME
    )
    upload_row_matches: Mapped[list[UploadRow]] = relationship(passive_deletes="all", back_populates="matched_customer")


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
    cluster_key: Mapped[str | None] = col(
        String(100), about="The cluster by whatever spelling: upper case, single spaces."
    )
    branch_key: Mapped[str | None] = col(
        String(255), about="The branch by whatever spelling; with cluster_key it is one branch."
    )
    employee_key: Mapped[str | None] = col(
        String(255), about="The employee: the id, else the only id of the name, else the name; by whatever spelling."
    )
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
        passive_deletes="all", back_populates="loan", order_by=BY_TIME
    )
    upload_row_matches: Mapped[list[UploadRow]] = relationship(passive_deletes="all", back_populates="matched_loan")
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
        allowed=("active", "closed"),
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
    cluster_key: Mapped[str | None] = col(
        String(100), about="The cluster by whatever spelling: upper case, single spaces."
    )
    branch_key: Mapped[str | None] = col(
        String(255), about="The branch by whatever spelling; with cluster_key it is one branch."
    )
    employee_key: Mapped[str | None] = col(
        String(255), about="The employee: the id, else the only id of the name, else the name; by whatever spelling."
    )

    loan: Mapped[Loan] = relationship(back_populates="snapshots")


class UploadFinding(Base):
    """What the sender of an upload should look at, although the row was used: it changes no figure and no status."""

    __tablename__ = "upload_findings"
    __grain__ = "one row per upload, finding and row"
    __order__ = 9

    file_upload_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("file_uploads.id"), nullable=False, about="The upload that the row stands in."
    )
    code: Mapped[str] = col(
        String(50),
        primary_key=True,
        allowed=tuple(FINDINGS),
        about="What to look at; README.md says of each, under What happens to bad rows, what it means.",
    )
    upload_row_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("upload_rows.id"), primary_key=True, about="The row that it is about."
    )
    line_number: Mapped[int] = col(Integer, nullable=False, about="The line on which that row starts.")


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


class CallSession(LegacyCallSession, Base):
    """A call to a borrower, with the line of the upload that triggered it and what came of it."""

    __tablename__ = "call_sessions"
    __grain__ = "one row per call_sid"
    __order__ = 6

    id: Mapped[uuid.UUID] = col(Id, primary_key=True, default=uuid.uuid4, about="Derived from the call_sid.")
    call_sid: Mapped[str] = col(String(100), nullable=False, unique=True, about="The provider's id of the call.")
    loan_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("loans.id"), about="The loan the call is attributed to, as loans.id."
    )
    customer_id: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("customers.id"), about="The customer the call is attributed to; null for nobody."
    )
    initiated_at: Mapped[dt.datetime | None] = col(
        Timestamp,
        default=now,
        about="When the call was placed (UTC), else its first stated update; null if neither is known.",
    )
    ended_at: Mapped[dt.datetime | None] = col(Timestamp, about="When the call ended (UTC).")
    status: Mapped[str] = col(
        CallStatusWord(50),
        nullable=False,
        default=CallStatus.NOT_INITIATED,
        allowed=tuple(CallStatus),
        about="The furthest status it reached, in our words.",
    )
    provider_status: Mapped[str | None] = col(String(50), about="The provider's own word for that status.")
    duration_seconds: Mapped[int | None] = col(Integer, about="Length of the call, ringing included, in seconds.")
    conversation_seconds: Mapped[int | None] = col(Integer, about="Length of the conversation in seconds.")
    from_number: Mapped[str | None] = col(
        Phone(20), pii=Pii.PHONE, about="Caller as E.164; as received when it is not a valid number."
    )
    to_number: Mapped[str | None] = col(
        Phone(20), pii=Pii.PHONE, about="Callee as E.164; as received when it is not a valid number."
    )
    direction: Mapped[str | None] = col(String(50), about="Direction in the provider's words.")
    answered_by: Mapped[str | None] = col(String(50), about="Human, Machine or NotSure, in the provider's words.")
    price: Mapped[decimal.Decimal | None] = col(Numeric(15, 4), about="What the call cost, in `currency`.")
    currency: Mapped[str | None] = col(String(10), about="Currency of the price.")
    recording_url: Mapped[str | None] = col(Text, pii=Pii.TEXT, about="Where the recording is kept.")
    flow_id: Mapped[str | None] = col(String(100), about="The provider's flow that handled the call.")
    attribution: Mapped[str] = col(
        String(20),
        nullable=False,
        default="none",
        allowed=ATTRIBUTIONS,
        about="How its customer and loan were found: by stated row, loan or customer, by number, or not at all.",
    )
    triggered_by_batch: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("file_uploads.id"), about="The upload that made the call happen."
    )
    triggered_by_row: Mapped[uuid.UUID | None] = col(
        Id, ForeignKey("upload_rows.id"), about="The row of that upload for the loan."
    )
    call_metadata: Mapped[dict | None] = col(
        JSON, pii=Pii.DOCUMENT, about="Whatever else the assistant states of the call, as JSON."
    )
    created_at: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="uploaded_at of the first upload that states the call (UTC)."
    )
    updated_at: Mapped[dt.datetime] = col(
        Timestamp,
        nullable=False,
        default=now,
        onupdate=now,
        about="uploaded_at of the last upload that states the call (UTC).",
    )

    customer: Mapped[Customer | None] = relationship(back_populates="call_sessions")
    loan: Mapped[Loan | None] = relationship(back_populates="call_sessions")
    triggering_batch: Mapped[FileUpload | None] = relationship(back_populates="triggered_call_sessions")
    triggering_row: Mapped[UploadRow | None] = relationship(
        back_populates="triggered_call_sessions", foreign_keys=[triggered_by_row]
    )
    upload_rows: Mapped[list[UploadRow]] = relationship(
        passive_deletes="all", back_populates="matched_call_session", foreign_keys=[UploadRow.match_call_session_id]
    )
    status_updates: Mapped[list["CallStatusUpdate"]] = relationship(
        passive_deletes="all", back_populates="call_session", order_by="CallStatusUpdate.sequence"
    )


class CallStatusUpdate(Base):
    """One thing that happened to a call: it was seen in a status at a time."""

    __tablename__ = "call_status_updates"
    __grain__ = "one row per call, status and time"
    __order__ = 7

    id: Mapped[uuid.UUID] = col(
        Id, primary_key=True, default=uuid.uuid4, about="Derived from call_sid, status and time."
    )
    call_session_id: Mapped[uuid.UUID] = col(Id, ForeignKey("call_sessions.id"), nullable=False, about="The call.")
    sequence: Mapped[int] = col(BigInteger, nullable=False, about="Place in the order of the call's updates, from 1.")
    status: Mapped[str] = col(
        CallStatusWord(50), nullable=False, allowed=tuple(CallStatus), about="The status, in our words."
    )
    provider_status: Mapped[str | None] = col(String(50), about="The provider's own word.")
    message: Mapped[str | None] = col(Text, pii=Pii.TEXT, about="What the provider or assistant said of it.")
    timestamp: Mapped[dt.datetime] = col(
        Timestamp, nullable=False, default=now, about="When (UTC): as stated, else uploaded_at of the upload."
    )
    extra_data: Mapped[dict | None] = col(JSON, pii=Pii.DOCUMENT, about="More of it, as JSON.")
    upload_row_id: Mapped[uuid.UUID] = col(
        Id, ForeignKey("upload_rows.id"), nullable=False, about="The first row that states it."
    )

    call_session: Mapped[CallSession] = relationship(back_populates="status_updates")
