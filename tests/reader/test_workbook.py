"""Workbooks as Excel writes them: the cells as a person sees them, each on the line of its row."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import xlsxwriter
from support import World

from models.headers import known_columns
from orchestration.reader import ReadError, Table, UnreadableFileError, read_table

LONG = 12345678901234567
FORMATS = {
    datetime: "dd/mm/yyyy hh:mm:ss",
    date: "dd-mm-yyyy",
    time: "hh:mm:ss",
    timedelta: "[h]:mm:ss",
}


class Formula(NamedTuple):
    """A formula and what Excel has worked out."""

    text: str
    value: object


Rows = Sequence[Sequence[object]]
Sheets = dict[str, Rows | Callable[[xlsxwriter.Workbook, object], None]]


def write(path: Path, sheets: Sheets, **options: object) -> Path:
    """A workbook: of each sheet its rows (None is an empty cell), or what writes it."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, **options}) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if callable(rows):
                rows(book, sheet)
                continue
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, Formula):
                        sheet.write_formula(number, column, cell.text, None, cell.value)
                    elif isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif type(cell) in formats:
                        sheet.write_datetime(number, column, cell, formats[type(cell)])
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return path


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    return lambda sheets, name="book.xlsx", **options: write(tmp_path / name, sheets, **options)


@pytest.fixture
def cells(book) -> Callable[..., list[str]]:
    """What becomes of cells that stand below one another."""

    def call(*values: object, **options: object) -> list[str]:
        rows = [["loan_id", "cell"], *([f"L{number}", value] for number, value in enumerate(values))]
        table = read_table(book({"Loans": rows}, **options))
        assert table.header == ["loan_id", "cell"]
        assert [record.cells[0] for record in table.records] == [f"L{number}" for number in range(len(values))]
        return [record.cells[1] for record in table.records]

    return call


# --- cells -----------------------------------------------------------------------------------------------------------

NUMBERS = {
    9845012345: "9845012345",
    919845012345: "919845012345",
    0: "0",
    -500: "-500",
    5000.5: "5000.5",
    -0.25: "-0.25",
    1234567.89: "1234567.89",
    1e6: "1000000",
    12e10: "120000000000",
    999999999999999: "999999999999999",
    1234567890123456: "1.23456789012346E+15",
    LONG: "1.23456789012346E+16",
    -LONG: "-1.23456789012346E+16",
    123456789012345678: "1.23456789012346E+17",
    1e20: "1.00000000000000E+20",
}


def test_numbers_are_written_without_a_point_and_never_with_digits_that_are_lost(cells):
    assert dict(zip(NUMBERS, cells(*NUMBERS), strict=True)) == NUMBERS


TEXTS = [str(LONG), "1" * 30, "0012", "9845012345.0", "+91 98450 12345", " leading", "a\nb", "tab\there", '"quoted"',
         "=1+1", "@SUM(A1)", "-5", "1.50", "1e5", "TRUE", "NULL", "#N/A", "05/03/2026", "é ₹ आशा 😀", "x" * 32_767,
         "\u202ebidi", "2026-03-15 10:30:00"]  # fmt: skip


def test_text_is_kept_exactly(cells):
    assert cells(*TEXTS) == TEXTS


def test_text_that_looks_like_midnight_is_its_date(cells):
    """The library gives dates and typed text alike."""
    assert cells("2026-03-15 00:00:00") == ["2026-03-15"]


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_dates_are_iso(cells, options):
    found = cells(date(2026, 3, 5), datetime(2026, 3, 5), datetime(2026, 3, 5, 14, 30, 7), **options)
    assert found == ["2026-03-05", "2026-03-05", "2026-03-05 14:30:07"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (time(9, 5, 1), "09:05:01"),
        (time(0, 1, 5), "00:01:05"),
        (timedelta(seconds=65), "00:01:05"),
    ],
)
def test_times_have_no_day(cells, cell, text):
    """A clock's time is as it stands in the sheet, as in the CSV that Excel makes of it."""
    assert cells(cell) == [text]


def test_booleans(cells):
    assert cells(True, False) == ["true", "false"]


