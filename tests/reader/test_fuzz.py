"""The reader on files that nobody made on purpose: a table or a refusal by name, and nothing lost, whatever the bytes.

fuzz_target.py says what is promised (`check`), and goes on searching where these examples end. The examples are the
same every time.
"""

import csv
import io
from functools import partial

import pytest
from fuzz_target import check
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.headers import known_columns
from orchestration.reader import ReadError, read_table

examples = partial(settings, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


KNOWN = st.sampled_from([None, known_columns])

# What a reader of tables looks at, and letters of one byte and of several.
PIECES = [
    *(b",", b";", b"\t", b"|", b'"', b'""', b"'", b"\\", b'\\"', b"\n", b"\r", b"\r\n", b" ", b"\0"),
    *(b"a", b"L1", b"x y", b"7", b"2.50", b"2026-03-01", b"total", b"loan_id", b"sep=;"),
    *("é".encode(), "₹".encode(), "\u00a0".encode(), b"\xe9", b"\x93", b"\x81", b"\xff", b"\x1a"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
]
MAGIC = [
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"%PDF-",
    b"<html>",
    b"PAR1",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
]

ARBITRARY = st.builds(bytes.__add__, st.sampled_from(MAGIC), st.binary(max_size=200))
PIECEMEAL = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)

HEADER = ["loan_id", "Name", "amount", "due_date", "remark"]
WORDS = [
    "Asha",
    "Ravi Kumar",
    "paid in full",
    "no answer",
    "Rao, S",
    "x;y",
    'the "big" one',
    '5" pipe',
    "p|q",
    "two\nlines",
]
WORDS += ["José", "आशा", "", " ", "NULL", "N/A", "O'Brien", "C:\\new\\", "=1+1", "-"]


@st.composite
def rows_of_loans(draw, words=WORDS, most=8):
    """A header and rows of one width, as text."""
    width = draw(st.integers(2, len(HEADER)))
    rows = [HEADER[:width]]
    for number in range(1, draw(st.integers(0, most)) + 1):
        amount = draw(st.sampled_from(["500", "1200.50", "1,20,000", "0", ""]))
        row = [f"L{number}", draw(st.sampled_from(words)), amount, f"2026-03-{number:02}", draw(st.sampled_from(words))]
        rows.append(row[:width])
    return rows


def written(rows, delimiter=",", line_end="\n", quoting=csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return out.getvalue()


DELIMITERS, LINE_ENDS = st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"])
QUOTINGS = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
TABLES = st.builds(written, rows_of_loans(), DELIMITERS, LINE_ENDS, QUOTINGS)


@st.composite
def damaged_tables(draw):
    """A table in some encoding with one to four changes of its bytes."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"]))
    content = draw(TABLES).encode(encoding, "replace")
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.integers(0, 12))
        change = draw(st.sampled_from(["insert", "delete", "duplicate", "replace", "truncate", "swap"]))
        if change == "insert":
            content = content[:start] + draw(st.sampled_from(PIECES)) + content[start:]
        elif change == "delete":
            content = content[:start] + content[end:]
        elif change == "duplicate":
            content = content[:end] + content[start:]
        elif change == "replace":
            content = content[:start] + draw(st.sampled_from(PIECES)) + content[start + 1 :]
        elif change == "truncate":
            content = content[:start]
        else:
            lines = content.split(b"\n")
            one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[one], lines[other] = lines[other], lines[one]
            content = b"\n".join(lines)
    return content


@examples(max_examples=100)
@given(content=st.one_of(ARBITRARY, PIECEMEAL, PIECEMEAL), known=KNOWN)
def test_any_bytes_are_a_table_or_refused(folder, content, known):
    check(content, folder, known)


@examples(max_examples=120)
@given(content=damaged_tables(), known=KNOWN)
def test_a_damaged_table_loses_nothing(folder, content, known):
    check(content, folder, known)


# What stands between the records of long files, with commas.
BETWEEN = [
    *("", "", " ", "\t", ",,,", '"","","",""', ",,, ", ",", "Total,,18500,", "Grand Total,2,18500,", "total"),
    *(",Sub total,900,", "Total Fitness,Asha,500,2026-03-01", "L7", "L7,Asha", "L7,Asha,500,2026-03-01,", ",,,,"),
    *("loan_id,Name,amount,due_date", "LOAN_ID,NAME,AMOUNT,DUE_DATE", ",,,2026-03-01", ",x,,", "NULL,\\N,,"),
    *("This is a computer generated report", "*** end ***,,,", "Page 1 of 2", "\n\nNote: all in rupees"),
    *('L8,"Rao, Asha",500,2026-03-01', 'L8,"two\nlines",500,2026-03-01', 'L8,"the ""big"" one",,'),
    *("\npay_id,mode,paid_on,by\nP1,cash,2026-03-01,Ravi", "\nloan_id,remark,x,y"),
]
# With these, the file is read carefully or DuckDB's reading is thrown away.
BROKEN = ['L9,5" pipe,1,2026-03-01', 'L9,"Asha,5,2026-03-01', "L9,Rao, Asha,5,2026-03-01", 'L9, "Asha",5,2026-03-01']
BROKEN += ["L9;Asha;5;2026-03-01", 'L9,"two\nlines",5', "L9,lone\rreturn,5,2026-03-01"]


@st.composite
def long_tables(draw, between=BETWEEN):
    """Some hundred records with up to eight other pieces among them or at the end."""
    count = draw(st.integers(100, 400))
    lines = [
        f"L{number},Borrower {number},{number * 37 % 1000}.50,2026-03-{number % 28 + 1:02}" for number in range(count)
    ]
    places = st.one_of(st.just(count + 8), st.integers(0, count))
    for place, piece in draw(st.lists(st.tuples(places, st.sampled_from(between)), min_size=1, max_size=8)):
        lines.insert(place, piece)
    text = "\n".join(["loan_id,Name,amount,due_date", *lines, *draw(st.sampled_from([[], [""], ["", ""]]))])
    delimiter = draw(DELIMITERS)
    return text.replace(",", delimiter).replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode()


@examples(max_examples=60)
@given(content=st.one_of(long_tables(), long_tables(BETWEEN + BROKEN)), known=KNOWN)
def test_both_paths_agree_on_long_tables(folder, content, known):
    assert check(content, folder, known) is not None


@examples(max_examples=100)
@given(rows_of_loans(), DELIMITERS, LINE_ENDS, QUOTINGS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_well_formed_table_is_read_back(folder, rows, delimiter, line_end, quoting, encoding):
    if line_end == "\r":  # in a file of lone CRs a line feed is no line end of it
        rows = [[cell.replace("\n", " ") for cell in row] for row in rows]
    text = written(rows, delimiter, line_end, quoting)
    lines = [len(written(rows[:above], delimiter, "\n", quoting).split("\n")) for above in range(len(rows))]
    table = check(text.encode(encoding), folder)
    assert table.header == rows[0]
    assert [(record.line_number, record.cells) for record in table.records] == list(zip(lines, rows, strict=True))[1:]
    assert (table.delimiter, table.other_lines, table.blank_lines) == (delimiter, [], [])
    assert not any(record.problem or record.repaired for record in table.records)


def outcome(path):
    try:
        return read_table(path)
    except ReadError as refusal:
        return str(refusal)


@examples(max_examples=25)
@given(
    content=st.one_of(PIECEMEAL, damaged_tables()),
    name=st.sampled_from(["a.xlsx", "NULL", "[x]*?.csv", "-", "é 'q'.zip"]),
)
def test_neither_the_name_nor_the_day_matters(folder, content, name):
    (folder / "first.csv").write_bytes(content)
    (folder / name).write_bytes(content)
    assert outcome(folder / "first.csv") == outcome(folder / "first.csv") == outcome(folder / name)


# Files that broke a promise once, as small as they could be made.
FOUND = [
    b"a,a,\n1 1 ",
    b",a,1\na\ta\t1",
    b",a\n,v\n,1,1",
    b"a\r\xef\xbb\xbf1",
    b";1\nTotal\n;1",
    b',a,a\n,a";;',
    b"a;a\nloan_id\na;\n\nb\n",
    b"\x0c",
    b"a,b,c\n1\n1,2\n3,4,5\n",
]


@pytest.mark.parametrize("known", [None, known_columns], ids=["any header", "known header"])
@pytest.mark.parametrize("content", FOUND, ids=repr)
def test_what_was_found_once(folder, content, known):
    check(content, folder, known)
