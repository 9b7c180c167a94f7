"""What is read besides .xlsx: old workbooks, OpenDocument and web tables. No process may die of what is in them."""

import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.headers import known_columns
from orchestration.reader import Limits, ReadError, Table, read_table

CORPUS = Path(__file__).parent / "corpus" / "workbooks"
OLD = CORPUS / "two_sheets.xls"


def refusal(path: Path, limits: Limits = Limits()) -> str:
    with pytest.raises(ReadError) as refused:
        read_table(path, limits, known_columns)
    return str(refused.value)


def cells(table: Table) -> list[list[str]]:
    return [record.cells for record in table.records]


# --- .xls ------------------------------------------------------------------------------------------------------------


def record_at(data: bytes, kind: int, after: int = 0) -> int:
    """Where the content of a record of this kind begins, in a file whose stream lies in one piece."""
    at = 512
    while at < len(data) - 4:
        found, length = struct.unpack_from("<HH", data, at)
        if found == kind and at > after:
            return at + 4
        at += 4 + length
    raise AssertionError(kind)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[bytearray], None]], Path]:
    """The old workbook with some of its bytes changed."""

    def change(how: Callable[[bytearray], None]) -> Path:
        data = bytearray(OLD.read_bytes())
        how(data)
        (tmp_path / "book.xls").write_bytes(data)
        return tmp_path / "book.xls"

    return change


def test_a_password_is_named(changed):
    def lock(data: bytearray) -> None:
        struct.pack_into("<H", data, record_at(data, 0x42) - 4, 0x2F)  # the record of the code page

    assert refusal(changed(lock)) == "old_workbook: the workbook has a password; save it without one"


def test_another_file_of_the_same_container_is_no_workbook(changed):
    def rename(data: bytearray) -> None:
        at = data.find("Workbook".encode("utf-16-le"))
        data[at : at + 16] = "Document".encode("utf-16-le")

    assert refusal(changed(rename)) == "not_text: the file is no workbook; send the table as .xlsx or CSV"


def test_a_new_workbook_with_a_password_is_named(changed):
    def rename(data: bytearray) -> None:
        at = data.find("Workbook".encode("utf-16-le"))
        name = "EncryptedPackage".encode("utf-16-le")
        data[at : at + len(name)] = name
        struct.pack_into("<H", data, at + 64, len(name) + 2)

    assert refusal(changed(rename)).startswith("old_workbook: the workbook has a password; ")


def test_a_cell_far_out_is_too_many_columns(changed):
    def move(data: bytearray) -> None:
        struct.pack_into("<HH", data, record_at(data, 0xFD), 65_535, 65_535)

    assert refusal(changed(move)).split(": ")[0] == "too_many_columns"


def test_a_sheet_that_says_it_is_vast_is_refused(changed):
    def claim(data: bytearray) -> None:
        struct.pack_into("<IIHH", data, record_at(data, 0x200), 0, 2**32 - 1, 0, 65_535)

    assert refusal(changed(claim)).split(": ")[0] in ("too_many_columns", "file_too_large")


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9])
def test_an_old_workbook_that_was_cut_off(tmp_path, kept):
    whole = OLD.read_bytes()
    (tmp_path / "cut.xls").write_bytes(whole[: int(len(whole) * kept)])
    assert refusal(tmp_path / "cut.xls").split(": ")[0] in ("old_workbook", "bad_workbook")


def test_an_old_workbook_with_bytes_gone_bad(tmp_path, capfd):
    """Whichever bytes they are, it is read or refused by name."""
    whole = OLD.read_bytes()
    path = tmp_path / "bad.xls"
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes(byte ^ 0x5A for byte in whole[at : at + 8]) + whole[at + 8 :])
        try:
            read_table(path)
        except ReadError as refused:
            assert refused.code in ("old_workbook", "bad_workbook", "not_text", "too_many_columns", "file_too_large")


# --- .ods ------------------------------------------------------------------------------------------------------------

HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
)
TAIL = "</office:spreadsheet></office:body></office:document-content>"


def said(text: object, **attributes: object) -> str:
    """A cell with a text, and with attributes in which `__` stands for the colon."""
    more = "".join(f' {name.replace("__", ":").replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'


def typed(kind: str, shown: str, name: str = "value", value: object = "") -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"><text:p>{shown}</text:p>'
        "</table:table-cell>"
    )


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def sheet(*rows: str, name: str = "Loans") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


