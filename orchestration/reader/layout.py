"""Which rows of a file are its header and its records, and what the others are."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from statistics import median
from typing import NamedTuple

from orchestration.reader.shapes import BLANKS, is_blank, is_value

PREAMBLE = "preamble"
REPEATED_HEADER = "repeated_header"
TOTALS = "totals"
FOOTER = "footer"
OTHER_TABLE = "other_table"

# How many columns of a row's cells have known names, as far as they make it a header; else 0.
KnownHeader = Callable[[Sequence[str]], int]

_TOTAL = re.compile(
    r"\W*(?:(?:grand|sub|net|page|overall|branch|cluster)[\s_-]*)?totals?[\W\d_]*"
    r"(?:(?:amounts?|outstanding|dues?|balance|principal|emi|loans?|accounts?|customers?|records|rows|count|no|of|for|rs|inr)"
    r"\b.*)?",
    re.I | re.S,
)
_LOOK_AHEAD = 200
_MOST_HEADER_ROWS = 4
# The share of the cells of a usual record that a header fills at least.
_FULL = 0.6
_MOST_FOOTERS = 20
_MOST_TITLES = 10
_SENTENCE_WORDS = 3


class Row(NamedTuple):
    """One record-like piece of a file: the lines `line_number` .. `line_number + lines - 1`.

    `cells` is None where the text could not be cut; then `problem` says why. `text` is what stands in the file.
    """

    line_number: int
    lines: int
    cells: list[str] | None
    text: str
    problem: str | None = None
    repaired: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing stands in any cell."""
        return self.cells is not None and all(map(is_blank, self.cells))


class OtherLine(NamedTuple):
    """Lines that are no record: `lines` of them from `line_number` on, what they are, and their text."""

    line_number: int
    lines: int
    kind: str
    text: str


@dataclass(frozen=True)
class Layout:
    """Where the header is (`header_line` 0: nowhere), its cells, and what is known of the records below.

    `body_line` is the line after the header; `width` the number of cells that most records have; `values` the columns
    in which nearly every cell that is not blank is a number, a date or the like, `texts` those in which none is.
    """

    header: list[str]
    header_line: int
    body_line: int
    width: int
    values: frozenset[int] = frozenset()
    texts: frozenset[int] = frozenset()
    known: KnownHeader | None = None

    @cached_property
    def _stripped(self) -> list[str]:
        return [cell.strip(BLANKS) for cell in self.header]

    @cached_property
    def mark(self) -> int:
        """The first column with a name, by which a repeated header is looked for; -1 without a header."""
        return next((position for position, name in enumerate(self._stripped) if name), -1)

    def is_repeated_header(self, cells: Sequence[str]) -> bool:
        if not 0 <= self.mark < len(cells) or cells[self.mark].strip(BLANKS) != self._stripped[self.mark]:
            return False
        return [cell.strip(BLANKS) for cell in cells[: len(self.header)]] == self._stripped

    def is_totals(self, cells: Sequence[str]) -> bool:
        """Whether the row sums up others: it says so first, and then has sums, and blanks where nothing can be summed."""
        filled = [cell for cell in cells if not is_blank(cell)]
        if not filled or "total" not in filled[0].lower() or not _TOTAL.fullmatch(filled[0].strip(BLANKS)):
            return False
        others_are_sums = all(is_value(cell) or not any(map(str.isalpha, cell)) for cell in filled[1:])
        return len(filled) < max(len(self.header), len(cells)) and others_are_sums

    def is_lone_text(self, cells: Sequence[str]) -> bool:
        """Whether the first cell alone is filled, with a text: a footer, if nothing but such lines follow."""
        width = max(len(self.header), self.width)
        return width > 1 and not is_blank(cells[0]) and all(map(is_blank, cells[1:])) and not is_value(cells[0])

    def opens_other_table(self, cells: Sequence[str], below: Sequence[str] | None) -> bool:
        """Whether a row below a blank line is another header: all text, over a value, where this table is otherwise."""
        filled = [position for position, cell in enumerate(cells) if not is_blank(cell)]
        if len(filled) < 2 or any(is_value(cells[position]) for position in filled):
            return False
        if self.known and self.known(cells):
            return True
        unlike = [position for position in filled if position in self.values or position in self.texts]
        return any(position < len(below or []) and is_value(below[position]) for position in unlike)


