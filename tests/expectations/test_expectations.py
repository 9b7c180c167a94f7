"""Every expectation passes on a sound warehouse and fails on a broken one, naming table, column, count and keys."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import World, check_contract, check_together

from expectations.run import Outcome
from models.published import published_tables
from orchestration.warehouse.build import open_warehouse

BOOK = [
    {"name": "Asha", "mobile": "9845012345", "loan_id": "L1", "amount": "5000", "emp_id": "E1", "branch": "B",
     "last_paid_date": "2026-03-03", "last_paid_amount": "100"},
    {"name": "Binu", "mobile": "9845012346", "loan_id": "L2", "amount": "0", "emp_id": "E2", "branch": "C",
     "last_paid_date": "", "last_paid_amount": ""},
]  # fmt: skip
CALLS = [
    {"call_id": "c1", "customer_phone": "9845012345", "status": "completed", "start_time": "2026-03-02 10:00:00",
     "duration": "50", "conversation_duration": "40", "updated_at": "2026-03-02 10:05:00"},
    {"call_id": "c1", "customer_phone": "9845012345", "status": "ringing", "start_time": "2026-03-02 10:00:00",
     "duration": "", "conversation_duration": "", "updated_at": "2026-03-02 10:00:01"},
    {"call_id": "c2", "customer_phone": "9845012346", "status": "busy", "start_time": "2026-03-02 11:00:00",
     "duration": "", "conversation_duration": "", "updated_at": "2026-03-02 11:00:05"},
]  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("sound") / "home")
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    world.put("b.csv", BOOK[:1], "2026-03-04 04:00")
    world.put("calls.csv", CALLS, "2026-03-02 14:00")
    return world.load()


@pytest.fixture
def broken(sound: World, tmp_path: Path) -> Callable[[str], World]:
    """A copy of the sound home after a statement that no transform would make."""

    def spoil(statement: str) -> World:
        shutil.copytree(sound.home.root, tmp_path / "home")
        world = World(tmp_path / "home")
        with open_warehouse(world.home, world.settings) as warehouse:
            warehouse.con.execute(statement)
        return world

    return spoil


def test_sound_warehouse_passes_every_expectation(sound: World) -> None:
    outcomes = [outcome for table in published_tables() for outcome in check_contract(sound.home.warehouse, table)]
    outcomes += check_together(sound.home.warehouse, list(published_tables()))
    assert [str(outcome) for outcome in outcomes if not outcome.passed] == []
    assert len(outcomes) > 150


@pytest.mark.parametrize(
    ("statement", "table", "rule", "column", "count", "examples"),
    [
        ("UPDATE loans SET status = 'open' WHERE loan_id = 'L2'", "loans", "allowed", "status", 1, "{loan L2}"),
        ("UPDATE loans SET status = NULL WHERE loan_id = 'L2'", "loans", "not_null", "status", 1, "{loan L2}"),
        ("INSERT INTO loans FROM loans WHERE loan_id = 'L1'", "loans", "unique", "loan_id", 2, "{loan L1}"),
        ("INSERT INTO branch_performance FROM branch_performance WHERE branch = 'B'",
         "branch_performance", "unique", "cluster, branch", 2, "(none)/B"),
    ],
)  # fmt: skip
def test_contract_names_column_count_and_keys(
    broken: Callable[[str], World],
    statement: str,
    table: str,
    rule: str,
    column: str,
    count: int,
    examples: str,
) -> None:
    world = broken(statement)
    if examples.startswith("{"):
        number = examples.strip("{}").split()[1]
        examples = str(world.rows(f"SELECT id FROM loans WHERE loan_id = '{number}'")[0][0])
    (failed,) = [
        outcome
        for outcome in check_contract(world.home.warehouse, table)
        if not outcome.passed and outcome.column == column
    ]
    assert (failed.rule, failed.count, set(failed.examples)) == (rule, count, {examples})
    assert f"{table}.{column}" in str(failed) and examples in str(failed)


IDENTITIES = [
    ("UPDATE loan_snapshots SET valid_to = NULL", "loan_snapshots", "intervals_are_a_chain"),
    ("UPDATE loan_snapshots SET valid_to = valid_to + INTERVAL 1 DAY", "loan_snapshots", "intervals_are_a_chain"),
    ("UPDATE file_uploads SET success_records = 0 WHERE kind = 'call_log'", "file_uploads", "records_add_up"),
    ("UPDATE file_uploads SET total_records = 9, failed_records = 9", "file_uploads", "records_are_rows"),
    ("DELETE FROM _upload_row_outcomes WHERE line_number = 3", "upload_rows", "rows_are_records"),
    ("UPDATE _upload_row_outcomes SET status = 'error', error = NULL", "upload_rows", "used_rows_are_matched"),
    ("UPDATE call_sessions SET triggered_by_row = NULL", "call_sessions", "attributed_calls_have_a_line"),
    ("UPDATE call_sessions SET triggered_by_batch = (SELECT id FROM file_uploads WHERE filename = 'b.csv')",
     "call_sessions", "triggering_row_is_the_loans"),
    ("UPDATE call_status_updates SET sequence = sequence + 1", "call_status_updates", "sequence_has_no_gaps"),
    ("UPDATE loan_call_success SET completed = 5 WHERE attempts > 0", "loan_call_success", "attempts_are_outcomes"),
    ("UPDATE loan_call_success SET attempts = attempts + 1, unfinished = unfinished + 1",
     "loan_call_success", "attempts_add_up"),
    ("UPDATE customer_call_success SET completed = 0, unfinished = attempts",
     "customer_call_success", "completed_add_up"),
    ("UPDATE employee_performance SET talk_seconds = 1", "employee_performance", "talk_adds_up"),
    ("UPDATE employee_performance SET loans = 7", "employee_performance", "loans_add_up"),
    ("UPDATE branch_performance SET attempts = 0, completed = 0, disconnected = 0, unfinished = 0, contacts = 0",
     "branch_performance", "attempts_add_up"),
    ("UPDATE branch_performance SET recovered_amount = 99", "branch_performance", "recovered_as_by_employee"),
    ("UPDATE call_status_updates SET call_session_id = uuid()",
     "call_status_updates", "call_session_id_refers_to_call_sessions"),
    ("UPDATE payments SET customer_id = uuid()", "payments", "customer_id_refers_to_customers"),
    ("UPDATE upload_quality SET created = 0, matched = 0", "upload_quality", "statuses_add_up"),
    ("UPDATE upload_quality SET calls = 9", "upload_quality", "calls_add_up"),
    ("UPDATE call_sessions SET customer_id = uuid()", "call_sessions", "customer_id_refers_to_customers"),
    ("DELETE FROM loans WHERE loan_id = 'L1'", "loan_snapshots", "loan_ref_refers_to_loans"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "table", "rule"), IDENTITIES, ids=[f"{t}-{r}-{i}" for i, (_, t, r) in enumerate(IDENTITIES)]
)
def test_identity_or_reference_that_is_broken_fails(
    broken: Callable[[str], World], statement: str, table: str, rule: str
) -> None:
    failed: list[Outcome] = [
        outcome for outcome in check_together(broken(statement).home.warehouse, [table]) if not outcome.passed
    ]
    assert rule in [outcome.rule for outcome in failed]
    assert all(outcome.count >= 1 and outcome.examples for outcome in failed)
