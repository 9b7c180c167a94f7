"""The working database: exact at any length of chain, incremental as if from nothing, and plain about failures."""

import dataclasses
import time
from pathlib import Path

import pytest
from support import World, check_contract

from orchestration.errors import TransformError, UsageError
from orchestration.warehouse.build import open_warehouse
from orchestration.warehouse.transforms import load_transforms


def test_a_chain_of_20000_changed_numbers_is_one_customer(world: World) -> None:
    """Loan i is stated with phone i, later with phone i + 1: one person, found in seconds."""
    for day, shift in ((1, 0), (2, 1)):
        rows = [{"loan_id": f"L{i}", "phone": 9000000000 + (i + shift) * 7} for i in range(20_000)]
        world.put(f"day{day}.csv", rows, f"2026-03-0{day} 04:00")
    world.ingest()
    started = time.perf_counter()
    world.build()
    seconds = time.perf_counter() - started
    assert world.rows("SELECT count(*) FROM customers") == [(1,)]
    assert world.value("SELECT count(DISTINCT match_customer_id) FROM _upload_row_outcomes") == 1
    assert seconds < 60


def test_many_small_groups_stay_linear(world: World) -> None:
    """Steps of a fixpoint see tables without statistics; a join on an inequality there once took minutes."""
    rows = [{"loan_id": f"L{i}", "phone": 9000000001 + i // 2} for i in range(60_000)]
    world.put("book.csv", rows, "2026-03-01 04:00")
    world.ingest()
    started = time.perf_counter()
    world.build_for("_identity_phone_groups")
    assert world.value("SELECT count(DISTINCT label) FROM _identity_phone_groups") == 30_000
    assert time.perf_counter() - started < 60


def test_failing_query_names_the_table_and_shows_the_sql(world: World) -> None:
    world.load()
    broken = dataclasses.replace(load_transforms()["loans"], sql="SELECT no_such_column FROM loan_snapshots")
    with pytest.raises(TransformError) as raised, open_warehouse(world.home, world.settings) as warehouse:
        warehouse.build(broken)
    assert "Table loans could not be built" in str(raised.value)
    assert "SELECT no_such_column FROM loan_snapshots" in str(raised.value)


def test_failing_query_does_not_quote_cells(world: World) -> None:
    world.put("book.csv", [{"loan_id": "L1", "phone": "9845012345", "name": "Asha Rao"}])
    world.load()
    broken = dataclasses.replace(load_transforms()["payments"], sql="SELECT CAST(full_name AS INTEGER) FROM customers")
    with pytest.raises(TransformError) as raised, open_warehouse(world.home, world.settings) as warehouse:
        warehouse.build(broken)
    assert "Asha" not in str(raised.value)


def test_table_that_breaks_its_contract_is_not_kept(world: World) -> None:
    world.put("book.csv", [{"loan_id": "L1", "phone": "9845012345"}])
    world.load()
    loans = load_transforms()["loans"]
    for sql, said in (
        (loans.sql.replace("    branch,\n", "", 1), "lacks branch"),
        (
            loans.sql.replace("    cluster,\n    branch,", "    branch,\n    cluster,"),
            "orders them otherwise",
        ),
        (
            loans.sql.replace("latest.loan_key,\n", "latest.loan_key,\n    1 AS principal_amount,\n", 1),
            "",
        ),
    ):
        with (
            pytest.raises(TransformError, match=said),
            open_warehouse(world.home, world.settings) as warehouse,
        ):
            warehouse.build(dataclasses.replace(loans, sql=sql))
    assert world.rows("SELECT loan_id, branch FROM loans") == [("L1", None)]


def test_new_upload_stages_itself_only(world: World) -> None:
    world.put("a.csv", [{"loan_id": "L1", "phone": "9845012345"}], "2026-03-01 04:00")
    world.load()
    world.put("b.csv", [{"loan_id": "L2", "phone": "9845012346"}], "2026-03-02 04:00")
    world.ingest()
    with open_warehouse(world.home, world.settings) as warehouse:
        known = load_transforms()
        assert warehouse.build(known["_stg_uploads"]).rows == 2
        notes = [warehouse.build(known[name]).note for name in ("_stg_date_orders", "_stg_loan_rows", "_stg_loan_rows")]
    assert notes == ["1 of 2 uploads staged", "1 of 2 uploads staged", "0 of 2 uploads staged"]
    assert world.value("SELECT count(*) FROM _stg_loan_rows") == 2


def test_changed_settings_stage_everything_again(world: World) -> None:
    world.put("c.csv", [{"call_id": "c1", "status": "busy", "start_time": "2026-03-01 10:00:00"}])
    world.load()
    assert str(world.value("SELECT initiated_at FROM call_sessions")) == "2026-03-01 04:30:00"
    elsewhere = World(world.home.root, timezone="Asia/Dubai")
    elsewhere.build()
    assert str(elsewhere.value("SELECT initiated_at FROM call_sessions")) == "2026-03-01 06:00:00"


def test_half_a_run_is_completed_by_the_next(world: World) -> None:
    """A crash between two tables leaves a warehouse that the next run brings to the same state."""
    world.put("a.csv", [{"loan_id": "L1", "phone": "9845012345"}], "2026-03-01 04:00")
    world.load()
    world.put("b.csv", [{"loan_id": "L1", "phone": "9845099999"}], "2026-03-02 04:00")
    world.ingest()
    world.build(list(load_transforms())[:12])
    world.build()
    fresh = World(world.home.root.parent / "fresh")
    fresh.put("b.csv", [{"loan_id": "L1", "phone": "9845099999"}], "2026-03-02 04:00")
    fresh.put("a.csv", [{"loan_id": "L1", "phone": "9845012345"}], "2026-03-01 04:00")
    fresh.load()
    for name in ("customers", "loans", "loan_snapshots", "upload_rows"):
        assert world.table(name).equals(fresh.table(name)), name


def test_broken_database_file_is_named_with_how_to_fix_it(world: World) -> None:
    world.home.warehouse.write_bytes(b"no database" * 1000)
    with pytest.raises(Exception, match="rebuilt from the lake"), open_warehouse(world.home, world.settings):
        pass


def test_home_may_have_any_name(tmp_path: Path) -> None:
    """Paths are patterns to DuckDB; brackets, stars, quotes and blanks in a home's name stand for themselves."""
    world = World(tmp_path / "ho[m]e * 'quoted' 100%#")
    world.put("a.csv", [{"loan_id": "L1", "phone": "9845012345"}])
    world.load()
    assert world.rows("SELECT loan_id FROM loans") == [("L1",)]
    assert world.value("SELECT raw_data FROM upload_rows") == '{"loan_id":"L1","phone":"9845012345"}'
    check_contract(world.home.warehouse, "loans")


def test_home_with_a_question_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="question mark"):
        World(tmp_path / "what?")
