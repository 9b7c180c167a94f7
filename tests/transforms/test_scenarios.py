"""Stories told in files: what people sent, and the whole tables that must come of it, worked out by hand.

A folder under scenarios/ is a story. `why.md` tells it and says why each outcome is right; the files beside it are sent
as its `manifest.csv` states; `expected/<table>.csv` holds every row of a table, of the columns that it names. A blank
cell is null, a rate is written as the fraction it is (8/20), a time with its zone. Ids are not compared: `READABLE`
lists the columns that say in words what they point at. Row order does not count.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import duckdb
import polars as pl
import pytest
from support import World

from orchestration.store.connection import connect

STORIES = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())

CUSTOMER = "(SELECT coalesce(full_name, primary_phone, national_id) FROM customers WHERE customers.id = t.{})"
LOAN = "(SELECT loans.loan_id FROM loans WHERE loans.id = t.{})"
FILE = "(SELECT filename FROM file_uploads WHERE file_uploads.id = t.{})"
CALL = "(SELECT call_sid FROM call_sessions WHERE call_sessions.id = t.{})"
LINE = "(SELECT line_number FROM _upload_row_outcomes AS r WHERE r.id = t.{})"
FILE_OF_LINE = (
    "(SELECT filename FROM file_uploads AS f JOIN _upload_row_outcomes AS r ON r.file_upload_id = f.id "
    "WHERE r.id = t.{})"
)

# Columns that the runner adds to a table: what its ids and JSON say, in words.
READABLE = {
    "file_uploads": {
        "message": "t.processing_errors ->> 'message'",
        "due_date_order": "t.date_orders ->> 'next_due_date'",
        "paid_date_order": "t.date_orders ->> 'last_paid_date'",
    },
    "upload_rows": {
        "file": FILE.format("file_upload_id"),
        "customer": CUSTOMER.format("match_customer_id"),
        "loan": LOAN.format("match_loan_id"),
        "call": CALL.format("match_call_session_id"),
        "error_code": "array_to_string(regexp_extract_all(t.error, '(^|; )([a-z_]+): ', 2), ', ')",
    },
    "upload_errors": {"file": FILE.format("file_upload_id")},
    "upload_findings": {"file": FILE.format("file_upload_id")},
    "customers": {
        "loans": "(SELECT string_agg(loan_id, ', ' ORDER BY loan_id) FROM loans WHERE customer_id = t.id)",
        "fingerprint_of": "CAST(t.fingerprint AS VARCHAR)",
    },
    "loans": {"customer": CUSTOMER.format("customer_id")},
    "loan_snapshots": {
        "file": FILE.format("file_upload_id"),
        "line": LINE.format("upload_row_id"),
        "customer": CUSTOMER.format("customer_id"),
    },
    "payments": {
        "customer": CUSTOMER.format("customer_id"),
        "file": FILE_OF_LINE.format("upload_row_id"),
        "line": LINE.format("upload_row_id"),
    },
    "call_sessions": {
        "customer": CUSTOMER.format("customer_id"),
        "loan": LOAN.format("loan_id"),
        "triggered_file": FILE.format("triggered_by_batch"),
        "triggered_line": LINE.format("triggered_by_row"),
    },
    "call_status_updates": {
        "call_sid": CALL.format("call_session_id"),
        "file": FILE_OF_LINE.format("upload_row_id"),
        "line": LINE.format("upload_row_id"),
    },
    "customer_call_success": {"customer": CUSTOMER.format("customer_id")},
    "customer_journey": {
        "customer": CUSTOMER.format("customer_id"),
        "file": FILE_OF_LINE.format("upload_row_id"),
        "line": LINE.format("upload_row_id"),
    },
    "loan_call_success": {"customer": CUSTOMER.format("customer_id")},
}


def inputs(story: Path) -> list[Path]:
    """The files that a story sends, in the order of its manifest."""
    manifest = pl.read_csv(story / "manifest.csv", infer_schema=False)
    return [story / name for name in manifest["filename"]]


def looked_at(story: Path) -> set[str]:
    """The tables that a story compares, and those that say in words what their ids point at."""
    tables = {path.stem for path in (story / "expected").iterdir()}
    words = " ".join(" ".join(READABLE.get(table, {}).values()) for table in tables)
    return tables | set(re.findall(r"(?:FROM|JOIN) (\w+)", words))


def table_of(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> pl.DataFrame:
    """Every row of a table, of these columns; those of READABLE in words."""
    words = {name: f't."{name}"' for name in columns} | READABLE.get(table, {})
    cells = [f'{words[name]} AS "{name}"' for name in columns]
    return con.sql(f"SELECT {', '.join(cells)} FROM {table} AS t").pl()


def typed(cell: str, name: str, kind: pl.DataType) -> object:
    """What a cell of an expected file means in a column of this type."""
    if name == "fingerprint_of":  # phone|NATIONAL_ID in the clear
        return str(UUID(hashlib.md5(cell.encode()).hexdigest()))
    if kind.is_float():
        return float(Fraction(cell))
    if kind == pl.Datetime:
        return datetime.fromisoformat(cell).astimezone(UTC).replace(tzinfo=None)
    if kind == pl.Boolean:
        return {"true": True, "false": False}[cell]
    return date.fromisoformat(cell) if kind == pl.Date else pl.Series([cell]).cast(kind).item()


def shown(column: pl.Series) -> pl.Series:
    """A column as text in which equal cells are equal."""
    if column.dtype.is_float():
        column = column.round(9)
    if column.dtype == pl.Datetime:
        column = column.dt.offset_by("5h30m").dt.strftime("%Y-%m-%dT%H:%M:%S+05:30")
    text = column.cast(pl.String)
    return (text.str.replace(r"\.?0+$", "") if column.dtype.is_decimal() else text).fill_null("(null)")


def differences(table: str, expected: pl.DataFrame, found: pl.DataFrame) -> str:
    """What differs between two tables of the same columns, for a person to read; '' when they are equal."""
    for name, kind in found.schema.items():
        cells = [None if cell is None else typed(cell, name, kind) for cell in expected[name]]
        expected = expected.with_columns(pl.Series(name, cells, kind))
    expected, found = (frame.select(pl.all().map_batches(shown)) for frame in (expected, found))
    wanted, there = Counter(expected.rows()), Counter(found.rows())
    lines = []
    for title, rows in (
        ("expected, but not there", wanted - there),
        ("there, but not expected", there - wanted),
    ):
        if rows:
            rows = sorted(rows.elements())
            widths = [max(map(len, [name, *cells])) for name, *cells in zip(found.columns, *rows, strict=True)]
            lines += [f"{table}: {title}"]
            lines += ["  " + " | ".join(map(str.ljust, row, widths)) for row in [found.columns, *rows]]
    return "\n".join(lines)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_story_comes_out_as_told(story: Path, new_world: Callable[..., World]) -> None:
    world = new_world()
    for path in inputs(story):
        world.inbox.take(path)
    world.ingest()
    world.build_for(*looked_at(story))
    found = []
    with connect(world.home.warehouse, world.home, world.settings, read_only=True) as con:
        for path in sorted((story / "expected").iterdir()):
            expected = pl.read_csv(path, infer_schema=False)
            found.append(differences(path.stem, expected, table_of(con, path.stem, expected.columns)))
    assert not any(found), "\n\n" + "\n\n".join(text for text in found if text)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_is_whole(story: Path) -> None:
    beside = {path.name for path in story.iterdir()} - {"why.md", "manifest.csv", "expected"}
    assert {path.name for path in inputs(story)} == beside
    assert len((story / "why.md").read_text(encoding="utf-8").split()) >= 25
    tables = list((story / "expected").iterdir())
    assert tables and all(path.suffix == ".csv" for path in tables)
    stated = pl.read_csv(story / "manifest.csv", infer_schema=False)
    assert stated.columns == ["filename", "uploaded_by", "uploaded_at"]
    assert all(datetime.fromisoformat(at).tzinfo for at in stated["uploaded_at"])


FOUND = pl.DataFrame({"loan_id": ["L1", "L2"], "rate": [2 / 3, None]}, schema_overrides={"rate": pl.Float64})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows, ""),
        (lambda rows: rows[::-1], ""),
        (lambda rows: rows[:1], "there, but not expected"),
        (lambda rows: [*rows, rows[0]], "expected, but not there"),
        (lambda rows: [("L1", "3/5"), rows[1]], "0.6 "),
        (lambda rows: [rows[0], ("L2", "0")], "0.0"),
    ],
    ids=["equal", "another order", "a row too many", "a row twice", "another rate", "null is not zero"],
)
def test_a_difference_is_seen_and_told(change: Callable, told: str) -> None:
    rows = change([("L1", "2/3"), ("L2", None)])
    expected = pl.DataFrame(rows, schema={"loan_id": pl.String, "rate": pl.String}, orient="row")
    text = differences("loans", expected, FOUND)
    assert told in text if told else text == ""
