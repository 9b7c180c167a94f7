"""A workbook's sheets as one table: which of them are read, their headers, and the rows of all with a line each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.reader.errors import Limits, UnreadableFileError
from orchestration.reader.filetypes import HTML, ODS, XLS, web_page
from orchestration.reader.header import find_layout
from orchestration.reader.layout import KnownHeader, Layout, OtherLine, Row, Words
from orchestration.reader.shapes import is_blank
from orchestration.reader.sorting import sort_rows
from orchestration.reader.text import decode, readable
from orchestration.reader.workbooks.biff import read_xls
from orchestration.reader.workbooks.grid import Grid
from orchestration.reader.workbooks.merged_header import with_merged_header
from orchestration.reader.workbooks.opendocument import read_opendocument
from orchestration.reader.workbooks.swapped_dates import swap_back
from orchestration.reader.workbooks.webtable import read_web_tables
from orchestration.reader.workbooks.xlsx import read_xlsx


@dataclass(frozen=True)
class Sheet:
    """A sheet that is read. Its rows have the lines after those of the sheets before it, of which there are `before`.

    `places` says for each of its columns where it stands in the table of all sheets.
    """

    name: str
    rows: list[Row]
    layout: Layout
    before: int = 0
    places: tuple[int, ...] = ()

    @property
    def above(self) -> list[Row]:
        """The rows above the header, or above the first record without one."""
        return self.rows[: (self.layout.header_line or self.layout.body_line) - 1 - self.before]

    @property
    def header_rows(self) -> int:
        return self.layout.body_line - self.layout.header_line if self.layout.header_line else 0

    def placed(self, columns: int) -> Iterator[Row | OtherLine]:
        """What stands below the header, the cells of records where the table of all sheets has them."""
        rows = sort_rows(self.rows[self.layout.body_line - 1 - self.before :], self.layout)
        if self.places == tuple(range(columns)):
            yield from rows
            return
        for row in rows:
            if isinstance(row, OtherLine) or row.cells is None:
                yield row
                continue
            cells = [""] * columns
            for place, cell in zip(self.places, row.cells, strict=False):
                cells[place] = cell
            yield row._replace(cells=cells)


@dataclass(frozen=True)
class Workbook:
    """The sheets that are read, the names of the columns of all, the filled rows of each sheet that is not read."""

    sheets: list[Sheet]
    header: list[str]
    unread: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read_workbook(
    kind: str, path: Path, staging: Path, limits: Limits, known: KnownHeader | None, words: Words = Words()
) -> Workbook:
    """Every sheet with a known header that is of the first one's kind; without such a header the first sheet with a
    table, and those with the same header. A row of a sheet is a line.

    Raises UnreadableFileError (bad_workbook; web_page) when it cannot be opened or holds nothing.
    """
    grids, errors = _grids(kind, path, staging, limits)
    filled = {number: count for number, grid in enumerate(grids) if (count := sum(map(any, grid.cells)))}
    for number in filled:
        grids[number].spread()
    found = {number: _laid_out(grids[number], known, words) for number in filled}
    chosen = _chosen(found, filled, known, words)
    if not chosen or (kind == HTML and not _is_table(found[chosen[0]], known)):
        if kind == HTML:
            raise web_page()
        raise UnreadableFileError(
            "bad_workbook", "no sheet of the workbook holds anything; send the one with the table"
        )
    sheets = [found[number] for number in chosen]
    remarks = [remark for number in chosen for remark in swap_back(grids[number], found[number].layout)]
    if errors:
        remarks.append(
            f"{errors:,} cells hold an Excel error such as #N/A and are taken as blank; correct the formulas"
        )
    header = _one_header(sheets)
    unread = {grids[number].name: count for number, count in filled.items() if number not in chosen}
    remarks += [_not_read(name, count) for name, count in unread.items()]
    return Workbook(_one_after_another(sheets, header), header, unread, remarks)


def _not_read(name: str, rows: int) -> str:
    return (
        f"sheet '{name}' with {rows:,} filled {'row' if rows == 1 else 'rows'} is not read, since its header is not "
        "known or makes another kind of table; send it as a file of its own with a header that names its columns"
    )


def _grids(kind: str, path: Path, staging: Path, limits: Limits) -> tuple[list[Grid], int]:
    """The sheets of a file of this kind, and how many of their cells hold an error that is shown as nothing."""
    if kind == HTML:
        text = decode(path.read_bytes()).data.decode("utf-8", "surrogateescape")
        return read_web_tables(readable(text), limits), 0
    if kind == ODS:
        return read_opendocument(path, limits), 0
    return read_xls(path, staging, limits) if kind == XLS else read_xlsx(path, staging, limits)


def _laid_out(grid: Grid, known: KnownHeader | None, words: Words) -> Sheet:
    rows = [Row(number, 1, cells, "\t".join(cells).rstrip("\t")) for number, cells in enumerate(grid.cells, start=1)]
    width = _width(rows)
    layout = with_merged_header(grid, rows, find_layout(rows, width, known), known)
    return Sheet(grid.name, rows, replace(layout, words=words))


def _width(rows: list[Row]) -> int:
    """How many cells most rows have filled up to, at least the widest's half: titles and footers are narrow."""
    widths = Counter(max((at for at, cell in enumerate(row.cut, 1) if cell), default=0) for row in rows)
    return max(widths, key=lambda width: (widths[width] * width, width), default=0)


