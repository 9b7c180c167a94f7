"""The fast path: DuckDB's own CSV reader, told everything and held against a count that does not depend on it."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.reader.careful import whole_widths
from orchestration.reader.cells import Dialect, repaired_cells
from orchestration.reader.errors import Limits
from orchestration.reader.layout import OTHER_TABLE, Layout, OtherLine, Row
from orchestration.reader.records import Written
from orchestration.reader.scan import Scan, well_quoted
from orchestration.reader.shapes import BLANKS, is_blank
from orchestration.reader.sorting import sort_rows
from orchestration.reader.text import Decoded

# What no file holds, so that a cell that is missing (null) differs from one that is blank.
_NO_CELL = "\ufdd0no cell\ufdd1"
# More rows that may be something else than records, and the careful path is as quick.
_MOST_SUSPECTS = 5_000
_MOST_BLANK_GAPS = 1_000


class File(NamedTuple):
    """The body of a file: `path` is staged under a name of ours, and holds the header too if `has_header`."""

    path: Path
    has_header: bool
    decoded: Decoded
    dialect: Dialect
    layout: Layout
    columns: int
    body: Scan


def is_sure(
    decoded: Decoded, first_byte: int, body: Scan, dialect: Dialect, columns: int, layout: Layout, limits: Limits
) -> bool:
    """Whether DuckDB can be trusted with the file at all: all text, one style of line ends, quotes as they must be."""
    data = decoded.data
    returns = data.count(b"\r", first_byte)
    return (
        decoded.clean
        and len(dialect.delimiter.encode()) == len(dialect.quote.encode()) == 1
        and not dialect.escape
        and not data.startswith(codecs.BOM_UTF8, first_byte)  # DuckDB would not take it for text
        and columns >= max(layout.width - (layout.trailing and not body.multiline), 1)
        and body.balanced
        and (not len(body.sizes) or int(body.sizes.max()) <= limits.cell_bytes)
        and not any(odd in data for odd in (b"\0", _NO_CELL.encode()))
        and (not returns or returns == data.count(b"\r\n", first_byte))
        and well_quoted(data, first_byte, dialect.delimiter, dialect.quote)
    )


def write(
    file: File, con: duckdb.DuckDBPyConnection, projection: str, params: list[object], target: Path
) -> Written | None:
    """Write the records to `target`; None when they are not surely all, and all that there is.

    Rows that may be blank, a total, a footer or another header are left out at first. Only when there are some are they
    looked at, by the same rules as on the careful path, and the records among them written with the others.
    """
    try:
        return _write(file, con, projection, params, target)
    except duckdb.Error:
        return None  # a record that DuckDB refuses: the careful path says what is wrong with it


def parquet(path: Path) -> str:
    """A Parquet file as a relation."""
    return f"read_parquet({_text(no_pattern(path))}, hive_partitioning = false)"


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, params: list[object], target: Path) -> None:
    """Write what a query gives as Parquet, in its order."""
    con.sql(query, params=params or None).write_parquet(str(target), compression="zstd")


def no_pattern(path: Path) -> str:
    """A path in which DuckDB finds no pattern: `[`, `*` and `?` stand for themselves."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def _write(
    file: File, con: duckdb.DuckDBPyConnection, projection: str, params: list[object], target: Path
) -> Written | None:
    body, source, is_plain = file.body, _records(file, con), _is_plain(file)
    write_parquet(con, f"SELECT {projection} FROM {source} WHERE {is_plain} AND NOT is_short", params, target)
    if con.execute("SELECT count(*) FROM reject_errors").fetchone()[0]:
        return None
    count = pq.read_metadata(target).num_rows
    gaps = _below_blank_lines(file)
    if body.plain and count == body.records and not len(gaps):
        return Written(records=count, record_lines=count)
    breaks = f"sum({_line_feeds(file)})" if body.multiline else "0"
    read, line_feeds, short = con.execute(
        f"SELECT count(*), {breaks}, coalesce(list(line_number) FILTER (WHERE is_short AND {is_plain}), []) "
        f"FROM {source}"
    ).fetchone()
    if short:
        write_parquet(con, f"SELECT {projection} FROM {source} WHERE {is_plain}", params, target)
        count = pq.read_metadata(target).num_rows
    if read != body.records or len(gaps) > _MOST_SUSPECTS:
        return None
    blanks, others, records = np.empty(0, np.int64), [], []
    if count != read or len(gaps):
        suspects = con.execute(
            f"SELECT record_number, {_first(file, 0)} IS NULL AS blank FROM {source} WHERE NOT ({is_plain})"
        ).fetchnumpy()
        blanks = suspects["record_number"][suspects["blank"]]
        odd = suspects["record_number"][~suspects["blank"]]
        if len(odd) + len(gaps) > _MOST_SUSPECTS:
            return None
        kinds = _look_at(file, con, source, blanks, sorted({*odd.tolist(), *gaps.tolist()}))
        if kinds is None:
            return None
        others = [line for line in kinds if isinstance(line, OtherLine)]
        if any(line.kind == OTHER_TABLE for line in others):
            return None
        gone = {line.line_number for line in others}
        records = [number for number in odd.tolist() if int(body.starts[number - 1]) not in gone]
        if records:
            keep = f"{is_plain} OR record_number IN ({', '.join(map(str, records))})"
            write_parquet(con, f"SELECT {projection} FROM {source} WHERE {keep}", params, target)
            count = pq.read_metadata(target).num_rows
    return Written(
        records=count,
        short=sorted(short),
        record_lines=read + int(line_feeds or 0) - len(_numbers(file, blanks)) - sum(line.lines for line in others),
        blank_lines=sorted(body.blank_lines.tolist() + _numbers(file, blanks)),
        other_lines=others,
    )


