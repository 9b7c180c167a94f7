"""A coverage-guided fuzz target: whatever the bytes, the reader keeps what docs/reading.md promises.

`check` is what is promised; test_fuzz.py holds the reader to it too. CONTRIBUTING.md says how to run the target.
"""

import atexit
import shutil
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

if __name__ == "__main__":
    import atheris

    with atheris.instrument_imports(include=["orchestration.reader"]):
        import orchestration.reader  # noqa: F401

import duckdb
import pyarrow.parquet as pq

from models.headers import known_columns
from orchestration.reader import Reading, ReadLimitError, Record, Table, UnreadableFileError, read_file, read_table
from orchestration.reader.layout import KnownHeader
from orchestration.reader.shapes import BLANKS

CORPUS = Path(__file__).parent / "corpus"

REFUSALS = {"archive", "old_workbook", "bad_workbook", "web_page", "pdf", "not_text"}
REFUSALS |= {"xml_workbook", "json", "json_lines", "bureau_file"}
LIMITS = {"file_too_large", "line_too_long", "cell_too_long", "too_many_columns", "header_too_long"}
PROBLEMS = {"wrong_field_count", "bad_quoting", "bad_encoding"}
KINDS = {"preamble", "repeated_header", "totals", "footer", "other_table"}

_OTHER_DELIMITERS = ",;\t| "
# Bytes that are no text are replaced, and the five that cp1252 leaves open are controls: neither can be held against
# Python's own decoding.
_NO_TEXT = dict.fromkeys([0xFFFD, *range(0xD800, 0xE000), 0x81, 0x8D, 0x8F, 0x90, 0x9D])


def check(content: bytes, folder: Path, known: KnownHeader | None = None) -> Table | None:
    """Read `content` as a file in `folder`: the table, or None where it is refused.

    Raises AssertionError for a broken promise.
    """
    path = folder / "upload"
    path.write_bytes(content)
    try:
        table = read_table(path, known=known)
    except UnreadableFileError as refusal:
        assert refusal.code in REFUSALS, refusal
        return None
    except ReadLimitError as refusal:
        assert refusal.code in LIMITS, refusal
        return None
    reading = read_file(path, folder, known=known)
    assert reading.header == table.header
    _check_records(table, reading)
    pieces = _pieces(table, reading)
    lines = [line for first, count, _ in pieces for line in range(first, first + count)]
    assert lines == list(range(1, table.lines.physical + 1)), f"lines {lines} of {table.lines.physical}"
    counts = table.lines
    assert counts.header + counts.record + counts.blank + counts.other == counts.physical
    assert (counts.blank, counts.other) == (len(table.blank_lines), sum(line.lines for line in table.other_lines))
    if reading.decoded is not None:
        _check_decoded(content, reading)
        _check_nothing_is_lost(pieces, reading)
    elif reading.encoding != "xlsx":
        assert not _text(content, reading.encoding).translate(dict.fromkeys(map(ord, BLANKS))), "not blank"
    if reading.speed == "fast":
        with duckdb.connect(config={"threads": 1}) as con:
            fast = reading.write(con, "line_number", [], folder / "written")
        _check_same(table, fast, reading.carefully())
    return table


def _check_records(table: Table, reading: Reading) -> None:
    columns = len(table.header) or reading.columns
    for record in table.records:
        if record.problem is None:
            assert len(record.cells) == columns, f"{len(record.cells)} cells of {columns} in {record}"
            assert record.text is None and any(cell.strip(BLANKS) for cell in record.cells), record
        else:
            assert record.problem.split(": ")[0] in PROBLEMS and record.text is not None and record.cells, record
            assert "field_count" not in record.problem or len(record.cells) > columns, record
        assert all(isinstance(cell, str) for cell in record.cells), record
    for pieces in (table.records, table.other_lines, [(line,) for line in table.blank_lines]):
        numbers = [piece[0] for piece in pieces]
        assert numbers == sorted(set(numbers)), f"lines {numbers} do not increase"
    assert {line.kind for line in table.other_lines} <= KINDS


def _pieces(table: Table, reading: Reading) -> list[tuple[int, int, object]]:
    """What the file is made of, in order, as (first line, number of lines, what it is)."""
    layout = reading.layout
    pieces: list[tuple[int, int, object]] = []
    if layout.header_line:
        pieces.append((layout.header_line, layout.body_line - layout.header_line, table.header))
    for record in table.records:
        text = record.text if record.problem else "".join(record.cells)
        pieces.append((record.line_number, 1 if reading.decoded is None else 1 + text.count("\n"), record))
    pieces += [(line.line_number, line.lines, line.text) for line in table.other_lines]
    pieces += [(line, 1, None) for line in table.blank_lines]
    return sorted(pieces, key=lambda piece: piece[:2])


