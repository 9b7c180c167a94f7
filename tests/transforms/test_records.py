"""What becomes of records of ours (of sessions and imports): of their rows, of calls and of uploads.

Who is who, and which loan is whose, is in `test_records_borrowers`.
"""

import json
from datetime import datetime
from decimal import Decimal

import pytest
from stories import Stories, Teller, Told, id_of, row_id
from stories import told as told  # the fixture

from models.codes import CELL_ERROR_CODES, ROW_ERROR_CODES
from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, RECORD_KINDS, STATUS, UPLOAD_ROW
from orchestration.store.lake import upload_id_of
from orchestration.store.records import IMPORT

STORIES = Stories()


# --- what becomes of a record -------------------------------------------------------------------------------------


@STORIES
def a_record_of_every_kind_has_an_outcome(tell: Teller):
    customer, loan, call = tell.id("customer"), tell.id("loan"), tell.id("call")
    upload, row = tell.id("upload"), tell.id("row")
    stated = [
        tell.state(CUSTOMER, {"entity_id": customer, "phone": tell.phone()}),
        tell.state(LOAN, {"entity_id": loan, "customer_id": customer, "loan_id": tell.loan()}),
        tell.state(CALL, {"entity_id": call, "call_sid": tell.sid(), "status": "ringing", "customer_id": customer}),
        tell.state(STATUS, {"entity_id": tell.id("status"), "call_ref": call, "status": "completed"}),
        tell.state(FILE_UPLOAD, {"entity_id": upload, "filename": "march.csv"}),
        tell.state(UPLOAD_ROW, {"entity_id": row, "file_upload_id": upload, "match_customer_id": customer}),
    ]
    yield
    assert [tell.outcomes(sha256) for sha256 in stated] == [
        *(["created"], ["created"], ["created"], ["matched"], ["created"], ["created"])
    ]
    uploads = tell.see("SELECT * FROM file_uploads WHERE sha256 IN (?, ?, ?, ?, ?, ?)", *stated)
    assert {upload["kind"] for upload in uploads} == set(RECORD_KINDS)
    for found in uploads:
        assert (found["status"], found["source"], found["uploaded_by"]) == ("completed", "api", "asha")
        assert (found["total_records"], found["success_records"], found["failed_records"]) == (1, 1, 0)
        assert (found["physical_lines"], found["header_lines"], found["record_lines"]) == (2, 1, 1)
    rows = tell.see("SELECT * FROM upload_rows WHERE file_upload_id = ?", upload_id_of(stated[1]))
    assert json.loads(rows[0]["raw_data"])["loan_id"] == tell.loan() == rows[0]["loan_id_text"]
    assert (rows[0]["match_customer_id"], rows[0]["match_loan_id"]) == (customer, loan)


@STORIES
def records_that_cannot_be_used_say_why(tell: Teller):
    nobody, upload = tell.id("nobody"), tell.id("no upload")
    stated = {
        tell.state(CUSTOMER, {"phone": tell.phone()}, {"entity_id": "12", "phone": tell.phone()}): [
            *["error missing_customer_id"] * 2,
        ],
        tell.state(
            LOAN,
            {"entity_id": tell.id("b"), "customer_id": nobody, "loan_id": "1.2E+11"},
            {"entity_id": tell.id("c"), "customer_id": nobody},
            {"entity_id": tell.id("d"), "loan_id": "NA"},
        ): [
            "error bad_loan_id",
            *["error missing_loan_id"] * 2,
        ],
        tell.state(
            CALL,
            {"entity_id": tell.id("f"), "call_sid": tell.sid(1), "status": "levitating"},
            {"status": "ringing"},
        ): ["error unknown_status", "error missing_call_sid"],
        tell.state(
            STATUS,
            {"entity_id": tell.id("g"), "call_ref": tell.id("no call"), "status": "ringing"},
            {"entity_id": tell.id("h"), "call_ref": tell.id("f")},
        ): ["error missing_call_sid", "error unknown_status"],
        tell.state(FILE_UPLOAD, {"filename": "march.csv"}): ["error missing_upload"],
        tell.state(UPLOAD_ROW, {"entity_id": tell.id("i"), "file_upload_id": upload}, {"file_upload_id": upload}): [
            *["error missing_upload"] * 2
        ],
    }
    yield
    for sha256, codes in stated.items():
        assert tell.outcomes(sha256) == codes
        found = tell.one("SELECT * FROM file_uploads WHERE sha256 = ?", sha256)
        assert (found["failed_records"], found["status"]) == (len(codes), "completed_with_errors")
    assert not {code.split()[-1] for codes in stated.values() for code in codes} - {*ROW_ERROR_CODES, *CELL_ERROR_CODES}
    assert not tell.see("SELECT * FROM loans WHERE loan_id LIKE ?", f"LN{tell.number}-%")
    assert not tell.see("SELECT * FROM call_sessions WHERE call_sid = ?", tell.sid())


