"""A whole database of the earlier system, of each generation and on each engine, becomes records, and all are found."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from generations import GENERATIONS, LATEST, WORDS, Story, fill, tables_of, uid
from postgres import Cluster
from postgres import postgres as postgres  # the fixture
from support import World

from models.fields import RECORD_FIELDS
from orchestration.earlier import import_database as importing
from orchestration.earlier import source as source_module
from orchestration.earlier.generations import columns_of
from orchestration.earlier.import_database import Imported, import_database
from orchestration.earlier.source import open_source
from orchestration.errors import LoancallsError, UsageError
from orchestration.progress import Progress
from orchestration.store.home import Home
from orchestration.store.records import read_head, waiting

ENGINES = ("sqlite", "postgresql", "duckdb")
TAKEN = [*((generation, engine) for generation in GENERATIONS for engine in ENGINES[:2]), ("current", "duckdb")]
PARTS = {"customers", "loans", "file_uploads", "upload_rows", "call_sessions", "call_status_updates"}
each_database = pytest.mark.parametrize(("generation", "engine"), TAKEN)
each_engine = pytest.mark.parametrize("engine", ENGINES)


@dataclass
class Taken:
    """An imported story: where it was, what was told in it, and what it became."""

    address: str
    story: Story
    home: Home
    imported: list[Imported] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def path(self, part: str) -> Path:
        (path,) = [path for path, head in waiting(self.home) if head.filename.split(".", 1)[1] == f"{part}.jsonl"]
        return path

    def records(self, part: str) -> list[dict[str, str | None]]:
        return [json.loads(line) for line in self.path(part).read_text(encoding="utf-8").splitlines()[1:]]

    def record(self, part: str, name: str) -> dict[str, str]:
        """What is stated of the row of the story with this name; nulls left out."""
        (found,) = [record for record in self.records(part) if record["entity_id"] == str(uid(name))]
        return {
            key: cell for key, cell in found.items() if cell is not None and key not in ("line_number", "entity_id")
        }


def connected(address: str) -> sa.Connection:
    return sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool).connect()


def import_into(home: Path, address: str, **watched: Callable) -> tuple[Home, list[Imported]]:
    made = Home(home).prepare()
    return made, import_database(made, address, Progress(**watched))


@pytest.fixture(scope="module")
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], tuple[str, Story]]:
    """The address and the story of a generation's database on an engine; made when first asked for."""
    made: dict[tuple[str, str], tuple[str, Story]] = {}

    def tell(generation: str, engine: str) -> tuple[str, Story]:
        if (generation, engine) not in made:
            if engine == "postgresql":
                address = request.getfixturevalue("postgres").database(f"lender_{generation}")
            else:
                address = f"{engine}:///{tmp_path_factory.mktemp(generation)}/lender_{generation}.db"
            with connected(address) as connection:
                made[generation, engine] = address, fill(connection, generation)
                connection.commit()
        return made[generation, engine]

    return tell


@pytest.fixture(scope="module")
def take(told: Callable, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Taken]:
    """The records that a generation's database on an engine becomes."""
    made: dict[tuple[str, str], Taken] = {}

    def taken(generation: str, engine: str) -> Taken:
        if (generation, engine) not in made:
            said: list[str] = []
            address, story = told(generation, engine)
            home, imported = import_into(tmp_path_factory.mktemp("taken") / "home", address, say=said.append)
            made[generation, engine] = Taken(address, story, home, imported, said)
        return made[generation, engine]

    return taken


# --- every row, once, the same each time --------------------------------------------------------------------------


@each_database
def test_the_generation_is_recognised(take: Callable, generation: str, engine: str) -> None:
    assert take(generation, engine).said[0].endswith(f"is of the earlier system's {generation} generation.")


@each_database
def test_every_row_is_a_record_under_its_own_id(take: Callable, generation: str, engine: str) -> None:
    taken = take(generation, engine)
    for table, rows in taken.story.items():
        records = taken.records(table)
        assert {record["entity_id"] for record in records} == {str(row["id"]) for row in rows}
        assert [record["line_number"] for record in records] == list(range(2, len(rows) + 2))
        assert list(records[0]) == ["line_number", "entity_id", *RECORD_FIELDS[read_head(taken.path(table)).kind]]
        (counted,) = [part for part in taken.imported if part.part == table]
        assert counted.rows == len(rows)
        assert counted.sha256 == hashlib.sha256(taken.path(table).read_bytes()).hexdigest()
    (counted,) = [part.rows for part in taken.imported if part.part == "customers.loan_id"] or [0]
    assert counted == {"legacy": 6, "hybrid": 1}.get(generation, 0)


