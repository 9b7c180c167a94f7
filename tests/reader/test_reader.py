"""The reader: every record of a file as people send it, with its physical line, on both paths alike."""

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.reader import Reading, ReadLimitError, read_file, read_table, unique_keys
from orchestration.reader.shapes import BLANKS

QUOTING = "bad_quoting: the line's double quotes do not pair up; close or double the quote"
ENCODING = (
    "bad_encoding: the line has bytes that are not text in the file's encoding; "
    "save the file as UTF-8 and send it again"
)


def too_many(found: int, width: int) -> str:
    return (
        f"wrong_field_count: the record has {found} cells, the header {width}; "
        "put the cell that holds the delimiter in double quotes"
    )


@dataclass
class Read:
    """A file as it was read: the reading, and its records as (line, cells) or (line, problem, text)."""

    reading: Reading
    records: list[tuple]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("staging [x] 'q'")

    def call(content: bytes | str, carefully: bool = False) -> Read:
        path = folder / "upload"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        reading = read_file(path, folder)
        if carefully and reading.speed == "fast":
            reading = reading.carefully()
        with duckdb.connect() as con:
            reading = reading.write(con, "*", [], folder / "records.out")
        rows = pq.read_table(folder / "records.out").to_pylist()
        cells = [f"c{position}" for position in range(len(reading.header))]
        records = [
            (row["line_number"], row["problem"], row["record_text"])
            if row["problem"]
            else (row["line_number"], [row[cell] for cell in cells])
            for row in rows
        ]
        assert len(records) == reading.records
        return Read(reading, records)

    return call


GOOD = [(2, ["L1", "Asha"]), (3, ["L2", "Ravi"])]
PLAIN = "loan_id,name\nL1,Asha\nL2,Ravi\n"

