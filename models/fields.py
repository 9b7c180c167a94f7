"""Which header serves which field, what kind of file a header makes, and what a record of ours can state.

Headers are compared by their letters and digits only, case ignored. Where several columns serve one field, the first
non-blank in the order listed here counts.

Files are of two kinds (or unknown). What our own API and imports state comes as records of six more kinds, one for each
table of the earlier system: a record is one row as stated, with its own id (`entity_id`). Its cells are text, plain:
ISO dates and times (UTC), numbers with a point; null is not stated.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

LOAN_BOOK = "loan_book"
CALL_LOG = "call_log"
UNKNOWN = "unknown"
CUSTOMER = "customer"
LOAN = "loan"
CALL = "call"
STATUS = "status"
FILE_UPLOAD = "file_upload"
UPLOAD_ROW = "upload_row"

LOAN_BOOK_FIELDS: dict[str, tuple[str, ...]] = {
    "full_name": ("name", "customer_name", "full_name", "borrower_name"),
    "phone": (
        *("phone", "phone_number", "mobile", "mobile_number"),
        *("contact", "contact_number", "primary_phone"),
    ),
    "alternate_phone": (
        *("alternate_phone", "alternate_number", "alternate_mobile", "alternate_contact", "alt_phone", "alt_number"),
        *("secondary_phone", "secondary_number", "second_phone", "phone_2", "mobile_2", "contact_2", "ref_phone"),
    ),
    "guarantor_contact_number": (
        "guarantor_phone",
        "guarantor_mobile",
        "guarantor_contact",
        "guarantor_contact_number",
    ),
    "borrower_role": ("role", "borrower_role", "applicant_type", "borrower_type"),
    "national_id": ("national_id", "pan", "pan_number", "aadhaar", "aadhar", "voter_id", "id_number"),
    "email": ("email",),
    "state": ("state",),
    "loan_id": ("loan_id", "loanid", "loan_number", "loan_account_number", "account_number"),
    "principal_amount": ("principal_amount", "principal", "sanctioned_amount", "disbursed_amount"),
    "outstanding_amount": ("outstanding_amount", "outstanding", "balance", "amount", "loan_amount"),
    "due_amount": ("due_amount", "overdue_amount", "emi_amount"),
    "loan_status": ("loan_status", "status", "account_state", "account_status"),
    "next_due_date": ("due_date", "next_due_date", "emi_date"),
    "last_paid_date": ("last_paid_date", "last_payment_date"),
    "last_paid_amount": ("last_paid_amount", "last_payment", "last_payment_amount"),
    "cluster": ("cluster",),
    "branch": ("branch", "branch_name"),
    "branch_contact_number": ("branch_contact", "branch_contact_number"),
    "employee_name": ("employee", "employee_name", "emp_name"),
    "employee_id": ("employee_id", "emp_id"),
    "employee_contact_number": ("employee_contact", "employee_contact_number", "emp_contact"),
    "do_not_call": ("do_not_call", "dnc", "dnd"),
}

CALL_LOG_FIELDS: dict[str, tuple[str, ...]] = {
    "call_sid": ("callsid", "call_sid", "sid", "call_id"),
    "from_number": ("from", "from_number"),
    "to_number": ("to", "to_number", "customer_phone"),
    "direction": ("direction",),
    "status": ("status",),
    "initiated_at": ("starttime", "start_time", "initiated_at", "date_time", "datecreated", "date_created"),
    "ended_at": ("endtime", "end_time"),
    "updated_at": ("dateupdated", "date_updated", "timestamp", "updated_at"),
    "duration_seconds": ("duration", "duration_seconds", "duration_(seconds)"),
    "conversation_seconds": ("conversationduration", "conversation_duration"),
    "price": ("price", "cost"),
    "answered_by": ("answered_by",),
    "currency": ("currency",),
    "recording_url": ("recording_url",),
    "flow_id": ("flow_id",),
    "message": ("message",),
    "extra_data": ("extra_data",),
    "call_metadata": ("call_metadata",),
    "loan_id": ("loan_id", "customfield", "custom_field"),
    "triggered_by_batch": ("triggered_by_batch",),
    "triggered_by_row": ("triggered_by_row",),
}

# What a record can state besides its entity_id. `*_id` and `*_ref` are ids of other entities; a field named as one of a
# file's means the same.
RECORD_FIELDS: dict[str, tuple[str, ...]] = {
    CUSTOMER: (
        *("customer_row", "full_name", "phone", "national_id", "email", "state", "language_code", "do_not_call"),
        *("call_status", "last_contact_date", "first_uploaded_at", "created_at", "stated_at"),
    ),
    LOAN: (
        *("customer_id", "customer_row", "former_customer_id", "former_customer_row", "loan_id", "former_loan_id"),
        *(
            "principal_amount",
            "outstanding_amount",
            "due_amount",
            "next_due_date",
            "last_paid_date",
            "last_paid_amount",
            "loan_status",
            "cluster",
            "branch",
        ),
        *("branch_contact_number", "employee_name", "employee_id", "employee_contact_number"),
        *("created_at", "stated_at"),
    ),
    CALL: (
        *("customer_id", "customer_row", "loan_ref", "triggering_upload", "triggering_row", "created_at"),
        *("call_sid", "from_number", "to_number", "direction", "status", "initiated_at", "ended_at", "updated_at"),
        *("duration_seconds", "conversation_seconds", "price", "answered_by", "currency", "recording_url"),
        *("flow_id", "call_metadata", "loan_id"),
    ),
    STATUS: ("call_ref", "call_sid", "status", "updated_at", "message", "extra_data"),
    FILE_UPLOAD: (
        *("filename", "original_filename", "file_path", "uploaded_by", "uploaded_at", "total_records"),
        *("processed_records", "success_records", "failed_records", "status", "processing_errors"),
    ),
    UPLOAD_ROW: (
        *("file_upload_id", "stated_line_number", "stated_raw_data", "phone_normalized", "loan_id_text"),
        *("stated_row_fingerprint", "match_customer_id", "customer_row", "match_loan_id", "match_method"),
        *("matched_at", "status", "error"),
    ),
}
RECORD_KINDS = tuple(RECORD_FIELDS)

FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    LOAN_BOOK: LOAN_BOOK_FIELDS,
    CALL_LOG: CALL_LOG_FIELDS,
    UNKNOWN: {},
    **{kind: {field: (field,) for field in fields} for kind, fields in RECORD_FIELDS.items()},
}

# Of these every column that serves the field counts, not the first alone.
JOINED_FIELDS = ("alternate_phone",)

# The cells whose text is looked up as a phone number, and those whose column decides day or month first.
PHONE_FIELDS: dict[str, tuple[str, ...]] = {
    LOAN_BOOK: ("phone", "alternate_phone", "branch_contact_number", "employee_contact_number"),
    CALL_LOG: ("from_number", "to_number"),
    UNKNOWN: (),
    CUSTOMER: ("phone",),
    LOAN: ("branch_contact_number", "employee_contact_number"),
    CALL: ("from_number", "to_number"),
    STATUS: (),
    FILE_UPLOAD: (),
    UPLOAD_ROW: (),
}


@lru_cache(maxsize=4096)
def header_key(header: str) -> str:
    """The letters and digits of a header, case-folded: `Mobile Number` and `mobile_number` are one."""
    return "".join(char for char in header.casefold() if char.isalnum())


# Without one of these columns nothing is a loan book or a call log.
_IDENTIFYING = frozenset(map(header_key, (*LOAN_BOOK_FIELDS["loan_id"], *CALL_LOG_FIELDS["call_sid"])))


def column_positions(headers: Sequence[str], kind: str) -> dict[str, list[int]]:
    """For each field of `kind`: the positions (from 0) of the columns that serve it, best alias first."""
    keys = [header_key(header) for header in headers]
    positions = {
        field: [
            position
            for alias in dict.fromkeys(header_key(name) for name in aliases)
            for position, key in enumerate(keys)
            if key == alias
        ]
        for field, aliases in FIELDS[kind].items()
    }
    return {field: found for field, found in positions.items() if found}


def kind_of(headers: Iterable[str]) -> tuple[str, str | None]:
    """The kind that a header makes, and what is missing in words (None when nothing is).

    A call_sid makes a call_log, else a loan_id a loan_book; any other header is `unknown`.
    """
    headers = list(headers)
    if not headers:
        return UNKNOWN, "it has no header, its first line looks like a record; name the columns in the first line"
    calls, loans = column_positions(headers, CALL_LOG), column_positions(headers, LOAN_BOOK)
    if "call_sid" in calls:
        if "status" in calls:
            return CALL_LOG, None
        return CALL_LOG, "it has a call_sid column, so it is a call log, but no column named status; add one"
    if "loan_id" in loans:
        return LOAN_BOOK, None
    return UNKNOWN, (
        "its header has neither a loan id (loan_id, loan_number, loan_account_number, account_number) nor a call id "
        "(call_sid, sid, call_id); name that column in the first line"
    )


def known_columns(cells: Sequence[str]) -> int:
    """How many fields a row of cells would serve as the header of a loan book or a call log; 0 if it is none."""
    if _IDENTIFYING.isdisjoint(map(header_key, cells)):
        return 0
    kind, _ = kind_of(cells)
    return len(column_positions(cells, kind)) if kind != UNKNOWN else 0
