"""A lender's own headers and status words: `columns.toml` in the home."""

from collections.abc import Callable

import polars as pl
import pytest
from support import World

from orchestration.errors import LoancallsError
from orchestration.ingest.own_columns import own_vocabulary

OWN = """\
[headers]
"Khata Sankhya" = "loan_id"
"Borr Mob" = "phone"

[status_words]
"Baat Hui" = "call_completed"
"Band" = "closed"
"""
BOOK = [{"Khata Sankhya": "L1", "Borr Mob": "9845012345", "Outstanding": "5000", "Status": "BAND"}]
CALLS = [{"call_id": "c1", "to": "9845012345", "status": "baat-hui", "start_time": "2026-03-05 10:00:00"}]
FACTS = "SELECT kind, status FROM file_uploads ORDER BY kind"
CALL = "SELECT status, provider_status, error FROM call_sessions JOIN upload_rows ON triggered_by_row = upload_rows.id"


def say(world: World, text: str) -> None:
    (world.home.root / "columns.toml").write_text(text, encoding="utf-8")


def test_own_headers_and_words_are_read(world: World) -> None:
    say(world, OWN)
    world.put("book.csv", BOOK)
    world.put("calls.csv", CALLS)
    world.load()
    assert world.rows("SELECT loan_id, status FROM loans") == [("L1", "closed")]
    assert world.rows("SELECT primary_phone FROM customers") == [("+919845012345",)]
    assert world.rows("SELECT status, provider_status FROM call_sessions") == [("call_completed", "baat-hui")]


def test_a_change_reads_anew_what_it_concerns_and_nothing_else(world: World) -> None:
    world.put("book.csv", BOOK)
    world.put("calls.csv", CALLS)
    world.put("other.csv", [{"loan_id": "L2", "phone": "9845012346"}])
    world.load()
    assert world.rows(FACTS) == [
        ("call_log", "completed_with_errors"),
        ("loan_book", "completed"),
        ("unknown", "failed"),
    ]
    say(world, OWN)
    names = sorted(world.lake.facts(file.sha256).kind for file in world.inbox.pending(world.lake))
    assert names == ["call_log", "unknown"]
    world.load()
    assert world.inbox.pending(world.lake) == []
    assert world.rows("SELECT loan_id, status FROM loans ORDER BY loan_id") == [("L1", "closed"), ("L2", "active")]
    say(world, OWN.replace('"Baat Hui" = "call_completed"', ""))
    world.load()
    assert world.rows("SELECT count(*) FROM call_sessions") == [(0,)]


def test_what_was_read_with_them_is_the_same_from_the_lake_alone(new_world: Callable[..., World]) -> None:
    world = new_world()
    say(world, OWN)
    world.put("book.csv", BOOK)
    world.load()
    before = world.table("loans")
    world.home.warehouse.unlink()
    world.build()
    assert world.table("loans").equals(before)


def test_what_an_earlier_version_read_is_read_again(world: World) -> None:
    world.put("book.csv", [{"loan_id": "L1", "phone": "9845012346"}])
    world.load()
    (sha256,) = world.lake.uploads()["sha256"]
    path = world.lake.facts_path(sha256)
    pl.read_parquet(path).drop("reading", "vocabulary").write_parquet(path)
    rows = world.lake.rows_path("loan_book", sha256)
    pl.read_parquet(rows).drop("alternate_phone", "sheet").write_parquet(rows)
    assert [file.sha256 for file in world.inbox.pending(world.lake)] == [sha256]
    world.load()
    assert world.inbox.pending(world.lake) == []
    assert world.rows("SELECT loan_id FROM loans") == [("L1",)]


WRONG = {
    "[headers]\nX = 'mobile'": "'X' = 'mobile' names no field; it may be a",
    "[status_words]\nX = 'done'": "'X' = 'done' names no status; it may be active",
    "[columns]\nX = 'phone'": "has a section [columns]; it may have [headers] and [status_words]",
    "headers = 3": "headers must be a section, written as [headers]",
    "[headers]\n'Mob No' = 'phone'\n'mob. number' = 'loan_id'": "is there twice, as phone and as loan_id",
    "[headers": "cannot be read",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items())
def test_what_it_must_not_say_is_named(world: World, text: str, said: str) -> None:
    say(world, text)
    with pytest.raises(LoancallsError) as error:
        own_vocabulary(world.home)
    assert said in str(error.value) and "columns.toml" in str(error.value)
