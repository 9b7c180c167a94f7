"""What a person is told of an upload: what was wrong, in which lines, how to fix it; and reading uploads again."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from support import World

from models.codes import CELL_ERRORS, ROW_ERRORS
from models.published import published_tables
from orchestration.cli import app as cli
from orchestration.defs.partitions import RAW
from orchestration.report.findings import Finding, as_markdown, error_findings, places
from orchestration.report.summary import upload_findings

# Words that stand in the files below and must never be said.
SECRETS = ["Zebulon", "Quillon", "98450990", "98450-zz", "five lakh", "31/31/2026", "zebulon@", "XXXX7788", "perhaps"]
BOOK_LINES = {
    1: "Loan book of Zebulon, Hosa",
    2: "",
    3: "loan_id,name,phone,amount,due_date,dnc,email,name",
    4: "L4,Zebulon A,9845099004,100,2026-03-15,no,zebulon@example.org,",
    5: "L5,Zebulon B,9845099005,five lakh,2026-03-15,no,,",
    6: "L6,Zebulon C,98450-zz,100,31/31/2026,perhaps,,",
    7: ",Zebulon D,9845099007,100,,,,",
    8: "L8,Zebulon, E,9845099008,100,2026-03-15,no,,",
    9: "L9,Zebulon F,9845099009,five lakh,,,,",
    10: "L10,Zebulon G,9845099010,five lakh,,,,",
    11: "L11,Zebulon H,9845099011,five lakh,,,,",
    12: "L12;Zebulon I;9845099012;100;2026-03-15;no;;",
    13: "L13,Zebulon J,9845099013",
    14: "loan_id,name,phone,amount,due_date,dnc,email,name",
    15: "L15,,,100,,,,",
    16: "",
    **{
        number: f"L{number},Zebulon,98450990{number:02},{'five lakh' if number % 2 else 100},,,,"
        for number in range(17, 99)
    },
    99: "Total,,,5000,,,,",
    100: "",
    101: "branch,target,,,,,,",
    102: "Quillon,5,,,,,,",
}
BOOK = "\n".join(BOOK_LINES.values()) + "\n"
CALLS = "call_sid,to,status,duration\nc1,9845099004,completed,50\nc2,9845099005,Quillon,long\n,9845099004,busy,\n"
NARROW = "loan_id,phone,amount\nN1,9845088001,7\n"
TARGETS = "branch,target\nQuillon,5\n"
TOO_WIDE = "too_many_columns: the table has {} columns, more than the 3 that are read; leave some out"


@dataclass
class Said:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str


class Cli:
    """The command line in this process (a start of its own takes long), on one home."""

    def __init__(self, root: Path):
        self.home = root / "home"

    def __call__(self, *arguments: object, **settings: str) -> Said:
        environment = {"LOANCALLS_HOME": str(self.home), "LOANCALLS_PII_KEY": "a key that is long enough"}
        environment |= {f"LOANCALLS_{name}": value for name, value in settings.items()}
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**environment, "DAGSTER_HOME": str(self.home / "dagster")}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["loancalls", *map(str, arguments)])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                cli.main()
                code = 0
            except SystemExit as ended:
                code = ended.code or 0
        return Said(code, out.getvalue(), err.getvalue())

    def json(self, *arguments: object) -> list[dict]:
        said = self(*arguments, "--format", "json")
        assert (said.code, said.err) == (0, "")
        return json.loads(said.out)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Every published table, in an order of its own cells."""
        found = {}
        with duckdb.connect(self.home / "analytics.duckdb", read_only=True) as con:
            for name in published_tables():
                cells = [
                    f'CAST("{column}" AS VARCHAR) AS "{column}"'
                    for column, *_ in con.execute(f"DESCRIBE {name}").fetchall()
                ]
                frame = con.sql(f"SELECT {', '.join(cells)} FROM {name}").pl()
                found[name] = frame.sort(frame.columns, nulls_last=True)
        return found


