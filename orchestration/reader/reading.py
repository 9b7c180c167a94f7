"""One file read: what it is, its dialect and header, and its records as a relation."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.reader import fast
from orchestration.reader.careful import read_rows, whole_widths
from orchestration.reader.cells import Dialect, strict_cells
from orchestration.reader.dialect import choose_dialect, told_delimiter
from orchestration.reader.errors import Limits, ReadError, ReadLimitError
from orchestration.reader.filetypes import HEAD_BYTES, TEXT, file_type
from orchestration.reader.header import find_layout, layout_by_shape
from orchestration.reader.layout import PREAMBLE, TITLE, KnownHeader, KnownShape, Layout, OtherLine, Row, Words
from orchestration.reader.records import Part, Written, write_parts, write_rows
from orchestration.reader.scan import Scan, blanks_at_edges, scan
from orchestration.reader.shapes import BLANKS, is_blank
from orchestration.reader.sizes import check_lines
from orchestration.reader.text import Decoded, decode, readable, returns_alone
from orchestration.reader.titles import titles_above
from orchestration.reader.workbooks.workbook import Sheet, read_workbook

_SAMPLE_ROWS = 1_000
_SAMPLE_BYTES = 1 << 20
_BODY = "body.csv"
_MOST_LOOKED_AT = 1_000
# A delimiter too many in the records looks like one too few in the header.
_NAME_MISSING = (
    "the records end with a delimiter that the header lacks, so that a name may be missing there and those after it "
    "stand over the wrong columns; check that every column has its name"
)


@dataclass(frozen=True)
class LineCounts:
    """What the physical lines of a file are; all but the last add up to the last."""

    header: int = 0
    record: int = 0
    blank: int = 0
    other: int = 0
    physical: int = 0

    def check(self) -> None:
        """Raise ReadError when a line is not accounted for: better no upload than a lost record."""
        if self.header + self.record + self.blank + self.other != self.physical:
            raise ReadError(
                "lines_lost",
                f"of its {self.physical:,} lines {self.header:,} are header, {self.record:,} records, {self.blank:,} "
                f"blank and {self.other:,} others, which does not add up; save the file again as UTF-8 CSV",
            )


@dataclass(frozen=True)
class Reading:
    """What a file is made of.

    `header` is its header's cells as in the file, [] for a file without one; `columns` is how many cells a record has.
    `records` counts the unreadable ones too; `short` are the lines of those filled up, `repaired` of those repaired.
    `other_lines` are the lines that are no records, `blank_lines` the numbers of those with nothing in them. `path` is
    the staged file that `write` reads: UTF-8 CSV on the fast path, Parquet on the careful one. All but `encoding`,
    `dialect` and the header are final after `write`. `padding`: the blanks that may stand at the edges of cells.
    `sheets` are those of a workbook that were read, `unread` the filled rows of each other one by its name.
    `titles` is what the titles above the header (of any sheet) state, by field.
    """

    encoding: str
    dialect: Dialect
    layout: Layout
    columns: int
    speed: str
    path: Path
    lines: LineCounts = LineCounts()
    records: int = 0
    short: list[int] = field(default_factory=list)
    repaired: list[int] = field(default_factory=list)
    other_lines: list[OtherLine] = field(default_factory=list)
    blank_lines: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    scan: Scan | None = None
    first_byte: int = 0
    padding: str = BLANKS
    sheets: list[Sheet] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    decoded: Decoded | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)

    @property
    def header(self) -> list[str]:
        return self.layout.header

    @property
    def has_titles(self) -> bool:
        """Whether titles state something of records: final after `write`."""
        return bool(self.titles) or any(line.kind == TITLE for line in self.other_lines)

    @property
    def delimiter(self) -> str:
        return "" if self.speed == "workbook" else self.dialect.delimiter

    @classmethod
    def nothing(cls, staging: Path, encoding: str = "utf-8", blank_lines: int = 0) -> "Reading":
        """A reading without header and records."""
        empty = staging / "records.parquet"
        layout = Layout([], 0, 1, 0)
        write_rows([], layout, 0, Dialect(), empty)
        reading = cls(encoding, Dialect(), layout, 0, "careful", empty, LineCounts(physical=blank_lines))
        return reading._with(Written(blank_lines=list(range(1, blank_lines + 1))))

    def write(self, con: duckdb.DuckDBPyConnection, projection: str, params: list[object], target: Path) -> "Reading":
        """Write the records as Parquet to `target`, in file order, and return how they were read in the end.

        `projection` is a SELECT list with the parameters `params` over the columns line_number INTEGER, c0..cN
        VARCHAR ('' when blank), problem and record_text VARCHAR, record_cells VARCHAR[], titles MAP(VARCHAR, VARCHAR)
        (what titles above the record state, by field; null for nothing). `problem` is `code: sentence`
        for a record that could not be cut into cells; then the cells are null, `record_text` is what stands in the
        file and `record_cells` what can be made of it. `con` must be a connection of its own for each file. When DuckDB
        does not find the records that were counted, the file is read again carefully.
        """
        reading = self
        if self.speed == "fast":
            written = fast.write(self._fast_file(), con, projection, params, target)
            if written is not None:
                reading = self._with(written)
                reading.lines.check()
                return reading
            reading = self.carefully()
        reading.lines.check()
        fast.write_parquet(con, f"SELECT {projection} FROM {fast.parquet(reading.path)}", params, target)
        return reading

    def carefully(self) -> "Reading":
        """The same file read record by record."""
        assert self.decoded is not None  # what was not decoded was read carefully
        lines = self.decoded.lines(self.first_byte)
        widths = whole_widths(self.columns, self.layout.width)
        rows = read_rows(lines, self.layout.body_line, self.dialect, widths, self.decoded.clean, self.limits)
        target = self.path.parent / "records.parquet"
        written = write_rows(rows, self.layout, self.columns, self.dialect, target, self.titles)
        return replace(self, speed="careful", path=target)._with(written)

    def _with(self, written: Written) -> "Reading":
        other, blank = self.other_lines + written.other_lines, self.blank_lines + written.blank_lines
        lines = replace(
            self.lines,
            record=written.record_lines,
            blank=len(blank),
            other=sum(line.lines for line in other),
        )
        return replace(
            self,
            lines=lines,
            records=written.records,
            short=written.short,
            repaired=written.repaired,
            other_lines=other,
            blank_lines=blank,
        )

    def _fast_file(self) -> fast.File:
        assert self.decoded is not None and self.scan is not None
        has_header = self.path.name != _BODY and bool(self.first_byte)
        return fast.File(
            *(self.path, has_header, self.decoded, self.dialect, self.layout, self.columns, self.scan),
            *(self.padding, self.titles),
        )


def read_file(
    path: Path,
    staging: Path,
    limits: Limits = Limits(),
    known: KnownHeader | None = None,
    words: Words = Words(),
    shape: KnownShape | None = None,
) -> Reading:
    """Read the file at `path`, keeping what is needed for its records in the folder `staging`.

    `path` must be a file of ours (a copy), never a name that a user chose: DuckDB takes names for patterns. `known`
    says of a row's cells whether they are a header; without it the header is told by its form. `words` tells kinds of
    sheets, and titles that state something of the records below them; `shape` knows records that never have a header.
    docs/reading.md says what is read, and how. Raises UnreadableFileError and ReadLimitError, both ReadError.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise ReadLimitError(
            "file_too_large",
            f"the file has {size:,} bytes, more than the {limits.file_bytes:,} that are read at once; split it",
        )
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if (kind := file_type(path, head, limits.file_bytes)) != TEXT:
        return _read_workbook(kind, path, staging, limits, known, words)
    check_lines(path, limits)
    decoded = decode(path.read_bytes())
    head_lines, whole = _head(decoded, limits)
    if all(map(is_blank, head_lines)) and whole:
        physical = decoded.data.count(b"\n") + (bool(decoded.data) and not decoded.data.endswith(b"\n"))
        return Reading.nothing(staging, decoded.encoding, physical)
    told = told_delimiter(next(line for line in head_lines if not is_blank(line)))
    dialect, width = choose_dialect(head_lines, told)
    if returns_alone(decoded.data) and _returns_end_lines(decoded, dialect, width):
        decoded = decoded.split_at_returns()
        head_lines, whole = _head(decoded, limits)
        dialect, width = choose_dialect(head_lines, told)
    sample = list(itertools.islice(read_rows(head_lines, 1, dialect, (width,), decoded.clean), _SAMPLE_ROWS))
    by_shape = layout_by_shape(sample, shape) if shape else None
    layout = replace(by_shape or find_layout(sample, width, known, dialect), words=words)
    return _laid_out(path, staging, decoded, dialect, layout, sample, limits)


