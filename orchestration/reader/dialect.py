"""Which delimiter, quote and escape a file uses: those that cut its records most evenly into cells that make sense."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from orchestration.reader.cells import Dialect
from orchestration.reader.one_column import CERTAIN_DELIMITERS, are_values, is_one_column
from orchestration.reader.shapes import is_value

# With what a delimiter's evenness is weighted: space, colon and the like are even in much that they do not delimit.
_DELIMITERS = {", ": 1.0, "; ": 1.0, ",": 1.0, ";": 1.0, "\t": 1.0, "|": 1.0, "^": 0.8, "~": 0.8, " ": 0.6, ":": 0.4}
# Delimiters of prose and of times: believed only where many records agree and many cells are quoted or values.
_DOUBTFUL = (" ", ":")
_SPACED = (", ", "; ")
# The share of the filled cells of a column that a quote encloses, where it encloses them throughout.
_MOST = 0.9
_SAMPLE_RECORDS = 300
_FEW = 3
_SAMPLE_CHARACTERS = 1 << 17
_MOST_CELLS = 20_000
_TOLD = re.compile(r"""\"?sep=([^\w"'])\"?[,;\t| ]*""", re.I)
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*("|\Z)')
_PLAIN = re.compile(r"[\w .'’()&/#*+=<>@?!%:_-]*")


def told_delimiter(line: str) -> str | None:
    """The delimiter that a line like Excel's `sep=;` tells."""
    found = _TOLD.fullmatch(line.strip("\r\n\ufeff "))
    return found[1] if found else None


def choose_dialect(lines: list[str], told: str | None = None) -> tuple[Dialect, int]:
    """The dialect under which a sample of lines looks most like a table, and how many cells its records have.

    Records, not lines, are counted: a quoted cell may hold line breaks and other delimiters. Judged are how likely
    two records have the same number of cells, how many they have, and which share of cells is a value, quoted or
    plain words. Where quotes hold under one delimiter and break under another, the first is right, however even the
    second is. Without any sign of a table: comma, and one cell. `told` is the delimiter where the file tells it.
    """
    lines = [line.removesuffix("\r") for line in lines]
    best, width = _best(lines, told)
    if width == 1 and lines and all(line[:1] == line[-1:] == best.quote for line in lines if line.strip()):
        # Every record was quoted as a whole, as a spreadsheet does with lines it did not cut.
        bare = [line[1:-1].replace(best.quote * 2, best.quote) for line in lines]
        filled = [line for line in bare if line.strip()]
        within, width = _best(bare, told)
        is_prose = within.delimiter in (*_SPACED, *_DOUBTFUL) or are_values(filled[:_SAMPLE_RECORDS])
        return (within, width) if within.delimiter in "".join(filled[:1]) and not is_prose else (best, 1)
    return best, width


class _Look(NamedTuple):
    """What a sample looks like under a dialect: how much like a table, from 0 to 1, how many cells its records have,
    how many cells are quoted, and in how many a quote opens that does not close."""

    score: float = 0.0
    width: int = 1
    quoted: int = 0
    broken: int = 0

    @property
    def holds(self) -> bool:
        return bool(self.width > 1 and self.quoted and not self.broken)


def _best(lines: list[str], told: str | None) -> tuple[Dialect, int]:
    sample = _sample(lines)
    filled = [line for line in lines if line.strip()]
    if filled and not told and is_one_column(filled[:_SAMPLE_RECORDS]):
        delimiter = next((one for one in CERTAIN_DELIMITERS if one not in sample), ",")  # it cuts nothing
        return Dialect(delimiter, *_quotings(sample, delimiter)[0]), 1
    looks: dict[Dialect, _Look] = {}
    for delimiter, weight in {told: 1.0}.items() if told else _DELIMITERS.items():
        if not told and not _occurs(delimiter, filled[:_SAMPLE_RECORDS]):
            continue
        for quote, escape in _quotings(sample, delimiter):
            dialect = Dialect(delimiter, quote, escape)
            look = _look(sample, dialect)
            looks[dialect] = look._replace(score=weight * look.score)
    if any(look.holds for look in looks.values()):
        looks = {dialect: look for dialect, look in looks.items() if not look.broken}
    best = max(looks, key=lambda dialect: looks[dialect].score, default=None)
    if best and looks[best].score:
        return best, looks[best].width
    quote, escape = _quotings(sample, told or ",")[0]
    return Dialect(told or ",", quote, escape), 1


def _sample(lines: list[str]) -> str:
    """The first lines as a text; without a last cell in quotes that is longer than the rest."""
    text = "\n".join(lines)
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text):
        opened = next((found.start() for found in _QUOTED.finditer(sample) if not found[1]), len(sample))
        line = sample.rfind("\n", 0, opened)
        if 2 * opened < len(sample) and line > 0:
            return sample[:line]
    return sample


def _occurs(delimiter: str, lines: list[str]) -> bool:
    """Whether a delimiter stands in the first line or a fair share of all; records may have many lines without one."""
    return 10 * sum(delimiter in line for line in lines) >= len(lines) > 0 or delimiter in "".join(lines[:1])


