"""A sheet of a workbook as a person sees it: cells as text, merged cells, numbers in their format."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestration.reader.errors import Limits, ReadLimitError

Place = tuple[int, int]  # row and column, from 0

MOST_ROWS = 1_048_576
MOST_CELLS = 64_000_000
_ZEROS = re.compile(r'(?:0|"[^"]*"|\\.|[-/ ()+])+')
_PIECE = re.compile(r'"([^"]*)"|\\(.)|(.)')


class Span(NamedTuple):
    """The cells that a merged one covers, from 0, its ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass
class Marks:
    """What a sheet says of its cells besides what stands in them: merged ones, and formats that pad with zeros."""

    spans: list[Span] = field(default_factory=list)
    padded: dict[Place, str] = field(default_factory=dict)


@dataclass
class Grid:
    """The cells of a sheet, every row as wide as the others. `dates`: where dates stand that are no text."""

    name: str
    cells: list[list[str]]
    spans: list[Span] = field(default_factory=list)
    dates: frozenset[Place] = frozenset()

    def spread(self) -> None:
        """Let a merged cell count for all that it covers. A title stays one cell, and so does the word of a total; rows
        with nothing of their own stay blank."""
        filled = [any(row) for row in self.cells]
        left = sum(map(len, self.cells))  # spans may not overlap, so that no more than all cells can be filled
        for top, first, bottom, right in self.spans:
            for number in range(top, min(bottom + 1, len(self.cells))):
                row, text = self.cells[number], self.cells[top][first] if first < len(self.cells[top]) else ""
                if not filled[number]:
                    continue
                last = min(right, len(row) - 1) if right > first and not _labels(row, first) else first
                for column in range(first, last + 1):
                    row[column] = row[column] or text
                left -= max(last - first + 1, 1)
                if left < 0:
                    return


def _labels(row: list[str], first: int) -> bool:
    """Whether a merged cell is all that stands in its row, or says what the sums beside it are."""
    alone = not any(cell for column, cell in enumerate(row) if column != first)
    return alone or ("total" in row[first].lower() and not any(row[:first]))


def pads(form: str) -> bool:
    """Whether a number format shows leading zeros: zeros and other characters, but no point, exponent or grouping."""
    first = form.split(";")[0]
    return _ZEROS.fullmatch(first) is not None and re.sub(r'"[^"]*"|\\.', "", first).count("0") > 1


def padded(number: str, form: str) -> str:
    """A whole number as such a format shows it: 123 under `000000` is 000123."""
    if not number.isascii() or not number.isdigit():
        return number
    pieces = [(found[1] or found[2] or "", found[3] or "") for found in _PIECE.finditer(form.split(";")[0])]
    digits = number.zfill(sum(plain == "0" for _, plain in pieces))
    shown: list[str] = []
    for literal, plain in reversed(pieces):
        if plain != "0":
            shown.append(literal or plain)
        else:
            shown.append(digits[-1])
            digits = digits[:-1]
            place = len(shown)  # digits beyond the zeros stand before the first of them
    shown.insert(place, digits)
    return "".join(reversed(shown))


def check_extent(rows: int, columns: int, most_columns: int, most_cells: int = MOST_CELLS) -> None:
    """Raise ReadLimitError for a sheet that reaches so far that its cells would fill the memory."""
    if columns > most_columns:
        raise ReadLimitError(
            "too_many_columns",
            f"the sheet has {columns:,} columns, more than the {most_columns:,} that are read; leave some out",
        )
    if rows > MOST_ROWS or rows * columns > most_cells:
        raise ReadLimitError(
            "file_too_large",
            f"a sheet reaches to row {rows:,} and column {columns:,}; "
            "delete what stands far below or to the right of the table",
        )


def check_cell(cell: str, limits: Limits) -> None:
    """Raise ReadLimitError for a cell that is longer than it may be."""
    if len(cell) * 4 > limits.cell_bytes and len(cell.encode("utf-8", "replace")) > limits.cell_bytes:
        raise ReadLimitError(
            "cell_too_long",
            f"a cell of the sheet has more than the {limits.cell_bytes:,} bytes that a cell may have; take it out",
        )
