"""What sessions show is what a full run makes of it, whatever scripts do."""

import json
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sessions import MODELS, REPORT, Tables, at, filled, named, rebuild, script, tables

from database import schemas
from database.schemas import CallSession, Customer, FileUpload, Loan, UploadRow

TABLE_NAMES = [model.__tablename__ for model in MODELS]
LAST_FILE = datetime(2026, 4, 1)  # what is younger, scripts have made
# What the next run works out, and so need not be as the session shows it.
WORKED_OUT = {
    "customers": {"updated_at"},
    "loans": {"updated_at"},
    # When an upload was first stated is known by the commit; its name is its original one if no other is stated.
    "file_uploads": {"updated_at", "created_at", "original_filename", "duplicate_records"},
    # The stated hash is hashed, the stated error put into our words.
    "upload_rows": {"row_fingerprint", "error"},
    "call_sessions": {"updated_at", "attribution", "provider_status"},
    "call_status_updates": {"upload_row_id", "provider_status"},
}
# What is worked out where nothing is stated.
FILLED_IN = {
    "call_sessions": {"customer_id", "loan_id", "triggered_by_batch", "triggered_by_row", "initiated_at"},
    "loans": {"loan_key", "cluster_key", "branch_key", "employee_key"},
    "upload_rows": {"branch_key", "employee_key"},
}
# How calling a person went is worked out from the calls, where there are some.
OF_CALLS = {"status", "call_status", "last_contact_date"}


