"""No cell stops a run: every field of every kind is fed with hostile numbers, times and texts, and a home is built.

What a cell of a typed column holds becomes null with a finding, but for the values that `MEANT` states. The fields are
those of the dictionary, so that a new one is covered at once.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest
from stories import frame, ours
from support import World, check_contract, check_together

from models import phones, rules
from models.fields import (
    CALL,
    CALL_LOG,
    CUSTOMER,
    FIELDS,
    FILE_UPLOAD,
    LOAN,
    LOAN_BOOK,
    RECORD_KINDS,
    STATUS,
    UPLOAD_ROW,
)
from models.published import published_tables
from orchestration.reader.shapes import BLANKS
from orchestration.settings import load_settings
from orchestration.store.hashing import hash_file
from orchestration.store.lake import upload_id_of
from orchestration.store.records import API, RecordFile, write_records
from orchestration.warehouse.publish import publish

# fmt: off
NUMBERS = [
    *("999999999999", "-999999999999", "99999999999.9999", "99999999999.99999", "9999999999999.99"),
    *("9999999999999.995", "99999999999999", "1e400", "-1e400", "1e308", "1e-400", "NaN", "inf"),
    *("-Infinity", "0.1", "0." + "9" * 5000),
    *("9" * 5000, "-" + "9" * 38, "2147483647", "2147483648", "9223372036854775807", "9223372036854775808"),
    *("999999999", "9999999999", "1_000", "0x1F", "1E5", "1,00,00,00,000", "1,2", "(((", "()", "(-5)", "--5", "5-"),
    *("-0", "٣", "١٢٣", "१२३", "１２３", "₹", "5 Rs 5", "5/-5", "10 20"),
    *("Rs. 9999999999999.99/-", "(9999999999999.99)"),
]
TIMES = [
    *("0000-01-01", "0000-00-00", "0001-01-01", "9999-12-31", "99999-12-31", "-0001-01-01", "2026-02-30"),
    *("1900-02-29", "0000-00-00 00:00:00", "294247-01-10 04:00:54", "290309-12-22 (BC) 00:00:00"),
    "1899-12-31 23:59:59",
    *("1900-01-01 00:00:00", "2100-12-31 23:59:59", "2101-01-01 00:00:00", "2026-03-05 99:99:99"),
    "2026-03-05 24:00:00",
    *("2026-03-05 10:00:00+99:99", "2026-03-05 10:00:00-99:99", "2026-03-05 10:00:00+14:59", "05-03-2026 99:10 pm"),
    *("05-03-2026 13:00 PM", "73415.99999999999999999", "10000." + "9" * 500, "73416", "99999.5", "infinity"),
    *("-infinity", "epoch", "today", "now", "999:59:59", "999:60:00", "1:2:3", "12:34:56:78"),
    *("١:٠٥:٠٦", "٠٥-٠٣-٢٠٢٦", "20261345"),
    *("5-Marc-2026", "99-99-9999", "1/1/1", "2026-03-05T10:00:00.123456789Z"),
]
TEXTS = [
    *("=1+1", "+91 98450", "@SUM(A1)", "'", '"', "x'';DROP TABLE loans;--", "\\", "\\N", "\\ud800", "$1", "%s"),
    *("{0}", "a;b: c", "unknown_status: x; bad_amount: y", "; bad_date: z", "\u202e\u2066evil\u2069", "\x1b[2J"),
    *("\x01\x7f\x9b", "\ufeff\u200b", "line\nbreak", "tab\tbed", "ठीक है"),
    *("😀" * 50, "e\u0301" * 50, "\ufffd", "\ufdd0", "x" * 9_000, "1/" * 4_000),
    *("[", '{"a": "\\ud800"}', '{"a": "\\u0000"}', '{"a": 1e999}', '{"a": NaN}', '{"a": 1, "a": 2}', "null", "[1,]"),
    *("[" * 3000 + "]" * 3000, "true", "no", "busy", "Completed", "550e8400-e29b-41d4-a716-44665544000", "x" * 36),
]  # fmt: skip
HOSTILE = [*NUMBERS, *TIMES, *TEXTS]
# What CSV cannot carry on the fast path, or UTF-8 not at all; sent as UTF-16.
WIDE = ["\ud800", "a\udfffb", "\udc80" * 3, "9\ud800", "\x00", "5\x006", "\ud83d\ude00"]
# fmt: on

UNSTATED = {"", "na", "n/a", "#n/a", "nil", "none", "null", "nan", "-", "\\n", "0000-00-00", "0000-00-00 00:00:00"}
NINES = "9" * 500


def amounts(places: str, **more: str) -> dict[str, Decimal]:
    """What the hostile cells that are amounts mean, rounded to so many decimals."""
    meant = {
        **{"99999999999.9999": "99999999999.9999", "9999999999": "9999999999", "999999999": "999999999", "-0": "0"},
        **{"0.1": "0.1", "1,00,00,00,000": "1000000000", "2147483647": "2147483647", "2147483648": "2147483648"},
        **{"73415.99999999999999999": "73416", f"10000.{NINES}": "10001", "73416": "73416", "99999.5": "99999.5"},
        **{"20261345": "20261345", "0." + "9" * 5000: "1", "5-": "-5", "1E5": "100000", "$1": "1", **more},
    }
    return {text: Decimal(number).quantize(Decimal(places)) for text, number in meant.items()}


INTEGERS = {"999999999": 999999999, "73416": 73416, "20261345": 20261345}
AT = datetime.fromisoformat
MEANT: dict[str, Mapping[str, object]] = {
    "DECIMAL(15,2)": amounts(
        "0.01",
        **{"999999999999": "999999999999", "-999999999999": "-999999999999", "99999999999.99999": "100000000000"},
        **{"9999999999999.99": "9999999999999.99", "Rs. 9999999999999.99/-": "9999999999999.99"},
        **{"(9999999999999.99)": "-9999999999999.99"},
    ),
    "DECIMAL(15,4)": amounts("0.0001"),
    # A date may have any time behind it, which is not looked at.
    "DATE": {
        **dict.fromkeys(
            ("2026-03-05 99:99:99", "2026-03-05 24:00:00", "2026-03-05 10:00:00+99:99", "2026-03-05 10:00:00-99:99",
             "2026-03-05 10:00:00+14:59", "05-03-2026 99:10 pm", "05-03-2026 13:00 PM",
             "2026-03-05T10:00:00.123456789Z"), date(2026, 3, 5)
        ),
        **{"1900-01-01 00:00:00": date(1900, 1, 1), f"10000.{NINES}": date(1927, 5, 18)},
        **dict.fromkeys(("2100-12-31 23:59:59", "73415.99999999999999999"), date(2100, 12, 31)),
    },
    "BOOLEAN": {"true": True, "no": False},
    "UUID": {},
    "INTEGER": INTEGERS,
    "BIGINT": INTEGERS,
}  # fmt: skip
SECONDS = {**INTEGERS, "0.1": 0, "0." + "9" * 5000: 0, "999:59:59": 3_599_999, "73415.99999999999999999": 73415,
           f"10000.{NINES}": 10000, "99999.5": 99999}  # fmt: skip
OURS = {"1900-01-01 00:00:00": AT("1900-01-01 00:00"), "2100-12-31 23:59:59": AT("2100-12-31 23:59:59")}
UTC = {**OURS, f"10000.{NINES}": AT("1927-05-19 00:00"), "73415.99999999999999999": AT("2101-01-01 00:00"),
       "2026-03-05 10:00:00+14:59": AT("2026-03-04 19:01"),
       "2026-03-05T10:00:00.123456789Z": AT("2026-03-05 10:00:00.123456"),
       "2147483647": AT("2038-01-19 03:14:07"), "2147483648": AT("2038-01-19 03:14:08"),
       "05-03-2026 13:00 PM": AT("2026-03-05 13:00")}  # fmt: skip
LOCAL = {**UTC, "05-03-2026 13:00 PM": AT("2026-03-05 07:30"),
         "1900-01-01 00:00:00": AT("1899-12-31 18:30"), "2100-12-31 23:59:59": AT("2100-12-31 18:29:59"),
         f"10000.{NINES}": AT("1927-05-18 18:30"), "73415.99999999999999999": AT("2100-12-31 18:30")}  # fmt: skip
PHONES = {"2147483647": "+912147483647", "2147483648": "+912147483648"}  # numbers of a landline
STATUSES = {"busy": "disconnected", "Completed": "call_completed"}
PHONES_AND_STATUSES = {
    **dict.fromkeys(("phone", "branch_contact_number", "employee_contact_number", "from_number", "to_number"), PHONES),
    **dict.fromkeys(("status", "call_status"), STATUSES),
}
# Fields that are parts of others, or speak of them.
PARTS = {
    *("first_name", "middle_name", "last_name", "alternate_phone", "guarantor_contact_number", "borrower_role"),
    *("initiated_date", "status_name", "customer_status", "from_leg_status", "to_leg_status", "end_reason"),
}
IDENTIFIERS = (*PHONES_AND_STATUSES, "national_id", "loan_id", "former_loan_id", "loan_id_text", "call_sid")
TEXTS_MEANT: dict[str, Callable[[str], str | None]] = {
    **dict.fromkeys(("loan_id", "former_loan_id", "loan_id_text"), rules.loan_number),
    "national_id": rules.national_id,
    "loan_text": rules.loan_number,
    **dict.fromkeys(("loan_id", "former_loan_id"), rules.loan_key),
    "loan_status": rules.loan_status,
    "match_method": str.lower,
    "status": str.lower,
}


class Column(NamedTuple):
    """Where the cells of a field stand in staging, and what the valid ones of the hostile cells mean."""

    table: str
    name: str
    meant: Mapping[str, object] | None = None


def column(kind: str, field: str) -> Column | None:
    """None for a field that stays text in the lake, or becomes one thing with others."""
    if field in ("alternate_phone", "guarantor_contact_number", "borrower_role"):
        return None
    if field == "loan_id" and kind in (LOAN_BOOK, LOAN):
        return Column("_stg_loan_rows", "loan_text")
    borrowers, calls = ("_stg_borrower_records", "_stg_loan_rows"), ("_stg_call_records", "_stg_call_rows")
    if kind in (CUSTOMER, LOAN):
        of_records = {"customer_id": "customer_entity", "former_customer_id": "former_customer_entity"}
        own = {"customer_row", "former_customer_row", "language_code", "call_status", "loan_status", "former_loan_id",
               "last_contact_date", "first_uploaded_at", "created_at", "stated_at", *of_records}  # fmt: skip
        table = borrowers[0 if field in own else 1]
        return Column(table, of_records.get(field, field), OURS)
    if kind in (CALL, STATUS):
        of_records = {"customer_id": "customer_entity", "call_ref": "call_entity"}
        own = {"customer_row", "loan_ref", "triggering_upload", "triggering_row", "created_at", *of_records}
        table = calls[0 if field in own else 1]
        name = "status_word" if field == "status" else of_records.get(field, _phone_column(field))
        return Column(table, name, OURS if field in own else UTC)
    if kind == FILE_UPLOAD:
        return Column("_stg_file_upload_records", field, OURS)
    if kind == UPLOAD_ROW:
        names = {"match_customer_id": "customer_entity", "match_loan_id": "loan_ref", "error": "stated_error",
                 "status": "stated_status"}  # fmt: skip
        return None if field == "stated_raw_data" else Column("_stg_upload_row_records", names.get(field, field), OURS)
    if field in PARTS:
        return None
    if kind == CALL_LOG:
        names = {"triggered_by_row": "triggered_by_line", "status": "status_word"}
        return Column("_stg_call_rows", names.get(field, _phone_column(field)), LOCAL)
    return Column("_stg_loan_rows", field)


def _phone_column(field: str) -> str:
    return {"from_number": "from_phone", "to_number": "to_phone"}.get(field, field)


def stated_fields(kind: str) -> list[str]:
    """The fields that a header can name."""
    return [field for field, headers in FIELDS[kind].items() if headers]


def cells(kind: str, hostile: Sequence[str]) -> list[tuple[str, str]]:
    """(field, cell), one for each record of a file."""
    return [(field, cell) for field in stated_fields(kind) for cell in hostile]


def a_file(kind: str, hostile: Sequence[str]) -> str:
    """A file of this kind in which each record has one hostile cell, and else no more than it needs."""
    out = io.StringIO()
    writer = csv.DictWriter(out, stated_fields(kind), restval="", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow({field: FIELDS[kind][field][0] for field in stated_fields(kind)})
    for number, (field, cell) in enumerate(cells(kind, hostile)):
        if kind == LOAN_BOOK:
            needed = {"loan_id": f"{len(hostile)}-{number}", "phone": f"98{number:08}"}
        else:
            needed = {"call_sid": f"{len(hostile)}-{number}", "status": "ringing"}
        writer.writerow(needed | {field: cell})
    return out.getvalue()


def some_records(kind: str) -> list[dict[str, str]]:
    """Records of ours, each with one hostile cell."""
    needed = {
        **{LOAN: {"customer_id": ours("somebody")}, CALL: {"status": "ringing"}, STATUS: {"status": "ringing"}},
        UPLOAD_ROW: {"file_upload_id": ours(f"{FILE_UPLOAD} 0")},
    }
    return [
        {
            "entity_id": ours(f"{kind} {number}"),
            **({"loan_id": f"{kind} {number}"} if kind == LOAN else {}),
            **({"call_sid": f"{kind} {number}"} if kind in (CALL, STATUS) else {}),
            **needed.get(kind, {}),
            field: cell,
        }
        for number, (field, cell) in enumerate(cells(kind, HOSTILE))
    ]


class Sent(NamedTuple):
    """A world built from hostile files, and of each kind the id of the upload on the fast path."""

    world: World
    uploads: dict[str, str]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    world = World(tmp_path_factory.mktemp("hostile") / "home", pii="clear")
    for kind in (LOAN_BOOK, CALL_LOG):
        world.put(f"{kind}.csv", a_file(kind, HOSTILE), "2026-03-01 04:00")
        wide = a_file(kind, [*HOSTILE, *WIDE]).encode("utf-16", "surrogatepass")
        world.put(f"{kind}.wide.csv", wide, "2026-03-02 04:00")
    records = {}
    for kind in RECORD_KINDS:
        head = RecordFile(kind, API, f"api-1-1.{kind}.jsonl", "asha", AT("2026-03-03 04:00"))
        records[kind] = upload_id_of(hash_file(write_records(world.home, head, [frame(kind, some_records(kind))])))
    world.load()
    files = {
        kind: world.value(f"SELECT id FROM file_uploads WHERE filename = '{kind}.csv'")
        for kind in (LOAN_BOOK, CALL_LOG)
    }
    return Sent(world, {kind: str(upload) for kind, upload in (files | records).items()})


def test_every_record_is_there_with_its_exact_text(sent: Sent) -> None:
    for kind in (LOAN_BOOK, CALL_LOG):
        rows = sent.world.rows(
            f"SELECT raw_data FROM upload_rows WHERE file_upload_id = '{sent.uploads[kind]}' ORDER BY line_number"
        )
        assert [
            json.loads(text)[FIELDS[kind][field][0]]
            for (text,), (field, _) in zip(rows, cells(kind, HOSTILE), strict=True)
        ] == [cell for _, cell in cells(kind, HOSTILE)]
        wide = (
            "SELECT count(*) FROM upload_rows JOIN file_uploads AS f ON f.id = file_upload_id "
            f"WHERE filename = '{kind}.wide.csv'"
        )
        assert sent.world.value(wide) == len(cells(kind, [*HOSTILE, *WIDE]))
    for kind in RECORD_KINDS:
        count = f"SELECT count(*) FROM _upload_row_outcomes WHERE file_upload_id = '{sent.uploads[kind]}'"
        assert sent.world.value(count) >= len(cells(kind, HOSTILE))


def test_text_that_no_encoding_can_say_is_a_finding_of_its_record(sent: Sent) -> None:
    found = sent.world.rows(
        "SELECT filename, count(*) FROM upload_rows JOIN file_uploads AS f ON f.id = file_upload_id "
        "WHERE error LIKE 'bad_encoding: %' GROUP BY filename ORDER BY filename"
    )
    alone = sum(cell.startswith(("\ud800", "a\udfff", "\udc80", "9\ud800")) for cell in WIDE)  # the last one is a pair
    assert found == [(f"{kind}.wide.csv", alone * len(stated_fields(kind))) for kind in (CALL_LOG, LOAN_BOOK)]


@pytest.mark.parametrize("kind", [LOAN_BOOK, CALL_LOG, *RECORD_KINDS])
def test_a_cell_is_what_it_means_or_null_with_a_finding(sent: Sent, kind: str) -> None:
    upload, wrong = sent.uploads[kind], []
    # An upload whose rows our records state has those rows too, with other lines.
    rows = "SELECT line_number, error FROM _upload_row_outcomes AS rows JOIN _stg_uploads AS uploads USING (upload_id)"
    rows = rows.replace("USING (upload_id)", "ON uploads.upload_id = rows.file_upload_id")
    errors = dict(sent.world.rows(f"{rows} WHERE upload_id = '{upload}' AND id = row_id_of(sha256, line_number)"))
    for field in stated_fields(kind):
        if (place := column(kind, field)) is None:
            continue
        type_, table = sent.world.value(f"SELECT typeof({place.name}) FROM {place.table} LIMIT 1"), place.table
        values = dict(sent.world.rows(f"SELECT line_number, {place.name} FROM {table} WHERE upload_id = '{upload}'"))
        for line, (of, cell) in zip(sorted(errors), cells(kind, HOSTILE), strict=True):
            if of == field:
                text = cell.strip(" " if kind in RECORD_KINDS else BLANKS)
                text = text if kind in RECORD_KINDS else text.removeprefix("'")  # a spreadsheet's mark of text
                if field == "loan_id" and kind in (CALL_LOG, CALL) and text.startswith("{"):
                    text = ""  # a custom field of other things
                found = complaint(field, place, str(type_), text, values[line], errors[line] or "")
                wrong += [f"{kind}.{field} {text[:40]!r} is {str(values[line])[:40]!r}: {found}"] if found else []
    assert not wrong, "\n".join(wrong[:20])


def complaint(field: str, place: Column, type_: str, text: str, value: object, error: str) -> str | None:
    """What is wrong with how a cell was taken."""
    if place.name == "stated_row_fingerprint" or (
        type_ == "VARCHAR" and value == TEXTS_MEANT.get(place.name, TEXTS_MEANT.get(field, str))(text)
    ):
        return None  # the hash of any text, or the text
    if field in PHONES_AND_STATUSES and place.table != "_stg_file_upload_records":
        meant: object = PHONES_AND_STATUSES[field].get(text)
    elif field in ("duration_seconds", "conversation_seconds"):
        meant = SECONDS.get(text)
    elif type_ != "VARCHAR":
        meant = (place.meant or {} if type_ == "TIMESTAMP" else MEANT[type_]).get(text)
    else:
        meant = None
    if field == "ended_at" and isinstance(meant, datetime) and meant.year <= 1970:
        return None if value is None else "a call that has not ended is said to have ended when time began"
    if value != (0 if field == "stated_line_number" and meant is None else meant):
        return f"it means {meant!r}"
    named = f": {field} " in error or error.startswith(("unknown_status: ", "missing_loan_id: ", "bad_loan_id: "))
    # An identifier says in many ways that there is none, and says in some that it is masked.
    absent = text.lower() in UNSTATED or (field in IDENTIFIERS and phones.is_absent(text))
    absent = absent or (field in PHONES_AND_STATUSES and phones.normalize(text) == (None, None))
    return None if meant is not None or absent or named else f"no finding names it: {error[:80]!r}"


def test_every_check_passes_and_all_is_published(sent: Sent) -> None:
    outcomes = [found for table in published_tables() for found in check_contract(sent.world.home.warehouse, table)]
    outcomes += check_together(sent.world.home.warehouse, list(published_tables()))
    assert [str(outcome) for outcome in outcomes if not outcome.passed] == []
    for pii in ("clear", "masked"):
        sent.world.publish()
        settings = load_settings({"LOANCALLS_HOME": str(sent.world.home.root), "LOANCALLS_PII": pii})
        assert publish(sent.world.home, settings)["upload_rows"] > 10_000


def test_amounts_add_up_beyond_the_largest_one(world: World) -> None:
    most = "9999999999999.99"
    for day in (3, 4, 5):
        rows = [{"loan_id": f"L{number}", "phone": f"984501234{number}", "emp_id": "E1", "branch": "B",
                 "last_paid_date": f"2026-03-0{day}", "last_paid_amount": most} for number in (1, 2)]  # fmt: skip
        world.put(f"book{day}.csv", rows, f"2026-03-0{day} 04:00")
    calls = [{"call_id": f"c{number}", "to": f"984501234{number}", "status": "completed", "duration": "999999999",
              "start_time": "2026-03-02 10:00:00"} for number in (1, 2)]  # fmt: skip
    world.put("calls.csv", calls, "2026-03-02 12:00")
    world.load()
    for table in ("employee_performance", "branch_performance"):
        found = world.rows(f"SELECT recovered_amount, talk_seconds FROM {table}")
        assert found == [(6 * Decimal(most), 2 * 999_999_999)]


def test_a_call_id_that_lost_digits_is_refused_by_name(world: World) -> None:
    sids = ["1.77269E+12", "1772685764.1", "1772685764.10"]
    world.put("calls.csv", [{"call_id": sid, "to": "9845031201", "status": "completed"} for sid in sids])
    world.ingest()
    world.build_for("_stg_call_rows")
    found = world.rows("SELECT call_sid, split_part(row_error, ':', 1) FROM _stg_call_rows ORDER BY line_number")
    assert found == [(sids[0], "bad_call_sid"), (sids[1], None), (sids[2], None)]
