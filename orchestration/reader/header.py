"""Where the header of a file is, and what its first rows tell of its columns."""

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

from orchestration.reader.cells import OTHER_DELIMITERS, Dialect, loose_cells, strict_cells
from orchestration.reader.layout import KnownHeader, KnownShape, Layout, Row
from orchestration.reader.shapes import is_blank, is_value

_LOOK_AHEAD = 200
_MOST_HEADER_ROWS = 4
_MOST_TITLES = 10
# The share of the cells of a usual record that a header fills at least.
_FULL = 0.6
# The share of records that have nothing beyond the header where their delimiters go on: else the header lacks a name.
_BLANK_BEYOND = 0.95
# The names of groups are short, and no notes such as `As on: 5 March`.
_MOST_WORDS = 3
_NOTE = re.compile(r"[\d:]")


def find_layout(
    rows: list[Row], width: int, known: KnownHeader | None = None, dialect: Dialect = Dialect("\t")
) -> Layout:
    """Find the header among the first rows of a file whose records mostly have `width` cells.

    With `known`, it is the first row with about as many known names as any. Else, and for want of one, the first row
    that is as wide and as full as those below it, unless it is a record itself.
    """
    if known:
        names = [known(row.cells) if row.cells else 0 for row in rows]
        if most := max(names, default=0):
            first = next(i for i, count in enumerate(names) if 2 * count >= most)
            return _layout(rows, first, 1 + _names_parts(rows, first), width, known)
    rows = [row if row.cells is not None else row._replace(cells=loose_cells(row.text, dialect)) for row in rows]
    filled = [index for index, row in enumerate(rows) if not row.blank]
    if not filled:
        return Layout([], 0, 1, width, known=known)
    whole = [rows[index] for index in filled if len(rows[index].cut) == width]
    fullness = median(map(_fullness, whole)) if whole else 1
    # Delimiters at the end of every record make it wider than its header.
    extent = max(map(_extent, whole[1:]), default=width)
    first = next((index for index in filled if _may_be_header(rows[index], width, extent, fullness)), filled[0])
    first = _below_titles(rows, first, width, extent, fullness)
    values, _ = _column_shapes(rows[first + 1 :])
    if _is_record(rows[first].cut, values, rows[first + 1 :]) or (first == filled[-1] and _has_values(rows[first].cut)):
        if first and (cells := _cut_otherwise(rows[first - 1], width, dialect)):
            rows[first - 1] = rows[first - 1]._replace(cells=cells)
            return _layout(rows, first - 1, 1, width, known)
        first -= _records_above(rows, first, width, fullness)
        return Layout([], 0, rows[first].line_number, width, *_column_shapes(rows[first:]), known=known)
    groups, count = _group_rows(rows, first, width), _header_rows(rows, first, width)
    if count == 1:
        count += _names_parts(rows, first)
    return _layout(rows, first - groups, groups + count, width, known)


def layout_by_shape(rows: list[Row], shape: KnownShape) -> Layout | None:
    """The layout of a file without a header whose first record, and most others, have a known shape; else None."""
    filled = [row for row in rows if not row.blank]
    shapes = [shape(row.cut) for row in filled]
    known = [found for found in shapes if found]
    if not known or not shapes[0] or 2 * len(known) <= len(shapes):
        return None
    source, names = max(known, key=lambda found: len(found[1]))
    return Layout(list(names), 0, filled[0].line_number, len(names), *_column_shapes(filled), shaped_by=source)


def join_header(rows: list[Row], first: int, count: int, width: int, known: KnownHeader | None) -> Layout:
    """The layout of rows whose header is known to take `count` of them from `first` (from 0) on."""
    return _layout(rows, first, count, width, known)


def _layout(rows: list[Row], first: int, count: int, width: int, known: KnownHeader | None) -> Layout:
    last = rows[first + count - 1]
    header = _joined_names([row.cut for row in rows[first : first + count]])
    below = rows[first + count :]
    beyond = [row.cells[len(header) :] for row in below if row.cells and len(row.cells) > len(header)]
    return Layout(
        header,
        rows[first].line_number,
        last.line_number + last.lines,
        width,
        *_column_shapes(below),
        trailing=width > len(header) and _BLANK_BEYOND * len(beyond) <= sum(map(_is_nothing, beyond)),
        known=known,
    )


def _is_nothing(cells: Sequence[str]) -> bool:
    """Whether the cells are such as delimiters at the end of a line make; a line break is one that somebody wrote."""
    return all(is_blank(cell) and "\n" not in cell for cell in cells)


