"""What belongs to rows, in both directions and loaded with them, and many rows at once, as scripts write it."""

import uuid
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sessions import loaded as loaded  # the fixtures
from sessions import session as session
from sqlalchemy.orm import Session, joinedload, selectinload, subqueryload

from database import schemas
from database.schemas import CallSession, CallStatusUpdate, Customer, FileUpload, Loan, UploadRow

# --- relationships ------------------------------------------------------------------------------------------------


@pytest.fixture
def family(session: Session) -> Customer:
    """A new customer with one of each thing, all saved by saving the customer."""
    customer = Customer(name="Hema Iyer", phone_number="9700050000")
    customer.loans.append(Loan(loan_id="REL-1", outstanding_amount=5))
    row = UploadRow(line_number=2, raw_data={"a": 1}, matched_customer=customer, matched_loan=customer.loans[0])
    upload = FileUpload(filename="rel.csv", upload_rows=[row])
    call = CallSession(call_sid="rel-1", to_number="9700050000", loan=customer.loans[0], triggering_row=row)
    call.triggering_batch = upload
    call.status_updates.append(CallStatusUpdate(status="ringing"))
    customer.call_sessions.append(call)
    session.add(customer)
    session.flush()
    session.expire_all()
    return customer


BOTH_WAYS = [
    ("customer.loans", "loan.customer"),
    ("customer.call_sessions", "call.customer"),
    ("loan.call_sessions", "call.loan"),
    ("customer.upload_row_matches", "row.matched_customer"),
    ("loan.upload_row_matches", "row.matched_loan"),
    ("upload.upload_rows", "row.file_upload"),
    ("upload.triggered_call_sessions", "call.triggering_batch"),
    ("row.triggered_call_sessions", "call.triggering_row"),
    ("call.status_updates", "update.call_session"),
]


@pytest.mark.parametrize(("many", "one"), BOTH_WAYS)
def test_a_relationship_goes_both_ways(session: Session, family: Customer, many: str, one: str) -> None:
    things = {
        "customer": family,
        "loan": session.query(Loan).filter_by(loan_id="REL-1").one(),
        "upload": session.query(FileUpload).filter_by(filename="rel.csv").one(),
        "row": session.query(UploadRow).filter_by(match_customer_id=family.id).one(),
        "call": session.query(CallSession).filter_by(call_sid="rel-1").one(),
        "update": session.query(CallStatusUpdate).join(CallSession).filter_by(call_sid="rel-1").one(),
    }
    parent, attribute = many.split(".")
    child, back = one.split(".")
    assert getattr(things[parent], attribute) == [things[child]]
    assert getattr(things[child], back) is things[parent]


@pytest.mark.parametrize("load", [joinedload, selectinload, subqueryload], ids=lambda load: load.__name__)
def test_what_belongs_to_rows_can_be_loaded_with_them(session: Session, load: Callable) -> None:
    query = session.query(Customer).options(load(Customer.loans), load(Customer.call_sessions))
    found = {c.name: c for c in query.filter(Customer.name.in_(["Asha Rao", "Chitra Devi"]))}
    session.expunge_all()  # nothing more can be loaded
    assert [loan.loan_id for loan in found["Chitra Devi"].loans] == ["B3", "B4"]
    assert sorted(call.call_sid for call in found["Asha Rao"].call_sessions) == ["b-1", "b-2", "b-3", "b-4"]


def test_what_belongs_to_rows_can_be_loaded_while_going_over_them(session: Session) -> None:
    seen = {}
    for customer in session.query(Customer).filter(Customer.name.in_(["Asha Rao", "Chitra Devi"])).yield_per(1):
        seen[customer.name] = [loan.loan_id for loan in customer.loans], len(customer.call_sessions)
        assert {row.matched_customer for loan in customer.loans for row in loan.upload_row_matches} == {customer}
    assert seen == {"Asha Rao": (["B1"], 4), "Chitra Devi": (["B3", "B4"], 1)}


def test_tables_can_be_joined_by_their_relationships(session: Session) -> None:
    query = session.query(Customer.name, Loan.loan_id).join(Loan).filter(Loan.loan_id.in_(["B3", "B4"]))
    assert query.order_by(Loan.loan_id).all() == [("Chitra Devi", "B3"), ("Chitra Devi", "B4")]
    query = session.query(Customer).join(Customer.call_sessions).filter(CallSession.call_sid == "b-5")
    assert [customer.name for customer in query] == ["Chitra Devi"]
    assert [c.name for c in session.query(Customer).filter(Customer.loans.any(Loan.loan_id == "B4"))] == ["Chitra Devi"]


# --- many rows at once --------------------------------------------------------------------------------------------


def test_two_thousand_customers_can_be_added_at_once(session: Session) -> None:
    before = session.query(Customer).count()
    session.add_all([Customer(name=f"Many {n}", phone_number=f"96{n:08}") for n in range(2000)])
    session.flush()
    assert session.query(Customer).count() == before + 2000
    assert schemas.get_customer_by_phone(session, "96000 01999").name == "Many 1999"


UPDATES = {
    "by a query": lambda s: s.query(Customer).filter(Customer.name == "Chitra Devi").update({"state": "Goa"}),
    "by a query under an earlier name": lambda s: (
        s.query(Customer).filter_by(loan_id="B3").update({Customer.name: "Chitra D", "state": "Goa"})
    ),
    "by a statement": lambda s: (
        s.execute(sa.update(Customer).where(Customer.phone_number == "+919845077777").values(state="Goa")).rowcount
    ),
    "by text": lambda s: (
        s.execute(
            sa.text("UPDATE customers SET state = :state WHERE full_name = 'Chitra Devi'"), {"state": "Goa"}
        ).rowcount
    ),
}


@pytest.mark.parametrize("how", UPDATES)
def test_rows_can_be_updated_where_they_are(session: Session, how: str) -> None:
    assert UPDATES[how](session) == 1
    session.expire_all()
    assert [customer.loan_id for customer in session.query(Customer).filter_by(state="Goa")] == ["B3"]


def test_amounts_can_be_worked_out_in_an_update(session: Session) -> None:
    theirs = session.query(Loan).filter(Loan.loan_id.in_(["B1", "B3"]))
    assert theirs.update({Loan.due_amount: Loan.outstanding_amount / 10}, synchronize_session=False) == 2
    session.expire_all()
    assert {loan.loan_id: loan.due_amount for loan in theirs} == {"B1": Decimal("500.00"), "B3": Decimal("90.00")}


def test_rows_can_be_inserted_by_statements(session: Session) -> None:
    fingerprint = schemas.compute_fingerprint("9700070001")
    core = sa.insert(Customer.__table__).values(
        fingerprint=fingerprint, full_name="Core", primary_phone="+919700070001"
    )
    session.execute(core)
    customer = schemas.get_customer_by_phone(session, "9700070001")
    assert (customer.name, customer.language_code, customer.status) == ("Core", "hi-IN", "not_initiated")
    session.execute(sa.insert(Loan), [{"customer_id": customer.id, "loan_id": f"CORE-{n}"} for n in range(3)])
    session.bulk_save_objects([Loan(customer_id=str(customer.id), loan_id="CORE-3", outstanding_amount="1,000")])
    assert [loan.loan_id for loan in customer.loans] == ["CORE-0", "CORE-1", "CORE-2", "CORE-3"]
    text = "INSERT INTO file_uploads (id, filename, status) VALUES (:id, 'text.csv', 'completed')"
    session.execute(sa.text(text), {"id": str(uuid.uuid4())})
    assert session.query(FileUpload).filter_by(filename="text.csv").one().upload_status == "completed"
