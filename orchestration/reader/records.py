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

_BATCH = 50_000


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
    mend = "put the cell that holds the delimiter in double quotes"
    if found <= width:
        mend = "most records have as many, so name every column in the header"
    return f"wrong_field_count: the record has {found} cells, the header {columns}; {mend}"


def write_rows(rows: Iterable[Row], layout: Layout, columns: int, dialect: Dialect, target: Path) -> Written:
    """Write the records among `rows` as Parquet: line_number, c0.., problem, record_text, record_cells.

    Records have `columns` cells: short ones are filled up; blank cells beyond are dropped where nearly all records
    have them (one that is alone with them may have a delimiter within a cell). A record with a problem has no cells,
    but its text, and in record_cells what cells can be made of it.
    """
    schema = pa.schema(
        [
            ("line_number", pa.int32()),
            *((f"c{index}", pa.string()) for index in range(columns)),
            ("problem", pa.string()),
            ("record_text", pa.string()),
            ("record_cells", pa.list_(pa.string())),
        ]
    )
    written, padding, nothing = Written(), [""] * columns, [None] * columns
    sorted_rows = sort_rows(rows, layout)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while batch := list(itertools.islice(sorted_rows, _BATCH)):
            table, numbers, problems = [], [], {}
            for row in batch:
                if isinstance(row, OtherLine):
                    written.other_lines.append(row)
                    continue
                cells = row.cells
                if cells is not None and row.blank:
                    written.blank_lines += range(row.line_number, row.line_number + row.lines)
                    continue
                if cells is None:
                    problems[len(table)] = (row.problem, row.text, loose_cells(row.text, dialect))
                    table.append(nothing)
                elif len(cells) == columns:
                    table.append(cells)
                elif len(cells) < columns:
                    written.short.append(row.line_number)
                    table.append(cells + padding[len(cells) :])
                elif layout.trailing and all(map(is_blank, cells[columns:])):
                    table.append(cells[:columns])
                else:
                    problems[len(table)] = (wrong_field_count(len(cells), columns, layout.width), row.text, cells)
                    table.append(nothing)
                numbers.append(row.line_number)
                written.record_lines += row.lines
                if row.repaired:
                    written.repaired.append(row.line_number)
            written.records += len(table)
            arrays = [pa.array(numbers, pa.int32())]
            arrays += (
                [pa.array(column, pa.string()) for column in zip(*table, strict=True)]
                if table
                else [pa.array([], pa.string()) for _ in range(columns)]
            )
            for index, kind in enumerate((pa.string(), pa.string(), pa.list_(pa.string()))):
                values = [None] * len(table)
                for position, found in problems.items():
                    values[position] = found[index]
                arrays.append(pa.array(values, kind))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return written