def _numbers(file: File, records: np.ndarray) -> list[int]:
    """The numbers of the lines of records."""
    starts, lengths = file.body.starts[records - 1].tolist(), file.body.lengths[records - 1].tolist()
    return [line for start, length in zip(starts, lengths, strict=True) for line in range(start, start + length)]


def _below_blank_lines(file: File) -> np.ndarray:
    """The numbers of the records that a blank line precedes: another table may start there."""
    body = file.body
    if not len(body.blank_lines):
        return np.empty(0, np.int64)
    return np.flatnonzero(body.starts[1:] > body.starts[:-1] + body.lengths[:-1]) + 2


def _look_at(
    file: File, con: duckdb.DuckDBPyConnection, source: str, blanks: np.ndarray, suspects: list[int]
) -> list[Row | OtherLine] | None:
    """What the suspects are: they are sorted like the rows of a file that has nothing but them and their neighbours.

    None when one of them would be cut otherwise on the careful path.
    """
    empty, most = set(blanks.tolist()), file.body.records
    after_blank = [number + 1 for number in empty if number + 1 <= most and number + 1 not in empty]
    suspects = sorted({*suspects, *after_blank})
    wanted: set[int] = set()
    for number in suspects:
        wanted.add(number)
        for steps in (-1,), (1, 1):  # what may be a title or a header is judged by what stands below it
            neighbour = number
            for step in steps:
                neighbour += step
                while neighbour in empty:
                    neighbour += step
                if 1 <= neighbour <= most:
                    wanted.add(neighbour)
    if not wanted:
        return []
    names = ", ".join(f"c{index}" for index in range(file.columns))
    found = con.execute(
        f"SELECT record_number, {names} FROM {source} WHERE record_number IN ({', '.join(map(str, sorted(wanted)))}) "
        "ORDER BY record_number"
    ).fetchall()
    rows = list(_rows(file, found, empty))
    if any(_may_be_cut_otherwise(file, row) for row in rows):
        return None
    return list(sort_rows(rows, file.layout))


def _may_be_cut_otherwise(file: File, row: Row) -> bool:
    """Whether the careful path would cut a row, of which DuckDB made one cell, into several."""
    alone = file.columns > 1 and row.cells and all(map(is_blank, row.cells[1:]))
    return bool(alone and repaired_cells(row.text, file.dialect, whole_widths(file.columns, file.layout.width)))