# What the file holds, its records, and the path that reads it.
FILES = {
    "plain": (PLAIN, GOOD, "fast"),
    "no final newline": (PLAIN[:-1], GOOD, "fast"),
    "CRLF": (PLAIN.replace("\n", "\r\n"), GOOD, "fast"),
    "CR alone": (PLAIN.replace("\n", "\r"), GOOD, "fast"),
    "BOM": (b"\xef\xbb\xbf" + PLAIN.encode(), GOOD, "fast"),
    "semicolon": (PLAIN.replace(",", ";"), GOOD, "fast"),
    "tab": (PLAIN.replace(",", "\t"), GOOD, "fast"),
    "pipe": (PLAIN.replace(",", "|"), GOOD, "fast"),
    "delimiters of other kinds": ("a;b\n1,5;x|y\n2,5;z\n", [(2, ["1,5", "x|y"]), (3, ["2,5", "z"])], "fast"),
    "everything quoted": ('"a","b"\n"L1","Asha"\n"L2","Ravi"\n', GOOD, "fast"),
    "delimiter in quotes": ('a,b\n"Rao, Asha",1\n', [(2, ["Rao, Asha", "1"])], "fast"),
    "doubled quotes": ('a,b\n"the ""big"" one",""""\n', [(2, ['the "big" one', '"'])], "fast"),
    "line break in quotes": ('a,b\n"x\ny",1\nz,2\n', [(2, ["x\ny", "1"]), (4, ["z", "2"])], "fast"),
    "CRLF in quotes": ('a,b\r\n"x\r\ny",1\r\nz,2\r\n', [(2, ["x\r\ny", "1"]), (4, ["z", "2"])], "fast"),
    "blank line in quotes": ('a,b\n"x\n\n\ny",1\nz,2\n', [(2, ["x\n\n\ny", "1"]), (6, ["z", "2"])], "fast"),
    "line break in the header": ('"a\nb",c\n1,2\n', [(3, ["1", "2"])], "fast"),
    "blanks kept": ("a,b\n L1 ,\tx \n", [(2, [" L1 ", "\tx "])], "fast"),
    "blank cells": ('a,b\nx,\n"",x\n', [(2, ["x", ""]), (3, ["", "x"])], "fast"),
    "records of blank cells": ('a,b\n,\n"",x\n"" , ""\n', [(3, ["", "x"])], "careful"),
    "delimiters alone": ("a,b\n1,x\n,\n,\n2,x\n,\n", [(2, ["1", "x"]), (5, ["2", "x"])], "fast"),
    "short records are padded": ("a,b,c\n1\n1,2\n", [(2, ["1", "", ""]), (3, ["1", "2", ""])], "fast"),
    "blank lines": ("\n\na,b\n\n1,2\n\n\n3,4\n\n", [(5, ["1", "2"]), (8, ["3", "4"])], "fast"),
    "mixed line ends": ("a,b\r\n1,2\n\r\n3,4", [(2, ["1", "2"]), (4, ["3", "4"])], "careful"),
    "lines of tabs": ("a\tb\n1\t2\n\t\n3\t4\n", [(2, ["1", "2"]), (4, ["3", "4"])], "careful"),
    "lines of blanks": ("a,b\n  \n1,2\n            \t\n3,4\n", [(3, ["1", "2"]), (5, ["3", "4"])], "careful"),
    "one column": ("loan_id\nL1\nL2\n", [(2, ["L1"]), (3, ["L2"])], "fast"),
    "one column, blanks": ('loan_id\nL1\n\n""\nL2\n', [(2, ["L1"]), (5, ["L2"])], "fast"),
    "header only": ("a,b\n", [], "fast"),
    "header without newline": ("a,b", [], "fast"),
    "formulas are text": ("a,b\n=1+1,@x\n-5,<b>\n", [(2, ["=1+1", "@x"]), (3, ["-5", "<b>"])], "fast"),
    "unicode": ("a,b\nआशा,₹ 5\n😀,\u200f\n", [(2, ["आशा", "₹ 5"]), (3, ["😀", "\u200f"])], "fast"),
    "control characters": ("a,b\n\x01,\x1a\n", [(2, ["\x01", "\x1a"])], "fast"),
    "NUL": ("a,b\nx\0y,1\n", [(2, ["x\0y", "1"])], "careful"),
    "NULL is a word": ("a,b\nNULL,\\N\n", [(2, ["NULL", "\\N"])], "fast"),
    "backslash before a quote": ('a,b\n"x\\",1\n', [(2, ["x\\", "1"])], "fast"),
    "a stray quote": ('a,b\n5" pipe,1\nx,2\n', [(2, ['5" pipe', "1"]), (3, ["x", "2"])], "careful"),
    "two stray quotes": ('a,b\n5" x,1\n6" y,2\n', [(2, ['5" x', "1"]), (3, ['6" y', "2"])], "careful"),
    "two stray quotes in a line": ('a,b\n5" pipe,6" pipe\n', [(2, ['5" pipe', '6" pipe'])], "careful"),
    "stray quotes around a cell with line breaks": (
        'a,b\n5" x,1\n"p,1\nq\nr\ns",1\n6" y,2\n5" t,3\n7" z,4\n',
        [(2, ['5" x', "1"]), (3, ["p,1\nq\nr\ns", "1"]), (7, ['6" y', "2"]), (8, ['5" t', "3"]),
         (9, ['7" z', "4"])],
        "careful",
    ),
    "a long record": ("a,b\n1,2,3\n3,4\n", [(2, too_many(3, 2), "1,2,3"), (3, ["3", "4"])], "careful"),
    "a long record of blanks": ("a,b\nRao, Asha,\n", [(2, too_many(3, 2), "Rao, Asha,")], "careful"),
    "a quote that is never closed": ('a,b\n1,"x\n3,4\n', [(2, ["1", '"x']), (3, ["3", "4"])], "careful"),
    "text behind a quote": ('a,b\r\n"x" y,1\r\n3,4', [(2, ['"x" y', "1"]), (3, ["3", "4"])], "careful"),
    "a short record over lines": ('a,b,c\n"x\ny",1\n', [(2, ["x\ny", "1", ""])], "careful"),
    "lines after bad records": (
        'a,b\n"p\nq",1\n1,2,3\n\n"u\nv",2\n"x,3\n4,5\n',
        [(2, ["p\nq", "1"]), (4, too_many(3, 2), "1,2,3"), (6, ["u\nv", "2"]), (8, ['"x', "3"]),
         (9, ["4", "5"])],
        "careful",
    ),
    "a line that is no UTF-8": (
        b"a,b\n\xc3\xa9,1\n\xe9,2\n\xe2\x82\xb9,3\n",
        [(2, ["é", "1"]), (3, ENCODING, "\ufffd,2"), (4, ["₹", "3"])],
        "careful",
    ),
    "bytes that Windows leaves open": (b"a,b\n\x81\xe9,1\nx,2", [(2, ["\x81é", "1"]), (3, ["x", "2"])], "fast"),
    "cp1252": ("a,b\ncafé,€ 5\n".encode("cp1252"), [(2, ["café", "€ 5"])], "fast"),
    "UTF-16 little endian": (BOM_UTF16_LE + "a,b\r\nआ,1\r\n".encode("utf-16-le"), [(2, ["आ", "1"])], "fast"),
    "UTF-16 big endian": (BOM_UTF16_BE + "a\tb\nआ\t1\n".encode("utf-16-be"), [(2, ["आ", "1"])], "fast"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_as_people_send_them(read, name):
    content, records, speed = FILES[name]
    found = read(content)
    assert found.records == records
    assert found.reading.speed == speed
    assert read(content, carefully=True).records == records


ENCODINGS = [("UTF-16 little endian", "utf-16-le"), ("UTF-16 big endian", "utf-16-be"), ("cp1252", "cp1252")]
ENCODINGS += [("BOM", "utf-8-sig"), ("unicode", "utf-8"), ("a line that is no UTF-8", "utf-8")]


@pytest.mark.parametrize(("name", "encoding"), ENCODINGS)
def test_encodings_are_named(read, name, encoding):
    assert read(FILES[name][0]).reading.encoding == encoding


@pytest.mark.parametrize(
    ("content", "physical", "blank"),
    [("", 0, 0), ("\n", 1, 1), ("\n \r\n\t", 3, 3), (b"\xef\xbb\xbf", 0, 0), (b"\xff\xfe", 0, 0)],
)
def test_files_without_a_header(read, content, physical, blank):
    found = read(content)
    reading = found.reading
    assert (found.records, reading.header, reading.lines.physical, reading.lines.blank) == (
        [],
        [],
        physical,
        blank,
    )


@pytest.mark.parametrize("name", [name for name in FILES if "quotes" not in name and "line" not in name])
def test_every_physical_line_is_accounted_for(read, name):
    reading = read(FILES[name][0]).reading
    assert reading.lines.physical == 1 + reading.records + reading.lines.blank


HEADERS = [
    (["a", "b"], ["a", "b"]),
    (["a", "a", "A", "a 2"], ["a", "a 2", "A 3", "a 2 2"]),
    (["", "x", " ", "column 1"], ["column 1", "x", "column 3", "column 1 2"]),
    ([" loan_id ", "loan_id"], ["loan_id", "loan_id 2"]),
]


@pytest.mark.parametrize(("header", "keys"), HEADERS)
def test_headers_are_unique_keys(read, header, keys):
    found = read(",".join(header) + "\n" + "1," * (len(header) - 1) + "9\n")
    assert (found.reading.header, unique_keys(found.reading.header)) == (header, keys)
    assert found.records == [(2, ["1"] * (len(header) - 1) + ["9"])]


TOO_BIG = {
    "header_too_long: the header does not end within the first 1,048,576 bytes; name the columns in line 1":
        b"x" * 1048577,
    "too_many_columns: the table has 2,001 columns, more than the 2,000 that are read; leave some out":
        b"a," * 2000 + b"b\n",
    "line_too_long: line 2 has more than the 8,388,608 bytes that a line may have; save the file with line ends, or "
    "take out what is so long": b"a,b\n" + b"x" * 8388609,
}  # fmt: skip


@pytest.mark.parametrize("sentence", TOO_BIG)
def test_limits_are_refused_by_name(read, sentence):
    with pytest.raises(ReadLimitError) as refused:
        read(TOO_BIG[sentence])
    assert str(refused.value) == sentence


def test_a_long_line_is_read_whole(read):
    text = "é" * (2 << 20)
    assert read(f'a,b\n"{text}",1\nx,2\n').records == [(2, [text, "1"]), (3, ["x", "2"])]


def test_records_far_down_a_large_file_keep_their_lines(read):
    """Beyond the size at which DuckDB reads in parallel, and with a bad record in the midst."""
    lines = [f"L{number},{'x' * 90}" for number in range(2, 60_002)]
    found = read("a,b\n" + "\n".join(lines))
    assert (found.reading.speed, found.records[-1][0], found.records[-1][1][0]) == ("fast", 60_001, "L60001")
    assert [line for line, _ in found.records] == [int(cells[0][1:]) for _, cells in found.records]
    lines[40_000:40_000] = ["", "bad,bad,bad"]
    found = read("a,b\n" + "\n".join(lines))
    assert found.reading.speed == "careful"
    assert [record for record in found.records if len(record) == 3] == [(40_003, too_many(3, 2), "bad,bad,bad")]
    assert (len(found.records), found.records[-1][0]) == (60_001, 60_003)


LACKING = (
    "the records end with a delimiter that the header lacks, so that a name may be missing there and those after it "
    "stand over the wrong columns; check that every column has its name"
)


@pytest.mark.parametrize(
    ("content", "remarks"),
    [
        ("a,b\n1,x,\n2,y,\n", [LACKING]),
        ("a;b\n1;x;\n2;y;\n3;z;\n", [LACKING]),
        ("a,b\n1,x,,,\n2,y,,,\n", []),
        ("a,b,\n1,x,\n2,y,\n", []),
        (PLAIN, []),
    ],
)
def test_a_name_that_may_be_missing_is_remarked(read, content, remarks):
    assert read(content).reading.remarks == remarks


def letters(cells: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """A shape: a letter, then numbers, at most three cells."""
    known = 1 < len(cells) <= 3 and cells[0].isalpha() and all(cell.isdigit() for cell in cells[1:])
    return ("a letter's log", ("letter", "first", "second")[: len(cells)]) if known else None


SHAPED = [
    ("x,1,2\ny,3,4\n", ["letter", "first", "second"], [(1, ["x", "1", "2"]), (2, ["y", "3", "4"])]),
    ("\n\nx,1,2\n", ["letter", "first", "second"], [(3, ["x", "1", "2"])]),
    ("x,1\ny,3\nz,3,4\n", ["letter", "first", "second"],
     [(1, ["x", "1", ""]), (2, ["y", "3", ""]), (3, ["z", "3", "4"])]),
    ('"x","1"\n"y",3\n9,9\n', ["letter", "first"], [(1, ["x", "1"]), (2, ["y", "3"]), (3, ["9", "9"])]),
    ("a,b,c\nx,1,2\ny,3,4\n", ["a", "b", "c"], [(2, ["x", "1", "2"]), (3, ["y", "3", "4"])]),
    ("x,1,2\n9,3,4\n9,5,6\n", ["x", "1", "2"], [(2, ["9", "3", "4"]), (3, ["9", "5", "6"])]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "header", "records"), SHAPED)
def test_a_file_without_a_header_whose_shape_is_known_has_its_names(tmp_path, content, header, records):
    path = tmp_path / "log.csv"
    path.write_text(content, encoding="utf-8")
    table = read_table(path, shape=letters)
    assert (table.header, [(record.line_number, record.cells) for record in table.records]) == (header, records)
    assert all(record.problem is None for record in table.records)
    named = "it has no header, and its columns are named as in a letter's log, whose shape its records have"
    assert (table.remarks, table.lines.header) == (([named], 0) if header[0] == "letter" else ([], 1))


CELLS = st.one_of(
    st.sampled_from(["", " ", '"', '""', "\n", "\r\n", ",", "NULL", "0", "é", 'a"b']),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6),
    st.text('a" ,;\t|\n', max_size=6),
)


@st.composite
def tables(draw):
    """Rows and a delimiter. A row of blanks alone counts as blank, and one that says that it is a total as a total."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6))
    delimiter = "," if width == 1 else draw(st.sampled_from(",;\t|"))
    rows = [row for row in rows if "".join(row).strip(BLANKS) and "total" not in "".join(row).lower()]
    if width == 1:  # a name alone above lines that another delimiter cuts alike is a title
        rows = [row for row in rows if not any(other in row[0] for other in ";\t|")]
    return [f"h{position}" for position in range(width)], rows, delimiter


@settings(max_examples=80, deadline=None)
@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(0, 2))
@example((["a", "b"], [['5" x', "\n"], ['"', "a"]], ","), "\n", False, 1)
def test_what_is_written_is_read_on_both_paths(read, table, line_end, quote_all, blank_lines):
    header, rows, delimiter = table
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(header)
    lines = []
    for row in rows:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    content = out.getvalue() + line_end * blank_lines
    fast, careful = read(content), read(content, carefully=True)
    assert fast.records == careful.records == list(zip(lines, rows, strict=True))
    assert careful.reading.speed == "careful"
    assert (fast.reading.header, fast.reading.delimiter) == (header, delimiter)
    if not any("\n" in cell for row in rows for cell in row):
        assert fast.reading.lines.physical == 1 + len(rows) + blank_lines
        assert fast.reading.lines.blank == blank_lines


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line", ["He will pay, in full, by Friday.", 'He said ""later"", and left, alone; they say'])
def test_a_cell_longer_than_what_tells_the_dialect_is_one(read, delimiter, line):
    """The delimiters of even prose within it are characters, and so are those of its last lines."""
    prose = "\n".join([line] * 6_000)
    found = read(f'id{delimiter}note\nL1{delimiter}"{prose}"\nL2{delimiter}short\n')
    assert found.reading.header == ["id", "note"]
    assert found.records == [(2, ["L1", prose.replace('""', '"')]), (6_002, ["L2", "short"])]


ODD_CELLS = st.sampled_from(["x", "7", "", "Rao, S", "a;b", 'say "hi"', "one\ntwo", "x\n\ny\nz", "\n", "1,2,3\n4,5,6"])


@settings(max_examples=60, deadline=None)
@given(st.lists(ODD_CELLS, max_size=6), st.sampled_from(",;\t"), st.booleans())
@example(["x", "one\ntwo", "7", "x"], ",", False)
@example(["one\ntwo"], ",", False)
def test_a_well_formed_record_of_any_width_is_one(read, cells, delimiter, quote_all):
    good = [[f"L{number}", "Asha", f"{number}00", "12 MG Road"] for number in range(1, 7)]
    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerows([["h1", "h2", "h3", "h4"], *good[:3], ["L9", *cells], *good[3:]])
    found = read(out.getvalue())
    odd = found.records[3]
    height = 1 + "".join(cells).count("\n")
    assert [record[0] for record in found.records] == [2, 3, 4, 5, *(5 + height + below for below in range(3))]
    if len(cells) < 4:
        assert odd == (5, ["L9", *cells, *[""] * (3 - len(cells))])
    else:
        assert odd[1] == too_many(1 + len(cells), 4)


@settings(max_examples=100, deadline=None)
@given(st.text('ab",; \r\n', max_size=40), st.sampled_from(["\n", "\r\n"]))
@example('"x" ,1\n, "y"\n', "\n")
@example('"p,1\nq",",\n5" x\n', "\n")
def test_both_paths_agree_on_any_text_and_lose_no_line(read, body, line_end):
    content = "h1,h2" + line_end + body
    found = read(content)
    assert found.records == read(content, carefully=True).records
    starts = [record[0] for record in found.records]
    assert starts == sorted(set(starts))
    reading = found.reading
    covered = list(range(reading.layout.header_line, reading.layout.body_line)) if reading.layout.header_line else []
    covered += reading.blank_lines
    covered += [line.line_number + step for line in reading.other_lines for step in range(line.lines)]
    for record in found.records:
        extra = sum(text.count("\n") for text in (record[1] if len(record) == 2 else [record[2]]))
        covered += range(record[0], record[0] + extra + 1)
    assert sorted(covered) == list(range(1, reading.lines.physical + 1))
    assert reading.lines.physical >= len(content.removesuffix("\n").split("\n"))
