"""Who is who, and which loan is whose, where records of ours (of sessions and imports) speak of it beside files."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from stories import DAY, Stories, Teller, Told, id_of, row_id
from stories import told as told  # the fixture

from models import rules
from models.fields import CALL, CUSTOMER, LOAN
from orchestration.store.lake import upload_id_of

STORIES = Stories()


# --- who is who ---------------------------------------------------------------------------------------------------


@STORIES
def one_id_is_one_customer_whatever_else_changes(tell: Teller):
    who = tell.id("a")
    stated = [
        tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(1)}),
        tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(2), "national_id": tell.pan(1)}),
        tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(2), "national_id": tell.pan(2)}),
    ]
    book = tell.send(
        {"loan_id": tell.loan(1), "phone": tell.phone(1), "pan": None},
        {"loan_id": tell.loan(2), "phone": None, "pan": tell.pan(1)},
        {"loan_id": tell.loan(3), "phone": None, "pan": tell.pan(2)},
    )
    yield
    assert tell.owners(1, 2, 3) == [who] * 3
    assert [tell.how(sha256) for sha256 in stated] == [["created"], ["entity_id"], ["entity_id"]]
    assert tell.how(book) == ["phone", "national_id", "national_id"]
    found = tell.customer(who)
    assert (found["primary_phone"], found["national_id"]) == (tell.phone(1), tell.pan(2))
    assert found["fingerprint"] == id_of(f"{tell.phone(2)[1:]}|{tell.pan(2)}"), "by the phone that we state of him"


@STORIES
def two_ids_with_the_same_phone_and_no_national_id_are_one_customer(tell: Teller):
    first, second = tell.id("first"), tell.id("second")
    tell.state(CUSTOMER, {"entity_id": second, "phone": tell.phone()}, at=DAY + timedelta(days=9))
    tell.state(CUSTOMER, {"entity_id": first, "phone": tell.phone()})
    loans = [{"entity_id": tell.id(f"loan {one}"), "loan_id": tell.loan(one)} for one in (1, 2)]
    tell.state(LOAN, loans[0] | {"customer_id": first}, loans[1] | {"customer_id": second})
    call = {"entity_id": tell.id("call"), "call_sid": tell.sid(), "status": "busy", "customer_id": second}
    tell.state(CALL, call)
    yield
    assert tell.owners(1, 2) == [first, first]
    assert tell.called()["customer_id"] == first
    assert not tell.see("SELECT * FROM customers WHERE id = ?", second)
    assert tell.customer(first)["fingerprint"] == id_of(f"{tell.phone()[1:]}|")


@STORIES
def two_ids_with_the_same_national_id_are_one_customer(tell: Teller):
    first, second = tell.id("first"), tell.id("second")
    stated = tell.state(
        CUSTOMER,
        {"entity_id": first, "phone": tell.phone(1), "national_id": tell.pan()},
        {"entity_id": second, "phone": tell.phone(2), "national_id": tell.pan().lower()},
    )
    yield
    assert tell.how(stated) == ["created", "entity_id"]
    assert tell.customer(first)["primary_phone"] == tell.phone(2)
    assert not tell.see("SELECT * FROM customers WHERE id = ?", second)


@STORIES
def the_same_phone_with_different_national_ids_is_two_customers(tell: Teller):
    one, other, without = tell.id("one"), tell.id("other"), tell.id("without")
    stated = tell.state(
        CUSTOMER,
        {"entity_id": one, "phone": tell.phone(), "national_id": tell.pan(1)},
        {"entity_id": other, "phone": tell.phone(), "national_id": tell.pan(2)},
        {"entity_id": without, "phone": tell.phone()},
    )
    yield
    assert tell.how(stated) == ["created"] * 3
    assert len({tell.customer(who)["fingerprint"] for who in (one, other, without)}) == 3


@STORIES
def rows_of_files_with_the_phone_of_an_id_are_its_customer(tell: Teller):
    who = tell.id("a")
    earlier = tell.send({"loan_id": tell.loan(1), "phone": tell.phone(), "name": "Asha"})
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(), "full_name": "Asha Rao"})
    tell.send({"loan_id": tell.loan(2), "phone": tell.phone(2)})
    tell.send({"loan_id": tell.loan(2), "phone": tell.phone()})
    yield
    assert tell.owners(1, 2) == [who, who]
    assert tell.how(earlier) == ["created"]
    found = tell.customer(who)
    assert (found["full_name"], found["created_at"]) == ("Asha Rao", DAY + timedelta(days=1))
    assert found["first_uploaded_at"] == DAY + timedelta(days=1)


@STORIES
def rows_of_files_with_the_loan_of_an_id_are_its_customer(tell: Teller):
    who = tell.id("a")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(1)})
    tell.state(LOAN, {"entity_id": tell.id("loan"), "customer_id": who, "loan_id": tell.loan(1)})
    tell.send(
        {"loan_id": tell.loan(1), "phone": tell.phone(2), "name": "Asha"},
        {"loan_id": tell.loan(1), "phone": "", "name": "Asha Rao"},
    )
    yield
    assert tell.owners(1) == [who]
    found = tell.customer(who)
    assert (found["full_name"], found["primary_phone"]) == ("Asha", tell.phone(2)), "the second row states no person"
    assert found["fingerprint"] == id_of(f"{tell.phone(1)[1:]}|"), "he goes by the phone that we state of him"


@STORIES
def a_phone_of_two_ids_brings_a_row_to_neither(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    tell.state(
        CUSTOMER,
        {"entity_id": one, "phone": tell.phone(), "national_id": tell.pan(1)},
        {"entity_id": other, "phone": tell.phone(), "national_id": tell.pan(2)},
    )
    book = tell.send({"loan_id": tell.loan(), "phone": tell.phone()})
    yield
    assert tell.how(book) == ["created"]
    assert tell.owners(1) == [id_of(f"customer|{row_id(book, 2)}")]


@STORIES
def a_phone_that_is_no_number_is_shown_as_stated_and_identifies_nobody(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    stated = tell.state(
        CUSTOMER,
        {"entity_id": one, "phone": "call the shop"},
        {"entity_id": other, "phone": "call the shop"},
    )
    yield
    assert tell.outcomes(stated) == ["created bad_phone"] * 2
    assert [tell.customer(who)["primary_phone"] for who in (one, other)] == ["call the shop"] * 2
    assert tell.customer(one)["fingerprint"] != tell.customer(other)["fingerprint"]
    assert tell.customer(one)["fingerprint"] == str(UUID(rules.fingerprint("call the shop", None, one)))


@STORIES
def the_phone_that_was_stated_last_is_the_customers(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    tell.state(CUSTOMER, {"entity_id": one, "phone": tell.phone(1)}, {"entity_id": other, "phone": "ask at the shop"})
    tell.state(LOAN, {"entity_id": tell.id("loan"), "customer_id": other, "loan_id": tell.loan(2)})
    tell.send({"loan_id": tell.loan(1), "phone": tell.phone(1)})
    tell.send({"loan_id": tell.loan(1), "phone": tell.phone(2)}, {"loan_id": tell.loan(2), "phone": tell.phone(3)})
    yield
    assert tell.customer(one)["primary_phone"] == tell.phone(2)
    assert tell.customer(other)["primary_phone"] == tell.phone(3)


@STORIES
def customers_without_phone_and_national_id_are_each_their_own(tell: Teller):
    people = [tell.id(name) for name in "abc"]
    stated = tell.state(CUSTOMER, *({"entity_id": who, "full_name": "Asha"} for who in people))
    yield
    assert tell.outcomes(stated) == ["created"] * 3
    found = [tell.customer(who) for who in people]
    assert len({row["fingerprint"] for row in found}) == 3
    assert found[0]["fingerprint"] == id_of(f"fingerprint|{people[0]}")
    assert [(row["full_name"], row["primary_phone"]) for row in found] == [("Asha", None)] * 3


@STORIES
def a_phone_of_a_branch_identifies_nobody_but_is_shown(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    stated = {"customer_id": one, "loan_id": tell.loan(), "branch_contact_number": tell.phone(9)}
    tell.state(CUSTOMER, {"entity_id": one, "phone": tell.phone(9)}, {"entity_id": other, "phone": tell.phone(9)})
    tell.state(LOAN, stated | {"entity_id": tell.id("loan")})
    yield
    assert [tell.customer(who)["primary_phone"] for who in (one, other)] == [tell.phone(9)] * 2
    assert tell.lent()["branch_contact_number"] == tell.phone(9)


@STORIES
def a_customer_of_a_file_keeps_its_id_when_records_speak_of_it(tell: Teller):
    """Its id comes from its first row; also when an earlier file turns up, and when the phone is not his any more."""
    book = tell.send({"loan_id": tell.loan(1), "phone": tell.phone(1), "name": "Asha"})
    row = row_id(book, 2)
    who = id_of(f"customer|{row}")
    stated = {"entity_id": who, "customer_row": row, "phone": tell.phone(2), "full_name": "Asha Rao"}
    customers = tell.state(CUSTOMER, stated)
    tell.state(LOAN, {"entity_id": tell.id("l"), "customer_id": who, "customer_row": row, "loan_id": tell.loan(2)})
    earlier = tell.send({"loan_id": tell.loan(3), "phone": tell.phone(1), "name": "A"}, at=DAY)
    yield
    assert tell.owners(1, 2, 3) == [who] * 3
    assert tell.how(earlier) == ["created"] and tell.how(book) == ["phone"] and tell.how(customers) == ["entity_id"]
    found = tell.customer(who)
    assert (found["full_name"], found["primary_phone"]) == ("Asha Rao", tell.phone(2))
    assert found["first_uploaded_at"] == found["created_at"] == DAY


@STORIES
def an_old_phone_still_finds_the_customer(tell: Teller):
    who = tell.id("a")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(1)})
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone(2), "national_id": tell.pan()})
    yield
    sql = "SELECT customer_id FROM former_fingerprints WHERE fingerprint = ?"
    assert tell.one(sql, id_of(f"{tell.phone(1)[1:]}|"))["customer_id"] == who
    assert not tell.see(sql, id_of(f"{tell.phone(2)[1:]}|{tell.pan()}"))


@STORIES
def two_customers_never_have_one_fingerprint(tell: Teller):
    """A loan that a script gives to a file's customer, then files with his phone: with a national id, and without."""
    book = tell.send({"loan_id": tell.loan(1), "phone": tell.phone(), "pan": ""})
    row = row_id(book, 2)
    who = id_of(f"customer|{row}")
    tell.state(LOAN, {"entity_id": tell.id("l"), "customer_id": who, "customer_row": row, "loan_id": tell.loan(2)})
    tell.send(
        {"loan_id": tell.loan(3), "phone": tell.phone(), "pan": tell.pan()},
        {"loan_id": tell.loan(4), "phone": tell.phone(), "pan": ""},
    )
    yield
    assert tell.owners(1, 2) == [who, who]
    found = tell.see("SELECT * FROM customers WHERE primary_phone = ?", tell.phone())
    assert len({customer["fingerprint"] for customer in found}) == len(found) > 1


