"""Which delimiter, quote and escape a file uses: those that cut its records most evenly into cells that make sense."""

import re
from collections import Counter
from collections.abc import Iterator

from orchestration.reader.cells import Dialect
from orchestration.reader.shapes import is_value

# With what a delimiter's evenness is weighted: space, colon and the like are even in much that they do not delimit.
_DELIMITERS = {", ": 1.0, "; ": 1.0, ",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "^": 0.8, "~": 0.8, " ": 0.6, ":": 0.4}
# Delimiters of prose and of times: believed only where many records agree and many cells are quoted or values.
_DOUBTFUL = (" ", ":")
_SPACED = (", ", "; ")
_SAMPLE_RECORDS = 300
_FEW = 3
_SAMPLE_CHARACTERS = 1 << 17
_MOST_CELLS = 20_000
_TOLD = re.compile(r"""\"?sep=([^\w"'])\"?[,;\t| ]*""", re.I)
_PLAIN = re.compile(r"[\w .'’()&/#*+=<>@?!%:_-]*")


def told_delimiter(line: str) -> str | None:
    """The delimiter that a line like Excel's `sep=;` tells."""
    found = _TOLD.fullmatch(line.strip("\r\n\ufeff "))
    return found[1] if found else None


def choose_dialect(lines: list[str], told: str | None = None) -> tuple[Dialect, int]:
    """The dialect under which a sample of lines looks most like a table, and how many cells its records have.

    Records, not lines, are counted: a quoted cell may hold line breaks and other delimiters. Judged are how likely
    two records have the same number of cells, how many they have, and which share of cells is a value, quoted or
    plain words. Without any sign of a table: comma, and one cell. `told` is the delimiter where the file tells it.
    """
    lines = [line.removesuffix("\r") for line in lines]
    best, width = _best(lines, told)
    if width == 1 and lines and all(line[:1] == line[-1:] == best.quote for line in lines if line.strip()):
        # Every record was quoted as a whole, as a spreadsheet does with lines it did not cut.
        bare = [line[1:-1].replace(best.quote * 2, best.quote) for line in lines]
        within, width = _best(bare, told)
        return (within, width) if within.delimiter in next(filter(None, bare), "") else (best, 1)
    return best, width


def _best(lines: list[str], told: str | None) -> tuple[Dialect, int]:
    sample = "\n".join(lines)[:_SAMPLE_CHARACTERS]
    best, best_width, best_score = Dialect(), 1, 0.0
    filled = [line for line in lines if line.strip()]
    for delimiter, weight in {told: 1.0}.items() if told else _DELIMITERS.items():
        if not told and not _occurs(delimiter, filled[:_SAMPLE_RECORDS]):
            continue
        for quote, escape in _quotings(sample, delimiter):
            dialect = Dialect(delimiter, quote, escape)
            score, width = _score(sample, dialect)
            if width > 1 and weight * score > best_score:
                best, best_width, best_score = dialect, width, weight * score
    if best_width > 1:
        return best, best_width
    quote, escape = _quotings(sample, told or ",")[0]
    return Dialect(told or ",", quote, escape), 1


def _occurs(delimiter: str, lines: list[str]) -> bool:
    """Whether a delimiter stands in the first line or a fair share of all; records may have many lines without one."""
    return 10 * sum(delimiter in line for line in lines) >= len(lines) > 0 or delimiter in "".join(lines[:1])


def _quotings(sample: str, delimiter: str) -> list[tuple[str, str]]:
    """The quotes and escapes that the sample may be written with, `"` first."""
    edge = rf"(?:^|{re.escape(delimiter)}|$)"
    found = [('"', "")]
    backslashed = len(re.findall(rf'\\"(?!{edge})', sample, re.M))
    doubled = len(re.findall(rf'(?<!^)(?<!{re.escape(delimiter)})""(?!{edge})', sample, re.M))
    if backslashed and not doubled:
        found = [('"', "\\")]
    opened = len(re.findall(rf"(?:^|{re.escape(delimiter)})'", sample, re.M))
    closed = len(re.findall(rf"'(?:{re.escape(delimiter)}|$)", sample, re.M))
    if min(opened, closed) >= 2 and 2 * closed > opened:
        found.append(("'", "\\" if re.search(rf"\\'(?!{edge})", sample, re.M) else ""))
    return found


def _score(sample: str, dialect: Dialect) -> tuple[float, int]:
    """How much the sample looks like a table under the dialect, from 0 to 1, and the number of cells of its records."""
    widths: Counter[int] = Counter()
    cells = sensible = certain = parted = 0
    for record in _loose_records(sample, dialect):
        if filled := sum(bool(text.strip()) for text, _ in record):
            widths[len(record)] += 1
            parted += filled > 1
        if cells < _MOST_CELLS:
            cells += len(record)
            sure = sum(quoted or is_value(text) for text, quoted in record)
            certain += sure
            sensible += sum(quoted or bool(_PLAIN.fullmatch(text)) or is_value(text) for text, quoted in record)
    records = sum(widths.values())
    if not records:
        return 0.0, 1
    evenness = sum((count / records) ** 2 * (width - 1) / width for width, count in widths.items())
    width = max(widths, key=lambda width: widths[width] * (width - 1) / width)
    width = next(first for first in widths if widths[first] == widths[width] and (first > 1 or width == 1))
    if not parted or (widths[width] < _FEW and next(iter(widths)) == 1):
        return 0.0, 1  # a delimiter in a cell or two of a file that has none
    if dialect.delimiter in _DOUBTFUL:
        share, values = widths[width] / records, certain / max(cells, 1)
        if not ((share >= 0.9 and values >= 0.2) or (share >= 0.4 and values >= 0.4)):
            return 0.0, 1
    if dialect.delimiter in _SPACED and widths[width] < 0.8 * records:
        return 0.0, 1
    return evenness * (0.1 + 0.9 * sensible / max(cells, 1)), width


def _loose_records(sample: str, dialect: Dialect) -> Iterator[list[tuple[str, bool]]]:
    """Records as (text, quoted) cells. A quote closes where a delimiter or a line's end follows, so that stray ones
    do no more harm than they must."""
    d, q = re.escape(dialect.delimiter), dialect.quote
    inner = rf"\\.|[^{q}\\]|\\" if dialect.escape else rf"[^{q}]|{q}{q}"
    cell = re.compile(rf"(?:{q}((?:{inner}|{q}(?!{d}|\n|\Z))*+){q}(?={d}|\n|\Z)|((?:(?!{d})[^\n])*+))({d}|\n|\Z)", re.S)
    record: list[tuple[str, bool]] = []
    position = count = 0
    while position <= len(sample) and count < _SAMPLE_RECORDS:
        found = cell.match(sample, position)
        assert found  # at least a cell of no characters
        record.append((found[1], True) if found[1] is not None else (found[2], False))
        position = found.end()
        if found[3] != dialect.delimiter:
            yield record
            record, count = [], count + 1
            if position >= len(sample):
                return
