"""What people say of an upload after it was sent: it is kept, counts from the next build on, and can be undone."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from support import World, loancalls

from models.published import published_tables
from orchestration.definitions import defs
from orchestration.defs.partitions import RAW
from orchestration.errors import LoancallsError, UsageError
from orchestration.ingest.corrections import Corrected, restate, withdraw
from orchestration.ingest.inbox import partition_key
from orchestration.report.summary import upload_findings, upload_summary
from orchestration.store.facts import Correction
from orchestration.store.records import API, RecordFile, utc_now, write_records

TABLES = list(published_tables())
FIRST = [{"loan_id": "L1", "phone": "9845012345", "outstanding": "100"}]
SECOND = [
    {"loan_id": "L1", "phone": "9845012345", "outstanding": "50"},
    {"loan_id": "L2", "phone": "9845012346", "outstanding": "7"},
]
CALLS = [{"call_sid": "c1", "status": "completed", "to": "9845012346", "start_time": "2026-03-05 10:00:00"}]
LOANS = "SELECT loan_id, outstanding_amount FROM loans ORDER BY loan_id"


@pytest.fixture
def loaded(world: World) -> World:
    """Two books, of which the later pays a loan off in part and brings another, and a call about that."""
    world.put("first.csv", FIRST, "2026-03-01 04:00")
    world.put("second.csv", SECOND, "2026-03-04 04:00")
    world.put("calls.csv", CALLS, "2026-03-06 04:00")
    return world.load()


def sha(world: World, filename: str) -> str:
    return next(sha256 for name, sha256 in world.lake.named([]) if name == filename)


def take_back(world: World, name: str, undo: bool = False) -> Corrected:
    return withdraw(world.home, world.settings, name, "asha", undo)


def say_anew(world: World, name: str, at: str | None = None, by: str | None = None) -> Corrected:
    moment = datetime.fromisoformat(at) if at else None
    return restate(world.home, world.settings, name, "asha", moment, by)


def findings(world: World, name: str) -> list[tuple[str, str]]:
    return upload_findings(world.home, world.settings, [sha(world, name)]).select("what", "how to fix it").rows()


# --- taken back ----------------------------------------------------------------------------------------------------


def test_nothing_is_made_of_a_withdrawn_upload_and_it_can_be_brought_back(loaded: World) -> None:
    before = loaded.tables(TABLES)
    said = take_back(loaded, "second.csv").said
    assert "is withdrawn: none of its 2 records counts any more. `loancalls withdraw --undo " in said
    loaded.build()
    assert loaded.rows(LOANS) == [("L1", 100)]
    assert loaded.rows("SELECT call_sid, attribution FROM call_sessions") == [("c1", "none")]
    assert loaded.rows(
        "SELECT status, total_records, success_records, failed_records FROM file_uploads WHERE filename = 'second.csv'"
    ) == [("withdrawn", 0, 0, 0)]
    assert loaded.value("SELECT count(*) FROM upload_rows") == 2
    status = upload_summary(loaded.home, loaded.settings).select("filename", "status").rows()
    assert ("second.csv", "withdrawn") in status
    assert any(what.startswith("withdrawn ") and "by asha" in what for what, _ in findings(loaded, "second.csv"))
    loaded.publish()

    assert take_back(loaded, "second.csv", undo=True).said.endswith("counts again.")
    loaded.build()
    after = loaded.tables(TABLES)
    assert all(after[table].equals(before[table]) for table in TABLES)


def test_what_is_not_changed_is_said(loaded: World) -> None:
    assert take_back(loaded, "first.csv", undo=True).said.endswith("is not withdrawn; nothing has changed.")
    take_back(loaded, "first.csv")
    state = loaded.lake.state()
    again = take_back(loaded, "first.csv")
    assert "was withdrawn already, " in again.said and not again.is_changed
    assert loaded.lake.state() == state
    say_anew(loaded, "second.csv", by="ravi")
    state = loaded.lake.state()
    assert "by ravi, as was said before; nothing has changed." in say_anew(loaded, "second.csv", by="ravi").said
    assert loaded.lake.state() == state


def test_what_is_said_anew_as_it_is_stays_so(loaded: World) -> None:
    say_anew(loaded, "second.csv", "2026-03-04 04:00")
    loaded.put("second.csv", SECOND, "2026-02-01 04:00")
    loaded.load()
    assert loaded.value("SELECT uploaded_at FROM file_uploads WHERE filename = 'second.csv'") == datetime(2026, 3, 4, 4)


def test_it_stays_withdrawn_however_often_it_arrives_and_is_built_anew(loaded: World) -> None:
    take_back(loaded, "second.csv")
    loaded.put("second.csv", SECOND, "2026-03-09 04:00")
    loaded.put("renamed.csv", SECOND, "2026-03-02 04:00")
    loaded.load()
    loaded.home.warehouse.unlink()
    loaded.build()
    assert loaded.rows(LOANS) == [("L1", 100)]
    assert loaded.rows("SELECT filename, times_sent FROM file_uploads WHERE status = 'withdrawn'") == [
        ("renamed.csv", 3)
    ]


def test_an_upload_named_by_several_or_none_is_refused(loaded: World) -> None:
    loaded.put("first.csv", [{"loan_id": "L9", "phone": "9845012349"}], "2026-03-07 04:00")
    loaded.load()
    with pytest.raises(UsageError, match=r"^2 uploads are named 'first.csv'; name one by its hash: \w{10}, sent 2026"):
        take_back(loaded, "first.csv")
    with pytest.raises(UsageError, match=r"^No upload is named 'nothing\.csv'"):
        take_back(loaded, "nothing.csv")
    (meant,) = loaded.lake.uploads().filter(uploaded_at=datetime(2026, 3, 7, 4))["sha256"]
    take_back(loaded, meant[:10])
    assert loaded.lake.withdrawn() == {meant}


def test_what_was_written_through_the_session_is_not_withdrawn(loaded: World) -> None:
    record = pl.DataFrame([{"entity_id": "b37a1c11-1111-4111-8111-111111111111", "full_name": "Chitra"}])
    write_records(loaded.home, RecordFile("customer", API, "api-1", "script", utc_now()), [record])
    loaded.ingest()
    with pytest.raises(UsageError, match=r"^api-1 was written through the session; delete the rows there instead\.$"):
        take_back(loaded, "api-1")


def test_what_records_say_of_a_withdrawn_upload_counts_no_more(loaded: World) -> None:
    ((upload,),) = loaded.rows("SELECT CAST(id AS VARCHAR) FROM file_uploads WHERE filename = 'second.csv'")
    record = pl.DataFrame([{"entity_id": upload, "status": "completed"}])
    write_records(loaded.home, RecordFile("file_upload", API, "api-1", "script", utc_now()), [record])
    loaded.load()
    take_back(loaded, "second.csv")
    loaded.build()
    assert loaded.value("SELECT status FROM file_uploads WHERE filename = 'second.csv'") == "withdrawn"
    assert loaded.value("SELECT error_codes[1] FROM upload_rows WHERE status = 'error'") == "missing_upload"


# --- said anew -----------------------------------------------------------------------------------------------------


def test_a_time_can_be_corrected_to_an_earlier_or_a_later_one(loaded: World) -> None:
    say_anew(loaded, "second.csv", "2026-02-01 04:00", "ravi")
    loaded.build()
    assert loaded.rows(LOANS) == [("L1", 100), ("L2", 7)], "the first book is the later one now"
    assert loaded.rows("SELECT uploaded_at, uploaded_by FROM file_uploads WHERE filename = 'second.csv'") == [
        (datetime(2026, 2, 1, 4), "ravi")
    ]
    say_anew(loaded, "second.csv", "2026-03-08 04:00")
    loaded.build()
    assert loaded.rows(LOANS) == [("L1", 50), ("L2", 7)]
    assert loaded.rows("SELECT uploaded_at, uploaded_by FROM file_uploads WHERE filename = 'second.csv'") == [
        (datetime(2026, 3, 8, 4), "ravi")
    ], "what was not said anew stands"
    loaded.put("second.csv", SECOND, "2026-01-01 04:00")
    loaded.load()
    assert loaded.value("SELECT uploaded_at FROM file_uploads WHERE filename = 'second.csv'") == datetime(2026, 3, 8, 4)


def test_a_later_time_that_is_stated_of_known_bytes_is_said(loaded: World) -> None:
    assert findings(loaded, "first.csv") == []
    loaded.put("first.csv", FIRST, "2026-03-09 04:30")
    loaded.load()
    ((what, fix),) = findings(loaded, "first.csv")
    assert what == "sent again as of 2026-03-09 10:00; the earlier time counts, 2026-03-01 09:30"
    assert fix.endswith(f"loancalls restate {sha(loaded, 'first.csv')[:10]} --uploaded-at 2026-03-09T10:00")
    say_anew(loaded, "first.csv", "2026-03-09 04:30")
    assert findings(loaded, "first.csv") == []


def test_a_later_time_that_is_the_files_own_is_nothing_to_say(world: World, tmp_path: Path) -> None:
    for day in (1, 2):
        path = tmp_path / "book.csv"
        path.write_text("loan_id,phone,outstanding\nL1,9845012345,100\n", encoding="utf-8")
        moment = datetime(2026, 3, day, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
        world.inbox.take(path)
        world.ingest()
    assert len(world.lake.sightings(sha(world, "book.csv"))) == 2
    assert findings(world, "book.csv") == []


@pytest.mark.parametrize("year", [1926, 1970, 1989, 2200])
@pytest.mark.parametrize("how", ["taken", "put"])
def test_a_time_that_a_file_cannot_have_is_that_of_its_arrival(
    world: World, tmp_path: Path, year: int, how: str
) -> None:
    path = (tmp_path if how == "taken" else world.home.inbox) / "book.csv"
    path.write_text("loan_id,phone,outstanding\nL1,9845012345,100\n", encoding="utf-8")
    moment = (datetime(year, 6, 1) - datetime(1970, 1, 1)).total_seconds()
    os.utime(path, (moment, moment))
    if how == "taken":
        world.inbox.take(path)
    world.load()
    at = world.value("SELECT uploaded_at FROM file_uploads")
    assert abs(at - utc_now()) < timedelta(minutes=5)
    ((what, fix),) = findings(world, "book.csv")
    assert what.startswith("the file's own time cannot be") and "loancalls restate" in fix
    assert world.ingest() == [], "it does not arrive once more"


@pytest.mark.parametrize(("at", "why"), [("1989-12-31", "before 1990"), ("2200-01-01", "in the future")])
def test_a_stated_time_that_cannot_be_is_refused(world: World, at: str, why: str) -> None:
    (world.home.inbox / "a.csv").write_text("loan_id,phone,outstanding\nL1,9845012345,100\n", encoding="utf-8")
    manifest = world.home.inbox / "manifest.csv"
    manifest.write_text(f"filename,uploaded_at\na.csv,{at}\n", encoding="utf-8")
    with pytest.raises(LoancallsError) as wrong:
        world.inbox.files()
    assert str(wrong.value) == (
        f"{manifest}, line 2: uploaded_at is '{at}', which is {why}; state when the file was sent."
    )


def test_a_line_that_an_earlier_version_wrote_for_certain_bytes_is_taken_as_it_is(world: World) -> None:
    content = b"loan_id,phone,outstanding\nL1,9845012345,100\n"
    (world.home.inbox / "a.csv").write_bytes(content)
    manifest = world.home.inbox / "manifest.csv"
    line = f"a.csv,asha,1980-01-01T00:00:00+00:00,{hashlib.sha256(content).hexdigest()}"
    manifest.write_text(f"filename,uploaded_by,uploaded_at,sha256\n{line}\n", encoding="utf-8")
    world.load()
    assert world.value("SELECT uploaded_at FROM file_uploads") == datetime(1980, 1, 1)


# --- how it is kept ------------------------------------------------------------------------------------------------


def test_the_last_one_made_counts_also_when_the_clock_is_set_back(loaded: World) -> None:
    upload = sha(loaded, "first.csv")
    loaded.lake.correct(upload, Correction(datetime(2026, 5, 1), "asha", is_withdrawn=True))
    loaded.lake.correct(upload, Correction(datetime(2026, 4, 1), "ravi", is_withdrawn=False))
    assert [one.made_by for one in loaded.lake.corrections(upload)] == ["asha", "ravi"]
    loaded.build()
    assert loaded.value("SELECT status FROM file_uploads WHERE filename = 'first.csv'") == "completed"


def test_a_damaged_correction_stops_the_build_and_is_named(loaded: World) -> None:
    take_back(loaded, "first.csv")
    (path,) = (loaded.home.lake / "corrections").iterdir()
    os.truncate(path, 0)
    with pytest.raises(LoancallsError, match=r"corrections/\w{64}\.parquet is damaged: .* say once more"):
        loaded.build()


# --- as people do it -----------------------------------------------------------------------------------------------


def test_the_commands_correct_build_and_publish(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "book.csv").write_text("loan_id,phone,outstanding\nL1,9845012345,100\n", encoding="utf-8")
    count = ("query", "SELECT count(*) AS n FROM loans", "--format", "csv")
    loancalls(home, "run", "book.csv", "--uploaded-at", "2026-03-01T09:30")
    (home / "inbox" / "new.csv").write_text("loan_id,phone\nL2,9845012346\n", encoding="utf-8")

    done = loancalls(home, "withdraw", "book.csv", "--by", "asha")
    assert "sent 2026-03-01 09:30" in done.stdout and "is withdrawn" in done.stdout and "Published: " in done.stdout
    assert loancalls(home, *count).stdout == "n\n0\n", "and what is new in the inbox waits for a run"
    assert "nothing has changed" in loancalls(home, "withdraw", "book.csv").stdout
    loancalls(home, "withdraw", "--undo", "book.csv")
    loancalls(home, "restate", "book.csv", "--uploaded-at", "2026-03-05T10:00", "--uploaded-by", "ravi")
    assert loancalls(home, *count).stdout == "n\n1\n"
    sent = "SELECT uploaded_by, CAST(uploaded_at AS VARCHAR) AS at FROM file_uploads"
    assert loancalls(home, "query", sent, "--format", "csv").stdout == "uploaded_by,at\nravi,2026-03-05 04:30:00\n"
    assert "Say what is to be corrected" in loancalls(home, "restate", "book.csv", code=2).stderr
    assert "before 1990" in loancalls(home, "restate", "book.csv", "--uploaded-at", "1926-03-01", code=2).stderr

    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        key = partition_key("book.csv", sha(World(home), "book.csv"))
        of_upload = dg.AssetRecordsFilter(asset_key=RAW, asset_partitions=[key])
        seen = [record.asset_observation.metadata for record in instance.fetch_observations(of_upload, limit=9).records]
        said = [metadata["what"].value for metadata in seen if "what" in metadata]
        outcomes = [metadata["status"].value for metadata in seen if "status" in metadata]
    assert outcomes == ["completed", "withdrawn", "completed"], "what was published of it, the latest first"
    assert len(said) == 3 and "ravi" in said[0] and "is withdrawn" in said[2]


def test_the_jobs_correct_too(loaded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANCALLS_HOME", str(loaded.home.root))
    with dg.DagsterInstance.ephemeral() as instance:
        config = {"ops": {"withdraw_upload": {"config": {"upload": "second.csv", "by": "asha"}}}}
        result = defs.resolve_job_def("withdraw").execute_in_process(run_config=config, instance=instance)
        assert result.success and loaded.lake.withdrawn() == {sha(loaded, "second.csv")}
        config = {
            "ops": {"restate_upload": {"config": {"upload": "second.csv", "by": "asha", "uploaded_at": "1926-01-01"}}}
        }
        job = defs.resolve_job_def("restate")
        failed = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        assert not failed.success
        (event,) = [event for event in failed.all_events if event.is_step_failure]
        assert "before 1990" in event.step_failure_data.user_failure_data.description