@STORIES
def what_only_records_say_of_a_customer(tell: Teller):
    who = tell.id("a")
    tell.state(
        CUSTOMER,
        {
            **{"entity_id": who, "phone": tell.phone(), "language_code": "kn-IN", "call_status": "no_answer"},
            **{"last_contact_date": "2026-02-01 10:00:00", "first_uploaded_at": "2025-11-04 04:30:00.25"},
            **{"created_at": "2025-11-03T04:30:00", "stated_at": "2026-02-01 10:00:00", "do_not_call": "true"},
        },
        {"entity_id": who, "phone": tell.phone(), "state": "Goa", "created_at": "2026-01-01", "do_not_call": "false"},
    )
    yield
    found = tell.customer(who)
    assert (found["language_code"], found["state"], found["do_not_call"]) == ("kn-IN", "Goa", False)
    assert found["status"] == found["call_status"] == "disconnected"
    assert found["last_contact_date"] == datetime(2026, 2, 1, 10)
    assert found["first_uploaded_at"] == datetime(2025, 11, 4, 4, 30, 0, 250000)
    assert found["created_at"] == datetime(2025, 11, 3, 4, 30)
    assert found["updated_at"] == DAY + timedelta(days=1)


# --- loans --------------------------------------------------------------------------------------------------------