def test_formulas_are_what_excel_worked_out(cells):
    formulas = [Formula("=A1&A2", "both"), Formula("=1+1", 2), Formula("=1>0", True), Formula("=A1", "")]
    formulas.append(Formula("=98450*100000+12345", 9845012345))
    assert cells(*formulas, "") == ["both", "2", "true", "", "9845012345", ""]


def test_errors_are_blank_and_counted(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["loan_id", "amount"])
        for row, error in enumerate(["#N/A", "#DIV/0!", 5], start=1):
            sheet.write(row, 0, f"L{row}")
            sheet.write_formula(row, 1, "=NA()", None, error)
    table = read_table(path)
    assert [record.cells for record in table.records] == [["L1", ""], ["L2", ""], ["L3", "5"]]
    assert table.remarks == ["2 cells hold an Excel error such as #N/A and are taken as blank; correct the formulas"]


# --- rows and sheets -------------------------------------------------------------------------------------------------

HEADER = ["loan_id", "phone", "name"]
ASHA, RAVI = ["L1", 9845012345, "Asha"], ["L2", 9845012346, "Ravi"]


def shape(table: Table) -> dict:
    """What stands on which line."""
    return {
        "records": [(record.line_number, record.cells) for record in table.records],
        "other": [(line.line_number, line.kind, line.text) for line in table.other_lines],
        "blank": table.blank_lines,
        "lines": table.lines.physical,
    }


def test_a_row_is_a_line(book):
    table = read_table(book({"Loans": [HEADER, ASHA, RAVI]}))
    assert (table.header, table.encoding, table.delimiter, table.remarks) == (HEADER, "xlsx", "", [])
    assert shape(table) == {
        "records": [(2, ["L1", "9845012345", "Asha"]), (3, ["L2", "9845012346", "Ravi"])],
        "other": [],
        "blank": [],
        "lines": 3,
    }
    assert vars(table.lines) == {"header": 1, "record": 2, "blank": 0, "other": 0, "physical": 3}


def test_empty_rows_count_wherever_they_are(book):
    table = read_table(book({"Loans": [[], [], HEADER, [], ASHA, [], [], RAVI]}))
    assert table.header == HEADER
    assert shape(table) == {
        "records": [(5, ["L1", "9845012345", "Asha"]), (8, ["L2", "9845012346", "Ravi"])],
        "other": [],
        "blank": [1, 2, 4, 6, 7],
        "lines": 8,
    }


def test_rows_that_were_formatted_and_never_filled_are_no_lines(book):
    def fill(workbook, sheet):
        yellow = workbook.add_format({"bg_color": "#ffff00"})
        for number, row in enumerate([HEADER, ASHA, RAVI]):
            sheet.write_row(number, 0, row)
        for number in range(1, 500):
            for column in range(0 if number > 2 else 3, 6):
                sheet.write_blank(number, column, None, yellow)
        sheet.set_row(900, 30, yellow)

    table = read_table(book({"Loans": fill}))
    assert table.header[:3] == HEADER
    assert [(record.line_number, record.cells[:3]) for record in table.records] == [
        (2, ["L1", "9845012345", "Asha"]),
        (3, ["L2", "9845012346", "Ravi"]),
    ]
    assert (table.blank_lines, table.lines.physical) == ([], 3)


def test_merged_titles_totals_and_footers_are_other_lines(book):
    def fill(workbook, sheet):
        sheet.merge_range(0, 0, 0, 2, "Loan book, Hosa branch", workbook.add_format({"align": "center"}))
        for number, row in enumerate([["As on 5 March"], [], HEADER, ASHA, RAVI, ["Total", 2], [], ["End of list"]]):
            sheet.write_row(number + 1, 0, row)

    assert shape(read_table(book({"Loans": fill}))) == {
        "records": [(5, ["L1", "9845012345", "Asha"]), (6, ["L2", "9845012346", "Ravi"])],
        "other": [
            (1, "preamble", "Loan book, Hosa branch"),
            (2, "preamble", "As on 5 March"),
            (7, "totals", "Total\t2"),
            (9, "footer", "End of list"),
        ],
        "blank": [3, 8],
        "lines": 9,
    }


