"""The earlier names, and values as scripts write them: at once, to a later session, and after a full run."""

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sessions import at, filled, named
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from support import World

from database import schemas
from database.constraints import CannotBeKept
from database.schemas import CallSession, CallStatus, CallStatusUpdate, Customer, FileUpload, Loan

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
NAN = float("nan")
# Each earlier name: what a script sets, what it reads again.
NAMES = [
    (Customer, "name", "Fatima Sheikh", "Fatima Sheikh"),
    (Customer, "phone_number", "097000 00001", "+919700000001"),
    (Customer, "loan_id", "OLD-1", "OLD-1"),
    (Customer, "amount", 12.5, "12.50"),
    (Customer, "due_date", dt.date(2026, 5, 1), "2026-05-01"),
    (Customer, "language_code", "en-IN", "en-IN"),
    (FileUpload, "upload_status", "completed_with_errors", "completed_with_errors"),
    (FileUpload, "upload_time", "2025-01-01T00:00:00", dt.datetime(2025, 1, 1)),
    (FileUpload, "file_path", "/srv/old.csv", "/srv/old.csv"),
    (CallSession, "start_time", "2026-02-01 10:00:00", dt.datetime(2026, 2, 1, 10)),
    (CallSession, "duration", "45", 45),
    (CallSession, "end_time", dt.datetime(2026, 2, 1, 10, 1), dt.datetime(2026, 2, 1, 10, 1)),
    (CallSession, "websocket_session_id", "ws-1", "ws-1"),
    (CallSession, "call_direction", "inbound", "inbound"),
    (CallSession, "agent_transfer_time", dt.datetime(2026, 2, 1, 10, 2), dt.datetime(2026, 2, 1, 10, 2)),
    (CallSession, "agent_number", "08047100999", "08047100999"),
    (CallSession, "exotel_data", {"Sid": "x", "Legs": [1, None]}, {"Sid": "x", "Legs": [1, None]}),
    (CallSession, "conversation_transcript", [{"said": "நன்றி"}], [{"said": "நன்றி"}]),
    (CallSession, "intent_detected", "promise", "promise"),
    (CallSession, "language_detected", "ta-IN", "ta-IN"),
]
each_name = pytest.mark.parametrize(
    ("model", "name", "said", "read"), NAMES, ids=[f"{model.__name__}.{name}" for model, name, *_ in NAMES]
)
# Two rows of a file cannot have these at once, nor can a file have been sent at another time.
SAID_OF_FILES = {"phone_number": "097000 00002", "loan_id": "OLD-2", "upload_time": dt.datetime(2026, 3, 2, 4)}
READ_OF_FILES = SAID_OF_FILES | {"phone_number": "+919700000002"}
# Nor can a further row.
AT_ONCE = {"phone_number": ("097000 00003", "+919700000003"), "loan_id": ("OLD-3", "OLD-3")}
NEEDED = {Customer: {"loan_id": "NEW-1"}, FileUpload: {"filename": "new.csv"}, CallSession: {"call_sid": "new-1"}}
# What rows of files show under the earlier names while no script has said otherwise.
OF_FILES = [
    (Customer, "name", "Asha Rao"),
    (Customer, "phone_number", "+919845012345"),
    (Customer, "loan_id", "B1"),
    (Customer, "amount", "5000.00"),
    (Customer, "due_date", "2026-03-10"),
    (Customer, "language_code", "hi-IN"),
    (FileUpload, "upload_status", "completed"),
    (FileUpload, "upload_time", dt.datetime(2026, 3, 1, 4)),
    (FileUpload, "file_path", None),
    (CallSession, "start_time", dt.datetime(2026, 3, 2, 4, 30)),
    (CallSession, "end_time", dt.datetime(2026, 3, 2, 4, 30, 50)),
    (CallSession, "duration", 50),
    (CallSession, "call_direction", "outbound-api"),
    (CallSession, "agent_transfer_time", None),
    (CallSession, "intent_detected", None),
]
KEYS = {Customer: {"name": "Asha Rao"}, FileUpload: {"filename": "book.csv"}, CallSession: {"call_sid": "b-1"}}


def money(text: str) -> decimal.Decimal:
    return decimal.Decimal(text)


