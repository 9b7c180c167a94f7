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

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.0+)?")
_NO_DAY = ("1899-12-31", "1899-12-30")  # what a time alone is given for a date
# Excel keeps 15 digits of a number; what it shows behind them is not what was typed.
_DIGITS = 15
_MOST_ROWS = 1_048_576
_MOST_CELLS = 64_000_000
_BLOCK = 1 << 22
# References to columns of one letter and rows of five digits are not looked at: so many cells are no danger.
_FEW_COLUMNS, _FEW_ROWS = 26, 99_999
_LONGEST_REFERENCE = 256
_ERROR = re.compile(rb"""<c\b[^>]{0,80}\bt=["']e["']""")
_FAR_COLUMN = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{2,60})[0-9]""")
_FAR_ROW = re.compile(rb"""\br\s*=\s*["']\s*[A-Za-z]{0,60}0*([1-9][0-9]{5,60})\s*["']""")
_LONG = re.compile(rf"-?[0-9]{{{_DIGITS + 1},}}")


@dataclass(frozen=True)
class Workbook:
    """The rows of the sheet that was chosen, its layout, and what there is to say of the workbook."""

    rows: list[Row]
    layout: Layout
    remarks: list[str] = field(default_factory=list)


def read_workbook(path: Path, staging: Path, limits: Limits, known: KnownHeader | None) -> Workbook:
    """The first sheet with a known header, else the first with a table. A row of the sheet is a line.

    Raises UnreadableFileError (bad_workbook) when it cannot be opened or holds nothing.
    """
    path, errors = _unpacked(path, staging, limits)
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
    remarks = []
    if len(sheets) > 1:
        where = f"sheet {names.index(chosen) + 1} of {len(names)}"
        remarks.append(f"{where} was read, and {len(sheets) - 1} more with something in it not; send each as a file")
    if errors:
        remarks.append(
            f"{errors:,} cells hold an Excel error such as #N/A and are taken as blank; correct the formulas"
        )
    return Workbook(sheets[chosen], layouts[chosen], remarks)


def _unpacked(path: Path, folder: Path, limits: Limits) -> tuple[Path, int]:
    """A copy of the workbook, not packed and no larger than it may be, without cells far out; and how many of its cells
    hold an error, which the library gives as nothing.

    The library would believe whatever the archive says of itself, and ask for as much memory as the farthest cell
    needs.
    """
    copy, left, errors = folder / "workbook.xlsx", limits.file_bytes, 0
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as out:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                extent = _Extent(limits)  # any part may be a sheet: the workbook says so, not its name
                with archive.open(entry) as part, out.open(entry.filename, "w", force_zip64=True) as target:
                    while block := part.read(_BLOCK):
                        left -= len(block)
                        if left < 0:
                            raise ReadLimitError("file_too_large", "the workbook unpacks to too much; save it as CSV")
                        extent.look_at(block)
                        target.write(block)
                errors += extent.errors
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError, ValueError):
        raise UnreadableFileError(
            "bad_workbook", "the workbook is damaged; open it in Excel and save it again"
        ) from None
    return copy, errors


class _Extent:
    """How far out the cells of a sheet are, and how many are errors, by its XML. Raises ReadLimitError when too far."""

    def __init__(self, limits: Limits):
        self.limits, self.columns, self.rows, self.rest = limits, _FEW_COLUMNS, _FEW_ROWS, b""
        self.errors = 0

    def look_at(self, block: bytes) -> None:
        text = self.rest + block
        self.errors += sum(found.end() > len(self.rest) for found in _ERROR.finditer(text))
        self.columns = max([self.columns, *map(_column_number, set(_FAR_COLUMN.findall(text)))])
        self.rows = max([self.rows, *(int(row) for row in set(_FAR_ROW.findall(text)))])
        self.rest = text[-_LONGEST_REFERENCE:]
        if self.columns > max(self.limits.columns, _FEW_COLUMNS):
            raise _too_many_columns(self.columns, self.limits)
        if self.rows > _MOST_ROWS or self.rows * self.columns > _MOST_CELLS:
            raise ReadLimitError(
                "file_too_large",
                f"a sheet reaches to row {self.rows:,} and column {self.columns:,}; "
                "delete what stands far below or to the right of the table",
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
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
    if any(
        len(cell) * 4 > limits.cell_bytes and len(cell.encode()) > limits.cell_bytes for row in table for cell in row
    ):
        raise ReadLimitError(
            "cell_too_long",
            f"a cell of the sheet has more than the {limits.cell_bytes:,} bytes that a cell may have; take it out",
        )
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
    if moment := _MOMENT.fullmatch(value):
        date, time = moment[1], moment[2]
        return time if date in _NO_DAY else date if time == "00:00:00" else value
    return value


def _width(rows: list[Row]) -> int:
    """How many cells most rows have filled up to, at least the widest's half: titles and footers are narrow."""
    widths = Counter(max((at for at, cell in enumerate(row.cut, 1) if cell), default=0) for row in rows)
    return max(widths, key=lambda width: (widths[width] * width, width), default=0)
