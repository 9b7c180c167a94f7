"""What may not matter does not: the order and split of uploads, loading twice, and when tables are built."""

import random
from collections.abc import Callable
from datetime import datetime

import pytest
from support import World

from models.published import published_tables
from orchestration.ingest.corrections import restate, withdraw
from orchestration.warehouse.transforms import load_transforms

TABLES = list(published_tables())
PHONES = [f"98450123{number:02d}" for number in range(6)]
IDS = ["ABCXE1234F", "ABCXE5678G", "", "", "", "XXXXXXXX1234"]


def random_uploads(seed: int) -> list[tuple[str, list[dict], str]]:
    """A few days of loan books and call logs in which everything collides: (name, records, uploaded_at)."""
    dice = random.Random(seed)
    uploads = []
    for number in range(dice.randint(4, 7)):
        at = f"2026-03-0{dice.randint(1, 4)} 0{dice.randint(3, 5)}:00"
        if number % 3 < 2:
            rows = [
                {
                    "name": dice.choice(["Asha", "Binu", "Chandra", ""]),
                    "phone": dice.choice([*PHONES, "", "080 4710 0999"]),
                    "pan": dice.choice(IDS),
                    "loan_id": dice.choice([f"L{digit}" for digit in range(8)] + ["", "1.2E+11"]),
                    "amount": dice.choice(["0", "100", "1,23,456.00", "", "x"]),
                    "due_date": dice.choice(["05/03/2026", "25/03/2026", "03/25/2026", ""]),
                    "last_paid_date": dice.choice(["2026-03-03", ""]),
                    "last_paid_amount": dice.choice(["500", "700"]),
                    "emp_id": dice.choice(["E1", "E2", ""]),
                    "employee": dice.choice(["Ravi", "Sita", ""]),
                    "branch": dice.choice(["Hosa", "Kave", ""]),
                    "branch_contact": dice.choice(["08047100999", ""]),
                }
                for _ in range(dice.randint(2, 12))
            ]
            uploads.append((f"book{dice.randint(1, 3)}.csv", [*rows, *rows[:1]], at))
        else:
            rows = [
                {
                    "call_sid": dice.choice([f"c{digit}" for digit in range(9)] + [""]),
                    "from": dice.choice(["08047100123", *PHONES[:2]]),
                    "to": dice.choice([*PHONES, "9000000000"]),
                    "status": dice.choice(["completed", "busy", "ringing", "in-progress", "failed", "ready", "odd"]),
                    "start_time": f"2026-03-0{dice.randint(1, 5)} 1{dice.randint(0, 9)}:00:00",
                    "updated_at": dice.choice([f"2026-03-0{dice.randint(1, 5)} 20:00:00", ""]),
                    "duration": dice.choice(["5", "50", ""]),
                    "conversation_duration": dice.choice(["4", "40", ""]),
                    "loan_id": dice.choice(["", "", "L1", "L2"]),
                    "triggered_by_batch": dice.choice(["", "book1.csv"]),
                    "triggered_by_row": "3",
                }
                for _ in range(dice.randint(2, 12))
            ]
            uploads.append((f"calls{number}.csv", rows, at))
    return uploads


def tables_of(world: World) -> dict[str, object]:
    return world.tables(TABLES)


def assert_same(left: dict, right: dict, how: str) -> None:
    for table in TABLES:
        assert left[table].equals(right[table]), f"{table} differs: {how}"