# Values as scripts write them: what is set, what it is then.
WRITTEN: dict[tuple[type, str], list[tuple[object, object]]] = {
    (Loan, "outstanding_amount"): [
        *[(50000.0, money("50000.00")), (0, money("0.00")), (1234.567, money("1234.57"))],
        *[("50,000.50", money("50000.50")), ("₹ 1,23,456", money("123456.00")), ("Rs. 5000/-", money("5000.00"))],
        *[("(500)", money("-500.00")), (money("10.5"), money("10.50")), (np.float64(5.25), money("5.25"))],
        *[("", None), ("nan", None), (NAN, None), (np.float64(NAN), None), (None, None)],
    ],
    (Loan, "next_due_date"): [
        *[(said, dt.date(2024, 1, 15)) for said in ("2024-01-15", "15/01/2024", "15-Jan-24", "45306")],
        *[(said, dt.date(2024, 1, 15)) for said in (dt.date(2024, 1, 15), dt.datetime(2024, 1, 15, 9))],
        *[(np.datetime64("2024-01-15T09:00", "ns"), dt.date(2024, 1, 15))],
        *[("", None), ("nan", None), (NAN, None), (pd.NaT, None)],
    ],
    (Loan, "status"): [("closed", "closed"), ("settled", "closed"), ("Paid", "closed"), ("overdue", "active")],
    (Loan, "branch"): [("  Hosa ", "Hosa"), ("", None), ("nan", None), (NAN, None), ("É \"x\",\n'y'", "É \"x\",\n'y'")],
    (Loan, "employee_id"): [(17, "17")],
    (Loan, "employee_contact_number"): [("080 4710 0123", "+918047100123"), ("ask Ravi", None), ("NA", None)],
    (Customer, "primary_phone"): [
        *[(said, "+919700001111") for said in ("97000 01111", "9700001111.0", 9700001111, 9700001111.0)],
        *[(said, "+919700001111") for said in ("+91-97000-01111", "919700001111", "09700001111 / 9700002222")],
        *[("nan", None), ("0000000000", None), (NAN, None), ("9.87654E+09", "9.87654E+09")],
    ],
    (Customer, "national_id"): [
        *[("abcd 7777-ef", "ABCD7777EF"), (123456789012, "123456789012"), (223456789012.0, "223456789012")],
        *[("nan", None), ("XXXXXX1234", None), ("1.2E+11", None), (NAN, None)],
    ],
    (Customer, "do_not_call"): [
        *[("yes", True), ("DND", True), ("registered", True), (1, True), ("1.0", True), (np.bool_(True), True)],
        *[("No", False), (0, False), (None, False), (NAN, False), (np.float64(NAN), False), ("nan", False)],
    ],
    (Customer, "email"): [("a@x.in ", "a@x.in"), (NAN, None), ("", None)],
    (CallSession, "call_sid"): [(" sid-1 ", "sid-1"), (987654, "987654")],
    (CallSession, "initiated_at"): [
        (said, dt.datetime(2024, 1, 15, 4, 30))
        for said in (
            *("2024-01-15T04:30:00", "2024-01-15 04:30", "2024-01-15T10:00:00+05:30", "2024-01-15T04:30:00Z"),
            *(dt.datetime(2024, 1, 15, 10, tzinfo=INDIA), pd.Timestamp("2024-01-15 10:00", tz="Asia/Kolkata")),
        )
    ],
    (CallSession, "duration_seconds"): [
        (30, 30),
        ("30", 30),
        ("30.0", 30),
        (30.0, 30),
        (NAN, None),
        ("nan", None),
        ("", None),
    ],
    (CallSession, "status"): [
        *[(said, "not_initiated") for said in ("not_initiated", "ready", "scheduled", CallStatus.READY, None)],
        *[(said, "calling") for said in ("initiated", "calling", "ringing", CallStatus.RINGING)],
        *[(said, "call_in_progress") for said in ("in_progress", "call_in_progress", "In-Progress")],
        *[(said, "agent_transfer") for said in ("agent_transfer", CallStatus.AGENT_TRANSFER)],
        *[(said, "call_completed") for said in ("completed", "call_completed", CallStatus.COMPLETED)],
        *[(said, "failed") for said in ("failed", "call_failed", CallStatus.CALL_FAILED)],
        *[(said, "disconnected") for said in ("not_picked", "disconnected", "busy", "no_answer", CallStatus.BUSY)],
    ],
}
VALUES = [(model, name, said, read) for (model, name), pairs in WRITTEN.items() for said, read in pairs]
each_value = pytest.mark.parametrize(
    "number", range(len(VALUES)), ids=[f"{model.__name__}.{name}={said!r}" for model, name, said, _ in VALUES]
)
NONSENSE = [
    *[(CallSession, "status", "banana"), (CallStatusUpdate, "status", "banana"), (Customer, "call_status", "banana")],
    *[(Loan, "outstanding_amount", "a lot"), (Loan, "next_due_date", "soon"), (Loan, "next_due_date", "2024-13-45")],
    *[
        (CallSession, "duration_seconds", "long"),
        (CallSession, "initiated_at", "soon"),
        (CallSession, "end_time", "soon"),
    ],
    *[(Customer, "do_not_call", "maybe"), (CallSession, "customer_id", "nobody")],
]