@pytest.fixture
def ods(tmp_path: Path) -> Callable[..., Path]:
    def write(
        *sheets: str, head: str = HEAD, manifest: str = "<manifest/>", compress: int = zipfile.ZIP_STORED
    ) -> Path:
        path = tmp_path / "book.ods"
        with zipfile.ZipFile(path, "w", compress) as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", manifest)
            archive.writestr("content.xml", head + "".join(sheets) + TAIL)
        return path

    return write


TITLES = row(said("Loan ID"), said("Name"), said("Amount"))


def test_an_open_document_is_read_like_a_workbook(ods):
    rows = [
        row(said("Loan book of Hosa", table__number_columns_spanned=3)),
        row(times=2),
        TITLES,
        row(
            typed("float", "000123", value="123"),
            said("A<text:s text:c='2'/>B"),
            typed("currency", "₹ 1.5", value="1.5"),
        ),
        row(
            said("L2"),
            typed("date", "5.3.26", "date-value", "2026-03-05"),
            typed("float", "1E+07", value="12345678.12"),
        ),
        row(
            said("L3"),
            typed("date", "x", "date-value", "2026-03-05T09:30:00"),
            typed("percentage", "5 %", value="0.05"),
        ),
        row(
            said("L4"),
            typed("time", "x", "time-value", "PT09H05M01S"),
            typed("boolean", "WAHR", "boolean-value", "true"),
        ),
        row(said("L5"), '<table:table-cell table:number-columns-repeated="16000"/>'),
        row(times=1_000_000),
    ]
    table = read_table(ods(sheet(*rows)), known=known_columns)
    assert (table.encoding, table.header) == ("ods", ["Loan ID", "Name", "Amount"])
    assert cells(table) == [
        ["000123", "A  B", "1.5"],
        ["L2", "2026-03-05", "12345678.12"],
        ["L3", "2026-03-05 09:30:00", "0.05"],
        ["L4", "09:05:01", "true"],
        ["L5", "", ""],
    ]
    assert [record.line_number for record in table.records] == [5, 6, 7, 8, 9]
    assert (table.blank_lines, table.lines.physical) == ([2, 3], 9)


def test_sheets_and_merged_cells_of_an_open_document(ods):
    first = sheet(
        row(said("Branch"), said("Loan ID")),
        row(said("Hubli", table__number_rows_spanned=2), said("L1")),
        row("<table:covered-table-cell/>", said("L2")),
        name="Hubli",
    )
    second = sheet(row(said("Branch"), said("Loan ID")), row(said("Gadag"), said("L3")), name="Gadag")
    table = read_table(ods(first, second), known=known_columns)
    assert cells(table) == [["Hubli", "L1"], ["Hubli", "L2"], ["Gadag", "L3"]]