def files(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    contents = {"book.csv": BOOK, "calls.csv": CALLS, "narrow.csv": NARROW, "targets.csv": TARGETS}
    for name in names:
        (folder / name).write_text(contents[name], encoding="utf-8")
        os.utime(folder / name, (1_772_337_600, 1_772_337_600))
    return [folder / name for name in names]


@dataclass
class Loaded:
    """A home that was loaded with too narrow a limit and then, its inbox emptied, read again."""

    cli: Cli
    first: Said
    uploads_first: list[dict]
    again: Said
    tables: dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    root = tmp_path_factory.mktemp("findings")
    run = Cli(root)
    sent = files(root / "sent", "book.csv", "calls.csv", "narrow.csv", "targets.csv")
    first = run("run", *sent, "--uploaded-by", "hosa", MAX_COLUMNS="3")
    uploads_first = run.json("uploads")
    for path in (run.home / "inbox").iterdir():
        path.unlink()
    sha256 = next(upload["sha256"] for upload in lake(run).to_dicts() if upload["filename"] == "calls.csv")
    again = run("run", "--reread", "book.csv", sha256[:8])
    return Loaded(run, first, uploads_first, again, run.tables())


def lake(run: Cli) -> pl.DataFrame:
    return World(run.home).lake.uploads()


# --- reading again ---------------------------------------------------------------------------------------------------


def test_an_upload_beyond_a_limit_fails_and_says_so(loaded: Loaded) -> None:
    assert loaded.first.code == 0
    assert {upload["filename"]: upload["status"] for upload in loaded.uploads_first} == {
        "book.csv": "failed", "calls.csv": "failed", "narrow.csv": "completed", "targets.csv": "failed",
    }  # fmt: skip
    wrong = {upload["filename"]: upload["what was wrong"] for upload in loaded.uploads_first}
    assert (wrong["book.csv"], wrong["calls.csv"]) == (TOO_WIDE.format(8), TOO_WIDE.format(4))
    assert "the table has 8 columns, more than the 3 that are read" in loaded.first.out


def test_reading_again_takes_effect_without_the_inbox(loaded: Loaded) -> None:
    assert loaded.again.code == 0
    uploads = {upload["filename"]: upload for upload in loaded.cli.json("uploads")}
    assert {name: upload["status"] for name, upload in uploads.items()} == {
        "book.csv": "completed_with_errors", "calls.csv": "completed_with_errors", "narrow.csv": "completed",
        "targets.csv": "failed",
    }  # fmt: skip
    assert (uploads["book.csv"]["total"], uploads["book.csv"]["kind"]) == (93, "loan_book")
    loans = loaded.tables["loans"]["loan_id"].to_list()
    assert {"L4", "L12", "L98", "N1"} <= set(loans) and "Total" not in loans
    assert "book.csv" in loaded.again.out and "narrow.csv" not in loaded.again.out, "a run says what it has read"


def test_only_what_was_named_is_read_again(loaded: Loaded) -> None:
    told = loaded.again.out.split("What was wrong, and how to fix it:")[1]
    assert "book.csv" in told and "calls.csv" in told
    assert "narrow.csv" not in told and "targets.csv" not in told


@pytest.fixture(scope="module")
def all_again(loaded: Loaded) -> Said:
    return loaded.cli("run", "--reread")


def test_reading_all_again_changes_nothing(loaded: Loaded, all_again: Said) -> None:
    assert (all_again.code, all_again.err) == (0, "")
    after = loaded.cli.tables()
    for name, table in loaded.tables.items():
        assert after[name].equals(table), name
    told = all_again.out.split("What was wrong, and how to fix it:")[1]
    assert all(name in told for name in ("book.csv", "calls.csv", "targets.csv"))


def test_it_is_as_if_the_files_were_read_for_the_first_time(loaded: Loaded, tmp_path: Path) -> None:
    fresh, again = World(tmp_path / "home"), World(loaded.cli.home)
    for path in files(tmp_path / "sent", "book.csv", "calls.csv", "narrow.csv", "targets.csv"):
        fresh.inbox.take(path, "hosa")
    fresh.load()
    before = again.tables(published_tables())
    for name, table in fresh.tables(published_tables()).items():
        assert before[name].equals(table), name
        assert table.height or name == "payments", "nobody of these has paid"


@pytest.mark.parametrize("name", ["nobody.csv", "012345678", "book", "*", "../sent/boo?.csv"])
def test_a_name_that_no_upload_has(loaded: Loaded, name: str) -> None:
    sentence = f"No upload is named '{name}'; `loancalls uploads` lists them.\n"
    for command in (("run", "--reread", name), ("uploads", name), ("uploads", "book.csv", name, "--format", "json")):
        assert loaded.cli(*command) == Said(2, "", sentence)


def test_wrong_usage_of_reading_again(loaded: Loaded) -> None:
    sentence = "--reread reads the lake's own copies; it cannot change senders and times.\n"
    for option in (("--uploaded-by", "x"), ("--uploaded-at", "2026-03-01")):
        assert loaded.cli("run", "--reread", "book.csv", *option) == Said(2, "", sentence)
    said = loaded.cli("uploads", "book.csv", "--format", "xml")
    assert (said.code, said.err) == (2, "--format is 'xml'; it must be table, csv or json.\n")


# --- findings --------------------------------------------------------------------------------------------------------

BAD_AMOUNT = "bad_amount: outstanding_amount is not a valid amount"
BOOK_FINDINGS = [
    ("1", 1, "lines above the header, not records", ""),
    ("14", 1, "the header again, not a record", ""),
    ("99", 1, "totals, not records", ""),
    ("101-102", 2, "another table below the first, kept and not read", "send it as a file of its own"),
    ("12", 1, "repaired: a stray quote is taken as text, or another delimiter as the delimiter",
     "check that the cells are right"),
    ("13", 1, "fewer cells than the header; the missing ones are taken as blank",
     "check that no line was broken in two"),
    ("", 1, "column 8 has no name of its own and is kept as 'name 2'", "name every column once"),
    ("", 1, "columns that no field took, kept in raw_data: name", "if one is needed, say in columns.toml what it is"),
    ("5, 9-11, 17, 19, 21, 23, 25, 27 and 35 more", 45, BAD_AMOUNT, CELL_ERRORS["bad_amount"]),
    ("6", 1, "bad_date: next_due_date is not a valid date (day first)", CELL_ERRORS["bad_date"]),
    ("6", 1, "bad_flag: do_not_call is neither yes nor no", CELL_ERRORS["bad_flag"]),
    ("7", 1, "missing_loan_id: the row has no loan id", "fill it in and send the row again"),
    ("8", 1, "wrong_field_count: the record has 9 cells, the header 8",
     "put the cell that holds the delimiter in double quotes"),
]  # fmt: skip


def told(finding: dict) -> tuple:
    return finding["lines"], finding["count"], finding["what"], finding["how to fix it"]


def test_every_finding_of_a_broken_file(loaded: Loaded) -> None:
    findings = loaded.cli.json("uploads", "book.csv")
    assert {finding["filename"] for finding in findings} == {"book.csv"}
    found = [told(finding) for finding in findings]
    assert [finding for finding in found if finding in BOOK_FINDINGS] == [
        finding for finding in BOOK_FINDINGS if finding in found
    ], "in the order of what is wrong with the file, then by line"
    left = [finding for finding in found if finding not in BOOK_FINDINGS]
    assert [finding for finding in BOOK_FINDINGS if finding not in found] == []
    assert [(lines, count, what.split(":")[0]) for lines, count, what, _ in left] == [
        ("6", 1, "bad_phone"),
        ("6, 15", 2, "no_contact"),
    ]
    assert left[0][3].strip() and left[1][3].strip()


def test_every_finding_of_a_broken_call_log(loaded: Loaded) -> None:
    found = [told(finding) for finding in loaded.cli.json("uploads", "calls.csv")]
    assert [(lines, count, what.split(":")[0]) for lines, count, what, _ in found] == [
        ("", 3, "no column gives the time of a call"),
        ("3", 1, "bad_number"),
        ("3", 1, "unknown_status"),
        ("4", 1, "missing_call_sid"),
    ]
    assert all(fix for *_, fix in found)
    assert found[1][3] == CELL_ERRORS["bad_number"]


def test_a_file_that_failed_says_why_once(loaded: Loaded) -> None:
    (finding,) = loaded.cli.json("uploads", "targets.csv")
    assert told(finding) == (
        "1", 2,
        "its header has neither a loan id (loan_id, loan_number, loan_account_number, LAN, agreement_no) nor a call id "
        "(call_sid, call_id, uniqueid)",
        "name that column in the first line, or say in columns.toml which it is",
    )  # fmt: skip


def test_a_good_file_has_no_findings(loaded: Loaded) -> None:
    assert loaded.cli.json("uploads", "narrow.csv") == []
    table = loaded.cli("uploads", "narrow.csv")
    assert "narrow.csv" in table.out and "What was wrong" not in table.out and "book.csv" not in table.out


def test_formats_agree(loaded: Loaded) -> None:
    findings = loaded.cli.json("uploads", "book.csv", "calls.csv")
    columns = ["filename", "hash", "lines", "count", "what", "how to fix it"]
    assert all(list(finding) == columns for finding in findings)
    of_csv = list(csv.DictReader(io.StringIO(loaded.cli("uploads", "book.csv", "calls.csv", "--format", "csv").out)))
    assert of_csv == [{name: str(cell) for name, cell in finding.items()} for finding in findings]
    table = loaded.cli("uploads", "book.csv", "calls.csv").out
    above, below = table.split("\nWhat was wrong, and how to fix it:\n")
    assert "2 rows" in above and below.rstrip().endswith(f"{len(findings)} rows")
    lines = [[cell.strip() for cell in line.split("│")] for line in below.splitlines() if "│" in line]
    assert lines[-len(findings) :] == [[str(cell) for cell in finding.values()] for finding in findings]


def test_without_names_csv_and_json_are_one_row_for_each_upload(loaded: Loaded) -> None:
    uploads = loaded.cli.json("uploads")
    assert [upload["filename"] for upload in uploads] == [upload["filename"] for upload in lake(loaded.cli).to_dicts()]
    of_csv = list(csv.DictReader(io.StringIO(loaded.cli("uploads", "--format", "csv").out)))
    assert of_csv == [{name: "" if cell is None else str(cell) for name, cell in upload.items()} for upload in uploads]
    assert len(uploads) == 4


def test_an_upload_is_found_by_the_first_digits_of_its_hash(loaded: Loaded) -> None:
    for upload in lake(loaded.cli).to_dicts():
        by_name, by_hash = (loaded.cli.json("uploads", name) for name in (upload["filename"], upload["sha256"][:6]))
        assert by_name == by_hash


# --- no text of a file is said ---------------------------------------------------------------------------------------


def spoken(text: str | bytes) -> list[str]:
    text = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return [secret for secret in SECRETS if secret in text]


def test_no_cell_is_said_in_the_terminal(loaded: Loaded, all_again: Said) -> None:
    for said in (
        loaded.first,
        loaded.again,
        all_again,
        *(loaded.cli("uploads", *names) for names in ((), ("book.csv",))),
    ):
        assert spoken(said.out + said.err) == []
    for format in ("csv", "json"):
        assert spoken(loaded.cli("uploads", "--format", format).out) == []
        assert spoken(loaded.cli("uploads", "book.csv", "calls.csv", "--format", format).out) == []


def test_no_cell_is_in_what_dagster_keeps(loaded: Loaded, all_again: Said) -> None:
    kept = [path for path in (loaded.cli.home / "dagster").rglob("*") if path.is_file()]
    assert len(kept) > 3
    for path in kept:
        assert spoken(path.read_bytes()) == [], path.name


def test_no_cell_is_published(loaded: Loaded) -> None:
    for name, table in loaded.tables.items():
        if name in ("upload_rows", "customers", "file_uploads", "upload_quality"):
            assert spoken(table.write_csv()) == [], name


def test_no_cell_is_said_of_a_file_without_a_header(tmp_path: Path) -> None:
    """Its first line may be taken for the header, and holds somebody's name all the same."""
    world = World(tmp_path / "home")
    world.put("names.csv", "Zebulon,Zebulon,Hosa\nQuillon,Zebulon,Hosa\nZebulon,Quillon,Kaveri\n")
    world.load()
    (sha256,) = world.lake.uploads()["sha256"]
    assert spoken(str(upload_findings(world.home, world.settings, [sha256]).rows())) == []
    assert spoken(str(world.rows("SELECT processing_errors, reading_notes, column_mapping FROM file_uploads"))) == []


# --- in Dagster ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(loaded: Loaded, all_again: Said) -> Iterator[dict[str, list[dict]]]:
    """What each materialization of an upload's partition shows, the latest first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(loaded.cli.home / "dagster"))
        with dg.DagsterInstance.get() as instance:
            found: dict[str, list[dict]] = {}
            for record in instance.fetch_materializations(RAW, limit=100).records:
                facts = {name: value.value for name, value in record.asset_materialization.metadata.items()}
                found.setdefault(record.partition_key.split("~")[0], []).append(facts)
    yield found


def test_each_reading_is_a_materialization_of_the_same_partition(shown: dict[str, list[dict]]) -> None:
    assert {name: len(facts) for name, facts in shown.items()} == {
        "book.csv": 3, "calls.csv": 3, "narrow.csv": 2, "targets.csv": 2,
    }  # fmt: skip
    assert [facts.get("message") for facts in shown["book.csv"]] == [None, None, TOO_WIDE.format(8)]
    assert [facts["dagster/partition_row_count"] for facts in shown["book.csv"]] == [93, 93, 0]


LINES = {
    "book.csv": "102 = 1 header + 93 record + 3 blank + 5 other",
    "calls.csv": "4 = 1 header + 3 record + 0 blank + 0 other",
    "narrow.csv": "2 = 1 header + 1 record + 0 blank + 0 other",
    "targets.csv": "2 = 1 header + 1 record + 0 blank + 0 other",
}


@pytest.mark.parametrize("name", LINES)
def test_the_lines_of_a_partition_add_up(shown: dict[str, list[dict]], name: str) -> None:
    assert shown[name][0]["lines"] == LINES[name]
    whole, parts = shown[name][0]["lines"].split(" = ")
    assert int(whole) == sum(int(part.split()[0]) for part in parts.split(" + "))


def test_a_partition_tells_what_was_wrong_as_a_table(shown: dict[str, list[dict]]) -> None:
    lines = shown["book.csv"][0]["what was wrong"].split("\n")
    assert lines[:2] == ["| lines | count | what | how to fix it |", "| --- | ---: | --- | --- |"]
    said = ["| " + " | ".join(map(str, finding)) + " |" for finding in BOOK_FINDINGS]
    assert [line for line in lines[2:] if line in said] == said, "those of its rows too, as published"
    assert "what was wrong" not in shown["narrow.csv"][0]
    assert shown["book.csv"][-1]["what was wrong"].split("\n")[2] == (
        "|  | 0 | too_many_columns: the table has 8 columns, more than the 3 that are read | leave some out |"
    )


def test_findings_of_an_upload_that_is_not_published_are_those_of_the_reader(tmp_path: Path) -> None:
    world = World(tmp_path / "home")
    world.put("book.csv", BOOK)
    world.ingest()
    (sha256,) = world.lake.uploads()["sha256"]
    found = upload_findings(world.home, world.settings, [sha256]).rows()
    assert found == [("book.csv", sha256[:10], *finding) for finding in [*BOOK_FINDINGS[:8], BOOK_FINDINGS[-1]]]


# --- in words --------------------------------------------------------------------------------------------------------

WORDS = [
    ([5], 1, "5"),
    ([5, 6], 2, "5-6"),
    ([5, 9, 10, 11], 4, "5, 9-11"),
    ([5, 9, 10, 11], 44, "5, 9-11 and 40 more"),
    ([1, 3, 5, 7, 9, 11, 13, 15], 8, "1, 3, 5, 7, 9, 11, 13, 15"),
    ([1, 3, 5, 7, 9, 11, 13, 15, 17, 18], 10, "1, 3, 5, 7, 9, 11, 13, 15 and 2 more"),
    (list(range(2, 22)), 5_000, "2-21 and 4,980 more"),
    ([7, 7, 8, 8], 2, "7-8"),
    ([], 0, ""),
]


@pytest.mark.parametrize(("lines", "count", "words"), WORDS)
def test_lines_in_words(lines: list[int], count: int, words: str) -> None:
    assert places(lines, count) == words


def test_errors_of_a_row_are_told_apart_and_added_up() -> None:
    errors = [
        ("bad_phone: phone is too short; bad_date: next_due_date is not a valid date (day first)", 2, [4, 6]),
        ("bad_phone: phone is too short", 30, list(range(10, 30))),
        ("bad_loan_id: digits are lost; format the column as text; bad_phone: phone is too short", 1, [2]),
    ]
    assert error_findings(errors) == [
        Finding("2", 1, "bad_loan_id: digits are lost", "format the column as text"),
        Finding("2, 4, 6, 10-29 and 10 more", 33, "bad_phone: phone is too short", CELL_ERRORS["bad_phone"]),
        Finding("4, 6", 2, "bad_date: next_due_date is not a valid date (day first)", CELL_ERRORS["bad_date"]),
    ]


def test_every_code_has_a_fix() -> None:
    for code, fix in (ROW_ERRORS | CELL_ERRORS).items():
        (finding,) = error_findings([(f"{code}: it is so", 1, [2])])
        assert finding == Finding("2", 1, f"{code}: it is so", fix) and fix


def test_markdown_is_one_line_for_each_finding() -> None:
    table = as_markdown([Finding("2", 1, "kept as 'a|b\nc'", "x|y"), Finding("", 3, "z", "")])
    assert table.split("\n")[2:] == ["| 2 | 1 | kept as 'a\\|b c' | x\\|y |", "|  | 3 | z |  |"]