@STORIES
def a_record_twice_in_a_file_is_a_duplicate(tell: Teller):
    record = {"entity_id": tell.id("a"), "phone": tell.phone()}
    customers = tell.state(CUSTOMER, record, record, record | {"state": "Goa"})
    call = {"entity_id": tell.id("call"), "call_sid": tell.sid(), "status": "ringing"}
    calls = tell.state(CALL, call, call)
    yield
    assert tell.outcomes(customers) == ["created", "duplicate", "matched"]
    assert tell.outcomes(calls) == ["created", "duplicate"]
    assert tell.called()["id"] == tell.id("call")


@STORIES
def bad_cells_are_left_out_and_named(tell: Teller):
    customer = tell.id("a")
    customers = tell.state(
        CUSTOMER,
        {"entity_id": customer, "phone": tell.phone(), "national_id": tell.pan(), "do_not_call": "true"},
        {"entity_id": customer, "phone": "12", "national_id": "XXXX1234", "do_not_call": "perhaps"},
    )
    loans = tell.state(
        LOAN,
        {"entity_id": tell.id("loan"), "customer_id": customer, "loan_id": tell.loan(), "due_amount": "10"},
        {
            **{"entity_id": tell.id("loan"), "customer_id": customer, "loan_id": tell.loan(), "due_amount": "lots"},
            **{"next_due_date": "soon", "branch_contact_number": "12"},
        },
    )
    yield
    assert tell.outcomes(customers) == ["created", "matched bad_phone"]
    (row,) = tell.see(
        "SELECT error FROM upload_rows WHERE file_upload_id = ? AND line_number = 3", upload_id_of(customers)
    )
    assert [part.split(":")[0] for part in row["error"].split("; ")] == ["bad_phone", "bad_national_id", "bad_flag"]
    assert tell.outcomes(loans) == ["created", "matched bad_amount"]
    found = tell.customer(customer)
    assert (found["national_id"], found["do_not_call"]) == (tell.pan(), True)
    assert (tell.lent()["due_amount"], tell.lent()["branch_contact_number"]) == (Decimal(10), None)


@STORIES
def blank_cells_state_nothing(tell: Teller):
    customer, loan = tell.id("a"), tell.id("loan")
    tell.state(CUSTOMER, {"entity_id": customer, "phone": tell.phone(), "full_name": "Asha", "email": "a@b.in"})
    tell.state(CUSTOMER, {"entity_id": customer, "phone": "", "full_name": "  ", "email": None, "national_id": "NA"})
    tell.state(LOAN, {"entity_id": loan, "customer_id": customer, "loan_id": tell.loan(), "principal_amount": "10"})
    tell.state(
        LOAN,
        {"entity_id": loan, "customer_id": customer, "loan_id": tell.loan(), "principal_amount": "", "due_amount": "0"},
    )
    yield
    found = tell.customer(customer)
    assert (found["primary_phone"], found["full_name"]) == (tell.phone(), "Asha")
    assert (found["email"], found["national_id"]) == ("a@b.in", None)
    assert (tell.lent()["principal_amount"], tell.lent()["due_amount"]) == (Decimal(10), Decimal(0))


# --- calls --------------------------------------------------------------------------------------------------------