def test_a_table_that_does_not_start_in_the_first_column(book):
    rows = [[None, None, *row] for row in ([], HEADER, ASHA, RAVI)]
    table = read_table(book({"Loans": rows}), known=known_columns)
    assert [cell for cell in table.header if cell] == HEADER
    assert [(record.line_number, [cell for cell in record.cells if cell]) for record in table.records] == [
        (3, ["L1", "9845012345", "Asha"]),
        (4, ["L2", "9845012346", "Ravi"]),
    ]


TARGETS = [["branch", "target"], ["Hosa", 5], ["Kaveri", 7]]


@pytest.mark.parametrize("known", [None, known_columns])
def test_without_a_known_header_the_first_sheet_with_a_table_is_read(book, known):
    path = book({"Cover": [["Report of March"]], "Targets": TARGETS, "Other": [["a", "b"], [1, 2]]})
    table = read_table(path, known=known)
    assert (table.header, len(table.records)) == (["branch", "target"], 2)
    assert [remark.split(" is not read, ")[0] for remark in table.remarks] == [
        "sheet 'Cover' with 1 filled row",
        "sheet 'Other' with 2 filled rows",
    ]


def test_a_sheet_of_a_chart_is_passed_over(tmp_path, capfd):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as workbook:
        chart = workbook.add_chart({"type": "line"})
        workbook.add_chartsheet("Chart").set_chart(chart)
        sheet = workbook.add_worksheet("Loans")
        for number, row in enumerate([HEADER, ASHA]):
            sheet.write_row(number, 0, row)
        chart.add_series({"values": "=Loans!$B$2:$B$2"})
    table = read_table(tmp_path / "book.xlsx", known=known_columns)
    assert [record.cells for record in table.records] == [["L1", "9845012345", "Asha"]]


# --- names and what is no workbook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["book.csv", "book.txt", "book", "book.xls", "[b]*.xlsx"])
def test_a_workbook_is_one_under_any_name(book, name):
    table = read_table(book({"Loans": [HEADER, ASHA]}, name))
    assert (table.encoding, [record.cells for record in table.records]) == ("xlsx", [["L1", "9845012345", "Asha"]])


@pytest.mark.parametrize("name", ["book.xlsx", "book.xls"])
def test_csv_is_csv_under_the_name_of_a_workbook(tmp_path, name):
    path = tmp_path / name
    path.write_text("loan_id;phone\nL1;9845012345\n", encoding="utf-8")
    table = read_table(path)
    assert (table.encoding, table.delimiter, table.records[0].cells) == ("utf-8", ";", ["L1", "9845012345"])


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFileError) as refused:
        read_table(path, known=known_columns)
    assert str(refused.value).startswith(f"{refused.value.code}: ")
    return str(refused.value)


@pytest.mark.parametrize("sheets", [{"Sheet1": []}, {"Sheet1": [], "Sheet2": [[], [""]]}])
def test_an_empty_workbook(book, sheets):
    assert refusal(book(sheets)) == (
        "bad_workbook: no sheet of the workbook holds anything; send the one with the table"
    )


