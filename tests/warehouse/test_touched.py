"""A build of the touched part gives the tables of a build of all; what is not touched is left as it is."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from stories import ours, state
from support import World
from worlds import Dice, first_day, next_day

from models.published import published_tables
from orchestration.errors import TransformError
from orchestration.ingest.corrections import restate, withdraw
from orchestration.store.hashing import digest
from orchestration.store.lake import upload_id_of
from orchestration.warehouse import touched
from orchestration.warehouse.build import Warehouse, open_warehouse
from orchestration.warehouse.fingerprints import Fingerprints
from orchestration.warehouse.transforms import LOOKUP, load_transforms

KEPT = [name for name, one in load_transforms().items() if one.replaced_by or one.identifies == LOOKUP]
TABLES = sorted({*published_tables(), *KEPT})
Book = list[dict[str, object]]


@pytest.fixture(autouse=True)
def small_homes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home as small as these is otherwise built whole, and so is one whose tables were not checked."""
    monkeypatch.setattr(touched, "LEAST_RECORDS", 0)
    monkeypatch.setattr(Fingerprints, "are_checked", lambda _: True)
    monkeypatch.setattr(touched, "MOST_TOUCHED", 0.95)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each build whether it was one of a part."""
    found: list[bool] = []
    begin = Warehouse.begin

    def noted(warehouse: Warehouse) -> None:
        begin(warehouse)
        found.append(warehouse.is_of_a_part)

    monkeypatch.setattr(Warehouse, "begin", noted)
    return found


def built_whole(world: World) -> World:
    """The same home, with its tables built of all rows."""
    root = world.home.root.parent / f"{world.home.root.name} whole"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(world.home.root, root)
    whole = World(root)
    whole.home.warehouse.unlink()
    whole.build()
    return whole


def assert_as_whole(world: World, what: object = "") -> None:
    one, other = world.tables(TABLES), built_whole(world).tables(TABLES)
    assert [table for table in TABLES if not one[table].equals(other[table])] == [], what


@pytest.mark.parametrize("seed", range(int(os.environ.get("WORLDS", "8"))))
def test_any_days_give_the_tables_of_a_build_of_all(
    new_world: Callable[..., World], parts: list[bool], seed: int
) -> None:
    """With WORLDS=1000 as many are tried."""
    dice, world = Dice(seed), new_world()
    has_records = seed % 2 == 1
    sent = first_day(world, dice, has_records)
    world.load()
    days = []
    for _ in range(4):
        days.append(next_day(world, dice, sent, has_records))
        world.load()
    assert_as_whole(world, days)
    assert any(parts[1:-1])


# --- what a part is made of ------------------------------------------------------------------------------------------


def book(*loans: int, **cells: object) -> Book:
    return [{"loan_id": f"L{loan}", "phone": str(9845000000 + loan), "amount": "100", **cells} for loan in loans]


def log(sid: str, phone: int = 9000000000, **cells: object) -> Book:
    return [{"call_sid": sid, "to": str(phone), "status": "completed", "start_time": "2026-03-05 10:00:00", **cells}]


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """Twenty loans of as many people, and a call to each."""
    world = new_world()
    world.put("book.csv", book(*range(20)), "2026-03-01 04:00")
    calls = [call for loan in range(20) for call in log(f"c{loan}", 9845000000 + loan)]
    world.put("calls.csv", calls, "2026-03-05 14:00")
    world.load()
    return world


def notes(world: World) -> dict[str, str]:
    """Build what is new; what was said of each table."""
    world.ingest()
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.begin()
        found = {name: warehouse.build(one).note for name, one in load_transforms().items() if not one.is_step}
        warehouse.finish()
    return found


def test_what_was_replaced_and_why_is_said(world: World) -> None:
    world.put("more.csv", book(3, 30), "2026-03-06 04:00")
    said = notes(world)
    again = "1 of them by records that state again what is known"
    assert said["loans"] == f"touched: 1 of 20 rows replaced by 2, {again}"
    assert said["call_sessions"] == "touched: 0 of 20 rows replaced by 0"
    assert said["_row_customers"] == "of the touched part alone"
    assert said["file_uploads"] == "whole: made of all rows that are kept"
    assert said["_stg_loan_rows"] == "1 of 3 uploads staged"
    assert world.value("SELECT count(*) FROM loans") == 21
    assert_as_whole(world)


def test_small_homes_and_large_changes_are_built_whole(
    world: World, parts: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("more.csv", book(*range(10)), "2026-03-06 04:00")
    monkeypatch.setattr(touched, "MOST_TOUCHED", 0.1)
    world.load()
    monkeypatch.setattr(touched, "MOST_TOUCHED", 0.95)
    monkeypatch.setattr(touched, "LEAST_RECORDS", 10_000)
    world.put("more.csv", book(4), "2026-03-07 04:00")
    world.load()
    monkeypatch.setattr(touched, "LEAST_RECORDS", 0)
    world.put("more.csv", book(5), "2026-03-08 04:00")
    world.load()
    assert parts == [False, False, True]
    assert_as_whole(world)


# --- ties: each was a difference once, or is one that a part must follow --------------------------------------------


def test_a_call_that_one_record_names_and_another_times(world: World) -> None:
    """Which upload of a name a call means follows from the call's time, which another record may state."""
    named = {"triggered_by_batch": "daily.csv", "triggered_by_row": "2"}
    world.put("daily.csv", book(40), "2026-03-02 04:00")
    world.put("first.csv", log("n1", start_time="", **named), "2026-03-03 04:00")
    world.put("later.csv", log("n1", start_time="2026-03-06 10:00:00", triggered_by_batch=""), "2026-03-06 14:00")
    world.load()
    world.put("daily.csv", book(41), "2026-03-06 03:00")
    world.load()
    assert world.value("SELECT stated_row_id IS NOT NULL FROM _call_attributions WHERE call_sid = 'n1'")
    assert world.value("SELECT loan_id FROM _call_attributions WHERE call_sid = 'n1'") == "L41"
    assert_as_whole(world)


