"""What the earlier system got wrong: a test for each thing that a user saw, on the paths on which he met it.

What files, a database of the earlier system and scripts say stands above the test that it is for (`sent`, `stored`,
`script`), and is loaded once for all tests. No two tests speak of the same people.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator

import polars as pl
import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from support import World

from database.schemas import (
    CallSession,
    CallStatus,
    Customer,
    FileUpload,
    Loan,
    UploadRow,
    compute_fingerprint,
    create_call_session,
    create_customer,
    create_loan,
    get_call_counts_for_loan,
    get_call_session_by_sid,
    get_customer_by_fingerprint,
    get_customer_by_phone,
    get_loan_by_external_id,
    get_session,
    normalize_phone,
    update_call_status,
)
from expectations.contract import CHECKED_AS, reference_rules
from expectations.identities import IDENTITIES
from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, RECORD_FIELDS, UPLOAD_ROW
from models.published import published_tables
from orchestration.store import journal
from orchestration.store.connection import connect
from orchestration.store.records import IMPORT, RecordFile, utc_now, write_records

NAN = float("nan")
_files: list[tuple[str, str, str | list[dict]]] = []
_records: dict[str, list[dict[str, str | None]]] = {}
_scripts: list[Callable[[Session], None]] = []


def sent(name: str, day: str, rows: str | list[dict]) -> None:
    """A file that somebody sent on this day."""
    _files.append((name, day, rows))


def stored(kind: str, name: str, **cells: str | None) -> None:
    """A row of the earlier system's database, with the id that `uid` makes of the name."""
    _records.setdefault(kind, []).append({"entity_id": uid(name), **cells})


def script(function: Callable[[Session], None]) -> Callable[[Session], None]:
    """What a script does with a session, and commits, before the next run."""
    _scripts.append(function)
    return function


