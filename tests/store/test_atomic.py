"""Replacing files: whole, private, on the disk before anything that they stand for is forgotten."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from disk import disk
from support import World

from models.fields import CUSTOMER, RECORD_FIELDS
from orchestration.store import journal
from orchestration.store.atomic import make_folder, put_database, remove_database, replacing
from orchestration.store.records import RecordFile, waiting, write_records

BOOK = b"loan_id,phone,name\nL1,9845012345,Asha\nTotal,,\n"
ID = "b37a1c11-1111-4111-8111-111111111111"
DAY = datetime(2026, 3, 1)


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    final = tmp_path / "to" / "file"
    with replacing(final, tmp_path) as new:
        new.write_text("first", encoding="utf-8")
    with pytest.raises(RuntimeError), replacing(final, tmp_path) as new:
        new.write_text("sec", encoding="utf-8")
        raise RuntimeError
    assert final.read_text(encoding="utf-8") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["to"], "nothing is left aside"


@pytest.mark.parametrize(("mode", "umask"), [(0o600, 0), (0o400, 0), (0o444, 0o077)])
def test_modes_are_as_said_whatever_the_umask(tmp_path: Path, mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "to" / "file", tmp_path, mode) as new:
            new.touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "to" / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "to").stat().st_mode) == 0o700


# --- databases, and what tools leave beside them ---------------------------------------------------------------------

TOOL = """
import duckdb, os, signal, sys
con = duckdb.connect(sys.argv[1])  # for writing, as many tools do
con.execute("UPDATE loans SET amount = 99")
os.kill(os.getpid(), signal.SIGKILL)
"""


def make_database(path: Path, amount: int) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE loans AS SELECT CAST(? AS INTEGER) AS amount", [amount])


def amount(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as con:
        ((found,),) = con.execute("SELECT amount FROM loans").fetchall()
        return found


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A database that a tool had open for writing, changed, and was killed: its log is beside it."""
    make_database(tmp_path / "loans.duckdb", 1)
    subprocess.run([sys.executable, "-c", TOOL, str(tmp_path / "loans.duckdb")], check=False)
    for suffix in (".wal.checkpoint", ".wal.recovery"):
        shutil.copy(tmp_path / "loans.duckdb.wal", tmp_path / f"loans.duckdb{suffix}")
    return tmp_path / "loans.duckdb"


class Killed(BaseException):
    pass


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As if killed after so many calls that change the disk: none does anything from then on. The calls so far."""
    calls: list[str] = []

    def guard(real: Callable) -> Callable:
        def call(*args: object, **options: object) -> None:
            if len(calls) >= step:
                raise Killed
            real(*args, **options)
            calls.append(real.__name__)

        return call

    for name in ("unlink", "replace", "fsync"):
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
    return calls


@pytest.mark.parametrize("step", range(7))
def test_a_kill_between_any_two_steps_leaves_yesterdays_database_or_todays(
    edited: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Never today's with what a tool had left beside yesterday's; of yesterday's at most without what the tool did."""
    new = edited.parent / "new"
    make_database(new, 2)
    with monkeypatch.context() as patch, suppress(Killed):
        done = kill_at(step, patch)
        put_database(new, edited)
    assert done == ["unlink", "unlink", "unlink", "fsync", "replace", "fsync"][:step]
    assert amount(edited) == (2 if "replace" in done else 99 if not done else 1)
    if new.exists():
        put_database(new, edited)
    assert amount(edited) == 2


@pytest.mark.parametrize("step", range(6))
def test_a_database_made_anew_never_meets_what_was_left_beside_the_one_before(
    edited: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with monkeypatch.context() as patch, suppress(Killed):
        done = kill_at(step, patch)
        remove_database(edited)
    assert done == ["unlink", "unlink", "unlink", "fsync", "unlink"][:step]
    remove_database(edited)
    make_database(edited, 2)
    assert amount(edited) == 2


def test_a_database_that_a_person_removes_takes_its_log_with_it(edited: Path) -> None:
    """DuckDB's own promise, which the advice to remove the working database rests on."""
    edited.unlink()
    make_database(edited, 2)
    assert amount(edited) == 2


@pytest.mark.skipif(os.getuid() == 0, reason="root may write to any file")
def test_a_tool_cannot_open_for_writing_what_nobody_may_write(tmp_path: Path) -> None:
    make_database(tmp_path / "loans.duckdb", 1)
    (tmp_path / "loans.duckdb").chmod(0o400)
    with pytest.raises(duckdb.IOException):
        duckdb.connect(str(tmp_path / "loans.duckdb"))
    assert amount(tmp_path / "loans.duckdb") == 1


# --- what a power cut at any moment would leave ---------------------------------------------------------------------


def prepare(world: World) -> None:
    """Everything that a run may find: a file of people, a record file, commits of sessions."""
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    schema = dict.fromkeys(("entity_id", *RECORD_FIELDS[CUSTOMER]), pl.String)
    frame = pl.DataFrame([{"entity_id": ID, "full_name": "Chitra"}], schema=schema)
    write_records(world.home, RecordFile(CUSTOMER, "import", "lender.customers.jsonl", "import", DAY), [frame])
    with world.home.lock():
        journal.append(world.home, DAY, "asha", {CUSTOMER: [{"entity_id": ID, "full_name": "Chitra R"}]}, {})


def test_nothing_is_forgotten_before_what_replaces_it_is_on_the_disk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(world.home.root, monkeypatch) as seen:
        prepare(world)
        world.inbox.gather(world.lake)
        records = {str(path.relative_to(world.home.root)) for path, _ in waiting(world.home)}
        world.ingest()
        journal.forget(world.home, journal.taken_up(world.home))
    assert seen.mistakes == []
    assert {*records, "lake/journal/open.jsonl"} == set(seen.forgotten) and len(records) == 2
    assert journal.commits(world.home) == []


def test_an_uploads_facts_are_written_last_and_forgotten_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a run ends, facts in the lake say that all they speak of is there."""
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    order: list[str] = []
    replace, unlink = os.replace, os.unlink
    monkeypatch.setattr(os, "replace", lambda one, other: (order.append(str(other)), replace(one, other)))
    monkeypatch.setattr(
        os, "unlink", lambda path, **_: (os.path.exists(path) and order.append(f"-{path}"), unlink(path))
    )
    world.ingest()
    (world.home.lake / "sightings").rename(world.home.lake / "elsewhere")
    world.ingest()
    monkeypatch.undo()
    kinds = [
        Path(path).relative_to(world.home.lake).parts[0] for path in order if path.startswith("/") and "lake" in path
    ]
    assert [kind for kind in kinds if kind in ("upload_rows", "phones", "other_lines", "uploads")] == [
        *("upload_rows", "phones", "other_lines", "uploads") * 2
    ]
    removed = [path for path in order if path.startswith("-") and "/.staging/" not in path]
    assert [Path(path).parent.name for path in removed] == ["uploads"]


def test_folders_are_made_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
    make_folder(tmp_path / "a" / "b")
    assert synced == [str(tmp_path), str(tmp_path / "a")]
