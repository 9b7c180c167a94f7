"""Whether a file has one column only: its lines are values or prose, in which delimiters are characters."""

import re
from collections.abc import Sequence

from orchestration.reader.shapes import is_value

CERTAIN_DELIMITERS = (",", ";", "\t", "|", "^", "~")
_MOST = 0.9
_DIGITS = re.compile(r"[-+\d\s,.']*")


def are_values(lines: Sequence[str]) -> bool:
    """Whether nearly all lines are one value each."""
    return sum(map(is_value, lines)) >= _MOST * len(lines) > 0


def is_one_column(lines: Sequence[str]) -> bool:
    """Whether the delimiters that lines have are characters of values or of prose, each line one cell."""
    first = lines[0]
    if any(char in first and not is_value(first) for char in CERTAIN_DELIMITERS) or any('"' in line for line in lines):
        return False
    return _is_column_of_values(lines) or _is_column_of_prose(lines[1:])


def _is_column_of_values(lines: Sequence[str]) -> bool:
    """Whether most lines are one value each, and the others (names, titles, totals) have nothing that delimits.

    Digits and delimiters alone (`1,234`, `10 20`) are one value only below a header without that delimiter.
    """
    first, rest = lines[0], lines[1:] or lines
    shared = [char for char in ", " if char in first]
    values: list[str] = []
    others: list[str] = []
    for line in rest:
        doubtful = any(char in line for char in shared) and _DIGITS.fullmatch(line)
        (values if is_value(line) and not doubtful else others).append(line)
    parted = sum("," in line for line in values)
    return (
        len(values) > len(others)
        and not 0 < 2 * parted < len(values)
        and not any(char in line for line in others for char in (*CERTAIN_DELIMITERS, ":"))
    )


def _is_column_of_prose(lines: Sequence[str]) -> bool:
    """Whether lines below a header of one name have a blank behind each comma, and words alone, as sentences do."""
    cells = [line.split(",") for line in lines]
    counts = set(map(len, cells))
    words = [len(cell.split()) for line in cells for cell in line]
    return (
        max(counts, default=1) > 1
        and all(line.count(",") == line.count(", ") for line in lines)
        and not any(char in line for line in lines for char in CERTAIN_DELIMITERS[1:])
        and not any(is_value(cell) for line in cells for cell in line)
        and (counts == {2} or len(counts) > 1 or sum(words) >= 2 * len(words))
    )