@dataclass
class Made:
    """A home that files were loaded into, and scripts then wrote to; the ids of what they wrote."""

    world: World
    names: dict[type, uuid.UUID] = field(default_factory=dict)  # rows made under the earlier names
    changed: dict[type, uuid.UUID] = field(default_factory=dict)  # rows of files, changed under the earlier names
    values: dict[int, uuid.UUID | Exception] = field(default_factory=dict)
    fingerprints: dict[str, tuple[uuid.UUID, list[str]]] = field(default_factory=dict)
    is_rebuilt: bool = False


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = Made(filled(tmp_path_factory.mktemp("made") / "home"))
    with at(made.world.home.root):
        for write in (write_names, change_names, write_values, change_phones):
            with schemas.get_session() as session:
                write(session, made)
                session.commit()
    return made


@pytest.fixture(scope="module", params=["to a later session", "after a full run"])
def later(request: pytest.FixtureRequest, made: Made) -> Made:
    """The same home twice: as it was left, and after a full run."""
    if request.param == "after a full run":
        made.world.settle(full=True)
        made.is_rebuilt = True
    return made


@pytest.fixture
def session(made: Made) -> Iterator[Session]:
    """A session on that home, rolled back at the end."""
    with at(made.world.home.root), schemas.get_session() as session:
        yield session
        session.rollback()


def write_names(session: Session, made: Made) -> None:
    for model, more in ((Customer, {}), (FileUpload, {"filename": "old.csv"}), (CallSession, {"call_sid": "old-1"})):
        row = model(**{name: said for of, name, said, _ in NAMES if of is model}, **more)
        session.add(row)
        session.flush()
        made.names[model] = row.id


def change_names(session: Session, made: Made) -> None:
    """Files' rows get all names; for values, other rows are left as they are."""
    rows = {
        Customer: named(session, "Esha Gupta"),
        FileUpload: session.query(FileUpload).filter_by(filename="numbers.csv").one(),
        CallSession: schemas.get_call_session_by_sid(session, "b-3"),
    }
    for model, name, said, _ in NAMES:
        made.changed[model] = rows[model].id
        if name != "upload_time":
            setattr(rows[model], name, SAID_OF_FILES.get(name, said))


def write_values(session: Session, made: Made) -> None:
    holder = schemas.create_customer(session, {"name": "Holder", "phone_number": "9700009999"}).id
    session.commit()
    for number, (model, name, said, _) in enumerate(VALUES):
        # Customers may share a phone where their national ids differ, so that each value can be held.
        others = {
            Customer: {"national_id": f"VALUE{number:04}", "primary_phone": f"97011{number:05}"},
            Loan: {"customer_id": holder, "loan_id": f"VALUE-{number}"},
            CallSession: {"call_sid": f"value-{number}", "customer_id": holder},
        }[model]
        try:
            row = model(**others | {name: said})
            session.add(row)
            session.commit()
            made.values[number] = row.id
        except (ValueError, TypeError, SQLAlchemyError) as error:  # for the test of the value to raise
            session.rollback()
            made.values[number] = error


