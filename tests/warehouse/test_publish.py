"""What is published: masked, keyed, whole, or not at all."""

import hashlib
import hmac
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from disk import disk
from support import World, check_contract, check_together

from models.published import published_tables
from orchestration.errors import LoancallsError
from orchestration.store import journal
from orchestration.store.connection import connect
from orchestration.store.session_copy import make_copy
from orchestration.warehouse.build import open_warehouse
from orchestration.warehouse.contract import duckdb_type
from orchestration.warehouse.fingerprints import is_up_to_date
from orchestration.warehouse.publish import publish

ID = "b37a1c11-1111-4111-8111-111111111111"
BORROWERS = [
    {"name": "Asha Rao", "mobile": "98450 12345", "pan": "ABCXE1234F", "email": "asha@example.in", "loan_id": "L1",
     "amount": "5000", "branch": "Hosa", "branch_contact": "080 4710 0999", "emp_name": "Ravi K", "emp_id": "E1",
     "emp_contact": "9900011223", "remarks": "call after six"},
    {"name": "Binu Thomas", "mobile": "9845099999", "pan": "", "email": "", "loan_id": "L2",
     "amount": "0", "branch": "Hosa", "branch_contact": "", "emp_name": "Ravi K", "emp_id": "E1",
     "emp_contact": "", "remarks": ""},
]  # fmt: skip
CALLS = [
    {"call_id": "c1", "customer_phone": "9845012345", "from_number": "08047100123", "status": "completed",
     "start_time": "2026-03-02 10:00:00", "duration": "50", "conversation_duration": "40", "loan_id": "L1",
     "message": "Asha Rao promised", "recording_url": "x://rec/9845012345", "call_metadata": '{"said": "Asha Rao"}',
     "extra_data": "Asha"},
    {"call_id": "c2", "customer_phone": "", "from_number": "", "status": "busy",
     "start_time": "2026-03-02 11:00:00", "duration": "", "conversation_duration": "", "loan_id": "Asha Rao 9845012345",
     "message": "", "recording_url": "", "call_metadata": "", "extra_data": ""},
]  # fmt: skip
SECRETS = (
    *(
        "Asha Rao",
        "Asha",
        "Binu Thomas",
        "9845012345",
        "98450 12345",
        "9845099999",
        "ABCXE1234F",
        "asha@example.in",
    ),
    *("8047100999", "9900011223", "8047100123", "call after six"),
)


def pass_checks(world: World) -> None:
    """What the checks do before a publish: run every suite, and note those that hold."""
    for table in published_tables():
        assert all(outcome.passed for outcome in check_contract(world.home.warehouse, table))
        with open_warehouse(world.home, world.settings) as warehouse:
            warehouse.fingerprints.mark_checked(table)
    assert all(outcome.passed for outcome in check_together(world.home.warehouse, list(published_tables())))
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.fingerprints.mark_audited()


