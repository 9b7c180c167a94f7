"""How long the lines of a file are, without holding it in memory."""

from pathlib import Path

from orchestration.reader.errors import Limits, ReadLimitError

_BLOCK = 1 << 22


def check_lines(path: Path, limits: Limits) -> None:
    """Raise ReadLimitError for a line longer than it may be: DuckDB would drop it without a word.

    A block without a line's end is a look-up of one byte, so that a line of gigabytes is refused before it is read on.
    """
    most, block = limits.line_bytes, min(_BLOCK, limits.line_bytes)
    with path.open("rb", buffering=0) as file:
        buffer, position, line_start = bytearray(block), 0, 0
        while size := file.readinto(buffer):
            first = min(
                (at for at in (buffer.find(b"\n", 0, size), buffer.find(b"\r", 0, size)) if at >= 0), default=size
            )
            if position + first - line_start > most:
                line = _lines_before(path, line_start) + 1
                raise ReadLimitError(
                    "line_too_long",
                    f"line {line:,} has more than the {most:,} bytes that a line may have; "
                    "save the file with line ends, or take out what is so long",
                )
            if first < size:
                line_start = position + max(buffer.rfind(b"\n", 0, size), buffer.rfind(b"\r", 0, size)) + 1
            position += size


def _lines_before(path: Path, end: int) -> int:
    """How many lines end before the byte `end`: by LF, or in a file without one by CR."""
    feeds = returns = 0
    with path.open("rb") as file:
        while block := file.read(min(_BLOCK, end - file.tell())):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
    return feeds or returns