@STORIES
def a_call_keeps_its_id(tell: Teller):
    call, logged = tell.id("call"), id_of(f"call|{tell.sid(2)}")
    tell.state(
        CALL,
        {
            **{"entity_id": call, "call_sid": tell.sid(1), "status": "in-progress", "to_number": "12"},
            **{"initiated_at": "2026-03-01 10:00:00", "updated_at": "2026-03-01 10:00:05"},
            **{"call_metadata": '{"said": "ಸರಿ"}', "created_at": "2026-02-28 00:00:00"},
        },
    )
    tell.send(
        {"call_sid": tell.sid(1), "status": "completed", "date_updated": "2026-03-01 15:40:00", "duration": 9},
        {"call_sid": tell.sid(2), "status": "busy", "date_updated": "2026-03-01 15:40:00", "duration": 0},
    )
    tell.state(CALL, {"entity_id": logged, "call_sid": tell.sid(2), "answered_by": "Human"})
    yield
    found = tell.called(1)
    assert (found["id"], found["status"], found["duration_seconds"]) == (call, "call_completed", 9)
    assert (found["initiated_at"], found["created_at"]) == (datetime(2026, 3, 1, 10), datetime(2026, 2, 28))
    assert (found["to_number"], found["call_metadata"]) == ("12", '{"said": "ಸರಿ"}')
    assert (tell.called(2)["id"], tell.called(2)["answered_by"]) == (logged, "Human")
    assert tell.called(2)["status"] == "disconnected", "a record that states no status takes none away"


@STORIES
def a_call_without_a_sid_counts(tell: Teller):
    nameless, named = tell.id("nameless"), tell.id("named")
    stated = tell.state(CALL, {"entity_id": nameless, "status": "failed"}, {"entity_id": named, "status": "queued"})
    status = tell.state(
        STATUS, {"entity_id": tell.id("s"), "call_ref": nameless, "status": "failed", "message": "no line"}
    )
    tell.state(CALL, {"entity_id": named, "call_sid": tell.sid()})
    tell.send({"call_sid": tell.sid(), "status": "completed"})
    yield
    found = tell.one("SELECT * FROM call_sessions WHERE id = ?", nameless)
    assert (found["call_sid"], found["status"]) == (f"no-sid-{nameless}", "failed")
    assert tell.outcomes(stated) == ["created", "created"] and tell.outcomes(status) == ["matched"]
    update = tell.one("SELECT * FROM call_status_updates WHERE call_session_id = ?", nameless)
    assert (update["id"], update["message"], update["sequence"]) == (tell.id("s"), "no line", 1)
    assert (tell.called()["id"], tell.called()["status"]) == (named, "call_completed")


@STORIES
def two_ids_of_one_sid_are_one_call(tell: Teller):
    first, second = tell.id("first"), tell.id("second")
    stated = tell.state(
        CALL,
        {"entity_id": first, "call_sid": tell.sid(), "status": "ringing", "updated_at": "2026-03-01 10:00:00"},
        {"entity_id": second, "call_sid": tell.sid(), "status": "busy", "updated_at": "2026-03-01 10:00:09"},
    )
    tell.state(STATUS, {"entity_id": tell.id("s"), "call_ref": second, "status": "busy"})
    yield
    assert tell.outcomes(stated) == ["created", "matched"]
    assert (tell.called()["id"], tell.called()["status"]) == (first, "disconnected")
    assert tell.one("SELECT * FROM call_status_updates WHERE id = ?", tell.id("s"))["call_session_id"] == first


@STORIES
def updates_are_kept_in_order_with_their_ids_and_never_downgrade(tell: Teller):
    call = tell.id("call")
    tell.state(CALL, {"entity_id": call, "call_sid": tell.sid(), "updated_at": "2026-03-01 10:00:00"})
    moments = {"completed": "10:00:30", "ringing": "10:00:10", "in_progress": "10:00:20", "calling": "10:00:40"}
    tell.state(
        STATUS,
        *(
            {"entity_id": tell.id(word), "call_ref": call, "status": word, "updated_at": f"2026-03-01 {at}"}
            | {"message": word, "extra_data": '{"a": 1}'}
            for word, at in moments.items()
        ),
    )
    yield
    updates = tell.see("SELECT * FROM call_status_updates WHERE call_session_id = ? ORDER BY sequence", call)
    order = ["ringing", "in_progress", "completed", "calling"]
    assert [(update["sequence"], update["id"]) for update in updates] == [
        (place, tell.id(word)) for place, word in enumerate(order, 1)
    ]
    assert [update["provider_status"] for update in updates] == [update["message"] for update in updates] == order
    assert [update["extra_data"] for update in updates] == ['{"a": 1}'] * 4
    assert (tell.called()["status"], tell.called()["provider_status"]) == ("call_completed", "completed")


