"""The sheets of a workbook (.xlsx, .xls) by the calamine library, whose values become the text that Excel shows."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

import fastexcel
import polars as pl

from orchestration.reader.errors import Limits, ReadLimitError, UnreadableFileError
from orchestration.reader.workbooks.grid import Grid, Marks, Place, check_cell, check_extent, padded

Kind = Literal["string", "boolean", "float", "datetime"]

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.0+)?")
_NO_DAY = ("1899-12-31", "1899-12-30")  # what a time alone is given for a date
# Excel keeps 15 digits of a number; what it shows behind them is not what was typed.
_DIGITS = 15
# The library writes nine decimals at most, which are not those of the number where all nine are there.
_LONG = re.compile(rf"-?(?:[0-9]{{{_DIGITS + 1},}}|[0-9]+\.[0-9]{{9}})")
_ISO = r"^\d{4}-\d\d-\d\d"
_SLASHED = r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}($|[ T,])"


def read_grids(path: Path, marks: Mapping[str, Marks], limits: Limits) -> list[Grid]:
    """The sheets in their order, those of charts and those with nothing in them too.

    Raises UnreadableFileError (bad_workbook) for what the library cannot open.
    """
    try:
        reader = fastexcel.read_excel(path)
        return [_grid(reader, name, marks.get(name, Marks()), limits) for name in reader.sheet_names]
    except (ReadLimitError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # whatever a damaged file does to the library; its panics are no Exception
        raise UnreadableFileError(
            "bad_workbook",
            f"the workbook cannot be opened; open it in Excel and save it again ({type(error).__name__})",
        ) from None


def _grid(reader: fastexcel.ExcelReader, name: str, marks: Marks, limits: Limits) -> Grid:
    texts, offset = _read(reader, name, "string")
    check_extent(texts.height, texts.width, limits.columns)
    table = [[_text(cell) for cell in row] for row in texts.iter_rows()]
    most = limits.cell_bytes // 4
    for cell in (cell for row in table for cell in row if len(cell) > most):
        check_cell(cell, limits)
    _write_as_shown(table, {(row, at - offset): form for (row, at), form in marks.padded.items()}, reader, name)
    while table and not any(table[-1]):
        table.pop()  # rows that were formatted and never filled
    spans = [
        span._replace(left=span.left - offset, right=span.right - offset) for span in marks.spans if span.left >= offset
    ]
    return Grid(name, table, spans, _dates(texts, table, reader, name))


def _write_as_shown(
    table: list[list[str]], forms: Mapping[Place, str], reader: fastexcel.ExcelReader, name: str
) -> None:
    """Numbers with the zeros of their format, and those whose digits the library makes up: of a whole one the digits
    that Excel keeps, of any other the shortest text that gives the number."""
    long = [
        (row, column)
        for row, cells in enumerate(table)
        for column, cell in enumerate(cells)
        if len(cell) > 10 and _LONG.fullmatch(cell)
    ]
    if not long and not forms:
        return
    are_numbers, _ = _read(reader, name, "boolean")  # nothing where the cell is text: digits that were typed stay
    for (row, column), form in forms.items():
        is_there = row < len(table) and 0 <= column < len(table[row])
        if is_there and are_numbers.item(row, column) is not None:
            table[row][column] = padded(table[row][column], form)
    numbers, _ = _read(reader, name, "float") if long else (are_numbers, 0)
    for row, column in long:
        if are_numbers.item(row, column) is not None:
            number, whole = numbers.item(row, column), "." not in table[row][column]
            table[row][column] = f"{number:.{_DIGITS - 1}E}" if whole else format(Decimal(repr(number)), "f")


def _dates(texts: pl.DataFrame, table: list[list[str]], reader: fastexcel.ExcelReader, name: str) -> frozenset[Place]:
    """Where dates stand that are no text, in columns that have both: of others nobody asks."""
    mixed = [
        column
        for column, cells in enumerate(texts.iter_columns())
        if cells.str.contains(_SLASHED).any() and cells.str.contains(_ISO).any()
    ]
    if not mixed:
        return frozenset()
    moments, _ = _read(reader, name, "datetime")
    return frozenset(
        (row, column)
        for column in mixed
        for row, cells in enumerate(table)
        if re.match(_ISO, cells[column]) and moments.item(row, column) is not None
    )


def _read(reader: fastexcel.ExcelReader, name: str, kind: Kind) -> tuple[pl.DataFrame, int]:
    """A sheet with all cells as one kind, null where they are not; and how many columns before it are empty."""
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=kind)
    columns = sheet.available_columns()
    return sheet.to_polars(), min((column.absolute_index for column in columns), default=0)


def _text(value: str | None) -> str:
    if value is None:
        return ""
    if moment := _MOMENT.fullmatch(value):
        date, time = moment[1], moment[2]
        return time if date in _NO_DAY else date if time == "00:00:00" else value
    return value