def uid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> World:
    """All that was sent: the first day's files are loaded before the others come."""
    world = World(tmp_path_factory.mktemp("sent") / "home")
    first = min(day for _, day, _ in _files)
    for name, day, rows in _files:
        if day == first:
            world.put(name, rows, at=day)
    world.load()
    world.known = dict(world.rows("SELECT full_name, id FROM customers"))
    for name, day, rows in _files:
        if day != first:
            world.put(name, rows, at=day)
    return world.load()


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> World:
    """All that was stored in the earlier system's database, imported."""
    world = World(tmp_path_factory.mktemp("stored") / "home")
    for kind, rows in _records.items():
        head = RecordFile(kind, IMPORT, f"lender.{kind}.jsonl", "import", dt.datetime(2026, 3, 1))
        schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[kind]), pl.String)
        write_records(world.home, head, [pl.DataFrame(rows, schema=schema)])
    return world.load()


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> World:
    """All that scripts wrote, and a run after it."""
    world = World(tmp_path_factory.mktemp("scripts") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANCALLS_HOME", str(world.home.root))
        for write in _scripts:
            with get_session() as session:
                write(session)
                session.commit()
    world.put("later.csv", _LATER, at=utc_now().isoformat())
    journal.seal(world.home, ())
    return world.load()


@pytest.fixture
def session(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session on an empty home."""
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    with get_session() as session:
        yield session


def borrower(session: Session, loan_id: str, phone: str, **more: object) -> Loan:
    customer = create_customer(session, {"full_name": f"of {loan_id}", "primary_phone": phone})
    return create_loan(session, {"customer_id": customer.id, "loan_id": loan_id, **more})


# --- 1 ------------------------------------------------------------------------------------------------------------

sent("rate.csv", "2026-03-01", [{"loan_id": "RATE", "phone": "9845010001"}])
sent(
    "rate_calls.csv",
    "2026-03-02",
    [
        {"call_sid": f"rate-{word}", "status": word, "to": "9845010001"}
        for word in ("completed", "call_completed", "Completed", "no-answer", "scheduled")
    ],
)


def test_a_loan_with_completed_calls_showed_a_success_rate_of_zero(files: World) -> None:
    figures = "SELECT attempts, completed, success_rate FROM {} WHERE {}"
    assert files.rows(figures.format("loan_call_success", "loan_id = 'RATE'")) == [(4, 3, 3 / 4)]
    ((attempts, completed, rate),) = files.rows(figures.format("employee_performance", "employee = '(none)'"))
    assert completed >= 3 and rate == completed / attempts


def test_a_loan_whose_calls_a_script_completed_showed_a_success_rate_of_zero(session: Session) -> None:
    loan = borrower(session, "L1", "9845010002")
    words = ("completed", "call_completed", CallStatus.COMPLETED, CallStatus.CALL_COMPLETED, "no_answer", "call_failed")
    for number, word in enumerate([*words, "scheduled"]):
        create_call_session(session, {"call_sid": f"c{number}", "loan_id": loan.id, "to_number": "9845010002"})
        assert update_call_status(session, f"c{number}", word)
    assert get_call_counts_for_loan(session, loan.id) == {
        **{"total_calls": 7, "completed_calls": 4, "failed_calls": 1, "success_rate": 100 * 4 / 6},
    }
    completed = session.query(CallSession).filter(CallSession.status == "completed").count()
    assert completed == session.query(CallSession).filter(CallSession.status == CallStatus.CALL_COMPLETED).count() == 4


# --- 2 ------------------------------------------------------------------------------------------------------------

sent("whose.csv", "2026-03-01", [{"loan_id": "WHOSE", "phone": "9845020001"}])
sent("whose_calls.csv", "2026-03-02", [{"call_sid": "whose", "status": "completed", "to": "09845020001"}])

stored(CUSTOMER, "whose customer", phone="9845020001")
stored(LOAN, "whose loan", customer_id=uid("whose customer"), loan_id="WHOSE")
stored(CALL, "whose call", call_sid="whose", customer_id=uid("whose customer"), status="call_completed")


@script
def call_somebody_without_a_word_on_his_loan(session: Session) -> None:
    loan = borrower(session, "WHOSE", "9845020001")
    create_call_session(session, {"call_sid": "whose", "customer_id": loan.customer_id, "status": "completed"})


@pytest.mark.parametrize("home", ["files", "lender", "scripts"])
def test_calls_had_neither_a_loan_nor_a_row_that_triggered_them(home: str, request: pytest.FixtureRequest) -> None:
    world = request.getfixturevalue(home)
    assert world.rows(
        "SELECT loans.loan_id, calls.customer_id = loans.customer_id, uploads.id = rows.file_upload_id, "
        "rows.match_loan_id = loans.id FROM call_sessions AS calls JOIN loans ON loans.id = calls.loan_id "
        "JOIN _upload_row_outcomes AS rows ON rows.id = calls.triggered_by_row "
        "JOIN file_uploads AS uploads ON uploads.id = calls.triggered_by_batch WHERE call_sid = 'whose'"
    ) == [("WHOSE", True, True, True)]
    assert world.rows("SELECT attempts, success_rate FROM loan_call_success WHERE loan_id = 'WHOSE'") == [(1, 1.0)]


# --- 3 ------------------------------------------------------------------------------------------------------------

sent("long.csv", "2026-03-01", [{"loan_id": "LONG", "phone": "9845030001"}])
sent(
    "long_cdr.csv",
    "2026-03-02",
    "CallSid,DateCreated,From,To,Status,StartTime,EndTime,Duration,ConversationDuration,Price\n"
    "long-1,2026-03-01 10:00:00,9845030001,08047000000,completed,2026-03-01 10:00:00,2026-03-01 10:02:00,120,95,0.8\n",
)
sent(
    "long_report.csv",
    "2026-03-02",
    "Call SID,Date/Time,From,To,Direction,Status,Duration (seconds)\n"
    "long-2,2026-03-01 11:00:00,9845030001,08047000000,outbound-api,completed,30\n",
)


def test_calls_had_no_length(files: World) -> None:
    sql = "SELECT call_sid, duration_seconds, conversation_seconds FROM call_sessions WHERE call_sid LIKE 'long-%'"
    assert sorted(files.rows(sql)) == [("long-1", 120, 95), ("long-2", 30, None)]
    assert files.value("SELECT talk_seconds FROM loan_call_success WHERE loan_id = 'LONG'") == 95 + 30


def test_calls_of_scripts_had_no_length(session: Session) -> None:
    loan = borrower(session, "L1", "9845030002")
    data = {"loan_id": loan.id, "to_number": "9845030002", "status": "completed"}
    create_call_session(session, {**data, "call_sid": "new", "duration_seconds": "120"})
    create_call_session(session, {**data, "call_sid": "old", "duration": 30})
    create_call_session(session, {**data, "call_sid": "later"}).duration = 95.0
    session.commit()
    lengths = {call.call_sid: (call.duration, call.duration_seconds) for call in session.query(CallSession)}
    assert lengths == {"new": (120, 120), "old": (30, 30), "later": (95, 95)}
    assert session.query(CallSession).filter(CallSession.duration > 90).count() == 2


# --- 4 ------------------------------------------------------------------------------------------------------------

sent("thrice.csv", "2026-03-01", [{"name": "Thrice", "loan_id": "THRICE", "phone": "9845040001", "pan": "abcpa1234k"}])


def test_one_person_had_another_fingerprint_on_every_path(files: World, session: Session) -> None:
    ways = [("098450 40001", "abcpa 1234 k"), ("+91-98450-40001", "ABCPA-1234-K"), ("9845040001.0", "abcpa1234k")]
    (fingerprint,) = {compute_fingerprint(*way) for way in ways}
    customer = create_customer(session, {"full_name": "Thrice", "phone_number": ways[0][0], "national_id": ways[0][1]})
    assert customer.fingerprint == fingerprint
    assert files.value("SELECT CAST(fingerprint AS VARCHAR) FROM customers WHERE full_name = 'Thrice'") == str(
        uuid.UUID(fingerprint)
    )


def test_a_person_whom_two_scripts_made_was_there_twice(session: Session) -> None:
    first = create_customer(session, {"full_name": "Once", "primary_phone": "9845040002"})
    session.commit()
    with pytest.raises(IntegrityError, match=r"customers\.fingerprint"):
        create_customer(session, {"full_name": "Once", "primary_phone": "+91 98450 40002"})
    session.rollback()
    assert [customer.id for customer in session.query(Customer)] == [first.id]
    assert get_customer_by_fingerprint(session, compute_fingerprint("09845040002")).id == first.id


stored(CUSTOMER, "thrice 1", full_name="Thrice", phone="9845040003", national_id="ABCPA1235K")
stored(CUSTOMER, "thrice 2", full_name="Thrice", phone="+919845040003", national_id="abcpa 1235 k")
stored(CUSTOMER, "thrice 3", full_name="thrice", phone="09845040003", national_id="ABCPA-1235-K")
for one in ("1", "2", "3"):
    stored(CALL, f"thrice call {one}", call_sid=f"thrice-{one}", customer_id=uid(f"thrice {one}"), status="completed")


def test_a_person_with_three_fingerprints_was_three_customers(lender: World) -> None:
    ((customer, fingerprint),) = lender.rows(
        "SELECT id, CAST(fingerprint AS VARCHAR) FROM customers WHERE lower(full_name) = 'thrice'"
    )
    assert fingerprint == str(uuid.UUID(compute_fingerprint("9845040003", "ABCPA1235K")))
    calls = lender.rows(f"SELECT call_sid FROM call_sessions WHERE customer_id = '{customer}' ORDER BY 1")
    assert calls == [("thrice-1",), ("thrice-2",), ("thrice-3",)]


# --- 5 ------------------------------------------------------------------------------------------------------------

sent(
    "pending.csv",
    "2026-03-01",
    [
        {"loan_id": "PENDING-1", "phone": "9845050001"},
        {"loan_id": "PENDING-1", "phone": "9845050001"},
        {"loan_id": None, "phone": "9845050002"},
    ],
)
sent("pending_again.csv", "2026-03-02", [{"loan_id": "PENDING-1", "phone": "9845050001"}])

stored(FILE_UPLOAD, "pending", filename="pending.csv", uploaded_at="2026-01-01", status="completed")
stored(CUSTOMER, "pending customer", phone="9845050001")
stored(LOAN, "pending loan", customer_id=uid("pending customer"), loan_id="PENDING-1")
stored(
    UPLOAD_ROW,
    "pending row 1",
    **{"file_upload_id": uid("pending"), "stated_line_number": "2", "status": "pending", "stated_raw_data": "{}"},
    **{"match_loan_id": uid("pending loan"), "match_customer_id": uid("pending customer")},
)
stored(
    UPLOAD_ROW,
    "pending row 2",
    **{"file_upload_id": uid("pending"), "stated_line_number": "3", "status": "pending", "stated_raw_data": "{}"},
)


def outcomes(world: World, filename: str) -> list[tuple]:
    """Line, status and error code of every row of a file, as both tables have them."""
    sql = (
        "SELECT rows.line_number, rows.status, split_part(rows.error, ':', 1) FROM {} AS rows "
        "JOIN file_uploads AS uploads ON uploads.id = rows.file_upload_id WHERE uploads.filename = '{}' ORDER BY 1"
    )
    found = world.rows(sql.format("upload_rows", filename))
    assert found == world.rows(sql.format("_upload_row_outcomes", filename))
    return found


def test_rows_stayed_pending_for_ever_and_bad_ones_were_not_there(files: World) -> None:
    assert outcomes(files, "pending.csv") == [
        (2, "created", None),
        (3, "duplicate", None),
        (4, "error", "missing_loan_id"),
    ]
    assert outcomes(files, "pending_again.csv") == [(2, "matched", None)]
    assert files.value("SELECT sum(total_records) FROM file_uploads") == files.value("SELECT count(*) FROM upload_rows")


def test_rows_of_the_earlier_system_are_pending_still(lender: World) -> None:
    assert outcomes(lender, "pending.csv") == [(2, "matched", None), (3, "error", "earlier_error")]
    assert lender.value("SELECT count(*) FROM upload_rows WHERE status = 'pending'") == 0


# --- 6 ------------------------------------------------------------------------------------------------------------

sent(
    "repeated.csv",
    "2026-03-01",
    [{"loan_id": f"REPEATED-{number}", "phone": f"984506000{number}"} for number in (1, 1, 2, 3)],
)

stored(FILE_UPLOAD, "repeated", filename="repeated.csv", status="processing", total_records="4", processed_records="1")
for number in ("1", "2", "3"):
    stored(CUSTOMER, f"repeated customer {number}", phone=f"984506000{number}")
    stored(
        UPLOAD_ROW,
        f"repeated row {number}",
        **{"file_upload_id": uid("repeated"), "stated_line_number": number, "status": "matched"},
        **{"stated_raw_data": "{}", "match_customer_id": uid(f"repeated customer {number}")},
    )
for name, processed in {"at once": "0", "unsaid": None}.items():
    stored(
        FILE_UPLOAD,
        f"broken off {name}",
        **{"filename": f"broken off {name}.csv", "status": "processing", "total_records": "4"},
        processed_records=processed,
    )

COUNTS = (
    "SELECT status, total_records, success_records, duplicate_records, failed_records FROM file_uploads "
    "WHERE filename = '{}'"
)


def test_a_file_with_a_repeated_row_stayed_at_processing(files: World) -> None:
    assert files.rows(COUNTS.format("repeated.csv")) == [("completed", 4, 3, 1, 0)]
    became = [status for _, status, _ in outcomes(files, "repeated.csv")]
    assert became == ["created", "duplicate", "created", "created"]


def test_a_batch_of_the_earlier_system_is_at_processing_still(lender: World) -> None:
    assert lender.rows(COUNTS.format("repeated.csv")) == [("completed", 3, 3, 0, 0)]


@pytest.mark.parametrize("name", ["at once", "unsaid"])
def test_a_batch_that_broke_off_looks_as_if_it_had_come_to_its_end(lender: World, name: str) -> None:
    assert lender.rows(COUNTS.format(f"broken off {name}.csv")) == [("failed", 4, 0, 0, 0)]


def test_a_repeated_row_broke_the_session_of_the_script_that_read_the_file(session: Session) -> None:
    upload = FileUpload(filename="book.csv")
    session.add(upload)
    session.flush()
    for line, loan_id in enumerate(["L1", "L1", "L2"], 2):
        row = UploadRow(file_upload_id=upload.id, line_number=line, raw_data={"loan_id": loan_id})
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            upload.failed_records += 1
        else:
            upload.success_records += 1
    upload.status, upload.processed_records, upload.total_records = "completed_with_errors", 3, 3
    session.commit()
    assert [row.raw_data["loan_id"] for row in session.query(UploadRow).order_by(UploadRow.line_number)] == ["L1", "L2"]
    assert session.query(FileUpload.upload_status, FileUpload.success_records, FileUpload.failed_records).all() == [
        ("completed_with_errors", 2, 1)
    ]


# --- 7 ------------------------------------------------------------------------------------------------------------

DUE = {"loan_id": "PAID", "phone": "9845070001", "outstanding": "5000", "due_amount": "500"}
sent("paid.csv", "2026-03-01", [DUE])
sent("paid_off.csv", "2026-03-02", [{**DUE, "outstanding": "0", "due_amount": "0.00"}])
AMOUNTS = "SELECT outstanding_amount, due_amount, status FROM loans WHERE loan_id = 'PAID'"


def test_a_loan_that_was_paid_off_went_on_showing_what_was_due(files: World) -> None:
    assert files.rows(AMOUNTS) == [(0, 0, "closed")]


@script
def pay_off(session: Session) -> None:
    borrower(session, "PAID", "9845070001", outstanding_amount=5000, due_amount="500")
    session.commit()
    loan = get_loan_by_external_id(session, "PAID")
    loan.due_amount = 0
    loan.customer.amount = "0"
    session.commit()
    session.refresh(loan)
    assert (loan.due_amount, loan.outstanding_amount, loan.customer.amount) == (0, 0, "0.00")


def test_a_loan_that_a_script_paid_off_went_on_showing_what_was_due(scripts: World) -> None:
    assert scripts.rows(AMOUNTS) == [(0, 0, "closed")]


# --- 8 ------------------------------------------------------------------------------------------------------------

sent(
    "nan.csv",
    "2026-03-01",
    [
        {"name": "Without A Number", "loan_id": None, "phone": "9845080001"},
        {"name": "With Nan", "loan_id": "nan", "phone": "9845080002"},
        {"name": None, "loan_id": "NAN-1", "phone": "9845080003"},
    ],
)

stored(CUSTOMER, "nan 1", full_name="First", phone="9845080001")
stored(CUSTOMER, "nan 2", full_name="nan", phone="9845080002", email="nan", state="nan")
stored(LOAN, "nan loan 1", customer_id=uid("nan 1"), loan_id="nan")
stored(LOAN, "nan loan 2", customer_id=uid("nan 2"), loan_id="NaN")
stored(LOAN, "nan loan 3", customer_id=uid("nan 2"), loan_id="NAN-1", employee_name="nan", branch="nan")


@pytest.mark.parametrize("home", ["files", "lender"])
def test_borrowers_without_a_loan_number_shared_a_loan_called_nan(home: str, request: pytest.FixtureRequest) -> None:
    world = request.getfixturevalue(home)
    assert world.rows("SELECT loan_id FROM loans WHERE loan_id ILIKE 'nan%'") == [("NAN-1",)]
    assert (
        world.value(
            "SELECT count(*) FROM upload_rows AS rows JOIN file_uploads AS uploads ON uploads.id = rows.file_upload_id "
            "WHERE (uploads.filename = 'nan.csv' OR uploads.kind = 'loan') "
            "AND rows.status = 'error' AND rows.error LIKE 'missing_loan_id: %'"
        )
        == 2
    )


NAMES = "SELECT full_name, email, state FROM customers WHERE primary_phone = '+91{}'"


def test_a_borrower_without_a_name_was_called_nan(files: World) -> None:
    assert files.rows(NAMES.format("9845080003")) == [(None, None, None)]


def test_a_borrower_of_the_earlier_system_is_called_nan_still(lender: World) -> None:
    assert lender.rows(NAMES.format("9845080002")) == [(None, None, None)]
    assert lender.rows("SELECT employee_name, branch FROM loans WHERE loan_id = 'NAN-1'") == [(None, None)]


@pytest.mark.parametrize("nothing", [NAN, "nan", "NaN", "", None], ids=str)
def test_a_script_that_read_blank_cells_made_a_loan_called_nan(session: Session, nothing: object) -> None:
    customer = create_customer(session, {"full_name": NAN, "primary_phone": "9845080004", "national_id": nothing})
    assert (customer.full_name, customer.national_id) == (None, None)
    session.commit()
    with pytest.raises(IntegrityError, match=r"loans\.loan_id"):
        create_loan(session, {"customer_id": customer.id, "loan_id": nothing})
    session.rollback()
    assert session.query(Loan).count() == 0
    create_loan(session, {"customer_id": customer.id, "loan_id": "L1", "due_amount": nothing, "next_due_date": nothing})
    session.commit()
    assert session.query(Loan.due_amount, Loan.next_due_date).all() == [(None, None)]


# --- 9 ------------------------------------------------------------------------------------------------------------

WAYS = ("9845090001", "9845090001.0", "09845090001", "919845090001", "+91 98450-90001", "00919845090001")
sent("ways.csv", "2026-03-01", [{"loan_id": f"WAY-{number}", "phone": way} for number, way in enumerate(WAYS)])

for number, way in enumerate([*WAYS, "+9109845090001"]):
    stored(CUSTOMER, f"way {number}", full_name="Way", phone=way, stated_at=f"2026-01-0{number + 1}")
    stored(LOAN, f"way loan {number}", customer_id=uid(f"way {number}"), loan_id=f"WAY-{number}")
stored(CUSTOMER, "spoiled", full_name="Spoiled", phone="98450900010")


@pytest.mark.parametrize("home", ["files", "lender"])
def test_a_phone_written_in_another_way_was_another_customer(home: str, request: pytest.FixtureRequest) -> None:
    world = request.getfixturevalue(home)
    assert world.rows(
        "SELECT customers.primary_phone, count(DISTINCT loans.customer_id) FROM loans "
        "JOIN customers ON customers.id = loans.customer_id WHERE loan_id LIKE 'WAY-%' GROUP BY ALL"
    ) == [("+919845090001", 1)]


def test_a_phone_that_had_lost_its_shape_for_good_became_somebody_elses(lender: World) -> None:
    assert lender.rows("SELECT primary_phone FROM customers WHERE full_name = 'Spoiled'") == [("98450900010",)]
    assert (
        lender.value("SELECT count(*) FROM _customer_phones WHERE phone NOT LIKE '+%' OR phone = '+98450900010'") == 0
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_script_did_not_find_a_customer_by_a_phone_in_another_way(session: Session, way: str) -> None:
    assert normalize_phone(way) == "+919845090001"
    customer = create_customer(session, {"full_name": "Way", "phone_number": way})
    assert customer.primary_phone == "+919845090001"
    assert all(get_customer_by_phone(session, other) is customer for other in WAYS)


# --- 10 -----------------------------------------------------------------------------------------------------------

sent(
    "days.csv",
    "2026-03-01",
    [
        {"loan_id": f"DAY-{number}", "phone": "9845100001", "due_date": date}
        for number, date in enumerate(["13/04/2026", "04/05/2026", "05-04-2026", "04/13/2026", "2026-04-05"])
    ],
)
sent(
    "months.csv",
    "2026-03-01",
    [
        {"loan_id": f"MONTH-{number}", "phone": "9845100002", "due_date": date}
        for number, date in enumerate(["04/13/2026", "04/05/2026"])
    ],
)


def test_day_and_month_changed_places_from_row_to_row(files: World) -> None:
    due = dict(files.rows("SELECT loan_id, CAST(next_due_date AS VARCHAR) FROM loans WHERE next_due_date IS NOT NULL"))
    assert {loan: date for loan, date in due.items() if loan.startswith(("DAY", "MONTH"))} == {
        **{"DAY-0": "2026-04-13", "DAY-1": "2026-05-04", "DAY-2": "2026-04-05", "DAY-4": "2026-04-05"},
        **{"MONTH-0": "2026-04-13", "MONTH-1": "2026-04-05"},
    }
    (misfit,) = [error for error in outcomes(files, "days.csv") if error[2]]
    assert misfit == (5, "created", "bad_date")


def test_day_and_month_changed_places_from_script_to_script(session: Session) -> None:
    loan = borrower(session, "L1", "9845100003", next_due_date="13/04/2026")
    assert loan.next_due_date == dt.date(2026, 4, 13)
    loan.customer.due_date = "04/05/2026"
    assert loan.next_due_date == dt.date(2026, 5, 4)
    with pytest.raises(ValueError, match="is not a valid date"):
        loan.next_due_date = "04/13/2026"
    assert loan.next_due_date == dt.date(2026, 5, 4)


# --- 11 -----------------------------------------------------------------------------------------------------------

sent(
    "headers.csv",
    "2026-03-01",
    "LOAN ID,Customer Name,Mobile Number,EMI-Amount\nHEADER-1,Asha Hegde,98451 10001,2500\n",
)
sent("headers_calls.csv", "2026-03-02", "CALLSID,Status,TO\nheader-1,COMPLETED,9845110001\n")


def test_a_header_in_other_letters_failed_the_whole_file(files: World) -> None:
    assert files.rows(COUNTS.format("headers.csv")) == [("completed", 1, 1, 0, 0)]
    assert files.rows(
        "SELECT loans.loan_id, customers.full_name, customers.primary_phone, loans.due_amount, calls.call_sid "
        "FROM loans JOIN customers ON customers.id = loans.customer_id "
        "JOIN call_sessions AS calls ON calls.loan_id = loans.id WHERE loans.loan_id = 'HEADER-1'"
    ) == [("HEADER-1", "Asha Hegde", "+919845110001", 2500, "header-1")]


# --- 12 -----------------------------------------------------------------------------------------------------------

sent("tried.csv", "2026-03-01", [{"loan_id": "TRIED", "phone": "9845120001"}])
sent(
    "tried_calls.csv",
    "2026-03-02",
    [{"call_sid": sid, "status": "failed", "to": "9845120001"} for sid in (None, "tried")],
)

stored(CUSTOMER, "tried customer", phone="9845120001")
stored(LOAN, "tried loan", customer_id=uid("tried customer"), loan_id="TRIED")
for number, status in enumerate(("failed", "call_failed", "completed")):
    sid = "tried" if status == "completed" else None
    stored(CALL, f"tried {number}", call_sid=sid, to_number="9845120001", status=status)


@script
def try_to_call(session: Session) -> None:
    loan = borrower(session, "TRIED", "9845120001")
    data = {"customer_id": loan.customer_id, "to_number": "9845120001"}
    for sid in (None, NAN):
        failed = create_call_session(session, {**data, "call_sid": sid, "status": "failed"})
        assert failed.call_sid == f"no-sid-{failed.id}"
        assert get_call_session_by_sid(session, failed.call_sid) is failed
    create_call_session(session, {**data, "call_sid": "tried", "status": "completed"})


@pytest.mark.parametrize("home", ["lender", "scripts"])
def test_calls_that_failed_before_they_had_an_id_were_missing_from_the_rate(
    home: str, request: pytest.FixtureRequest
) -> None:
    world = request.getfixturevalue(home)
    assert world.rows(
        "SELECT attempts, completed, failed, success_rate FROM loan_call_success WHERE loan_id = 'TRIED'"
    ) == [(3, 1, 2, 1 / 3)]
    assert world.value("SELECT count(*) FROM call_sessions WHERE call_sid LIKE 'no-sid-%' AND loan_id IS NULL") == 0


def test_a_row_without_a_call_id_made_a_call_of_nobody(files: World) -> None:
    assert outcomes(files, "tried_calls.csv") == [(2, "error", "missing_call_sid"), (3, "created", None)]
    assert files.rows("SELECT attempts, failed FROM loan_call_success WHERE loan_id = 'TRIED'") == [(1, 1)]
    assert files.value("SELECT count(*) FROM call_sessions WHERE call_sid IS NULL OR call_sid LIKE 'no-sid-%'") == 0


# --- 13 -----------------------------------------------------------------------------------------------------------

sent("day_1.csv", "2026-03-01", [{"name": "Twice", "loan_id": "TWICE", "phone": "9845130001", "balance": "900"}])
sent("day_2.csv", "2026-03-02", [{"name": "Twice", "loan_id": "TWICE", "phone": "9845130001", "balance": "700"}])
sent("day_3.csv", "2026-03-03", [{"name": "Twice R", "loan_id": "TWICE", "phone": "09845130001", "balance": ""}])

_LATER = [{"name": "Twice", "loan_id": "TWICE", "phone": "98451 30001", "balance": "700"}]
_made: dict[str, uuid.UUID] = {}


@script
def make_somebody_of_whom_a_file_speaks_later(session: Session) -> None:
    _made["Twice"] = borrower(session, "TWICE", "9845130001", outstanding_amount=900).customer_id


HISTORY = "SELECT outstanding_amount FROM loan_snapshots WHERE loan_id = 'TWICE' ORDER BY valid_from"
IDS = "SELECT customers.id FROM customers JOIN loans ON loans.customer_id = customers.id WHERE loan_id = 'TWICE'"


def test_a_customer_who_was_sent_again_was_there_twice_or_lost_his_history(files: World) -> None:
    assert files.rows(IDS) == [(files.known["Twice"],)]
    assert files.value("SELECT count(*) FROM customers WHERE primary_phone = '+919845130001'") == 1
    assert files.rows("SELECT full_name FROM customers WHERE full_name LIKE 'Twice%'") == [("Twice R",)]
    assert files.rows(HISTORY) == [(900,), (700,), (None,)]
    assert files.value("SELECT outstanding_amount FROM loans WHERE loan_id = 'TWICE'") == 700


def test_a_customer_of_a_script_who_was_sent_later_was_there_twice(scripts: World) -> None:
    assert scripts.rows(IDS) == [(_made["Twice"],)]
    assert scripts.value("SELECT count(*) FROM customers WHERE primary_phone = '+919845130001'") == 1
    assert scripts.rows(HISTORY) == [(900,), (700,)]


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["lender", "scripts"])
def test_one_row_with_a_defect_kept_everything_from_being_published(home: str, request: pytest.FixtureRequest) -> None:
    """Such rows are data: what the tables must hold together holds all the same."""
    world = request.getfixturevalue(home)
    with connect(world.home.warehouse, world.home, world.settings, read_only=True) as con:
        broken = {
            rule.name: rows
            for table in published_tables()
            for rule in [*reference_rules(table), *IDENTITIES.get(table, [])]
            if (rows := con.execute(rule.query.format(batch=CHECKED_AS.get(table, table))).fetchall())
        }
    assert broken == {}
