"""Small nasty worlds, loaded by the real code and told by the reference: every table must say the same."""

import csv
import hashlib
import io
import random
import re
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from reference import Book, Row, Upload, findings, key_of, upload_totals
from reference_calls import LOCAL, Calls

from models.codes import CELL_ERROR_CODES, ROW_ERROR_CODES
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


class Told:
    """What the database says, with rows, customers, loans and uploads named as the reference names them."""

    def __init__(self, world):
        self.world = world
        self.sha = dict(world.rows("SELECT id, sha256 FROM file_uploads"))
        self.rows = world.records("SELECT * EXCLUDE (raw_data) FROM upload_rows")
        self.place = {row["id"]: (self.sha[row["file_upload_id"]], row["line_number"]) for row in self.rows}
        order = {upload: number for number, (upload,) in enumerate(self._ordered())}
        firsts = {}
        for row in sorted(self.rows, key=lambda row: (order[row["file_upload_id"]], row["line_number"])):
            if row["match_method"]:
                firsts.setdefault(row["match_customer_id"], self.place[row["id"]])
        self.customer = firsts | {None: None}
        self.loan = dict(world.rows("SELECT id, loan_key FROM loans")) | {None: None}

    def _ordered(self):
        return self.world.rows("SELECT id FROM file_uploads ORDER BY uploaded_at, sha256")

    def by(self, table: str, key) -> dict:
        records = self.world.records(f"SELECT * FROM {table}")
        told = {key(record): record for record in records}
        assert len(told) == len(records), f"{table} has a key twice"
        return told


def plain(value):
    """Floats are compared to nine digits."""
    return round(value, 9) if isinstance(value, float) else value


def agree(seed: int, what: str, expected: dict, told: dict) -> None:
    """Both have the same keys, and every expected field has the told value."""
    wrong = [f"only the reference has {key}" for key in expected.keys() - told.keys()]
    wrong += [f"only the database has {key}" for key in told.keys() - expected.keys()]
    for key in expected.keys() & told.keys():
        for name, value in expected[key].items():
            if plain(value) != plain(told[key][name]):
                wrong.append(f"{key} {name}: reference {value!r}, database {told[key][name]!r}")
    assert not wrong, f"seed {seed}, {what}:\n" + "\n".join(sorted(wrong)[:20])


def place(row: Row | None):
    return row.place if row else None


def check_rows(seed: int, book: Book, calls: Calls, told: Told) -> None:
    call_of = {call.sid: call for call in calls.calls}
    expected = {}
    for upload in book.uploads:
        for row in upload.rows:
            call = call_of[row["call_sid"]] if upload.kind == "call_log" and not row.broken else None
            loan = call.loan if call else None if row.broken or upload.kind == "call_log" else row["loan_id"]
            expected[row.place] = {
                "status": row.status,
                "match_method": row.match_method,
                "customer": place(call.customer if call else row.customer),
                "loan": loan,
                **spoken_of(book, upload, row),
                "codes": row.error_codes,
            }
    found = {}
    for row in told.rows:
        codes = set(re.findall("|".join(ROW_ERROR_CODES + CELL_ERROR_CODES), row["error"] or ""))
        assert codes == set(row["error_codes"] or ()), row["error"]
        found[told.place[row["id"]]] = row | {
            "customer": told.customer[row["match_customer_id"]],
            "loan": told.loan[row["match_loan_id"]],
            "codes": codes,
        }
    agree(seed, "upload_rows", expected, found)


def spoken_of(book: Book, upload: Upload, row: Row) -> dict:
    """What a row of a loan book is about, by whatever spelling; nothing where it could not be read."""
    if upload.kind == "call_log" or row.broken == "wrong_field_count":
        return {"branch_key": None, "employee_key": None}
    return {"branch_key": key_of(row["branch"]), "employee_key": book.employee(row)}


def check_findings(seed: int, book: Book, calls: Calls, told: Told) -> None:
    found = told.world.rows("SELECT upload_row_id, code FROM upload_findings")
    expected = {(row.place, code): {} for row, code in findings(book)}
    nobodys = [call for call in calls.calls if call.attribution == "none" and call.placed]
    expected |= {(call.rows[0].place, "found_nobody"): {} for call in nobodys}
    agree(seed, "upload_findings", expected, {(told.place[row], code): {} for row, code in found})
    assert len(found) == len(expected), f"seed {seed}: a finding twice"


