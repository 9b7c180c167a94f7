"""The tables of a web page: what most reports send as an .xls when one asks them for Excel."""

import html
import re
from contextlib import suppress

from orchestration.reader.errors import Limits, ReadLimitError
from orchestration.reader.workbooks.grid import Grid, Span, check_cell, check_extent

_MOST_SPANNED = 1_000  # columns, as browsers have it
_MOST_ROWS_SPANNED = 65_534
_MOST_CELLS = 8_000_000  # no browser shows as many
_BREAKS = ("br", "p", "div")
_WITHOUT_TEXT = ("script", "style")
# Not html.parser: a page that leaves ten thousand tags open would keep it for hours.
_TAG = re.compile(r"<(!--|[!?]|/?[a-z][a-z0-9]*)([^<>]*)>?", re.I)
_SPAN = re.compile(r"""\b(colspan|rowspan)\s*=\s*["']?\s*([0-9]{1,9})""", re.I)


def read_web_tables(text: str, limits: Limits) -> list[Grid]:
    """Every table of a page in the order in which they begin, a table within another by itself."""
    return [table.grid(f"table {number}") for number, table in enumerate(_Page(text, limits).read(), 1)]


def _as_shown(text: str) -> str:
    """Text as a page shows it: entities are characters, and blanks of any kind one space."""
    with suppress(ValueError):  # a character of thousands of digits
        text = html.unescape(text) if "&" in text else text
    return " ".join(text.split())


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
        text = _as_shown("".join(self.cell))
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


class _Page:
    """The tables of a page, piece by piece. Reading goes forward only, whatever is left open in the page."""

    def __init__(self, text: str, limits: Limits):
        self.text, self.limits, self.tables, self.open = text, limits, list[_Table](), list[_Table]()

    def read(self) -> list[_Table]:
        position = 0
        for tag in _TAG.finditer(self.text):
            if tag.start() < position:
                continue
            self.add_text(self.text[position : tag.start()])
            name, position = tag[1].lower(), tag.end()
            if name == "!--":
                position = self.after(r"-->", tag.start() + 4)
            elif name in _WITHOUT_TEXT:
                position = self.after(rf"</{name}[^<>]*>?", position)
            elif name.startswith("/"):
                self.end(name[1:])
            else:
                self.start(name, tag[2])
        self.add_text(self.text[position:])
        for table in self.open:
            table.end_cell()
        return self.tables

    def after(self, end: str, position: int) -> int:
        """Where the text goes on behind what ends so; at its end if nothing does."""
        found = re.compile(end, re.I).search(self.text, position)
        return found.end() if found else len(self.text)

    def start(self, name: str, attributes: str) -> None:
        if name == "table":
            if len(self.tables) == self.limits.columns:
                raise ReadLimitError("too_many_columns", "the page has too many tables; send the one that is meant")
            self.tables.append(_Table(self.limits))
            self.open.append(self.tables[-1])
        elif self.open and name == "tr":
            self.open[-1].start_row()
        elif self.open and name in ("td", "th"):
            stated = {key.lower(): int(count) for key, count in _SPAN.findall(attributes)}
            down = min(max(stated.get("rowspan", 1), 1), _MOST_ROWS_SPANNED)
            self.open[-1].start_cell(down, min(max(stated.get("colspan", 1), 1), _MOST_SPANNED))
        elif name in _BREAKS:
            self.add_text(" ")

    def end(self, name: str) -> None:
        if self.open and name in ("td", "th", "tr", "table"):
            self.open[-1].end_cell()
        if self.open and name == "table":
            self.open.pop()

    def add_text(self, text: str) -> None:
        if self.open and self.open[-1].cell is not None:
            self.open[-1].cell.append(text)
