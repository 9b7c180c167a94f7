"""What the reader takes at most: every limit by its code, at it and one beyond it, and that refusing costs nothing."""

import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support import REPO, World

from orchestration.errors import UsageError
from orchestration.ingest.run import ingest
from orchestration.reader import Limits, ReadLimitError, read_table
from orchestration.reader.sizes import check_lines
from orchestration.settings import load_settings

MB = 1 << 20
ONE = b"loan_id,phone\nL1,9845012345\n"


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "upload.csv"
        path.write_bytes(content)
        return path

    return write


def refusal(path: Path, limits: Limits) -> tuple[str, str]:
    """The code and the sentence with which a file is refused."""
    with pytest.raises(ReadLimitError) as refused:
        read_table(path, limits)
    code, sentence = str(refused.value).split(": ", 1)
    assert code == refused.value.code
    return code, sentence


LINE = "save the file with line ends, or take out what is so long"


def too_long(line: int, most: int = 1_000) -> tuple[str, str]:
    return "line_too_long", f"line {line:,} has more than the {most:,} bytes that a line may have; {LINE}"


# --- at the limit and one beyond it ----------------------------------------------------------------------------------


def test_file_bytes(put):
    path = put(ONE)
    assert [record.cells for record in read_table(path, Limits(file_bytes=len(ONE))).records] == [["L1", "9845012345"]]
    assert refusal(path, Limits(file_bytes=len(ONE) - 1)) == (
        "file_too_large",
        "the file has 28 bytes, more than the 27 that are read at once; split it",
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("below", [0, 3])
def test_line_bytes(put, line_end, closed, below):
    """A line's end is not counted; the last line may have none."""

    def content(longest: int) -> bytes:
        lines = ["loan_id,name", "L1,A", "L2," + "x" * (longest - 3), *["L3,B"] * below]
        return (line_end.join(lines) + line_end * closed).encode()

    table = read_table(put(content(1_000)), Limits(line_bytes=1_000))
    assert [record.line_number for record in table.records] == list(range(2, 4 + below))
    assert table.records[1].cells == ["L2", "x" * 997]
    assert refusal(put(content(1_001)), Limits(line_bytes=1_000)) == too_long(3)


def test_the_header_and_a_title_are_lines_too(put):
    assert refusal(put(b"loan_id," + b"n" * 993 + b"\nL1,A\n"), Limits(line_bytes=1_000)) == too_long(1)
    assert refusal(put(b"t" * 1_001 + b"\nloan_id,name\nL1,A\n"), Limits(line_bytes=1_000)) == too_long(1)


CELLS = {
    "plain": ("{}", "x"),
    "quoted": ('"{}"', "x"),
    "of two bytes each": ("{}", "é"),
    "with delimiters": ('"{}"', ","),
    "with doubled quotes": ('"{}"', '""'),
    "over lines": ('"{}"', "xxxxxxxxx\n"),
    "over lines of two bytes each": ('"{}"', "éééé\n"),
}


@pytest.mark.parametrize("case", CELLS)
def test_cell_bytes(put, case):
    """Counted is the cell as it is read, whatever the record that it stands in is written with."""
    written, piece = CELLS[case]
    cell = piece.replace('""', '"')
    times = 1_002 // len(cell.encode())

    def content(more: str) -> bytes:
        return f"loan_id,name,city\nL1,A,B\nL2,{written.format(piece * times + more)},C\nL3,D,E\n".encode()

    most = len(cell.encode()) * times
    table = read_table(put(content("")), Limits(cell_bytes=most))
    assert [record.cells for record in table.records][1:] == [["L2", cell * times, "C"], ["L3", "D", "E"]]
    assert refusal(put(content("x")), Limits(cell_bytes=most)) == (
        "cell_too_long",
        f"a cell of the record in line 3 has more than the {most:,} bytes that a cell may have; take it out",
    )


@pytest.mark.parametrize("more", ["", "L3,a,b,c\n"])
def test_how_many_lines_a_cell_has_is_no_limit(put, more):
    """Nor does it hang on what else is in the file: a bad record elsewhere sends it down the careful path."""
    cell = "x\n" * 300 + "x"
    records = read_table(put(f'loan_id,name\nL1,"{cell}"\nL2,A\n{more}'.encode())).records
    assert [(record.line_number, record.cells) for record in records][:2] == [(2, ["L1", cell]), (303, ["L2", "A"])]


@pytest.mark.parametrize("records", [0, 1, 50])
def test_columns(put, records):
    def content(columns: int) -> bytes:
        rows = [[f"c{position}" for position in range(columns)], *[["7"] * columns] * records]
        return "".join(",".join(row) + "\n" for row in rows).encode()

    table = read_table(put(content(20)), Limits(columns=20))
    assert (len(table.header), len(table.records)) == (20, records)
    assert refusal(put(content(21)), Limits(columns=20)) == (
        "too_many_columns",
        "the table has 21 columns, more than the 20 that are read; leave some out",
    )


def test_one_record_with_too_many_cells_is_a_bad_record_and_no_bad_file(put):
    path = put(b"a,b\n1,2\n3,4\n5,6\n" + b"," * 4_000 + b"x\n7,8\n")
    table = read_table(path)
    assert [(record.line_number, (record.problem or "").split(":")[0]) for record in table.records] == [
        *((line, "") for line in (2, 3, 4)), (5, "wrong_field_count"), (6, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["{}\nL1,A\n", "{}\r\nL1,A\r\n", "{}\n"])
def test_header_bytes(put, content):
    def header(size: int) -> bytes:
        text = "loan_id," + "n" * (size - 8)
        return content.format(text).encode()

    assert read_table(put(header(990)), Limits(header_bytes=1_000)).header == ["loan_id", "n" * 982]
    assert refusal(put(header(1_010)), Limits(header_bytes=1_000)) == (
        "header_too_long",
        "the header does not end within the first 1,000 bytes; name the columns in line 1",
    )


def test_a_header_over_many_lines_is_as_long_as_they_are(put):
    names = ["loan_id", "xxxxxxxxx\n" * 120, "name"]
    content = ",".join(f'"{name}"' for name in names) + "\nL1,5,A\nL2,6,B\n"
    assert refusal(put(content.encode()), Limits(header_bytes=1_000))[0] == "header_too_long"
    assert read_table(put(content.encode()), Limits(header_bytes=2_000)).header == names


# --- long lines, wherever they stand ---------------------------------------------------------------------------------


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("good", [1, 5, 4_096, 60_000])
def test_a_long_line_is_named_by_its_number(put, line_end, good):
    lines = ["loan_id,name", *(f"L{number},Asha" for number in range(good)), "L0," + "x" * 1_000, "L0,A"]
    content = (line_end.join(lines) + line_end).encode()
    assert refusal(put(content), Limits(line_bytes=1_000)) == too_long(good + 2)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=30), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.integers(1, 8))
