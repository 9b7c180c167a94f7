"""The tables of the earlier system under the names it gave them, as `models` defines them."""

from models.base import Base, CallStatus
from models.tables import CallSession, CallStatusUpdate, Customer, FileUpload, Loan, UploadRow

__all__ = [
    "Base",
    "CallSession",
    "CallStatus",
    "CallStatusUpdate",
    "Customer",
    "FileUpload",
    "Loan",
    "UploadRow",
]
