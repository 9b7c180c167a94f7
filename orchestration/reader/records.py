"""Rows to a table: what the careful path and workbooks write, in the shape that the fast path has too."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.reader.cells import Dialect, loose_cells
from orchestration.reader.layout import Layout, OtherLine, Row
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


def write_rows(rows: Iterable[Row], layout: Layout, columns: int, dialect: Dialect, target: Path) -> Written:
    """Write the records among `rows` as Parquet: line_number, c0.., problem, record_text, record_cells.

    Records have `columns` cells: short ones are filled up; blank cells beyond are dropped where nearly all records
    have them (one that is alone with them may have a delimiter within a cell). A record with a problem has no cells,
    but its text, and in record_cells what cells can be made of it.
    """
    names = [f"c{index}" for index in range(columns)]
    fields = [("line_number", pa.int32()), *((name, pa.string()) for name in names)]
    fields += [("problem", pa.string()), ("record_text", pa.string()), ("record_cells", pa.list_(pa.string()))]
    schema, written, tables = pa.schema(fields), Written(), []
    sorted_rows = sort_rows(rows, layout)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while batch := list(itertools.islice(sorted_rows, _BATCH)):
            tables.append(_table(batch, layout, columns, dialect, schema, written))
            if len(tables) == _BATCHES:
                writer.write_table(pa.concat_tables(tables))
                tables = []
        if tables:
            writer.write_table(pa.concat_tables(tables))
    return written


def _table(
    rows: list[Row | OtherLine], layout: Layout, columns: int, dialect: Dialect, schema: pa.Schema, written: Written
) -> pa.Table:
    """The records among `rows` as a table; all rows are counted in `written`."""
    table: list[list[str] | list[None]] = []
    numbers: list[int] = []
    problems: dict[int, tuple] = {}
    padding, nothing = [""] * columns, [None] * columns
    for row in rows:
        if isinstance(row, OtherLine):
            written.other_lines.append(row)
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
        written.record_lines += row.lines
        if row.repaired:
            written.repaired.append(row.line_number)
    written.records += len(table)
    arrays = [numbers, *(zip(*table, strict=True) if table else [[]] * columns)]
    for part in range(3):
        arrays.append([problems[index][part] if index in problems else None for index in range(len(table))])
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(arrays, schema.types, strict=True)], schema=schema
    )
