"""Random homes for builds of a part: many loans, phones and calls of which few meet, and days that change a little.

In half of them our own API and imports state things, too.
"""

import csv
import hashlib
import random
from datetime import datetime

import stories
from stories import ours
from support import World, csv_bytes

from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, STATUS, UPLOAD_ROW
from orchestration.errors import UsageError
from orchestration.ingest.corrections import restate, withdraw
from orchestration.store.records import API, IMPORT

PEOPLE = 60
Record = dict[str, str | None]


class Dice(random.Random):
    """Chance, in the words of loan books and call logs."""

    def phone(self) -> str:
        return f"98450{self.randrange(PEOPLE * 2):05d}"

    def contact(self) -> str:
        return f"08047100{self.randrange(4):03d}"

    def loan(self) -> str:
        return f"L{self.randrange(PEOPLE * 2)}"

    def day(self) -> str:
        return f"2026-03-{self.randint(1, 8):02d}"


def loan_row(dice: Dice) -> dict[str, str]:
    number = dice.randrange(PEOPLE)
    return {
        "name": dice.choice(["Asha", "Binu", "Chandra", "Asha K", ""]),
        "phone": dice.choice(
            [dice.phone()] * 8 + ["", dice.contact(), f"{dice.phone()} / {dice.phone()}"],
        ),
        "pan": dice.choice([""] * 5 + [f"ABCXE{number:04d}F"]),
        "loan_id": dice.choice(
            [dice.loan()] * 10 + [f"L-{number}", f"0{number}", str(number), f"l{number}", "", "1E+11"]
        ),
        "amount": dice.choice(["0", "100", "1,23,456.00", "", "x"]),
        "due_date": dice.choice(["05/03/2026", "25/03/2026", "03/25/2026", ""]),
        "last_paid_date": dice.choice(["2026-03-03", "2026-03-05", ""]),
        "last_paid_amount": dice.choice(["500", "700"]),
        "emp_id": dice.choice(["E1", "E2", "", "E3"]),
        "employee": dice.choice(["Ravi", "Sita", "", "Mohan"]),
        "branch": dice.choice(["Hosa", "Kave", "", "hosa "]),
        "cluster": dice.choice(["N", "S", ""]),
        "branch_contact": dice.choice([""] * 12 + [dice.contact(), dice.phone()]),
        "role": dice.choice([""] * 8 + ["applicant", "co-applicant", "guarantor"]),
        "dnc": dice.choice(["", "", "", "yes", "no"]),
    }


def call_row(dice: Dice) -> dict[str, str]:
    is_named = dice.random() < 0.3
    return {
        "call_sid": dice.choice([f"c{dice.randrange(PEOPLE * 4)}"] * 12 + [""]),
        "from": dice.choice(["08047100123", "08047100001", dice.phone()]),
        "to": dice.choice([dice.phone()] * 5 + ["9000000000", "08047100001"]),
        "status": dice.choice(["completed", "busy", "ringing", "in-progress", "failed", "ready", "odd", "no-answer"]),
        "start_time": dice.choice([f"{dice.day()} 1{dice.randint(0, 9)}:00:00"] * 6 + [""]),
        "updated_at": dice.choice([f"{dice.day()} 20:00:00", ""]),
        "duration": dice.choice(["5", "50", ""]),
        "conversation_duration": dice.choice(["4", "40", ""]),
        "loan_id": dice.choice(["", "", dice.loan(), f"Z{dice.randrange(5)}"]),
        "triggered_by_batch": dice.choice(["book1.csv", "book2.csv", "BOOK3.csv"]) if is_named else "",
        "triggered_by_row": str(dice.randint(2, 9)) if is_named or dice.random() < 0.1 else "",
    }


def upload(dice: Dice, number: int, size: int) -> tuple[str, bytes, str]:
    """A file as (name, content, sent at): books that share names, logs, and now and then what is neither."""
    at = f"{dice.day()} 0{dice.randint(3, 9)}:{dice.randint(0, 59):02d}"
    if dice.random() < 0.55:
        return f"book{dice.randint(1, 4)}.csv", csv_bytes([loan_row(dice) for _ in range(size)]), at
    if dice.random() < 0.05:
        return f"odd{number}.csv", f"branch,target\nB,{number}\n".encode(), at
    return f"calls{number}.csv", csv_bytes([call_row(dice) for _ in range(size)]), at


# --- what records of ours state --------------------------------------------------------------------------------------