@each_database
def test_rows_come_oldest_first(take: Callable, generation: str, engine: str) -> None:
    records = take(generation, engine).records("call_sessions")
    moments = [record["created_at"] or "9999" for record in records]
    assert moments == sorted(moments)
    updates = take(generation, engine).records("call_status_updates")
    order = [(record["updated_at"] or "9999", record["entity_id"]) for record in updates]
    assert order == sorted(order), "equal times are ordered by id"


@each_database
def test_files_are_dated_with_the_latest_moment_that_is_not_in_the_future(
    take: Callable, generation: str, engine: str
) -> None:
    taken = take(generation, engine)
    heads = [head for _, head in waiting(taken.home)]
    assert {head.filename for head in heads} == {f"lender_{generation}.{part.part}.jsonl" for part in taken.imported}
    for head in heads:
        assert (head.source, head.uploaded_by, head.uploaded_at) == ("import", "import", LATEST)


@each_database
def test_the_same_database_makes_the_same_bytes(
    take: Callable, generation: str, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(generation, engine)
    monkeypatch.setattr(source_module, "BATCH", 3)  # however many rows are fetched at a time
    again, imported = import_into(tmp_path / "home", taken.address)
    assert imported == taken.imported
    for path in taken.home.records.iterdir():
        assert (again.records / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_engines_state_the_same(take: Callable, generation: str) -> None:
    """Of what SQLite does not hold, references to nothing and the zeros after a point, no word."""
    one, other = take(generation, "sqlite"), take(generation, "postgresql")
    for part in one.imported:
        pairs = zip(one.records(part.part), other.records(part.part), strict=True)
        for here, there in pairs:
            gone = {str(uid(f"{name} gone")) for name in ("customer", "loan", "upload", "row")}
            if generation != "legacy" and gone & {*here.values()}:
                continue
            amounts = {key for key in here if key.endswith("_amount")} if part.part == "loans" else set()
            for record in (here, there):
                record |= {key: record[key] and Decimal(record[key]) for key in amounts}
            assert here == there


@each_engine
def test_words_stay_as_they_are(take: Callable, engine: str) -> None:
    records = take("current", engine).records("call_sessions")
    assert [record["status"] for record in records] == list(WORDS)
    assert [record["call_sid"] for record in records][5:9] == ["sid05", None, None, "sid08"], "sessions without a sid"


# --- what the rows of each generation state -----------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_legacy_customers(take: Callable, engine: str) -> None:
    assert take("legacy", engine).record("customers", "customer 1") == {
        **{"full_name": "Asha Rao", "phone": "09876543210", "state": "कर्नाटक", "language_code": "hi-IN"},
        **{"call_status": "call_completed", "last_contact_date": "2025-11-12 16:30:00"},
        **{"created_at": "2025-11-04 04:30:00", "stated_at": "2025-11-04 04:31:00"},
    }
    assert take("legacy", engine).record("customers", "customer 8") == {
        "full_name": "Only A Name",
        "phone": "9844444444",
    }


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_legacy_customers_were_loans_too(take: Callable, engine: str) -> None:
    records = take("legacy", engine).records("customers.loan_id")
    assert {record["entity_id"] for record in records} == {None}
    stated = ("customer_id", "loan_id", "outstanding_amount", "next_due_date", "stated_at")
    assert [tuple(record[key] for key in stated) for record in records] == [
        (str(uid("customer 1")), "LN-1", "₹ 1,23,456", "13/04/2024", "2025-11-04 04:31:00"),
        (str(uid("customer 2")), "LN-1", "50,000.50", "14/05/2024", "2025-11-05 04:31:00"),
        (str(uid("customer 3")), "LN-2", "0", "05/06/2024", "2025-11-06 04:31:00"),
        (str(uid("customer 4")), "nan", "1000", "01/04/2024", "2025-11-07 04:31:00"),
        (str(uid("customer 6")), "LN-7", "Rs. 5000/-", "30-Apr-2024", "2025-11-09 04:31:00"),
        (str(uid("customer 7")), "LN-8", "(500)", None, "2025-11-10 04:31:00"),
    ]


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_legacy_calls_keep_their_nine_columns_in_metadata(take: Callable, engine: str) -> None:
    call = take("legacy", engine).record("call_sessions", "session 3")
    assert json.loads(call.pop("call_metadata")) == {
        **{"end_time": "2025-11-12T05:03:00", "websocket_session_id": 'ws "1"', "call_direction": "inbound"},
        **{"agent_transfer_time": "2025-11-12T05:00:00", "agent_number": "08012345678"},
        **{"exotel_data": {"Price": None, "Legs": [1, {"a": "₹"}]}},
        **{"conversation_transcript": [{"speaker": "ग्राहक", "text": 'हाँ\n"ok"'}]},
        **{"intent_detected": "will pay", "language_detected": "hi-IN"},
    }
    assert call == {
        **{"call_sid": "sid03", "customer_id": str(uid("customer 4")), "status": "initiated", "direction": "inbound"},
        **{"initiated_at": "2025-11-12 04:33:00", "ended_at": "2025-11-12 05:03:00", "duration_seconds": "180"},
        **{"created_at": "2025-11-12 04:33:00", "updated_at": "2025-11-12 04:34:00"},
    }
    bare = take("legacy", engine).record("call_sessions", "session 4")
    assert bare == {"call_sid": "sid04", "customer_id": str(uid("customer 5")), "status": "calling"}


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_legacy_uploads_and_status_updates(take: Callable, engine: str) -> None:
    taken = take("legacy", engine)
    upload = taken.record("file_uploads", "upload 1")
    assert json.loads(upload.pop("processing_errors")) == [{"row": 4, "error": "loan ₹"}]
    assert upload == {
        **{"filename": "मार्च.csv", "file_path": "/srv/uploads/1.csv", "uploaded_at": "2025-11-03 04:30:00"},
        **{"total_records": "8", "processed_records": "7", "failed_records": "1", "status": "completed"},
    }
    assert taken.record("file_uploads", "upload 2") == {"filename": "stuck.csv", "status": "processing"}
    update = taken.record("call_status_updates", "update 2")
    assert json.loads(update.pop("extra_data")) == {"CallSid": "sid03", "n": 1.5}
    assert update == {
        **{"call_ref": str(uid("session 3")), "status": "in_progress", "message": "जुड़ गया"},
        **{"updated_at": "2025-11-12 04:34:00"},
    }
    assert taken.record("call_status_updates", "update 5") == {
        **{"call_ref": str(uid("session 1")), "status": "call_completed"},
    }


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_hybrid_columns_count_when_the_new_one_is_not_set(take: Callable, engine: str) -> None:
    taken = take("hybrid", engine)
    assert [
        (record["customer_id"], record["loan_id"], record["outstanding_amount"], record["next_due_date"])
        for record in taken.records("customers.loan_id")
    ] == [(str(uid("customer 5")), "LN-7", "Rs. 5000/-", "30-Apr-2024")], "only of customers that have no loan"
    upload = taken.record("file_uploads", "upload 1")
    assert (upload["status"], upload["uploaded_at"]) == ("completed", "2025-11-03 04:30:00")
    assert upload["file_path"] == "/srv/uploads/1.csv"
    call = taken.record("call_sessions", "session 3")
    assert (call["initiated_at"], call["duration_seconds"]) == ("2025-11-12 04:33:00", "180")
    assert (call["direction"], call["ended_at"]) == ("outbound-dial", "2025-11-12 05:03:00"), "no legacy default"
    metadata = json.loads(call["call_metadata"])
    assert metadata["call_direction"] == "outbound-dial" and metadata["नोट"] == {"x": None}
    assert metadata["end_time"] == "2025-11-12T05:03:00", "a null is not set"
    assert metadata["exotel_data"]["Price"] is None and len(metadata) == 10
    assert taken.record("call_sessions", "session 4")["duration_seconds"] == "61"
    assert json.loads(taken.record("call_sessions", "session 4")["call_metadata"]) == {
        "call_metadata": ["no", "object"],
        "call_direction": "outbound",
    }
    assert json.loads(taken.record("call_sessions", "session 6")["call_metadata"]) == {"call_direction": "outbound"}


@each_engine
def test_current_customers_and_loans(take: Callable, engine: str) -> None:
    taken = take("current", engine)
    assert taken.record("customers", "customer 1") == {
        **{"full_name": "Asha Rao", "phone": "09876543210", "national_id": "ABCPA1234K", "email": "asha@example.in"},
        **{"state": "कर्नाटक", "do_not_call": "false", "call_status": "call_completed"},
        **{"last_contact_date": "2025-11-12 16:30:00", "first_uploaded_at": "2025-11-04 04:30:00"},
        **{"created_at": "2025-11-04 04:30:00", "stated_at": "2025-11-04 04:31:00"},
    }
    assert taken.record("customers", "customer 2")["call_status"] == "failed", "of status, where that is all there is"
    assert taken.record("customers", "customer 4")["do_not_call"] == "true"
    loan = taken.record("loans", "loan 1")
    for name, amount in {"principal": "123456.50", "outstanding": "0", "due": "99.99", "last_paid": "500"}.items():
        assert Decimal(loan.pop(f"{name}_amount")) == Decimal(amount)
    assert loan == {
        **{"customer_id": str(uid("customer 1")), "loan_id": "LN-1", "loan_status": "closed"},
        **{"next_due_date": "2025-12-05", "last_paid_date": "2025-11-01", "cluster": "South", "branch": "हसन"},
        **{"branch_contact_number": "08172267890", "employee_name": "Kiran", "employee_id": "E7"},
        **{"employee_contact_number": "9800000001"},
        **{"created_at": "2025-11-04 04:30:00", "stated_at": "2025-11-04 04:32:00"},
    }
    assert "loan_status" not in taken.record("loans", "loan 2"), "active is what nobody says otherwise"


@each_engine
def test_current_calls_with_the_row_that_triggered_them(take: Callable, engine: str) -> None:
    taken = take("current", engine)
    assert taken.record("call_sessions", "session 3") == {
        **{"call_sid": "sid03", "customer_id": str(uid("customer 1")), "loan_ref": str(uid("loan 1"))},
        **{"triggering_upload": str(uid("upload 1")), "triggering_row": str(uid("row 1")), "status": "initiated"},
        **{"from_number": "08047112233", "to_number": "9811111111", "duration_seconds": "180"},
        **{"initiated_at": "2025-11-12 04:33:00", "created_at": "2025-11-12 04:33:00"},
        **{"updated_at": "2025-11-12 04:34:00", "direction": "inbound", "ended_at": "2025-11-12 05:03:00"},
        "call_metadata": json.dumps({"call_direction": "inbound", "end_time": "2025-11-12T05:03:00", "नोट": "हाँ"}),
    }, "the text of the metadata is untouched"
    row = taken.record("upload_rows", "row 1")
    assert json.loads(row.pop("stated_raw_data")) == {"नाम": "आशा", "loan": "LN-1"}
    assert row == {
        **{"file_upload_id": str(uid("upload 1")), "stated_line_number": "2", "stated_row_fingerprint": "fp1"},
        **{"phone_normalized": "+919876543210", "loan_id_text": "LN-1", "match_loan_id": str(uid("loan 1"))},
        **{"match_customer_id": str(uid("customer 1")), "match_method": "fingerprint", "status": "matched"},
        **{"matched_at": "2025-11-03 04:35:00"},
    }
    stuck = taken.record("upload_rows", "row 3")
    assert (stuck["status"], stuck["error"]) == ("pending", "loan_id is nan")
    upload = taken.record("file_uploads", "upload 2")
    assert (upload["status"], upload["total_records"]) == ("processing", "0")


# --- what engines keep in ways of their own -----------------------------------------------------------------------


def test_whatever_sqlite_stores_comes_in_one_form(told: Callable, tmp_path: Path) -> None:
    address, _ = told("hybrid", "sqlite")
    copy = tmp_path / "odd ?name#.db"
    shutil.copy(address.removeprefix("sqlite:///"), copy)
    upper = str(uid("customer 1")).upper()
    with closing(sqlite3.connect(copy)) as con:
        con.execute("UPDATE customers SET id = ?, do_not_call = 'true' WHERE id = ?", (upper, uid("customer 1").hex))
        con.execute(
            "UPDATE call_sessions SET initiated_at = '2025-11-12T10:03:00.123456+05:30', created_at = '2025-11-12',"
            " updated_at = 'yesterday', exotel_data = 'no json', conversation_transcript = 'null', call_metadata = '[',"
            " agent_transfer_time = 'after \"noon\"', end_time = '2025-11-12 05:03' WHERE call_sid = 'sid03'"
        )
        con.commit()
    home, _ = import_into(tmp_path / "home", f"sqlite:///{quote(str(copy))}")
    taken = Taken("", {}, home)
    assert taken.record("customers", "customer 1")["do_not_call"] == "true"
    call = taken.record("call_sessions", "session 3")
    assert call["initiated_at"] == "2025-11-12 04:33:00.123456" and call["created_at"] == "2025-11-12 00:00:00"
    assert call["updated_at"] == "yesterday", "whether that can be used is not decided here"
    metadata = json.loads(call["call_metadata"])
    assert metadata["exotel_data"] == "no json" and metadata["call_metadata"] == "["
    assert metadata["end_time"] == "2025-11-12T05:03:00" and metadata["agent_transfer_time"] == 'after "noon"'
    assert metadata["call_direction"] == "inbound" and "conversation_transcript" not in metadata


def test_whatever_postgres_stores_comes_in_one_form(postgres: Cluster, tmp_path: Path) -> None:
    address = postgres.database("odd")
    with connected(address) as connection:
        fill(connection, "current")
        for change in (
            "ALTER TABLE customers ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'",
            "ALTER TABLE call_sessions ALTER call_metadata TYPE jsonb",
            "ALTER TABLE call_status_updates DROP CONSTRAINT call_status_updates_pkey",
            "ALTER TABLE call_status_updates ALTER id TYPE char(32) USING replace(id::text, '-', '')",
            "UPDATE customers SET last_contact_date = 'infinity' WHERE full_name = 'Ravi Kumar'",
            "ALTER DATABASE odd SET timezone = 'Asia/Kolkata'",
            "ALTER DATABASE odd SET datestyle = 'German'",
            "ALTER DATABASE odd SET default_transaction_read_only = on",
        ):
            connection.exec_driver_sql(change)
        connection.commit()
    home, _ = import_into(tmp_path / "home", address.replace("postgresql:", "postgres:"))
    taken = Taken("", {}, home)
    assert taken.record("customers", "customer 1")["created_at"] == "2025-11-04 04:30:00"
    assert taken.record("customers", "customer 1")["last_contact_date"] == "2025-11-12 16:30:00"
    assert "last_contact_date" not in taken.record("customers", "customer 4"), "for ever is no time"
    assert taken.record("call_sessions", "session 3")["direction"] == "inbound"
    assert taken.record("call_status_updates", "update 3")["updated_at"] == "2025-11-20 12:00:00.25"


def test_what_is_not_the_earlier_systems_is_passed_over_and_said(told: Callable, tmp_path: Path) -> None:
    address, _ = told("properties", "sqlite")
    copy = tmp_path / "more.db"
    shutil.copy(address.removeprefix("sqlite:///"), copy)
    with closing(sqlite3.connect(copy)) as con:
        con.execute('CREATE TABLE "Alembic Version" (version_num TEXT)')
        con.execute("ALTER TABLE loans ADD COLUMN notes TEXT DEFAULT 'x'")
        con.commit()
    said: list[str] = []
    import_into(tmp_path / "home", f"sqlite+pysqlite:///{copy}", say=said.append)
    assert said[1:-1] == ["Not part of the earlier system, so not read: Alembic Version and loans.notes."]


def test_an_empty_database_makes_no_files(tmp_path: Path) -> None:
    with connected(f"sqlite:///{tmp_path / 'empty.db'}") as connection:
        tables_of("current").create_all(connection)
        connection.commit()
    home, imported = import_into(tmp_path / "home", f"sqlite:///{tmp_path / 'empty.db'}")
    assert {(part.part, part.rows, part.sha256) for part in imported} == {(part, 0, None) for part in PARTS}
    assert not home.records.exists()


# --- reading only, one state, a batch at a time -------------------------------------------------------------------


@each_engine
def test_a_database_is_only_read(told: Callable, engine: str, tmp_path: Path) -> None:
    address, story = told("current", engine)
    with pytest.raises(LoancallsError, match=r"cannot be read: .*read.?only"), open_source(address, tmp_path) as source:
        source.connection.exec_driver_sql("DELETE FROM call_status_updates")
    with connected(address) as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM call_status_updates").scalar_one()
    assert count == len(story["call_status_updates"])


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_one_state_is_read_to_the_end(told: Callable, postgres: Cluster, engine: str, tmp_path: Path) -> None:
    if engine == "sqlite":
        copy = tmp_path / "busy.db"
        shutil.copy(told("current", "sqlite")[0].removeprefix("sqlite:///"), copy)
        address = f"sqlite:///{copy}"
        with closing(sqlite3.connect(copy)) as con:
            con.execute("PRAGMA journal_mode = wal")
    else:
        address = postgres.database("busy")
        with connected(address) as connection:
            fill(connection, "current")
            connection.commit()
    with open_source(address, tmp_path) as source:
        before = source.count("call_status_updates")
        with connected(address) as other:
            other.exec_driver_sql("DELETE FROM call_status_updates")
            other.commit()
        (batch,) = source.batches("call_status_updates", columns_of("call_status_updates"), ("id",))
        assert before == batch.height > 0


def test_rows_are_fetched_a_batch_at_a_time(
    told: Callable, postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BATCH", 5)
    for engine in ENGINES:
        with open_source(told("current", engine)[0], tmp_path) as source:
            batches = source.batches("call_sessions", ["id", "nothing"], ("id",))
            first = next(batches)
            assert first.height == 5 and first["nothing"].null_count() == 5
            if engine == "postgresql":
                on_the_server = source.connection.exec_driver_sql("SELECT count(*) FROM pg_cursors").scalar_one()
                assert on_the_server == 1
            assert [batch.height for batch in batches] == [5, 5, 3]


def test_long_rows_are_fetched_fewer_at_a_time(told: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_FIRST_BATCH", 4)
    monkeypatch.setattr(source_module, "_BATCH_BYTES", 400)
    with open_source(told("current", "sqlite")[0], tmp_path) as source:
        heights = [batch.height for batch in source.batches("call_sessions", ["id", "call_sid", "status"], ("id",))]
    assert heights[0] == 4 and sum(heights) == 18 and 4 < max(heights[1:]) < 14


def test_progress_has_a_phase_for_each_table_and_a_step_for_each_batch(
    told: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (source_module, importing):
        monkeypatch.setattr(module, "BATCH", 10)
    seen: list[object] = []
    import_into(
        tmp_path / "home",
        told("legacy", "sqlite")[0],
        phase=lambda name, steps: seen.append((name, steps)),
        step=seen.append,
    )
    assert seen == [
        *(("customers: 8 rows", 1), "8", ("customers.loan_id: 6 rows", 1), "6", ("file_uploads: 2 rows", 1), "2"),
        *(("call_sessions: 18 rows", 2), "10", "18", ("call_status_updates: 8 rows", 1), "8"),
    ]


def test_when_it_counts_as_said_and_what_it_overrules_is_told(told: Callable, world: World) -> None:
    said: list[str] = []
    world.put("early.csv", [{"loan_id": "LN-1", "phone": "9876543210"}], "2025-11-19 12:00")
    world.put("late.csv", [{"loan_id": "LN-2", "phone": "9876543210"}], "2025-11-21 12:00")
    world.ingest()
    for _ in range(2):
        import_into(world.home.root, told("legacy", "sqlite")[0], say=said.append)
        world.ingest()
    latest = f"All of it counts as said at {LATEST:%Y-%m-%d %H:%M} UTC, the latest time that it states"
    assert said[1::2] == [f"{latest}; it overrules the uploads here from before that (1)."] * 2


# --- what cannot be imported --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("lender.db", "This is not the address of a database; write it as postgresql://user:password@host/name"),
        ("postgresql://a:secret@host:port/x", "This is not the address of a database"),
        ("mysql://a:secret@host/x", "Databases of the kind mysql cannot be imported"),
        (
            "postgresql://a:p@secret@host/x",
            "The password in the address contains an @, which would end it; write it as %40.",
        ),
        ("sqlite:///{folder}/none.db", "none.db cannot be imported: there is no such file"),
        ("duckdb:///{folder}/none.duckdb", "none.duckdb cannot be imported: there is no such file"),
        ("sqlite:///{folder}", "it is not a file; write the address as sqlite:///FILE"),
        ("sqlite://", "it is not a file"),
    ],
)
def test_an_address_of_nothing_is_wrong_usage(tmp_path: Path, address: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        import_into(tmp_path / "home", address.format(folder=tmp_path))
    assert said in str(caught.value) and "secret" not in str(caught.value)
    assert not list(tmp_path.glob("none.*")), "looking for a database makes none"


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_a_file_that_is_no_database_is_said(tmp_path: Path, engine: str) -> None:
    (tmp_path / "letter.db").write_text("Dear lender, " * 500, encoding="utf-8")
    with pytest.raises(LoancallsError, match=r"The database .*letter\.db cannot be read: .*(database|DuckDB)"):
        import_into(tmp_path / "home", f"{engine}:///{tmp_path / 'letter.db'}")


def test_a_database_that_somebody_writes_is_said(tmp_path: Path) -> None:
    script = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "busy.duckdb")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        writer.stdout.readline()
        with pytest.raises(LoancallsError, match=r"cannot be read: .*lock"):
            import_into(tmp_path / "home", f"duckdb:///{tmp_path / 'busy.duckdb'}")
    finally:
        writer.communicate()


def test_a_wrong_password_is_said_without_it(postgres: Cluster, tmp_path: Path) -> None:
    with pytest.raises(LoancallsError) as caught:
        import_into(tmp_path / "home", postgres.address("postgres", password="open sesame"))
    assert "The database postgres on 127.0.0.1 cannot be read" in str(caught.value)
    assert "password authentication failed" in str(caught.value)
    assert "sesame" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LoancallsError, match=r"cannot be read: .*refused") as caught:
        import_into(tmp_path / "home", "postgresql+psycopg2://lender:sesame@127.0.0.1:1/lender?connect_timeout=2")
    assert "sesame" not in str(caught.value)


def test_a_driver_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LoancallsError, match=r"its driver is not installed .*psycopg"):
        import_into(tmp_path / "home", "postgresql://lender@127.0.0.1/lender")


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        (
            "DROP TABLE upload_rows; DROP TABLE loans; ALTER TABLE customers DROP COLUMN email",
            "table loans, table upload_rows and column customers.email",
        ),
        ("DROP TABLE upload_rows", "table upload_rows"),
        ("ALTER TABLE customers RENAME COLUMN full_name TO Full_Name", "column customers.full_name"),
        (
            "DROP TABLE call_sessions; ALTER TABLE loans DROP COLUMN branch",
            "table call_sessions and column loans.branch",
        ),
    ],
)
def test_what_a_database_lacks_is_named(told: Callable, tmp_path: Path, change: str, lacking: str) -> None:
    copy = tmp_path / "lender.db"
    shutil.copy(told("current", "sqlite")[0].removeprefix("sqlite:///"), copy)
    with closing(sqlite3.connect(copy)) as con:
        con.executescript(change)
    with pytest.raises(LoancallsError) as caught:
        import_into(tmp_path / "home", f"sqlite:///{copy}")
    assert str(caught.value) == (
        f"The database {copy} is not a database of the earlier system: it lacks {lacking}; "
        "name another, or add what is missing."
    )


