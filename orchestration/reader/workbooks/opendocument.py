"""An OpenDocument spreadsheet (.ods), read from its XML: cells as they are shown, merged ones, and no bomb."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from orchestration.reader.errors import Limits, ReadLimitError, UnreadableFileError
from orchestration.reader.workbooks.grid import Grid, Place, Span, check_cell, check_extent

_CONTENT = "content.xml"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_TIME = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")
_DIGITS = 15
_MOST_SPACES = 1_000


def read_opendocument(path: Path, limits: Limits) -> list[Grid]:
    """The sheets of an .ods. Raises UnreadableFileError (bad_workbook) and ReadLimitError."""
    try:
        with zipfile.ZipFile(path) as archive:
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise UnreadableFileError("old_workbook", "the workbook has a password; save it without one")
            with archive.open(_CONTENT) as content:
                return list(_grids(_Counted(content, limits.file_bytes), limits))
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, zlib.error, RuntimeError):
        pass
    except (NotImplementedError, ElementTree.ParseError):
        pass
    raise UnreadableFileError("bad_workbook", "the workbook is damaged; open it in LibreOffice and save it as .xlsx")


class _Counted:
    """A stream that ends with an error where it goes on for longer than it may, whatever the archive says of it."""

    def __init__(self, stream: IO[bytes], left: int):
        self.stream, self.left = stream, left

    def read(self, size: int = -1) -> bytes:
        block = self.stream.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise ReadLimitError("file_too_large", "the workbook unpacks to too much; save it as CSV")
        return block


def _grids(content: _Counted, limits: Limits) -> Iterator[Grid]:
    table: _Table | None = None
    depth = 0
    for event, element in ElementTree.iterparse(content, ("start", "end")):
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:  # a table within a cell is a part of it
                table = _Table(element.get(f"{_TABLE}name", ""), limits)
            elif table and event == "end" and depth == 0:
                yield table.grid()
                table = None
        elif event == "end" and element.tag == f"{_TABLE}table-row" and table and depth == 1:
            table.add(element)
            element.clear()


class _Table:
    """A sheet in the making. Rows and cells that are repeated are only written out where something stands in them."""

    def __init__(self, name: str, limits: Limits):
        self.name, self.limits, self.left = name, limits, limits.file_bytes
        self.rows, self.spans, self.dates = list[list[str]](), list[Span](), set[Place]()
        self.blank_rows = self.width = 0

    def add(self, row: ElementTree.Element) -> None:
        repeated = _count(row, "number-rows-repeated")
        top, cells = len(self.rows) + self.blank_rows, list[str]()
        gap = 0
        for cell in row:
            if cell.tag not in _CELLS:
                continue
            times, text = _count(cell, "number-columns-repeated"), _shown(cell)
            if not text:
                gap += times
                continue
            check_cell(text, self.limits)
            check_extent(top + repeated, len(cells) + gap + times, self.limits.columns)
            cells += [""] * gap
            down, across = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
            if down > 1 or across > 1:
                self.spans.append(Span(top, len(cells), top + down - 1, len(cells) + across - 1))
            if cell.get(f"{_OFFICE}value-type") == "date":
                self.dates |= {(top + step, len(cells)) for step in range(repeated)}
            cells += [text] * times
            gap = 0
            self.left -= len(text) * times * repeated
            if self.left < 0:
                raise ReadLimitError("file_too_large", "the workbook unpacks to too much; save it as CSV")
        if not cells:
            self.blank_rows += repeated
            return
        self.width = max(self.width, len(cells))
        check_extent(top + repeated, self.width, self.limits.columns)
        self.rows += [[] for _ in range(self.blank_rows)]
        self.rows += [list(cells) for _ in range(repeated)]
        self.blank_rows = 0

    def grid(self) -> Grid:
        cells = [row + [""] * (self.width - len(row)) for row in self.rows]
        return Grid(self.name, cells, self.spans, frozenset(self.dates))


def _count(element: ElementTree.Element, name: str) -> int:
    return max(int(element.get(f"{_TABLE}{name}", "1")), 1)


def _shown(cell: ElementTree.Element) -> str:
    """What a cell shows; of a number all its digits, and the zeros before it where it shows some."""
    kind = cell.get(f"{_OFFICE}value-type")
    if kind is None and not len(cell):
        return ""
    text = "\n".join(_paragraph(part) for part in cell if part.tag == f"{_TEXT}p")
    if kind in ("float", "percentage", "currency"):
        number = _number(cell.get(f"{_OFFICE}value", ""))
        return text if text.isdigit() and text.startswith("0") and text.lstrip("0") == number else number
    if kind == "date":
        date, _, time = cell.get(f"{_OFFICE}date-value", "").partition("T")
        return f"{date} {time[:8]}" if time and not time.startswith("00:00:00") else date
    if kind == "time" and (found := _TIME.fullmatch(cell.get(f"{_OFFICE}time-value", ""))):
        return f"{int(found[1]):02}:{int(found[2]):02}:{int(found[3]):02}"
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value", text)
    return text


def _number(value: str) -> str:
    """A number without a point where it needs none; one of more digits than are kept has an exponent, as of Excel."""
    try:
        number = Decimal(repr(float(value)))
    except (ValueError, InvalidOperation):
        return value
    if not number.is_finite():
        return value
    whole = format(number.to_integral_value(), "f") if number == number.to_integral_value() else format(number, "f")
    return f"{number:.{_DIGITS - 1}E}" if "." not in whole and len(whole.lstrip("-")) > _DIGITS else whole


def _paragraph(paragraph: ElementTree.Element) -> str:
    pieces = [paragraph.text or ""]
    for part in paragraph:
        if part.tag == f"{_TEXT}s":
            pieces.append(" " * min(int(part.get(f"{_TEXT}c", "1")), _MOST_SPACES))
        elif part.tag == f"{_TEXT}tab":
            pieces.append("\t")
        elif part.tag == f"{_TEXT}line-break":
            pieces.append("\n")
        elif part.tag != f"{_OFFICE}annotation":
            pieces.append(_paragraph(part))
        pieces.append(part.tail or "")
    return "".join(pieces)
