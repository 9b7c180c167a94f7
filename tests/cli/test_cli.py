"""The command line as a person has it: a subprocess, its output, its exit codes, what is there afterwards."""

import csv
import io
import json
import os
import re
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
    (folder / "empty").mkdir()
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
    assert "E1" in ask(folder, sql, "table") and "\n1 row\n" in ask(folder, sql, "table")
    negative = "SELECT -5 AS number, 'a,b' AS text"
    assert ask(folder, negative, "csv") == 'number,text\n-5,"a,b"\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("query", "SELECT nothing FROM nowhere"), "The query cannot be answered"),
        (("query", "DROP TABLE loans"), "Give one SELECT"),
        (("query", "SELECT 1", "--format", "xml"), "it must be table, csv or json"),
        (("run", "no_such_file.csv"), "no_such_file.csv cannot be read"),
        (("run", "empty"), "empty holds no files to load"),
        (("run", "loans.csv", "--fail-on", "errors"), "it must be failed or, for more than 5 % of its rows, errors:5%"),
        (("uploads", "--since", "lately"), "--since is 'lately'; state it as 2026-03-01T09:30."),
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
    assert done.stdout.startswith(
        f"Nothing new in the inbox.\nIn {tmp_path / 'home'}: 0 uploads, 0 records (0 good, 0 duplicate, 0 error).\n"
    )
    assert f"{tmp_path / 'home'} is a new home." in done.stderr
    assert "No uploads yet" in loancalls(tmp_path / "home", "uploads").stdout
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


# --- many files, and what is to stop a script ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder in it, hidden files, a manifest and a link; and a home, which is below it too."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "march").mkdir()
    for number, name in enumerate(("a.csv", "march/b.csv", "march/c.csv")):
        (folder / name).write_text(f"loan_id,phone,outstanding\nL{number},984501234{number},1\n", encoding="utf-8")
    (folder / "march" / "manifest.csv").write_text("filename,uploaded_at\nb.csv,2026-03-02\n", encoding="utf-8")
    (folder / "march" / ".hidden.csv").write_text("loan_id\nL9\n", encoding="utf-8")
    (folder / "march" / "link.csv").symlink_to(folder / "a.csv")
    loancalls(folder / "home", "run", ".")
    return folder


def test_a_folder_is_every_file_in_it_but_the_home(many: Path) -> None:
    uploads = json.loads(loancalls(many / "home", "uploads", "--format", "json").stdout)
    assert {upload["filename"] for upload in uploads} == {"a.csv", "b.csv", "c.csv"}
    (stated,) = [upload["uploaded_at"] for upload in uploads if upload["filename"] == "b.csv"]
    assert stated == "2026-03-02 00:00"
    assert "Nothing is new" in loancalls(many / "home", "run", "march", ".").stdout


def test_a_run_says_what_it_has_read_and_the_totals(many: Path) -> None:
    (many / "d.csv").write_text("loan_id,phone,outstanding\nL7,9845012347,x\n,9845012348,1\n", encoding="utf-8")
    done = loancalls(many / "home", "run", "d.csv")
    assert done.stderr == "", "the home is not a new one"
    table, totals = done.stdout.split("\nIn ")
    assert "d.csv" in table and "a.csv" not in table and "1 row\n" in table
    uploads = "4 uploads (3 completed, 1 completed with errors)"
    assert totals.startswith(f"{many / 'home'}: {uploads}, 5 records (4 good, 0 duplicate, 1 error).\n")


def test_uploads_can_be_chosen(many: Path) -> None:
    (many / "e.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    loancalls(many / "home", "run", "e.csv", "--uploaded-at", "2026-01-01")

    def chosen(*options: str) -> list[str]:
        found = json.loads(loancalls(many / "home", "uploads", *options, "--format", "json").stdout)
        return [upload["filename"] for upload in found]

    assert chosen("--failed") == ["e.csv"]
    assert "b.csv" in chosen("--since", "2026-03-02") and "b.csv" not in chosen("--since", "2026-03-02T00:01")
    assert "e.csv" not in chosen("--since", "2026-03-02")
    assert len(chosen("--last", "2")) == 2 and chosen("--last", "9")[0] == "e.csv"
    assert loancalls(many / "home", "uploads", "--failed", "--since", "2026-03-02").stdout == "No upload is such.\n"


def test_two_uploads_of_one_name_can_be_told_apart(many: Path) -> None:
    (many / "march" / "a.csv").write_text("loan_id,phone,outstanding\nL8,9845012349,1\n", encoding="utf-8")
    loancalls(many / "home", "run", "march/a.csv")
    for format in ("json", "csv"):
        said = loancalls(many / "home", "uploads", "--format", format).stdout
        found = json.loads(said) if format == "json" else list(csv.DictReader(io.StringIO(said)))
        assert len({upload["hash"] for upload in found if upload["filename"] == "a.csv"}) == 2
        assert all(re.fullmatch("[0-9a-f]{10}", upload["hash"]) for upload in found)


def test_a_run_can_fail_on_what_it_has_read(tmp_path: Path) -> None:
    (tmp_path / "half.csv").write_text("loan_id\nL1\nNA\n", encoding="utf-8")
    (tmp_path / "none.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    home, half = tmp_path / "home", "1 of the 2 rows of half.csv could not be used"
    done = loancalls(home, "run", "half.csv", "none.csv", "--fail-on", "errors:50%", code=1)
    assert "Published: " in done.stdout and "Published, but none.csv could not be used." in done.stderr
    done = loancalls(home, "run", "--reread", "half.csv", "--fail-on", "failed", "--fail-on", "errors:50%")
    assert done.stderr == ""
    assert f"Published, but {half}.\n" == loancalls(home, "run", "--reread", "half.csv", "--strict", code=1).stderr


# --- as wide as the terminal ---------------------------------------------------------------------------------------


def at_width(home: Path, width: int, *arguments: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        return loancalls(home, *arguments).stdout


def test_what_does_not_fit_is_a_field_a_line(folder: Path) -> None:
    sql = "SELECT 'L1' AS loan_id, NULL AS branch, '[b]one two[/b]' AS name, 1.5 AS rate"
    assert at_width(folder / "home", 80, "query", sql).splitlines()[-1] == "1 row"
    assert at_width(folder / "home", 20, "query", sql) == (
        "loan_id  L1\nname     [b]one\n         two[/b]\nrate     1.5\n\n1 row\n"
    )


@pytest.mark.parametrize("width", [80, 200])
def test_no_line_is_longer_than_the_terminal(folder: Path, width: int) -> None:
    for arguments in (["uploads"], ["query", "SELECT * FROM file_uploads"], ["query", "SELECT * FROM loans"]):
        said = at_width(folder / "home", width, *arguments)
        assert max(map(len, said.splitlines())) <= width
        assert "loans.csv" in said or "L1" in said
