"""The careful path: records one by one, for files that fail a check. Nothing is lost and nothing is guessed."""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from orchestration.reader.text import readable, undecodable

# A quoted cell that runs over more lines than this is a quote that was never closed.
_MOST_LINES = 200


class Record(NamedTuple):
    """A record: `cells` padded to the header's width, or None with a `problem` and the record's `text`."""

    line_number: int
    cells: list[str] | None
    problem: str | None = None
    text: str | None = None


def careful_records(lines: list[str], first_line: int, delimiter: str, width: int) -> Iterator[Record]:
    """Read the records that start at `first_line` (from 1) or after it; blank lines are passed over.

    Lines are joined only if together they are well formed and have exactly `width` cells; else the line that opens
    the quote is one record with the problem bad_quoting, and reading goes on with the next line.
    """
    index = first_line - 1
    while index < len(lines):
        line = lines[index].removesuffix("\r")
        number = index + 1
        index += 1
        if not line.strip(" \t"):
            continue
        if undecodable(line):
            yield Record(number, None, BAD_ENCODING, readable(line))
            continue
        cells = _cells(line, delimiter)
        if cells is None:
            taken, cells = _joined(lines, number - 1, delimiter, width)
            if cells is None:
                yield Record(number, None, BAD_QUOTING, line)
                continue
            index = number - 1 + taken
        if len(cells) > width:
            yield Record(number, None, wrong_field_count(len(cells), width), line)
        else:
            yield Record(number, cells + [""] * (width - len(cells)))


BAD_ENCODING = (
    "bad_encoding: the line has bytes that are no text in the file's encoding; save the file as UTF-8 and send it again"
)
BAD_QUOTING = "bad_quoting: the line's double quotes do not pair up; close or double the quote"


def wrong_field_count(found: int, width: int) -> str:
    """The problem of a record with more cells than the header."""
    return (
        f"wrong_field_count: the record has {found} cells, the header {width}; "
        "put the cell that holds the delimiter in double quotes"
    )


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one well-formed record, or None."""
    if '"' not in text:
        return text.split(delimiter)
    try:
        records = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None


def _joined(lines: list[str], start: int, delimiter: str, width: int) -> tuple[int, list[str] | None]:
    """How many lines from `start` make one well-formed record of exactly `width` cells, and those cells."""
    text = lines[start]
    for taken in range(2, _MOST_LINES + 2):
        if start + taken > len(lines) or undecodable(lines[start + taken - 1]):
            break
        text += "\n" + lines[start + taken - 1]
        if '"' not in lines[start + taken - 1]:
            continue
        try:
            records = list(csv.reader([text.removesuffix("\r")], delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                continue
            break
        if len(records) == 1 and len(records[0]) == width:
            return taken, records[0]
        break
    return 0, None
