"""Random small nasty worlds: files drawn from so little that everything collides, loaded and told by the reference."""

import csv
import hashlib
import io
import random
from datetime import datetime, timedelta
from decimal import Decimal

from reference import Book, Row, Upload
from reference_calls import LOCAL, Calls

from orchestration.store.lake import upload_id_of

BORROWERS = [f"+9198765000{number:02}" for number in range(1, 6)]
OFFICES = ["+919900000001", "+919900000002"]
STRANGER = "+919811111111"
FURTHER = ["+919822222201", "+919822222202"]
NATIONAL_IDS = ["ABCPX1234F", "123412341234", "VOT998877"]
LOANS = ["L1", "L2", "L3", "L4", "L5", "L-1"]
DAY = datetime(2026, 3, 1, 4, 0)
WORDS = (
    *(
        "ready",
        "queued",
        "ringing",
        "in-progress",
        "Answered",
        "agent_transfer",
        "completed",
        "Call Completed",
    ),
    *("busy", "no-answer", "failed", "from_leg_no_dial", *["completed"] * 5),
)
# Columns that a loan book may have, with what may stand in them; None is a cell left blank.
AMOUNTS = [None, Decimal(0), Decimal("100.00"), Decimal("2500.50")]
DATES = [None, *((DAY + timedelta(days=days)).date() for days in (-3, 0, 1, 2, 4, 6, 9))]
LOAN_VALUES = {
    "full_name": [None, "Asha", "Ravi", "Smt. ASHA Rao", "Ravindra"],
    "email": [None, "a@example.org", "b@example.org"],
    "state": [None, "Kerala", "Goa"],
    "principal_amount": AMOUNTS,
    "outstanding_amount": AMOUNTS,
    "due_amount": AMOUNTS,
    "next_due_date": DATES,
    "last_paid_date": DATES,
    "last_paid_amount": AMOUNTS,
    "cluster": [None, "North", "NORTH", "South"],
    "branch": [None, "B1", "b1", "B2"],
    "branch_contact_number": [None, OFFICES[0]],
    "employee_name": [None, "Anil", "ANIL", "Bela", "Chand"],
    "employee_id": [None, None, "E1", "e1", "E2"],
    "employee_contact_number": [None, None, OFFICES[1]],
    "alternate_phone": [None, BORROWERS[0], OFFICES[0], *FURTHER],
    "guarantor_contact_number": [None, BORROWERS[1], FURTHER[0]],
    "borrower_role": [None, None, None, "Applicant", "Co-Applicant", "Guarantor"],
    "loan_status": [None, None, "Closed", "Written Off", "NPA", "Active"],
    "do_not_call": [None, True, False],
}
BAD_CELLS = {
    "phone": ("9.87654E+09", "bad_phone"),
    "national_id": ("XXXX1234", "bad_national_id"),
    "outstanding_amount": ("lots", "bad_amount"),
    "next_due_date": ("soon", "bad_date"),
}


def text_of(rng: random.Random, name: str, value) -> str:
    """One of the ways in which a value is written."""
    if value is None:
        absent = ("", "", "NA", "nil", "-", "0000") if name in ("phone", "national_id", "loan_id") else ("",)
        return rng.choice(absent)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return (value + LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str) and value.startswith("+91"):
        return rng.choice([value, value[3:], "0" + value[3:], value[1:]])
    if name in ("loan_id", "custom_field"):
        return rng.choice([*[value] * 4, value.lower(), f"'{value}", f'="{value}"'])
    if name == "national_id":
        return rng.choice([value, value.lower(), f"{value[:4]} {value[4:]}", f"{value[:4]}-{value[4:]}"])
    return str(value)