def test_lengths_are_those_of_the_lines(tmp_path_factory, lengths, line_end, closed, most):
    """The first too long line is refused, wherever the blocks end in which the file is read."""
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(line_end.join(b"x" * length for length in lengths) + line_end * closed)
    first = next((number for number, length in enumerate(lengths, 1) if length > most), None)
    if first is None:
        check_lines(path, Limits(line_bytes=most))
        return
    with pytest.raises(ReadLimitError, match=f"^line_too_long: line {first} "):
        check_lines(path, Limits(line_bytes=most))


def test_many_lines_that_end_with_a_carriage_return_are_no_long_line(put):
    rows = [f"L{number},{9_845_000_000 + number},Asha Rao, Hosa" for number in range(300_000)]
    content = "\r".join(["loan_id,phone,name,branch", *rows]).encode()
    assert len(content) > Limits().line_bytes
    table = read_table(put(content))
    assert (len(table.records), table.records[-1].line_number) == (300_000, 300_001)
    assert table.records[-1].cells == rows[-1].split(",")


# --- what refusing costs ---------------------------------------------------------------------------------------------

PROBE = """
import json, resource, sys, tempfile, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
from orchestration.reader import ReadError, read_file, read_table
began = time.process_time()
try:
    if sys.argv[1] == "read_table":
        said = f"{len(read_table(sys.argv[2]).records)} records"
    else:
        with tempfile.TemporaryDirectory() as staging:
            read_file(Path(sys.argv[2]), Path(staging))
        said = "read"
except ReadError as error:
    said = str(error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"said": said, "seconds": time.process_time() - began, "peak": peak}))
"""


