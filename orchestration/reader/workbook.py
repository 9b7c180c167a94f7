"""A workbook's first sheet that holds a table, as rows of text."""

import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import polars as pl

from orchestration.reader.errors import Limits, ReadLimitError, UnreadableFileError
from orchestration.reader.header import find_layout
from orchestration.reader.layout import KnownHeader, Layout, Row

_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00:00(?:\.0+)?")
# Excel keeps 15 digits of a number; what it shows behind them is not what was typed.
_DIGITS = 15
_MOST_ROWS = 1_048_576
_MOST_CELLS = 50_000_000
_BLOCK = 1 << 22
_LONGEST_REFERENCE = 64
_FAR_COLUMN = re.compile(rb'\br="([A-Z]{2,7})[0-9]')
# The row of a row, or of a cell that is far down.
_ROW = re.compile(rb'(?:<row [^>]{0,64}?\br="|\br="[A-Z]{1,7}(?=[0-9]{6}))([0-9]{1,12})"')
_LONG = re.compile(rf"-?[0-9]{{{_DIGITS + 1},}}")


@dataclass(frozen=True)
class Workbook:
    """The rows of the sheet that was chosen, its layout, and what there is to say of the workbook."""

    rows: list[Row]
    layout: Layout
    remarks: list[str] = field(default_factory=list)


def read_workbook(path: Path, limits: Limits, known: KnownHeader | None) -> Workbook:
    """The first sheet with a known header, else the first with a table. A row of the sheet is a line.

    Raises UnreadableFileError (bad_workbook) when it cannot be opened or holds nothing.
    """
    _check_extent(path, limits)
    try:
        names = fastexcel.read_excel(path).sheet_names
        sheets = {name: rows for name in names if (rows := _sheet(path, name, limits))}
    except ReadLimitError:
        raise
    except Exception as error:  # whatever a damaged file does to the library
        raise UnreadableFileError(
            "bad_workbook",
            f"the workbook cannot be opened; open it in Excel and save it again ({type(error).__name__})",
        ) from None
    layouts = {name: find_layout(rows, _width(rows), known) for name, rows in sheets.items()}
    tables = [name for name, rows in sheets.items() if sum(not row.blank for row in rows) > 1]
    candidates = [name for name, layout in layouts.items() if known and known(layout.header)] + tables + list(sheets)
    if not candidates:
        raise UnreadableFileError(
            "bad_workbook", "no sheet of the workbook holds anything; send the one with the table"
        )
    chosen = candidates[0]
    unread = [f"'{name}'" for name in sheets if name != chosen]
    remarks = [f"the sheet '{chosen}' was read, and not {', '.join(unread)}; send those as files of their own"]
    return Workbook(sheets[chosen], layouts[chosen], remarks if unread else [])


def _check_extent(path: Path, limits: Limits) -> None:
    """Refuse a workbook with a cell so far out that the library would ask for more memory than there is."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            columns, rows, rest = 0, 0, b""
            try:
                with archive.open(name) as sheet:
                    while block := sheet.read(_BLOCK):
                        text = rest + block
                        columns = max([columns, *map(_column_number, set(_FAR_COLUMN.findall(text)))])
                        rows = max([rows, *(int(row) for row in set(_ROW.findall(text)))])
                        rest = text[-_LONGEST_REFERENCE:]
            except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError):
                raise UnreadableFileError("bad_workbook", "the workbook is damaged; save it again") from None
            if columns > limits.columns:
                raise _too_many_columns(columns, limits)
            if rows > _MOST_ROWS or rows * max(columns, 1) > _MOST_CELLS:
                raise ReadLimitError(
                    "file_too_large",
                    f"a sheet reaches to row {rows:,} and column {columns:,}; delete what stands far below or to the "
                    "right of the table",
                )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_many_columns(columns: int, limits: Limits) -> ReadLimitError:
    return ReadLimitError(
        "too_many_columns",
        f"the sheet has {columns:,} columns, more than the {limits.columns:,} that are read; leave some out",
    )


def _sheet(path: Path, name: str, limits: Limits) -> list[Row]:
    """The rows of a sheet, cells as text; none when nothing stands in it."""
    texts = _read(path, name, "string")
    if texts.width > limits.columns:
        raise _too_many_columns(texts.width, limits)
    table = [[_text(cell) for cell in row] for row in texts.iter_rows()]
    long = [
        (row, column) for row, cells in enumerate(table) for column, cell in enumerate(cells) if _LONG.fullmatch(cell)
    ]
    if long:
        numbers = _read(path, name, "boolean")  # nothing where the cell is text, so that 17 typed digits stay
        for row, column in long:
            if numbers.item(row, column) is not None:
                table[row][column] = f"{float(table[row][column]):.{_DIGITS - 1}E}"
    while table and not any(table[-1]):
        table.pop()  # rows that were formatted and never filled
    return [Row(number, 1, cells, "\t".join(cells).rstrip("\t")) for number, cells in enumerate(table, start=1)]


def _read(path: Path, name: str, kind: str) -> pl.DataFrame:
    return pl.read_excel(
        path,
        sheet_name=name,
        engine="calamine",
        has_header=False,
        drop_empty_rows=False,
        drop_empty_cols=False,
        raise_if_empty=False,
        read_options={"skip_rows": 0, "dtypes": kind},
    )


def _text(value: str | None) -> str:
    if value is None:
        return ""
    midnight = _MIDNIGHT.fullmatch(value)
    return midnight[1] if midnight else value


def _width(rows: list[Row]) -> int:
    """How many cells most rows have filled up to, at least the widest's half: titles and footers are narrow."""
    widths = Counter(max((at for at, cell in enumerate(row.cells, 1) if cell), default=0) for row in rows)
    return max(widths, key=lambda width: (widths[width] * width, width), default=0)