def _laid_out(
    path: Path, staging: Path, decoded: Decoded, dialect: Dialect, layout: Layout, sample: list[Row], limits: Limits
) -> Reading:
    """The reading of a text file whose header has been found, by the path that can read its records."""
    layout = replace(layout, header=[readable(cell) for cell in layout.header])
    _check_columns(max(len(layout.header), layout.width), limits)
    rows_above = [row for row in sample if row.line_number < (layout.header_line or layout.body_line)]
    first_byte = _line_offset(decoded.data, layout.body_line)
    if first_byte - _line_offset(decoded.data, layout.header_line or layout.body_line) > limits.header_bytes:
        raise _header_too_long(limits)
    body = scan(decoded.data, first_byte, layout.body_line, dialect.quote)
    header_lines = layout.body_line - layout.header_line if layout.header_line else 0
    reading = Reading(
        encoding=decoded.encoding,
        dialect=dialect,
        layout=layout,
        columns=len(layout.header) or layout.width,
        speed="fast",
        path=path,
        lines=LineCounts(
            header=header_lines,
            physical=layout.body_line - 1 + body.physical_lines,
        ),
        **_above(rows_above),
        titles=titles_above(rows_above, layout.words),
        remarks=_remarks(layout),
        scan=body,
        first_byte=first_byte,
        decoded=decoded,
        limits=limits,
    )
    if not fast.is_sure(decoded, first_byte, body, dialect, reading.columns, layout, limits):
        return reading.carefully()
    # The header stands at the top of a file as it was sent, in one line, or the body is staged without it.
    as_sent = decoded.unchanged and layout.header_line == 1 and layout.body_line == 2
    if not as_sent or dialect.quote.encode() in decoded.data[:first_byte]:
        staged = staging / _BODY
        with staged.open("wb") as out:
            out.write(memoryview(decoded.data)[first_byte:])
        reading = replace(reading, path=staged)
    return replace(
        reading, padding=blanks_at_edges(decoded.data, first_byte, body.multiline, dialect.delimiter, dialect.quote)
    )


