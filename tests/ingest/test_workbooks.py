"""Workbooks of several sheets from the inbox to the published rows, and titles that hold for the rows below them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from support import World

from orchestration.report.findings import error_findings
from orchestration.report.summary import upload_findings, upload_summary

HEADER = ["Loan ID", "Customer Name", "Mobile Number", "Outstanding", "Due Date"]


def book(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    with xlsxwriter.Workbook(path) as workbook:
        dated = workbook.add_format({"num_format": "dd-mm-yyyy"})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, column, cell, dated)
                    else:
                        sheet.write(number, column, cell)
    return path.read_bytes()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("sheets")
    world = World(folder / "home")
    sheets = {
        "Hubli": [
            ["Branch: Hubli"],
            HEADER,
            ["L1", "Asha", 9845012345, 1000, date(2026, 3, 5)],
            ["L2", "Ravi", 98450, 5, "x"],
        ],
        "Gadag": [
            ["Village", "Mobile Number", "Loan ID", "Customer Name"],
            ["Hosa", 9845012347, "L3", "Meena"],
            ["Hosa", 98, "L4", "Kiran"],
            ["Hosa", 9845012347, "L3", "Meena"],
        ],
        "Targets": [["Branch", "Target"], ["Hubli", 5]],
    }
    world.put("march.xlsx", book(folder / "march.xlsx", sheets))
    world.put("plain.csv", "loan_id,phone\nL9,9845012399\n")
    return world.load()


def test_each_record_has_its_sheet_and_its_row_in_it(loaded: World) -> None:
    found = loaded.rows("SELECT line_number, sheet, sheet_row, loan_id_text, status FROM upload_rows ORDER BY 2, 1")
    assert found == [
        (6, "Gadag", 2, "L3", "created"),
        (7, "Gadag", 3, "L4", "created"),
        (8, "Gadag", 4, "L3", "duplicate"),
        (3, "Hubli", 3, "L1", "created"),
        (4, "Hubli", 4, "L2", "created"),
        (2, None, None, "L9", "created"),
    ]


def test_the_lake_has_them_too(loaded: World) -> None:
    ((sha256, kind),) = loaded.lake.uploads().filter(filename="march.xlsx").select("sha256", "kind").rows()
    found = loaded.lake.rows(sha256, kind).select("line_number", "sheet", "sheet_row", "branch").collect().rows()
    assert found == [
        (3, "Hubli", 3, "Hubli"),
        (4, "Hubli", 4, "Hubli"),
        *((n, "Gadag", n - 4, None) for n in (6, 7, 8)),
    ]


def test_raw_data_is_the_cells_of_each_sheet_and_no_others(loaded: World) -> None:
    rows = loaded.rows("SELECT json_keys(raw_data) FROM upload_rows WHERE sheet IS NOT NULL ORDER BY line_number")
    gadag = ["Loan ID", "Customer Name", "Mobile Number", "Village"]
    assert [keys for (keys,) in rows] == [HEADER, HEADER, gadag, gadag, gadag]


def test_lines_add_up_over_all_sheets(loaded: World) -> None:
    assert loaded.rows(
        "SELECT header_lines, record_lines, blank_lines, other_lines, physical_lines, total_records "
        "FROM file_uploads WHERE filename = 'march.xlsx'"
    ) == [(2, 5, 0, 1, 8, 5)]


def test_what_was_wrong_names_the_sheet_that_is_not_read(loaded: World) -> None:
    summary = upload_summary(loaded.home, loaded.settings)
    said = dict(summary.select("filename", "what was wrong").rows())
    assert said["march.xlsx"].endswith("not read: sheet 'Targets'")
    assert said["plain.csv"] == ""
    (found,) = loaded.rows("SELECT reading_notes -> 'unread_sheets' FROM file_uploads WHERE filename = 'march.xlsx'")
    assert found == ('{"Targets":2}',)


def test_findings_name_the_sheet_and_its_rows(loaded: World) -> None:
    ((sha256,),) = loaded.lake.uploads().filter(filename="march.xlsx").select("sha256").rows()
    findings = upload_findings(loaded.home, loaded.settings, [sha256])
    said = {what.split(" (")[0].split(" with ")[0]: lines for lines, what in findings.select("lines", "what").rows()}
    assert said["lines above the header, not records"] == "Hubli: 1"
    assert "sheet 'Targets'" in said


def test_errors_are_placed_by_sheet_and_row() -> None:
    sheets = [("Hubli", 0), ("Gadag", 10)]
    (found,) = error_findings([("bad_phone: it is so; fix it", 5, [4, 9, 10, 11, 12])], sheets)
    assert found.lines == "Hubli: 4, 9-10; Gadag: 1-2"
    (found,) = error_findings([("bad_phone: it is so; fix it", 50, [12])], sheets)
    assert found.lines == "Gadag: 2 and 49 more"


# --- titles ----------------------------------------------------------------------------------------------------------

BLOCKS = """Loan book of March,,
Branch: Hubli,,
Loan ID,Customer Name,Mobile Number
L1,Asha,9845012341
L2,Ravi,9845012342
Total,,2
Branch : Gadag ,,
Employee Name: Kiran,,
L3,Meena,9845012343
Remember to call,,
L4,Latha,9845012344

