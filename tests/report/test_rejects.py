"""The rows to send back: the cells as they were sent, what is wrong with them, and a file that can be sent again."""

import csv
import io
import stat
from pathlib import Path

import pytest
from support import World, loancalls

from orchestration.errors import LoancallsError
from orchestration.report.rejects import rejects

BOOK = """\
name,phone,loan_id,amount,due date,line
Asha,9845012345,L1,100,2026-03-05,a
=Binu,9845012346,,200,2026-03-05,b
Chitra,9845012347,L3,many,31-02-2026,c
Dev,9845012348,L4,1,400,2026-03-05,d,x
"""


@pytest.fixture
def loaded(world: World) -> World:
    world.put("book.csv", BOOK, "2026-03-01 04:00")
    return world.load()


def rows_of(world: World, name: str = "book.csv", **how: bool) -> list[dict]:
    sha256 = next(sha256 for filename, sha256 in world.lake.named([]) if filename == name)
    return rejects(world.home, world.settings, sha256, **how).to_dicts()


def test_a_row_that_was_not_used_has_its_cells_and_what_to_do(loaded: World) -> None:
    nameless, torn = rows_of(loaded)
    assert nameless == {
        **{"line": "3", "name": "=Binu", "phone": "9845012346", "loan_id": "", "amount": "200"},
        **{"due date": "2026-03-05", "line (as sent)": "b", "the line as it was sent": None},
        **{"code": "missing_loan_id", "what is wrong": "the row has no loan id"},
        "how to fix it": "fill it in and send the row again",
    }
    assert (torn["line"], torn["name"], torn["code"]) == ("5", None, "wrong_field_count")
    assert torn["the line as it was sent"] == "Dev,9845012348,L4,1,400,2026-03-05,d,x"


def test_a_row_with_several_faults_is_one_row(loaded: World) -> None:
    (partly,) = [row for row in rows_of(loaded, also_partly_used=True) if row["name"] == "Chitra"]
    assert partly["code"] == "bad_amount; bad_date"
    assert partly["what is wrong"].startswith("outstanding_amount is not a valid amount; next_due_date is not")
    assert partly["how to fix it"] == "write amounts as 50000.50; write dates as 2026-03-15"


def test_the_sheet_and_row_are_told_where_there_are_sheets(world: World) -> None:
    table = "<table><tr><td>loan_id<td>phone<td>outstanding</tr><tr><td>{}<td>9845012345<td>1</tr></table>"
    world.put("book.xls", f"<html>{table.format('L1')}{table.format('')}</html>", "2026-03-01 04:00")
    world.load()
    (row,) = rows_of(world, "book.xls")
    assert (row["sheet"], row["row"], row["code"]) == ("table 2", "2", "missing_loan_id")


def test_what_has_no_rows_to_send_back_is_said(loaded: World) -> None:
    loaded.put("other.csv", "a,b\n1,2\n", "2026-03-02 04:00")
    loaded.put("new.csv", "loan_id,phone\nL9,9845012349\n", "2026-03-03 04:00")
    loaded.ingest()
    with pytest.raises(LoancallsError, match=r"^Nothing has been made of it in .* yet; run `loancalls run` first\.$"):
        rows_of(loaded, "new.csv")
    loaded.build()
    with pytest.raises(LoancallsError, match=r"^No row of it could be used: its header has neither"):
        rows_of(loaded, "other.csv")
    assert rows_of(loaded, "new.csv") == []


def test_the_file_can_be_corrected_and_sent_again(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "book.csv").write_text(BOOK, encoding="utf-8")
    loancalls(home, "run", "book.csv")  # masked, as homes are
    done = loancalls(home, "rejects", "book.csv", "--to", "back.csv")
    assert done.stdout == "" and "2 rows of book.csv, with personal data in clear" in done.stderr
    assert stat.S_IMODE((tmp_path / "back.csv").stat().st_mode) == 0o600
    text = (tmp_path / "back.csv").read_text(encoding="utf-8-sig")
    assert loancalls(home, "rejects", "book.csv").stdout == "\ufeff" + text
    nameless, torn = csv.DictReader(io.StringIO(text))
    assert nameless["name"] == "'=Binu" and torn["the line as it was sent"].startswith("Dev,")

    columns = list(nameless)
    fixed = {**nameless, "loan_id": "L2"}
    with (tmp_path / "back.csv").open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        writer.writerow(fixed)
    loancalls(home, "run", "back.csv")
    asked = "SELECT loan_id, outstanding_amount FROM loans WHERE loan_id = 'L2'"
    assert loancalls(home, "query", asked, "--format", "csv").stdout == "loan_id,outstanding_amount\nL2,200.00\n"
    assert "Every row of back.csv was used, if not every cell." in loancalls(home, "rejects", "back.csv").stderr
    assert "No upload is named 'nothing.csv'" in loancalls(home, "rejects", "nothing.csv", code=2).stderr