def _read_workbook(
    kind: str, path: Path, staging: Path, limits: Limits, known: KnownHeader | None, words: Words
) -> Reading:
    book = read_workbook(kind, path, staging, limits, known, words)
    columns, first, target = len(book.header), book.sheets[0].layout, staging / "records.parquet"
    columns = columns or first.width
    _check_columns(max(columns, first.width), limits)
    parts = [Part(sheet.placed(columns), sheet.layout, titles_above(sheet.above, words)) for sheet in book.sheets]
    written = write_parts(parts, columns, Dialect("\t"), target)
    above = _above([row for sheet in book.sheets for row in sheet.above])
    reading = Reading(
        encoding=kind,
        dialect=Dialect("\t"),
        layout=replace(first, header=book.header),
        columns=columns,
        speed="workbook",
        path=target,
        lines=LineCounts(
            header=sum(sheet.header_rows for sheet in book.sheets),
            physical=sum(len(sheet.rows) for sheet in book.sheets),
        ),
        **above,
        remarks=book.remarks,
        sheets=book.sheets,
        titles={field: said for part in parts for field, said in part.titles.items()},
        unread=book.unread,
        limits=limits,
    )
    return reading._with(written)


def _remarks(layout: Layout) -> list[str]:
    if layout.shaped_by:
        return [_by_shape(layout)]
    return [_NAME_MISSING] if layout.trailing and layout.width == len(layout.header) + 1 else []


