"""The fast path: DuckDB's own CSV reader, told everything and held against a count that does not depend on it."""

import codecs
import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.reader.careful import whole_widths
from orchestration.reader.cells import Dialect, repaired_cells, strict_cells
from orchestration.reader.errors import Limits
from orchestration.reader.layout import OTHER_TABLE, TITLE, Layout, OtherLine, Row
from orchestration.reader.records import Written
from orchestration.reader.scan import Scan, well_quoted
from orchestration.reader.shapes import BLANKS, is_blank
from orchestration.reader.sorting import sort_rows
from orchestration.reader.text import Decoded

# What no file holds, so that a cell that is missing (null) differs from one that is blank.
_NO_CELL = "\ufdd0no cell\ufdd1"
# More rows that may be something else than records, and the careful path is as quick.
_MOST_SUSPECTS = 5_000


class File(NamedTuple):
    """The body of a file: `path` is staged under a name of ours, and holds the header too if `has_header`."""

    path: Path
    has_header: bool
    decoded: Decoded
    dialect: Dialect
    layout: Layout
    columns: int
    body: Scan
    padding: str  # the blanks that may stand at the edges of cells
    titles: dict[str, str]  # what titles above the header state, by field


def is_sure(
    decoded: Decoded, first_byte: int, body: Scan, dialect: Dialect, columns: int, layout: Layout, limits: Limits
) -> bool:
    """Whether DuckDB can be trusted with the file at all: all text, one style of line ends, quotes as they must be."""
    data = decoded.data
    returns = data.count(b"\r", first_byte) if b"\r" in data else 0
    return (
        decoded.clean
        and len(dialect.delimiter.encode()) == len(dialect.quote.encode()) == 1
        and not dialect.escape
        and not data.startswith(codecs.BOM_UTF8, first_byte)  # DuckDB would not take it for text
        and columns >= max(layout.width - (layout.trailing and not body.multiline), 1)
        and body.balanced
        and (not len(body.sizes) or int(body.sizes.max()) <= limits.cell_bytes)
        and b"\0" not in data
        and (data.isascii() or _NO_CELL.encode() not in data)
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
    return f"read_parquet({_text(glob.escape(str(path)))}, hive_partitioning = false)"


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, params: list[object], target: Path) -> None:
    """Write what a query gives as Parquet, in its order."""
    # A relation with parameters would be held in memory as a whole. Level 1 makes files no larger than the usual one;
    # to give up a list of a column's different cells soon makes them hardly larger.
    options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 1000"
    con.execute(f"COPY ({query}) TO {_text(str(target))} ({options})", params or None)


def _write(
    file: File, con: duckdb.DuckDBPyConnection, projection: str, params: list[object], target: Path
) -> Written | None:
    body = file.body
    raw = _records(file, con)
    write_parquet(con, f"SELECT {projection} FROM {raw} WHERE {_is_whole(file)} AND {_is_plain(file)}", params, target)
    if con.execute("SELECT count(*) FROM reject_errors").fetchall()[0][0]:
        return None
    count, gaps = pq.read_metadata(target).num_rows, _below_blank_lines(file)
    if count == body.records and body.plain:
        return Written(records=count, record_lines=count)
    source = _padded(file, raw)
    breaks = f"sum({_line_feeds(file)})" if body.multiline else "0"
    found = con.execute(
        f"SELECT count(*), {breaks}, "
        f"list({{'number': record_number, 'blank': {_first(file, 0)} IS NULL, 'short': is_short, 'plain': plain}}) "
        f"FILTER (WHERE is_short OR NOT plain) FROM (SELECT *, {_is_plain(file)} AS plain FROM {source})"
    )
    ((read, line_feeds, suspects),) = found.fetchall()
    if read != body.records or len(gaps) > _MOST_SUSPECTS:
        return None
    blanks = short = np.empty(0, np.int64)
    others: list[OtherLine] = []
    if count != read or len(gaps):
        suspects = sorted(suspects or [], key=lambda record: record["number"])
        blanks = _array(record["number"] for record in suspects if record["blank"])
        odd = _array(record["number"] for record in suspects if not record["blank"] and not record["plain"])
        if len(odd) + len(gaps) > _MOST_SUSPECTS:
            return None
        sorted_rows = _look_at(file, blanks, sorted({*odd.tolist(), *gaps.tolist()}))
        if sorted_rows is None:
            return None
        others = [line for line in sorted_rows if isinstance(line, OtherLine)]
        if any(line.kind in (OTHER_TABLE, TITLE) for line in others):
            return None  # what stands below depends on it
        gone = np.flatnonzero(np.isin(body.starts, [line.line_number for line in others])) + 1
        short = _array(record["number"] for record in suspects if record["short"])
        short = np.setdiff1d(short, np.concatenate((blanks, gone)))
        if count != read - len(blanks) - len(gone) or len(gone):
            records = np.setdiff1d(odd, gone)
            keep = f"({_is_plain(file)} OR {_is_in(records)}) AND NOT {_is_in(gone)}"
            write_parquet(con, f"SELECT {projection} FROM {source} WHERE {keep}", params, target)
            count = pq.read_metadata(target).num_rows
        if count != read - len(blanks) - len(gone):
            return None
    blank_lines = _numbers(file, blanks)
    return Written(
        records=count,
        short=body.starts[short - 1].tolist() if len(short) else [],
        record_lines=read + int(line_feeds or 0) - len(blank_lines) - sum(line.lines for line in others),
        blank_lines=sorted(body.blank_lines.tolist() + blank_lines),
        other_lines=others,
    )