def change_phones(session: Session, made: Made) -> None:
    """Customers change their phones: of a file, of a script, twice in a row; and past the instance."""
    schemas.create_customer(session, {"name": "Gita Menon", "phone_number": "9700020000"})
    session.commit()
    for number, name in enumerate(["Dev Anand", "Gita Menon"]):
        customer = named(session, name)
        had = [customer.fingerprint]
        for phone in (f"970002{number}001", f"970002{number}002"):
            customer.phone_number = phone
            session.commit()
            had.append(customer.fingerprint)
        made.fingerprints[name] = customer.id, had
    farid = schemas.create_customer(session, {"name": "Farid Khan", "phone_number": "9700060000"})
    session.commit()
    made.fingerprints["Farid Khan"] = farid.id, [farid.fingerprint, schemas.compute_fingerprint("9700060001")]
    session.query(Customer).filter_by(name="Farid Khan").update({"phone_number": "97000 60001"})
    ismail = schemas.create_customer(session, {"name": "Ismail Beg", "phone_number": "9700080000"})
    session.commit()
    made.fingerprints["Ismail Beg"] = ismail.id, [ismail.fingerprint]
    session.execute(sa.text("UPDATE customers SET primary_phone = '97000 80001' WHERE full_name = 'Ismail Beg'"))


# --- names --------------------------------------------------------------------------------------------------------


@each_name
def test_a_name_reads_what_was_set_at_once(
    session: Session, model: type, name: str, said: object, read: object
) -> None:
    said, read = AT_ONCE.get(name, (said, read))
    row = model(**NEEDED[model])
    session.add(row)
    setattr(row, name, said)
    assert getattr(row, name) == read
    session.flush()
    session.expire_all()
    assert getattr(row, name) == read


@each_name
def test_a_name_reads_what_was_set_later(later: Made, model: type, name: str, said: object, read: object) -> None:
    with at(later.world.home.root), schemas.get_session() as session:
        assert getattr(session.get(model, later.names[model]), name) == read
        assert getattr(session.get(model, later.changed[model]), name) == READ_OF_FILES.get(name, read)


@each_name
def test_a_name_works_in_queries(later: Made, model: type, name: str, said: object, read: object) -> None:
    column, written = getattr(model, name), {later.names[model], later.changed[model]}
    theirs = {later.names[model]} if name in READ_OF_FILES else written
    with at(later.world.home.root), schemas.get_session() as session:
        found = session.query(model).filter(model.id.in_(written))
        assert {row.id for row in found.filter(column == read)} == theirs
        assert {row.id for row in found.filter_by(**{name: read})} == theirs
        assert {row.id for row in found.filter(column.isnot(None)).order_by(column.desc())} == written
        if not isinstance(read, dict | list):  # those are text in a query
            assert set(found.with_entities(column)) == {(getattr(row, name),) for row in found}


@pytest.mark.parametrize(
    ("model", "name", "read"), OF_FILES, ids=[f"{model.__name__}.{name}" for model, name, _ in OF_FILES]
)
def test_a_name_reads_what_a_file_states(later: Made, model: type, name: str, read: object) -> None:
    column, key = getattr(model, name), KEYS[model]
    with at(later.world.home.root), schemas.get_session() as session:
        row = session.query(model).filter_by(**key).one()
        assert getattr(row, name) == read
        assert session.query(column).filter_by(**key).scalar() == read
        assert session.query(model).filter_by(**key).filter(column.is_(None) if read is None else column == read).one()