def _chosen(found: dict[int, Sheet], filled: dict[int, int], known: KnownHeader | None, words: Words) -> list[int]:
    """The numbers of the sheets that are read."""
    with_known = [number for number, sheet in found.items() if known and known(sheet.layout.header)]
    if with_known:
        kind = words.kind_of(found[with_known[0]].layout.header)
        return [number for number in with_known if words.kind_of(found[number].layout.header) == kind]
    if not found:
        return []
    first = next((number for number, count in filled.items() if count > 1), next(iter(found)))
    names = _names(found[first].layout.header)
    return [
        number for number, sheet in found.items() if number == first or (names and _names(sheet.layout.header) == names)
    ]


def _is_table(sheet: Sheet, known: KnownHeader | None) -> bool:
    """Whether a table of a web page is data rather than a form or a menu."""
    header = sheet.layout.header
    is_header = known(header) > 0 if known else bool(sheet.layout.header_line) and len(_names(header)) > 1
    return is_header and len(sheet.rows) > sheet.header_rows + len(sheet.above)


def _names(header: list[str]) -> list[str]:
    return [" ".join(name.casefold().split()) for name in header if not is_blank(name)]


def _one_header(sheets: list[Sheet]) -> list[str]:
    """The columns of all sheets: those of the first, then what others have besides."""
    if len(sheets) == 1:
        return sheets[0].layout.header
    header, seen = list[str](), set[tuple[str, int]]()
    for sheet in sheets:
        for name, key in zip(sheet.layout.header, _keys(sheet), strict=True):
            if key not in seen:
                seen.add(key)
                header.append(name)
    return header


def _keys(sheet: Sheet) -> list[tuple[str, int]]:
    """The columns of a sheet as other sheets have them too: the name, and which of several of that name."""
    times: Counter[str] = Counter()
    keys = []
    for name in sheet.layout.header:
        folded = " ".join(name.casefold().split())
        keys.append((folded, times[folded]))
        times[folded] += 1
    return keys


def _one_after_another(sheets: list[Sheet], header: list[str]) -> list[Sheet]:
    """The sheets with the lines that their rows have in the upload, and the places of their columns."""
    if len(sheets) == 1:
        return [replace(sheets[0], places=tuple(range(len(header) or sheets[0].layout.width)))]
    places: dict[tuple[str, int], int] = {}
    for sheet in sheets:
        for key in _keys(sheet):
            places.setdefault(key, len(places))
    placed, before = [], 0
    for sheet in sheets:
        layout = replace(
            sheet.layout,
            header_line=sheet.layout.header_line + before,
            body_line=sheet.layout.body_line + before,
        )
        rows = [row._replace(line_number=row.line_number + before) for row in sheet.rows]
        placed.append(Sheet(sheet.name, rows, layout, before, tuple(places[key] for key in _keys(sheet))))
        before += len(rows)
    return placed
