"""The earlier system's databases: the tables of each generation, and a small but odd story told in them.

The story is what was found in the field: one person in three rows because phones were written in three ways and
fingerprints were random, loans called nan, sessions without a call id, statuses that stayed pending or initiated,
uploads that stayed processing, amounts and dates as text, words nobody listed, references to nothing.
"""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

GENERATIONS = ("legacy", "hybrid", "properties", "current")
WORDS = (
    *("not_initiated", "ready", "scheduled", "initiated", "calling", "ringing", "in_progress", "call_in_progress"),
    *("agent_transfer", "completed", "call_completed", "failed", "call_failed", "not_picked", "disconnected", "busy"),
    *("no_answer", "wrapping_up"),  # the last is of no list
)
_START = datetime(2025, 11, 3, 4, 30)
# The latest moment of every story; nothing but the update that says "completed" states it.
LATEST = datetime(2025, 11, 20, 12, 0, 0, 250000)
_FUTURE = datetime(2199, 1, 1)

Story = dict[str, list[dict[str, object]]]


def uid(name: str) -> uuid.UUID:
    """The id of a row of the story, such as `customer 1`."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name)


# --- tables -------------------------------------------------------------------------------------------------------


def _column(name: str, kind: object, *refers: str, default: object = None, **more: object) -> sa.Column:
    return sa.Column(name, kind, *map(sa.ForeignKey, refers), default=default, **more)


def _id() -> sa.Column:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _stamps(nullable: bool) -> list[sa.Column]:
    return [sa.Column(name, sa.DateTime, nullable=nullable) for name in ("created_at", "updated_at")]


def _legacy_call_columns() -> list[sa.Column]:
    return [
        sa.Column("websocket_session_id", sa.String(100)),
        _column("call_direction", sa.String(20), default="outbound"),
        sa.Column("start_time", sa.DateTime),
        sa.Column("end_time", sa.DateTime),
        sa.Column("duration", sa.Integer),
        sa.Column("exotel_data", sa.JSON(none_as_null=True)),
        sa.Column("agent_transfer_time", sa.DateTime),
        sa.Column("agent_number", sa.String(20)),
        sa.Column("conversation_transcript", sa.JSON(none_as_null=True)),
        sa.Column("intent_detected", sa.String(100)),
        sa.Column("language_detected", sa.String(10)),
    ]


def tables_of(generation: str) -> sa.MetaData:
    """The tables of a generation."""
    return _legacy_tables() if generation == "legacy" else _later_tables(generation)


def _legacy_tables() -> sa.MetaData:
    tables = sa.MetaData()
    sa.Table(
        "customers",
        tables,
        _id(),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("phone_number", sa.String(20), nullable=False, unique=True),
        sa.Column("state", sa.String(100)),
        sa.Column("loan_id", sa.String(50)),
        sa.Column("amount", sa.String(20)),
        sa.Column("due_date", sa.String(50)),
        _column("language_code", sa.String(10), default="hi-IN"),
        *_stamps(nullable=True),
        sa.Column("call_status", sa.String(50)),
        sa.Column("last_call_attempt", sa.DateTime),
        sa.Column("call_attempts", sa.Integer),
    )
    sa.Table(
        "call_sessions",
        tables,
        _id(),
        sa.Column("call_sid", sa.String(100), nullable=False, unique=True),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        _column("status", sa.String(50), default="initiated"),
        *_legacy_call_columns(),
        *_stamps(nullable=True),
    )
    _status_updates(tables)
    sa.Table(
        "file_uploads",
        tables,
        _id(),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("file_path", sa.String(500)),
        *(sa.Column(f"{name}_records", sa.Integer) for name in ("total", "processed", "failed")),
        _column("upload_status", sa.String(50), default="processing"),
        sa.Column("upload_time", sa.DateTime),
        sa.Column("processing_errors", sa.JSON(none_as_null=True)),
    )
    return tables


def _later_tables(generation: str) -> sa.MetaData:
    tables, hybrid = sa.MetaData(), generation == "hybrid"
    sa.Table(
        "customers",
        tables,
        _id(),
        sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
        sa.Column("full_name", sa.String(255)),
        sa.Column("primary_phone", sa.String(20)),
        sa.Column("national_id", sa.String(50)),
        sa.Column("email", sa.String(255)),
        sa.Column("state", sa.String(100)),
        *(
            _column(name, sa.String(50), default="not_initiated")
            for name in ("status", "call_status")
            if generation == "current"
        ),
        sa.Column("first_uploaded_at", sa.DateTime),
        sa.Column("last_contact_date", sa.DateTime),
        _column("do_not_call", sa.Boolean, default=False, nullable=False),
        *_stamps(nullable=False),
        *(sa.Column(name, sa.String(50)) for name in ("loan_id", "amount", "due_date") if hybrid),
    )
    sa.Table(
        "loans",
        tables,
        _id(),
        _column("customer_id", sa.Uuid, "customers.id", nullable=False),
        sa.Column("loan_id", sa.String(100), nullable=False, unique=True),
        *(sa.Column(f"{name}_amount", sa.Numeric(15, 2)) for name in ("principal", "outstanding", "due")),
        sa.Column("next_due_date", sa.Date),
        sa.Column("last_paid_date", sa.Date),
        sa.Column("last_paid_amount", sa.Numeric(15, 2)),
        _column("status", sa.String(50), default="active"),
        sa.Column("cluster", sa.String(100)),
        sa.Column("branch", sa.String(255)),
        sa.Column("branch_contact_number", sa.String(20)),
        sa.Column("employee_name", sa.String(255)),
        sa.Column("employee_id", sa.String(100)),
        sa.Column("employee_contact_number", sa.String(20)),
        *_stamps(nullable=False),
    )
    sa.Table(
        "file_uploads",
        tables,
        _id(),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("original_filename", sa.String(255)),
        sa.Column("uploaded_by", sa.String(100)),
        sa.Column("uploaded_at", sa.DateTime, nullable=False),
        *(
            _column(f"{name}_records", sa.Integer, default=0, nullable=False)
            for name in ("total", "processed", "success", "failed")
        ),
        _column("status", sa.String(50), default="processing", nullable=False),
        sa.Column("processing_errors", sa.JSON(none_as_null=True)),
        *(
            sa.Column(name, kind)
            for name, kind in {
                "file_path": sa.String(500),
                "upload_status": sa.String(50),
                "upload_time": sa.DateTime,
            }.items()
            if hybrid
        ),
    )
    sa.Table(
        "upload_rows",
        tables,
        _id(),
        _column("file_upload_id", sa.Uuid, "file_uploads.id", nullable=False),
        sa.Column("line_number", sa.Integer, nullable=False),
        sa.Column("raw_data", sa.JSON, nullable=False),
        sa.Column("phone_normalized", sa.String(20)),
        sa.Column("loan_id_text", sa.String(100)),
        sa.Column("row_fingerprint", sa.String(100), nullable=False),
        _column("match_loan_id", sa.Uuid, "loans.id"),
        _column("match_customer_id", sa.Uuid, "customers.id"),
        sa.Column("match_method", sa.String(50)),
        sa.Column("matched_at", sa.DateTime),
        _column("status", sa.String(50), default="pending", nullable=False),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("file_upload_id", "row_fingerprint"),
    )
    sa.Table(
        "call_sessions",
        tables,
        _id(),
        sa.Column("call_sid", sa.String(100), unique=True),
        _column("loan_id", sa.Uuid, "loans.id"),
        _column("customer_id", sa.Uuid, "customers.id"),
        sa.Column("initiated_at", sa.DateTime, nullable=False),
        _column("status", sa.String(50), default="scheduled" if hybrid else "not_initiated", nullable=False),
        sa.Column("duration_seconds", sa.Integer),
        sa.Column("from_number", sa.String(20)),
        sa.Column("to_number", sa.String(20), nullable=False),
        _column("triggered_by_batch", sa.Uuid, "file_uploads.id"),
        _column("triggered_by_row", sa.Uuid, "upload_rows.id"),
        sa.Column("call_metadata", sa.JSON(none_as_null=True)),
        *_stamps(nullable=False),
        *(_legacy_call_columns() if hybrid else ()),
    )
    _status_updates(tables, "call_sessions.id")
    return tables


def _status_updates(tables: sa.MetaData, *refers: str) -> None:
    sa.Table(
        "call_status_updates",
        tables,
        _id(),
        _column("call_session_id", sa.Uuid, *refers, nullable=False),
        sa.Column("status", sa.String(50), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("timestamp", sa.DateTime),
        sa.Column("extra_data", sa.JSON),  # None is stored as the JSON null, as the earlier system did
    )


# --- the story ----------------------------------------------------------------------------------------------------


def fill(connection: sa.Connection, generation: str) -> Story:
    """Make the tables of a generation and tell the story in them; the rows told."""
    tables = tables_of(generation)
    tables.create_all(connection)
    held = generation != "legacy" and connection.dialect.name != "sqlite"  # SQLite holds no references
    story = legacy_story() if generation == "legacy" else later_story(generation, dangling=not held)
    for table, rows in story.items():
        for row in rows:
            connection.execute(tables.tables[table].insert(), row)
    return story


def _at(days: float, minutes: int = 0) -> datetime:
    return _START + timedelta(days=days, minutes=minutes)


def legacy_story() -> Story:
    people = [  # name, phone, loan, amount, due date
        ("Asha Rao", "09876543210", "LN-1", "₹ 1,23,456", "13/04/2024"),
        ("Asha Rao", "+919876543210", "LN-1", "50,000.50", "14/05/2024"),
        ("asha rao", "9876543210.0", "LN-2", "0", "05/06/2024"),
        ("Ravi Kumar", "9811111111", "nan", "1000", "01/04/2024"),
        ("Meena", "9822222222", "nan", "nan", None),
        ('हरि "ओम"', "9833333333", "LN-7", "Rs. 5000/-", "30-Apr-2024"),
        ("Nobody", "nan", "LN-8", "(500)", None),
        ("Only A Name", "9844444444", None, "", " - "),
    ]
    customers = [
        {
            **{"id": uid(f"customer {number}"), "name": name, "phone_number": phone, "state": "कर्नाटक"},
            **{"loan_id": loan, "amount": amount, "due_date": due},
            **{"created_at": _at(number), "updated_at": _at(number, 1), "call_attempts": number},
        }
        for number, (name, phone, loan, amount, due) in enumerate(people, 1)
    ]
    customers[0] |= {"call_status": "call_completed", "last_call_attempt": _at(9.5)}
    customers[7] |= {"created_at": None, "updated_at": None, "language_code": None, "state": None}
    sessions = [
        {
            **{"id": uid(f"session {number}"), "call_sid": f"sid{number:02}", "status": word},
            **{"customer_id": uid(f"customer {number % 7 + 1}"), "start_time": _at(9, number)},
            **{"created_at": _at(9, number), "updated_at": _at(9, number + 1)},
        }
        for number, word in enumerate(WORDS)
    ]
    sessions[3] |= _long_call()
    sessions[4] |= {"start_time": None, "created_at": None, "updated_at": None, "call_direction": None}
    sessions[5] |= {"customer_id": uid("customer gone")}
    return {
        "customers": customers,
        "call_sessions": sessions,
        "call_status_updates": [*_updates(), _update("of nothing", "session gone", "completed", _at(10))],
        "file_uploads": [
            {
                **{"id": uid("upload 1"), "filename": "मार्च.csv", "file_path": "/srv/uploads/1.csv"},
                **{"total_records": 8, "processed_records": 7, "failed_records": 1, "upload_time": _at(0)},
                **{"upload_status": "completed", "processing_errors": [{"row": 4, "error": "loan ₹"}]},
            },
            {"id": uid("upload 2"), "filename": "stuck.csv", "upload_time": None},
        ],
    }


def _long_call() -> dict[str, object]:
    """All that the first generation could state of a call; the session itself stayed `initiated`."""
    return {
        **{"websocket_session_id": 'ws "1"', "call_direction": "inbound", "end_time": _at(9, 33), "duration": 180},
        **{"exotel_data": {"Price": None, "Legs": [1, {"a": "₹"}]}, "agent_transfer_time": datetime(2025, 11, 12, 5)},
        **{"agent_number": "08012345678", "conversation_transcript": [{"speaker": "ग्राहक", "text": 'हाँ\n"ok"'}]},
        **{"intent_detected": "will pay", "language_detected": "hi-IN"},
    }


def _update(name: str, session: str, status: str, at: datetime | None, **more: object) -> dict[str, object]:
    return {"id": uid(f"update {name}"), "call_session_id": uid(session), "status": status, "timestamp": at, **more}


def _updates() -> list[dict[str, object]]:
    return [
        _update("1", "session 3", "initiated", _at(9, 3)),
        _update(
            "2", "session 3", "in_progress", _at(9, 4), message="जुड़ गया", extra_data={"CallSid": "sid03", "n": 1.50}
        ),
        _update("3", "session 3", "completed", LATEST, message="", extra_data={}),
        _update("4", "session 3", "completed", LATEST, message="again"),
        _update("5", "session 1", "call_completed", None),
        _update("6", "session 2", "wrapping_up", _at(9, 5)),
        _update("7", "session 2", "busy", _FUTURE),
    ]


def later_story(generation: str, dangling: bool) -> Story:
    hybrid = generation == "hybrid"
    people = [  # name, phone, national id
        ("Asha Rao", "09876543210", "ABCPA1234K"),
        ("Asha Rao", "+919876543210", "abcpa 1234 k"),
        ("asha rao", "9876543210.0", "ABCPA-1234-K"),
        ("Ravi Kumar", "9811111111", "nan"),
        ('हरि "ओम"', "9833333333", None),
        (None, None, None),
        ("Hari Om", "+91 98333 33333", None),
    ]
    customers = [
        {
            **{
                "id": uid(f"customer {number}"),
                "fingerprint": f"{phone}_2025110{number}_{uid(f'random {number}').hex}",
            },
            **{"full_name": name, "primary_phone": phone, "national_id": national, "do_not_call": number == 4},
            **{"first_uploaded_at": _at(number), "created_at": _at(number), "updated_at": _at(number, 1)},
        }
        for number, (name, phone, national) in enumerate(people, 1)
    ]
    customers[0] |= {"email": "asha@example.in", "state": "कर्नाटक", "last_contact_date": _at(9.5)}
    if generation == "current":
        customers[0] |= {"status": "completed", "call_status": "call_completed"}
        customers[1] |= {"status": "failed", "call_status": None}
    loans = [
        {
            **{"id": uid(f"loan {number}"), "customer_id": uid(f"customer {number}"), "loan_id": name},
            **{"created_at": _at(number), "updated_at": _at(number, 2)},
        }
        for number, name in enumerate(("LN-1", "LN-2", "LN-3", "nan"), 1)
    ]
    loans[0] |= {
        **{
            "principal_amount": Decimal("123456.50"),
            "outstanding_amount": Decimal("0"),
            "due_amount": Decimal("99.99"),
        },
        **{"next_due_date": date(2025, 12, 5), "last_paid_date": date(2025, 11, 1), "last_paid_amount": Decimal("500")},
        **{"status": "closed", "cluster": "South", "branch": "हसन", "branch_contact_number": "08172267890"},
        **{"employee_name": "Kiran", "employee_id": "E7", "employee_contact_number": "9800000001"},
    }
    uploads = [
        {
            **{
                "id": uid("upload 1"),
                "filename": "मार्च.csv",
                "original_filename": "march.csv",
                "uploaded_by": "hosakere",
            },
            **{"uploaded_at": _at(0), "total_records": 3, "processed_records": 3, "success_records": 2},
            **{"failed_records": 1, "status": "completed", "processing_errors": {"errors": ["पंक्ति 4"]}},
        },
        {"id": uid("upload 2"), "filename": "stuck.csv", "uploaded_at": _at(1)},
    ]
    rows = [
        {
            **{"id": uid(f"row {number}"), "file_upload_id": uid("upload 1"), "line_number": number + 1},
            **{"raw_data": {"नाम": "आशा", "loan": f"LN-{number}"}, "row_fingerprint": f"fp{number}"},
        }
        for number in (1, 2, 3)
    ]
    rows[0] |= {
        **{"phone_normalized": "+919876543210", "loan_id_text": "LN-1", "match_loan_id": uid("loan 1")},
        **{"match_customer_id": uid("customer 1"), "match_method": "fingerprint", "matched_at": _at(0, 5)},
        **{"status": "matched"},
    }
    rows[2] |= {"error": "loan_id is nan"}
    sessions = [
        {
            **{"id": uid(f"session {number}"), "call_sid": f"sid{number:02}", "status": word},
            **{"customer_id": uid(f"customer {number % 5 + 1}"), "initiated_at": _at(9, number)},
            **{"to_number": people[number % 5][1], "from_number": "08047112233"},
            **{"created_at": _at(9, number), "updated_at": _at(9, number + 1)},
        }
        for number, word in enumerate(WORDS)
    ]
    sessions[3] |= {"loan_id": uid("loan 1"), "customer_id": uid("customer 1"), "duration_seconds": 180}
    sessions[3] |= {"triggered_by_batch": uid("upload 1"), "triggered_by_row": uid("row 1")}
    if not hybrid:
        sessions[3] |= {"call_metadata": {"call_direction": "inbound", "end_time": "2025-11-12T05:03:00", "नोट": "हाँ"}}
    for number in (6, 7):  # without a call id, and so orphans
        sessions[number] |= {"call_sid": None, "customer_id": None, "to_number": "9899999999"}
    if hybrid:
        _add_legacy(customers, uploads, sessions)
    if dangling:
        sessions[8] |= {"customer_id": uid("customer gone"), "loan_id": uid("loan gone")}
        sessions[9] |= {"triggered_by_batch": uid("upload gone"), "triggered_by_row": uid("row gone")}
    return {
        **{"customers": customers, "loans": loans, "file_uploads": uploads, "upload_rows": rows},
        **{"call_sessions": sessions, "call_status_updates": _updates()},
    }


def _add_legacy(customers: list[dict], uploads: list[dict], sessions: list[dict]) -> None:
    """What the second generation still held in legacy columns, beside the new ones and against them."""
    customers[0] |= {"loan_id": "LN-1", "amount": "1", "due_date": "13/04/2024"}  # has a loan of its own
    customers[4] |= {"loan_id": "LN-7", "amount": "Rs. 5000/-", "due_date": "30-Apr-2024"}
    customers[5] |= {"loan_id": "None", "amount": "nan"}
    uploads[0] |= {"upload_status": "processing", "upload_time": _at(5), "file_path": "/srv/uploads/1.csv"}
    sessions[3] |= {
        **_long_call(),
        **{"duration": 999, "start_time": _at(3)},
        "call_metadata": {"call_direction": "outbound-dial", "end_time": None, "नोट": {"x": None}},
    }
    sessions[4] |= {"duration": 61, "call_metadata": ["no", "object"]}
    sessions[5] |= {"call_direction": None, "call_metadata": {"rate": 1.50}}
    sessions[6] |= {"call_metadata": {}}