def test_rows_are_found_and_ordered_by_earlier_names(session: Session) -> None:
    sent = session.query(Customer).filter(Customer.loan_id.like("B%"))
    assert sent.order_by(Customer.due_date.desc().nulls_last(), Customer.name).first().name == "Asha Rao"
    assert [c.name for c in sent.filter(Customer.loan_id.in_(["B2", "B3"])).order_by(Customer.amount)] == [
        "Binu Thomas",
        "Chitra Devi",
    ]
    assert session.query(Customer).filter_by(loan_id="B4").count() == 0, "the first loan counts"
    for phone in ("98450 12345", "+919845012345", 9845012345):
        assert session.query(Customer).filter(Customer.phone_number == phone).one().name == "Asha Rao"
    assert session.query(Customer).filter(Customer.phone_number.like("%45012345")).one().name == "Asha Rao"
    assert session.query(Customer).filter_by(phone_number=None).filter(Customer.loan_id.like("B%")).count() == 0
    calls = session.query(CallSession).filter(CallSession.call_sid.like("b-%"), CallSession.start_time.isnot(None))
    latest = calls.filter(CallSession.call_sid != "b-3").order_by(CallSession.start_time.desc(), CallSession.call_sid)
    assert [call.call_sid for call in latest] == ["b-2", "b-5", "b-1"]
    assert [call.call_sid for call in calls.filter(CallSession.duration > 45)] == ["b-1"]
    assert [call.call_sid for call in calls.filter_by(agent_number="80")] == ["b-5"]
    ended = calls.filter(CallSession.end_time > dt.datetime(2026, 3, 1))
    assert [call.call_sid for call in ended] == ["b-1"], "the log's end time, where no script has said another"


def test_an_end_time_that_is_none_does_not_stop_queries(session: Session) -> None:
    schemas.get_call_session_by_sid(session, "b-5").call_metadata = {"end_time": "tomorrow"}
    session.flush()
    ended = session.query(CallSession).filter(CallSession.end_time > dt.datetime(2026, 3, 1))
    assert [call.call_sid for call in ended] == ["b-1"]
    assert schemas.get_call_session_by_sid(session, "b-5").end_time is None


def test_a_time_with_a_zone_is_kept_as_utc_under_each_name(session: Session) -> None:
    call = schemas.get_call_session_by_sid(session, "b-1")
    for name in ("start_time", "end_time", "agent_transfer_time"):
        setattr(call, name, dt.datetime(2026, 3, 2, 12, tzinfo=INDIA))
        session.flush()
        session.expire_all()
        assert getattr(call, name) == dt.datetime(2026, 3, 2, 6, 30)
        found = session.query(CallSession).filter(getattr(CallSession, name) == dt.datetime(2026, 3, 2, 6, 30))
        assert [one.call_sid for one in found] == ["b-1"]


def test_a_customer_gets_his_first_loan_by_the_earlier_names(session: Session) -> None:
    customer = schemas.create_customer(session, {"name": "No Loan", "phone_number": "9700030000"})
    assert (customer.loan_id, customer.amount, customer.due_date) == (None, None, None)
    customer.amount = None
    assert customer.loans == []
    customer.loan_id, customer.amount = "OLD-3", "1,000"
    session.flush()
    assert schemas.get_loan_by_external_id(session, "OLD-3").customer is customer
    assert schemas.get_loan_by_external_id(session, "OLD-3").outstanding_amount == 1000


# --- fingerprints -------------------------------------------------------------------------------------------------


def test_a_new_phone_makes_a_new_fingerprint_and_the_old_one_still_finds_its_customer(session: Session) -> None:
    asha = named(session, "Asha Rao")
    old = asha.fingerprint
    assert old == schemas.compute_fingerprint("98450 12345", "ABCXE1234F")
    asha.phone_number = "9700040001"
    assert asha.fingerprint == schemas.compute_fingerprint("+919700040001", "abcxe1234f") != old
    session.flush()
    for fingerprint in (old, asha.fingerprint):
        assert schemas.get_customer_by_fingerprint(session, fingerprint) is asha
    asha.phone_number = "9845012345"
    session.flush()
    assert asha.fingerprint == old


@pytest.mark.parametrize("name", ["Dev Anand", "Gita Menon"])
def test_every_fingerprint_a_customer_had_finds_him_later(later: Made, name: str) -> None:
    id_, had = later.fingerprints[name]
    assert len(set(had)) == 3
    with at(later.world.home.root), schemas.get_session() as session:
        assert [schemas.get_customer_by_fingerprint(session, fingerprint).id for fingerprint in had] == [id_] * 3
        assert named(session, name).fingerprint == had[-1]


