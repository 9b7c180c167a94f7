"""The command line as a person has it: a subprocess, its output, its exit codes, what is there afterwards."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from support import LOANCALLS, csv_bytes, loancalls

from orchestration.store.home import Home

LOANS = [{"name": "Asha", "mobile": "9845012345", "loan_id": "L1", "amount": "50", "emp_id": "E1", "emp_name": "=Ravi"},
         {"name": "", "mobile": "", "loan_id": "", "amount": "x", "emp_id": "", "emp_name": ""}]  # fmt: skip
CALLS = [
    {
        "call_sid": "c1",
        "to": "9845012345",
        "status": "completed",
        "start_time": "2026-03-02 10:00:00",
        "duration": "50",
    }
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home loaded by two runs of one file each, in the folder `home`.

    They are started at the same moment: both find the home held (by this), say that they wait, and then run one after
    the other.
    """
    folder = tmp_path_factory.mktemp("cli")
    (folder / "loans.csv").write_bytes(csv_bytes(LOANS))
    (folder / "calls.csv").write_bytes(csv_bytes(CALLS))
    home = Home(folder / "home").prepare()
    stated = ["--uploaded-at", "2026-03-01T09:30", "--uploaded-by", "hosa"]
    environment = {**os.environ, "LOANCALLS_HOME": str(home.root)}
    runs = []
    with home.lock():
        for arguments in (["loans.csv", *stated], ["calls.csv"]):
            command = [str(LOANCALLS), "run", *arguments]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            runs.append(subprocess.Popen(command, env=environment, cwd=folder, encoding="utf-8", **pipes))
        for run in runs:
            assert "waiting until it has ended" in run.stderr.readline()
    said = [run.communicate(timeout=280) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    for name, (output, _) in zip(("loans.csv", "calls.csv"), said, strict=True):
        assert name in output and f"Published: {home.analytics}" in output
        assert output.startswith("filename "), "a library has printed something of its own"
    return folder


def ask(folder: Path, sql: str, format: str = "json") -> object:
    out = loancalls(folder / "home", "query", sql, "--format", format).stdout
    return json.loads(out) if format == "json" else out


def rows(home: Path, table: str) -> list[dict]:
    with duckdb.connect(str(home / "analytics.duckdb"), read_only=True) as con:
        cursor = con.execute(f"SELECT * FROM {table} ORDER BY ALL")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_run_loads_publishes_and_says_so(folder: Path) -> None:
    assert ask(folder, "SELECT loan_id, attempts, completed FROM loan_call_success") == [
        {"loan_id": "L1", "attempts": 1, "completed": 1}
    ]
    assert ask(folder, "SELECT filename, uploaded_by, uploaded_at FROM file_uploads WHERE kind = 'loan_book'") == [
        {"filename": "loans.csv", "uploaded_by": "hosa", "uploaded_at": "2026-03-01 04:00:00"}
    ]
    assert (folder / "home" / "inbox" / "loans.csv").read_bytes() == csv_bytes(LOANS)


def test_rows_with_errors_are_data_and_uploads_tells_them(folder: Path) -> None:
    uploads = json.loads(loancalls(folder / "home", "uploads", "--format", "json").stdout)
    (loans,) = [upload for upload in uploads if upload["filename"] == "loans.csv"]
    assert (loans["total"], loans["good"], loans["duplicate"], loans["error"]) == (2, 1, 0, 1)
    assert loans["status"] == "completed_with_errors"
    assert loans["what was wrong"] == "1 bad_amount, 1 missing_loan_id"
    table = loancalls(folder / "home", "uploads").stdout
    assert "loans.csv" in table and "2026-03-01 09:30" in table


def test_query_formats(folder: Path) -> None:
    sql = "SELECT employee_id, employee_name, loans FROM employee_performance WHERE employee <> '(none)'"
    assert ask(folder, sql) == [{"employee_id": "E1", "employee_name": "=Ravi", "loans": 1}]
    assert ask(folder, sql, "csv") == "employee_id,employee_name,loans\nE1,'=Ravi,1\n", "no formula in a spreadsheet"
    assert "E1" in ask(folder, sql, "table") and "1 rows" in ask(folder, sql, "table")
    negative = "SELECT -5 AS number, 'a,b' AS text"
    assert ask(folder, negative, "csv") == 'number,text\n-5,"a,b"\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("query", "SELECT nothing FROM nowhere"), "The query cannot be answered"),
        (("query", "DROP TABLE loans"), "Give one SELECT"),
        (("query", "SELECT 1", "--format", "xml"), "it must be table, csv or json"),
        (("run", "no_such_file.csv"), "no_such_file.csv cannot be read"),
        (("run", "."), "is not a regular file"),
        (("run", "--uploaded-at", "2026-03-01"), "name at least one"),
        (("run", "loans.csv", "--uploaded-at", "yesterday"), "state it as"),
        (("run", "--no-such-option"), "No such option"),
        (("fly",), "No such command"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = loancalls(folder / "home", *arguments, code=2)
    assert said in done.stderr


def test_wrong_setting_is_one_sentence_and_exit_2(folder: Path) -> None:
    done = loancalls(folder / "home", "uploads", code=2, TIMEZONE="Mars")
    assert done.stderr.strip() == "LOANCALLS_TIMEZONE is 'Mars'; state an IANA name such as Asia/Kolkata."


def test_help_teaches(folder: Path) -> None:
    top = loancalls(folder / "home", "--help").stdout
    for command in ("run", "uploads", "query", "ui"):
        assert command in top
    text = " ".join(loancalls(folder / "home", "run", "--help").stdout.split())
    assert "Exits 0 when the result was published" in text and "2 for wrong usage" in text


def test_empty_inbox_is_a_normal_outcome(tmp_path: Path) -> None:
    done = loancalls(tmp_path / "home", "run")
    assert "Nothing new in the inbox." in done.stdout and "No uploads yet" in done.stdout
    assert (
        loancalls(tmp_path / "home", "query", "SELECT count(*) AS n FROM loans", "--format", "csv").stdout == "n\n0\n"
    )


def test_nothing_published_yet_is_said(tmp_path: Path) -> None:
    done = loancalls(tmp_path / "home", "query", "SELECT 1", code=1)
    assert "Nothing has been published" in done.stderr
    assert "No uploads yet" in loancalls(tmp_path / "home", "uploads").stdout


def test_failed_run_exits_1_keeps_the_result_and_a_full_run_repairs_it(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "home", tmp_path / "home")
    before = (tmp_path / "home" / "analytics.duckdb").read_bytes()
    (tmp_path / "home" / "warehouse.duckdb").write_bytes(b"this is no database" * 1000)
    (tmp_path / "more.csv").write_text("loan_id,phone\nL7,9845077777\n", encoding="utf-8")
    done = loancalls(tmp_path / "home", "run", "more.csv", code=1)
    assert "Nothing was published" in done.stderr and "rebuilt from the lake" in done.stderr
    assert (tmp_path / "home" / "analytics.duckdb").read_bytes() == before
    uploads = json.loads(loancalls(tmp_path / "home", "uploads", "--format", "json").stdout)
    assert {upload["filename"]: upload["status"] for upload in uploads} == {
        "loans.csv": "completed_with_errors", "calls.csv": "completed", "more.csv": "not published",
    }  # fmt: skip
    repaired = loancalls(tmp_path / "home", "run", "--full")
    assert "Published" in repaired.stdout
    tables = ("loans", "call_sessions", "call_status_updates", "loan_call_success")
    rebuilt = {table: rows(tmp_path / "home", table) for table in tables}
    (seventh,) = [row for row in rebuilt["loans"] if row["loan_id"] == "L7"]
    others = {table: [row for row in found if row.get("loan_id") != "L7"] for table, found in rebuilt.items()}
    assert others == {table: rows(folder / "home", table) for table in tables}, "what was there is as it was"
    assert seventh["customer_id"] not in {row["customer_id"] for row in others["loans"]}


def test_file_that_cannot_be_kept_is_named_and_nothing_is_published(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    (home.lake / "originals").write_text("in the way of the folder", encoding="utf-8")
    (tmp_path / "book.csv").write_text("loan_id,phone\nL1,9845012345\n", encoding="utf-8")
    done = loancalls(home.root, "run", "book.csv", code=1)
    assert "book.csv~" in done.stderr and "Nothing was published" in done.stderr
    assert not home.analytics.exists()
    (home.lake / "originals").unlink()
    assert "book.csv" in loancalls(home.root, "run").stdout