class Script:
    """A script that does whatever comes, one thing after another, some of them committed together, some undone.

    It works on what scripts have made, and on loans B1, B3 and B4 of a file, their customers and their calls.
    """

    def __init__(self, seed: int):
        self.random, self.number, self.session = random.Random(seed), 0, schemas.get_session()

    def work(self, steps: int) -> None:
        todo = [name for name in dir(self) if name.startswith("do_")]
        for step in range(steps):
            everything_once = step < len(todo)
            getattr(self, todo[step] if everything_once else self.random.choice(todo))()
            self.session.flush()
            luck = self.random.random()
            if luck < 0.3 or everything_once:
                self.session.commit()
            elif luck < 0.4:
                self.session.rollback()
        self.session.commit()
        self.session.close()

    def next(self) -> int:
        self.number += 1
        return self.number

    def one(self, model: type) -> object:
        sent = {
            Customer: Customer.full_name.in_(["Asha Rao", "Chitra Devi"]),
            Loan: Loan.loan_id.in_(["B1", "B3", "B4"]),
            CallSession: CallSession.call_sid.in_(["b-1", "b-3", "b-4", "b-5"]),
        }[model]
        rows = self.session.query(model).filter(sent | (model.created_at > LAST_FILE))
        return self.random.choice(rows.order_by(model.created_at, model.id).all())

    def phone(self) -> object:
        digits = f"97{self.next():08d}"
        return self.random.choice([digits, f"+91{digits}", f"0{digits[:5]} {digits[5:]}", f"{digits}.0", int(digits)])

    def text(self) -> str:
        odd = ("Asha", "É \"x\", 'y'; --", "क ख", "a\nb", '{"j": 1}', "null", "NULL", "\\N", "0", "1.0", "true")
        return f"{self.random.choice(odd)}{self.next()}"

    def amount(self) -> object:
        whole = self.random.randint(1, 10**6)
        return self.random.choice([whole, whole / 100, Decimal(whole) / 4, f"{whole:,}.50", f"Rs. {whole}/-"])

    def time(self) -> object:
        moment = datetime(2026, 3, self.random.randint(1, 28), self.random.randint(0, 23), 7, 9, 123456)
        return self.random.choice([moment, moment.isoformat(), moment.replace(tzinfo=UTC)])

    def some(self, **cells: object) -> dict:
        return {name: cell for name, cell in cells.items() if self.random.random() < 0.5}

    def do_create_customer(self) -> None:
        cells = self.some(
            national_id=f"pan{self.next()}77{self.next()}x",
            email=self.text(),
            state=self.text(),
            call_status="ringing",
            do_not_call=True,
            language_code="ta-IN",
            last_contact_date=self.time(),
            loan_id=f"S{self.next()}",
        )
        schemas.create_customer(self.session, {"name": self.text(), "phone_number": self.phone(), **cells})

    def do_change_customer(self) -> None:
        customer, name = self.one(Customer), self.random.choice(["email", "state", "language_code"])
        setattr(customer, name, self.text()[:9])
        customer.do_not_call = not customer.do_not_call

    def do_change_phone(self) -> None:
        self.one(Customer).phone_number = self.phone()

    def do_learn_national_id(self) -> None:
        customer = self.one(Customer)
        customer.national_id = customer.national_id or f"nid{self.next()}88{self.next()}"

    def do_update_customer(self) -> None:
        word = self.random.choice(["ringing", "completed", "busy", "in_progress"])
        schemas.update_customer_call_status(self.session, self.one(Customer).id, word)

    def do_create_loan(self) -> None:
        cells = self.some(
            outstanding_amount=self.amount(),
            next_due_date="15/03/2026",
            branch=self.text(),
            status="closed",
            employee_id=self.text(),
            employee_contact_number=f"080471{self.next():05d}",
        )
        customer = self.one(Customer)
        schemas.create_loan(self.session, {"customer_id": customer.id, "loan_id": f"S{self.next()}", **cells})

    def do_change_loan(self) -> None:
        loan = self.one(Loan)
        cells = self.some(
            principal_amount=self.amount(),
            due_amount=self.amount(),
            last_paid_amount=self.amount(),
            last_paid_date="1-Apr-2026",
            cluster=self.text(),
            employee_name=self.text(),
            status=self.random.choice(["active", "closed"]),
            loan_id=loan.loan_id if loan.loan_id.startswith("B") else f"S{self.next()}",
        )
        for name, cell in cells.items():
            setattr(loan, name, cell)

    def do_change_first_loan(self) -> None:
        customer = self.one(Customer)
        customer.loan_id = customer.loan_id or f"S{self.next()}"
        customer.amount, customer.due_date = self.amount(), "2026-05-01"

    def do_create_call(self) -> None:
        loan = self.one(Loan)
        cells = self.some(
            call_sid=f"s-{self.next()}",
            customer_id=str(loan.customer_id),
            loan_id=loan.id,
            start_time=self.time(),
            metadata={"said": self.text(), "n": [1, 2.5, None]},
            status=self.random.choice(["ready", "ringing", "failed"]),
        )
        schemas.create_call_session(self.session, {"to_number": self.phone(), **cells})

    def do_change_call(self) -> None:
        call = self.one(CallSession)
        cells = self.some(
            duration="8",
            end_time=self.time(),
            agent_number="9",
            exotel_data={"a": [self.text()]},
            price=1.25,
            conversation_seconds=3,
            to_number=self.phone(),
            start_time=self.time(),
            recording_url=self.text(),
        )
        for name, cell in cells.items():
            setattr(call, name, cell)

    def do_update_call(self) -> None:
        word = self.random.choice(["ringing", "in-progress", "completed", "no_answer", "agent_transfer", "failed"])
        schemas.update_call_status(self.session, self.one(CallSession).call_sid, word, self.text(), {"x": self.text()})

    def do_upload(self) -> None:
        loan = self.one(Loan)
        row = UploadRow(
            line_number=2,
            raw_data={"n": self.text()},
            status="matched",
            matched_customer=loan.customer,
            matched_loan=loan,
            match_method="fingerprint",
            loan_id_text=loan.loan_id,
            matched_at=self.time(),
        )
        upload = FileUpload(
            filename=self.text(),
            file_path=self.text(),
            uploaded_by="me",
            upload_time=self.time(),
            total_records=1,
            processed_records=1,
            success_records=1,
            processing_errors={"e": self.text()},
            upload_rows=[row],
        )
        self.session.add(upload)
        call = {"call_sid": f"s-{self.next()}", "to_number": self.phone(), "loan": loan, "customer": loan.customer}
        schemas.create_call_session(self.session, call | {"triggering_batch": upload, "triggering_row": row})
        upload.upload_status = self.random.choice(["completed", "failed"])