@dataclass
class Cost:
    """What a process of its own said of a file, the CPU seconds it took and the most memory it had."""

    said: str
    seconds: float
    peak: int


def cost(path: Path, call: str = "read_table") -> Cost:
    # The shell stands between, since a process starts out with the peak of the one that started it.
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", PROBE, call, str(path)],
        capture_output=True, encoding="utf-8", cwd=REPO, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"the process died with {done.returncode}: {done.stderr[:300]}"
    return Cost(**json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("costs")


@pytest.fixture(scope="module")
def cheap(folder: Path) -> Cost:
    """What it costs to refuse a file that is as small as one can be that is refused for its line."""
    path = folder / "short.csv"
    path.write_bytes(b"loan_id,name\nL1," + b"x" * Limits().line_bytes)
    found = cost(path)
    assert found.said.startswith("line_too_long: line 2 ")
    return found


GOOD_LINES = 100_000
SPARSE = {
    "the first line": (b"x" * 70_000, 1),
    "a line in quotes": (b'loan_id,name\nL1,"' + b"x" * 70_000, 2),
    "a line after many good ones": (b"loan_id,name\n" + b"L1,Asha Rao\n" * GOOD_LINES + b"L2,", GOOD_LINES + 2),
}


@pytest.mark.parametrize("case", SPARSE)
@pytest.mark.parametrize("call", ["read_table", "read_file"])
def test_a_line_of_gigabytes_is_refused_at_once(folder, cheap, case, call):
    start, line = SPARSE[case]
    path = folder / "sparse.csv"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(2 << 30)
    found = cost(path, call)
    assert found.said == ": ".join(too_long(line, Limits().line_bytes))
    assert found.seconds < 2
    assert found.peak < cheap.peak + 50 * MB


def test_a_file_that_is_too_large_is_not_opened(folder, cheap):
    path = folder / "large.csv"
    with path.open("wb") as file:
        file.write(ONE)
        file.truncate((4 << 30) + 1)
    found = cost(path)
    assert found.said == (
        "file_too_large: the file has 4,294,967,297 bytes, more than the 4,294,967,296 that are read at once; split it"
    )
    assert (found.seconds < 1, found.peak < cheap.peak + 50 * MB) == (True, True)


# --- workbooks -------------------------------------------------------------------------------------------------------

SHEET = "xl/worksheets/sheet1.xml"
BOMB = 400 * MB


def write_book(path: Path, rows: dict[int, dict[int, object]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Loans")
        for row, cells in rows.items():
            for column, cell in cells.items():
                sheet.write(row, column, cell)
    return path


def with_sheet(path: Path, source: Path, write: Callable[[bytes, object], None]) -> Path:
    """The workbook `source` with its first sheet written anew."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w") as out:
                write(old.read(name), out) if name == SHEET else out.write(old.read(name))
    return path


@pytest.fixture(scope="module")
def book(folder: Path) -> Path:
    return write_book(folder / "book.xlsx", {0: {0: "loan_id", 1: "amount"}, 1: {0: "L1", 1: 5}})


@pytest.fixture(scope="module")
def cheap_book(book: Path) -> Cost:
    """What it costs to read a small workbook."""
    found = cost(book)
    assert found.said == "1 records"
    return found


def of_zeros(sheet: bytes, out: object) -> None:
    for _ in range(BOMB // MB):
        out.write(bytes(MB))


def of_blanks(sheet: bytes, out: object) -> None:
    """A sheet that is as it should be, with blanks between its elements."""
    above, below = sheet.split(b"<sheetData>")
    out.write(above)
    for _ in range(BOMB // MB):
        out.write(b" " * MB)
    out.write(b"<sheetData>" + below)


@pytest.mark.parametrize("content", [of_zeros, of_blanks])
def test_a_zip_bomb_is_refused_by_name_and_not_unpacked(folder, book, cheap, content):
    path = with_sheet(folder / "bomb.xlsx", book, content)
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    assert path.stat().st_size < MB < BOMB < size
    found = cost(path)
    assert found.said == f"file_too_large: the workbook unpacks to {size:,} bytes, more than it may; save it as CSV"
    assert found.seconds < 1
    assert found.peak < cheap.peak + 50 * MB


@pytest.mark.parametrize("content", [of_zeros, of_blanks])
@pytest.mark.parametrize("checksum_too", [False, True], ids=["size", "size and checksum"])
def test_a_zip_bomb_that_lies_is_not_unpacked_either(folder, book, cheap_book, content, checksum_too):
    path = with_sheet(folder / "bomb.xlsx", book, content)
    with zipfile.ZipFile(path) as archive, archive.open(SHEET) as sheet:
        checksum = zlib.crc32(sheet.read(2_000))
    raw = bytearray(path.read_bytes())
    for magic, size, crc in ((b"PK\x01\x02", 24, 16), (b"PK\x03\x04", 22, 14)):
        for found in re.finditer(re.escape(magic), bytes(raw)):
            if struct.unpack_from("<I", raw, found.start() + size)[0] >= BOMB:
                struct.pack_into("<I", raw, found.start() + size, 2_000)
                if checksum_too:
                    struct.pack_into("<I", raw, found.start() + crc, checksum)
    path.write_bytes(raw)
    found = cost(path)
    assert found.said.split(": ")[0] in ("file_too_large", "bad_workbook")
    assert found.peak < cheap_book.peak + 50 * MB


def test_a_sheet_with_too_many_columns(tmp_path):
    columns = dict.fromkeys(range(20), "n")
    path = write_book(tmp_path / "book.xlsx", {0: columns, 1: dict.fromkeys(range(20), 7)})
    assert len(read_table(path, Limits(columns=20)).header) == 20
    path = write_book(tmp_path / "book.xlsx", {0: columns, 1: dict.fromkeys(range(21), 7)})
    assert refusal(path, Limits(columns=20)) == (
        "too_many_columns",
        "the sheet has 21 columns, more than the 20 that are read; leave some out",
    )


def test_a_sheet_with_a_cell_that_is_too_long(tmp_path):
    def path(size: int) -> Path:
        rows = {0: {0: "loan_id", 1: "name"}, 1: {0: "L1", 1: "A"}, 2: {0: "L2", 1: "x" * size}}
        return write_book(tmp_path / "book.xlsx", rows)

    assert read_table(path(1_000), Limits(cell_bytes=1_000)).records[1].cells == ["L2", "x" * 1_000]
    assert refusal(path(1_001), Limits(cell_bytes=1_000))[0] == "cell_too_long"


def test_a_workbook_that_unpacks_to_more_than_a_file_may_have(book):
    with zipfile.ZipFile(book) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    assert book.stat().st_size < size
    assert len(read_table(book, Limits(file_bytes=size)).records) == 1
    assert refusal(book, Limits(file_bytes=size - 1))[0] == "file_too_large"


def test_a_cell_in_the_last_column_of_a_sheet_is_too_many_columns(folder, cheap_book):
    """Two cells in opposite corners span 17 thousand million."""
    rows = {0: {0: "loan_id", 1: "amount"}, 1: {0: "L1", 1: 5}, 1_048_575: {16_383: "x"}}
    found = cost(write_book(folder / "corners.xlsx", rows))
    assert found.said.split(": ")[0] == "too_many_columns"
    assert found.peak < cheap_book.peak + 50 * MB


FAR_CELLS = {
    "the last row, within the columns that may be": b'<c r="BXX1048576"><v>7</v></c>',
    "a row that no sheet has": b'<c r="A9999999999"><v>7</v></c>',
    "a column that no sheet has": b'<c r="ZZZZZZZZ2"><v>7</v></c>',
    "in single quotes": b"<c r='BXX1048576'><v>7</v></c>",
    "with blanks around": b'<c r = "BXX1048576"><v>7</v></c>',
    "in small letters": b'<c r="bxx1048576"><v>7</v></c>',
    "with zeros before": b'<c r="BXX00000000001048576"><v>7</v></c>',
    "in a row of its own": b'</row><row r="1048576"><c><v>7</v></c><c r="BXX1048576"><v>7</v></c>',
}


@pytest.mark.parametrize("case", FAR_CELLS)
def test_a_cell_far_away_ends_no_process(folder, book, case):
    """Whatever is said of such a workbook, the uploads beside it must be read: no process may die of it."""
    path = with_sheet(
        folder / "far.xlsx",
        book,
        lambda sheet, out: out.write(sheet.replace(b"</row></sheetData>", FAR_CELLS[case] + b"</row></sheetData>")),
    )
    said = cost(path).said
    assert said in ("1 records", "2 records") or said.split(": ")[0] in (
        *("too_many_columns", "file_too_large", "bad_workbook"),
    )


def test_a_cell_far_away_in_a_sheet_that_lies_elsewhere(folder, book):
    """What a part of a workbook is, the workbook says, and not its name."""
    path = folder / "elsewhere.xlsx"
    far = b'<c r="BXX1048576"><v>7</v></c></row></sheetData>'
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).replace(b"worksheets/sheet1.xml", b"other/sheet1.bin")
            if name == SHEET:
                name, content = "xl/other/sheet1.bin", content.replace(b"</row></sheetData>", far)
            new.writestr(name, content)
    said = cost(path).said
    assert said == "2 records" or said.split(": ")[0] in ("file_too_large", "bad_workbook")


# --- end to end ------------------------------------------------------------------------------------------------------

LONG = b"xyz" * 500
SETTINGS = {
    "max_file_bytes": (
        "200",
        b"loan_id,phone\n" + b"".join(b"L%d,98450123%02d\n" % (number, number) for number in range(20)),
        "file_too_large: the file has 304 bytes, more than the 200 that are read at once; split it",
    ),
    "max_line_bytes": ("1000", ONE + b"L2," + LONG + b"\n", ": ".join(too_long(3))),
    "max_cell_bytes": (
        "1000",
        ONE + b"L2," + LONG + b"\n",
        "cell_too_long: a cell of the record in line 3 has more than the 1,000 bytes that a cell may have; take it out",
    ),
    "max_columns": (
        "3",
        b"loan_id,phone,name,amount\nL1,9845012345,A,5\n",
        "too_many_columns: the table has 4 columns, more than the 3 that are read; leave some out",
    ),
    "max_header_bytes": (
        "1000",
        b"loan_id,phone," + LONG + b"\nL1,9845012345,A\n",
        "header_too_long: the header does not end within the first 1,000 bytes; name the columns in line 1",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_limit_that_is_set_fails_the_upload_and_nothing_else(tmp_path, name):
    value, content, message = SETTINGS[name]
    world = World(tmp_path / "home", **{name: value})
    world.put("beyond.csv", content, "2026-03-01")
    world.put("within.csv", b"loan_id,phone\nL7,9845012377\n", "2026-03-02")
    keys = world.ingest()
    world.build()
    found = world.rows(
        "SELECT filename, status, total_records, processing_errors ->> 'message' FROM file_uploads ORDER BY filename"
    )
    assert found == [("beyond.csv", "failed", 0, message), ("within.csv", "completed", 1, None)]
    assert world.rows("SELECT loan_id FROM loans") == [("L7",)]
    beyond = world.lake.uploads().row(0, named=True)
    world.lake.restore(beyond["sha256"], tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert (beyond["file_bytes"], beyond["physical_lines"]) == (len(content), 0)

    freed = World(tmp_path / "home")
    ingest(freed.home, freed.settings, keys)
    freed.build()
    long_phone = name in ("max_line_bytes", "max_cell_bytes")
    status = "completed_with_errors" if long_phone else "completed"
    assert freed.rows("SELECT status FROM file_uploads WHERE filename = 'beyond.csv'") == [(status,)]
    assert ("L1",) in freed.rows("SELECT loan_id FROM loans")


LEAST = {"FILE": 1, "LINE": 1_000, "CELL": 1_000, "HEADER": 1_000}


@pytest.mark.parametrize("name", LEAST)
def test_the_least_that_a_limit_may_be_set_to(tmp_path, name):
    variable, least = f"LOANCALLS_MAX_{name}_BYTES", LEAST[name]
    home = {"LOANCALLS_HOME": str(tmp_path)}
    assert getattr(load_settings(home | {variable: str(least)}), f"max_{name.lower()}_bytes") == least
    for wrong in (str(least - 1), "8MB", "-5", "1e9"):
        with pytest.raises(UsageError) as refused:
            load_settings(home | {variable: wrong})
        assert str(refused.value) == f"{variable} is '{wrong}'; it must be a whole number of at least {least}."
