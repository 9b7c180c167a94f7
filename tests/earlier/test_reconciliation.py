"""`loancalls import` from end to end: every row of the earlier system is found again, and the warehouse is right."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from generations import LATEST, WORDS, Story, fill, uid
from postgres import postgres as postgres  # the fixture
from support import World, loancalls

from orchestration.earlier.import_database import import_database
from orchestration.earlier.reconcile import Account, reconcile
from orchestration.settings import load_settings
from orchestration.store.home import Home

HOMES = ("legacy", "current")


@dataclass
class Loaded:
    """A home into which a database was imported with the command line, and what that said."""

    address: str
    story: Story
    home: Path
    said: str

    @property
    def accounts(self) -> dict[str, Account]:
        """The reconciliation as it was printed."""
        lines = [[cell.strip() for cell in re.split("[│┃]", line)] for line in self.said.splitlines()]
        return {
            table: Account(table, int(rows), int(rows), *map(int, counts), why)
            for table, rows, *counts, why in (line for line in lines if len(line) == 6 and line[1].isdigit())
        }

    def ask(self, sql: str) -> list[dict[str, object]]:
        with duckdb.connect(str(self.home / "analytics.duckdb"), read_only=True) as con:
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def load(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Loaded]:
    """The first generation, in SQLite, or the last, in PostgreSQL, imported into a home of its own."""

    @cache
    def loaded(generation: str) -> Loaded:
        folder = tmp_path_factory.mktemp(generation)
        address = f"sqlite:///{folder / 'lender.db'}"
        if generation == "current":
            address = request.getfixturevalue("postgres").database("lender")
        with sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:")).connect() as connection:
            story = fill(connection, generation)
            connection.commit()
        done = loancalls(folder / "home", "import", address, PII="clear")
        assert f"of the earlier system's {generation} generation" in done.stderr
        return Loaded(address, story, folder / "home", done.stdout)

    return loaded


# --- what the command says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", HOMES)
def test_every_row_is_accounted_for(load: Callable[[str], Loaded], generation: str) -> None:
    accounts = load(generation).accounts
    assert {*accounts} - {"customers.loan_id"} == {*load(generation).story}
    for table, account in accounts.items():
        assert account.rows == len(load(generation).story.get(table, range(6)))
        assert account.complaint() is None
        assert account.refused == sum(map(int, re.findall(r" (\d+)", account.why)))
    assert f"Published: {load(generation).home / 'analytics.duckdb'}" in load(generation).said


def test_legacy_rows_that_are_merged_or_refused(load: Callable[[str], Loaded]) -> None:
    accounts = load("legacy").accounts
    assert accounts["customers"].merged == 2, "one person in three writings of a phone"
    assert accounts["customers.loan_id"].merged == 1 and "missing_loan_id 1" in accounts["customers.loan_id"].why
    assert accounts["call_sessions"].why == "unknown_status 1" and accounts["call_sessions"].in_warehouse == 17
    assert accounts["call_status_updates"].why == "missing_call_sid 1, unknown_status 1"


def test_current_rows_that_are_merged_or_refused(load: Callable[[str], Loaded]) -> None:
    accounts = load("current").accounts
    assert accounts["customers"].merged == 3, "two people behind five random fingerprints"
    assert (accounts["loans"].in_warehouse, accounts["loans"].why) == (3, "missing_loan_id 1")
    assert (accounts["call_sessions"].in_warehouse, accounts["call_sessions"].why) == (17, "unknown_status 1")
    for table in ("file_uploads", "upload_rows"):
        assert accounts[table].in_warehouse == accounts[table].rows


# --- what is in the warehouse -------------------------------------------------------------------------------------


def test_legacy_loans_with_amounts_and_dates_read(load: Callable[[str], Loaded]) -> None:
    sql = "SELECT loan_id, outstanding_amount AS owed, next_due_date AS due, status FROM loans ORDER BY loan_id"
    found = {row["loan_id"]: (float(row["owed"]), str(row["due"]), row["status"]) for row in load("legacy").ask(sql)}
    assert "nan" not in found
    assert found["LN-1"] == (50000.50, "2024-05-14", "active"), "the later of two, the day first"
    assert found["LN-2"] == (0, "2024-06-05", "closed")
    assert found["LN-7"] == (5000, "2024-04-30", "active")


@pytest.mark.parametrize("generation", HOMES)
def test_calls_that_stayed_initiated_are_completed(load: Callable[[str], Loaded], generation: str) -> None:
    (call,) = load(generation).ask(
        f"SELECT id, status, duration_seconds, direction FROM call_sessions WHERE id = '{uid('session 3')}'"
    )
    assert call["status"] == "call_completed" and call["duration_seconds"] == 180 and call["direction"] == "inbound"
    words = Counter(row["status"] for row in load(generation).ask("SELECT status FROM call_sessions"))
    assert words.total() == len(WORDS) - 1
    assert words["call_completed"] >= 3 and words["disconnected"] >= 4 and words["failed"] == 2


def test_calls_keep_the_row_that_triggered_them_and_orphans_stay(load: Callable[[str], Loaded]) -> None:
    (call,) = load("current").ask(
        "SELECT calls.attribution, loans.loan_id, calls.triggered_by_row, calls.triggered_by_batch "
        f"FROM call_sessions AS calls JOIN loans ON loans.id = calls.loan_id WHERE calls.id = '{uid('session 3')}'"
    )
    assert (call["attribution"], call["loan_id"]) == ("row", "LN-1")
    assert (call["triggered_by_row"], call["triggered_by_batch"]) == (uid("row 1"), uid("upload 1"))
    orphans = load("current").ask(
        f"SELECT id FROM call_sessions WHERE id IN ('{uid('session 6')}', '{uid('session 7')}')"
    )
    assert len(orphans) == 2


def test_one_person_behind_three_fingerprints(load: Callable[[str], Loaded]) -> None:
    people = load("current").ask(
        "SELECT customers.primary_phone, customers.national_id, customers.fingerprint, list(loans.loan_id) AS loans "
        "FROM customers JOIN loans ON loans.customer_id = customers.id WHERE lower(full_name) = 'asha rao' GROUP BY ALL"
    )
    assert [(person["primary_phone"], person["national_id"]) for person in people] == [("+919876543210", "ABCPA1234K")]
    assert sorted(people[0]["loans"]) == ["LN-1", "LN-2", "LN-3"] and "_" not in people[0]["fingerprint"]


# --- again, and afterwards ----------------------------------------------------------------------------------------


def test_the_same_database_again_is_no_news(load: Callable[[str], Loaded]) -> None:
    before = load("current")
    tables = ("customers", "loans", "call_sessions", "call_status_updates", "upload_rows", "file_uploads")
    count = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    counted = before.ask(count)
    again = loancalls(before.home, "import", before.address, PII="clear")
    assert replace(before, said=again.stdout).accounts == before.accounts
    assert before.ask(count) == counted


def test_files_sent_later_override_and_files_sent_earlier_do_not(load: Callable[[str], Loaded], tmp_path: Path) -> None:
    shutil.copytree(load("legacy").home, tmp_path / "home")
    world = World(tmp_path / "home")
    assert "2025-11-19" < str(LATEST) < "2025-11-21"
    world.put("early.csv", [{"loan_id": "LN-1", "phone": "9876543210", "amount": "1"}], "2025-11-19 12:00")
    world.put("late.csv", [{"loan_id": "LN-2", "phone": "9876543210", "amount": "2"}], "2025-11-21 12:00")
    world.load()
    owed = "SELECT loan_id, outstanding_amount FROM loans WHERE loan_id IN ('LN-1', 'LN-2') ORDER BY loan_id"
    assert world.rows(owed) == [("LN-1", Decimal("50000.50")), ("LN-2", Decimal(2))]


# --- what does not add up -----------------------------------------------------------------------------------------


def test_a_row_that_is_nowhere_is_missed(load: Callable[[str], Loaded], tmp_path: Path) -> None:
    shutil.copytree(load("legacy").home, tmp_path / "home")
    home = Home(tmp_path / "home").prepare()
    imported = import_database(home, load("legacy").address)
    settings = load_settings({"LOANCALLS_HOME": str(home.root)})
    assert [account.complaint() for account in reconcile(home, settings, imported)] == [None] * 5
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(f"DELETE FROM call_sessions WHERE id = '{uid('session 9')}'")
    fewer = [replace(part, rows=part.rows + (part.part == "file_uploads")) for part in imported]
    complaints = [account.complaint() for account in reconcile(home, settings, fewer)]
    assert [complaint for complaint in complaints if complaint] == [
        "file_uploads: 3 rows were read, but the lake has 2 records of them.",
        "call_sessions: what became of 1 of 18 rows is not known: they are not in the warehouse, not merged into "
        "another and not refused.",
    ]


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("lender.db", 2, "This is not the address of a database; write it as postgresql://"),
        ("sqlite:///none.db", 2, "none.db cannot be imported: there is no such file; correct the address."),
        ("sqlite:///letter.db", 1, "letter.db cannot be read: file is not a database;"),
        ("postgresql://lender:sesame@127.0.0.1:1/lender", 1, "The database lender on 127.0.0.1 cannot be read"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(tmp_path: Path, address: str, code: int, said: str) -> None:
    (tmp_path / "letter.db").write_text("Dear lender, " * 500, encoding="utf-8")
    done = loancalls(tmp_path / "home", "import", address, code=code)
    assert said in done.stderr and done.stderr.count("\n") == 1 and "sesame" not in done.stderr