@STORIES
def a_loan_keeps_the_id_that_was_stated_first(tell: Teller):
    who, loan = tell.id("a"), tell.id("loan")
    tell.send({"loan_id": tell.loan(), "phone": tell.phone(), "amount": "10"})
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    stated = {"customer_id": who, "loan_id": tell.loan()}
    tell.state(LOAN, stated | {"entity_id": loan, "outstanding_amount": "9.50", "created_at": "2025-12-01 00:00:00"})
    tell.state(LOAN, stated | {"entity_id": tell.id("another"), "due_amount": "5"})
    yield
    found = tell.lent()
    assert (found["id"], found["outstanding_amount"], found["due_amount"]) == (loan, Decimal("9.50"), Decimal(5))
    assert found["created_at"] == datetime(2025, 12, 1)
    snapshots = tell.see("SELECT * FROM loan_snapshots WHERE loan_id = ? ORDER BY valid_from", tell.loan())
    assert [snapshot["loan_ref"] for snapshot in snapshots] == [loan] * 3
    assert tell.one("SELECT * FROM loan_call_success WHERE loan_id = ?", tell.loan())["attempts"] == 0


@STORIES
def a_loan_of_a_file_keeps_its_id_when_records_speak_of_it(tell: Teller):
    book = tell.send({"loan_id": tell.loan(), "phone": tell.phone()})
    row, loan = row_id(book, 2), id_of(f"loan|{tell.loan()}")
    who = id_of(f"customer|{row}")
    stated = tell.state(
        LOAN,
        {"entity_id": loan, "customer_id": who, "customer_row": row, "loan_id": tell.loan(), "loan_status": "closed"},
    )
    yield
    assert (tell.lent()["id"], tell.lent()["status"], tell.lent()["customer_id"]) == (loan, "closed", who)
    assert tell.outcomes(stated) == ["matched"] and tell.how(stated) == ["entity_id"]


