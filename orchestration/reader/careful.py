"""The careful path: lines to rows, one by one, for files that fail a check. Nothing is lost; repairs are noted."""

from collections.abc import Iterator

from orchestration.reader.cells import Dialect, cut_otherwise, parse, repaired_cells, strict_cells
from orchestration.reader.errors import Limits, ReadLimitError
from orchestration.reader.layout import Row
from orchestration.reader.shapes import is_value
from orchestration.reader.text import readable, undecodable

# How often the lines of an open quote are looked at whether they are a record by now.
_FIRST_TRIES = 4
_MOST_TRIES = 200
# A stray quote and line breaks in one record are believed only close together.
_MOST_REPAIRED_LINES = 10

BAD_ENCODING = (
    "bad_encoding: the line has bytes that are not text in the file's encoding; "
    "save the file as UTF-8 and send it again"
)
BAD_QUOTING = "bad_quoting: the line's double quotes do not pair up; close or double the quote"


def whole_widths(columns: int, width: int) -> tuple[int, ...]:
    """How many cells make a record whole: as many as the header has or as most records have, the more the likelier."""
    return tuple(dict.fromkeys(sorted((columns, width), reverse=True)))


def read_rows(
    lines: list[str],
    first_line: int,
    dialect: Dialect,
    widths: tuple[int, ...],
    clean: bool = True,
    limits: Limits = Limits(),
) -> Iterator[Row]:
    """The rows of `lines`, the first of which has the number `first_line`.

    `widths` are the numbers of cells that make a record whole, the likeliest first. Lines are joined if together they
    are well formed, and whole or not mostly whole records without their first and last; what cannot be cut is one row
    with a problem, and reading goes on with the next line.
    """
    index = 0
    while index < len(lines):
        row = _row(lines, index, first_line, dialect, widths, clean)
        if row.cells and len(row.text) * 4 > limits.cell_bytes:
            _check_cells(row, limits)
        yield row
        index += row.lines


def _row(lines: list[str], index: int, first_line: int, dialect: Dialect, widths: tuple[int, ...], clean: bool) -> Row:
    line, number = lines[index].removesuffix("\r"), first_line + index
    if not clean and undecodable(line):
        return Row(number, 1, None, readable(line), BAD_ENCODING)
    if not line.strip(" \t"):
        return Row(number, 1, [], line)
    cells = strict_cells(line, dialect)
    if cells is not None and (len(cells) in widths or (len(cells) < widths[0] and dialect.delimiter in line)):
        stray = len(cells) not in widths and any(dialect.quote in cell for cell in cells)
        repaired = cut_otherwise(line, dialect, widths) if stray else None
        return Row(number, 1, repaired or cells, line, repaired=bool(repaired))
    if cells is None and (joined := _joined(lines, index, dialect, widths, clean)):
        text, cells = joined
        return Row(number, text.count("\n") + 1, cells, text)
    if repaired := repaired_cells(line, dialect, widths):
        return Row(number, 1, repaired, line, repaired=True)
    if cells is None and (joined := _mended(lines, index, dialect, widths, clean)):
        text, cells = joined
        return Row(number, text.count("\n") + 1, cells, text, repaired=True)
    if cells is None:
        return Row(number, 1, None, line, BAD_QUOTING)
    return Row(number, 1, cells, line)


def _joined(
    lines: list[str], index: int, dialect: Dialect, widths: tuple[int, ...], clean: bool
) -> tuple[str, list[str]] | None:
    """The lines from `index` on that together are a well-formed record, as (text, cells)."""
    parts, quotes, tries = [lines[index]], lines[index].count(dialect.quote), 0
    for position in range(index + 1, len(lines)):
        following = lines[position]
        if not clean and undecodable(following):
            return None
        parts.append(following)
        if dialect.quote not in following:
            continue
        quotes += following.count(dialect.quote)
        # While they do not pair up nothing is closed; a first look or two tells whether anything can be.
        if tries > _FIRST_TRIES and quotes % 2 and not dialect.escape:
            continue
        tries += 1
        text = "\n".join(parts).removesuffix("\r")
        cells, unfinished = parse(text, dialect)
        if cells is not None:
            within = lines[index + 1 : position]
            return (text, cells) if len(cells) in widths or not _are_records(within, dialect, widths) else None
        if not unfinished or tries > _MOST_TRIES:
            return None
    return None


def _are_records(lines: list[str], dialect: Dialect, widths: tuple[int, ...]) -> bool:
    """Whether most lines are whole records by themselves, with a number or a date: stray quotes stand around them."""
    records = 0
    for line in lines:
        cells = strict_cells(line.removesuffix("\r"), dialect)
        records += cells is not None and len(cells) in widths and any(map(is_value, cells))
    return 2 * records > len(lines)


def _mended(
    lines: list[str], index: int, dialect: Dialect, widths: tuple[int, ...], clean: bool
) -> tuple[str, list[str]] | None:
    """A few lines from `index` on that are one whole record by the cheapest repair, none of them one by itself."""
    text = lines[index]
    for following in lines[index + 1 : index + _MOST_REPAIRED_LINES]:
        alone = strict_cells(following.removesuffix("\r"), dialect)
        if (not clean and undecodable(following)) or (alone and len(alone) in widths):
            return None
        text += "\n" + following
        whole = text.removesuffix("\r")
        if dialect.quote in following and (cells := repaired_cells(whole, dialect, widths)):
            return whole, cells
    return None


def _check_cells(row: Row, limits: Limits) -> None:
    for cell in row.cut:
        if len(cell) * 4 > limits.cell_bytes and len(cell.encode("utf-8", "replace")) > limits.cell_bytes:
            raise ReadLimitError(
                "cell_too_long",
                f"a cell of the record in line {row.line_number:,} has more than the {limits.cell_bytes:,} bytes that "
                "a cell may have; take it out",
            )
