"""What a power cut or a full disk leaves: files that are empty or cut off. The next run heals them, or names them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from support import World

from models.fields import CUSTOMER, RECORD_FIELDS
from models.published import published_tables
from orchestration.errors import LoancallsError
from orchestration.store.journal import append, commits, sealed
from orchestration.store.records import API, RecordFile, utc_now, waiting, write_records

BOOK = b"loan_id,phone,name,balance\nL1,9845012345,Asha,500\nL2,9845012346,Ravi,0\n,9845012347,Nobody,1\nTotal,,,500\n"
CALLS = b"CallSid,Status,To,StartTime\nC1,completed,9845012345,2026-03-02 10:00:00\n"
ID = "b37a1c11-1111-4111-8111-111111111111"


def state(world: World) -> None:
    """A record file of ours, waiting: what an import states."""
    fields = dict.fromkeys(("entity_id", *RECORD_FIELDS[CUSTOMER]), pl.String)
    frame = pl.DataFrame([{"entity_id": ID, "full_name": "Chitra"}], schema=fields)
    write_records(world.home, RecordFile(CUSTOMER, "import", "lender.customers.jsonl", "import", utc_now()), [frame])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("damage") / "home")
    world.put("a.csv", BOOK, "2026-03-01 04:00", "asha")
    world.put("b.csv", CALLS, "2026-03-02 04:00", "ravi")
    state(world)
    world.settle()
    return world


def tables(world: World) -> dict[str, pl.DataFrame]:
    return world.tables(published_tables())


@pytest.fixture(scope="module")
def expected(template: World) -> dict[str, pl.DataFrame]:
    return tables(template)


@pytest.fixture
def loaded(template: World, tmp_path: Path) -> World:
    """A home that was loaded whole: two files of people, which are still in the inbox, and a record file of ours."""
    shutil.copytree(template.home.root, tmp_path / "home")
    return World(tmp_path / "home")


FOLDERS = ("originals", "upload_rows", "phones", "other_lines", "uploads", "sightings")
CUTS: dict[str, Callable[[int], int]] = {"empty": lambda size: 0, "half": lambda size: size // 2}


def cut(world: World, *folders: str, to: str = "empty") -> None:
    """Cut off every file in these folders of the lake."""
    found = [path for folder in folders for path in (world.home.lake / folder).rglob("*") if path.is_file()]
    assert found
    for path in found:
        os.truncate(path, CUTS[to](path.stat().st_size))


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> bool:
    return one.keys() == other.keys() and all(one[table].equals(other[table]) for table in one)


@pytest.mark.parametrize("to", CUTS)
@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder not in ("originals", "sightings")])
def test_files_of_the_lake_that_are_cut_off_are_made_again_from_the_originals(
    loaded: World, expected: dict, folder: str, to: str
) -> None:
    shutil.rmtree(loaded.home.inbox)
    loaded.home.prepare()
    cut(loaded, folder, to=to)
    loaded.settle()
    assert same(tables(loaded), expected)
    assert loaded.lake.damaged() == [] and loaded.inbox.pending(loaded.lake) == []


@pytest.mark.parametrize("to", CUTS)
def test_sightings_that_are_cut_off_are_stated_again_by_the_inbox(loaded: World, expected: dict, to: str) -> None:
    state_of_records = next(path for path in (loaded.home.lake / "sightings").iterdir() if "lender" in said(path))
    kept = state_of_records.read_bytes()
    cut(loaded, "sightings", to=to)
    state_of_records.write_bytes(kept)  # nobody states this one again
    loaded.settle()
    assert same(tables(loaded), expected)


def said(sighting: Path) -> str:
    return pl.read_parquet(sighting, glob=False)["filename"][0]


@pytest.mark.parametrize("to", CUTS)
def test_damaged_originals_are_healed_from_the_inbox_once_they_are_needed(
    loaded: World, expected: dict, to: str
) -> None:
    of_records = set(os.listdir(loaded.home.lake / "upload_rows" / CUSTOMER))
    before = {path.name: path.read_bytes() for path in (loaded.home.lake / "originals").iterdir()}
    cut(loaded, "originals", to=to)
    loaded.settle()
    assert same(tables(loaded), expected), "nothing needed them"
    for path in (loaded.home.lake / "phones").iterdir():
        if path.name not in of_records:
            os.truncate(path, 0)
    loaded.settle()
    assert same(tables(loaded), expected)
    for path in (loaded.home.lake / "originals").iterdir():
        if f"{path.stem}.parquet" not in of_records:
            assert path.read_bytes() == before[path.name]


@pytest.mark.parametrize("folder", ["upload_rows/loan_book", "uploads"])
def test_what_nothing_can_heal_is_named_with_what_to_do(loaded: World, folder: str) -> None:
    published = loaded.home.analytics.read_bytes()
    (loaded.home.inbox / "a.csv").unlink()
    cut(loaded, "originals", folder)
    with pytest.raises(LoancallsError) as stopped:
        loaded.settle()
    (loan_book,) = (path.stem for path in (loaded.home.lake / "upload_rows" / "loan_book").iterdir())
    assert f"a.csv~{loan_book[:10]}: its files in the lake are damaged" in str(stopped.value)
    assert "put the file into the inbox again" in str(stopped.value)
    assert loaded.home.analytics.read_bytes() == published


@pytest.mark.parametrize("how", ["cut off", "gone"])
def test_a_build_without_a_look_at_the_inbox_leaves_nothing_out(loaded: World, how: str) -> None:
    """As the UI's job and the lake's sensor build."""
    (rows,) = (loaded.home.lake / "upload_rows" / "loan_book").iterdir()
    if how == "gone":
        rows.unlink()
    else:
        os.truncate(rows, 10)
    with pytest.raises(LoancallsError, match=f"lost files of {rows.stem[:10]}; `loancalls run` makes them again"):
        loaded.build()


def test_the_file_put_into_the_inbox_again_heals_it(loaded: World, expected: dict) -> None:
    (loaded.home.inbox / "a.csv").unlink()
    (original,) = (loaded.home.lake / "upload_rows" / "loan_book").iterdir()
    os.truncate(loaded.home.lake / "originals" / f"{original.stem}.zst", 10)
    os.truncate(original, 10)
    with pytest.raises(LoancallsError, match="put the file into the inbox again"):
        loaded.settle()
    loaded.put("a.csv", BOOK, "2026-03-01 04:00", "asha")
    loaded.settle()
    assert same(tables(loaded), expected)


def test_a_lost_upload_can_be_moved_away_as_the_sentence_says(loaded: World) -> None:
    (loaded.home.inbox / "b.csv").unlink()
    (rows,) = (loaded.home.lake / "upload_rows" / "call_log").iterdir()
    cut(loaded, "upload_rows/call_log", "originals")
    with pytest.raises(LoancallsError, match="unless you move away all that `find "):
        loaded.settle()
    for path in loaded.home.lake.rglob(f"{rows.stem}*"):
        path.unlink()
    loaded.settle()
    assert loaded.rows("SELECT filename FROM file_uploads WHERE source = 'file'") == [("a.csv",)]
    assert loaded.value("SELECT count(*) FROM call_sessions") == 0


def test_an_upload_of_which_nobody_says_who_sent_it_is_named(loaded: World) -> None:
    (loaded.home.inbox / "a.csv").unlink()
    cut(loaded, "sightings")
    with pytest.raises(LoancallsError, match="not who sent it and when; put the file into the inbox again"):
        loaded.settle()


def test_records_of_ours_stay_records_when_their_facts_are_damaged(loaded: World, expected: dict) -> None:
    (rows,) = (loaded.home.lake / "upload_rows" / CUSTOMER).iterdir()
    os.truncate(rows, 0)
    os.truncate(loaded.home.lake / "uploads" / rows.name, 0)
    loaded.settle()
    assert same(tables(loaded), expected)


# --- record files and the journal ---------------------------------------------------------------------------------


def write(world: World, name: str) -> None:
    records = {CUSTOMER: [{"entity_id": ID, "full_name": name}]}
    with world.home.lock():
        append(world.home, utc_now(), "asha", records, {})


@pytest.mark.parametrize("to", CUTS)
def test_a_record_file_that_is_cut_off_is_made_again_from_the_journal(world: World, to: str) -> None:
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    write(world, "Chitra")
    world.inbox.gather(world.lake)
    ((path, head),) = waiting(world.home)
    whole = path.read_bytes()
    os.truncate(path, CUTS[to](len(whole)))
    world.inbox.clear(world.lake)
    assert path.read_bytes() == whole and head.source == API
    world.settle()
    assert world.rows("SELECT full_name FROM customers WHERE full_name = 'Chitra'") == [("Chitra",)]


@pytest.mark.parametrize("to", CUTS)
def test_a_record_file_that_nothing_can_make_again_is_named(world: World, to: str) -> None:
    state(world)
    ((path, _),) = waiting(world.home)
    os.truncate(path, CUTS[to](path.stat().st_size))
    with pytest.raises(
        LoancallsError, match=r"lender.customers.jsonl~\w+.jsonl is damaged.*import that database again"
    ):
        world.settle()
    state(world)
    path.unlink(missing_ok=True)
    state(world)
    world.settle()
    assert world.value("SELECT count(*) FROM customers") == 1


@pytest.mark.parametrize("to", CUTS)
@pytest.mark.parametrize("is_taken_up", [False, True])
def test_the_mark_of_the_journal_is_found_again_in_what_came_of_it(world: World, to: str, is_taken_up: bool) -> None:
    world.put("a.csv", BOOK, "2026-03-01 04:00")
    write(world, "Chitra")
    world.inbox.gather(world.lake)
    if is_taken_up:
        world.ingest()
    mark = world.home.lake / "journal" / "sealed"
    os.truncate(mark, CUTS[to](mark.stat().st_size))
    assert sealed(world.home) == 1
    write(world, "Chitra R")
    assert [commit.number for commit in commits(world.home)] == [1, 2]
    world.settle()
    assert sealed(world.home) == 2
    assert world.value("SELECT count(*) FROM file_uploads WHERE source = 'api'") == 2


@pytest.mark.parametrize("to", CUTS)
def test_a_journal_that_is_cut_off_loses_nothing_that_was_sealed(world: World, to: str) -> None:
    write(world, "Chitra")
    world.inbox.gather(world.lake)
    journal = world.home.lake / "journal" / "open.jsonl"
    os.truncate(journal, CUTS[to](journal.stat().st_size))
    world.settle()
    assert world.rows("SELECT full_name FROM customers") == [("Chitra",)]
    write(world, "Chitra R")
    world.settle()
    assert world.rows("SELECT full_name FROM customers") == [("Chitra R",)]


def test_an_empty_configuration_of_dagster_is_written_again(world: World) -> None:
    config = world.home.dagster / "dagster.yaml"
    os.truncate(config, 0)
    world.home.prepare()
    assert "telemetry:\n  enabled: false" in config.read_text(encoding="utf-8")