def test_a_call_that_names_a_book_of_which_only_a_log_had_the_name(world: World) -> None:
    world.put("more.csv", log("x", triggered_by_batch="weekly.csv", triggered_by_row="2"), "2026-03-06 04:00")
    world.put("weekly.csv", log("y"), "2026-03-01 05:00")
    world.load()
    world.put("weekly.csv", book(3), "2026-03-07 04:00")
    world.load()
    assert world.value("SELECT attribution FROM call_sessions WHERE call_sid = 'x'") == "row"
    assert_as_whole(world)


def test_a_record_that_cannot_be_used_shows_the_loan_that_it_states(world: World) -> None:
    world.put("bad.csv", log("", loan_id="l50"), "2026-03-06 04:00")
    world.load()
    world.put("more.csv", book(50), "2026-03-07 04:00")
    world.load()
    assert world.value("SELECT loan_id_text FROM upload_rows WHERE error LIKE 'missing_call_sid%'") == "L50"
    assert_as_whole(world)


def test_a_phone_that_turns_out_a_branchs_finds_nobody_and_then_does_again(world: World) -> None:
    found = "SELECT attribution FROM call_sessions WHERE call_sid = 'c7'"
    assert world.value(found) == "number"
    world.put("branch.csv", book(9, branch_contact="9845000007"), "2026-03-06 04:00")
    world.load()
    assert world.value(found) == "none"
    assert_as_whole(world)
    withdraw(world.home, world.settings, "branch.csv", "asha")
    world.load()
    assert world.value(found) == "number"
    assert_as_whole(world)


def test_an_employees_name_that_gets_an_id(world: World) -> None:
    world.put("names.csv", book(60, employee="Ravi"), "2026-03-02 04:00")
    world.load()
    world.put("ids.csv", book(61, employee="Ravi", emp_id="E7"), "2026-03-06 04:00")
    world.load()
    assert world.rows("SELECT loan_id, employee_key FROM loans WHERE employee_key IS NOT NULL ORDER BY ALL") == [
        ("L60", "E7"),
        ("L61", "E7"),
    ]
    assert_as_whole(world)


def test_a_changed_number_ties_two_people_into_one(world: World) -> None:
    world.put("changed.csv", [{"loan_id": "L2", "phone": "9845000011", "amount": "5"}], "2026-03-06 04:00")
    world.load()
    assert world.value("SELECT count(DISTINCT customer_id) FROM loans WHERE loan_id IN ('L2', 'L11')") == 1
    assert_as_whole(world)


def test_loans_whose_numbers_are_alike(world: World) -> None:
    world.put("alike.csv", [{"loan_id": "L-1", "phone": "9845077777", "amount": "5"}], "2026-02-06 04:00")
    world.load()
    found = "SELECT loan_id_text FROM upload_findings JOIN upload_rows ON upload_row_id = id WHERE code = 'ids_alike'"
    assert world.rows(found) == [("L1",)], "the later of the two"
    assert_as_whole(world)