def _by_shape(layout: Layout) -> str:
    return f"it has no header, and its columns are named as in {layout.shaped_by}, whose shape its records have"


def _above(rows: list[Row]) -> dict[str, Any]:
    """What the rows above the header are."""
    return {
        "other_lines": [OtherLine(row.line_number, row.lines, PREAMBLE, row.text) for row in rows if not row.blank],
        "blank_lines": [row.line_number + step for row in rows if row.blank for step in range(row.lines)],
    }


def unique_keys(header: Sequence[str]) -> list[str]:
    """Headers as JSON keys: an empty one becomes `column 3`, one that was there before (in any case) `name 2`."""
    keys: list[str] = []
    seen: set[str] = set()
    for position, name in enumerate(header, start=1):
        base = name.replace("\0", "").strip() or f"column {position}"
        candidates = itertools.chain([base], (f"{base} {number}" for number in itertools.count(2)))
        key = next(candidate for candidate in candidates if candidate.lower() not in seen)
        seen.add(key.lower())
        keys.append(key)
    return keys


def _head(decoded: Decoded, limits: Limits) -> tuple[list[str], bool]:
    """The first lines, farther than a header may reach, and whether they are all."""
    head = decoded.data[: 2 * limits.header_bytes + _SAMPLE_BYTES]
    lines = head.decode("utf-8", "surrogateescape" if not decoded.clean else "replace").split("\n")
    whole = len(decoded.data) == len(head)
    if (whole and lines[-1] == "") or not whole:
        lines.pop()
    if not whole and all(map(is_blank, lines)):
        raise _header_too_long(limits)
    return lines, whole


def _header_too_long(limits: Limits) -> ReadLimitError:
    return ReadLimitError(
        "header_too_long",
        f"the header does not end within the first {limits.header_bytes:,} bytes; name the columns in line 1",
    )


def _check_columns(columns: int, limits: Limits) -> None:
    if columns > limits.columns:
        raise ReadLimitError(
            "too_many_columns",
            f"the table has {columns:,} columns, more than the {limits.columns:,} that are read; leave some out",
        )


def _line_offset(data: bytes, line: int) -> int:
    """The byte at which the line with this number starts."""
    offset = 0
    for _ in range(line - 1):
        found = data.find(b"\n", offset)
        if found < 0:
            return len(data)
        offset = found + 1
    return offset


def _returns_end_lines(decoded: Decoded, dialect: Dialect, width: int) -> bool:
    """Whether the pieces between lone CRs are records of their own, in most of the first lines that have one."""
    data, whole, looked_at, end = decoded.data, 0, 0, -1
    for found in re.finditer(rb"\r(?!\n)", data):
        if found.start() < end:
            continue  # of the line before
        start, end = data.rfind(b"\n", 0, found.start()) + 1, data.find(b"\n", found.start())
        end = len(data) if end < 0 else end
        pieces = data[start:end].decode("utf-8", "surrogateescape").split("\r")
        cells = [strict_cells(piece, dialect) for piece in pieces if piece.strip()]
        whole += len(cells) == 1 or all(found is not None and len(found) == width for found in cells)
        looked_at += 1
        if looked_at == _MOST_LOOKED_AT:
            break
    return 2 * whole > looked_at
