"""What the rows of a file can be, and what is known of a file by which they are told apart."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from orchestration.reader.shapes import BLANKS, is_blank, is_value

PREAMBLE = "preamble"
REPEATED_HEADER = "repeated_header"
TOTALS = "totals"
FOOTER = "footer"
OTHER_TABLE = "other_table"
TITLE = "title"

# How many columns of a row's cells have known names, as far as they make it a header; else 0.
KnownHeader = Callable[[Sequence[str]], int]
# Of a record's cells: what writes such records without a header, and the names of their columns; else None.
KnownShape = Callable[[Sequence[str]], tuple[str, Sequence[str]] | None]


class Words(NamedTuple):
    """What the caller knows of words besides names of columns.

    `kind_of` says what a header makes of its sheet: sheets of one kind are one table. `titled` says which field a title
    such as `Branch: Gadag` states, and what; None for any other text.
    """

    kind_of: Callable[[Sequence[str]], str] = lambda header: ""
    titled: Callable[[str], tuple[str, str] | None] = lambda text: None


_TOTAL = re.compile(
    r"\W*(?:(?:grand|sub|net|page|overall|branch|cluster)[\s_-]*)?totals?[\W\d_]*"
    r"(?:(?:amounts?|outstanding|dues?|balance|principal|emi|loans?|accounts?|customers?|records|rows|count|no|of|for|rs|inr)"
    r"\b.*)?",
    re.I | re.S,
)


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
    def cut(self) -> list[str]:
        """The cells; none where the text could not be cut."""
        return self.cells or []

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

    A file without a header has the names of columns that its shape tells, if what writes it (`shaped_by`) is known.
    `body_line` is the line after the header; `width` the number of cells that most records have; `values` the columns
    in which nearly every cell that is not blank is a number, a date or the like, `texts` those in which none is.
    `trailing`: records have more cells than the header, and those beyond it are blank in nearly all.
    `words` tells the titles among the records.
    """

    header: list[str]
    header_line: int
    body_line: int
    width: int
    values: frozenset[int] = frozenset()
    texts: frozenset[int] = frozenset()
    trailing: bool = False
    shaped_by: str = ""
    known: KnownHeader | None = None
    words: Words = field(default_factory=Words)

    @cached_property
    def _stripped(self) -> list[str]:
        return [cell.strip(BLANKS) for cell in self.header]

    @cached_property
    def mark(self) -> int:
        """The first column with a name, by which a repeated header is looked for; -1 without a header."""
        return next((position for position, name in enumerate(self._stripped) if name), -1)

    def is_surely_record(self, cells: Sequence[str]) -> bool:
        """A quick test by the first two cells, for most records of most files."""
        return (
            len(cells) > 1
            and "!" <= cells[0] < "\x7f"
            and "!" <= cells[1] < "\x7f"
            and self.mark == 0
            and not cells[0].startswith(self._stripped[0])
            and "total" not in cells[0].lower()
        )

    def is_repeated_header(self, cells: Sequence[str]) -> bool:
        if not 0 <= self.mark < len(cells) or cells[self.mark].strip(BLANKS) != self._stripped[self.mark]:
            return False
        return [cell.strip(BLANKS) for cell in cells[: len(self.header)]] == self._stripped

    def is_totals(self, cells: Sequence[str]) -> bool:
        """Whether the row sums up others: it says so, then has sums, and blanks where nothing can be summed."""
        filled = [cell for cell in cells if not is_blank(cell)]
        if not filled or "total" not in filled[0].lower() or not _TOTAL.fullmatch(filled[0].strip(BLANKS)):
            return False
        others_are_sums = all(is_value(cell) or not any(map(str.isalpha, cell)) for cell in filled[1:])
        return len(filled) < max(len(self.header), self.width, len(cells)) and others_are_sums

    def is_lone(self, cells: Sequence[str]) -> bool:
        """Whether the first cell alone is filled: a footer, perhaps, or a title."""
        width = max(len(self.header), self.width)
        return width > 1 and not is_blank(cells[0]) and all(map(is_blank, cells[1:]))

    def is_title(self, cells: Sequence[str]) -> bool:
        """Whether the row is a title that states something of the records below it."""
        return self.is_lone(cells) and self.words.titled(cells[0]) is not None

    def opens_other_table(self, cells: Sequence[str], below: Sequence[str] | None) -> bool:
        """Whether a row below a blank line is another header: all text, over a value, where this table is otherwise."""
        filled = [position for position, cell in enumerate(cells) if not is_blank(cell)]
        if len(filled) < 2 or any(is_value(cells[position]) for position in filled):
            return False
        if self.known and self.known(cells):
            return True
        unlike = [position for position in filled if position in self.values or position in self.texts]
        return below is not None and any(position < len(below) and is_value(below[position]) for position in unlike)
