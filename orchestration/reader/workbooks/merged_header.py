"""A header that takes several rows, as its merged cells tell: names over rows, and names of groups of columns."""

from orchestration.reader.header import join_header
from orchestration.reader.layout import KnownHeader, Layout, Row
from orchestration.reader.shapes import is_blank, is_value
from orchestration.reader.workbooks.grid import Grid

_MOST_HEADER_ROWS = 4


def with_merged_header(grid: Grid, rows: list[Row], layout: Layout, known: KnownHeader | None) -> Layout:
    """The layout of a sheet with all rows of its header joined."""
    if not layout.header_line or not grid.spans:
        return layout
    first, last = _header_rows(grid, layout, known)
    if last - first < layout.body_line - layout.header_line:
        return layout
    return join_header(rows, first, last - first + 1, layout.width, known)


def _header_rows(grid: Grid, layout: Layout, known: KnownHeader | None) -> tuple[int, int]:
    """The first and last row (from 0) of a header whose cells are merged: names over rows, and names of groups."""
    first, last = layout.header_line - 1, layout.body_line - 2
    for span in sorted(grid.spans):
        if span.top < span.bottom < span.top + _MOST_HEADER_ROWS and span.top <= last and span.bottom >= first:
            first, last = min(first, span.top), max(last, span.bottom)
    if last == layout.body_line - 2 and (grouped := _grouped(grid, last)) and last + 1 < len(grid.cells):
        below = {column for column, cell in enumerate(grid.cells[last + 1]) if not is_blank(cell)}
        if below and below <= grouped and not any(is_value(grid.cells[last + 1][column]) for column in below):
            last += 1
    names = [cell for cell in grid.cells[first] if not is_blank(cell)]
    if first and (grouped := _grouped(grid, first - 1)) and not _is_title(grid.cells[first - 1]):
        joined = [
            f"{above} {cell}" if at in grouped else cell
            for at, (above, cell) in enumerate(zip(grid.cells[first - 1], grid.cells[first], strict=True))
        ]
        if len({*names}) < len(names) or not known or known(joined) >= known(grid.cells[first]):
            first -= 1
    return first, last


def _grouped(grid: Grid, row: int) -> set[int]:
    """The columns of a row over which one of its cells reaches that covers several, but not all that are filled."""
    wide = [span for span in grid.spans if span.top <= row <= span.bottom and span.left < span.right]
    return {column for span in wide for column in range(span.left, min(span.right, len(grid.cells[row]) - 1) + 1)}


def _is_title(cells: list[str]) -> bool:
    """Whether a row says one thing only, or something of the table rather than of its columns."""
    texts = [cell for cell in cells if not is_blank(cell)]
    return len(texts) < 2 or any(":" in cell or is_value(cell) for cell in texts)