@STORIES
def a_call_belongs_to_the_customer_and_loan_that_are_stated(tell: Teller):
    one, other, loan = tell.id("one"), tell.id("other"), tell.id("loan")
    tell.state(CUSTOMER, {"entity_id": one, "phone": tell.phone(1)}, {"entity_id": other, "phone": tell.phone(2)})
    tell.state(
        LOAN,
        {"entity_id": loan, "customer_id": one, "loan_id": tell.loan(1)},
        {"entity_id": tell.id("old loan"), "customer_id": one, "loan_id": tell.loan(2)},
    )
    tell.state(LOAN, {"entity_id": loan, "customer_id": one, "loan_id": tell.loan(1), "outstanding_amount": "5"})
    call = {"status": "busy", "to_number": tell.phone(2), "initiated_at": "2026-03-20 10:00:00"}
    tell.state(
        CALL,
        call | {"entity_id": tell.id("c1"), "call_sid": tell.sid(1), "customer_id": one},
        call | {"entity_id": tell.id("c2"), "call_sid": tell.sid(2), "loan_ref": tell.id("old loan")},
        call | {"entity_id": tell.id("c3"), "call_sid": tell.sid(3), "customer_id": other, "loan_ref": loan},
        call | {"entity_id": tell.id("c4"), "call_sid": tell.sid(4), "customer_id": other},
        call | {"entity_id": tell.id("c5"), "call_sid": tell.sid(5), "customer_id": tell.id("gone")},
    )
    yield
    told = [tell.called(which) for which in range(1, 6)]
    found = [(call["customer_id"], call["loan_id"], call["attribution"]) for call in told]
    assert found == [
        (one, loan, "customer"),
        (one, tell.id("old loan"), "loan"),
        (other, loan, "loan"),
        (other, None, "customer"),
        (other, None, "number"),
    ]


@STORIES
def a_call_belongs_to_the_row_that_is_stated(tell: Teller):
    book = tell.send(
        {"loan_id": tell.loan(1), "phone": tell.phone(1)},
        {"loan_id": tell.loan(2), "phone": tell.phone(1)},
    )
    upload, row = tell.id("upload"), tell.id("row")
    who, loan = tell.id("who"), tell.id("loan")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(2)})
    tell.state(LOAN, {"entity_id": loan, "customer_id": who, "loan_id": tell.loan(3)})
    tell.state(FILE_UPLOAD, {"entity_id": upload, "filename": "march.csv"})
    tell.state(
        UPLOAD_ROW, {"entity_id": row, "file_upload_id": upload, "match_loan_id": loan, "stated_line_number": "5"}
    )
    call = {"status": "busy", "initiated_at": "2026-03-20 10:00:00"}
    tell.state(
        CALL,
        call | {"entity_id": tell.id("c1"), "call_sid": tell.sid(1), "triggering_row": row_id(book, 3)},
        call
        | {"entity_id": tell.id("c2"), "call_sid": tell.sid(2), "triggering_row": row, "triggering_upload": upload},
        call | {"entity_id": tell.id("c3"), "call_sid": tell.sid(3), "triggering_upload": upload, "customer_id": who},
        call | {"entity_id": tell.id("c4"), "call_sid": tell.sid(4), "triggering_upload": tell.id("gone")},
    )
    yield
    told = [tell.called(which) for which in range(1, 5)]
    found = [(call["triggered_by_batch"], call["triggered_by_row"], call["attribution"]) for call in told]
    assert found == [
        (upload_id_of(book), row_id(book, 3), "row"),
        (upload, row, "row"),
        (upload, None, "customer"),
        (None, None, "none"),
    ]
    assert [call["loan_id"] for call in told] == [id_of(f"loan|{tell.loan(2)}"), loan, loan, None]


