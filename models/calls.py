"""Calls and what was said of each, as the earlier system named them."""

import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, Numeric, String, Text
from sqlalchemy import DateTime as Timestamp
from sqlalchemy.orm import Mapped, relationship

from models.base import Base, CallStatus, Pii, col, now
from models.legacy import LegacyCallSession
from models.types import CallStatusWord, Id, Phone

if TYPE_CHECKING:
    from models.borrowers import Customer, Loan
    from models.uploads import FileUpload, UploadRow

ATTRIBUTIONS = ("row", "loan", "customer", "number", "number_ambiguous", "none")


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

    customer: Mapped["Customer | None"] = relationship(back_populates="call_sessions")
    loan: Mapped["Loan | None"] = relationship(back_populates="call_sessions")
    triggering_batch: Mapped["FileUpload | None"] = relationship(back_populates="triggered_call_sessions")
    triggering_row: Mapped["UploadRow | None"] = relationship(
        back_populates="triggered_call_sessions", foreign_keys=[triggered_by_row]
    )
    upload_rows: Mapped[list["UploadRow"]] = relationship(
        passive_deletes="all", back_populates="matched_call_session", foreign_keys="UploadRow.match_call_session_id"
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