def check_uploads(seed: int, book: Book, calls: Calls, told: Told) -> None:
    expected, quality, errors = {}, {}, {}
    for upload in book.uploads:
        totals = upload_totals(upload)
        expected[upload.sha256] = totals | {
            "filename": upload.name,
            "uploaded_at": upload.at,
            "kind": upload.kind,
        }
        triggered = [call for call in calls.calls if call.trigger and call.trigger.upload is upload]
        figures = calls.figures(triggered)
        good = totals["success_records"] / totals["total_records"]
        codes = Counter(code for row in upload.rows for code in row.error_codes)
        quality[upload.sha256] = {
            **{"calls": len(triggered), "share_good": good},
            **{name: figures[name] for name in ("attempts", "completed", "success_rate")},
            "used_in_part": sum(bool(row.error_codes) and row.status != "error" for row in upload.rows),
        }
        errors |= {(upload.sha256, code): {"records": count} for code, count in codes.items()}
    agree(seed, "file_uploads", expected, told.by("file_uploads", lambda record: record["sha256"]))
    found = told.by("upload_quality", lambda record: told.sha[record["file_upload_id"]])
    agree(seed, "upload_quality", quality, found)
    found = told.by("upload_errors", lambda record: (told.sha[record["file_upload_id"]], record["code"]))
    agree(seed, "upload_errors", errors, found)


def check_customers(seed: int, book: Book, calls: Calls, told: Told) -> None:
    expected, success = {}, {}
    for customer, attributes in book.customers.items():
        theirs = [call for call in calls.calls if call.customer is customer]
        timed = sorted(theirs, key=lambda call: (call.at, call.sid))
        placed = [call.facts["initiated_at"] for call in theirs if call.placed and call.facts["initiated_at"]]
        status = timed[-1].status if timed else "not_initiated"
        text = f"{(attributes.pop('first_phone') or '')[1:]}|{attributes['national_id'] or ''}"
        text = f"fingerprint|{customer.customer_id}" if text == "|" else text
        expected[customer.place] = attributes | {
            "fingerprint": hashlib.md5(text.encode()).hexdigest(),
            "status": status,
            "call_status": status,
            "last_contact_date": max(placed, default=None),
        }
        loans = sum(loan["customer"] == customer.place for loan in book.loans.values())
        success[customer.place] = calls.figures(theirs) | calls.spans(theirs) | {"loans": loans}
    found = told.by("customers", lambda record: told.customer[record["id"]])
    for record in found.values():
        record["fingerprint"] = str(record["fingerprint"]).replace("-", "")
    agree(seed, "customers", expected, found)
    found = told.by("customer_call_success", lambda record: told.customer[record["customer_id"]])
    agree(seed, "customer_call_success", success, found)


def check_loans(seed: int, book: Book, calls: Calls, told: Told) -> None:
    found = told.by("loans", lambda record: record["loan_key"])
    for record in found.values():
        record["customer"] = told.customer[record["customer_id"]]
    agree(seed, "loans", book.loans, found)
    found = told.by("loan_snapshots", lambda record: (record["loan_key"], told.sha[record["file_upload_id"]]))
    for record in found.values():
        record["customer"] = told.customer[record["customer_id"]]
        record["row"], record["upload"] = (
            told.place[record["upload_row_id"]],
            told.sha[record["file_upload_id"]],
        )
    agree(seed, "loan_snapshots", {(s["loan_key"], s["upload"]): s for s in book.snapshots}, found)
    expected = {}
    for loan in book.loans:
        about = [call for call in calls.calls if call.loan == loan]
        expected[loan] = calls.figures(about) | calls.spans(about)
    found = told.by("loan_call_success", lambda record: told.loan[record["loan_ref"]])
    agree(seed, "loan_call_success", expected, found)


