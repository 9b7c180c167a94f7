"""One file read: its dialect and header, and its records as a relation."""

import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.errors import LoancallsError
from orchestration.reader.careful import careful_records
from orchestration.reader.dialect import choose_delimiter
from orchestration.reader.scan import Scan, scan, well_quoted
from orchestration.reader.text import Decoded, decode, readable

csv.field_size_limit(1 << 30)

# DuckDB drops lines beyond its buffer without a word, so that longer ones never reach it.
_LONGEST_LINE = 8 << 20
_MOST_BYTES = 4 << 30
# What no file holds, so that a cell that is missing (null) differs from one that is blank.
_NO_CELL = "\ufdd0no cell\ufdd1"
_MOST_COLUMNS = 2_000
_SAMPLE = 1 << 20
_BATCH = 50_000


class ReadLimitError(LoancallsError):
    """The file is beyond what the reader takes; the sentence says which limit."""


@dataclass(frozen=True)
class Reading:
    """What a file is made of. `header` is its header record's cells as in the file, [] for a file without records.

    `records` counts records below the header, the unreadable ones too; `path` is the staged file that `write`
    reads: UTF-8 CSV on the fast path, Parquet on the careful one.
    """

    encoding: str
    delimiter: str
    header: list[str]
    header_line: int
    records: int
    physical_lines: int
    blank_lines: int
    speed: str
    path: Path
    scan: Scan

    @classmethod
    def nothing(cls, staging: Path) -> "Reading":
        """A reading without header and records."""
        empty = staging / "records.parquet"
        _write_careful([], 1, ",", 0, empty)
        return cls("utf-8", ",", [], 0, 0, 0, 0, "careful", empty, scan(b""))

    def write(self, con: duckdb.DuckDBPyConnection, projection: str, params: list[object], target: Path) -> "Reading":
        """Write the records as Parquet to `target`, in file order, and return how they were read in the end.

        `projection` is a SELECT list with the parameters `params` over the columns line_number INTEGER, c0..cN
        VARCHAR ('' when blank), problem and record_text VARCHAR. `problem` is `code: sentence` for a record that
        could not be cut into cells; then the cells are null and `record_text` is what stands in the file.
        `con` must be a connection of its own for each file. When DuckDB does not find the records that were counted,
        the file is read again carefully.
        """
        if self.speed == "fast":
            try:
                _write_parquet(con, f"SELECT {projection} FROM ({self._fast_records(con)})", params, target)
                if self._fast_is_right(con, target):
                    return self
            except duckdb.Error:
                pass  # a record that DuckDB refuses: the careful path says what is wrong with it
            return self._carefully().write(con, projection, params, target)
        _write_parquet(con, f"SELECT {projection} FROM read_parquet({_text(no_pattern(self.path))})", params, target)
        return self

    def _fast_records(self, con: duckdb.DuckDBPyConnection) -> str:
        names = [f"c{index}" for index in range(len(self.header))]
        cells = ", ".join(f"coalesce({name}, '') AS {name}" for name in names)
        nothing = "CAST(NULL AS VARCHAR) AS problem, CAST(NULL AS VARCHAR) AS record_text"
        # DuckDB passes over blank cells beyond the header; and lines are joined for whole records only.
        wrong = "beyond IS NOT NULL"
        if self.scan.multiline:
            wrong += f" OR ({names[-1]} IS NULL AND contains(concat({', '.join(names)}), chr(10)))"
        records = f"{_read_csv(self)} WHERE CASE WHEN {wrong} THEN error('read carefully') ELSE true END"
        if self.scan.plain:
            line = f"CAST(row_number() OVER () + {self.header_line} AS INTEGER) AS line_number"
            return f"SELECT {line}, {cells}, {nothing} FROM {records}"
        con.register("line_numbers", pa.table({"line_number": self.scan.starts[1:]}))
        return (
            f"SELECT line_numbers.line_number, records.*, {nothing} "
            f"FROM line_numbers POSITIONAL JOIN (SELECT {cells} FROM {records}) AS records"
        )

    def _fast_is_right(self, con: duckdb.DuckDBPyConnection, target: Path) -> bool:
        """Whether DuckDB read as many records as were counted and rejected none."""
        if con.execute("SELECT count(*) FROM reject_errors").fetchone()[0]:
            return False
        if self.scan.plain:
            return pq.read_metadata(target).num_rows == self.records
        return con.execute(f"SELECT count(*) FROM {_read_csv(self)}").fetchone()[0] == self.records

    def _carefully(self) -> "Reading":
        return _read_carefully(self, decode(self.path.read_bytes()), self.path.parent)


