"""`loancalls query`: one SELECT over the published tables, and no way to anything else."""

import csv
import hashlib
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from support import World

from orchestration.cli.app import main

CLOSED = "`loancalls query` sees the published tables only; files, other databases and settings are closed to it."
BOOK = [{"loan_id": f"L{number}", "phone": f"98450{number:05}", "name": "Asha"} for number in range(3)]


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published home, masked, with a file and a database beside it that are nobody's business."""
    world = World(tmp_path_factory.mktemp("asked") / "home")
    world.put("book.csv", BOOK)
    world.load()
    world.publish()
    outside = world.home.root.parent / "elsewhere"
    outside.mkdir()
    (outside / "secret.csv").write_text("word\nsesame\n", encoding="utf-8")
    with duckdb.connect(outside / "other.duckdb") as con:
        con.execute("CREATE TABLE words AS SELECT 'sesame' AS word")
    return world.home.root


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Call the command line in this process, within the folder of the file that is nobody's business."""

    def call(sql: str, format: str = "json", stdin: bytes = b"", **settings: str) -> Said:
        monkeypatch.setenv("LOANCALLS_HOME", str(home))
        for name, value in settings.items():
            monkeypatch.setenv(f"LOANCALLS_{name}", value)
        monkeypatch.chdir(home.parent / "elsewhere")
        monkeypatch.setattr(sys, "argv", ["loancalls", "query", "--format", format, "--", sql])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="latin-1"))
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return call


def bytes_below(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


READ = {
    "SELECT count(*) AS n FROM loans": [{"n": 3}],
    "FROM loans SELECT count(*) AS n;": [{"n": 3}],
    "-- how many?\nWITH known AS (FROM loans) SELECT count(*) AS n FROM known -- all": [{"n": 3}],
    "VALUES (1)": [{"col0": 1}],
    "SELECT max(i) AS n FROM range(4) AS r(i)": [{"n": 3}],
    "SELECT 1 AS a, 'x;y' AS b": [{"a": 1, "b": "x;y"}],
    "SELECT unnest([1, 2]) AS n": [{"n": 1}, {"n": 2}],
    "PIVOT (SELECT loan_id, status FROM loans WHERE loan_id = 'L0') ON status IN ('active') USING count(*)": [
        {"loan_id": "L0", "active": 1}
    ],
}


@pytest.mark.parametrize("sql", READ)
def test_what_reads_is_answered(ask: Callable[..., Said], sql: str) -> None:
    said = ask(sql)
    assert (said.code, said.err) == (0, "") and json.loads(said.out) == READ[sql]


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("DESCRIBE loans", "outstanding_amount"), ("SHOW TABLES", "call_sessions"),
        ("SUMMARIZE loans", "approx_unique"),
        ("EXPLAIN SELECT * FROM loans", "physical_plan"), ("explain analyze SELECT 1", "analyzed_plan"),
        ("SHOW ALL TABLES", "loan_snapshots"), ("SELECT table_name FROM information_schema.tables", "loans"),
        ("SELECT table_name, comment FROM duckdb_tables()", "loans"),
    ],
)  # fmt: skip
def test_what_says_how_tables_are_made_is_answered(ask: Callable[..., Said], sql: str, word: str) -> None:
    said = ask(sql)
    assert (said.code, said.err) == (0, "") and word in said.out


def test_ids_are_text_and_formulas_are_quoted_in_csv_only(ask: Callable[..., Said]) -> None:
    sql = "SELECT id, '=1+1' AS formula FROM loans ORDER BY loan_id LIMIT 1"
    (row,) = json.loads(ask(sql).out)
    assert row["formula"] == "=1+1" and len(row["id"]) == 36
    assert list(csv.DictReader(io.StringIO(ask(sql, "csv").out))) == [{"id": row["id"], "formula": "'=1+1"}]


# --- from standard input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_dash_reads_the_question_from_standard_input(ask: Callable[..., Said], start: bytes) -> None:
    said = ask("-", stdin=start + "SELECT 'ಆಶಾ ₹' AS word\n".encode())
    assert json.loads(said.out) == [{"word": "ಆಶಾ ₹"}]


@pytest.mark.parametrize(
    ("stdin", "sentence"),
    [
        (b"", "Give one SELECT; this text has no statements.\n"),
        (b"SELECT '\xe9'", "Standard input is not UTF-8; save the SQL as UTF-8.\n"),
        (b"SELECT 1; SELECT 2", "Give one SELECT; this text has 2 statements.\n"),
    ],
)
def test_standard_input_that_is_no_question(ask: Callable[..., Said], stdin: bytes, sentence: str) -> None:
    assert ask("-", stdin=stdin) == Said(2, "", sentence)


# --- what is refused -------------------------------------------------------------------------------------------------

