"""Which rows below the header are records, and what the others are."""

from collections.abc import Iterable, Iterator
from itertools import chain

from orchestration.reader.layout import FOOTER, OTHER_TABLE, REPEATED_HEADER, TOTALS, Layout, OtherLine, Row
from orchestration.reader.shapes import is_value

_LOOK_AHEAD = 200
_MOST_FOOTERS = 20
_SENTENCE_WORDS = 3


def sort_rows(rows: Iterable[Row], layout: Layout) -> Iterator[Row | OtherLine]:
    """The rows below the header in order: records as they are, blank rows as they are, others as OtherLine."""
    rows, after_blank, in_other, any_record = _Ahead(rows), False, False, False
    run: list[Row] = []  # rows that are footers if nothing but such rows follow
    run_after_blank = False
    for row in rows:
        cells = row.cells
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
            (after_blank or (run and run_after_blank)) and any_record and layout.opens_other_table(cells, rows.below())
        ):
            kind, in_other = OTHER_TABLE, True
            yield from (OtherLine(title.line_number, title.lines, OTHER_TABLE, title.text) for title in run)
            run = []
        elif layout.is_totals(cells):
            kind = TOTALS
        elif any_record and layout.is_lone(cells) and (run or not is_value(cells[0])) and len(run) < _MOST_FOOTERS:
            run_after_blank = after_blank if not run else run_after_blank
            run.append(row)
            after_blank = False
            continue
        if kind is None or in_other:
            yield from run
            run = []
        if kind is None:
            any_record = True
            yield row
        else:
            yield OtherLine(row.line_number, row.lines, kind, row.text)
        after_blank = kind == TOTALS or (kind is not None and after_blank)
    yield from footers(run, run_after_blank, layout)


def footers(run: list[Row], after_blank: bool, layout: Layout) -> Iterator[Row | OtherLine]:
    """The last rows of a file, each a lone text: footers from the first that a blank line precedes or that is a
    sentence; those before it are records."""
    started = after_blank
    for row in run:
        wide = max(len(layout.header), layout.width) > 2
        started = started or (wide and len(row.cells[0].split()) >= _SENTENCE_WORDS)
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
