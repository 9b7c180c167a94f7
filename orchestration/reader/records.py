"""Rows to a table: what the careful path and workbooks write, in the shape that the fast path has too."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.reader.cells import Dialect, loose_cells
from orchestration.reader.layout import TITLE, Layout, OtherLine, Row
from orchestration.reader.shapes import is_blank
from orchestration.reader.sorting import sort_rows

# Small, so that a million cells are not alive at once for the garbage collector to look through.
_BATCH = 2_000
_BATCHES = 25  # of a row group


@dataclass
class Written:
    """What was written: the number of records and of their lines, and the numbers of lines that were otherwise."""

    records: int = 0
    record_lines: int = 0
    short: list[int] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    other_lines: list[OtherLine] = field(default_factory=list)


def wrong_field_count(found: int, columns: int, width: int) -> str:
    """The problem of a record with more cells than the header has columns, where most records have `width`."""
    fix = "put the cell that holds the delimiter in double quotes"
    if found <= width:
        fix = "most records have as many, so name every column in the header"
    return f"wrong_field_count: the record has {found} cells, the header {columns}; {fix}"


class Part(NamedTuple):
    """The rows below one header, as `sort_rows` gives them, and what the titles above it state, by field."""

    rows: Iterable[Row | OtherLine]
    layout: Layout
    titles: dict[str, str]


def write_rows(
    rows: Iterable[Row],
    layout: Layout,
    columns: int,
    dialect: Dialect,
    target: Path,
    titles: dict[str, str] | None = None,
) -> Written:
    """Write the records among `rows`; see `write_parts`."""
    return write_parts([Part(sort_rows(rows, layout), layout, titles or {})], columns, dialect, target)


def write_parts(parts: Iterable[Part], columns: int, dialect: Dialect, target: Path) -> Written:
    """Write the records of all parts as Parquet: line_number, c0.., problem, record_text, record_cells, titles.

    Records have `columns` cells: short ones are filled up; blank cells beyond are dropped where nearly all records
    have them (one that is alone with them may have a delimiter within a cell). A record with a problem has no cells,
    but its text, and in record_cells what cells can be made of it. `titles` is what the titles above it state.
    """
    names = [f"c{index}" for index in range(columns)]
    fields = [("line_number", pa.int32()), *((name, pa.string()) for name in names)]
    fields += [("problem", pa.string()), ("record_text", pa.string()), ("record_cells", pa.list_(pa.string()))]
    fields.append(("titles", pa.map_(pa.string(), pa.string())))
    schema, written, tables = pa.schema(fields), Written(), []
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for part in parts:
            rows = iter(part.rows)
            titles = dict(part.titles)
            while batch := list(itertools.islice(rows, _BATCH)):
                tables.append(_table(batch, part.layout, titles, columns, dialect, schema, written))
                if len(tables) == _BATCHES:
                    writer.write_table(pa.concat_tables(tables))
                    tables = []
        if tables:
            writer.write_table(pa.concat_tables(tables))
    return written


def _table(
    rows: list[Row | OtherLine],
    layout: Layout,
    titles: dict[str, str],
    columns: int,
    dialect: Dialect,
    schema: pa.Schema,
    written: Written,
) -> pa.Table:
    """The records among `rows` as a table; all rows are counted in `written`, and titles added to `titles`."""
    table: list[list[str] | list[None]] = []
    numbers: list[int] = []
    said = list(titles.items()) or None
    titled: list[list[tuple[str, str]] | None] = []
    problems: dict[int, tuple] = {}
    padding, nothing = [""] * columns, [None] * columns
    for row in rows:
        if isinstance(row, OtherLine):
            written.other_lines.append(row)
            if row.kind == TITLE and (found := layout.words.titled(loose_cells(row.text, dialect)[0])):
                titles |= [found]
                said = list(titles.items())
            continue
        cells = row.cells
        if cells is not None and row.blank:
            written.blank_lines += range(row.line_number, row.line_number + row.lines)
            continue
        if cells is None:
            problems[len(table)] = (row.problem, row.text, loose_cells(row.text, dialect))
        elif len(cells) < columns:
            written.short.append(row.line_number)
            cells = cells + padding[len(cells) :]
        elif len(cells) > columns and layout.trailing and all(map(is_blank, cells[columns:])):
            cells = cells[:columns]
        elif len(cells) > columns:
            problems[len(table)] = (wrong_field_count(len(cells), columns, layout.width), row.text, cells)
        table.append(nothing if len(table) in problems or cells is None else cells)
        numbers.append(row.line_number)
        titled.append(said)
        written.record_lines += row.lines
        if row.repaired:
            written.repaired.append(row.line_number)
    written.records += len(table)
    arrays = [numbers, *(zip(*table, strict=True) if table else [[]] * columns)]
    for part in range(3):
        arrays.append([problems[index][part] if index in problems else None for index in range(len(table))])
    arrays.append(titled)
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(arrays, schema.types, strict=True)], schema=schema
    )