def _joined_names(rows: list[list[str]]) -> list[str]:
    """The names of columns that rows name together, one cell of each joined by a space.

    The name of a group stands above its first column. It is carried over the blank cells beside it where the names
    below are no names by themselves: where they repeat, or are only some.
    """
    if len(rows) == 1:
        return rows[0]
    width = max(map(len, rows))
    *above, last = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    if "" in last or len(set(last)) < width:
        above = [_carried(row, last) for row in above]
    return [" ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*above, last, strict=True)]


def _carried(row: list[str], below: list[str]) -> list[str]:
    carried: list[str] = []
    for cell, name in zip(row, below, strict=True):
        carried.append(cell or (carried[-1] if carried and name else ""))
    return carried


def _below_titles(rows: list[Row], first: int, width: int, extent: int, fullness: float) -> int:
    """The header below a row of titles with a value beside them (`As on, 05-03-2026`), if `first` is such a row."""
    if any(map(is_value, rows[first].cut)):
        for index in range(first + 1, min(first + _MOST_TITLES, len(rows))):
            cells = rows[index].cells
            if cells and _may_be_header(rows[index], width, extent, fullness) and not any(map(is_value, cells)):
                return index if _fullness(rows[index]) > _fullness(rows[first]) else first
    return first


def _group_rows(rows: list[Row], first: int, width: int) -> int:
    """How many rows right above the header name groups of its columns."""
    count = 0
    while first > count and count < 2:
        above = rows[first - count - 1].cut
        if len(above) != width or any(map(is_value, above)) or not _names_groups(above, rows[first - count].cut):
            break
        count += 1
    return count


def _names_groups(above: list[str], names: list[str]) -> bool:
    """Whether texts with gaps between them are groups of the names below rather than a title.

    They are if there are more than two, or two that start with a gap; two that have a gap each, if they are short; and
    such without which the names below would repeat, or be missing.
    """
    filled = [position for position, cell in enumerate(above) if not is_blank(cell)]
    if len(filled) > 1 and (filled[0] > 0 or (len(filled) > 2 and filled[-1] >= len(filled))):
        return True
    if not filled or filled == [0]:
        return False
    alone, joined = [name.strip() for name in names], _joined_names([above, names])
    if len(set(alone)) < len(alone) == len(set(joined)) and all(joined):
        return True
    if not all(len(above[at].split()) <= _MOST_WORDS and not _NOTE.search(above[at]) for at in filled):
        return False
    return ("" in alone and all(joined)) or (len(filled) == 2 and filled[1] > 1 and filled[1] + 1 < len(above))


def _names_parts(rows: list[Row], first: int) -> int:
    """1 where the row below the header names the parts of its groups, and nothing else: `Air`, `Rail` below `Travel`.

    A group is a name with gaps behind it; its gaps, at least, have names below them.
    """
    if first + 1 >= len(rows):
        return 0
    header, below = rows[first].cut, rows[first + 1].cut
    if len(header) != len(below) or any(map(is_value, below)):
        return 0
    parts = {position for position, cell in enumerate(below) if not is_blank(cell)}
    gaps = {position for position, cell in enumerate(header) if is_blank(cell) and any(header[:position])}
    starts = {position - 1 for position in gaps} - gaps
    return int(len(parts) > 1 and gaps <= parts <= gaps | starts and len(parts) < len(header))


def _records_above(rows: list[Row], first: int, width: int, fullness: float) -> int:
    """How many rows right above the first full record of a table without a header are records with blank cells.

    A text alone in its row may be a title: it is a record below another, and in a table of two columns.
    """
    values, texts = _column_shapes(rows[first:])
    count = 0
    for steps in range(1, first + 1):
        cells = rows[first - steps].cut
        filled = [position for position, cell in enumerate(cells) if not is_blank(cell)]
        alike = all(position in (values if is_value(cells[position]) else texts) for position in filled)
        if not filled or len(cells) != width or not alike:
            break
        lone = cells[filled[0]] if len(filled) == 1 else ""
        if not lone or is_value(lone) or (fullness <= 2 and len(lone.split()) < _MOST_WORDS):
            count = steps
    return count


def _fullness(row: Row) -> int:
    return sum(not is_blank(cell) for cell in row.cut)


def _extent(row: Row) -> int:
    """How many cells a row has up to the last that is filled."""
    return max((position for position, cell in enumerate(row.cut, 1) if not is_blank(cell)), default=0)


def _may_be_header(row: Row, width: int, extent: int, fullness: float) -> bool:
    full = _fullness(row)
    if width > 1 and full < max(2, _FULL * fullness):
        return False
    if min(extent, width) <= len(row.cut) <= width:
        return True
    # A header may lack a delimiter or have one too many; a title with a value beside it is none.
    slack = max(1, width // 5)
    return (
        abs(len(row.cut) - width) <= slack
        and len(row.cut) > 1
        and full >= fullness - slack
        and not any(map(is_value, row.cut))
    )


def _cut_otherwise(row: Row, width: int, dialect: Dialect) -> list[str] | None:
    """The names in a row that another delimiter than the file's cuts into as many as the records have cells."""
    for delimiter in OTHER_DELIMITERS:
        cells = strict_cells(row.text, Dialect(delimiter, dialect.quote))
        if cells and len(cells) == width > 1 and not any(is_blank(cell) or is_value(cell) for cell in cells):
            return cells
    return None


def _column_shapes(rows: Sequence[Row]) -> tuple[frozenset[int], frozenset[int]]:
    """The columns of values and those of text, above the first blank row, since another table may stand below it."""
    values: Counter[int] = Counter()
    filled: Counter[int] = Counter()
    blank = next((index for index, row in enumerate(rows) if row.cells is not None and row.blank), len(rows))
    for row in rows[: min(blank if blank > 1 else _LOOK_AHEAD, _LOOK_AHEAD)]:
        for position, cell in enumerate(row.cut):
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


def _has_values(cells: Sequence[str]) -> bool:
    """Whether a row that stands alone has what names of columns have not: numbers, dates or phones."""
    return any(is_value(cell) and not _is_year(cell) for cell in cells)


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
        texts = [[cell.strip() for cell in row.cut] for row in header]
        if len({tuple(text) for text in texts}) < count or any(is_value(cell) for text in texts for cell in text):
            continue
        if all(2 * sum(bool(text[position]) for position in values) > len(values) for text in texts[1:]):
            return count
    return 1
