"""An .xls workbook (BIFF in a compound file): whether the library may open it, and what it says besides its cells.

The library asks for as much memory as the farthest cell needs, so that the records are looked at before.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from orchestration.reader.errors import Limits, ReadLimitError, UnreadableFileError
from orchestration.reader.workbooks.calamine import read_grids
from orchestration.reader.workbooks.grid import Grid, Marks, Span, check_extent, pads

_MOST_BYTES = 1 << 29  # far more than the 65,536 rows of such a sheet take
_FREE = 0xFFFFFFFA  # from here on a number of a sector is a mark
_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _XF, _FORMAT = 0x809, 0x0A, 0x2F, 0x85, 0xE0, 0x41E
_DIMENSIONS, _MERGED, _FORMULA, _BOOLERR, _MULRK, _MULBLANK = 0x200, 0xE5, 0x06, 0x205, 0xBD, 0xBE
_CELLS = (_FORMULA, _BOOLERR, _MULRK, _MULBLANK, 0x203, 0x204, 0x27E, 0x201, 0xFD, 0xD6)
_NUMBERS = (0x203, 0x27E, _FORMULA)
_BIFF8 = 0x600


def read_xls(path: Path, staging: Path, limits: Limits) -> tuple[list[Grid], int]:
    """Its sheets, and how many of its cells hold an error, which the library gives as nothing."""
    if path.stat().st_size > _MOST_BYTES:
        raise ReadLimitError("file_too_large", "the workbook is too large for an .xls; save it as CSV")
    try:
        stream = _workbook_stream(path.read_bytes())
        marks, errors = _marks(stream, limits)
    except (struct.error, IndexError, KeyError, ValueError):
        raise UnreadableFileError(
            "old_workbook",
            "the file is an old Excel workbook (.xls) that cannot be opened or has a password; "
            "save it without one as .xlsx or CSV",
        ) from None
    copy = staging / "workbook.xls"  # the library tells by the name what a file is
    copy.symlink_to(path.resolve())
    return read_grids(copy, marks, limits), errors


def _workbook_stream(data: bytes) -> bytes:
    """The stream of the workbook within a compound file ([MS-CFB])."""
    sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    first_directory, _, cutoff, _, _, next_list = struct.unpack_from("<6I", data, 48)
    lists = list(struct.unpack_from("<109I", data, 76))
    seen = 0
    while next_list < _FREE and seen < len(data) // sector:
        *more, next_list = struct.unpack_from(f"<{sector // 4}I", data, (next_list + 1) * sector)
        lists += more
        seen += 1
    table: list[int] = []
    for number in lists:
        if number < _FREE and len(table) * sector <= len(data) + sector:
            table += struct.unpack_from(f"<{sector // 4}I", data, (number + 1) * sector)
    directory = _chain(data, first_directory, table, sector)
    entries = {}
    for at in range(0, len(directory) - 127, 128):
        length = min(struct.unpack_from("<H", directory, at + 64)[0], 64)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le").lower()
        entries[name] = struct.unpack_from("<II", directory, at + 116)
    if "encryptedpackage" in entries:
        raise UnreadableFileError("old_workbook", "the workbook has a password; save it without one")
    if not {"workbook", "book"} & {*entries}:
        raise UnreadableFileError("not_text", "the file is no workbook; send the table as .xlsx or CSV")
    start, size = entries["workbook" if "workbook" in entries else "book"]
    if size < cutoff:  # who writes workbooks fills them up to as much
        raise ValueError(size)
    return _chain(data, start, table, sector)[:size]


def _chain(data: bytes, start: int, table: list[int], size: int) -> bytes:
    """The bytes of the sectors that follow one another from `start` on; a header of that size is before the first."""
    pieces, seen = [], 0
    while start < _FREE and seen <= len(table):
        pieces.append(data[(start + 1) * size : (start + 2) * size])
        start = table[start]
        seen += 1
    return b"".join(pieces)


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from a substream's beginning to its end, those of a chart within it left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        if depth <= 1:
            yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _marks(stream: bytes, limits: Limits) -> tuple[dict[str, Marks], int]:
    sheets: list[tuple[int, str]] = []
    styles: list[int] = []
    forms: dict[int, str] = {}
    version = _BIFF8
    for kind, data in _records(stream, 0):
        if kind == _BOF:
            version = struct.unpack_from("<H", data, 0)[0]
        elif kind == _FILEPASS:
            raise UnreadableFileError("old_workbook", "the workbook has a password; save it without one")
        elif kind == _BOUNDSHEET:
            sheets.append((struct.unpack_from("<I", data, 0)[0], _string(data, 6, 1, version)))
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _FORMAT and version == _BIFF8:
            forms[struct.unpack_from("<H", data, 0)[0]] = _string(data, 2, 2, version)
    padding = {style: forms[form] for style, form in enumerate(styles) if pads(forms.get(form, ""))}
    marks, errors = {}, 0
    for at, name in sheets:
        marks[name] = Marks()
        errors += _look_at(stream, at, marks[name], padding, limits)
    return marks, errors


def _look_at(stream: bytes, at: int, marks: Marks, padding: dict[int, str], limits: Limits) -> int:
    """Note what a sheet says of its cells, and give the number of its errors."""
    rows = columns = errors = 0
    for kind, data in _records(stream, at):
        if kind in _CELLS:
            row, column, style = struct.unpack_from("<HHH", data)
            last = struct.unpack_from("<H", data, len(data) - 2)[0] if kind in (_MULRK, _MULBLANK) else column
            rows, columns = max(rows, row + 1), max(columns, last + 1)
            if kind == _BOOLERR:
                errors += data[7]
            elif kind == _FORMULA:
                errors += data[6] == 2 and data[12:14] == b"\xff\xff"
            if padding and kind == _MULRK:
                for step in range((len(data) - 6) // 6):
                    style = struct.unpack_from("<H", data, 4 + 6 * step)[0]
                    if style in padding:
                        marks.padded[row, column + step] = padding[style]
            elif style in padding and kind in _NUMBERS:
                marks.padded[row, column] = padding[style]
        elif kind == _DIMENSIONS and len(data) >= 12:
            stated_rows, _, stated_columns = struct.unpack_from("<IHH", data, 4)
            rows, columns = max(rows, stated_rows), max(columns, stated_columns)
        elif kind == _MERGED:
            for top, bottom, left, right in struct.iter_unpack("<4H", data[2 : 2 + (len(data) - 2) // 8 * 8]):
                marks.spans.append(Span(top, left, bottom, right))
        check_extent(rows, columns, max(limits.columns, 256))
    return errors


def _string(data: bytes, at: int, size: int, version: int) -> str:
    """A string that says its length in `size` bytes, and in BIFF8 whether its characters have two."""
    length = int.from_bytes(data[at : at + size], "little")
    at += size
    if version != _BIFF8:
        return data[at : at + length].decode("cp1252", "replace")
    wide, at = data[at] & 1, at + 1
    return data[at : at + 2 * length].decode("utf-16-le") if wide else data[at : at + length].decode("latin-1")
