"""An .xlsx workbook: unpacked within limits, and what its XML says that the library does not."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from orchestration.reader.errors import Limits, ReadLimitError, UnreadableFileError
from orchestration.reader.workbooks.calamine import read_grids
from orchestration.reader.workbooks.grid import Grid, Marks, Place, Span, check_extent, pads

_BLOCK = 1 << 22
# References to columns of one letter and rows of five digits are not looked at: so many cells are no danger.
_FEW_COLUMNS, _FEW_ROWS = 26, 99_999
_LONGEST_REFERENCE = 256
_ERROR = re.compile(rb"""<c\b[^>]{0,80}\bt=["']e["']""")
_FAR_COLUMN = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{2,60})[0-9]""")
_FAR_ROW = re.compile(rb"""\br\s*=\s*["']\s*[A-Za-z]{0,60}0*([1-9][0-9]{5,60})\s*["']""")
_MERGED = re.compile(rb"""mergeCell\s+ref\s*=\s*["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']""")
_STYLED = re.compile(rb"""<(?:\w+:)?c\s[^>]{0,200}>""")
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_STYLE = re.compile(rb"""\bs\s*=\s*["']([0-9]{1,6})["']""")
# More merged cells than a table has, and they are a drawing.
_MOST_MERGED = 200_000
_MOST_XML = 1 << 25


def read_xlsx(path: Path, staging: Path, limits: Limits) -> tuple[list[Grid], int]:
    """Its sheets, and how many of its cells hold an error, which the library gives as nothing."""
    copy = staging / "workbook.xlsx"
    errors, merged = _unpack(path, copy, limits)
    return read_grids(copy, _marks(copy, merged), limits), errors


def _unpack(path: Path, copy: Path, limits: Limits) -> tuple[int, dict[str, list[Span]]]:
    """Copy the workbook, not packed and no larger than it may be, without cells far out. Gives the number of its
    errors, and the merged cells of each part.

    The library would believe whatever the archive says of itself, and ask for as much memory as the farthest cell
    needs.
    """
    left, errors, merged = limits.file_bytes, 0, {}
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as out:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                look = _Look(limits)  # any part may be a sheet: the workbook says so, not its name
                with archive.open(entry) as part, out.open(entry.filename, "w", force_zip64=True) as target:
                    while block := part.read(_BLOCK):
                        left -= len(block)
                        if left < 0:
                            raise ReadLimitError("file_too_large", "the workbook unpacks to too much; save it as CSV")
                        look.at(block)
                        target.write(block)
                errors += look.errors
                if look.merged:
                    merged[entry.filename] = look.merged
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError, NotImplementedError, ValueError):
        raise UnreadableFileError(
            "bad_workbook", "the workbook is damaged; open it in Excel and save it again"
        ) from None
    return errors, merged


class _Look:
    """What the XML of a sheet says: how far out its cells are, how many are errors, which are merged."""

    def __init__(self, limits: Limits):
        self.limits, self.columns, self.rows, self.rest = limits, _FEW_COLUMNS, _FEW_ROWS, b""
        self.errors, self.merged = 0, list[Span]()

    def at(self, block: bytes) -> None:
        """Look at the next block. Raises ReadLimitError when cells are too far out."""
        text = self.rest + block
        new = len(self.rest)
        self.errors += sum(found.end() > new for found in _ERROR.finditer(text))
        self.columns = max([self.columns, *map(_column_number, set(_FAR_COLUMN.findall(text)))])
        self.rows = max([self.rows, *(int(row) for row in set(_FAR_ROW.findall(text)))])
        if len(self.merged) < _MOST_MERGED:
            self.merged += [_span(found) for found in _MERGED.finditer(text) if found.end() > new]
        self.rest = text[-_LONGEST_REFERENCE:]
        check_extent(self.rows, self.columns, max(self.limits.columns, _FEW_COLUMNS))


def _span(found: re.Match[bytes]) -> Span:
    left, top, right, bottom = found.groups()
    return Span(int(top) - 1, _column_number(left) - 1, int(bottom) - 1, _column_number(right) - 1)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _marks(copy: Path, merged: dict[str, list[Span]]) -> dict[str, Marks]:
    """What each sheet says of its cells, by its name. Nothing where the workbook is built otherwise than Excel does."""
    try:
        with zipfile.ZipFile(copy) as archive:
            forms = _padding_styles(archive)
            return {
                name: Marks(merged.get(part, []), _padded_cells(archive, part, forms) if forms else {})
                for name, part in _parts(archive)
            }
    except (KeyError, ValueError, ElementTree.ParseError):
        return {}


def _tree(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    if archive.getinfo(part).file_size > _MOST_XML:
        raise ValueError(part)
    return ElementTree.fromstring(archive.read(part))


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The name of each sheet and the part that it is in."""
    targets = {
        relation.get("Id"): relation.get("Target", "") for relation in _tree(archive, "xl/_rels/workbook.xml.rels")
    }
    names = {*archive.namelist()}
    for sheet in _tree(archive, "xl/workbook.xml").findall(".//{*}sheet"):
        relation = next((value for name, value in sheet.items() if name.endswith("}id")), None)
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in names:
            yield sheet.get("name", ""), part


def _padding_styles(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """The number formats that show leading zeros, by the number of the style as cells name it."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    styles = _tree(archive, "xl/styles.xml")
    forms = {form.get("numFmtId"): form.get("formatCode", "") for form in styles.findall(".//{*}numFmt")}
    cells = styles.find("{*}cellXfs")
    numbered = enumerate(cells if cells is not None else ())
    return {
        str(number).encode(): forms[style.get("numFmtId")]
        for number, style in numbered
        if pads(forms.get(style.get("numFmtId"), ""))
    }


def _padded_cells(archive: zipfile.ZipFile, part: str, forms: dict[bytes, str]) -> dict[Place, str]:
    padded: dict[Place, str] = {}
    rest = b""
    with archive.open(part) as sheet:
        while block := sheet.read(_BLOCK):
            text = rest + block
            for found in _STYLED.finditer(text):
                style, place = _STYLE.search(found[0]), _REFERENCE.search(found[0])
                if style and place and style[1] in forms:
                    padded[int(place[2]) - 1, _column_number(place[1]) - 1] = forms[style[1]]
            rest = text[-_LONGEST_REFERENCE:]
    return padded