def row_of(rng: random.Random, line: int, columns: list[str], fields: dict) -> Row:
    """A record of a file with these columns; now and then a cell that cannot be read."""
    fields = {name: fields.get(name) for name in columns}
    cells, bad = [], []
    for name in columns:
        if name in BAD_CELLS and "loan_id" in columns and "call_sid" not in columns and rng.random() < 0.02:
            text, code = BAD_CELLS[name]
            fields[name] = None
            bad.append(code)
            cells.append(text)
        else:
            cells.append(text_of(rng, name, fields[name]))
            if name == "loan_id" and fields[name]:
                fields["loan_text"] = cells[-1].strip("'=\"")
    return Row(line, fields, tuple(cells), tuple(bad))


def broken(rng: random.Random, line: int, columns: list[str]) -> Row:
    """A record that cannot be used at all."""
    if rng.random() < 0.5:
        return Row(line, {}, ("x",) * (len(columns) + 1), (), "wrong_field_count")
    place = columns.index("loan_id")
    cells = tuple("5.6E+11" if number == place else "" for number in range(len(columns)))
    return Row(line, {}, cells, (), "bad_loan_id")


def finish(name: str, at: datetime, kind: str, columns: list[str], rows: list[Row]) -> tuple[Upload, bytes]:
    """An upload and its bytes."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *(row.cells for row in rows)])
    content = out.getvalue().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    return Upload(name, at, sha256, upload_id_of(sha256), kind, rows), content


def with_repeats(rng: random.Random, count: int, make) -> list[Row]:
    """Records made one by one from line 2, now and then the same again."""
    rows: list[Row] = []
    for line in range(2, count + 2):
        if rows and rng.random() < 0.08:
            again = rng.choice(rows)
            rows.append(Row(line, dict(again.fields), again.cells, again.bad_cells, again.broken))
        else:
            rows.append(make(line))
    return rows


def loan_book(rng: random.Random, name: str, at: datetime, size: int) -> tuple[Upload, bytes]:
    """A loan book with some of the columns; its rows are drawn from so little that everything collides."""
    identity = [column for column in ("phone", "national_id") if rng.random() < (0.85, 0.5)[column != "phone"]]
    columns = [*identity, *rng.sample(list(LOAN_VALUES), rng.randint(1, len(LOAN_VALUES))), "loan_id"]
    if {"last_paid_date", "last_paid_amount"} & set(columns):
        columns = list(dict.fromkeys([*columns, "last_paid_date", "last_paid_amount"]))
    rng.shuffle(columns)
    phones = BORROWERS[: rng.randint(2, 5)]

    def make(line: int) -> Row:
        if rng.random() < 0.03:
            return broken(rng, line, columns)
        fields = {name: rng.choice(values) for name, values in LOAN_VALUES.items()}
        fields["phone"] = rng.choices([rng.choice(phones), rng.choice(OFFICES), None], (8, 1, 3))[0]
        fields["national_id"] = rng.choice([None, None, *NATIONAL_IDS])
        fields["loan_id"] = rng.choice(LOANS) if rng.random() < 0.95 else None
        return row_of(rng, line, columns, fields)

    return finish(name, at, "loan_book", columns, with_repeats(rng, size, make))


def call_log(rng: random.Random, name: str, at: datetime, size: int, books: list[Upload]):
    """A call log: several records per call in any order, some naming their line, their loan, or nothing."""
    columns = ["call_sid", "status"]
    for group, share in {
        ("to_number",): 0.8,
        ("from_number",): 0.7,
        ("start_time",): 0.8,
        ("date_updated",): 0.7,
        ("end_time",): 0.3,
        ("duration", "price"): 0.7,
        ("conversation_duration", "answered_by"): 0.8,
        ("custom_field",): 0.4,
        ("triggered_by_batch", "triggered_by_row"): 0.5,
    }.items():
        columns += group if rng.random() < share else ()
    rng.shuffle(columns)
    upload_times = [book.at for book in books]

    def moment() -> datetime:
        if rng.random() < 0.1:
            return rng.choice(upload_times).replace(microsecond=0)
        return DAY + timedelta(minutes=rng.randint(-2000, 12000))

    def make(line: int) -> Row:
        sid = rng.choice([None, *(f"C{number}" for number in range(12))]) if rng.random() < 0.1 else None
        sid = sid or f"C{rng.randint(1, 12)}"
        phones = [*BORROWERS, *BORROWERS, *OFFICES, *FURTHER, STRANGER, None]
        book = rng.choice(books)
        fields = {
            "call_sid": None if rng.random() < 0.03 else sid,
            "status": "levitating" if rng.random() < 0.03 else rng.choice(WORDS),
            "to_number": rng.choice(phones),
            "from_number": rng.choice(phones),
            "start_time": rng.choice([None, moment()]),
            "date_updated": rng.choice([None, moment()]),
            "end_time": rng.choice([None, moment(), datetime(1970, 1, 1)]),
            "duration": rng.choice([None, 0, 5, 70]),
            "price": rng.choice([None, Decimal("0.5000"), Decimal("1.2500")]),
            "conversation_duration": rng.choice([None, 0, 9, 10, 60, 60]),
            "answered_by": rng.choice([None, "Human", "Machine", "machine"]),
            "custom_field": rng.choice([None, None, *LOANS, "L99"]),
            "triggered_by_batch": rng.choice([None, book.id, book.name, "again3.csv", "lost.csv"]),
            "triggered_by_row": rng.choice([None, rng.randint(1, 10), rng.randint(2, 6)]),
        }
        row = row_of(rng, line, columns, fields)
        told = row.fields
        for ours, theirs in {
            **{"initiated_at": "start_time", "updated_at": "date_updated", "ended_at": "end_time"},
            **{"duration_seconds": "duration", "conversation_seconds": "conversation_duration"},
            "loan_id": "custom_field",
        }.items():
            told[ours] = told.pop(theirs, None)
        if told["ended_at"] and told["ended_at"].year == 1970:
            told["ended_at"] = None
        return row

    return finish(name, at, "call_log", columns, with_repeats(rng, size, make))


def make_world(seed: int, new_world) -> tuple[Book, Calls, object]:
    """Draw a world, load it through the real code, and tell it by the reference."""
    rng = random.Random(seed)
    contact_seconds, recovery_days = rng.choice([(10, 7), (60, 2)])
    world = new_world(contact_seconds=str(contact_seconds), recovery_days=str(recovery_days))
    times = [DAY + timedelta(days=day, milliseconds=rng.choice([0, 500])) for day in (0, 0, 1, 2, 3, 4)]
    times = rng.sample(times, rng.randint(1, 5))
    drawn: list[tuple[Upload, bytes]] = []
    for _ in range(rng.randint(2, 6)):
        name = rng.choice(["north.csv", "south.csv", "all.csv"])
        drawn.append(loan_book(rng, name, rng.choice(times), rng.randint(1, 18)))
    books = [upload for upload, _ in drawn]
    for number in range(rng.randint(1, 3)):
        drawn.append(
            call_log(
                rng,
                rng.choice(["north.csv", f"calls{number}.csv"]),
                rng.choice(times),
                rng.randint(8, 40),
                books,
            )
        )
    uploads: dict[str, Upload] = {}
    sent = []
    for upload, content in drawn:
        sightings = [(upload.name, upload.at)]
        if rng.random() < 0.1:
            again = upload.at + timedelta(days=rng.choice([-2, 1]))
            sightings.append((f"again{len(sent) + 1}.csv", again))
        known = uploads.setdefault(upload.sha256, upload)
        for name, at in sightings:
            sent.append((name, content, at))
            known.names.add(name)
            known.at, known.name = min((known.at, known.name), (at, name))
    rng.shuffle(sent)
    # Some in a second load: what was there before must not matter.
    cut = rng.choice([len(sent), rng.randint(0, len(sent))])
    for number, (name, content, at) in enumerate(sent):
        if number == cut:
            world.load()
        world.put(name, content, at=at.isoformat(sep=" "))
    world.load()
    book = Book(uploads.values())
    return book, Calls(book, contact_seconds, recovery_days), world