@STORIES
def the_later_of_a_stated_status_and_a_call_is_the_customers(tell: Teller):
    early, late, undated = tell.id("early"), tell.id("late"), tell.id("undated")
    people = {early: "2026-03-05 09:00:00", late: "2026-03-05 11:00:00", undated: None}
    tell.state(
        CUSTOMER,
        *(
            {"entity_id": who, "phone": tell.phone(number), "call_status": "failed", "stated_at": at}
            for number, (who, at) in enumerate(people.items())
        ),
    )
    call = {"status": "busy", "initiated_at": "2026-03-05 10:00:00", "updated_at": "2026-03-05 10:00:30"}
    tell.state(
        CALL,
        *(
            call | {"entity_id": tell.id(f"call {who}"), "call_sid": tell.sid(number), "customer_id": who}
            for number, who in enumerate(people)
        ),
    )
    yield
    told = {who: tell.customer(who) for who in people}
    assert [told[who]["status"] for who in people] == ["disconnected", "failed", "disconnected"]
    assert {told[who]["last_contact_date"] for who in people} == {datetime(2026, 3, 5, 10)}


@STORIES
def the_last_contact_is_the_later_of_what_is_stated_and_the_calls(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    tell.state(
        CUSTOMER,
        {"entity_id": one, "phone": tell.phone(1), "last_contact_date": "2026-03-05 12:00:00"},
        {"entity_id": other, "phone": tell.phone(2), "last_contact_date": "2026-03-05 08:00:00"},
    )
    for number, who in enumerate((one, other)):
        call = {"entity_id": tell.id(f"call {who}"), "call_sid": tell.sid(number), "customer_id": who}
        tell.state(CALL, call | {"status": "busy", "initiated_at": "2026-03-05 10:00:00"})
    ready = {"status": "ready", "initiated_at": "2026-03-09 10:00:00", "customer_id": other}
    tell.state(CALL, ready | {"entity_id": tell.id("ready"), "call_sid": tell.sid(9)})
    yield
    assert tell.customer(one)["last_contact_date"] == datetime(2026, 3, 5, 12)
    assert tell.customer(other)["last_contact_date"] == datetime(2026, 3, 5, 10), "a call that was not placed is none"


# --- uploads of the earlier system --------------------------------------------------------------------------------


@STORIES
def an_imported_upload_that_was_left_open_has_ended_as_its_rows_say(tell: Teller):
    who = tell.id("who")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()}, source=IMPORT)
    rows = {
        "good": [{"status": "pending", "match_customer_id": who}, {"status": "matched"}],
        "mixed": [{"status": "created"}, {"status": "pending"}, {"status": "duplicate"}, {"status": "failed"}],
        "lost": [{"status": "pending"}, {"match_customer_id": tell.id("gone")}],
    }
    tell.state(
        FILE_UPLOAD,
        *({"entity_id": tell.id(name), "filename": f"{name}.csv", "status": "processing"} for name in rows),
        {"entity_id": tell.id("bare"), "filename": "bare.csv", "status": "processing"},
        {"entity_id": tell.id("counted"), "status": "processing", "total_records": "5", "processed_records": "5"},
        {"entity_id": tell.id("halfway"), "status": "processing", "total_records": "5", "processed_records": "3"},
        {"entity_id": tell.id("done"), "status": "Done", "total_records": "5", "failed_records": "2"},
        source=IMPORT,
    )
    tell.state(
        UPLOAD_ROW,
        *(
            {"entity_id": tell.id(f"{name} {line}"), "file_upload_id": tell.id(name), "stated_line_number": str(line)}
            | stated
            for name, of_upload in rows.items()
            for line, stated in enumerate(of_upload)
        ),
        source=IMPORT,
    )
    yield
    counts = ("total_records", "success_records", "failed_records", "duplicate_records", "status")
    names = [*rows, "bare", "counted", "halfway", "done"]
    found = {name: tell.one("SELECT * FROM file_uploads WHERE id = ?", tell.id(name)) for name in names}
    assert {name: tuple(upload[count] for count in counts) for name, upload in found.items()} == {
        "good": (2, 2, 0, 0, "completed"),
        "mixed": (4, 1, 2, 1, "completed_with_errors"),
        "lost": (2, 0, 2, 0, "completed_with_errors"),
        "bare": (0, 0, 0, 0, "failed"),
        "counted": (5, 5, 0, 0, "completed"),
        "halfway": (5, 3, 0, 0, "failed"),
        "done": (5, 3, 2, 0, "completed"),
    }
    assert (found["good"]["source"], found["good"]["sha256"]) == ("import", None)
    assert found["counted"]["filename"] == "(unnamed)"
    (row,) = tell.see("SELECT * FROM upload_rows WHERE id = ?", tell.id("lost 0"))
    assert (row["status"], row["error"].split(":")[0]) == ("error", "earlier_error")
    (row,) = tell.see("SELECT * FROM upload_rows WHERE id = ?", tell.id("good 0"))
    assert (row["status"], row["match_customer_id"]) == ("matched", who)


