"""What titles above a header state of all records below it."""

from collections.abc import Iterable
from itertools import zip_longest

from orchestration.reader.layout import Row, Words
from orchestration.reader.shapes import BLANKS, is_blank


def titles_above(rows: Iterable[Row], words: Words) -> dict[str, str]:
    """What the rows above a header state, by field: `Branch: Gadag` in a cell, or in two side by side."""
    stated: dict[str, str] = {}
    for row in rows:
        cells = [cell.strip(BLANKS) for cell in row.cut if not is_blank(cell)]
        for cell, beside in zip_longest(cells, cells[1:]):
            named = cell.endswith(":") or len(cells) == 2
            found = words.titled(cell) or (words.titled(f"{cell.rstrip(' :')}: {beside}") if named and beside else None)
            if found:
                stated |= [found]
    return stated