@pytest.mark.parametrize("kept", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_workbook_that_was_cut_off(book, tmp_path, kept):
    whole = book({"Loans": [HEADER, *[ASHA] * 200]}).read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert refusal(path) == "bad_workbook: the file is a workbook or zip archive that is damaged; save it again"


def test_a_workbook_with_bytes_gone_bad(book, tmp_path):
    """Whichever bytes they are, it is read as it was or refused by name."""
    whole = book({"Loans": [HEADER, *[ASHA] * 200]}).read_bytes()
    right = read_table(tmp_path / "book.xlsx").records
    said = set()
    for at in range(0, len(whole), 97):
        path = tmp_path / "bad.xlsx"
        path.write_bytes(whole[:at] + bytes(byte ^ 0x5A for byte in whole[at : at + 8]) + whole[at + 8 :])
        try:
            assert read_table(path).records == right
        except ReadError as refused:
            said.add(refused.code)
    assert "bad_workbook" in said
    # Its magic number, the name of a part in it, or the size of one may be what is broken.
    assert said <= {"bad_workbook", "archive", "not_text", "file_too_large"}


def test_an_old_workbook_and_one_with_a_password(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    assert refusal(path) == (
        "old_workbook: the file is an old Excel workbook (.xls) that cannot be opened or has a password; "
        "save it without one as .xlsx or CSV"
    )


# --- end to end ------------------------------------------------------------------------------------------------------

BOOK = [
    ["Loan book of Hosa branch"],
    ["Loan Number", "Mobile", "Customer Name", "Outstanding", "Due Date", "Last Paid Date", "DND", "Branch"],
    ["L1", 9845012345, "Asha", 5000.5, date(2026, 3, 15), datetime(2026, 2, 3), True, "Hosa"],
    [70012, 919845012346, "Ravi", 12000, date(2026, 4, 2), None, False, "Hosa"],
    [],
    [str(LONG), "98450 12347", "Meena", Formula("=40+2", 42), date(2026, 12, 1), None, None, "Hosa"],
    [LONG, 9845012348, "Latha", 700, None, None, None, "Hosa"],
    ["L5", LONG, "Kiran", 800, None, None, None, "Hosa"],
]
LOANS = "SELECT loan_id, outstanding_amount, next_due_date, last_paid_date, branch, created_at FROM loans ORDER BY ALL"
PEOPLE = "SELECT full_name, primary_phone, do_not_call FROM customers ORDER BY ALL"
ERRORS = "SELECT line_number, status, split_part(error, ':', 1) FROM upload_rows ORDER BY line_number"


def as_csv(rows: Rows) -> bytes:
    """The table as Excel saves it, dates as a person here writes them."""

    def text(cell: object) -> object:
        if isinstance(cell, Formula):
            return cell.value
        if isinstance(cell, date):
            return cell.strftime("%d-%m-%Y")
        if isinstance(cell, bool):
            return str(cell).upper()
        return f"{cell:.5E}" if isinstance(cell, int) and cell > 10**15 else cell

    out = io.StringIO()
    width = max(map(len, rows))
    csv.writer(out).writerows([*map(text, row), *[None] * (width - len(row))] for row in rows)
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("workbook")
    world = World(folder / "home")
    world.put("hosa.csv", write(folder / "hosa.xlsx", {"Cover": [["Report"]], "Loans": BOOK}).read_bytes())
    return world.load()


def test_a_workbook_becomes_loans(loaded):
    moment = datetime(2026, 3, 1)
    assert [tuple(map(str, row)) for row in loaded.rows(LOANS)] == [
        tuple(map(str, row))
        for row in [
            (str(LONG), "42.00", date(2026, 12, 1), None, "Hosa", moment),
            ("70012", "12000.00", date(2026, 4, 2), None, "Hosa", moment),
            ("L1", "5000.50", date(2026, 3, 15), date(2026, 2, 3), "Hosa", moment),
            ("L5", "800.00", None, None, "Hosa", moment),
        ]
    ]
    assert loaded.rows(PEOPLE) == [
        ("Asha", "+919845012345", True),
        ("Kiran", None, False),
        ("Meena", "+919845012347", False),
        ("Ravi", "+919845012346", False),
    ]


def test_digits_that_excel_lost_are_refused_by_name(loaded):
    assert loaded.rows(ERRORS) == [
        (3, "created", None),
        (4, "created", None),
        (6, "created", None),
        (7, "error", "bad_loan_id"),
        (8, "created", "bad_phone"),
    ]
    (error,) = loaded.rows("SELECT error FROM upload_rows WHERE line_number = 8")
    assert "bad_phone: phone has lost digits to an exponent; format the column as text" in error[0]


def test_what_is_kept_of_the_workbook(loaded):
    upload = loaded.lake.uploads().to_dicts()[0]
    assert (upload["encoding"], upload["delimiter"], upload["speed"]) == ("xlsx", "", "workbook")
    names = ("header_lines", "record_lines", "blank_lines", "other_lines", "physical_lines")
    assert tuple(upload[name] for name in names) == (1, 5, 1, 1, 8)
    raw = loaded.rows("SELECT line_number, raw_data FROM upload_rows WHERE line_number IN (4, 7) ORDER BY 1")
    assert [line for line, _ in raw] == [4, 7]
    assert '"Loan Number":"70012","Mobile":"919845012346"' in raw[0][1]
    assert '"Loan Number":"1.23456789012346E+16"' in raw[1][1]
    lake = loaded.rows("SELECT raw_data FROM lake.upload_rows WHERE line_number = 3")
    assert lake == [
        (
            '{"Loan Number":"L1","Mobile":"9845012345","Customer Name":"Asha","Outstanding":"5000.5",'
            '"Due Date":"2026-03-15","Last Paid Date":"2026-02-03","DND":"true","Branch":"Hosa"}',
        )
    ]


def test_the_same_table_as_csv_gives_the_same(loaded, new_world):
    world = new_world()
    world.put("hosa.csv", as_csv(BOOK))
    world.load()
    for sql in (LOANS, PEOPLE, ERRORS):
        assert world.rows(sql) == loaded.rows(sql)
    lines = "SELECT header_lines, record_lines, blank_lines, other_lines, physical_lines FROM file_uploads"
    assert world.rows(lines) == loaded.rows(lines)


PLAIN = [
    HEADER,
    ASHA,
    ["L2", "", "Ravi, K"],
    [],
    ["L3", 5, 'the "big" one'],
    ["Total", 2, ""],
    ["L4", "=1+1", "two\nlines"],
]


def test_the_same_table_as_csv_has_the_same_records(book, tmp_path):
    path = tmp_path / "plain.csv"
    path.write_bytes(as_csv(PLAIN))
    of_text, of_book = read_table(path), read_table(book({"Loans": PLAIN}))
    assert of_text.header == of_book.header
    assert [record.cells for record in of_text.records] == [record.cells for record in of_book.records]
    assert [record.line_number for record in of_text.records] == [record.line_number for record in of_book.records]
    assert [line[:3] for line in of_text.other_lines] == [line[:3] for line in of_book.other_lines]
    assert of_text.blank_lines == of_book.blank_lines == [4]


CALLS = [
    ["call_sid", "to", "status", "start_time", "end_time", "duration"],
    ["c1", 9845012345, "completed", datetime(2026, 3, 2, 10, 0, 5), datetime(2026, 3, 2, 10, 1, 10), 65],
    ["c2", 9845012345, "completed", datetime(2026, 3, 2, 11, 0, 0), datetime(2026, 3, 2, 11, 1, 5), time(0, 1, 5)],
    ["c3", 9845012345, "completed", datetime(2026, 3, 3), None, timedelta(seconds=65)],
]


def test_a_call_log_as_a_workbook(new_world, tmp_path):
    world = new_world()
    world.put("calls.xlsx", write(tmp_path / "calls.xlsx", {"Calls": CALLS}).read_bytes())
    world.load()
    assert world.rows("SELECT call_sid, initiated_at, ended_at, to_number FROM call_sessions ORDER BY 1") == [
        ("c1", datetime(2026, 3, 2, 4, 30, 5), datetime(2026, 3, 2, 4, 31, 10), "+919845012345"),
        ("c2", datetime(2026, 3, 2, 5, 30), datetime(2026, 3, 2, 5, 31, 5), "+919845012345"),
        ("c3", datetime(2026, 3, 2, 18, 30), None, "+919845012345"),
    ]


def test_lengths_of_time_in_a_workbook(new_world, tmp_path):
    """65 seconds, as a number, a clock's time or a length: a workbook is no worse than its CSV."""
    world = new_world()
    world.put("calls.xlsx", write(tmp_path / "calls.xlsx", {"Calls": CALLS}).read_bytes())
    world.load()
    assert world.rows("SELECT call_sid, duration_seconds FROM call_sessions ORDER BY 1") == [
        ("c1", 65),
        ("c2", 65),
        ("c3", 65),
    ]
    assert world.rows("SELECT count(*) FROM upload_rows WHERE error IS NOT NULL") == [(0,)]