def find_layout(rows: list[Row], width: int, known: KnownHeader | None = None) -> Layout:
    """Find the header among the first rows of a file whose records mostly have `width` cells.

    With `known`, it is the first row with about as many known names as any. Else, and for want of one, the first row
    that is as wide and as full as those below it, unless it is a record itself.
    """
    if known:
        names = [known(row.cells) if row.cells else 0 for row in rows]
        if most := max(names, default=0):
            return _layout(rows, next(i for i, count in enumerate(names) if 2 * count >= most), 1, width, known)
    filled = [index for index, row in enumerate(rows) if row.cells is not None and not row.blank]
    if not filled:
        return Layout([], 0, 1, width, known=known)
    fullness = median([_fullness(rows[index]) for index in filled if len(rows[index].cells) == width] or [1])
    first = next((index for index in filled if _may_be_header(rows, index, width, fullness)), filled[0])
    first = _below_titles(rows, first, width, fullness)
    values, _ = _column_shapes(rows[first + 1 :])
    if _is_record(rows[first].cells, values, rows[first + 1 :]):
        return Layout([], 0, rows[first].line_number, width, *_column_shapes(rows[first:]), known)
    count = _header_rows(rows, first, width)
    groups = _group_rows(rows, first, width)
    return _layout(rows, first - groups, groups + count, width, known)


def sort_rows(rows: Iterable[Row], layout: Layout) -> Iterator[Row | OtherLine]:
    """The rows below the header in order: records as they are, blank rows as they are, others as OtherLine."""
    rows, after_blank, in_other, any_record = _Ahead(rows), False, False, False
    run: list[Row] = []  # rows that are footers if nothing but such rows follow
    run_after_blank = False
    for row in rows:
        cells = row.cells
        if cells is not None and row.blank:
            after_blank = True
            yield row
            continue
        kind = None
        if cells is None:
            kind = OTHER_TABLE if in_other else None
        elif layout.is_repeated_header(cells):
            kind, in_other = REPEATED_HEADER, False
        elif in_other or (
            (after_blank or (run and run_after_blank))
            and any_record
            and layout.opens_other_table(cells, rows.below())
        ):
            kind, in_other = OTHER_TABLE, True
            yield from (OtherLine(title.line_number, title.lines, OTHER_TABLE, title.text) for title in run)
            run = []
        elif layout.is_totals(cells):
            kind = TOTALS
        elif any_record and layout.is_lone_text(cells) and len(run) < _MOST_FOOTERS:
            run_after_blank = after_blank if not run else run_after_blank
            run.append(row)
            after_blank = False
            continue
        if kind is None or in_other:
            yield from run
            run = []
        if kind is None:
            any_record = True
            yield row
        else:
            yield OtherLine(row.line_number, row.lines, kind, row.text)
        after_blank = kind == TOTALS or (kind is not None and after_blank)
    yield from footers(run, run_after_blank, layout)


def footers(run: list[Row], after_blank: bool, layout: Layout) -> Iterator[Row | OtherLine]:
    """The last rows of a file, each a lone text: footers from the first that a blank line precedes or that is a
    sentence; those before it are records."""
    started = after_blank
    for row in run:
        wide = max(len(layout.header), layout.width) > 2
        started = started or (wide and len(row.cells[0].split()) >= _SENTENCE_WORDS)
        yield OtherLine(row.line_number, row.lines, FOOTER, row.text) if started else row


class _Ahead:
    """An iterator that can be asked for the cells of the next row that is not blank."""

    def __init__(self, rows: Iterable[Row]):
        self._rows = iter(rows)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def below(self) -> list[str] | None:
        seen = []
        for row in self._rows:
            seen.append(row)
            if not row.blank or len(seen) > _LOOK_AHEAD:
                break
        self._rows = chain(seen, self._rows)
        return seen[-1].cells if seen else None


