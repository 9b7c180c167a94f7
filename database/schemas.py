"""The module of the earlier system that its users' scripts import, under the name it had.

Sessions read the tables as the last run left them and what has been written since; what they write is entered into raw
at the commit. docs/moving-over.md says what is as it was and what is not.
"""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from database.engine import engine
from database.functions import (
    compute_fingerprint,
    create_call_session,
    create_customer,
    create_loan,
    get_call_counts_for_loan,
    get_call_session_by_sid,
    get_calls_by_customer,
    get_calls_by_loan,
    get_customer_by_fingerprint,
    get_customer_by_phone,
    get_loan_by_external_id,
    normalize_phone,
    update_call_status,
    update_customer_call_status,
    update_customer_call_status_by_phone,
)
from models.base import Base, CallStatus
from models.borrowers import Customer, Loan
from models.calls import CallSession, CallStatusUpdate
from models.uploads import FileUpload, UploadRow

SessionLocal = sessionmaker(bind=engine)


def get_session() -> Session:
    """A new session on the home that LOANCALLS_HOME names; close it at the end."""
    return SessionLocal()


def init_database() -> bool:
    """Make the home ready; tables need not be made. True, as it always was when nothing failed."""
    return DatabaseManager().test_connection()


class DatabaseManager:
    """Sessions by name, for scripts that had one of these."""

    def get_session(self) -> Session:
        """A new session."""
        return get_session()

    def close_session(self, session: Session) -> None:
        """Close a session; what is not committed is undone."""
        session.close()

    def test_connection(self) -> bool:
        """Whether the tables can be read."""
        try:
            with get_session() as session:
                session.execute(text("SELECT count(*) FROM customers"))
            return True
        except SQLAlchemyError:
            return False


db_manager = DatabaseManager()

__all__ = [
    "Base",
    "CallSession",
    "CallStatus",
    "CallStatusUpdate",
    "Customer",
    "DatabaseManager",
    "FileUpload",
    "Loan",
    "SessionLocal",
    "UploadRow",
    "compute_fingerprint",
    "create_call_session",
    "create_customer",
    "create_loan",
    "db_manager",
    "engine",
    "get_call_counts_for_loan",
    "get_call_session_by_sid",
    "get_calls_by_customer",
    "get_calls_by_loan",
    "get_customer_by_fingerprint",
    "get_customer_by_phone",
    "get_loan_by_external_id",
    "get_session",
    "init_database",
    "normalize_phone",
    "update_call_status",
    "update_customer_call_status",
    "update_customer_call_status_by_phone",
]