@STORIES
def a_loan_goes_to_another_customer(tell: Teller):
    one, other = tell.id("one"), tell.id("other")
    tell.state(CUSTOMER, {"entity_id": one, "phone": tell.phone(1)}, {"entity_id": other, "phone": tell.phone(2)})
    stated = {"entity_id": tell.id("loan"), "loan_id": tell.loan()}
    tell.state(LOAN, stated | {"customer_id": one})
    tell.state(LOAN, stated | {"customer_id": other})
    yield
    assert tell.owners(1) == [other]
    assert {tell.customer(who)["primary_phone"] for who in (one, other)} == {tell.phone(1), tell.phone(2)}


@STORIES
def files_with_a_former_loan_number_mean_the_loan(tell: Teller):
    who, loan = tell.id("a"), tell.id("loan")
    book = tell.send({"loan_id": tell.loan(1), "phone": tell.phone(), "amount": "100"})
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    stated = {"entity_id": loan, "customer_id": who}
    tell.state(LOAN, stated | {"loan_id": tell.loan(1)})
    tell.state(LOAN, stated | {"loan_id": tell.loan(2), "former_loan_id": tell.loan(1)})
    tell.state(LOAN, stated | {"loan_id": tell.loan(3), "former_loan_id": tell.loan(2), "due_amount": "7"})
    later = tell.send({"loan_id": tell.loan(2), "phone": tell.phone(), "amount": "60"})
    calls = tell.send({"call_sid": tell.sid(), "status": "busy", "to": "", "loan_id": tell.loan(1)})
    yield
    found = tell.lent(3)
    assert (found["id"], found["outstanding_amount"], found["due_amount"]) == (loan, Decimal(60), Decimal(7))
    assert not tell.see("SELECT * FROM loans WHERE loan_id IN (?, ?)", tell.loan(1), tell.loan(2))
    rows = tell.see(
        "SELECT * FROM upload_rows WHERE file_upload_id IN (?, ?, ?) ORDER BY line_number",
        *map(upload_id_of, (book, later, calls)),
    )
    assert {row["match_loan_id"] for row in rows} == {loan}
    assert (tell.called()["loan_id"], tell.called()["attribution"]) == (loan, "loan")


@STORIES
def a_loan_of_a_file_that_is_given_another_number_stays_one_loan(tell: Teller):
    book = tell.send({"loan_id": tell.loan(1), "phone": tell.phone(), "amount": "100"})
    row, loan = row_id(book, 2), id_of(f"loan|{tell.loan(1)}")
    who = id_of(f"customer|{row}")
    tell.state(
        LOAN,
        {
            **{"entity_id": loan, "customer_id": who, "customer_row": row},
            **{"loan_id": tell.loan(2), "former_loan_id": tell.loan(1)},
        },
    )
    yield
    assert (tell.lent(2)["id"], tell.lent(2)["outstanding_amount"]) == (loan, Decimal(100))
    assert not tell.see("SELECT * FROM loans WHERE loan_id = ?", tell.loan(1))