@STORIES
def an_upload_that_a_script_works_on_stays_open(tell: Teller):
    upload = tell.id("upload")
    tell.state(FILE_UPLOAD, {"entity_id": upload, "filename": "march.csv", "uploaded_at": "2026-02-28 10:00:00"})
    tell.state(
        FILE_UPLOAD, {"entity_id": upload, "total_records": "9", "processed_records": "4", "failed_records": "1"}
    )
    yield
    found = tell.one("SELECT * FROM file_uploads WHERE id = ?", upload)
    assert (found["status"], found["filename"], found["source"]) == ("processing", "march.csv", "api")
    assert (found["total_records"], found["processed_records"], found["success_records"]) == (9, 4, 3)
    assert found["uploaded_at"] == datetime(2026, 2, 28, 10)


@STORIES
def a_stated_row_shows_what_it_held_and_what_it_was_matched_with(tell: Teller):
    who, loan, upload, row = tell.id("who"), tell.id("loan"), tell.id("upload"), tell.id("row")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    tell.state(LOAN, {"entity_id": loan, "customer_id": who, "loan_id": tell.loan(1)})
    tell.state(LOAN, {"entity_id": loan, "customer_id": who, "loan_id": tell.loan(2), "former_loan_id": tell.loan(1)})
    tell.state(FILE_UPLOAD, {"entity_id": upload, "filename": "march.csv"})
    stated = {"entity_id": row, "file_upload_id": upload, "stated_line_number": "7", "stated_raw_data": '{"a": "ಸರಿ"}'}
    tell.state(
        UPLOAD_ROW,
        stated | {"phone_normalized": tell.phone(), "loan_id_text": tell.loan(1), "stated_row_fingerprint": "abc"},
    )
    tell.state(
        UPLOAD_ROW,
        stated
        | {
            "match_customer_id": who,
            "match_loan_id": loan,
            "match_method": "Phone",
            "matched_at": "2026-03-01 10:00:00",
        }
        | {"stated_row_fingerprint": "abc", "loan_id_text": tell.loan(1), "status": "created"},
    )
    yield
    found = tell.one("SELECT * FROM upload_rows WHERE id = ?", row)
    assert (found["line_number"], json.loads(found["raw_data"])) == (7, {"a": "ಸರಿ"})
    assert (found["match_customer_id"], found["match_loan_id"], found["match_method"]) == (who, loan, "phone")
    assert (found["matched_at"], found["status"], found["error"]) == (datetime(2026, 3, 1, 10), "created", None)
    assert (found["loan_id_text"], found["row_fingerprint"]) == (tell.loan(1), id_of("abc"))


# --- the end of the stories ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_story(told: Told, name: str) -> None:
    told.end(name)


def test_what_all_stories_made_can_be_published(told: Told) -> None:
    """Every key is a key, every reference refers to something, and everything adds up."""
    assert told.complaints() == []