@pytest.mark.parametrize("seed", range(6))
def test_order_split_and_repetition_do_not_matter(new_world: Callable[..., World], seed: int) -> None:
    uploads = random_uploads(seed)
    together = new_world()
    for upload in uploads:
        together.put(*upload)
    together.load()
    expected = tables_of(together)

    dice = random.Random(seed + 1000)
    shuffled = dice.sample(uploads, len(uploads))
    cuts = sorted(dice.sample(range(1, len(shuffled)), 2))
    apart = new_world()
    for batch in (shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]):
        for upload in batch:
            apart.put(*upload)
        apart.load()
    assert_same(expected, tables_of(apart), "loaded in parts, in another order, built in between")

    for upload in shuffled[:3]:
        apart.put(*upload)
    assert apart.ingest() == [], "the same bytes under the same name and time are known"
    apart.build()
    assert_same(expected, tables_of(apart), "loaded twice")

    apart.home.warehouse.unlink()
    apart.build()
    assert_same(expected, tables_of(apart), "rebuilt from the lake alone")


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_loads_corrections_and_builds_gives_the_same(new_world: Callable[..., World], seed: int) -> None:
    """What was told, in any order, is what a fresh home makes of it that was told it all at once."""
    dice = random.Random(seed)
    uploads = random_uploads(seed)
    told, fresh = new_world(), new_world()
    for number, upload in enumerate(dice.sample(uploads, len(uploads))):
        told.put(*upload)
        told.ingest()
        for _ in range(dice.randint(0, 2)):
            name = dice.choice([sha256 for _, sha256 in told.lake.named([])])
            if dice.random() < 0.5:
                withdraw(told.home, told.settings, name, "asha", undo=dice.random() < 0.4)
            else:
                at = datetime(2026, 3, dice.randint(1, 6), dice.randint(0, 9))
                restate(told.home, told.settings, name, "asha", at, dice.choice([None, "ravi"]))
        if number % 2:
            told.build()
    told.build()
    for upload in uploads:
        fresh.put(*upload)
    fresh.ingest()
    for sha256, correction in told.lake.corrected().items():
        fresh.lake.correct(sha256, correction)
    fresh.build()
    assert told.lake.corrected()
    one, other = told.tables(TABLES), fresh.tables(TABLES)
    assert [table for table in TABLES if not one[table].equals(other[table])] == []


def test_an_upload_that_arrives_late_moves_no_row_of_others(new_world: Callable[..., World]) -> None:
    """Whatever is kept has no place in an order of all uploads or rows, which would move."""
    world = new_world()
    for upload in random_uploads(4):
        world.put(*upload)
    world.load()
    # Figures over all calls are of all calls; views are not kept.
    kept = [
        name
        for name, transform in load_transforms().items()
        if transform.layer != "marts" and not transform.is_view and name != "_call_counts"
    ]
    before = world.tables(kept)
    stranger = {"loan_id": "Z1", "phone": "9845099999", "pan": "ZZZXE1234F", "emp_id": "Z9", "branch": "Zed"}
    world.put("early.csv", [stranger], "2026-02-01 04:00")
    call = {"call_sid": "z1", "to": "9845099999", "status": "busy", "start_time": "2026-02-01 10:00:00"}
    world.put("early_calls.csv", [call], "2026-02-01 12:00")
    world.load()
    after = world.tables(kept)
    for table, rows in before.items():
        assert rows.join(after[table], on=rows.columns, how="anti", nulls_equal=True).is_empty(), table
    grown = [table for table in kept if after[table].height > before[table].height]
    assert {"loan_snapshots", "call_sessions", "_upload_row_outcomes"} <= {*grown}


def test_same_bytes_under_another_name_change_sightings_only(new_world: Callable[..., World]) -> None:
    world = new_world()
    for upload in random_uploads(3):
        world.put(*upload)
    world.load()
    before = tables_of(world)
    name, rows, at = random_uploads(3)[0]
    world.put("again_" + name, rows, "2026-03-09 05:00", by="somebody else")
    assert len(world.ingest()) == 1
    world.build()
    after = tables_of(world)
    changed = [table for table in TABLES if not before[table].equals(after[table])]
    assert changed == ["file_uploads"]
    assert world.rows(
        "SELECT times_sent, uploaded_at::VARCHAR FROM file_uploads WHERE updated_at = '2026-03-09 05:00'"
    ) == [(2, f"{at}:00")]


def test_same_bytes_named_twice_in_one_go_keep_both_sightings(new_world: Callable[..., World]) -> None:
    """The earlier one is the upload's own, whichever was named first."""
    world = new_world()
    rows = [{"loan_id": "L1", "phone": "9845012345"}]
    world.put("loans.csv", rows, "2026-03-05 04:00", by="late")
    world.put("loans.csv", rows, "2026-03-02 04:00", by="early")
    world.load()
    assert world.rows("SELECT filename, uploaded_by, times_sent, uploaded_at::DATE::VARCHAR FROM file_uploads") == [
        ("loans.csv", "early", 2, "2026-03-02")
    ]
    assert world.inbox.pending(world.lake) == []