@STORIES
def a_number_that_became_free_may_be_another_loans(tell: Teller):
    who, first, second = tell.id("a"), tell.id("first"), tell.id("second")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    stated = {"customer_id": who, "loan_id": tell.loan(1)}
    tell.state(LOAN, stated | {"entity_id": first, "principal_amount": "100", "loan_status": "closed"})
    tell.state(LOAN, stated | {"entity_id": first, "loan_id": tell.loan(2), "former_loan_id": tell.loan(1)})
    tell.state(LOAN, stated | {"entity_id": second, "principal_amount": "7"})
    tell.state(
        CALL,
        {"entity_id": tell.id("c"), "call_sid": tell.sid(), "loan_ref": first, "loan_id": tell.loan(1)},
    )
    yield
    one, other = tell.lent(2), tell.lent(1)
    assert (one["id"], one["principal_amount"], one["status"]) == (first, Decimal(100), "closed")
    assert (other["id"], other["principal_amount"], other["status"]) == (second, Decimal(7), "active")
    assert tell.called()["loan_id"] == first, "a call stays with its loan"


@STORIES
def two_loans_can_change_numbers_with_each_other(tell: Teller):
    who, one, other = tell.id("a"), tell.id("one"), tell.id("other")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    tell.state(
        LOAN,
        {"entity_id": one, "customer_id": who, "loan_id": tell.loan(1), "principal_amount": "1"},
        {"entity_id": other, "customer_id": who, "loan_id": tell.loan(2), "principal_amount": "2"},
    )
    tell.state(LOAN, {"entity_id": one, "customer_id": who, "loan_id": tell.loan(3), "former_loan_id": tell.loan(1)})
    tell.state(
        LOAN,
        {"entity_id": other, "customer_id": who, "loan_id": tell.loan(1), "former_loan_id": tell.loan(2)},
        {"entity_id": one, "customer_id": who, "loan_id": tell.loan(2), "former_loan_id": tell.loan(3)},
    )
    yield
    assert (tell.lent(1)["id"], tell.lent(1)["principal_amount"]) == (other, Decimal(2))
    assert (tell.lent(2)["id"], tell.lent(2)["principal_amount"]) == (one, Decimal(1))


@STORIES
def a_status_that_a_script_sets_stands_until_a_file_says_what_is_outstanding(tell: Teller):
    """However often the script changes amounts meanwhile, and whether or not a run comes between."""
    who = tell.id("a")
    tell.state(CUSTOMER, {"entity_id": who, "phone": tell.phone()})
    loans = [{"entity_id": tell.id(f"l{one}"), "customer_id": who, "loan_id": tell.loan(one)} for one in range(6)]
    tell.state(LOAN, *(loan | {"outstanding_amount": "100"} for loan in loans))
    tell.state(
        LOAN,
        loans[1] | {"loan_status": "closed"},
        loans[2] | {"loan_status": "closed"},
        loans[3] | {"loan_status": "closed"},
        loans[3] | {"outstanding_amount": "50"},
        loans[4] | {"loan_status": "closed"},
        loans[5] | {"loan_status": "paid off", "outstanding_amount": "0"},
    )
    tell.state(LOAN, loans[4] | {"outstanding_amount": "50"})
    tell.send({"loan_id": tell.loan(2), "phone": tell.phone(), "amount": "80"})
    tell.state(LOAN, loans[5] | {"loan_status": "active"})
    yield
    told = {which: tell.lent(which)["status"] for which in range(6)}
    assert told == {0: "active", 1: "closed", 2: "active", 3: "closed", 4: "closed", 5: "active"}


@STORIES
def a_record_of_a_customer_that_is_not_known_leaves_the_loan_where_it_is(tell: Teller):
    tell.send({"loan_id": tell.loan(), "phone": tell.phone(), "amount": "100", "pan": tell.pan(1)})
    tell.send({"loan_id": tell.loan(), "phone": tell.phone(2), "amount": "100", "pan": tell.pan(2)})
    stated = {"customer_id": tell.id("nobody"), "loan_id": tell.loan(), "outstanding_amount": "5"}
    orphan = tell.state(LOAN, stated | {"entity_id": tell.id("x"), "loan_status": "closed", "created_at": "2020-01-01"})
    yield
    assert tell.outcomes(orphan) == ["created"], "of somebody of whom nothing is known"
    found = tell.lent()
    assert (found["outstanding_amount"], found["status"]) == (Decimal(5), "closed")
    assert tell.customer(found["customer_id"])["national_id"] == tell.pan(2)


# --- the end of the stories ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_story(told: Told, name: str) -> None:
    told.end(name)


def test_what_all_stories_made_can_be_published(told: Told) -> None:
    """Every key is a key, every reference refers to something, and everything adds up."""
    assert told.complaints() == []
