"""Uploads, their rows, and what is to be looked at in them.

Names and types follow the earlier system's tables. The warehouse carries no UNIQUE or foreign key constraints; both are
stated here and held by expectations.
"""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.orm import Mapped, relationship

from models.base import CALLS_BY_TIME, Base, Pii, col, now
from models.codes import FINDINGS
from models.fields import CALL_LOG, LOAN_BOOK, RECORD_KINDS, UNKNOWN
from models.legacy import LegacyFileUpload
from models.types import Id, Words

if TYPE_CHECKING:
    from models.borrowers import Customer, Loan
    from models.calls import CallSession

UPLOAD_KINDS = (LOAN_BOOK, CALL_LOG, UNKNOWN, *RECORD_KINDS)
UPLOAD_SOURCES = ("file", "api", "import")
UPLOAD_STATUSES = ("processing", "completed", "completed_with_errors", "failed", "withdrawn")
ROW_STATUSES = ("error", "duplicate", "created", "matched")
ROW_MATCHES = ("created", "entity_id", "fingerprint", "national_id", "phone", "loan_id", "linked")


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
    uploaded_by: Mapped[str | None] = col(
        String(100), about="Who sent it: as corrected or stated, else the owner of the file."
    )
    uploaded_at: Mapped[dt.datetime] = col(
        Timestamp,
        nullable=False,
        default=now,
        about="When it was sent (UTC): as corrected or stated, else the file's modification time.",
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
        about="How the upload as a whole came out; withdrawn where somebody took it back, and then without rows.",
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
        passive_deletes="all",
        back_populates="triggering_batch",
        order_by=CALLS_BY_TIME,
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
        order_by=CALLS_BY_TIME,
    )


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