def test_an_upload_restated_moves_what_it_says(world: World) -> None:
    world.put("late.csv", book(3, amount="7"), "2026-03-06 04:00")
    world.load()
    amount = "SELECT CAST(outstanding_amount AS INTEGER) FROM loans WHERE loan_id = 'L3'"
    assert world.value(amount) == 7
    restate(world.home, world.settings, "late.csv", "asha", datetime(2026, 2, 1), None)
    world.load()
    assert world.value(amount) == 100
    assert_as_whole(world)


def test_rows_that_a_record_states_of_a_file_that_is_sent_again(world: World, parts: list[bool]) -> None:
    world.put("one.csv", book(3), "2026-03-06 04:00")
    world.load()
    (upload,) = (upload_id_of(sha256) for name, sha256 in world.lake.named(["one.csv"]))
    state(world, "upload_row", {"entity_id": ours("row"), "file_upload_id": upload, "status": "pending"})
    world.load()
    world.put("other.csv", book(3), "2026-03-09 04:00")
    world.load()
    assert world.value("SELECT count(*) FROM upload_rows WHERE error LIKE 'earlier_error%'") == 1
    assert parts == [True, True, True]
    assert_as_whole(world)


def test_a_record_that_names_a_row_and_a_loan_by_ids_that_come_from_files(world: World, parts: list[bool]) -> None:
    ((row, person),) = world.rows("SELECT id, match_customer_id FROM upload_rows WHERE loan_id_text = 'L1'")
    loan = str(world.value("SELECT id FROM loans WHERE loan_id = 'L7'"))
    state(world, "loan", {"entity_id": loan, "customer_id": str(person), "customer_row": str(row), "loan_id": "L7"})
    world.load()
    assert world.value("SELECT count(DISTINCT customer_id) FROM loans WHERE loan_id IN ('L1', 'L7')") == 1
    assert parts == [True]
    assert_as_whole(world)


# --- what states again what is known ---------------------------------------------------------------------------------


def test_a_book_that_states_every_loan_again_touches_no_call(world: World) -> None:
    world.put("book.csv", book(*range(20), amount="90", last_paid_date="2026-03-05"), "2026-03-06 04:00")
    said = notes(world)
    again = "by records that state again what is known"
    assert said["loan_snapshots"] == f"touched: 20 of 20 rows replaced by 40, 40 of them {again}"
    assert said["customers"] == f"touched: 20 of 20 rows replaced by 20, 20 of them {again}"
    assert said["_upload_row_outcomes"] == f"touched: 0 of 40 rows replaced by 20, 20 of them {again}"
    assert said["call_sessions"] == said["loan_call_success"] == "touched: 0 of 20 rows replaced by 0"
    assert_as_whole(world)


def test_a_payment_that_is_stated_again_with_all_else(world: World) -> None:
    paid = {"last_paid_date": "2026-03-06", "last_paid_amount": "70"}
    for day in (7, 8):
        world.put("book.csv", book(*range(20), amount=str(day), **paid), f"2026-03-0{day} 04:00")
        said = notes(world)
        assert_as_whole(world)
    assert said["payments"] == "touched: 0 of 20 rows replaced by 0"
    assert world.value("SELECT sum(payments) FROM employee_performance") == 20, (
        "each after a completed call the day before"
    )


def test_calls_that_were_read_before_the_book_that_comes_before_them(world: World) -> None:
    world.put("later.csv", log("later", 9845000003, start_time="2026-03-08 10:00:00"), "2026-03-08 14:00")
    world.load()
    world.put("late.csv", book(3, 4, amount="80"), "2026-03-07 04:00")
    said = notes(world)
    assert said["call_sessions"] == "touched: 2 of 21 rows replaced by 2"
    assert said["loan_snapshots"].endswith("2 of them by records that state again what is known")
    assert_as_whole(world)


@pytest.mark.parametrize(
    "cells",
    [
        {"phone": "9845000003 / 9845070003"},
        {"phone": "9845070003"},
        {"pan": "ABCPE1234F"},
        {"name": "Asha"},
        {"branch": "Hosa"},
        {"employee": "Ravi"},
        {"cluster": "N"},
        {"due_date": "2026-03-09"},
        {"role": "guarantor"},
        {"dnc": "yes"},
        {"loan_id": "l3"},
    ],
)
def test_what_is_new_of_a_loan_or_its_borrower_is_told_anew(world: World, cells: dict[str, str]) -> None:
    world.put("new.csv", [{**book(3)[0], **cells}], "2026-03-06 04:00")
    assert "state again" not in notes(world)["loan_snapshots"]
    assert_as_whole(world)