def _array(numbers: Iterable[int]) -> np.ndarray:
    return np.fromiter(numbers, dtype=np.int64)


def _is_in(numbers: np.ndarray) -> str:
    return f"record_number IN ({', '.join(map(str, numbers.tolist())) or 'NULL'})" if len(numbers) else "false"


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


def _look_at(file: File, blanks: np.ndarray, suspects: list[int]) -> list[Row | OtherLine] | None:
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
    rows = list(_rows(file, sorted(wanted), empty))
    if any(row.cells is None or _may_be_cut_otherwise(file, row) for row in rows):
        return None
    return list(sort_rows(rows, file.layout))


def _may_be_cut_otherwise(file: File, row: Row) -> bool:
    """Whether the careful path would cut a row, of which DuckDB made one cell, into several."""
    alone = file.columns > 1 and row.cells and all(map(is_blank, row.cells[1:]))
    return bool(alone and repaired_cells(row.text, file.dialect, whole_widths(file.columns, file.layout.width)))


def _rows(file: File, numbers: list[int], empty: set[int]) -> Iterator[Row]:
    """The records with these numbers, each below a blank row if one precedes it."""
    body = file.body
    for number in numbers:
        at = number - 1
        line, lines, begin = int(body.starts[at]), int(body.lengths[at]), int(body.begins[at])
        gap = at > 0 and line > int(body.starts[at - 1]) + int(body.lengths[at - 1])
        if gap or at in empty or (at == 0 and line > body.first_line):
            yield Row(line - 1, 1, [], "")
        text = file.decoded.data[begin : begin + int(body.sizes[at])].decode().removesuffix("\n").removesuffix("\r")
        yield Row(line, lines, strict_cells(text, file.dialect), text)


def _records(file: File, con: duckdb.DuckDBPyConnection) -> str:
    """Every record that DuckDB reads, with its number and its line, as a relation; cells that are missing are null."""
    names = ", ".join([*(f"c{index}" for index in range(file.columns)), "beyond"])
    nothing = "NULL::VARCHAR AS problem, NULL::VARCHAR AS record_text, NULL::VARCHAR[] AS record_cells, "
    nothing += f"{_titles(file)} AS titles"
    if file.body.plain:
        first = file.layout.body_line - 1
        return (
            f"(SELECT record_number, CAST(record_number + {first} AS INTEGER) AS line_number, {names}, {nothing} "
            f"FROM (SELECT row_number() OVER () AS record_number, {names} FROM {_read_csv(file)}))"
        )
    con.register(
        "line_numbers",
        pa.table({"record_number": np.arange(1, file.body.records + 1), "line_number": file.body.starts}),
    )
    return (
        f"(SELECT line_numbers.record_number, line_numbers.line_number, records.*, {nothing} "
        f"FROM line_numbers POSITIONAL JOIN {_read_csv(file)} AS records)"
    )


def _titles(file: File) -> str:
    if not file.titles:
        return "NULL::MAP(VARCHAR, VARCHAR)"
    return f"MAP {{{', '.join(f'{_text(field)}: {_text(said)}' for field, said in file.titles.items())}}}"


def _padded(file: File, records: str) -> str:
    """The records with blank cells for those that are missing. Fails where DuckDB passed over something in silence."""
    names = [f"c{index}" for index in range(file.columns)]
    cells = ", ".join(f"coalesce({name}, '') AS {name}" for name in names)
    # Cells beyond the header, and lines joined to a short record.
    wrong = "beyond <> ''" if file.layout.trailing else "beyond IS NOT NULL"
    if file.body.multiline:
        wrong = f"beyond IS NOT NULL OR ({names[-1]} IS NULL AND contains(concat({', '.join(names)}), chr(10)))"
    return (
        f"(SELECT record_number, line_number, {cells}, {names[-1]} IS NULL AS is_short, problem, record_text, "
        f"record_cells, titles FROM {records} WHERE CASE WHEN {wrong} THEN error('read carefully') ELSE true END)"
    )