class Ids:
    """The ids that records may state: of our own, and those that come from rows, uploads, loans and calls of files."""

    def __init__(self, dice: Dice, sent: list[tuple[str, bytes, str]]):
        self.dice, self.shas = dice, [hashlib.sha256(content).hexdigest() for _, content, _ in sent]

    def mine(self, kind: str) -> str:
        return ours(f"{kind} {self.dice.randrange(PEOPLE // 2)}")

    def row(self) -> str:
        """That of a line of a file, which may not be there, or of a row that a record states."""
        if self.dice.random() < 0.2:
            return self.mine("row")
        return stories.row_id(self.dice.choice(self.shas), self.dice.randint(2, 12))

    def upload(self) -> str:
        if self.dice.random() < 0.5:
            return self.mine("upload")
        return stories.upload_id_of(self.dice.choice(self.shas))

    def person(self) -> Record:
        """A customer by an id of our own, or by the one that comes from a row."""
        if self.dice.random() < 0.6:
            return {"customer_id": self.mine("customer"), "customer_row": None}
        row = self.row()
        return {"customer_id": stories.id_of(f"customer|{row}"), "customer_row": row}

    def loan(self) -> str:
        return self.dice.choice([self.mine("loan"), stories.id_of(f"loan|{self.dice.loan()}")])

    def maybe(self, value: str) -> str | None:
        return value if self.dice.random() < 0.4 else None


def customer_record(dice: Dice, ids: Ids) -> Record:
    person = ids.person()
    return {
        "entity_id": dice.choice([person["customer_id"]] * 20 + [None]),
        "customer_row": person["customer_row"],
        "full_name": dice.choice([None, "Asha", "Dev"]),
        "phone": dice.choice([dice.phone(), dice.phone(), dice.contact(), None]),
        "national_id": dice.choice([None, None, f"ABCXE{dice.randrange(PEOPLE):04d}F"]),
        "call_status": dice.choice([None, "ready", "completed", "odd"]),
        "last_contact_date": dice.choice([None, f"{dice.day()} 10:00:00"]),
        "stated_at": f"{dice.day()} 10:00:00",
    }


def loan_record(dice: Dice, ids: Ids) -> Record:
    former = ids.person() if dice.random() < 0.2 else {"customer_id": None, "customer_row": None}
    return {
        **ids.person(),
        "entity_id": dice.choice([ids.mine("loan")] * 10 + [None]),
        "former_customer_id": former["customer_id"],
        "former_customer_row": former["customer_row"],
        "loan_id": dice.choice([dice.loan()] * 10 + [None]),
        "former_loan_id": dice.choice([None] * 3 + [dice.loan()]),
        "outstanding_amount": dice.choice([None, "0", "70"]),
        "loan_status": dice.choice([None, None, "closed"]),
        "employee_name": dice.choice([None, "Ravi"]),
        "employee_id": dice.choice([None, "E4"]),
    }


def call_record(dice: Dice, ids: Ids) -> Record:
    person = ids.person() if dice.random() < 0.5 else {}
    return {
        **person,
        "entity_id": ids.mine("call"),
        "call_sid": dice.choice([f"c{dice.randrange(PEOPLE * 4)}"] * 4 + [None]),
        "loan_ref": ids.maybe(ids.loan()),
        "loan_id": ids.maybe(dice.loan()),
        "triggering_upload": ids.maybe(ids.upload()),
        "triggering_row": ids.maybe(ids.row()),
        "to_number": dice.choice([None, f"+91{dice.phone()}"]),
        "status": dice.choice(["ready", "in-progress", "completed", "failed", "odd"]),
        "initiated_at": dice.choice([None, f"{dice.day()} 11:00:00"]),
        "updated_at": f"{dice.day()} 12:00:00",
    }


def status_record(dice: Dice, ids: Ids) -> Record:
    return {
        "entity_id": ids.mine("status"),
        "call_ref": ids.maybe(ids.mine("call")),
        "call_sid": dice.choice([f"c{dice.randrange(PEOPLE * 4)}", None]),
        "status": dice.choice(["ringing", "completed", "busy"]),
        "updated_at": f"{dice.day()} 12:30:00",
    }


def file_upload_record(dice: Dice, ids: Ids) -> Record:
    return {"entity_id": ids.upload(), "filename": "old.csv", "status": "completed", "total_records": "7"}