@dataclass
class Kept:
    """What sessions showed before and after a full run; the ids of rows that have a test of their own."""

    before: Tables
    after: Tables
    report: str
    own: dict[str, uuid.UUID]

    def both(self, table: str, name: str) -> tuple[dict | None, dict | None]:
        return self.before[table].get(self.own[name]), self.after[table].get(self.own[name])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A home with files, in which sessions then did many things, and after that a full run."""
    world = filled(tmp_path_factory.mktemp("kept") / "home", sample=True)
    with at(world.home.root):
        with schemas.get_session() as session:
            own = {name: named(session, name).id for name in ("Binu Thomas", "Dev Anand", "Esha Gupta")}
            named(session, "Binu Thomas").email = "binu@x.in"
            named(session, "Dev Anand").loans[0].customer = named(session, "Esha Gupta")
            call = schemas.update_call_status(session, "b-2", "completed")
            session.flush()
            call.status = "busy"
            own["b-2"] = call.id
            unnamed = schemas.create_call_session(session, {"to_number": "9845077777", "status": "initiated"})
            own["unnamed"] = unnamed.id
            session.commit()
            unnamed.call_sid = "named-later"
            schemas.update_call_status(session, "named-later", "completed")
            session.commit()
        Script(seed=7).work(steps=80)
        script("collect", home=world.home.root)
        before = tables()
        rebuild(world)
        return Kept(before, tables(), script("report", home=world.home.root), own)


def differences(kept: Kept, table: str) -> list[tuple]:
    """Each cell of a row that sessions showed, but for what runs work out, that is another one after the run."""
    files = {key for key, row in kept.before["file_uploads"].items() if row["sha256"]}
    called = {row["customer_id"] for row in kept.after["call_sessions"].values()}
    found = []
    for key, row in kept.before[table].items():
        # What became of the row of a file follows what is known today.
        if row.get("file_upload_id") in files or key in kept.own.values():
            continue
        leave = WORKED_OUT[table] | {name for name in FILLED_IN.get(table, ()) if row[name] is None}
        leave |= OF_CALLS if table == "customers" and key in called else set()
        now = kept.after[table].get(key, {})
        found += [(key, name, row[name], now.get(name)) for name in row.keys() - leave if row[name] != now.get(name)]
    return found


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_a_full_run_keeps_every_row_that_sessions_showed(kept: Kept, table: str) -> None:
    assert differences(kept, table) == []


@pytest.mark.parametrize("table", TABLE_NAMES)
def test_a_full_run_adds_only_the_uploads_that_sessions_statements_are(kept: Kept, table: str) -> None:
    more = [row for key, row in kept.after[table].items() if key not in kept.before[table]]
    if table == "file_uploads":
        assert more and all(row["source"] == "api" and row["sha256"] for row in more)
    elif table == "upload_rows":
        uploads = kept.after["file_uploads"]
        assert more and all(uploads[row["file_upload_id"]]["source"] == "api" for row in more)
        assert {row["error"] for row in more} == {None}
    else:
        assert more == []


def test_the_script_of_chance_did_everything(kept: Kept) -> None:
    """The comparison is worth what was done: many rows were made of each kind, and rows of files were changed."""
    made = {
        table: [row for row in rows.values() if row.get("created_at", LAST_FILE) > LAST_FILE]
        for table, rows in kept.before.items()
    }
    assert min(len(made[table]) for table in ("customers", "loans", "call_sessions", "file_uploads")) >= 3
    assert any(row["call_sid"].startswith("no-sid-") for row in made["call_sessions"])
    for table in ("customers", "loans", "call_sessions"):
        changed = [row for row in kept.before[table].values() if row["created_at"] < LAST_FILE < row["updated_at"]]
        assert len(changed) >= 2, table


def test_the_earlier_systems_script_reads_the_same_after_a_full_run(kept: Kept) -> None:
    assert json.loads(kept.report) == REPORT


def test_a_new_email_leaves_the_fingerprint_of_a_customer_who_once_had_another_number(kept: Kept) -> None:
    before, after = kept.both("customers", "Binu Thomas")
    assert after["email"] == "binu@x.in"
    assert after["fingerprint"] == before["fingerprint"]


def test_a_loan_that_goes_to_another_customer_leaves_its_first_one_as_he_was(kept: Kept) -> None:
    loans = {row["loan_id"]: row["customer_id"] for row in kept.after["loans"].values()}
    assert (loans["B5"], loans["B6"]) == (kept.own["Esha Gupta"], kept.own["Esha Gupta"])
    for name in ("Dev Anand", "Esha Gupta"):
        before, after = kept.both("customers", name)
        assert after is not None, f"{name} is gone"
        assert (after["full_name"], after["fingerprint"]) == (before["full_name"], before["fingerprint"])


def test_a_status_that_was_corrected_before_the_commit_stays_corrected(kept: Kept) -> None:
    before, after = kept.both("call_sessions", "b-2")
    assert (before["status"], after["status"]) == ("disconnected", "disconnected")


def test_what_runs_work_out_for_a_call_stays_so_when_a_script_changes_its_status(kept: Kept) -> None:
    before, after = kept.both("call_sessions", "b-2")
    assert before["attribution"] == "loan" and before["triggered_by_row"]
    for name in ("attribution", "loan_id", "customer_id", "triggered_by_batch", "triggered_by_row"):
        assert after[name] == before[name]


def test_a_call_that_was_named_after_it_was_placed_goes_on_under_its_id(kept: Kept) -> None:
    before, after = kept.both("call_sessions", "unnamed")
    for row in (before, after):
        assert (row["call_sid"], row["status"]) == ("named-later", "call_completed")
    updates = [row for row in kept.after["call_status_updates"].values() if row["call_session_id"] == after["id"]]
    assert [row["status"] for row in updates] == ["call_completed"]
