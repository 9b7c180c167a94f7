"""Which delimiter a file uses: the one that cuts its first records most evenly."""

import csv
from collections import Counter

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_RECORDS = 200


def choose_delimiter(lines: list[str]) -> str:
    """The delimiter under which the sample's records agree best on a number of fields; `,` when none cuts at all.

    Records, not lines, are counted: a quoted cell may hold line breaks and other delimiters.
    """
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(lines, delimiter)
        if not widths:
            continue
        width, records = Counter(widths).most_common(1)[0]
        score = (records / len(widths) if width > 1 else 0.0, width)
        # A header that a delimiter does not cut is no header of that delimiter, however even the rest.
        if widths[0] > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(lines: list[str], delimiter: str) -> list[int]:
    widths = []
    try:
        for cells in csv.reader((line + "\n" for line in lines), delimiter=delimiter):
            if any(cell.strip() for cell in cells):
                widths.append(len(cells))
            if len(widths) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return widths
