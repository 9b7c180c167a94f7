"""The careful path: lines to rows, one by one, for files that fail a check. Nothing is lost; what is mended is said."""

from collections.abc import Iterator

from orchestration.reader.cells import Dialect, cut_otherwise, parse, repaired_cells, strict_cells
from orchestration.reader.errors import Limits, ReadLimitError
from orchestration.reader.layout import Row
from orchestration.reader.text import readable, undecodable

# A quoted cell that runs over more lines than this is a quote that was never closed.
_MOST_LINES = 200
# A stray quote and line breaks in one record are believed only close together.
_MOST_REPAIRED_LINES = 10

BAD_ENCODING = (
    "bad_encoding: the line has bytes that are no text in the file's encoding; save the file as UTF-8 and send it again"
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

    `widths` are the numbers of cells that make a record whole, the likeliest first. Lines are joined only if together
    they are well formed and whole; what cannot be cut is one row with a problem, and reading goes on with the next
    line.
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
        mended = cut_otherwise(line, dialect, widths) if stray else None
        return Row(number, 1, mended or cells, line, repaired=bool(mended))
    if cells is None and (joined := _joined(lines, index, dialect, widths, clean)):
        text, cells = joined
        return Row(number, text.count("\n") + 1, cells, text)
    if mended := repaired_cells(line, dialect, widths):
        return Row(number, 1, mended, line, repaired=True)
    if cells is None and (joined := _joined(lines, index, dialect, widths, clean, repair=True)):
        text, cells = joined
        return Row(number, text.count("\n") + 1, cells, text, repaired=True)
    if cells is None:
        return Row(number, 1, None, line, BAD_QUOTING)
    return Row(number, 1, cells, line)


def _joined(
    lines: list[str], index: int, dialect: Dialect, widths: tuple[int, ...], clean: bool, repair: bool = False
) -> tuple[str, list[str]] | None:
    """The lines from `index` on that make one whole record, as (text, cells); with `repair`, by the cheapest one."""
    text = lines[index]
    for following in lines[index + 1 : index + (_MOST_REPAIRED_LINES if repair else _MOST_LINES + 1)]:
        if not clean and undecodable(following):
            return None
        if repair and (alone := strict_cells(following.removesuffix("\r"), dialect)) and len(alone) in widths:
            return None  # a whole record is no part of a broken one
        text += "\n" + following
        if dialect.quote not in following:
            continue
        whole = text.removesuffix("\r")
        cells, unfinished = (repaired_cells(whole, dialect, widths), True) if repair else parse(whole, dialect)
        if cells is not None and len(cells) in widths:
            return whole, cells
        if not unfinished:
            return None
    return None


def _check_cells(row: Row, limits: Limits) -> None:
    for cell in row.cells:
        if len(cell) * 4 > limits.cell_bytes and len(cell.encode("utf-8", "replace")) > limits.cell_bytes:
            raise ReadLimitError(
                "cell_too_long",
                f"a cell of the record in line {row.line_number:,} has more than the {limits.cell_bytes:,} bytes that "
                "a cell may have; take it out",
            )
