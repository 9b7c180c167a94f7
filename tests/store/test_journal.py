"""What is written through sessions is kept, once and in order: whoever writes beside it, whatever is killed, and when.

Processes are real, and so is the kill. A run is either `run`, or `World.settle`, which does the same without Dagster
and the checks.
"""

import json
import os
import resource
import shutil
import signal
import threading
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from forked import COMMAND_LINE, Forked
from sqlalchemy import select
from sqlalchemy.exc import TimeoutError as TurnTimeout
from support import REPO, World

from database import schemas
from database.schemas import CallSession, CallStatusUpdate, Customer, FileUpload, Loan, UploadRow
from orchestration.cli.run import run
from orchestration.errors import LoancallsError
from orchestration.store import journal
from orchestration.store.atomic import put_database
from orchestration.store.records import waiting

BOOK = [
    {"name": "Asha", "mobile": "9845012345", "pan": "ABCXE1234F", "loan_id": "L1", "amount": "100"},
    {"name": "Binu", "mobile": "9845012346", "pan": "", "loan_id": "L2", "amount": "200"},
    {"name": "Binu", "mobile": "9845012346", "pan": "", "loan_id": "L3", "amount": "300"},
]
MODELS = (Customer, Loan, FileUpload, UploadRow, CallSession, CallStatusUpdate)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(tmp_path_factory.mktemp("journal") / "home")
    world.put("book.csv", BOOK, "2026-03-01 04:00")
    world.settle()
    return world.home.root


