"""The tables of a web page: what most reports send as an .xls when one asks them for Excel."""

from html.parser import HTMLParser

from orchestration.reader.errors import Limits, ReadLimitError
from orchestration.reader.grid import Grid, Span, check_cell, check_extent

_MOST_SPANNED = 1_000  # columns, as browsers have it
_MOST_ROWS_SPANNED = 65_534
_MOST_CELLS = 8_000_000  # no browser shows as many
_BREAKS = ("br", "p", "div")


def read_web_tables(text: str, limits: Limits) -> list[Grid]:
    """Every table of a page in the order in which they begin, a table within another by itself."""
    page = _Page(limits)
    page.feed(text)
    page.close()
    while page.open:
        page.end_table()
    return [table.grid(f"table {number}") for number, table in enumerate(page.tables, 1)]


class _Table:
    def __init__(self, limits: Limits):
        self.limits, self.rows, self.spans = limits, list[list[str]](), list[Span]()
        self.reached: dict[int, int] = {}  # of columns the last row that a cell above reaches into
        self.cell: list[str] | None = None
        self.size = (1, 1)
        self.width = 0

    def start_row(self) -> None:
        self.end_cell()
        self.rows.append([])

    def start_cell(self, down: int, across: int) -> None:
        self.end_cell()
        if not self.rows:
            self.start_row()
        self.cell, self.size = [], (down, across)

    def end_cell(self) -> None:
        if self.cell is None:
            return
        row, (down, across) = self.rows[-1], self.size
        text = " ".join("".join(self.cell).split())
        self.cell = None
        check_cell(text, self.limits)
        top = len(self.rows) - 1
        while self.reached.get(len(row), -1) >= top and len(row) <= self.limits.columns:
            row.append("")
        left = len(row)
        row += [text] + [""] * (across - 1)
        self.width = max(self.width, len(row))
        check_extent(len(self.rows), self.width, self.limits.columns, _MOST_CELLS)
        if down > 1 or across > 1:
            self.spans.append(Span(top, left, top + down - 1, left + across - 1))
        if down > 1:
            self.reached |= dict.fromkeys(range(left, left + across), top + down - 1)

    def grid(self, name: str) -> Grid:
        return Grid(name, [row + [""] * (self.width - len(row)) for row in self.rows], self.spans)


class _Page(HTMLParser):
    def __init__(self, limits: Limits):
        super().__init__(convert_charrefs=True)
        self.limits, self.tables, self.open = limits, list[_Table](), list[_Table]()
        self.hidden = 0  # within scripts and styles

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            if len(self.tables) == self.limits.columns:
                raise ReadLimitError("too_many_columns", "the page has too many tables; send the one that is meant")
            self.tables.append(_Table(self.limits))
            self.open.append(self.tables[-1])
        elif tag in ("script", "style"):
            self.hidden += 1
        elif self.open and tag == "tr":
            self.open[-1].start_row()
        elif self.open and tag in ("td", "th"):
            stated = dict(attributes)
            down = _count(stated.get("rowspan"), _MOST_ROWS_SPANNED)
            self.open[-1].start_cell(down, _count(stated.get("colspan"), _MOST_SPANNED))
        elif self.open and tag in _BREAKS and self.open[-1].cell is not None:
            self.open[-1].cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self.open:
            self.end_table()
        elif tag in ("script", "style"):
            self.hidden = max(self.hidden - 1, 0)
        elif tag in ("td", "th", "tr") and self.open:
            self.open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        if self.open and not self.hidden and self.open[-1].cell is not None:
            self.open[-1].cell.append(data)

    def end_table(self) -> None:
        self.open[-1].end_cell()
        self.open.pop()


def _count(stated: str | None, most: int) -> int:
    stated = (stated or "").strip()
    return min(max(int(stated), 1), most) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 1