def test_a_database_of_somebody_else_is_told_what_it_lacks(postgres: Cluster, tmp_path: Path) -> None:
    with pytest.raises(LoancallsError, match="it lacks table customers, table file_uploads, table call_sessions and"):
        import_into(tmp_path / "home", postgres.database("empty"))


def test_an_import_that_breaks_off_leaves_nothing(told: Callable, tmp_path: Path) -> None:
    copy = tmp_path / "lender.db"
    shutil.copy(told("current", "sqlite")[0].removeprefix("sqlite:///"), copy)
    with closing(sqlite3.connect(copy)) as con:
        con.execute("UPDATE call_status_updates SET id = '17' WHERE message = 'again'")
        con.commit()
    with pytest.raises(
        LoancallsError, match="The table call_status_updates has a row whose id is 17, which is not a valid UUID"
    ):
        import_into(tmp_path / "home", f"sqlite:///{copy}")
    assert list((tmp_path / "home" / "lake" / "records").iterdir()) == []
    with closing(sqlite3.connect(copy)) as con:
        con.execute(
            "UPDATE call_status_updates SET id = ?, message = CAST(x'41ff' AS TEXT) WHERE id = '17'", (uid("x").hex,)
        )
        con.commit()
    with pytest.raises(LoancallsError, match="Could not decode to UTF-8 column 'message'; check"):
        import_into(tmp_path / "home", f"sqlite:///{copy}")