def test_a_remark_on_a_cell_is_not_its_text(ods):
    note = "<office:annotation><text:p>call after six</text:p></office:annotation>"
    noted = f'<table:table-cell office:value-type="string">{note}<text:p>L1</text:p></table:table-cell>'
    assert cells(read_table(ods(sheet(TITLES, row(noted, said("A"), said("5")))))) == [["L1", "A", "5"]]


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
BOMBS = {
    "rows": (row(said("x"), times=2**31), "file_too_large"),
    "columns": (row(said("x", table__number_columns_repeated=2**31)), "too_many_columns"),
    "text": (row(said("x" * 1_000_000), times=1_000_000), "file_too_large"),
    "a number that is none": (row(said("x", table__number_columns_repeated="9" * 5_000)), "bad_workbook"),
    "cut off": ("<table:table-row>", "bad_workbook"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_in_an_open_document_is_refused_by_name(ods, case):
    content, code = BOMBS[case]
    assert refusal(ods(sheet(TITLES, content)), Limits(file_bytes=1 << 30)).split(": ")[0] == code


def test_entities_do_not_expand_without_end(ods):
    path = ods(sheet(TITLES, row(said("&i;"), said("A"), said("5"))), head=ENTITIES + HEAD)
    assert refusal(path).split(": ")[0] == "bad_workbook"


def test_an_open_document_that_unpacks_to_too_much(ods):
    path = ods(sheet(TITLES, row(said("x" * 5_000_000))), compress=zipfile.ZIP_DEFLATED)
    assert refusal(path).split(": ")[0] == "file_too_large"


def test_an_open_document_with_a_password(ods):
    path = ods(sheet(TITLES), manifest="<manifest><encryption-data/></manifest>")
    assert refusal(path) == "old_workbook: the workbook has a password; save it without one"


def test_a_text_document_is_an_archive(tmp_path):
    path = tmp_path / "letter.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert refusal(path).split(": ")[0] == "archive"


# --- web tables ------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Path]:
    def write(body: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "report.xls"
        path.write_bytes(f"<html><head><title>Report</title></head><body>{body}</body></html>".encode(encoding))
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_the_table_of_a_page_is_read(page, encoding):
    body = """<script>if (1 < 2) { document.write('<table><tr><td>no</td></tr></table>') }</script>
    <table><tr><td>Home</td><td>Log out</td></tr></table>
    <TABLE border=1><caption>Loans</caption><thead><tr><th>Loan ID<th>Name<th>Amount &amp; dues</tr></thead>
    <tr><td><b>L1</b><script>x < "<td>"</script><!-- <td> -->
    <td>Ren&eacute;e<br>Rao<td align=right>&nbsp;1,000.00 </td></tr>
    <tr><td>L2<td>José<td>5</table>"""
    table = read_table(page(body, encoding), known=known_columns)
    assert table.header == ["Loan ID", "Name", "Amount & dues"]
    assert cells(table) == [["L1", "Renée Rao", "1,000.00"], ["L2", "José", "5"]]
    assert [remark.split(" is not read")[0] for remark in table.remarks] == ["sheet 'table 1' with 1 filled row"]


def test_cells_over_rows_and_columns_count_for_all_of_them(page):
    body = """<table><tr><th rowspan=2>Branch<th rowspan=2>Loan ID<th colspan=2>Outstanding</tr>
    <tr><th>Principal<th>Interest</tr>
    <tr><td rowspan=2>Hubli<td>L1<td>5<td>6</tr><tr><td>L2<td>7<td>8</tr></table>"""
    table = read_table(page(body), known=known_columns)
    assert table.header == ["Branch", "Loan ID", "Outstanding Principal", "Outstanding Interest"]
    assert cells(table) == [["Hubli", "L1", "5", "6"], ["Hubli", "L2", "7", "8"]]


PAGES = {
    "a form": "<form><table><tr><td>User<td><input></tr><tr><td>Password<td><input></tr></table></form>",
    "words": "<p>Your session has ended.</p>",
    "a header alone": "<table><tr><th>Loan ID<th>Name</tr></table>",
    "a table that never ends": "<table><tr><td>",
}


@pytest.mark.parametrize("case", PAGES)
def test_a_page_without_a_table_of_data_is_a_page(page, case):
    assert refusal(page(PAGES[case])) == (
        "web_page: the file is a web page or XML, often a login or error page; download the data as CSV"
    )


@pytest.mark.parametrize("piece", ["<!--", "<a ", '<a b="', "</", "<script>", "&#1", "<![CDATA[", "<?", "<td x='"])
def test_what_a_page_leaves_open_costs_nothing(page, piece):
    body = "<table><tr><th>Loan ID<th>Name<tr><td>L1<td>" + piece * 100_000
    started = time.process_time()
    try:
        read_table(page(body), known=known_columns)
    except ReadError as refused:
        assert refused.code == "too_many_columns"
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        ("<table><tr>" + "<td colspan=1000>x" * 3, Limits()),
        ("<table><tr><td>x</table>" * 2_001, Limits()),
        ("<table><tr>" + "<td rowspan=65534 colspan=900>x" * 2 + "<tr><td>y" * 40_000, Limits()),
        ("<table><tr><td>Loan ID<tr><td>" + "x" * 1_001, Limits(cell_bytes=1_000)),
    ],
)
def test_a_page_has_the_limits_of_a_workbook(page, body, limits):
    assert refusal(page(body), limits).split(": ")[0] in ("too_many_columns", "file_too_large", "cell_too_long")
