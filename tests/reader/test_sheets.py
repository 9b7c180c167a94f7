"""Workbooks of several sheets, merged cells, formats and dates: the table that a person sees."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from models.headers import kind_of, known_columns, titled
from orchestration.reader import Limits, Reading, ReadLimitError, Table, Words, read_file, read_table
from orchestration.reader.workbooks.grid import Grid, Span, padded, pads

HEADER = ["Loan ID", "Name", "Mobile", "Branch"]
WORDS = Words(lambda header: kind_of(header)[0], titled)
Fill = Callable[[xlsxwriter.Workbook, object], None]


@pytest.fixture
def book(tmp_path: Path) -> Callable[[dict[str, Sequence[Sequence[object]] | Fill]], Path]:
    """A workbook: of each sheet its rows, or what writes it."""

    def write(sheets: dict[str, Sequence[Sequence[object]] | Fill]) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path) as workbook:
            dated = workbook.add_format({"num_format": "dd-mm-yyyy"})
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                if callable(rows):
                    rows(workbook, sheet)
                    continue
                for number, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        if isinstance(cell, date):
                            sheet.write_datetime(number, column, cell, dated)
                        elif cell is not None:
                            sheet.write(number, column, cell)
        return path

    return write


def loans(table: Table) -> list[tuple[int, list[str]]]:
    return [(record.line_number, record.cells) for record in table.records]


def reading_of(path: Path, folder: Path) -> Reading:
    return read_file(path, folder, Limits(), known_columns, WORDS)


# --- sheets ----------------------------------------------------------------------------------------------------------


def test_every_sheet_with_a_known_header_is_read_and_its_rows_go_on_after_those_before(book):
    hubli = [["Loans"], HEADER, ["L1", "Asha", 9845012345, "Hubli"], [], ["L2", "Ravi", 9845012346, "Hubli"]]
    gadag = [HEADER, ["L3", "Meena", 9845012347, "Gadag"]]
    table = read_table(book({"Cover": [["March"]], "Hubli": hubli, "Gadag": gadag}), known=known_columns)
    assert table.header == HEADER
    assert loans(table) == [
        (3, ["L1", "Asha", "9845012345", "Hubli"]),
        (5, ["L2", "Ravi", "9845012346", "Hubli"]),
        (7, ["L3", "Meena", "9845012347", "Gadag"]),
    ]
    assert vars(table.lines) == {"header": 2, "record": 3, "blank": 1, "other": 1, "physical": 7}
    assert table.blank_lines == [4]


def test_columns_are_matched_by_their_names(book):
    first = [["Loan ID", "Name", "Remark", "Remark"], ["L1", "Asha", "a", "b"]]
    second = [["REMARK", "Centre", "loan id", "Remark"], ["c", "Hosa", "L2", "d"]]
    table = read_table(book({"A": first, "B": second}), known=known_columns)
    assert table.header == ["Loan ID", "Name", "Remark", "Remark", "Centre"]
    assert loans(table) == [(2, ["L1", "Asha", "a", "b", ""]), (4, ["L2", "", "c", "d", "Hosa"])]


def test_a_sheet_says_which_columns_are_its_own(book, tmp_path):
    sheets = {"A": [["Loan ID", "Name"], ["L1", "Asha"]], "B": [["Centre", "Loan ID"], ["Hosa", "L2"]]}
    reading = reading_of(book(sheets), tmp_path)
    assert [(sheet.name, sheet.before, sheet.places) for sheet in reading.sheets] == [
        ("A", 0, (0, 1)),
        ("B", 2, (2, 0)),
    ]


def test_what_ends_a_sheet_ends_no_workbook(book):
    """Totals, a footer, another table: each sheet has its own."""
    rows = [HEADER, ["L1", "A", 9845012345, "H"], ["Total", None, 5], [], ["Prepared by the branch office"]]
    table = read_table(book({"A": rows, "B": rows}), known=known_columns)
    assert [line for line, _ in loans(table)] == [2, 7]
    assert [(line.line_number, line.kind) for line in table.other_lines] == [
        (3, "totals"),
        (5, "footer"),
        (8, "totals"),
        (10, "footer"),
    ]


def test_a_sheet_without_a_known_header_is_said_to_be_left_out(book, tmp_path):
    sheets = {
        "Loans": [HEADER, ["L1", "A", 9845012345, "H"]],
        "Targets": [["branch", "target"], ["H", 5], [], ["G", 7]],
    }
    path = book(sheets)
    assert read_table(path, known=known_columns).remarks == [
        "sheet 'Targets' with 3 filled rows is not read, since its header is not known or makes another kind of table; "
        "send it as a file of its own with a header that names its columns"
    ]
    assert reading_of(path, tmp_path).unread == {"Targets": 3}


def test_calls_are_not_read_as_loans(book, tmp_path):
    calls = [["call_sid", "status", "to"], ["c1", "completed", "9845012345"]]
    reading = reading_of(book({"Loans": [HEADER, ["L1", "A", 9845012345, "H"]], "Calls": calls}), tmp_path)
    assert (reading.header, reading.records, reading.unread) == (HEADER, 1, {"Calls": 2})


def test_told_nothing_sheets_with_the_same_header_are_one_table(book):
    sheets = {"Jan": [["a", "b"], [1, 2]], "Feb": [["A ", "b"], [3, 4]], "Other": [["c", "d"], [5, 6]]}
    table = read_table(book(sheets))
    assert loans(table) == [(2, ["1", "2"]), (4, ["3", "4"])]
    assert [remark.split(" with ")[0] for remark in table.remarks] == ["sheet 'Other'"]


def test_all_sheets_together_may_have_no_more_columns_than_a_table(book):
    sheets = {name: [["Loan ID", *(f"{name}{n}" for n in range(6))], ["L1", *range(6)]] for name in "AB"}
    assert len(read_table(book(sheets), Limits(columns=13), known_columns).header) == 13
    with pytest.raises(ReadLimitError, match=r"^too_many_columns: "):
        read_table(book(sheets), Limits(columns=12), known_columns)


# --- merged cells ----------------------------------------------------------------------------------------------------


def merged(rows: Sequence[Sequence[object]], *ranges: str) -> Fill:
    def fill(workbook, sheet):
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for area in ranges:
            first = area.split(":")[0]
            row, column = int(first[1:]) - 1, ord(first[0]) - 65
            sheet.merge_range(area, rows[row][column])

    return fill


def test_a_merged_cell_counts_for_all_rows_that_it_spans(book):
    rows = [["Branch", "Loan ID", "Name"], ["Hubli", "L1", "A"], ["", "L2", "B"], ["", "L3", "C"], ["Gadag", "L4", "D"]]
    table = read_table(book({"Loans": merged(rows, "A2:A4")}), known=known_columns)
    assert [record.cells[0] for record in table.records] == ["Hubli", "Hubli", "Hubli", "Gadag"]


def test_a_merged_cell_counts_for_all_columns_that_it_spans(book):
    rows = [["Loan ID", "Phone", "Alternate"], ["L1", "98450", ""], ["L2", "1", "2"]]
    table = read_table(book({"Loans": merged(rows, "B2:C2")}), known=known_columns)
    assert [record.cells for record in table.records] == [["L1", "98450", "98450"], ["L2", "1", "2"]]


def test_rows_with_nothing_of_their_own_stay_blank(book):
    """Records that take two rows each, as forms are drawn."""
    rows = [["Loan ID", "Name"], ["L1", "A"], ["", ""], ["L2", "B"], ["", ""]]
    table = read_table(book({"Loans": merged(rows, "A2:A3", "B2:B3", "A4:A5", "B4:B5")}), known=known_columns)
    assert [record.cells for record in table.records] == [["L1", "A"], ["L2", "B"]]


def test_a_merged_word_of_a_total_is_no_sum(book):
    rows = [["Loan ID", "Name", "Due"], ["L1", "A", 5], ["L2", "B", 6], ["Total", "", 11]]
    table = read_table(book({"Loans": merged(rows, "A4:B4")}), known=known_columns)
    assert [line.kind for line in table.other_lines] == ["totals"]


GROUPS = [
    ["Loan ID", "Name", "Outstanding", "", "", "Branch"],
    ["", "", "Principal", "Interest", "Total", ""],
    ["L1", "A", 1000, 200, 1200, "Hubli"],
    ["L2", "B", 2000, 300, 2300, "Hubli"],
]
JOINED = ["Loan ID", "Name", "Outstanding Principal", "Outstanding Interest", "Outstanding Total", "Branch"]


@pytest.mark.parametrize(
    "ranges", [["C1:E1", "A1:A2", "B1:B2", "F1:F2"], ["C1:E1"]], ids=["all merged", "only the group merged"]
)
@pytest.mark.parametrize("known", [None, known_columns], ids=["told nothing", "told names"])
def test_a_header_over_two_rows_is_joined(book, ranges, known):
    table = read_table(book({"Loans": merged(GROUPS, *ranges)}), known=known)
    assert table.header == JOINED
    assert [line for line, _ in loans(table)] == [3, 4]
    assert table.lines.header == 2


def test_names_of_groups_above_a_whole_header_are_joined_where_they_tell_columns_apart(book):
    rows = [
        ["", "", "Due", "", "Paid", ""],
        ["Loan ID", "Name", "Date", "Amount", "Date", "Amount"],
        ["L1", "A", "x", 1, "y", 2],
    ]
    table = read_table(book({"Loans": merged(rows, "C1:D1", "E1:F1")}), known=known_columns)
    assert table.header == ["Loan ID", "Name", "Due Date", "Due Amount", "Paid Date", "Paid Amount"]


def test_titles_above_a_header_are_no_groups(book):
    rows = [["Branch: Hubli", "", "As on: March", ""], HEADER, ["L1", "A", 9845012345, "H"]]
    table = read_table(book({"Loans": merged(rows, "A1:B1", "C1:D1")}), known=known_columns)
    assert (table.header, len(table.records)) == (HEADER, 1)


def test_spans_beyond_the_table_or_over_each_other_cost_nothing():
    everywhere = Span(0, 0, 1_048_575, 16_383)
    grid = Grid("x", [["a", ""], ["", "b"]], [everywhere] * 100_000 + [Span(5, 5, 9, 9), Span(1, 7, 1, 9)])
    grid.spread()
    assert grid.cells == [["a", ""], ["a", "b"]]  # what stands alone in its row is a title


# --- numbers and dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "form", "shown"),
    [
        ("123", "000000", "000123"),
        ("1234567", "000000", "1234567"),
        ("123", '"LN"00000', "LN00123"),
        ("1234567", "00-000", "1234-567"),
        ("7", "\\L000;-0", "L007"),
        ("-5", "000", "-5"),
        ("5.5", "000", "5.5"),
        ("", "000", ""),
    ],
)
def test_leading_zeros_are_those_of_the_format(number, form, shown):
    assert (pads(form), padded(number, form)) == (True, shown)


@pytest.mark.parametrize("form", ["", "0", "General", "0.00", "#,##0", "0.00E+00", "dd-mm-yyyy", "00.0", '"Rs" 0', "@"])
def test_other_formats_show_no_leading_zeros(form):
    assert not pads(form)


def test_a_loan_id_keeps_the_zeros_that_it_is_shown_with(book):
    def fill(workbook, sheet):
        zeros = workbook.add_format({"num_format": "000000"})
        sheet.write_row(1, 1, ["Loan ID", "Amount"])  # not in the first column
        for row, number in enumerate([123, 1234567, "45"], start=2):
            sheet.write(row, 1, number, zeros)
            sheet.write(row, 2, 123)

    table = read_table(book({"Loans": fill}), known=known_columns)
    assert [record.cells for record in table.records] == [["000123", "123"], ["1234567", "123"], ["45", "123"]]


@pytest.mark.parametrize("number", ["12345678.12", "4194304.11", "8388609.13", "98765432.1", "1234567890.12", "0.1"])
def test_paise_are_exact(book, number):
    table = read_table(book({"Loans": [["Loan ID", "Amount"], ["L1", float(number)]]}), known=known_columns)
    assert table.records[0].cells == ["L1", number]


def dates(book: Callable, *cells: object) -> tuple[list[str], list[str]]:
    rows = [["Loan ID", "Due Date"], *([f"L{n}", cell] for n, cell in enumerate(cells))]
    table = read_table(book({"Loans": rows}), known=known_columns)
    return [record.cells[1] for record in table.records], table.remarks


@pytest.mark.parametrize("text", ["15/03/2026", "25-03-2026", "15/03/26", "15/03/2026 10:00:00"])
def test_dates_that_excel_took_for_others_are_swapped_back(book, text):
    """05/03/2026, typed into an American Excel, is the third of May; 15/03/2026 is no date there and stays text."""
    found, remarks = dates(book, date(2026, 5, 3), text, date(2026, 10, 3))
    assert found == ["2026-03-05", text, "2026-03-10"]
    assert remarks == [
        "Excel swapped day and month in 2 dates of the column 'Due Date', as those show that it left as text; "
        "they are swapped back: check them, and type dates as 2026-03-05"
    ]


def test_american_dates_in_an_indian_excel_are_swapped_back_too(book):
    assert dates(book, date(2026, 5, 3), "03/25/2026")[0] == ["2026-03-05", "03/25/2026"]


KEPT = {
    "a date that has no other reading": [date(2026, 5, 3), date(2026, 5, 13), "25/03/2026"],
    "text that Excel could have read": [date(2026, 5, 3), "25/03/2026", "05/03/2026"],
    "text in two orders": [date(2026, 5, 3), "25/03/2026", "03/25/2026"],
    "dates that fit the text as they are": [date(2026, 3, 5), date(2026, 3, 5), "15/03/2026"],
    "typed text like a date": ["2026-05-03", "25/03/2026"],
    "no text beside them": [date(2026, 5, 3), date(2026, 10, 3)],
    "no date at all": [date(2026, 5, 3), "31/02/2026"],
}


@pytest.mark.parametrize("case", KEPT)
def test_dates_are_kept_where_nothing_betrays_them(book, case):
    found, remarks = dates(book, *KEPT[case])
    assert (found, remarks) == ([cell if isinstance(cell, str) else cell.isoformat() for cell in KEPT[case]], [])