@pytest.fixture
def home(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A home with two customers of a file, for scripts to work on."""
    shutil.copytree(loaded, tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOANCALLS_WAIT_SECONDS", "30")
    monkeypatch.setenv("DAGSTER_HOME", "")  # a run sets it
    return World(tmp_path / "home")


# --- what scripts do ----------------------------------------------------------------------------------------------


def add(name: str) -> None:
    """Commit a customer with a loan, a call and a status of it."""
    with schemas.get_session() as session:
        add_to(session, name)
        session.commit()


def add_to(session: schemas.Session, name: str) -> Customer:
    customer = schemas.create_customer(
        session, {"name": name, "primary_phone": f"+9198{zlib.crc32(name.encode()) % 10**8:08}"}
    )
    loan = schemas.create_loan(session, {"customer_id": customer.id, "loan_id": f"LN-{name}", "outstanding_amount": 5})
    call = {"call_sid": f"sid-{name}", "customer_id": customer.id, "loan_id": loan.id}
    schemas.create_call_session(session, call)
    schemas.update_call_status(session, f"sid-{name}", "ringing")
    return customer


def names() -> list[str]:
    """Whom scripts see, in order; each with one loan, one call and one status of it."""
    with schemas.get_session() as session:
        found = sorted(session.scalars(select(Customer.full_name)))
        theirs = [name for name in found if name not in ("Asha", "Binu")]
        assert sorted(session.scalars(select(Loan.loan_id))) == ["L1", "L2", "L3", *(f"LN-{name}" for name in theirs)]
        assert sorted(session.scalars(select(CallSession.call_sid))) == [f"sid-{name}" for name in theirs]
        assert len(session.scalars(select(CallStatusUpdate.id)).all()) == len(theirs)
    return found


def tables() -> dict[str, dict[uuid.UUID, dict]]:
    """Every row of the tables that scripts write to, as they see it."""
    with schemas.get_session() as session:
        return {
            model.__tablename__: {row["id"]: dict(row) for row in session.execute(select(model.__table__)).mappings()}
            for model in MODELS
        }


def check_settled(world: World, *added: str) -> None:
    """Everything is in the tables and in raw once, and nothing waits."""
    assert names() == sorted(["Asha", "Binu", *added])
    assert world.rows("SELECT full_name FROM customers ORDER BY ALL") == [(name,) for name in names()]
    for kind in ("customer", "loan", "call", "status"):
        ids = world.rows(f"SELECT entity_id FROM lake.{kind}_rows")
        assert len(ids) == len(set(ids)), f"a {kind} is in raw twice"
    assert world.value("SELECT count(*) FROM lake.status_rows") == len(added)
    assert not list(waiting(world.home)) and not journal.commits(world.home)


# --- other processes ----------------------------------------------------------------------------------------------

SCRIPT = """
import os, signal, sys
from pathlib import Path
import test_journal
from database import schemas
from orchestration.store import journal
from orchestration.warehouse import publish
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from support import World

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(do):
    return lambda *args, **more: (do(*args, **more), die())

def torn(left):
    def fsync(file):
        if os.readlink(f"/proc/self/fd/{file}").endswith("/open.jsonl"):
            os.ftruncate(file, left(os.fstat(file).st_size))
            die()
    return fsync

def say(word):
    print(word, flush=True)

def wait():
    sys.stdin.readline()

def settle():
    World(Path(os.environ["LOANCALLS_HOME"])).settle()
"""


def process(code: str) -> Forked:
    """A script in a process of its own."""
    return Forked(SCRIPT + code, os.environ, REPO)


def ended(running: Forked, code: int = 0) -> None:
    said = running.communicate()
    assert running.returncode == code, said


def killed(code: str) -> None:
    """A script that is killed at the point that it says itself."""
    ended(process(code), -signal.SIGKILL)


@contextmanager
def underway(code: str) -> Iterator[Forked]:
    """A script that has said that it is there, and goes on when it is told to or this ends."""
    running = process(code)
    try:
        assert running.stdout.readline() == "there\n", running.communicate()
        yield running
        if running.poll() is None:
            ended(running)
    finally:
        running.kill()
        running.communicate()


WRITING = """
with schemas.get_session() as session:
    test_journal.add_to(session, "Chitra")
    say("there")
    wait()
    session.commit()
"""
HOLDING = """
with Home(Path(os.environ["LOANCALLS_HOME"])).lock():
    say("there")
    wait()
"""


# --- whose turn it is ---------------------------------------------------------------------------------------------


def test_the_second_of_two_processes_waits_and_sees_what_the_first_wrote(home: World) -> None:
    with underway(WRITING) as first, schemas.get_session() as session:
        assert session.query(Customer).count() == 2
        threading.Timer(0.3, lambda: (first.stdin.write("\n"), first.stdin.flush())).start()
        dev = add_to(session, "Dev")  # waits until the other has committed
        chitra = session.query(Customer).filter_by(name="Chitra").one()
        assert session.query(Customer).count() == 4
        chitra.state = "Goa"
        dev.state = "Goa"
        session.commit()
    assert names() == ["Asha", "Binu", "Chitra", "Dev"]
    assert [commit.number for commit in journal.commits(home.home)] == [1, 2]


def test_the_wait_for_another_ends_and_the_session_can_go_on(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANCALLS_WAIT_SECONDS", "1")
    with schemas.get_session() as session:
        with underway(WRITING) as other:
            session.add(Customer(name="Dev"))
            with pytest.raises(TurnTimeout, match=r"waited 1 seconds .* or wait longer with LOANCALLS_WAIT_SECONDS"):
                session.flush()
            session.rollback()
            assert session.query(Customer).count() == 2
            other.stdin.write("\n")
        add_to(session, "Dev")
        session.commit()
        assert session.query(Customer).count() == 4
    assert names() == ["Asha", "Binu", "Chitra", "Dev"]


def test_a_second_writing_session_of_one_thread_is_told_at_once(home: World) -> None:
    with schemas.get_session() as first, schemas.get_session() as second:
        add_to(first, "Chitra")
        second.add(Customer(name="Dev"))
        with pytest.raises(TurnTimeout, match="commit or close it first"):
            second.flush()
        second.rollback()
        assert second.query(Customer).count() == 2
        first.commit()
        add_to(second, "Dev")
        second.commit()
    assert names() == ["Asha", "Binu", "Chitra", "Dev"]


def test_a_run_in_the_midst_of_a_session_is_told_at_once(home: World) -> None:
    with schemas.get_session() as session:
        add_to(session, "Chitra")
        with pytest.raises(LoancallsError, match="commit or close it first"):
            run(home.home, home.settings, [])
        session.rollback()
        with home.home.lock():
            pass


def test_a_session_that_is_closed_or_undone_lets_others_write(home: World) -> None:
    with schemas.get_session() as session:
        add_to(session, "nobody")
        session.rollback()
        add("Chitra")
        add_to(session, "nobody")
    add("Dev")
    assert names() == ["Asha", "Binu", "Chitra", "Dev"]


def test_what_is_read_for_update_is_the_latest_and_stays_so(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANCALLS_WAIT_SECONDS", "1")
    with schemas.get_session() as session:
        assert session.query(Loan).filter_by(loan_id="L1").one().outstanding_amount == 100
        other = threading.Thread(target=owe, kwargs={"L1": 50})
        other.start()
        other.join()
        loan = session.query(Loan).filter_by(loan_id="L1").populate_existing().with_for_update().one()
        loan.outstanding_amount = loan.outstanding_amount + 1
        ended(process("test_journal.owe(L1=7)\n"), 1)  # waits in vain
        session.commit()
    assert outstanding()["L1"] == "51.00"


def test_threads_take_turns(home: World) -> None:
    together, problems = threading.Barrier(4), []

    def work(thread: int) -> None:
        try:
            together.wait()
            for number in range(5):
                add(f"T{thread}-{number}")
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(names()) == 22
    assert [commit.number for commit in journal.commits(home.home)] == list(range(1, 21))


def test_a_writer_that_is_killed_has_written_nothing_and_keeps_nobody_waiting(home: World) -> None:
    with underway(WRITING) as other:
        other.kill()
        other.wait()
        add("Dev")
    assert names() == ["Asha", "Binu", "Dev"]


# --- beside a run -------------------------------------------------------------------------------------------------


def test_reading_does_not_wait_for_a_run_and_writing_does(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add("Chitra")
    with underway(HOLDING) as other:
        assert names() == ["Asha", "Binu", "Chitra"]
        monkeypatch.setenv("LOANCALLS_WAIT_SECONDS", "0")
        with schemas.get_session() as session, pytest.raises(TurnTimeout, match="Another run or session is writing"):
            schemas.update_customer_call_status_by_phone(session, "9845012345", "busy")
        other.stdin.write("\n")
    add("Dev")
    assert names() == ["Asha", "Binu", "Chitra", "Dev"]


def test_scripts_read_all_the_while_a_run_is_under_way_and_write_after_it(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`loancalls run` in the background; what is written meanwhile comes with the next one."""
    monkeypatch.setenv("LOANCALLS_WAIT_SECONDS", "200")
    add("Chitra")
    home.put("more.csv", [{"name": "Dev", "mobile": "9845012399", "loan_id": "L4"}], "2026-03-02 04:00")
    with schemas.get_session() as reader, schemas.get_session() as writer:
        assert writer.query(Customer).count() == 3
        running = Forked(COMMAND_LINE, os.environ, REPO, ["loancalls", "run"])
        while running.poll() is None and (turn := home.home.take_turn(0)) is not None:
            turn.end()  # it has not begun yet
        for _ in range(20):
            assert reader.query(Customer).count() == 3, "as the last run left it, and what is committed since"
            reader.rollback()
        assert running.poll() is None, "nobody was kept waiting"
        writer.add(Customer(name="Esha", national_id="PANE1234Z"))
        writer.flush()  # waits until the run has ended
        ended(running)
        everybody = ["Asha", "Binu", "Chitra", "Dev", "Esha"]
        assert sorted(customer.name for customer in writer.query(Customer)) == everybody
        writer.commit()
        assert reader.query(Customer).count() == 5
    assert home.value("SELECT count(*) FROM customers") == 4
    assert [commit.number for commit in journal.commits(home.home)] == [2]


def test_a_session_goes_on_with_what_it_read_and_writes_on_top_of_a_run(home: World) -> None:
    with schemas.get_session() as session:
        assert session.query(Customer).count() == 2
        home.put("more.csv", [{"name": "Dev", "mobile": "9845012399", "loan_id": "L4"}], "2026-03-02 04:00")
        home.settle()
        assert session.query(Loan).count() == 3, "as it was when the session looked first"
        session.add(Customer(name="Esha"))
        session.flush()
        assert session.query(Loan).count() == 4
        schemas.get_loan_by_external_id(session, "L4").outstanding_amount = 7
        session.commit()
    assert outstanding()["L4"] == "7.00"


def test_copies_of_many_runs_do_not_pile_up_in_sessions_that_stay(home: World) -> None:
    with schemas.get_session() as session:
        for number in range(6):
            add(f"C{number}")
            with home.home.lock():
                new = home.home.root / "new"
                shutil.copyfile(home.home.warehouse, new)
                put_database(new, home.home.session_copy)
            assert session.query(Customer).count() == 3 + number
            session.rollback()
        held = [os.readlink(descriptor) for descriptor in Path("/proc/self/fd").iterdir() if descriptor.is_symlink()]
        copies = [path for path in held if path.startswith(str(home.home.staging))]
        assert 0 < len(copies) <= 4, "two connections, each with the copy that it reads and the one before it"
    assert not list(home.home.staging.iterdir())


# --- killed in the middle -----------------------------------------------------------------------------------------

# Where a commit is killed, how the script sees to that, and whether the commit is there then.
COMMITS = [
    ("in the middle of the journal's name", "os.fsync = torn(lambda size: 5)", False),
    ("before it is written down", "journal.append = die", False),
    ("once it is written down", "journal.append = then_die(journal.append)", True),
    ("in the middle of its line", "os.fsync = torn(lambda size: size - 20)", False),
]


def test_a_commit_that_is_killed_is_there_as_a_whole_or_not_at_all(home: World) -> None:
    there = []
    for number, (point, patch, is_there) in enumerate(COMMITS):
        killed(f'{patch}\ntest_journal.add("K{number}")\n')
        there += [f"K{number}"] if is_there else []
        assert names() == sorted(["Asha", "Binu", *there]), point
        if point != "in the middle of its line":
            add(f"N{number}")
            there += [f"N{number}"]
            assert names() == sorted(["Asha", "Binu", *there]), f"after one that was killed {point}"
    assert not (home.home.lake / "journal" / "open.jsonl").read_bytes().endswith(b"\n"), "the line is torn"
    home.settle()
    check_settled(home, *there)
    add("Dev")
    assert names() == sorted(["Asha", "Binu", "Dev", *there])


RUNS = {
    "between the record files": "journal.write_records = then_die(journal.write_records)",
    "between the record files and their mark": "journal._replace = die",
    "between a record's upload and its sighting": "Lake.add_sighting = die",
    "while a record file that the lake has still waits": "Lake.add_sighting = then_die(Lake.add_sighting)",
    "when all is in the lake": "World.build = die",
    "when all is built": "World.publish = die",
    "when all is published": "publish.put_database = then_die(publish.put_database)",
    "when sessions have the tables": "journal.forget = die",
}


def test_a_run_that_is_killed_loses_nothing_and_does_nothing_twice(home: World) -> None:
    """One after the other, each at a later point, with a commit before each."""
    added = []
    for number, (point, patch) in enumerate(RUNS.items()):
        add(f"C{number}")
        added.append(f"C{number}")
        killed(f"{patch}\nsettle()\n")
        assert names() == ["Asha", "Binu", *added], point
    add("Dev")
    home.settle()
    check_settled(home, *added, "Dev")
    add("Esha")
    assert names() == ["Asha", "Binu", *added, "Dev", "Esha"]


def test_a_commit_that_finds_no_room_is_not_there_and_the_session_can_go_on(home: World) -> None:
    add("Chitra")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with schemas.get_session() as session:
        add_to(session, "Dev")
        room = (home.home.lake / "journal" / "open.jsonl").stat().st_size + 50
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                session.commit()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
        session.rollback()
        assert session.query(Customer).count() == 3
        add_to(session, "Esha")
        session.commit()
    assert names() == ["Asha", "Binu", "Chitra", "Esha"]


# --- what runs make of it -----------------------------------------------------------------------------------------


def test_every_row_is_there_with_its_id_after_full_runs_and_without_the_databases(home: World) -> None:
    add("Chitra")
    with schemas.get_session() as session:
        asha = session.query(Customer).filter_by(name="Asha").one()
        asha.phone_number, asha.loans[0].outstanding_amount = "9845099999", 0
        upload = FileUpload(filename="march.csv", total_records=1, processed_records=1)
        upload.upload_rows.append(UploadRow(line_number=2, raw_data={"a": "ಸರಿ"}, match_customer_id=asha.id))
        session.add(upload)
        session.commit()
    written = tables()
    home.settle()
    first = tables()
    ours = {id_ for id_, row in first["file_uploads"].items() if row["source"] == "api" and row["sha256"]}
    for table, rows in written.items():
        # The uploads that the commits have become are new, and so are their rows.
        added = {id_ for id_, row in first[table].items() if row.get("file_upload_id", id_) in ours}
        assert first[table].keys() - added == rows.keys(), table
    assert run(home.home, home.settings, [], full=True).failures == []
    assert tables() == first
    for path in (home.home.warehouse, home.home.session_copy, home.home.analytics):
        path.unlink()
    home.settle()
    assert tables() == first


def test_a_run_whose_checks_fail_keeps_what_was_written_for_the_next_one(home: World) -> None:
    add("Chitra")
    with pytest.raises(LoancallsError, match="has not passed its checks"):
        home.settle(are_checks_passed=False)
    assert names() == ["Asha", "Binu", "Chitra"]
    add("Dev")
    home.settle()
    check_settled(home, "Chitra", "Dev")


def outstanding() -> dict[str, str]:
    with schemas.get_session() as session:
        return {loan.loan_id: str(loan.outstanding_amount) for loan in session.query(Loan)}


def owe(**amounts: int) -> None:
    with schemas.get_session() as session:
        for loan_id, amount in amounts.items():
            schemas.get_loan_by_external_id(session, loan_id).outstanding_amount = amount
        session.commit()


def test_a_number_that_a_customer_had_between_two_commits_finds_him_ever_after(home: World) -> None:
    with schemas.get_session() as session:
        chitra, asha = add_to(session, "Chitra"), session.query(Customer).filter_by(name="Asha").one()
        had = {customer: [customer.fingerprint] for customer in (chitra, asha)}
        for digit in "78":
            for customer in had:
                customer.phone_number = f"98450{digit}000{len(customer.name)}"
                session.flush()
                had[customer].append(customer.fingerprint)
        asha.phone_number = "9845012345"
        session.commit()
        found = {customer.name: fingerprints for customer, fingerprints in had.items()}
        phones = {customer.name: customer.phone_number for customer in had}
    for _ in range(2):
        with schemas.get_session() as session:
            for name, fingerprints in found.items():
                for fingerprint in fingerprints:
                    assert schemas.get_customer_by_fingerprint(session, fingerprint).name == name
                assert session.query(Customer).filter_by(name=name).one().phone_number == phones[name]
        home.settle()


def test_a_file_counts_as_later_than_commits_before_it_and_earlier_than_those_after(home: World) -> None:
    for amount in range(5, 0, -1):
        owe(L1=amount, L2=amount, L3=amount)
    between = datetime.now(UTC).replace(tzinfo=None)
    home.put("book2.csv", [loan | {"amount": "9"} for loan in BOOK[:2]], between.isoformat(sep=" "))
    owe(L2=7)
    owe(L2=6)
    assert outstanding() == {"L1": "1.00", "L2": "6.00", "L3": "1.00"}
    home.settle()
    assert outstanding() == {"L1": "9.00", "L2": "6.00", "L3": "1.00"}
    uploads = home.rows("SELECT filename FROM file_uploads ORDER BY uploaded_at")
    assert [name for (name,) in uploads] == ["book.csv", "api-1-5.loan.jsonl", "book2.csv", "api-6-7.loan.jsonl"]


def test_what_is_written_last_counts_also_when_the_clock_is_set_back(home: World) -> None:
    owe(L1=1)
    (commit,) = journal.commits(home.home)
    said = json.loads(json.dumps([commit.records, commit.rows]).replace('"1.00"', '"2.00"'))
    journal.append(home.home, datetime.fromisoformat(commit.at) + timedelta(minutes=5), "tester", *said)
    home.settle()
    assert outstanding()["L1"] == "2.00"
    owe(L1=3)
    home.settle()
    assert outstanding()["L1"] == "3.00"


def test_what_an_earlier_version_noted_of_the_journal_is_read(home: World) -> None:
    owe(L1=1)
    home.settle()
    (home.home.lake / "journal" / "sealed").write_text("1", encoding="utf-8")
    owe(L1=2)
    home.settle()
    assert outstanding()["L1"] == "2.00"
    assert journal.sealed(home.home) == 2


def test_commits_of_hundreds_are_read_and_become_few_uploads(home: World) -> None:
    add("Chitra")
    (commit,) = journal.commits(home.home)
    said = json.dumps([commit.records, commit.rows])
    ids = {row["id"] for rows in commit.rows.values() for row in rows}
    for number in range(299):
        another = said.replace("Chitra", f"C{number:03}").replace("+9198", f"+9197{number:03}"[:8] + "x")
        another = another.replace(f"+9197{number:03}"[:8] + "x", f"+91{7000 + number}")
        for one in ids:
            another = another.replace(one, str(uuid.uuid5(uuid.UUID(one), str(number))))
        at = datetime.fromisoformat(commit.at) + timedelta(seconds=number)
        journal.append(home.home, at, "tester", *json.loads(another))
    assert len(names()) == 302
    with home.home.lock():
        home.inbox.gather(home.lake)
    assert sorted(head.filename for _, head in waiting(home.home)) == [
        f"api-1-300.{kind}.jsonl" for kind in ("call", "customer", "loan", "status")
    ]
    assert len(names()) == 302


def test_only_the_owner_can_read_what_is_written_down(home: World) -> None:
    add("Chitra")
    for path in (home.home.lake / "journal" / "open.jsonl", home.home.session_copy):
        assert path.stat().st_mode & 0o077 == 0
    with home.home.lock():
        home.inbox.gather(home.lake)
    for path in (*(home.home.lake / "journal").iterdir(), *home.home.records.iterdir()):
        assert path.stat().st_mode & 0o077 == 0