def upload_row_record(dice: Dice, ids: Ids) -> Record:
    person = ids.person()
    return {
        "entity_id": ids.mine("row"),
        "file_upload_id": ids.upload(),
        "stated_line_number": "4",
        "match_customer_id": ids.maybe(person["customer_id"] or ""),
        "customer_row": person["customer_row"],
        "match_loan_id": ids.maybe(ids.loan()),
        "status": dice.choice(["pending", "matched", "error"]),
    }


RECORDS = {
    CUSTOMER: customer_record,
    LOAN: loan_record,
    CALL: call_record,
    STATUS: status_record,
    FILE_UPLOAD: file_upload_record,
    UPLOAD_ROW: upload_row_record,
}


def state(world: World, dice: Dice, sent: list[tuple[str, bytes, str]], size: int) -> None:
    """Let records of one kind be stated."""
    kind, ids = dice.choice(list(RECORDS)), Ids(dice, sent)
    records = [RECORDS[kind](dice, ids) for _ in range(size)]
    at = datetime(2026, 3, dice.randint(1, 8), dice.randint(0, 9))
    stories.state(world, kind, *records, name=f"ours-{dice.random()}", at=at, source=dice.choice([API, IMPORT]))


# --- days -------------------------------------------------------------------------------------------------------------


def again(dice: Dice, sent: list[tuple[str, bytes, str]]) -> tuple[str, bytes, str]:
    """Most of a book once more, later, with what changes from day to day."""
    books = sorted((one for one in sent if one[0].startswith("book")), key=lambda one: one[2])
    name, content, _ = dice.choice([books[-1], books[-1], dice.choice(books)])
    stated = csv.DictReader(content.decode().splitlines())
    rows = [row for number, row in enumerate(stated) if number == 0 or dice.random() < 0.8]
    for row in rows:
        row["amount"] = dice.choice([row["amount"], "0", "90", ""])
        row["last_paid_date"] = dice.choice([row["last_paid_date"], "2026-03-04", ""])
        if dice.random() < 0.1:
            row[dice.choice(list(row))] = dice.choice(["", "Sita", "98450000001", "x"])
    return name, csv_bytes(rows), f"2026-03-{dice.randint(6, 9 + len(sent)):02d} 0{dice.randint(0, 9)}:30"


def first_day(world: World, dice: Dice, has_records: bool) -> list[tuple[str, bytes, str]]:
    """A few larger files, put; what was sent."""
    sent = [("book1.csv", csv_bytes([loan_row(dice) for _ in range(12)]), "2026-03-01 03:00")]
    sent += [upload(dice, number, dice.randint(8, 25)) for number in range(dice.randint(3, 6))]
    for one in sent:
        world.put(*one)
    if has_records:
        for _ in range(dice.randint(2, 8)):
            state(world, dice, sent, dice.randint(2, 12))
    return sent


def next_day(world: World, dice: Dice, sent: list[tuple[str, bytes, str]], has_records: bool) -> str:
    """Something small happens: files early or late, a known file under a new name, a correction. What it was."""
    usual = ["a file"] * 4 + ["two files"] + ["a book again"] * 5
    corrections = ["withdrawn", "brought back", "restated", "sent again"]
    what = dice.choice([*usual, *corrections] + ["stated"] * (6 * has_records))
    _, sha256 = dice.choice(world.lake.named([]))
    if what in ("a file", "two files"):
        for _ in range(2 if what == "two files" else 1):
            sent.append(upload(dice, len(sent), dice.randint(1, 4)))
            world.put(*sent[-1])
    elif what == "a book again":
        for _ in range(dice.choice([1, 1, 2])):
            sent.append(again(dice, sent))
            world.put(*sent[-1])
    elif what == "stated":
        for _ in range(dice.randint(1, 2)):
            state(world, dice, sent, dice.randint(1, 3))
    elif what == "sent again":
        content = dice.choice(sent)[1]
        world.put(f"book{dice.randint(1, 4)}.csv", content, f"{dice.day()} 0{dice.randint(3, 9)}:00")
    else:
        try:
            if what == "restated":
                at = datetime(2026, 3, dice.randint(1, 9), dice.randint(0, 9))
                restate(world.home, world.settings, sha256, "x", at, None)
            else:
                withdraw(world.home, world.settings, sha256, "x", undo=what == "brought back")
        except UsageError:  # there was nothing to bring back, or it is not a file's
            what = "nothing"
    return what