def _check_decoded(content: bytes, reading: Reading) -> None:
    """The reader's text is what Python makes of the bytes."""
    found = reading.decoded.data.decode("utf-8", "replace")
    assert _lines(_text(content, reading.encoding)) == _lines(found)


def _text(content: bytes, encoding: str) -> str:
    return content.removeprefix(b"\xef\xbb\xbf").decode(encoding, "replace").removeprefix("\ufeff")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_NO_TEXT)


def _check_nothing_is_lost(pieces: list[tuple[int, int, object]], reading: Reading) -> None:
    """Every piece has the characters of its lines in their order, but for what cuts the text into cells."""
    lines, dialect = reading.decoded.data.decode("utf-8", "surrogatepass").split("\n"), reading.dialect
    for first, count, piece in pieces:
        text = "\n".join(lines[first - 1 : first - 1 + count]).removesuffix("\r")
        message = f"{piece} of {text!r} in line {first}"
        cut = dialect.delimiter + dialect.quote + dialect.escape
        if not isinstance(piece, Record) or piece.repaired:  # it may be cut by another delimiter
            cut += _OTHER_DELIMITERS
        whole = _significant(text, cut)
        if piece is None:
            assert not whole, message
        elif isinstance(piece, str):
            assert _readable(piece) == _readable(text), message
        elif isinstance(piece, Record) and piece.problem:
            assert _readable(piece.text) == _readable(text), message
        elif isinstance(piece, Record):
            assert _significant("".join(piece.cells), cut) == whole, message
            if dialect.quote not in text and not piece.repaired:
                cells = text.split(dialect.delimiter)
                assert piece.cells == (cells + [""] * len(piece.cells))[: len(piece.cells)], message
        else:
            found = _significant("".join(piece), cut)
            # A header over several lines has each of its names once.
            assert found == whole if count == 1 else set(found) == set(whole), message


def _readable(text: str) -> str:
    """The text without what is no text, in whichever way the rest of it was made readable."""
    return text.translate(_NO_TEXT)


def _significant(text: str, cut: str) -> str:
    """What must not be lost of a text: all but blanks and what cuts it."""
    return text.translate(_NO_TEXT | dict.fromkeys(map(ord, cut + BLANKS)))


def _check_same(table: Table, fast: Reading, careful: Reading) -> None:
    """The fast path found what the careful one finds."""
    rows = pq.read_table(careful.path).to_pylist()
    names = [f"c{index}" for index in range(careful.columns)]
    records = [
        (row["line_number"], row["record_cells"] if row["problem"] else [row[name] for name in names], row["problem"])
        for row in rows
    ]
    repaired = [record.line_number for record in table.records if record.repaired]
    _same("records", [tuple(record[:3]) for record in table.records], records)
    _same("repaired", repaired, careful.repaired)
    _same("short", fast.short, careful.short)
    _same("other lines", table.other_lines, sorted(careful.other_lines))
    _same("blank lines", table.blank_lines, sorted(careful.blank_lines))
    assert table.lines == careful.lines


def _same(what: str, fast: list, careful: list) -> None:
    if fast != careful:
        differences = [pair for pair in zip_longest(fast, careful) if pair[0] != pair[1]]
        raise AssertionError(f"{what}: fast {differences[0][0]}, careful {differences[0][1]}")


def main() -> None:
    """Fuzz from the corpus on, with the options of libFuzzer; given files instead of a folder, check those."""
    given = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    folder = Path(tempfile.mkdtemp(prefix="loancalls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    work, start = folder / "work", folder / "start"
    work.mkdir()
    start.mkdir()
    for path in CORPUS.glob("*/*"):
        if path.suffix != ".json":
            shutil.copy(path, start / f"{path.parent.name}-{path.name}")
    corpus = []
    if not given or not all(path.is_file() for path in given):
        corpus.append(str(start))
        for path in given:
            path.mkdir(parents=True, exist_ok=True)

    def one(content: bytes) -> None:
        for known in (None, known_columns):
            check(content, work, known)

    atheris.Setup([*sys.argv, *corpus], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
