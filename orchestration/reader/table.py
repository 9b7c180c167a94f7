"""The reader for a person with Python: one file, told nothing, as lists."""

import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq

from orchestration.reader.errors import Limits, UnreadableFileError
from orchestration.reader.layout import KnownHeader, KnownShape, OtherLine
from orchestration.reader.reading import LineCounts, Reading, read_file


class Record(NamedTuple):
    """A record: the line it starts on, its cells as text, and its problem (`code: sentence`) and text if it has one.

    `repaired`: its quotes, its delimiter or the spaces before its quotes were repaired.
    """

    line_number: int
    cells: list[str]
    problem: str | None = None
    text: str | None = None
    repaired: bool = False


@dataclass(frozen=True)
class Table:
    """A file as it was read. docs/reading.md says what each part is.

    `header`: its cells as in the file, [] without one. `records`: in order, each with as many cells as the header has
    (one with a problem: as many as could be made out). `other_lines`: preamble, repeated headers, totals, footers and
    other tables. `blank_lines`: their line numbers. `lines`: how many lines are what. `remarks`: sentences.
    """

    header: list[str]
    records: list[Record]
    other_lines: list[OtherLine]
    blank_lines: list[int]
    lines: LineCounts
    encoding: str
    delimiter: str
    remarks: list[str]


def read_table(
    path: str | Path,
    limits: Limits = Limits(),
    known: KnownHeader | None = None,
    shape: KnownShape | None = None,
) -> Table:
    """Read a delimited text file or a workbook, whatever its name, encoding and dialect.

    `known` may say of a row's cells whether they are the header, `shape` what the columns of records without one are.
    The file is not changed; it is read into memory.
    Raises UnreadableFileError or ReadLimitError, both with a `code`; OSError when the file cannot be opened.
    """
    source = Path(path)
    if not stat.S_ISREG(source.stat().st_mode):
        raise UnreadableFileError("not_a_file", f"{source.name} is not a regular file; name the file itself")
    with tempfile.TemporaryDirectory(prefix="loancalls-") as folder:
        staging = Path(folder)
        staged = staging / "upload"
        staged.symlink_to(source.absolute())
        reading = read_file(staged, staging, limits, known, shape=shape)
        written = staging / "table.parquet"
        with duckdb.connect(config={"threads": 1}) as con:
            reading = reading.write(con, "*", [], written)
        return _table(reading, written)


def _table(reading: Reading, written: Path) -> Table:
    names = [f"c{index}" for index in range(reading.columns)]
    columns = pq.read_table(
        written, columns=["line_number", *names, "problem", "record_text", "record_cells"]
    ).to_pydict()
    repaired = set(reading.repaired)
    cells = list(zip(*(columns[name] for name in names), strict=True)) if names else [()] * reading.records
    records = [
        Record(line, made_out if problem else list(row), problem, text, line in repaired)
        for line, row, problem, text, made_out in zip(
            *(columns["line_number"], cells, columns["problem"], columns["record_text"], columns["record_cells"]),
            strict=True,
        )
    ]
    return Table(
        header=reading.header,
        records=records,
        other_lines=sorted(reading.other_lines),
        blank_lines=reading.blank_lines,
        lines=reading.lines,
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        remarks=reading.remarks,
    )