def test_a_phone_that_is_updated_in_place_makes_its_fingerprint_with_the_next_run(later: Made) -> None:
    id_, had = later.fingerprints["Farid Khan"]
    with at(later.world.home.root), schemas.get_session() as session:
        assert schemas.get_customer_by_phone(session, "97000 60001").id == id_
        farid = session.get(Customer, id_)
        assert farid.phone_number == "+919700060001"
        assert farid.fingerprint == had[later.is_rebuilt]
        assert schemas.get_customer_by_fingerprint(session, had[0]) is farid
        by_text = session.get(Customer, later.fingerprints["Ismail Beg"][0])
        assert by_text.phone_number == ("+919700080001" if later.is_rebuilt else "97000 80001")


# --- values -------------------------------------------------------------------------------------------------------


@each_value
def test_a_value_is_what_scripts_mean_by_it(later: Made, number: int) -> None:
    model, name, _, read = VALUES[number]
    found = later.values[number]
    if isinstance(found, Exception):
        raise found
    with at(later.world.home.root), schemas.get_session() as session:
        assert getattr(session.get(model, found), name) == read


@each_value
def test_an_instance_shows_at_once_what_the_tables_will_have(number: int) -> None:
    model, name, said, read = VALUES[number]
    shown, default = getattr(model(**{name: said}), name), model.__table__.columns[name].default
    assert shown == read or (shown is None and default is not None and default.arg == read)


@pytest.mark.parametrize(
    ("name", "said", "read"),
    [
        ("outstanding_amount", np.int64(5), money("5.00")),
        ("outstanding_amount", np.float32(5.25), money("5.25")),
        ("outstanding_amount", money("1.239"), money("1.24")),
        ("outstanding_amount", pd.NA, None),
        ("branch", pd.NA, None),
        ("next_due_date", np.datetime64("NaT"), None),
    ],
    ids=repr,
)
def test_what_a_data_frame_holds_can_be_set(session: Session, name: str, said: object, read: object) -> None:
    loan = schemas.create_loan(session, {"customer_id": named(session, "Asha Rao").id, "loan_id": "DF-1", name: said})
    assert getattr(loan, name) == read
    session.expire_all()
    assert getattr(loan, name) == read


@pytest.mark.parametrize(("model", "name", "said"), NONSENSE, ids=[f"{m.__name__}.{n}={s}" for m, n, s in NONSENSE])
def test_what_means_nothing_is_a_value_error(model: type, name: str, said: str) -> None:
    with pytest.raises(ValueError):
        model(**{name: said})


@pytest.mark.parametrize("blank", ["nan", "", "NA", NAN, np.float64(NAN), pd.NA], ids=repr)
def test_a_wish_not_to_be_called_is_not_undone_by_a_blank_cell(session: Session, blank: object) -> None:
    asha = named(session, "Asha Rao")
    asha.do_not_call = "DND"
    session.flush()
    asha.do_not_call = blank
    session.flush()
    session.expire_all()
    assert asha.do_not_call is True


@pytest.mark.parametrize("blank", ["nan", " ", "", NAN, np.float64(NAN), pd.NA], ids=repr)
@pytest.mark.parametrize("name", ["name", "email", "phone_number", "national_id", "amount", "due_date"])
def test_a_blank_cell_leaves_what_was_stated(session: Session, name: str, blank: object) -> None:
    asha = named(session, "Asha Rao")
    stated, fingerprint = getattr(asha, name), asha.fingerprint
    setattr(asha, name, blank)
    session.flush()
    session.expire_all()
    assert (getattr(asha, name), asha.fingerprint) == (stated, fingerprint)


def test_a_wish_not_to_be_called_cannot_be_unset(session: Session) -> None:
    asha = named(session, "Asha Rao")
    asha.do_not_call = None
    with pytest.raises(CannotBeKept, match="do_not_call cannot be unset"):
        session.flush()


def test_queries_take_any_word_for_a_status(session: Session) -> None:
    calls = session.query(CallSession).filter(CallSession.call_sid.like("b-%")).order_by(CallSession.call_sid)
    for word in ("busy", "no_answer", "disconnected", CallStatus.NOT_PICKED):
        assert [call.call_sid for call in calls.filter(CallSession.status == word)] == ["b-2", "b-5"]
        assert [call.call_sid for call in calls.filter_by(status=word)] == ["b-2", "b-5"]
    assert calls.filter(CallSession.status.in_(["completed", "call_failed"])).count() == 2