def _is_whole(file: File) -> str:
    """A condition that holds for records with as many cells as there are columns."""
    beyond = "(beyond IS NULL OR beyond = '')" if file.layout.trailing else "beyond IS NULL"
    return f"c{file.columns - 1} IS NOT NULL AND {beyond}"


def _first(file: File, start: int) -> str:
    """The first cell that is not blank, from column `start` on, or null."""
    cells = [stated(f"c{index}", file.padding) for index in range(start, file.columns)]
    return f"coalesce({', '.join(cells)})" if len(cells) > 1 else cells[0] if cells else "''"


def _is_plain(file: File) -> str:
    """A condition that holds for no row but records: a superset of what the layout calls otherwise is left out.

    It is put so that a record with its first two cells filled is known by them alone.
    """
    layout, first = file.layout, _first(file, 0)
    sure = f"{_is_filled('c0', file)} AND NOT contains(lower(c0), 'total')"
    anyhow = f"{first} IS NOT NULL AND NOT contains(lower({first}), 'total')"
    if file.columns > 1:
        sure += f" AND {_is_filled('c1', file)}"
        anyhow += f" AND {_first(file, 1)} IS NOT NULL"
    if layout.mark >= 0:
        mark, name = f"c{layout.mark}", _text(layout.header[layout.mark].strip(BLANKS))
        sure += f" AND {_is_filled(mark, file)} AND NOT starts_with({mark}, {name})"
        anyhow += f" AND {stated(mark, file.padding)} IS DISTINCT FROM {name}"
    return f"CASE WHEN {sure} THEN true ELSE {anyhow} END"


def _is_filled(column: str, file: File) -> str:
    """A quick condition that holds for no blank cell, and for most that are not."""
    return f"{column} >= '!'" + (f" AND {column} < chr(127)" if not file.padding.isascii() else "")


def stated(column: str, padding: str) -> str:
    """A cell without the blanks around it, null when it is blank, if it may be padded with some of `padding`.

    Trimming a set of characters is dear, so that it is done where a cell's first or last one calls for it.
    """
    if not padding:
        return f"nullif({column}, '')"
    bare = [f"{column} >= '!'"] + ([] if padding.isascii() else [f"{column} < chr(127)"])
    return f"CASE WHEN {' AND '.join([*bare, *ends_bare(column, padding)])} THEN {column} ELSE {trimmed(column)} END"


def ends_bare(column: str, padding: str) -> list[str]:
    """Conditions that no blank stands behind a cell which may be padded with some of `padding`."""
    return [f"NOT ends_with({column}, {_character(char)})" for char in padding]


def trimmed(column: str) -> str:
    """A cell without the blanks around it, whichever they are; null when it is blank."""
    return f"nullif(trim({column}, {_text(BLANKS)}), '')"


def _character(char: str) -> str:
    return "' '" if char == " " else f"chr({ord(char)})"


def _line_feeds(file: File) -> str:
    feeds = "CASE WHEN contains({0}, chr(10)) THEN length({0}) - length(replace({0}, chr(10), '')) ELSE 0 END"
    return " + ".join(feeds.format(f"c{index}") for index in range(file.columns))


def _read_csv(file: File) -> str:
    """DuckDB's reader, told everything. The staged file's name is ours, never a user's."""
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(file.columns))
    # Padding short records cannot be combined with quoted line feeds in DuckDB's parallel reader.
    parallel = "false" if file.body.multiline else "true"
    longest = int(file.body.sizes.max()) if len(file.body.sizes) else 0
    return (
        f"read_csv({_text(glob.escape(str(file.path)))}, "
        f"auto_detect = false, columns = {{{columns}, 'beyond': 'VARCHAR'}}, "
        f"delim = {_text(file.dialect.delimiter)}, quote = {_text(file.dialect.quote)}, "
        f"escape = {_text(file.dialect.quote)}, header = {str(file.has_header).lower()}, null_padding = true, "
        f"nullstr = '{_NO_CELL}', strict_mode = true, hive_partitioning = false, parallel = {parallel}, "
        f"max_line_size = {max(longest * 2, 1 << 24)}, store_rejects = true)"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
