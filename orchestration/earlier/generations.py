"""What the databases of the earlier system look like, in each of their generations, and what a row of them states.

A batch of a table's rows comes as text, with every column that any generation has (null where this one has it not). One
SELECT for each table turns it into records of ours. Where a new column stands beside a legacy one, the new one counts
when it is set, else the legacy one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, STATUS, UPLOAD_ROW

Tables = Mapping[str, Collection[str]]

# The generations, oldest first: four tables; new columns beside the legacy ones; new columns only; two more of them.
LEGACY, HYBRID, PROPERTIES, CURRENT = "legacy", "hybrid", "properties", "current"

_CURRENT: Tables = {
    "customers": (
        *("id", "fingerprint", "full_name", "primary_phone", "national_id", "email", "state", "first_uploaded_at"),
        *("last_contact_date", "do_not_call", "created_at", "updated_at"),
    ),
    "loans": (
        *("id", "customer_id", "loan_id", "principal_amount", "outstanding_amount", "due_amount", "next_due_date"),
        *("last_paid_date", "last_paid_amount", "status", "cluster", "branch", "branch_contact_number"),
        *("employee_name", "employee_id", "employee_contact_number", "created_at", "updated_at"),
    ),
    "file_uploads": (
        *("id", "filename", "original_filename", "uploaded_by", "uploaded_at", "total_records", "processed_records"),
        *("success_records", "failed_records", "status", "processing_errors"),
    ),
    "upload_rows": (
        *("id", "file_upload_id", "line_number", "raw_data", "phone_normalized", "loan_id_text", "row_fingerprint"),
        *("match_loan_id", "match_customer_id", "match_method", "matched_at", "status", "error"),
    ),
    "call_sessions": (
        *("id", "call_sid", "loan_id", "customer_id", "initiated_at", "status", "duration_seconds", "from_number"),
        *("to_number", "triggered_by_batch", "triggered_by_row", "call_metadata", "created_at", "updated_at"),
    ),
    "call_status_updates": ("id", "call_session_id", "status", "message", "timestamp", "extra_data"),
}
_LEGACY: Tables = {
    "customers": (
        *("id", "name", "phone_number", "state", "loan_id", "amount", "due_date", "language_code"),
        *("created_at", "updated_at"),
    ),
    "file_uploads": (
        *("id", "filename", "file_path", "total_records", "processed_records", "failed_records"),
        *("upload_status", "upload_time", "processing_errors"),
    ),
    "call_sessions": (
        *("id", "call_sid", "customer_id", "websocket_session_id", "status", "call_direction", "start_time"),
        *("end_time", "duration", "exotel_data", "agent_transfer_time", "agent_number", "conversation_transcript"),
        *("intent_detected", "language_detected", "created_at", "updated_at"),
    ),
    "call_status_updates": _CURRENT["call_status_updates"],
}
# Only some databases have these.
_SOMETIMES: Tables = {"customers": ("status", "call_status", "last_call_attempt", "call_attempts")}

MOMENTS = frozenset(
    {
        *("created_at", "updated_at", "first_uploaded_at", "last_contact_date", "last_call_attempt", "uploaded_at"),
        *("upload_time", "matched_at", "initiated_at", "start_time", "end_time", "agent_transfer_time", "timestamp"),
    }
)


def columns_of(table: str) -> list[str]:
    """Every column that the table has in any generation."""
    return list(dict.fromkeys(name for shape in (_CURRENT, _LEGACY, _SOMETIMES) for name in shape.get(table, ())))


def missing(found: Tables) -> list[str]:
    """What lacks until these tables are a generation, the nearest: `table loans`, `column customers.state`."""
    return _lacking(_nearest(found), found)


def _nearest(found: Tables) -> Tables:
    if not {"loans", "upload_rows"}.isdisjoint(found):
        return _CURRENT
    return min(_LEGACY, _CURRENT, key=lambda shape: len(_lacking(shape, found)))


def _lacking(shape: Tables, found: Tables) -> list[str]:
    return [
        *(f"table {table}" for table in shape if table not in found),
        *(
            f"column {table}.{name}"
            for table in shape
            if table in found
            for name in shape[table]
            if name not in found[table]
        ),
    ]


def generation_of(found: Tables) -> str:
    """Which generation tables are that lack nothing."""
    if _nearest(found) is _LEGACY:
        return LEGACY
    if any(name in found[table] for table, names in _LEGACY.items() for name in set(names) - {*_CURRENT[table]}):
        return HYBRID
    return CURRENT if {"status", "call_status"} & {*found["customers"]} else PROPERTIES


def unread(found: Tables) -> list[str]:
    """Tables and columns of no generation: `alembic_version`, `customers.notes`."""
    return [
        *(table for table in found if table not in _CURRENT),
        *(f"{table}.{name}" for table in _CURRENT for name in found.get(table, ()) if name not in columns_of(table)),
    ]


@dataclass(frozen=True)
class Part:
    """The rows of one table that become the records of one file, and how (see MACROS)."""

    name: str
    table: str
    kind: str
    select: str


MACROS = r"""
CREATE MACRO finite(cell) AS nullif(nullif(cell, 'infinity'), '-infinity');
-- Ids with hyphens and in lower case, times as naive UTC (the session's zone is UTC); what is neither stays as it is.
CREATE MACRO id_text(cell) AS coalesce(CAST(try_cast(cell AS UUID) AS VARCHAR), cell);
CREATE MACRO moment_text(cell) AS
    coalesce(CAST(timezone('UTC', try_cast(finite(cell) AS TIMESTAMPTZ)) AS VARCHAR), finite(cell));
CREATE MACRO flag_text(cell) AS
    CASE lower(cell) WHEN '1' THEN 'true' WHEN 't' THEN 'true' WHEN '0' THEN 'false' WHEN 'f' THEN 'false'
    ELSE lower(cell) END;
-- The earlier system stored None as the JSON null.
CREATE MACRO json_text(cell) AS nullif(cell, 'null');
-- A cell as a value within JSON: words, a time in ISO's form, and what should be JSON and may be words.
CREATE MACRO words_json(cell) AS CAST(to_json(cell) AS VARCHAR);
CREATE MACRO moment_json(cell) AS words_json(regexp_replace(moment_text(cell), '^([0-9-]{10}) ', '\1T'));
CREATE MACRO any_json(cell) AS
    CASE WHEN json_valid(json_text(cell)) THEN json_text(cell) ELSE words_json(json_text(cell)) END;
"""

_CUSTOMERS = """
SELECT
    id_text(id) AS entity_id,
    coalesce(full_name, name) AS full_name,
    coalesce(primary_phone, phone_number) AS phone,
    national_id,
    email,
    state,
    language_code,
    flag_text(do_not_call) AS do_not_call,
    coalesce(call_status, status) AS call_status,
    moment_text(coalesce(last_contact_date, last_call_attempt)) AS last_contact_date,
    moment_text(first_uploaded_at) AS first_uploaded_at,
    moment_text(created_at) AS created_at,
    moment_text(updated_at) AS stated_at
FROM batch
"""

# A customer of the first generation was its one loan too. Amounts and dates are text as people wrote it.
_LOANS_OF_CUSTOMERS = """
SELECT
    CAST(NULL AS VARCHAR) AS entity_id,
    id_text(id) AS customer_id,
    loan_id,
    amount AS outstanding_amount,
    due_date AS next_due_date,
    moment_text(created_at) AS created_at,
    moment_text(updated_at) AS stated_at
FROM batch
"""

_LOANS = """
SELECT
    id_text(id) AS entity_id,
    id_text(customer_id) AS customer_id,
    loan_id,
    principal_amount,
    outstanding_amount,
    due_amount,
    finite(next_due_date) AS next_due_date,
    finite(last_paid_date) AS last_paid_date,
    last_paid_amount,
    nullif(status, 'active') AS loan_status,
    cluster,
    branch,
    branch_contact_number,
    employee_name,
    employee_id,
    employee_contact_number,
    moment_text(created_at) AS created_at,
    moment_text(updated_at) AS stated_at
FROM batch
"""

_FILE_UPLOADS = """
SELECT
    id_text(id) AS entity_id,
    filename,
    original_filename,
    file_path,
    uploaded_by,
    moment_text(coalesce(uploaded_at, upload_time)) AS uploaded_at,
    total_records,
    processed_records,
    success_records,
    failed_records,
    coalesce(status, upload_status) AS status,
    json_text(processing_errors) AS processing_errors
FROM batch
"""

_UPLOAD_ROWS = """
SELECT
    id_text(id) AS entity_id,
    id_text(file_upload_id) AS file_upload_id,
    line_number AS stated_line_number,
    raw_data AS stated_raw_data,
    phone_normalized,
    loan_id_text,
    row_fingerprint AS stated_row_fingerprint,
    id_text(match_customer_id) AS match_customer_id,
    id_text(match_loan_id) AS match_loan_id,
    match_method,
    moment_text(matched_at) AS matched_at,
    status,
    error
FROM batch
"""

_STATUS_UPDATES = """
SELECT
    id_text(id) AS entity_id,
    id_text(call_session_id) AS call_ref,
    status,
    moment_text("timestamp") AS updated_at,
    message,
    json_text(extra_data) AS extra_data
FROM batch
"""

# The nine columns of call_sessions that later generations keep as keys of call_metadata, and how each is put there.
_KEPT_IN_METADATA = {
    **{"end_time": "moment_json", "websocket_session_id": "words_json", "call_direction": "words_json"},
    **{"agent_transfer_time": "moment_json", "agent_number": "words_json", "exotel_data": "any_json"},
    **{"conversation_transcript": "any_json", "intent_detected": "words_json", "language_detected": "words_json"},
}


def _calls() -> str:
    """A key that call_metadata has counts, unless it is null there; metadata that gain no key stay as they were."""
    added = ", ".join(
        f"CASE WHEN {name} IS NOT NULL AND coalesce(json_type(object, '$.{name}'), 'NULL') = 'NULL' "
        f"THEN '\"{name}\": ' || {as_json}({name}) END"
        for name, as_json in _KEPT_IN_METADATA.items()
    )
    emptied = ", ".join(
        f"CASE WHEN {name} IS NOT NULL AND json_type(object, '$.{name}') = 'NULL' THEN '\"{name}\": null' END"
        for name in _KEPT_IN_METADATA
    )
    return f"""
WITH typed AS (
    SELECT
        *,
        json_text(call_metadata) AS stated,
        CASE WHEN json_valid(stated) THEN CASE WHEN json_type(stated) = 'OBJECT' THEN stated END END AS object
    FROM batch
),

added AS (
    SELECT *, concat_ws(', ', {added}) AS members, concat_ws(', ', {emptied}) AS emptied
    FROM typed
),

opened AS (
    SELECT
        *,
        CASE
            WHEN members = '' THEN NULL
            WHEN emptied <> '' THEN CAST(json_merge_patch(object, '{{' || emptied || '}}') AS VARCHAR)
            WHEN object IS NOT NULL THEN object
            WHEN stated IS NULL THEN '{{}}'
            ELSE '{{"call_metadata": ' || any_json(stated) || '}}'
        END AS before,
        regexp_replace(before, '[ \\t\\r\\n]*[}}][ \\t\\r\\n]*$', '') AS unclosed
    FROM added
)

SELECT
    id_text(id) AS entity_id,
    id_text(customer_id) AS customer_id,
    id_text(loan_id) AS loan_ref,
    id_text(triggered_by_batch) AS triggering_upload,
    id_text(triggered_by_row) AS triggering_row,
    moment_text(created_at) AS created_at,
    call_sid,
    from_number,
    to_number,
    coalesce(json_extract_string(object, '$.call_direction'), call_direction) AS direction,
    status,
    moment_text(coalesce(initiated_at, start_time)) AS initiated_at,
    moment_text(coalesce(json_extract_string(object, '$.end_time'), end_time)) AS ended_at,
    moment_text(updated_at) AS updated_at,
    coalesce(duration_seconds, duration) AS duration_seconds,
    CASE
        WHEN members = '' THEN stated
        WHEN unclosed = '{{' THEN '{{' || members || '}}'
        ELSE unclosed || ', ' || members || '}}'
    END AS call_metadata
FROM opened
"""


# In the order of what refers to what.
PARTS = (
    Part("customers", "customers", CUSTOMER, _CUSTOMERS),
    Part("customers.loan_id", "customers", LOAN, _LOANS_OF_CUSTOMERS),
    Part("loans", "loans", LOAN, _LOANS),
    Part("file_uploads", "file_uploads", FILE_UPLOAD, _FILE_UPLOADS),
    Part("upload_rows", "upload_rows", UPLOAD_ROW, _UPLOAD_ROWS),
    Part("call_sessions", "call_sessions", CALL, _calls()),
    Part("call_status_updates", "call_status_updates", STATUS, _STATUS_UPDATES),
)
# Which parts hold the loans of customers that have none in `loans`.
LOANS_OF_CUSTOMERS = PARTS[1]
