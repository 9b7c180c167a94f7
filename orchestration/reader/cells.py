"""One record's text cut into cells: strictly first, then by the cheapest repair that leaves no doubt."""

import csv
import re
from dataclasses import dataclass
from functools import cached_property

from orchestration.reader.shapes import BLANKS, is_value

# Characters that no text has (Unicode sets them aside), to stand for what Python's csv cannot be told.
_DELIMITER, _QUOTE, _ESCAPE, _RETURN = "\ufdd2", "\ufdd3", "\ufdd4", "\ufdd5"
OTHER_DELIMITERS = (",", ";", "\t", "|", " ")
# Beyond these a repair would take long, and be a guess.
_MOST_QUOTES = 60
_MOST_CELLS = 200

csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Dialect:
    """How records are cut. `escape` is the backslash where it stands before quotes in quoted cells, else ''."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""

    @cached_property
    def escaped(self) -> re.Pattern:
        """The escape before itself and a quote, or before a quote."""
        return re.compile(rf"{re.escape(self.escape)}({re.escape(self.escape)}(?={self.quote})|{self.quote})")

    @cached_property
    def spaced(self) -> re.Pattern:
        """A quote and spaces before a delimiter or the end."""
        return re.compile(rf"{self.quote}[ \t]+(?={re.escape(self.delimiter)}|$)")


def strict_cells(text: str, dialect: Dialect, skip_blanks: bool = False) -> list[str] | None:
    """The cells of one well-formed record, or None. `skip_blanks`: blanks before a cell are not of it."""
    return parse(text, dialect, skip_blanks)[0]


def parse(text: str, dialect: Dialect, skip_blanks: bool = False) -> tuple[list[str] | None, bool]:
    """(cells, False) of one well-formed record; (None, whether it only ends within a quoted cell) of any other text."""
    if dialect.quote not in text:
        return text.split(dialect.delimiter), False
    delimiter, back = dialect.delimiter, {}
    if len(delimiter) > 1:
        text, back[_DELIMITER] = text.replace(delimiter, _DELIMITER), delimiter
        delimiter = _DELIMITER
    if dialect.escape and dialect.escape in text:
        text = dialect.escaped.sub(lambda found: _QUOTE if found[1] == dialect.quote else _ESCAPE, text)
        back |= {_QUOTE: dialect.quote, _ESCAPE: dialect.escape}
    if "\r" in text:  # csv knows no CR within an unquoted cell
        text, back[_RETURN] = text.replace("\r", _RETURN), "\r"
    try:
        records = list(
            csv.reader([text], delimiter=delimiter, quotechar=dialect.quote, skipinitialspace=skip_blanks, strict=True)
        )
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)
    if len(records) != 1:
        return None, False
    return ([_restored(cell, back) for cell in records[0]] if back else records[0]), False


def repaired_cells(text: str, dialect: Dialect, widths: tuple[int, ...]) -> list[str] | None:
    """The cells of a record that strict reading does not give, where one reading is cheapest; else None.

    Spaces around quotes, quotes around the whole record, another delimiter, or stray quotes that are characters: with
    exactly as many cells as one of `widths`, tried in order.
    """
    well_formed = strict_cells(text, dialect)
    for width in widths:
        within = strict_cells(well_formed[0], dialect) if well_formed and len(well_formed) == 1 else None
        if within and len(within) == width > 1:
            return within
        if dialect.quote in text:
            trimmed = dialect.spaced.sub(dialect.quote, text)
            if (cells := strict_cells(trimmed, dialect, skip_blanks=True)) and len(cells) == width:
                return cells
            if well_formed is None and (cells := _fewest_stray_quotes(text, dialect, width)):
                return cells
    return cut_otherwise(text, dialect, widths) if dialect.delimiter not in text else None


def cut_otherwise(text: str, dialect: Dialect, widths: tuple[int, ...]) -> list[str] | None:
    """The cells of a record that was written with another delimiter than the file's, without blanks around them."""
    for width in widths:
        for delimiter in OTHER_DELIMITERS:
            cells = strict_cells(text, Dialect(delimiter, dialect.quote, dialect.escape)) if delimiter in text else None
            # A sentence has commas and spaces too, so that they need more to be believed.
            sure = delimiter not in ", " and width > 2
            if cells and len(cells) == width > 1 and (sure or sum(map(is_value, cells)) >= 2):
                return [cell.strip(BLANKS) for cell in cells]
    return None


def loose_cells(text: str, dialect: Dialect) -> list[str]:
    """Some cells for a text that cannot be read: text behind a closing quote is of its cell, as far as quotes allow."""
    if len(dialect.delimiter) == 1 and not parse(text, dialect)[1]:
        try:
            if len(records := list(csv.reader([text], delimiter=dialect.delimiter, quotechar=dialect.quote))) == 1:
                return records[0]
        except csv.Error:
            pass
    return text.split(dialect.delimiter)


def _restored(cell: str, back: dict[str, str]) -> str:
    for stand_in, text in back.items():
        if stand_in in cell:
            cell = cell.replace(stand_in, text)
    return cell


def _fewest_stray_quotes(text: str, dialect: Dialect, width: int) -> list[str] | None:
    """The one reading of `text` as `width` cells with the fewest quotes taken as characters, or None.

    A cell either runs to the next delimiter, its quotes characters (two strays each when it starts with one), or is
    quoted up to a quote before a delimiter, what is odd among the quotes within being characters.
    """
    delimiter, quote = dialect.delimiter, dialect.quote
    if text.count(quote) > _MOST_QUOTES or width > _MOST_CELLS or text.count(delimiter) < width - 1:
        return None
    known: dict[tuple[int, int], tuple[int, int, int, str] | None] = {}

    def best(start: int, cells: int) -> tuple[int, int, int, str] | None:
        """(cost, ways, start of the next cell, this cell) of the cheapest reading from `start` as `cells` cells."""
        if (start, cells) in known:
            return known[start, cells]
        found: tuple[int, int, int, str] | None = None
        for cost, end, cell in _readings(text, start, delimiter, quote):
            if end == len(text):
                ways = 1 if cells == 1 else 0
            elif cells > 1 and (rest := best(end + len(delimiter), cells - 1)):
                cost, ways = cost + rest[0], rest[1]
            else:
                ways = 0
            if ways and (found is None or cost < found[0]):
                found = (cost, ways, end + len(delimiter), cell)
            elif ways and found and cost == found[0]:
                found = (cost, found[1] + ways, found[2], found[3])
        known[start, cells] = found
        return found

    if (first := best(0, width)) is None or first[1] > 1:
        return None
    cells, start = [], 0
    for left in range(width, 0, -1):
        if reading := best(start, left):
            cells.append(reading[3])
            start = reading[2]
    return cells


def _readings(text: str, start: int, delimiter: str, quote: str) -> list[tuple[int, int, str]]:
    """(cost, end, cell) of each way to read the cell that starts at `start`."""
    end = text.find(delimiter, start)
    end = len(text) if end < 0 else end
    cell = text[start:end]
    if not cell.startswith(quote):
        return [(0, end, cell)]
    found = [(2 * cell.count(quote), end, cell)]
    close = text.find(quote, start + 1)
    while close >= 0:
        if close + 1 == len(text) or text.startswith(delimiter, close + 1):
            inner = text[start + 1 : close]
            runs = re.findall(f"{quote}+", inner)
            cell = re.sub(f"{quote}{quote}", quote, inner)
            found.append((2 * sum(len(run) % 2 for run in runs), close + 1, cell))
        close = text.find(quote, close + 1)
    return found
