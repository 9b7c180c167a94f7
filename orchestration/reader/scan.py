"""Where records begin: a count of lines and quotes over the bytes, independent of any CSV reader."""

from dataclasses import dataclass

import numpy as np

from orchestration.reader.shapes import BLANKS
from orchestration.reader.text import returns_alone

_NEWLINE, _RETURN = 10, 13
_CHUNK = 1 << 24


@dataclass(frozen=True)
class Scan:
    """Physical layout of the body of a file. Arrays are as long as it has non-blank records.

    Lines count from `first_line`, the number of the body's first line in the file.
    """

    physical_lines: int
    blank_lines: np.ndarray  # their numbers, as long as there are some
    starts: np.ndarray  # the line on which each record starts, int32
    lengths: np.ndarray  # how many lines each has, int32
    begins: np.ndarray  # the byte of the file at which each starts, int64
    sizes: np.ndarray  # how many bytes each has, line end included, int64
    multiline: bool  # some record spans lines
    balanced: bool  # the quotes pair up over the whole body
    first_line: int

    @property
    def records(self) -> int:
        return len(self.starts)

    @property
    def plain(self) -> bool:
        """Every line is one record, so that line numbers are a constant away from record numbers."""
        return not self.multiline and not len(self.blank_lines)


def scan(data: bytes, first_byte: int = 0, first_line: int = 1, quote: str = '"') -> Scan:
    """Find the line on which each record starts. A line feed inside quotes does not end a record.

    Works in chunks on arrays; memory is some bytes per line, not per byte.
    """
    buffer = np.frombuffer(data, dtype=np.uint8, offset=first_byte) if len(data) > first_byte else np.empty(0, np.uint8)
    found: list[np.ndarray] = []
    parities: list[np.ndarray] = []
    quotes = 0
    for offset in range(0, len(buffer), _CHUNK):
        chunk = buffer[offset : offset + _CHUNK]
        newlines = np.flatnonzero(chunk == _NEWLINE)
        marks = np.flatnonzero(chunk == ord(quote))
        parities.append((np.searchsorted(marks, newlines) + quotes) & 1)
        found.append(newlines + offset)
        quotes += len(marks)
    ends = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    open_quote = np.concatenate(parities).astype(bool) if parities else np.empty(0, dtype=bool)
    if len(buffer) and (not len(ends) or ends[-1] != len(buffer) - 1):  # the last line has no line feed
        ends = np.append(ends, len(buffer))
        open_quote = np.append(open_quote, bool(quotes & 1))
    begins: np.ndarray = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1)) if len(ends) else ends
    starts_record = np.concatenate(([True], ~open_quote[:-1])) if len(ends) else np.empty(0, dtype=bool)
    blank = starts_record & ~open_quote & _blank(buffer, begins, ends)
    firsts = np.flatnonzero(starts_record)
    lengths = np.diff(np.append(firsts, len(ends)))
    filled = ~blank[firsts]
    sizes = np.diff(np.append(begins[firsts], len(buffer)))
    return Scan(
        physical_lines=len(ends),
        blank_lines=np.flatnonzero(blank) + first_line,
        starts=(firsts[filled] + first_line).astype(np.int32),
        lengths=lengths[filled].astype(np.int32),
        begins=begins[firsts[filled]] + first_byte,
        sizes=sizes[filled],
        multiline=bool(open_quote.any()),
        balanced=quotes % 2 == 0,
        first_line=first_line,
    )


def well_quoted(data: bytes, first_byte: int, delimiter: str, quote: str) -> bool:
    """Whether every quote opens a cell, closes one or is one of two (RFC 4180): then readers cannot differ."""
    if data.find(quote.encode(), first_byte) < 0:
        return True
    buffer, quotes = np.frombuffer(data, dtype=np.uint8, offset=first_byte), 0
    before, after = np.zeros(256, dtype=bool), np.zeros(256, dtype=bool)
    before[[ord(delimiter), _NEWLINE, ord(quote)]] = True
    after[[ord(delimiter), _NEWLINE, _RETURN, ord(quote)]] = True
    for offset in range(0, len(buffer), _CHUNK):
        marks = np.flatnonzero(buffer[offset : offset + _CHUNK] == ord(quote)) + offset
        odd = quotes & 1
        opening, closing = marks[odd::2], marks[1 - odd :: 2]
        quotes += len(marks)
        opening, closing = opening[opening > 0], closing[closing < len(buffer) - 1]
        if not (before[buffer[opening - 1]].all() and after[buffer[closing + 1]].all()):
            return False
    return quotes % 2 == 0


def blanks_at_edges(data: bytes, first_byte: int, multiline: bool, delimiter: str, quote: str) -> str:
    """Which blanks may stand at the edges of cells. Trimming a million cells costs more than looking once."""
    possible = [char for char in BLANKS if char not in " \r\n" and (char.isascii() or not data.isascii())]
    found = "".join(char for char in possible if data.find(char.encode(), first_byte) >= 0)
    if multiline or returns_alone(data):
        found += "\r\n"
    buffer = np.frombuffer(data, dtype=np.uint8, offset=first_byte) if len(data) > first_byte else np.empty(0, np.uint8)
    edge = np.zeros(256, dtype=bool)
    edge[[_NEWLINE, _RETURN, *delimiter.encode(), *quote.encode()]] = True
    if len(buffer) and 32 in (buffer[0], buffer[-1]):
        return found + " "
    for offset in range(0, len(buffer), _CHUNK):
        chunk = buffer[max(offset - 1, 0) : offset + _CHUNK + 1]  # chunks share two bytes, so that each has neighbours
        spaces = np.flatnonzero(chunk[1:-1] == 32) + 1
        if len(spaces) and (edge[chunk[spaces - 1]].any() or edge[chunk[spaces + 1]].any()):
            return found + " "
    return found


def _blank(buffer: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which lines hold nothing but spaces, tabs and a carriage return. Only lines that begin so are looked at."""
    blank = ends == begins
    filled = np.flatnonzero(~blank)
    for line in filled[np.isin(buffer[begins[filled]], (32, 9, _RETURN))]:
        blank[line] = not buffer[begins[line] : ends[line]].tobytes().strip(b" \t\r")
    return blank