def published(world: World, sql: str) -> list[tuple]:
    with duckdb.connect(str(world.home.analytics), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tables are built and have passed every check; tests work on copies."""
    world = World(tmp_path_factory.mktemp("checked") / "home")
    world.put("loans.csv", BORROWERS, "2026-03-01 04:00")
    world.put("calls.csv", CALLS, "2026-03-02 14:00")
    world.load()
    pass_checks(world)
    return world.home.root


@pytest.fixture
def loaded(checked: Path, tmp_path: Path) -> Callable[..., World]:
    def load(**settings: str) -> World:
        root = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        shutil.copytree(checked, root)
        world = World(root, **settings)
        publish(world.home, world.settings)
        assert make_copy(world.home), "as the first session does"
        return world

    return load


def test_masked_database_holds_no_personal_data_and_no_unkeyed_hash(loaded: Callable[..., World]) -> None:
    world = loaded()
    cells = []
    for table in published_tables():
        cells += [str(cell) for row in published(world, f'SELECT * FROM "{table}"') for cell in row]
    text, raw = "\n".join(cells), world.home.analytics.read_bytes()
    unkeyed = {
        digest(secret.encode()).hexdigest()
        for secret in (*SECRETS, "919845012345|ABCXE1234F", "+919845012345", "919845099999|")
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256)
    }
    rows = [str(row).replace("-", "") for (row,) in world.rows("SELECT row_fingerprint FROM _upload_row_outcomes")]
    for secret in (*SECRETS, *unkeyed, *rows):
        assert secret not in text.replace("-", "") and secret not in text
        assert secret.encode() not in raw
    for digest in [digest for digest in unkeyed if len(digest) == 32] + rows:
        assert bytes.fromhex(digest) not in raw, "a hash of personal data stands there as 16 bytes"


def test_masks_show_that_a_value_is_there_and_little_more(loaded: Callable[..., World]) -> None:
    world = loaded()
    assert published(world, "SELECT full_name, primary_phone, national_id, email FROM customers ORDER BY ALL") == [
        ("***", "********45", "***", "***"),
        ("***", "********99", None, None),
    ]
    assert published(
        world, "SELECT from_number, to_number, recording_url, call_metadata FROM call_sessions WHERE call_sid = 'c1'"
    ) == [("********23", "********45", "***", None)]
    assert published(world, "SELECT DISTINCT raw_data FROM upload_rows") == [(None,)]
    assert published(world, "SELECT employee_name, employee_id, branch FROM loans WHERE loan_id = 'L1'") == [
        ("Ravi K", "E1", "Hosa")
    ]


def test_fingerprint_is_an_hmac_with_the_stated_key(loaded: Callable[..., World]) -> None:
    world = loaded(pii_key="a key of ours alone")
    plain = hashlib.md5(b"919845012345|ABCXE1234F").hexdigest()
    expected = hmac.new(b"a key of ours alone", plain.encode(), hashlib.sha256).hexdigest()
    assert (expected,) in published(world, "SELECT fingerprint FROM customers")


def test_key_longer_than_a_block_is_hashed_first_as_hmac_says(loaded: Callable[..., World]) -> None:
    key = "k" * 100
    world = loaded(pii_key=key)
    plain = hashlib.md5(b"919845099999|").hexdigest()
    assert (hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest(),) in published(
        world, "SELECT fingerprint FROM customers"
    )


def test_another_key_than_that_of_the_last_publishing_stops_the_run(loaded: Callable[..., World]) -> None:
    world = loaded()
    before = published(world, "SELECT fingerprint FROM customers ORDER BY 1")
    publish(world.home, world.settings)
    assert published(world, "SELECT fingerprint FROM customers ORDER BY 1") == before
    other = World(world.home.root, pii_key="a key of ours alone")
    with pytest.raises(LoancallsError, match=r"LOANCALLS_PII_KEY is not the key .*would not join.*remove .*pii\.check"):
        publish(other.home, other.settings)
    assert published(world, "SELECT fingerprint FROM customers ORDER BY 1") == before
    clear = World(world.home.root, pii="clear")
    publish(clear.home, clear.settings)  # has no use for a key
    (world.home.root / "pii.check").unlink()
    publish(other.home, other.settings)
    assert published(world, "SELECT fingerprint FROM customers ORDER BY 1") != before
    with pytest.raises(LoancallsError, match=r"pii\.key is not the key that was published with before"):
        publish(world.home, world.settings)


def test_clear_publishes_as_it_is(loaded: Callable[..., World]) -> None:
    world = loaded(pii="clear")
    assert published(world, "SELECT full_name, primary_phone, national_id, fingerprint FROM customers ORDER BY 1") == [
        ("Asha Rao", "+919845012345", "ABCXE1234F", hashlib.md5(b"919845012345|ABCXE1234F").hexdigest()),
        ("Binu Thomas", "+919845099999", None, hashlib.md5(b"919845099999|").hexdigest()),
    ]
    assert published(
        world, "SELECT raw_data ->> 'remarks', raw_data ->> 'mobile' FROM upload_rows WHERE loan_id_text = 'L1' "
        "AND match_call_session_id IS NULL"
    ) == [("call after six", "98450 12345")]  # fmt: skip
    assert published(world, "SELECT call_metadata ->> 'said' FROM call_sessions WHERE call_sid = 'c1'") == [
        ("Asha Rao",)
    ]
    assert stat.S_IMODE(world.home.analytics.stat().st_mode) == 0o400


def test_types_and_comments_are_the_contracts(loaded: Callable[..., World]) -> None:
    world = loaded()
    for table, model in published_tables().items():
        found = published(
            world,
            f"SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = '{table}' "
            "ORDER BY column_index",
        )
        assert found == [(column.name, duckdb_type(column), column.comment) for column in model.__table__.columns]
        ((comment,),) = published(
            world,
            f"SELECT comment FROM duckdb_tables() WHERE table_name = '{table}' "
            f"UNION ALL SELECT comment FROM duckdb_views() WHERE view_name = '{table}'",
        )
        assert model.__grain__ in comment


def test_older_versions_of_duckdb_can_read_the_file(loaded: Callable[..., World]) -> None:
    world = loaded()
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{world.home.analytics}' AS published (READ_ONLY)")
        (tags,) = con.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'published'").fetchone()
    assert tags["storage_version"] == "v1.0.0+"


def test_files_with_personal_data_are_their_owners_only(loaded: Callable[..., World]) -> None:
    world = loaded()
    for folder, folders, names in os.walk(world.home.root):
        for name in folders:
            assert stat.S_IMODE((Path(folder) / name).stat().st_mode) == 0o700, name
        for name in names:
            expected = {"analytics.duckdb": 0o444, "session.duckdb": 0o400}.get(name, 0o600)
            assert stat.S_IMODE((Path(folder) / name).stat().st_mode) == expected, name


def test_reader_of_yesterdays_file_is_not_disturbed(loaded: Callable[..., World]) -> None:
    world = loaded()
    with duckdb.connect(str(world.home.analytics), read_only=True) as reader:
        publish(world.home, world.settings)
        assert reader.execute("SELECT count(*) FROM customers").fetchone() == (2,)
    assert not (world.home.root / "analytics.duckdb.new").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("DELETE FROM meta.tables WHERE name = 'loans'", "loans has not been built"),
        (
            "UPDATE meta.tables SET checked_token = NULL WHERE name = 'customers'",
            "customers has not passed its checks",
        ),
        (
            "UPDATE meta.tables SET token = 'x' WHERE name = 'loans'",
            "loans was built from older tables or files",
        ),
        ("DELETE FROM meta.tables WHERE name = '(audit)'", "the audit has not passed"),
    ],
)
def test_unchecked_or_stale_tables_are_not_published(loaded: Callable[..., World], spoil: str, said: str) -> None:
    world = loaded()
    before = world.home.analytics.read_bytes()
    with open_warehouse(world.home, world.settings) as warehouse:
        warehouse.con.execute(spoil)
    with pytest.raises(LoancallsError, match=re.escape(said)):
        publish(world.home, world.settings)
    assert world.home.analytics.read_bytes() == before


def test_new_upload_makes_every_table_stale(loaded: Callable[..., World]) -> None:
    world = loaded()
    world.put("more.csv", [{"loan_id": "L9", "phone": "9845077777"}], "2026-03-03 04:00")
    world.ingest()
    with pytest.raises(LoancallsError, match="was built from older tables or files"):
        publish(world.home, world.settings)


# --- the sequence of publishing, and what tools leave -----------------------------------------------------------------

TOOL = """
import duckdb, os, signal, sys
con = duckdb.connect(sys.argv[1])  # for writing, as many tools do
con.execute("UPDATE branch_performance SET loans = 99")
con.execute("DELETE FROM loan_call_success")
os.kill(os.getpid(), signal.SIGKILL)
"""


def edit_and_be_killed(database: Path) -> None:
    """What a tool leaves that had the file open for writing, changed it and was killed: a log beside the file."""
    subprocess.run([sys.executable, "-c", TOOL, str(database)], check=False)
    assert Path(f"{database}.wal").stat().st_size


def figures(database: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(str(database), read_only=True) as con:
        tables = [table for table in published_tables() if table != "file_uploads"]
        return {table: con.execute(f'SELECT * FROM "{table}" ORDER BY ALL').fetchall() for table in tables}


@pytest.mark.parametrize("name", ["analytics", "session_copy"])
def test_what_a_tool_left_beside_a_file_never_gets_into_the_next(loaded: Callable[..., World], name: str) -> None:
    world = loaded(pii_key="a key that is long enough")
    database = getattr(world.home, name)
    right = figures(database)
    edit_and_be_killed(database)
    for suffix in (".wal.checkpoint", ".wal.recovery"):
        shutil.copy(f"{database}.wal", f"{database}{suffix}")
    publish(world.home, world.settings)
    assert figures(database) == right
    assert [path.name for path in world.home.root.glob(f"{database.name}*")] == [database.name]


def test_all_is_on_the_disk_before_the_first_rename_and_nothing_fails_after_it(
    loaded: Callable[..., World], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = loaded()
    inode = world.home.analytics.stat().st_ino
    order: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def note(file: int) -> None:
        order.append(("sync", Path(os.readlink(f"/proc/self/fd/{file}")).name))
        fsync(file)

    def rename(source: Path, target: Path) -> None:
        order.append(("rename", Path(target).name))
        if Path(target).name == "session.duckdb":
            raise OSError("the disk is full")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "replace", rename)
    monkeypatch.setattr(journal, "forget", lambda *_: pytest.fail("sessions have not got it"))
    assert publish(world.home, world.settings)["customers"] == 2
    assert order == [
        ("sync", "analytics.duckdb.new"),
        ("sync", "session.duckdb.new"),
        ("rename", "analytics.duckdb"),
        ("sync", world.home.root.name),
        ("rename", "session.duckdb"),
    ]
    assert world.home.analytics.stat().st_ino != inode
    assert "the disk is full. The next run puts that right." in caplog.text
    monkeypatch.undo()
    publish(world.home, world.settings)
    assert figures(world.home.session_copy)["customers"] == figures(world.home.warehouse)["customers"]


def test_a_failed_second_copy_publishes_nothing(loaded: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = loaded()
    before = world.home.analytics.read_bytes()

    def no_room(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(shutil, "copyfile", no_room)
    with pytest.raises(OSError, match="No space left"):
        publish(world.home, world.settings)
    assert world.home.analytics.read_bytes() == before


def test_commits_that_sessions_have_not_got_are_kept_until_the_copy_is_on_the_disk(
    loaded: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = loaded()
    journal.append(world.home, datetime(2026, 3, 3), "asha", {}, {"customers": [{"id": ID}]})
    monkeypatch.setattr(journal, "taken_up", lambda home: 1)
    with disk(world.home.root, monkeypatch) as seen:
        publish(world.home, world.settings)
    assert seen.mistakes == [] and seen.forgotten == ["lake/journal/open.jsonl"]
    assert journal.commits(world.home) == []


def is_nothing_new(world: World) -> bool:
    with connect(world.home.warehouse, world.home, world.settings, read_only=True) as con:
        return is_up_to_date(con, world.home, world.settings)


def test_what_a_tool_left_beside_the_file_is_a_reason_to_publish_again(loaded: Callable[..., World]) -> None:
    world = loaded()
    assert is_nothing_new(world)
    edit_and_be_killed(world.home.analytics)
    assert not is_nothing_new(world)
    publish(world.home, world.settings)
    assert is_nothing_new(world)


def test_another_key_is_noticed_when_nothing_else_is_new(loaded: Callable[..., World]) -> None:
    world = loaded()
    (world.home.root / "pii.key").unlink()
    with pytest.raises(LoancallsError, match=r"pii\.key is not there any more"):
        is_nothing_new(world)


def test_what_a_kill_left_half_written_is_in_nobodys_way(loaded: Callable[..., World]) -> None:
    world = loaded()
    for name in ("analytics.duckdb.new", "session.duckdb.new"):
        (world.home.root / name).write_bytes(b"half")
        (world.home.root / name).chmod(0o400)
    publish(world.home, world.settings)
    assert not list(world.home.root.glob("*.new"))