Branch - Dharwad,,
Loan ID,Customer Name,Mobile Number
L5,Usha,9845012345
"""
BRANCHES = [("L1", "Hubli"), ("L2", "Hubli"), ("L3", "Gadag"), ("L4", "Gadag"), ("L5", "Dharwad")]
BRANCHES += [("Remember to call", "Gadag")]  # a line within a table with something in the place of the loan id


def branches(world: World) -> list[tuple]:
    return world.rows("SELECT loan_id, branch FROM loans ORDER BY 1")


def test_a_title_gives_the_branch_of_the_rows_below_it(new_world) -> None:
    world = new_world()
    world.put("blocks.csv", BLOCKS)
    world.load()
    assert branches(world) == BRANCHES
    assert world.rows("SELECT loan_id_text, status FROM upload_rows WHERE status <> 'created'") == []
    notes = "SELECT reading_notes -> 'other_line_counts', raw_data FROM file_uploads, upload_rows WHERE line_number = 4"
    assert world.rows(notes) == [
        (
            '{"preamble":2,"totals":1,"title":3,"repeated_header":1}',
            '{"Loan ID":"L1","Customer Name":"Asha","Mobile Number":"9845012341"}',
        )
    ]


def test_in_a_workbook_it_does_so_too(new_world, tmp_path) -> None:
    rows = [line.split(",") for line in BLOCKS.splitlines()]
    world = new_world()
    world.put(
        "blocks.xlsx", book(tmp_path / "blocks.xlsx", {"All": rows, "More": [HEADER, ["L6", "Vani", 9845012346]]})
    )
    world.load()
    assert branches(world) == sorted([*BRANCHES, ("L6", None)])  # what a sheet says holds for no other


def test_a_title_above_the_header_alone_keeps_the_file_fast(new_world) -> None:
    world = new_world()
    world.put("book.csv", "Cluster,North\nBranch:,Hubli\nloan_id,phone\nL1,9845012345\nL2,9845012346\n")
    world.load()
    assert world.lake.uploads()["speed"].to_list() == ["fast"]
    assert world.rows("SELECT loan_id, cluster, branch FROM loans ORDER BY 1") == [
        ("L1", "North", "Hubli"),
        ("L2", "North", "Hubli"),
    ]


def test_what_a_cell_says_outweighs_the_title(new_world) -> None:
    world = new_world()
    world.put("book.csv", "Branch: Hubli,,\nloan_id,phone,branch\nL1,9845012345,Gadag\nL2,9845012346,\n")
    world.load()
    assert branches(world) == [("L1", "Gadag"), ("L2", "Hubli")]


def test_titles_are_quoted_when_they_become_sql(new_world) -> None:
    world = new_world()
    world.put("book.csv", "Branch: O'Hare' -- {}\nloan_id,phone\nL1,9845012345\n")
    world.load()
    assert branches(world) == [("L1", "O'Hare' -- {}")]


def test_a_name_of_a_sheet_is_quoted_too(new_world, tmp_path) -> None:
    world = new_world()
    sheets = {name: [HEADER, [f"L{n}", "Asha", 9845012345 + n]] for n, name in enumerate(("it''s", 'a "b" {c}'))}
    world.put("book.xlsx", book(tmp_path / "book.xlsx", sheets))
    world.load()
    assert world.rows("SELECT sheet FROM upload_rows ORDER BY line_number") == [("it''s",), ('a "b" {c}',)]


def test_the_published_rows_say_so_masked(loaded: World) -> None:
    loaded.publish()
    with duckdb.connect(str(loaded.home.analytics), read_only=True) as con:
        found = con.execute("SELECT sheet, sheet_row FROM upload_rows WHERE loan_id_text = 'L3' AND status = 'created'")
        assert found.fetchall() == [("Gadag", 2)]


def test_rows_that_were_stored_before_sheets_were_known_have_none(new_world) -> None:
    world = new_world()
    world.put("plain.csv", "loan_id,phone\nL9,9845012399\n")
    world.ingest()
    ((sha256, kind),) = world.lake.uploads().select("sha256", "kind").rows()
    stored = world.lake.rows(sha256, kind).collect()
    stored.drop("sheet", "sheet_row").write_parquet(world.lake.rows_path(kind, sha256))
    world.build()
    assert world.rows("SELECT loan_id_text, sheet, sheet_row FROM upload_rows") == [("L9", None, None)]


def test_many_sheets_with_columns_of_their_own(new_world, tmp_path) -> None:
    world = new_world()
    sheets = {
        f"Branch {n}": [[*HEADER, f"Own {n // 50}"], [f"L{n}", "Asha", 9845012345 + n, 5, "", "x"]] for n in range(100)
    }
    world.put("book.xlsx", book(tmp_path / "book.xlsx", sheets))
    world.load()
    found = world.rows("SELECT line_number, sheet, sheet_row, json_keys(raw_data)[-1] FROM upload_rows ORDER BY 1")
    assert found == [(2 * n + 2, f"Branch {n}", 2, f"Own {n // 50}") for n in range(100)]