def _quotings(sample: str, delimiter: str) -> list[tuple[str, str]]:
    """The quotes and escapes that the sample may be written with, `"` first; `'` alone where it encloses whole cells
    throughout."""
    edge = rf"(?:^|{re.escape(delimiter)}|$)"
    found = [('"', "")]
    backslashed = len(re.findall(rf'\\"(?!{edge})', sample, re.M))
    doubled = len(re.findall(rf'(?<!^)(?<!{re.escape(delimiter)})""(?!{edge})', sample, re.M))
    if backslashed and not doubled:
        found = [('"', "\\")]
    opened = len(re.findall(rf"(?:^|{re.escape(delimiter)})'", sample, re.M))
    closed = len(re.findall(rf"'(?:{re.escape(delimiter)}|$)", sample, re.M))
    if min(opened, closed) >= 2 and 2 * closed > opened:
        single = ("'", "\\" if re.search(rf"\\'(?!{edge})", sample, re.M) else "")
        if _encloses_columns(sample, Dialect(delimiter, *single)):
            return [single]
        found.append(single)
    return found


def _encloses_columns(sample: str, dialect: Dialect) -> bool:
    """Whether the quote encloses nearly all cells of each column in which it encloses any, below the header, and `"`
    none."""
    filled: Counter[int] = Counter()
    enclosed: Counter[int] = Counter()
    for record in _loose_records(sample, dialect):
        if any(not quoted and text[:1] == text[-1:] == '"' for text, quoted in record):
            return False
        if enclosed or any(quoted for _, quoted in record):
            filled.update(position for position, (text, _) in enumerate(record) if text.strip())
            enclosed.update(position for position, (_, quoted) in enumerate(record) if quoted)
    return enclosed.total() > 1 and all(enclosed[position] >= _MOST * filled[position] for position in enclosed)


def _look(sample: str, dialect: Dialect) -> _Look:
    widths: Counter[int] = Counter()
    cells = sensible = certain = parted = quoted_cells = broken = 0
    last: list[list[tuple[str, bool]]] = []
    for record in _loose_records(sample, dialect):
        if filled := sum(bool(text.strip()) for text, _ in record):
            widths[len(record)] += 1
            parted += filled > 1
            last = [*last[-1:], record]
        if cells < _MOST_CELLS:
            cells += len(record)
            quoted_cells += sum(quoted for _, quoted in record)
            broken += sum(not quoted and text.startswith(dialect.quote) for text, quoted in record)
            sure = sum(quoted or is_value(text) for text, quoted in record)
            certain += sure
            sensible += sum(quoted or bool(_PLAIN.fullmatch(text)) or is_value(text) for text, quoted in record)
    records = sum(widths.values())
    if not records:
        return _Look()
    evenness = sum((count / records) ** 2 * (width - 1) / width for width, count in widths.items())
    width = max(widths, key=lambda width: widths[width] * (width - 1) / width)
    width = next(first for first in widths if widths[first] == widths[width] and (first > 1 or width == 1))
    if not parted or (widths[width] < _FEW and next(iter(widths)) == 1 and not _are_header_and_record(last, width)):
        return _Look()  # a delimiter in a cell or two of a file that has none
    if dialect.delimiter in _DOUBTFUL:
        share, values = widths[width] / records, certain / max(cells, 1)
        if not ((share >= 0.9 and values >= 0.2) or (share >= 0.4 and values >= 0.4)):
            return _Look()
    if dialect.delimiter in _SPACED and widths[width] < 0.8 * records:
        return _Look()
    return _Look(evenness * (0.1 + 0.9 * sensible / max(cells, 1)), width, quoted_cells, broken)


def _are_header_and_record(records: list[list[tuple[str, bool]]], width: int) -> bool:
    """Whether the last two records of a sample, below a title, are a header and its only record rather than prose."""
    if len(records) < 2 or any(len(record) != width for record in records):
        return False
    header, record = ([text for text, _ in record] for record in records)
    if any(text[:1].isspace() for text in [*header[1:], *record[1:]]) or any(map(is_value, header)):
        return False
    return width >= _FEW or any(map(is_value, record))


def _loose_records(sample: str, dialect: Dialect) -> Iterator[list[tuple[str, bool]]]:
    """Records as (text, quoted) cells. A quote closes where a delimiter or a line's end follows, so that stray ones
    do no more harm than they must."""
    d, q = re.escape(dialect.delimiter), dialect.quote
    # Each piece can be taken in one way only, so that nothing is tried twice: the first releases of Python 3.11 match
    # possessive repeats wrongly. What is plain stands in a class of its own, which is passed over at a stride.
    plain, odd = (
        (rf"[^{q}\\]", rf"\\.|\\(?!.)|{q}(?!{d}|\n|\Z)")
        if dialect.escape
        else (rf"[^{q}]", rf"{q}{q}|{q}(?!{q}|{d}|\n|\Z)")
    )
    bare = rf"[^{d}\n]*" if len(dialect.delimiter) == 1 else rf"(?:(?!{d})[^\n])*"
    cell = re.compile(rf"(?:{q}({plain}*(?:(?:{odd}){plain}*)*){q}(?={d}|\n|\Z)|({bare}))({d}|\n|\Z)", re.S)
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