def check_calls(seed: int, calls: Calls, told: Told) -> None:
    expected, updates = {}, set()
    for call in calls.calls:
        facts = {name: value for name, value in call.facts.items() if name != "loan_id"}
        expected[call.sid] = facts | {
            "status": call.status,
            "provider_status": call.provider_status,
            "attribution": call.attribution,
            "customer": place(call.customer),
            "loan": call.loan,
            "trigger": place(call.trigger),
            "batch": call.trigger.upload.sha256 if call.trigger else None,
            "created_at": call.rows[0].upload.at,
            "updated_at": call.rows[-1].upload.at,
        }
        updates |= {(call.sid, *update) for update in call.updates}
    found = told.by("call_sessions", lambda record: record["call_sid"])
    for record in found.values():
        record["customer"] = told.customer[record["customer_id"]]
        record["loan"] = told.loan[record["loan_id"]]
        record["trigger"] = (told.place | {None: None})[record["triggered_by_row"]]
        record["batch"] = (told.sha | {None: None})[record["triggered_by_batch"]]
    agree(seed, "call_sessions", expected, found)
    rows = told.world.rows(
        "SELECT call_sid, u.status, timestamp FROM call_status_updates AS u "
        "JOIN call_sessions AS c ON c.id = u.call_session_id"
    )
    agree(seed, "call_status_updates", {row: {} for row in updates}, {row: {} for row in rows})
    assert len(rows) == len(updates), f"seed {seed}: an update twice"


def check_journey(seed: int, calls: Calls, told: Told) -> None:
    found = [
        (
            *(told.customer[record["customer_id"]], record["event_at"], record["event"], key_of(record["loan_id"])),
            *(record["call_sid"], record["status"], record["amount"]),
            (told.place | {None: None})[record["upload_row_id"]],
        )
        for record in told.world.records("SELECT * FROM customer_journey ORDER BY customer_id, sequence")
    ]
    expected = calls.journey()
    agree(seed, "customer_journey", {event: {} for event in expected}, {event: {} for event in found})
    assert len(found) == len(expected), f"seed {seed}: an event twice"
    for before, after in pairwise(found):
        assert before[0] != after[0] or before[1] <= after[1], f"seed {seed}: the journey is not in order"


def check_leagues(seed: int, book: Book, calls: Calls, told: Told) -> None:
    for table, key, expected in (
        ("employee_performance", lambda record: record["employee_key"], calls.league("employee")),
        ("branch_performance", lambda record: (record["cluster_key"], record["branch_key"]), calls.league("branch")),
    ):
        found = told.by(table, key)
        agree(seed, table, expected, found)
        ranked = [(record["rank"], -record["shrunk_rate"]) for record in found.values() if record["rank"]]
        rates = sorted(rate for _, rate in ranked)
        for rank, rate in ranked:
            assert rates[rank - 1] == rate, f"seed {seed}: {table} is not ranked by the shrunk rate"


def check_world(seed: int, new_world) -> None:
    book, calls, world = make_world(seed, new_world)
    told = Told(world)
    check_rows(seed, book, calls, told)
    check_uploads(seed, book, calls, told)
    check_findings(seed, book, calls, told)
    check_loans(seed, book, calls, told)
    check_calls(seed, calls, told)
    check_customers(seed, book, calls, told)
    check_leagues(seed, book, calls, told)
    check_journey(seed, calls, told)


@pytest.mark.parametrize("seed", range(10))
def test_every_table_says_what_the_reference_says(seed: int, new_world):
    check_world(seed, new_world)


def test_a_changed_phone_is_followed_as_far_as_it_goes(world):
    """Loan i is stated with phone i and later with phone i + 1: one customer, however long the chain."""
    links, phones = 2000, [f"98{number:08}" for number in range(2001)]
    random.Random(1).shuffle(phones)
    for day, shift in ((1, 0), (2, 1)):
        rows = [{"loan_id": f"L{link}", "phone": phones[link + shift]} for link in range(links)]
        random.Random(day).shuffle(rows)
        world.put(f"day{day}.csv", rows, at=f"2026-03-0{day} 04:00")
    world.load()
    assert world.value("SELECT count(*) FROM customers") == 1
    assert world.value("SELECT count(*) FROM loans") == links
    assert world.value("SELECT count(*) FROM upload_rows WHERE match_customer_id IS NULL") == 0
    methods = dict(world.rows("SELECT match_method, count(*) FROM upload_rows GROUP BY ALL"))
    assert methods == {"created": 1, "linked": links - 1, "phone": links - 1, "loan_id": 1}


