"""Which rows below the header are records, and what the others are."""

from collections.abc import Iterable, Iterator
from itertools import chain

from orchestration.reader.layout import FOOTER, OTHER_TABLE, REPEATED_HEADER, TITLE, TOTALS, Layout, OtherLine, Row
from orchestration.reader.shapes import is_value

_LOOK_AHEAD = 200
_MOST_FOOTERS = 20
_SENTENCE_WORDS = 3


def sort_rows(rows: Iterable[Row], layout: Layout) -> Iterator[Row | OtherLine]:
    """The rows below the header in order: records as they are, blank rows as they are, others as OtherLine."""
    rows, after_blank, in_other, any_record = _Ahead(rows), False, False, False
    run: list[tuple[Row, bool]] = []  # rows that are footers if only such follow, and whether a blank one precedes
    for row in rows:
        cells = row.cells
        if any_record and cells and not (after_blank or in_other or run) and layout.is_surely_record(cells):
            yield row
            continue
        if cells is not None and row.blank:
            after_blank = True
            yield row
            continue
        kind = None
        if cells is None:
            kind = OTHER_TABLE if in_other else None
        elif layout.is_repeated_header(cells):
            kind, in_other = REPEATED_HEADER, False
        elif in_other or (
            any_record and (after_blank or (run and run[0][1])) and layout.opens_other_table(cells, rows.below())
        ):
            kind, in_other = OTHER_TABLE, True
            yield from (OtherLine(title.line_number, title.lines, OTHER_TABLE, title.text) for title, _ in run)
            run = []
        elif layout.is_totals(cells):
            kind = TOTALS
        elif layout.is_title(cells):
            kind = TITLE
        elif any_record and layout.is_lone(cells) and (run or not is_value(cells[0])) and len(run) < _MOST_FOOTERS:
            run.append((row, after_blank))
            after_blank = False
            continue
        if kind is None or in_other:
            yield from (earlier for earlier, _ in run)
            run = []
        if kind is None:
            any_record = True
            yield row
        else:
            yield OtherLine(row.line_number, row.lines, kind, row.text)
        after_blank = kind == TOTALS or (kind is not None and after_blank)
    yield from _footers(run, layout)


def _footers(run: list[tuple[Row, bool]], layout: Layout) -> Iterator[Row | OtherLine]:
    """The last rows of a file, the first cell alone of each filled: footers from the first on that a blank row precedes
    or that is a sentence; those before it are records."""
    started, wide = False, max(len(layout.header), layout.width) > 2
    for row, after_blank in run:
        started = started or after_blank or (wide and len(row.cut[0].split()) >= _SENTENCE_WORDS)
        yield OtherLine(row.line_number, row.lines, FOOTER, row.text) if started else row


class _Ahead:
    """An iterator that can be asked for the cells of the next row that is not blank."""

    def __init__(self, rows: Iterable[Row]):
        self._rows = iter(rows)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return next(self._rows)

    def below(self) -> list[str] | None:
        seen = []
        for row in self._rows:
            seen.append(row)
            if not row.blank or len(seen) > _LOOK_AHEAD:
                break
        self._rows = chain(seen, self._rows)
        return seen[-1].cells if seen else None
