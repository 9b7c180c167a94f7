"""Dates that Excel took for others when they were typed: day and month the other way round than it reads them.

What it cannot read so, because the month would be beyond 12, it leaves as text; the rest becomes dates, with day and
month swapped. Both then stand in one column, and the text betrays it.
"""

import datetime as dt
import re
from collections.abc import Iterator
from statistics import median

from orchestration.reader.layout import Layout
from orchestration.reader.workbooks.grid import Grid

_TYPED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[ T,]+\d{1,2}[:.]\d{2}.*)?", re.S)
_MOST_MONTHS = 12


def swap_back(grid: Grid, layout: Layout) -> Iterator[str]:
    """Swap the dates of such columns back where they stand, and say so of each column."""
    for column in sorted({column for _, column in grid.dates}):
        places = [row for row, at in sorted(grid.dates) if at == column and row >= layout.body_line - 1]
        read = [dt.date.fromisoformat(grid.cells[row][column][:10]) for row in places]
        typed = [found for cells in grid.cells[layout.body_line - 1 :] if (found := _TYPED.fullmatch(cells[column]))]
        if not read or not typed or not _are_swapped(read, typed):
            continue
        for row, date in zip(places, read, strict=True):
            grid.cells[row][column] = _swapped(date).isoformat() + grid.cells[row][column][10:]
        name = layout.header[column] if column < len(layout.header) else f"column {column + 1}"
        yield (
            f"Excel swapped day and month in {len(read):,} dates of the column '{name.strip()}', as those show that "
            "it left as text; they are swapped back: check them, and type dates as 2026-03-05"
        )


def _are_swapped(read: list[dt.date], typed: list[re.Match[str]]) -> bool:
    """Whether Excel could read none of the text, all in one order, and the other dates fit it better when swapped."""
    day_first = {int(found[1]) > _MOST_MONTHS >= int(found[2]) for found in typed}
    month_first = {int(found[2]) > _MOST_MONTHS >= int(found[1]) for found in typed}
    if (day_first, month_first) not in (({True}, {False}), ({False}, {True})) or any(
        date.day > _MOST_MONTHS for date in read
    ):
        return False
    texts = []
    for found in typed:
        first, second, year = map(int, found.groups())
        day, month = (first, second) if day_first == {True} else (second, first)
        try:
            texts.append(dt.date(year + 2000 * (year < 100), month, day).toordinal())
        except ValueError:
            return False
    middle = median(texts)
    as_read = sum(abs(date.toordinal() - middle) for date in read)
    return sum(abs(_swapped(date).toordinal() - middle) for date in read) < as_read


def _swapped(date: dt.date) -> dt.date:
    return date.replace(month=date.day, day=date.month)