def read_file(path: Path, staging: Path) -> Reading:
    """Read the file at `path`, keeping what is needed for its records in the folder `staging`.

    `path` must be a file of ours (a copy), never a name that a user chose: DuckDB takes names for patterns. The
    records of a delimited text file in UTF-8, cp1252 or UTF-16 with a BOM, cut by `, ; tab |` and quoted by `"`.
    Raises ReadLimitError for a file beyond the limits.
    """
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ReadLimitError(
            f"the file has {size:,} bytes, more than the {_MOST_BYTES:,} that are read at once; split it"
        )
    decoded = decode(path.read_bytes())
    layout = scan(decoded.data)
    if layout.longest_line > _LONGEST_LINE:
        raise ReadLimitError(
            f"a line has {layout.longest_line:,} bytes, more than the {_LONGEST_LINE:,} that a line may have"
        )
    if not len(layout.starts):
        return replace(
            Reading.nothing(staging),
            encoding=decoded.encoding,
            physical_lines=layout.physical_lines,
            blank_lines=layout.blank_lines,
        )
    sample = decoded.data[:_SAMPLE].decode("utf-8", "replace").split("\n")
    sample = sample if len(decoded.data) <= _SAMPLE else sample[:-1]
    header_line = int(layout.starts[0])
    if len(sample) < header_line:
        raise ReadLimitError(f"the header does not end within the first {_SAMPLE:,} bytes; name the columns in line 1")
    delimiter = choose_delimiter(sample[header_line - 1 :])
    header = _header(sample, header_line, delimiter)
    if len(header) > _MOST_COLUMNS:
        raise ReadLimitError(f"the header has {len(header):,} cells, more than the {_MOST_COLUMNS:,} that are read")
    reading = Reading(
        decoded.encoding, delimiter, header, header_line, len(layout.starts) - 1,
        layout.physical_lines, layout.blank_lines, "fast", path, layout,
    )  # fmt: skip
    if not _fast_is_sure(reading, decoded):
        return _read_carefully(reading, decoded, staging)
    if not decoded.unchanged:
        utf8 = staging / "utf8.csv"
        utf8.write_bytes(decoded.data)
        reading = replace(reading, path=utf8)
    return reading


def no_pattern(path: Path) -> str:
    """A path in which DuckDB finds no pattern: `[`, `*` and `?` stand for themselves."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def unique_keys(header: Sequence[str]) -> list[str]:
    """Headers as JSON keys: an empty one becomes `column 3`, one that was there before (in any case) `name 2`."""
    keys: list[str] = []
    seen: set[str] = set()
    for position, name in enumerate(header, start=1):
        base = name.replace("\0", "").strip() or f"column {position}"
        candidates = itertools.chain([base], (f"{base} {number}" for number in itertools.count(2)))
        key = next(candidate for candidate in candidates if candidate.lower() not in seen)
        seen.add(key.lower())
        keys.append(key)
    return keys


def _header(lines: list[str], header_line: int, delimiter: str) -> list[str]:
    reader = csv.reader((line + "\n" for line in lines[header_line - 1 :]), delimiter=delimiter)
    return [readable(cell.rstrip("\r")) for cell in next(reader)]


def _fast_is_sure(reading: Reading, decoded: Decoded) -> bool:
    """Whether DuckDB can be trusted with the file at all: all text, one style of line ends, quotes as they must be."""
    data = decoded.data
    return (
        decoded.clean
        and reading.scan.balanced
        and not any(odd in data for odd in (b"\0", _NO_CELL.encode()))
        and data.count(b"\r") == data.count(b"\r\n")
        and well_quoted(data, reading.delimiter)
    )


def _read_csv(reading: Reading) -> str:
    """DuckDB's reader, told everything. The staged file's name is ours, never a user's."""
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(reading.header)))
    # Padding short records cannot be combined with quoted line feeds in DuckDB's parallel reader.
    parallel = "false" if reading.scan.multiline else "true"
    return (
        f"read_csv({_text(no_pattern(reading.path))}, "
        f"auto_detect = false, columns = {{{columns}, 'beyond': 'VARCHAR'}}, "
        f"delim = '{reading.delimiter}', quote = '\"', escape = '\"', header = true, "
        f"skip = {reading.header_line - 1}, null_padding = true, nullstr = '{_NO_CELL}', strict_mode = true, "
        f"hive_partitioning = false, parallel = {parallel}, max_line_size = {_LONGEST_LINE * 2}, "
        "store_rejects = true)"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write_parquet(con: duckdb.DuckDBPyConnection, query: str, params: list[object], target: Path) -> None:
    con.sql(query, params=params or None).write_parquet(str(target), compression="zstd")


def _read_carefully(reading: Reading, decoded: Decoded, staging: Path) -> Reading:
    lines = decoded.lines()
    if lines and lines[-1] == "":
        lines.pop()  # what stands behind the last line feed is no line
    first = int(reading.scan.starts[1]) if len(reading.scan.starts) > 1 else len(lines) + 1
    if reading.scan.multiline:
        # The count of quotes is not to be trusted here; the header alone says where it ends.
        first = reading.header_line + _header_lines(lines, reading)
    target = staging / "records.parquet"
    count = _write_careful(lines, first, reading.delimiter, len(reading.header), target)
    return replace(reading, speed="careful", path=target, records=count)


def _header_lines(lines: list[str], reading: Reading) -> int:
    reader = csv.reader((line + "\n" for line in lines[reading.header_line - 1 :]), delimiter=reading.delimiter)
    next(reader)
    return reader.line_num


def _write_careful(lines: list[str], first_line: int, delimiter: str, width: int, target: Path) -> int:
    schema = pa.schema(
        [
            ("line_number", pa.int32()),
            *((f"c{index}", pa.string()) for index in range(width)),
            ("problem", pa.string()),
            ("record_text", pa.string()),
        ]
    )
    records = careful_records(lines, first_line, delimiter, width) if width else iter(())
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while batch := list(itertools.islice(records, _BATCH)):
            cells = list(zip(*(record.cells or [None] * width for record in batch), strict=True))
            columns = [[record.line_number for record in batch], *cells]
            columns += [[record.problem for record in batch], [record.text for record in batch]]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count