def _rows(file: File, found: list[tuple], empty: set[int]) -> Iterator[Row]:
    body = file.body
    for number, *cells in found:
        at = number - 1
        line, lines, begin = int(body.starts[at]), int(body.lengths[at]), int(body.begins[at])
        gap = at > 0 and line > int(body.starts[at - 1]) + int(body.lengths[at - 1])
        if gap or at in empty or (at == 0 and line > body.first_line):
            yield Row(line - 1, 1, [], "")
        text = file.decoded.data[begin : begin + int(body.sizes[at])].decode().removesuffix("\n").removesuffix("\r")
        yield Row(line, lines, cells, text)


def _records(file: File, con: duckdb.DuckDBPyConnection) -> str:
    """Every record that DuckDB reads, with its number and its line, as a relation."""
    names = [f"c{index}" for index in range(file.columns)]
    cells = ", ".join([*(f"coalesce({name}, '') AS {name}" for name in names), f"{names[-1]} IS NULL AS is_short"])
    nothing = "NULL::VARCHAR AS problem, NULL::VARCHAR AS record_text, NULL::VARCHAR[] AS record_cells"
    # What DuckDB would pad or pass over in silence: cells beyond the header, and lines joined to a short record.
    wrong = "beyond <> ''" if file.layout.trailing else "beyond IS NOT NULL"
    if file.body.multiline:
        wrong = f"beyond IS NOT NULL OR ({names[-1]} IS NULL AND contains(concat({', '.join(names)}), chr(10)))"
    records = f"{_read_csv(file)} WHERE CASE WHEN {wrong} THEN error('read carefully') ELSE true END"
    if file.body.plain:
        first = file.layout.body_line - 1
        number = "row_number() OVER () AS record_number"
        return (
            f"(SELECT record_number, CAST(record_number + {first} AS INTEGER) AS line_number, {', '.join(names)}, "
            f"is_short, {nothing} FROM (SELECT {number}, {cells} FROM {records}))"
        )
    con.register(
        "line_numbers",
        pa.table({"record_number": np.arange(1, file.body.records + 1), "line_number": file.body.starts}),
    )
    return (
        f"(SELECT line_numbers.record_number, line_numbers.line_number, records.*, {nothing} "
        f"FROM line_numbers POSITIONAL JOIN (SELECT {cells} FROM {records}) AS records)"
    )


def _first(file: File, start: int) -> str:
    """The first cell that is not blank, from column `start` on, or null."""
    cells = [f"nullif(trim(c{index}, {_text(BLANKS)}), '')" for index in range(start, file.columns)]
    return f"coalesce({', '.join(cells)})" if len(cells) > 1 else cells[0] if cells else "''"


def _is_plain(file: File) -> str:
    """A condition that holds for no row but records: a superset of what the layout calls otherwise is left out."""
    layout = file.layout
    suspects = [f"{_first(file, 0)} IS NULL", f"contains(lower({_first(file, 0)}), 'total')"]
    if layout.mark >= 0:
        name = layout.header[layout.mark].strip(BLANKS)
        suspects.append(f"trim(c{layout.mark}, {_text(BLANKS)}) = {_text(name)}")
    if file.columns > 1:
        suspects.append(f"{_first(file, 1)} IS NULL")
    return f"NOT ({' OR '.join(suspects)})"


def _line_feeds(file: File) -> str:
    cells = ", ".join(f"c{index}" for index in range(file.columns))
    return f"length(concat({cells})) - length(replace(concat({cells}), chr(10), ''))"


def _read_csv(file: File) -> str:
    """DuckDB's reader, told everything. The staged file's name is ours, never a user's."""
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(file.columns))
    # Padding short records cannot be combined with quoted line feeds in DuckDB's parallel reader.
    parallel = "false" if file.body.multiline else "true"
    longest = int(file.body.sizes.max()) if len(file.body.sizes) else 0
    return (
        f"read_csv({_text(no_pattern(file.path))}, "
        f"auto_detect = false, columns = {{{columns}, 'beyond': 'VARCHAR'}}, "
        f"delim = {_text(file.dialect.delimiter)}, quote = {_text(file.dialect.quote)}, "
        f"escape = {_text(file.dialect.quote)}, header = {str(file.has_header).lower()}, null_padding = true, "
        f"nullstr = '{_NO_CELL}', strict_mode = true, hive_partitioning = false, parallel = {parallel}, "
        f"max_line_size = {max(longest * 2, 1 << 24)}, store_rejects = true)"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
