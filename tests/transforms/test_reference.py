"""Of small nasty worlds, loaded by the real code, every table must say what the reference says."""

import hashlib
import re
from collections import Counter
from itertools import pairwise

import pytest
from reference import Book, Row, Upload, findings, key_of, upload_totals
from reference_calls import Calls
from reference_worlds import make_world

from models.codes import CELL_ERROR_CODES, ROW_ERROR_CODES


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
    astray = [call for call in calls.calls if call.facts["loan_id"] and call.attribution.startswith("number")]
    expected |= {(call.rows[0].place, "unknown_loan"): {} for call in astray}
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
        codes = Counter(
            (spoken_of(book, upload, row)["branch_key"] or "(none)", code)
            for row in upload.rows
            for code in row.error_codes
        )
        quality[upload.sha256] = {
            **{"calls": len(triggered), "share_good": good},
            **{name: figures[name] for name in ("attempts", "completed", "success_rate")},
            "used_in_part": sum(bool(row.error_codes) and row.status != "error" for row in upload.rows),
        }
        errors |= {(upload.sha256, *key): {"records": count, "filename": upload.name} for key, count in codes.items()}
    agree(seed, "file_uploads", expected, told.by("file_uploads", lambda record: record["sha256"]))
    found = told.by("upload_quality", lambda record: told.sha[record["file_upload_id"]])
    agree(seed, "upload_quality", quality, found)
    found = told.by(
        "upload_errors", lambda record: (told.sha[record["file_upload_id"]], record["branch_key"], record["code"])
    )
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