def _layout(rows: list[Row], first: int, count: int, width: int, known: KnownHeader | None) -> Layout:
    last = rows[first + count - 1]
    header = [
        " ".join(dict.fromkeys(cell.strip() for cell in cells if not is_blank(cell))) if count > 1 else cells[0]
        for cells in zip(*_padded([row.cells for row in rows[first : first + count]]), strict=True)
    ]
    below = rows[first + count :]
    return Layout(header, rows[first].line_number, last.line_number + last.lines, width, *_column_shapes(below), known)


def _padded(rows: list[list[str]]) -> list[list[str]]:
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def _below_titles(rows: list[Row], first: int, width: int, fullness: float) -> int:
    """The header below a row of titles with a value beside them (`As on, 05-03-2026`), if `first` is such a row."""
    if any(map(is_value, rows[first].cells)):
        for index in range(first + 1, min(first + _MOST_TITLES, len(rows))):
            cells = rows[index].cells
            if cells and _may_be_header(rows, index, width, fullness) and not any(map(is_value, cells)):
                return index if _fullness(rows[index]) > _fullness(rows[first]) else first
    return first


def _group_rows(rows: list[Row], first: int, width: int) -> int:
    """How many rows right above the header name groups of its columns: texts, and none in the first column."""
    count = 0
    while first > count and count < 2:
        cells = rows[first - count - 1].cells
        if not cells or len(cells) != width or not is_blank(cells[0]) or any(map(is_value, cells)):
            break
        if sum(not is_blank(cell) for cell in cells) < 2:
            break
        count += 1
    return count


def _fullness(row: Row) -> int:
    return sum(not is_blank(cell) for cell in row.cells)


def _may_be_header(rows: list[Row], index: int, width: int, fullness: float) -> bool:
    cells = rows[index].cells
    full = _fullness(rows[index])
    if width > 1 and full < max(2, _FULL * fullness):
        return False
    if len(cells) == width:
        return True
    # A header may lack a delimiter or have one too many; a title with a value beside it is none.
    return (
        abs(len(cells) - width) <= max(1, width // 5)
        and len(cells) > 1
        and full >= fullness - max(1, width // 5)
        and not any(map(is_value, cells))
    )


def _column_shapes(rows: Sequence[Row]) -> tuple[frozenset[int], frozenset[int]]:
    """The columns of values and those of text, above the first blank row, since another table may stand below it."""
    values, filled = Counter(), Counter()
    blank = next((index for index, row in enumerate(rows) if row.cells is not None and row.blank), len(rows))
    for row in rows[: min(blank if blank > 1 else _LOOK_AHEAD, _LOOK_AHEAD)]:
        for position, cell in enumerate(row.cells or []):
            if not is_blank(cell):
                filled[position] += 1
                values[position] += is_value(cell)
    return (
        frozenset(position for position, count in filled.items() if values[position] >= 0.8 * count),
        frozenset(position for position in filled if not values[position]),
    )


def _is_record(cells: Sequence[str], values: frozenset[int], below: Sequence[Row]) -> bool:
    """Whether a first row looks like those below it rather than like names of their columns."""
    filled = [position for position in values if position < len(cells) and not is_blank(cells[position])]
    alike = [position for position in filled if is_value(cells[position])]
    if not alike or len(alike) < len(filled):
        return False
    return not all(_is_year(cells[position]) for position in alike) or all(
        _is_year(row.cells[position])
        for row in below[:_LOOK_AHEAD]
        for position in alike
        if row.cells and position < len(row.cells) and not is_blank(row.cells[position])
    )


def _is_year(cell: str) -> bool:
    return bool(re.fullmatch(r"(19|20)\d\d", cell.strip()))


def _header_rows(rows: list[Row], first: int, width: int) -> int:
    """How many rows the header has: rows of text above columns of values, each different from the one before."""
    for count in range(_MOST_HEADER_ROWS, 1, -1):
        if first + count >= len(rows):
            continue
        header = rows[first : first + count]
        values = [position for position in _column_shapes(rows[first + count :])[0] if position < width]
        if len(values) < 2 or any(row.cells is None or row.blank or len(row.cells) != width for row in header):
            continue
        texts = [[cell.strip() for cell in row.cells] for row in header]
        if len({tuple(text) for text in texts}) < count or any(is_value(cell) for text in texts for cell in text):
            continue
        if all(2 * sum(bool(text[position]) for position in values) > len(values) for text in texts[1:]):
            return count
    return 1
