"""Scripts of the earlier system run as they are, on a new home and on one that files were loaded into."""

import inspect
import json
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sessions import MODELS, REPORT, at, named, script
from sessions import loaded as loaded  # the fixtures
from sessions import session as session
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from support import World

from database import schemas
from database.constraints import CannotBeKept
from database.schemas import CallSession, CallStatus, CallStatusUpdate, Customer, FileUpload, Loan, UploadRow

EXPORTED = re.findall(
    r"\w+",
    """
    Base engine SessionLocal get_session init_database Customer Loan FileUpload UploadRow CallSession CallStatusUpdate
    CallStatus DatabaseManager db_manager compute_fingerprint normalize_phone get_customer_by_fingerprint
    get_customer_by_phone get_loan_by_external_id get_call_session_by_sid get_calls_by_customer get_calls_by_loan
    get_call_counts_for_loan create_customer create_loan create_call_session update_call_status
    update_customer_call_status update_customer_call_status_by_phone
    """,
)


@pytest.fixture(params=["new", "filled"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own: one with nothing in it, and a copy of the filled one."""
    if request.param == "filled":
        shutil.copytree(request.getfixturevalue("loaded").home.root, tmp_path / "home")
    with at(tmp_path / "home"):
        yield tmp_path / "home"


# --- the examples of the earlier system's pages, word for word ----------------------------------------------------

FIRST_EXAMPLE = """
from database.schemas import get_session, create_customer, create_loan

session = get_session()
customer = create_customer(session, {
    'full_name': 'John Doe',
    'primary_phone': '+919876543210',
    'email': 'john@example.com',
    'state': 'Maharashtra'
})
loan = create_loan(session, {
    'customer_id': customer.id,
    'loan_id': 'LOAN001',
    'outstanding_amount': 50000.00,
    'next_due_date': '2024-01-15'
})
session.close()
"""
SECOND_EXAMPLE = """
from database.schemas import create_call_session

call_session = create_call_session(session, {
    'call_sid': 'CALL123',
    'customer_id': customer.id,
    'loan_id': loan.id,
    'triggered_by_batch': file_upload.id,
    'to_number': '+919876543210'
})
"""


def test_the_example_of_a_customer_and_a_loan_runs(home: Path) -> None:
    known: dict = {}
    exec(FIRST_EXAMPLE, known)
    assert known["customer"].fingerprint == "a9811b225a1fdaad575efe398009dbcb"  # md5 of 919876543210|
    assert known["loan"].outstanding_amount == Decimal("50000.00")
    assert known["loan"].next_due_date.isoformat() == "2024-01-15"
    with schemas.get_session() as session:
        assert session.query(Loan).filter_by(loan_id="LOAN001").all() == [], "it commits nothing"


def test_the_example_of_a_call_runs(home: Path) -> None:
    known: dict = {}
    exec(FIRST_EXAMPLE.replace("session.close()", ""), known)
    known["file_upload"] = FileUpload(filename="batch.csv")
    known["session"].add(known["file_upload"])
    known["session"].flush()
    exec(SECOND_EXAMPLE, known)
    known["session"].commit()
    known["session"].close()
    with schemas.get_session() as session:
        call = schemas.get_call_session_by_sid(session, "CALL123")
        assert (call.customer.name, call.loan.loan_id) == ("John Doe", "LOAN001")
        assert call.triggering_batch.filename == "batch.csv"
        assert call.status == CallStatus.NOT_INITIATED


# --- a whole script, which a later process and a later run agree with ---------------------------------------------


def test_a_whole_script_runs_and_another_process_reads_what_it_wrote(home: Path) -> None:
    said = json.loads(script("collect", home=home))
    assert said["fingerprint"] == schemas.compute_fingerprint("8130012399", "AAAZA1111Z")
    assert json.loads(script("report", home=home)) == REPORT


# --- what is exported ---------------------------------------------------------------------------------------------


def test_every_name_of_the_earlier_module_is_there() -> None:
    assert [name for name in EXPORTED if not hasattr(schemas, name)] == []
    assert set(EXPORTED) == set(schemas.__all__)


@pytest.mark.parametrize("name", [name for name in EXPORTED if name.startswith(("get_c", "get_l", "create", "update"))])
def test_a_function_takes_the_session_first(name: str) -> None:
    assert next(iter(inspect.signature(getattr(schemas, name)).parameters)) == "session"


def test_a_new_home_is_made_ready_and_can_be_read(tmp_path: Path) -> None:
    with at(tmp_path / "new"):
        assert schemas.init_database() is True
        schemas.Base.metadata.create_all(bind=schemas.engine)
        assert schemas.db_manager.test_connection() is True
        session = schemas.DatabaseManager().get_session()
        assert [session.query(model).count() for model in MODELS] == [0] * 6
        schemas.db_manager.close_session(session)
        with schemas.SessionLocal() as session:
            assert session.execute(sa.text("SELECT count(*) FROM loan_call_success")).scalar() == 0


def test_each_connection_goes_to_the_home_that_is_set_then(loaded: World, tmp_path: Path) -> None:
    counts = []
    for root in (loaded.home.root, tmp_path / "new", loaded.home.root):
        with at(root), schemas.get_session() as session:
            counts.append(session.query(Customer).count())
    assert counts[0] == counts[2] > counts[1] == 0


def test_a_home_that_has_moved_is_read_where_it_is_now(loaded: World, tmp_path: Path) -> None:
    """It neither misses the files of the place where it was, nor reads those of a home that it is a copy of."""
    moved = shutil.copytree(loaded.home.root, tmp_path / "moved")
    away = loaded.home.lake.rename(loaded.home.root / "lake.away")
    try:
        with at(moved), schemas.get_session() as session:
            rows = session.query(UploadRow).join(UploadRow.file_upload).filter(FileUpload.filename == "book.csv")
            assert rows.order_by(UploadRow.line_number).first().raw_data["name"] == "Asha Rao"
    finally:
        away.rename(loaded.home.lake)


def test_finders_take_ids_as_uuid_or_text_and_phones_in_any_writing(session: Session) -> None:
    asha = named(session, "Asha Rao")
    loan = schemas.get_loan_by_external_id(session, " B1 ")
    assert loan.customer_id == asha.id
    for said in ("98450 12345", "+919845012345", "09845012345", "9845012345.0"):
        assert schemas.get_customer_by_phone(session, said) is asha
    assert (
        schemas.get_customer_by_fingerprint(session, schemas.compute_fingerprint("9845012345", "abcxe 1234f")) is asha
    )
    sids = ["b-4", "b-3", "b-2", "b-1"]
    for kind in (uuid.UUID, str):
        calls = schemas.get_calls_by_customer(session, kind(str(asha.id)))
        assert sorted(call.call_sid for call in calls) == sids[::-1]
        calls = schemas.get_calls_by_loan(session, kind(str(loan.id)))
        assert [call.call_sid for call in calls if call.start_time] == sids[1:], "the latest first"
        assert schemas.update_customer_call_status(session, kind(str(asha.id)), "busy") is asha


def test_what_is_not_there_is_none(session: Session) -> None:
    assert schemas.get_customer_by_phone(session, "9845000000") is None
    assert schemas.get_customer_by_phone(session, "no phone") is None
    assert schemas.get_customer_by_fingerprint(session, schemas.compute_fingerprint("9845000000")) is None
    assert schemas.get_loan_by_external_id(session, "nan") is None
    assert schemas.get_call_session_by_sid(session, "no such call") is None
    assert schemas.get_calls_by_loan(session, uuid.uuid4()) == []
    assert schemas.update_call_status(session, "no such call", "busy") is None
    assert schemas.update_customer_call_status(session, str(uuid.uuid4()), "busy") is None
    assert schemas.update_customer_call_status_by_phone(session, "9845000000", "busy") is None


def test_dicts_may_use_the_earlier_names(session: Session) -> None:
    customer = schemas.create_customer(
        session,
        {
            "name": "Old Name",
            "phone_number": "9845000001",
            "loan_id": "OLD-1",
            "amount": "1,000",
            "due_date": "1-2-2026",
        },
    )
    call = schemas.create_call_session(
        session,
        {
            "call_sid": "old-call", "customer_id": str(customer.id), "loan_id": str(customer.loans[0].id),
            "to_number": "9845000001", "start_time": "2026-03-01T10:00:00", "duration": 9, "agent_number": "77",
            "metadata": {"campaign": "x"},
        },
    )  # fmt: skip
    session.expire_all()
    assert (customer.full_name, customer.primary_phone) == ("Old Name", "+919845000001")
    assert (customer.loans[0].loan_id, customer.amount, customer.due_date) == ("OLD-1", "1000.00", "2026-02-01")
    assert (call.initiated_at, call.duration_seconds) == (datetime(2026, 3, 1, 10), 9)
    assert call.call_metadata == {"campaign": "x", "agent_number": "77"}
    assert call.loan.customer is customer


# --- how calls went -----------------------------------------------------------------------------------------------


def test_the_success_rate_of_a_loan_is_percent_of_the_calls_that_were_placed(session: Session) -> None:
    """Of a call log's four calls one was completed and one never placed; then one of ours is added."""
    loan = schemas.get_loan_by_external_id(session, "B1")
    counts = schemas.get_call_counts_for_loan(session, str(loan.id))
    rate = pytest.approx(100 * 1 / 3)
    assert counts == {"total_calls": 4, "completed_calls": 1, "failed_calls": 1, "success_rate": rate}
    schemas.create_call_session(session, {"call_sid": "more", "loan_id": loan.id, "to_number": "9845012345"})
    assert schemas.get_call_counts_for_loan(session, loan.id)["success_rate"] == rate, "not placed yet"
    schemas.update_call_status(session, "more", "completed")
    counts = schemas.get_call_counts_for_loan(session, loan.id)
    assert counts == {"total_calls": 5, "completed_calls": 2, "failed_calls": 1, "success_rate": 100 * 2 / 4}


def test_the_success_rate_is_zero_where_no_call_was_placed(session: Session) -> None:
    loan = schemas.get_loan_by_external_id(session, "B6")
    nothing = {"total_calls": 0, "completed_calls": 0, "failed_calls": 0, "success_rate": 0.0}
    assert schemas.get_call_counts_for_loan(session, loan.id) == nothing
    schemas.create_call_session(session, {"call_sid": "later", "loan_id": loan.id, "to_number": "9845055555"})
    assert schemas.get_call_counts_for_loan(session, loan.id) == nothing | {"total_calls": 1}


def test_a_status_is_appended_and_never_takes_a_call_back(session: Session) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    call = schemas.update_call_status(session, "b-4", "initiated")
    assert (call.status, call.customer.status) == ("calling", "calling")
    for word, status in (("in-progress", "call_in_progress"), ("completed", "call_completed"), ("ringing", None)):
        schemas.update_call_status(session, "b-4", word, message=f"it is {word}", extra_data={"word": word})
        status = status or "call_completed"
        assert (call.status, call.customer.status, call.customer.call_status) == (status, status, status)
    session.expire_all()
    said = [(update.sequence, update.status, update.message) for update in call.status_updates]
    assert said == [
        (1, "not_initiated", None), (2, "calling", None), (3, "call_in_progress", "it is in-progress"),
        (4, "call_completed", "it is completed"), (5, "calling", "it is ringing"),
    ]  # fmt: skip
    assert call.status_updates[-1].extra_data == {"word": "ringing"}
    assert call.customer.last_contact_date >= before
    assert schemas.update_call_status(session, "b-4", "no_answer").status == "disconnected", "of equals the latest"


def test_calling_a_customer_is_noted_by_id_and_by_phone(session: Session) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    chitra = named(session, "Chitra Devi")
    assert schemas.update_customer_call_status(session, chitra.id, CallStatus.RINGING) is chitra
    assert (chitra.call_status, chitra.status) == ("calling", "calling")
    assert schemas.update_customer_call_status_by_phone(session, "098450 77777", "completed") is chitra
    session.expire_all()
    assert (chitra.call_status, chitra.status) == ("call_completed", "call_completed")
    assert chitra.last_contact_date >= before


@pytest.mark.parametrize("name", ["status", "call_status"])
def test_the_two_statuses_of_a_customer_are_one(session: Session, name: str) -> None:
    asha, new = named(session, "Asha Rao"), Customer(phone_number="9845000008", **{name: "ringing"})
    session.add(new)
    setattr(asha, name, "agent_transfer")
    session.flush()
    session.expire_all()
    assert (asha.status, asha.call_status) == ("agent_transfer", "agent_transfer")
    assert (new.status, new.call_status) == ("calling", "calling")


@pytest.mark.parametrize("absent", ["", "nan", "NA", "0", None, float("nan")], ids=repr)
def test_every_call_without_a_call_id_is_a_call_of_its_own(session: Session, absent: object) -> None:
    calls = [call(session, call_sid=absent) for _ in range(2)]
    assert [one.call_sid for one in calls] == [f"no-sid-{one.id}" for one in calls]
    assert [schemas.get_call_session_by_sid(session, one.call_sid) for one in calls] == calls


def test_statuses_that_are_added_together_are_numbered_in_order(session: Session) -> None:
    call = schemas.get_call_session_by_sid(session, "b-4")
    call.status_updates += [CallStatusUpdate(status="ringing"), CallStatusUpdate(status="busy")]
    session.flush()
    session.expire_all()
    assert [(update.sequence, update.status) for update in call.status_updates][1:] == [
        (2, "calling"),
        (3, "disconnected"),
    ]


# --- what is refused ----------------------------------------------------------------------------------------------


def assert_nobody_is_kept_waiting() -> None:
    """Another session, of the same thread even, can write at once."""
    with schemas.get_session() as other:
        named(other, "Chitra Devi").state = str(uuid.uuid4())
        other.flush()
        other.rollback()


def refuse(session: Session, kind: type[Exception], message: str, write: Callable[[Session], object]) -> None:
    """`write` must raise by the end of a flush, leave nothing behind, and leave a session that can be used again."""
    counts = [session.query(model).count() for model in MODELS]
    with pytest.raises(kind, match=message):
        write(session)
        session.flush()
    assert_nobody_is_kept_waiting()
    session.rollback()
    assert [session.query(model).count() for model in MODELS] == counts
    schemas.create_customer(session, {"name": "Somebody Else", "phone_number": "9845000099"})
    assert named(session, "Somebody Else").phone_number == "+919845000099"
    session.rollback()


def upload(session: Session, *rows: dict) -> FileUpload:
    made = FileUpload(filename="batch.csv", upload_rows=[UploadRow(**row) for row in rows])
    session.add(made)
    session.flush()
    return made


def book(session: Session) -> FileUpload:
    return session.query(FileUpload).filter_by(filename="book.csv").one()


def call(session: Session, **data: object) -> CallSession:
    return schemas.create_call_session(session, {"call_sid": "x-1", "to_number": "9845012345", **data})


CONFLICTS = {
    "phone of another customer": (
        "customers.fingerprint",
        lambda s: schemas.create_customer(s, {"name": "Twin", "phone_number": "+91 98450-77777"}),
    ),
    "phone that a customer once had": (
        "customers.fingerprint",
        lambda s: schemas.create_customer(s, {"name": "Twin", "phone_number": "9845099999"}),
    ),
    "phone moved to that of another": (
        "customers.fingerprint",
        lambda s: setattr(named(s, "Dev Anand"), "phone_number", "9845077777"),
    ),
    "same phone twice in a flush": (
        "customers.fingerprint",
        lambda s: s.add_all([Customer(name=name, phone_number="9845000003") for name in ("One", "Two")]),
    ),
    "national id of another customer": (
        "customers.national_id",
        lambda s: schemas.create_customer(s, {"phone_number": "9845000004", "national_id": "abcxe-1234 f"}),
    ),
    "loan number that is taken": (
        "loans.loan_id",
        lambda s: schemas.create_loan(s, {"customer_id": named(s, "Asha Rao").id, "loan_id": "B2"}),
    ),
    "call_sid that is taken": ("call_sessions.call_sid", lambda s: call(s, call_sid="b-1")),
    "loan of nobody": ("loans.customer_id", lambda s: schemas.create_loan(s, {"loan_id": "X-1"})),
    "loan of an unknown customer": (
        "loans.customer_id",
        lambda s: schemas.create_loan(s, {"customer_id": uuid.uuid4(), "loan_id": "X-1"}),
    ),
    "loan without a number": (
        "loans.loan_id",
        lambda s: schemas.create_loan(s, {"customer_id": named(s, "Asha Rao").id, "loan_id": float("nan")}),
    ),
    "call of an unknown customer": ("call_sessions.customer_id", lambda s: call(s, customer_id=str(uuid.uuid4()))),
    "call of an unknown loan": ("call_sessions.loan_id", lambda s: call(s, loan_id=uuid.uuid4())),
    "call of an unknown upload": ("triggered_by_batch", lambda s: call(s, triggered_by_batch=uuid.uuid4())),
    "call of an unknown row": ("triggered_by_row", lambda s: call(s, triggered_by_row=uuid.uuid4())),
    "status of an unknown call": (
        "call_status_updates.call_session_id",
        lambda s: s.add(CallStatusUpdate(call_session_id=uuid.uuid4(), status="busy")),
    ),
    "update without a status": (
        "call_status_updates.status",
        lambda s: s.add(CallStatusUpdate(call_session_id=schemas.get_call_session_by_sid(s, "b-1").id)),
    ),
    "upload without a name": ("file_uploads.filename", lambda s: s.add(FileUpload())),
    "row of an unknown upload": (
        "upload_rows.file_upload_id",
        lambda s: s.add(UploadRow(file_upload_id=uuid.uuid4(), line_number=2, raw_data={"a": 1})),
    ),
    "row without its text": ("upload_rows.raw_data", lambda s: upload(s, {"line_number": 2})),
    "same row twice in an upload": (
        "upload_rows.row_fingerprint",
        lambda s: upload(s, *({"line_number": line, "raw_data": {"a": 1}} for line in (2, 3))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CONFLICTS)
def test_a_conflict_is_an_integrity_error_at_the_flush(session: Session, what: str) -> None:
    column, write = CONFLICTS[what]
    refuse(session, IntegrityError, column, write)


NOT_KEPT = {
    "delete a customer": ("Nothing is deleted", lambda s: s.delete(named(s, "Asha Rao"))),
    "delete a loan": ("Nothing is deleted", lambda s: s.delete(schemas.get_loan_by_external_id(s, "B6"))),
    "delete a call": ("Nothing is deleted", lambda s: s.delete(schemas.get_call_session_by_sid(s, "b-5"))),
    "delete by a query": ("Nothing is deleted", lambda s: s.query(Loan).filter_by(loan_id="B6").delete()),
    "delete by text": ("Nothing is deleted", lambda s: s.execute(sa.text("DELETE FROM customers"))),
    "truncate": ("Nothing is deleted", lambda s: s.execute(sa.text("TRUNCATE TABLE loans"))),
    "unset a name": ("customers.full_name cannot be unset", lambda s: setattr(named(s, "Asha Rao"), "name", None)),
    "unset a phone": (
        "customers.primary_phone cannot be unset",
        lambda s: setattr(named(s, "Asha Rao"), "phone_number", None),
    ),
    "unset an amount": (
        "loans.outstanding_amount cannot be unset",
        lambda s: setattr(named(s, "Asha Rao"), "amount", None),
    ),
    "add a row to a file": (
        "has the rows it has",
        lambda s: s.add(UploadRow(file_upload_id=book(s).id, line_number=99, raw_data={"a": 1})),
    ),
    "change a row of a file": (
        "stays as it was read",
        lambda s: setattr(s.query(UploadRow).filter_by(loan_id_text="B1").first(), "status", "error"),
    ),
    "count a file otherwise": (
        "file_uploads.total_records is worked out",
        lambda s: setattr(book(s), "total_records", 99),
    ),
    "change a status update": (
        "append another",
        lambda s: setattr(schemas.get_call_session_by_sid(s, "b-1").status_updates[0], "message", "no"),
    ),
    "rename a call": (
        "keeps the call_sid",
        lambda s: setattr(schemas.get_call_session_by_sid(s, "b-1"), "call_sid", "b-9"),
    ),
    "change an id": (r"\bid\b", lambda s: setattr(named(s, "Dev Anand"), "id", uuid.uuid4())),
    "upsert": ("begin_nested", lambda s: s.execute(
        insert(Customer).values(full_name="Hari", fingerprint="f").on_conflict_do_nothing())),
    "write a figure": ("worked out", lambda s: s.execute(sa.text("UPDATE loan_call_success SET attempts = 0"))),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_KEPT)
def test_what_raw_could_not_keep_is_refused_in_a_sentence(session: Session, what: str) -> None:
    sentence, write = NOT_KEPT[what]
    refuse(session, CannotBeKept, sentence, write)


def test_a_file_can_be_told_how_it_came_out(session: Session) -> None:
    sent = book(session)
    sent.upload_status, sent.file_path = "completed_with_errors", "/srv/book.csv"
    session.flush()
    session.expire_all()
    assert (sent.upload_status, sent.file_path) == ("completed_with_errors", "/srv/book.csv")


def test_a_row_that_conflicts_can_be_tried_and_left_out(session: Session) -> None:
    for phone in ("9845000006", "9845077777", "9845000007"):
        try:
            with session.begin_nested():
                schemas.create_customer(session, {"name": f"Tried {phone}", "phone_number": phone})
        except IntegrityError as error:
            assert phone == "9845077777", "only Chitra's is taken"
            (finds,) = re.findall(r"(get_customer_by_fingerprint\(.*\)) finds it\.", str(error))
            known = {**vars(schemas), "session": session, "phone": phone, "national_id": ""}
            assert eval(finds, known).name == "Chitra Devi"
    tried = session.query(Customer).filter(Customer.name.like("Tried %")).order_by(Customer.name)
    assert [customer.phone_number for customer in tried] == ["+919845000006", "+919845000007"]


def test_a_statement_that_fails_can_be_tried_and_left_out(session: Session) -> None:
    schemas.create_customer(session, {"name": "Kept before", "phone_number": "9845000006"})
    with pytest.raises(DBAPIError, match="no number"), session.begin_nested():
        schemas.create_customer(session, {"name": "Left out", "phone_number": "9845000007"})
        named(session, "Dev Anand").name = "Dev"
        session.flush()
        session.execute(sa.text("SELECT CAST('no number' AS INTEGER)"))
    schemas.create_customer(session, {"name": "Kept after", "phone_number": "9845000008"})
    kept = session.query(Customer).filter(Customer.name.like("Kept %")).order_by(Customer.name)
    assert [customer.phone_number for customer in kept] == ["+919845000008", "+919845000006"]
    assert named(session, "Dev Anand").phone_number == "+919845066666"
    assert session.query(Customer).filter(Customer.name.in_(["Dev", "Left out"])).all() == []


def test_the_first_session_of_a_home_has_the_tables_copied_and_runs_renew_the_copy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    world.put("a.csv", [{"loan_id": "L1", "phone": "9845012345", "name": "Asha"}], "2026-03-01 04:00")
    world.settle()
    assert not world.home.session_copy.exists(), "a home that no session reads pays nothing for them"
    with schemas.get_session() as session:
        assert [customer.name for customer in session.query(Customer)] == ["Asha"]
        session.rollback()
        world.put("b.csv", [{"loan_id": "L2", "phone": "9845012346", "name": "Binu"}], "2026-03-02 04:00")
        world.settle()
        assert {customer.name for customer in session.query(Customer)} == {"Asha", "Binu"}


def test_a_first_session_after_a_run_that_failed_is_told_what_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    world.put("a.csv", [{"loan_id": "L1", "phone": "9845012345"}], "2026-03-01 04:00")
    world.settle()
    world.put("b.csv", [{"loan_id": "L2", "phone": "9845012346"}], "2026-03-02 04:00")
    world.load()  # built and not published
    with pytest.raises(sa.exc.InvalidRequestError, match="run `loancalls run` once"):
        schemas.get_session().execute(sa.text("SELECT 1"))