def test_the_ends_of_a_chain_decide_whose_it_is(world):
    """A chain joins the one national id known for its phones, and none of two; a contact's phone cuts it."""

    def chains(shift: int, links: int = 100) -> list[dict]:
        return [
            {"loan_id": f"{series}-{link}", "phone": f"{series}{link + shift:08}", "pan": None}
            for series in (96, 97, 98)
            for link in range(links)
        ]

    ends = [
        {"loan_id": "A", "phone": "9600000000", "pan": "ABCPX1234F", "branch_contact": None},
        {"loan_id": "B", "phone": "9700000100", "pan": "ZZZPX9999Z", "branch_contact": None},
        {"loan_id": "C", "phone": "9700000000", "pan": "YYYPX9999Z", "branch_contact": None},
        {"loan_id": "D", "phone": "9900000000", "pan": None, "branch_contact": "9800000050"},
    ]
    world.put("ends.csv", ends, at="2026-03-01 04:00")
    world.put("before.csv", chains(0), at="2026-03-02 04:00")
    world.put("after.csv", chains(1), at="2026-03-03 04:00")
    world.load()
    told = world.rows(
        "SELECT c.national_id, c.primary_phone, count(*), min(l.loan_id), max(l.loan_id) "
        "FROM customers AS c JOIN loans AS l ON l.customer_id = c.id "
        "GROUP BY c.id, c.national_id, c.primary_phone ORDER BY min(l.loan_id)"
    )
    assert told == [
        ("ABCPX1234F", "+919600000100", 101, "96-0", "A"),
        (None, "+919700000100", 100, "97-0", "97-99"),
        (None, "+919800000049", 50, "98-0", "98-9"),
        (None, "+919800000100", 50, "98-50", "98-99"),
        ("ZZZPX9999Z", "+919700000100", 1, "B", "B"),
        ("YYYPX9999Z", "+919700000000", 1, "C", "C"),
        (None, "+919900000000", 1, "D", "D"),
    ]


def test_an_upload_after_the_call_does_not_choose_between_loans_stated_before_it(world):
    """Both loans stand in the upload before the call, so the due date decides, whatever comes later."""
    loans = [
        {"loan_id": "EARLY", "phone": "9876500001", "amount": 10, "due_date": "2026-03-09"},
        {"loan_id": "LATE", "phone": "9876500001", "amount": 10, "due_date": "2026-03-20"},
    ]
    call = {"call_sid": "C1", "status": "busy", "to": "9876500001", "start_time": "2026-03-03 10:00:00"}
    world.put("monday.csv", loans, at="2026-03-01 04:00")
    world.put("friday.csv", loans[1:], at="2026-03-05 04:00")
    world.put("sunday.csv", loans[:1], at="2026-03-07 04:00")
    world.put("calls.csv", [call], at="2026-03-08 04:00")
    world.load()
    assert world.rows("SELECT loan_id FROM loan_call_success WHERE attempts = 1") == [("EARLY",)]


def test_a_payment_belongs_to_the_first_upload_that_states_it(world):
    """Uploads of one moment are in the order of their bytes' hash, and part of a second counts."""
    for number in range(8):
        at = "2026-03-01 04:00:00.500000" if number else "2026-03-01 04:00:00"
        payment = {"loan_id": "L1", "pan": f"ABCPX123{number}F", "last_paid_date": "2026-02-27"}
        world.put(f"{number}.csv", [payment | {"last_paid_amount": 100}], at=at)
        later = {"loan_id": "L2", "pan": f"ABCPX123{number}F", "last_paid_date": "2026-02-27"}
        world.put(f"{number}-later.csv", [later | {"last_paid_amount": 200}], at="2026-03-02 04:00:00")
    world.load()
    told = world.rows(
        "SELECT j.loan_id, u.sha256 FROM customer_journey AS j JOIN upload_rows AS r "
        "ON r.id = j.upload_row_id JOIN file_uploads AS u ON u.id = r.file_upload_id "
        "WHERE event = 'paid' ORDER BY j.loan_id"
    )
    first = world.value("SELECT sha256 FROM file_uploads WHERE filename = '0.csv'")
    lowest = world.value("SELECT min(sha256) FROM file_uploads WHERE filename LIKE '%later%'")
    assert told == [("L1", first), ("L2", lowest)]