# With OUT for a file in the lake, SECRET for one beside the home, OTHER for another database.
HOSTILE = [
    "COPY loans TO 'OUT'", "COPY (SELECT 1) TO 'OUT' (FORMAT parquet)", "COPY loans FROM 'SECRET'",
    "EXPORT DATABASE 'OUT'", "IMPORT DATABASE 'OUT'", "EXPLAIN ANALYZE COPY loans TO 'OUT'",
    "ATTACH 'WAREHOUSE' AS clear", "ATTACH 'OTHER'", "ATTACH ':memory:' AS m", "DETACH analytics", "USE memory",
    "SELECT * FROM read_csv('SECRET')", "SELECT * FROM read_csv('secret.csv')", "SELECT * FROM 'SECRET'",
    "SELECT * FROM 'secret.csv'", "FROM '/etc/passwd'", "SELECT * FROM read_text('SECRET')",
    "SELECT * FROM read_blob('SECRET')", "SELECT * FROM read_json('SECRET')", "SELECT * FROM read_ndjson('SECRET')",
    "SELECT * FROM read_parquet('OUT')", "SELECT * FROM parquet_metadata('OUT')", "SELECT * FROM sniff_csv('SECRET')",
    "SELECT * FROM glob('*')", "SELECT * FROM read_duckdb('OTHER', table_name = 'words')", "SELECT * FROM 'OTHER'",
    "SELECT (SELECT content FROM read_text('SECRET'))", "WITH t AS (FROM read_text('SECRET')) FROM t",
    "SELECT * FROM loans WHERE loan_id IN (SELECT word FROM read_csv('SECRET'))",
    "SELECT * FROM query('FROM read_text(''SECRET'')')", "SELECT * FROM query_table('SECRET')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''SECRET'')'))",
    "SELECT getenv('LOANCALLS_HOME')", "SELECT * FROM duckdb_secrets()", "SELECT * FROM which_secret('s3://a', 's3')",
    "CREATE SECRET (TYPE s3)", "INSTALL httpfs", "LOAD httpfs", "LOAD 'OUT'", "SELECT * FROM 'https://example.com/a.csv'",
    "SET memory_limit = '1GB'", "RESET memory_limit", "SET enable_external_access = true", "SET VARIABLE a = 1",
    "PRAGMA memory_limit = '1GB'", "PRAGMA enable_profiling", "PRAGMA disable_optimizer",
    "CALL pragma_version()", "CHECKPOINT", "SELECT * FROM checkpoint()", "SELECT * FROM force_checkpoint()", "VACUUM",
    "CALL enable_logging('QueryLog', storage = 'file', storage_path = 'OUT')",
    "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = 'OUT')",
    "SELECT * FROM Enable_Logging(storage = 'stdout')", "SELECT * FROM (DESCRIBE (FROM enable_logging()))",
    "CREATE TABLE t (i INTEGER)", "CREATE TEMP TABLE t AS SELECT 1", "CREATE OR REPLACE VIEW loans AS SELECT 1",
    "CREATE MACRO f() AS 1", "INSERT INTO loans FROM loans", "UPDATE loans SET status = 'closed'", "DELETE FROM loans",
    "DROP TABLE loans", "ALTER TABLE loans RENAME TO l", "COMMENT ON TABLE loans IS 'x'", "TRUNCATE loans",
    "BEGIN", "COMMIT", "PREPARE p AS SELECT 1", "EXECUTE p", "SELECT 1; DROP TABLE loans", "DROP TABLE loans; SELECT 1",
    "SELECT * FROM home", "SELECT * FROM con", "SELECT * FROM settings", "SELECT * FROM csv", "SELECT $1", "SELECT ?",
    "", " ; ", "-- nothing", "no question", "SELECT * FROM nowhere", "SELECT CAST('x' AS INTEGER)",
    "PIVOT loans ON status USING count(*)", "SELECT 1" + "+1" * 5000, "SELECT " + "[" * 5000 + "]" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:40] or "empty")
def test_anything_else_is_refused_in_a_sentence_and_touches_nothing(
    home: Path, ask: Callable[..., Said], sql: str
) -> None:
    raw = next((home / "lake" / "upload_rows").rglob("*.parquet"))
    outside = home.parent / "elsewhere"
    places = {"OUT": raw, "SECRET": outside / "secret.csv", "OTHER": outside / "other.duckdb"}
    for name, place in (places | {"WAREHOUSE": home / "warehouse.duckdb"}).items():
        sql = sql.replace(name, str(place))
    before = bytes_below(home.parent)
    said = ask(sql)
    assert (said.code, said.out) == (2, "")
    known = said.err.startswith(("Give one SELECT", "The query ", CLOSED))
    assert known or f"() cannot be called here. {CLOSED}" in said.err
    assert "sesame" not in said.err and "Traceback" not in said.err
    assert bytes_below(home.parent) == before


def test_files_are_refused_by_the_lock_too(home: Path, ask: Callable[..., Said]) -> None:
    assert ask("SELECT * FROM 'secret.csv'") == Said(2, "", f"{CLOSED}\n")
    assert ask("SELECT * FROM read_text('secret.csv')").err == f"read_text() cannot be called here. {CLOSED}\n"


def test_a_kind_of_statement_is_named(ask: Callable[..., Said]) -> None:
    sentence = "Give one SELECT; this is a statement of the kind {}, and nothing may be changed here.\n"
    merge = "MERGE INTO loans USING loans AS l ON false WHEN MATCHED THEN DELETE"
    for sql, kind in (("DROP TABLE loans", "DROP"), ("SET threads = 1", "SET"), (merge, "MERGE INTO")):
        assert ask(sql).err == sentence.format(kind)
    pivot = ask("PIVOT loans ON status USING count(*)").err
    assert pivot.endswith("A PIVOT needs its values: PIVOT ... ON column IN (...).\n")


def test_a_large_question_spills_into_the_home_and_leaves_nothing_there(home: Path, ask: Callable[..., Said]) -> None:
    sql = "SELECT count(*) AS n FROM (SELECT DISTINCT md5(CAST(i AS VARCHAR)) FROM range(3000000) AS r(i))"
    said = ask(sql, MEMORY_LIMIT="80MB", THREADS="1")
    assert (said.code, json.loads(said.out)) == (0, [{"n": 3_000_000}])
    assert not [name for name in os.listdir(home / "tmp") if name.startswith("duckdb_temp")]