# --- whatever happens ------------------------------------------------------------------------------------------------


def test_a_build_that_fails_leaves_the_tables_of_the_one_before(world: World) -> None:
    before = world.tables(TABLES)
    world.put("more.csv", book(3), "2026-03-06 04:00")
    world.ingest()
    with pytest.raises(TransformError), open_warehouse(world.home, world.settings) as warehouse:
        warehouse.begin()
        for name, one in load_transforms().items():
            if name == "customers":
                raise TransformError(name, "as if it failed", one.sql)
            if not one.is_step:
                warehouse.build(one)
    after = world.tables(TABLES)
    assert [table for table in TABLES if not before[table].equals(after[table])] == []
    world.build()
    assert_as_whole(world)
    assert not list((world.home.root / "tmp").glob("part*"))


def test_one_table_is_built_with_what_is_not_kept(world: World, parts: list[bool]) -> None:
    world.put("more.csv", book(3), "2026-03-06 04:00")
    world.load()
    assert parts == [True]
    assert "_row_customers" not in {name for (name,) in world.rows("SELECT table_name FROM duckdb_tables()")}
    before = world.table("loans")
    world.build(["loans"])
    assert world.table("loans").equals(before)
    world.put("more.csv", book(4), "2026-03-07 04:00")
    world.load()
    assert parts == [True, False], "tables that were built one by one may not belong together"
    assert_as_whole(world)


def test_what_was_left_unchecked_is_built_and_checked_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(touched, "LEAST_RECORDS", 0)
    world.put("more.csv", book(3), "2026-03-06 04:00")
    world.ingest()
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.begin()
        assert warehouse.is_of_a_part, "as it was built, everything was checked"
        for one in load_transforms().values():
            if not one.is_step:
                warehouse.build(one)
        warehouse.finish()
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.begin()
        assert not warehouse.is_of_a_part


# --- publishing ------------------------------------------------------------------------------------------------------


def published(home: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(str(home / "analytics.duckdb"), read_only=True) as con:
        return {table: con.execute(f'SELECT * FROM "{table}" ORDER BY ALL').fetchall() for table in published_tables()}


def assert_published_as_whole(world: World) -> None:
    """What is published is what a file that is written whole would have."""
    found = published(world.home.root)
    world.home.analytics.unlink()
    world.publish()
    assert published(world.home.root) == found


@pytest.mark.parametrize("pii", ["masked", "clear"])
def test_the_published_file_is_amended(new_world: Callable[..., World], pii: str) -> None:
    world = new_world(pii=pii)
    world.put("book.csv", book(*range(20)), "2026-03-01 04:00")
    world.put("calls.csv", log("c3", 9845000003), "2026-03-05 14:00")
    world.load().publish()
    world.put("more.csv", book(3, 30), "2026-03-06 04:00")
    world.load().publish()
    with duckdb.connect(str(world.home.analytics), read_only=True) as con:
        places = con.execute("SELECT loan_id, rowid FROM loans ORDER BY rowid").fetchall()
    assert {loan for loan, _ in places[-2:]} == {"L3", "L30"}, "the touched ones were put behind the others"
    assert_published_as_whole(world)


def test_a_published_file_that_was_edited_is_written_whole(world: World) -> None:
    world.publish()
    world.home.analytics.chmod(0o600)
    with duckdb.connect(str(world.home.analytics)) as con:
        con.execute("UPDATE loans SET outstanding_amount = 1")
    world.put("more.csv", book(3), "2026-03-06 04:00")
    world.load().publish()
    assert_published_as_whole(world)


def test_a_working_database_of_an_earlier_version_gets_what_it_lacks(world: World) -> None:
    """Even where neither the lake nor a setting has changed since."""
    world.publish()
    with open_warehouse(world.home, world.settings) as warehouse:
        sources = digest(warehouse.fingerprints._raw, str(world.lake.root))  # as that version noted them
    with duckdb.connect(str(world.home.warehouse)) as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'meta'").fetchall():
            if table.startswith("replaced_") or table in ("complete", "published_file"):
                con.execute(f"DROP TABLE meta.{table}")
        con.execute("UPDATE meta.sources SET token = ?", [sources])
    world.build()
    world.publish()
    assert published(world.home.root)["loans"]
