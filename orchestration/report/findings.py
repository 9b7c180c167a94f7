"""What was wrong with an upload, in words: where, what, and how to fix it. Never text of the file."""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import polars as pl

from models.codes import CELL_ERRORS, ROW_ERRORS
from models.fields import CALL_LOG, LOAN_BOOK
from orchestration.settings import Settings
from orchestration.store.facts import OF_ARRIVAL, STATED, ReadingNotes, UploadFacts
from orchestration.store.hashing import short_hash
from orchestration.store.lake import Lake

_FIXES = ROW_ERRORS | CELL_ERRORS
_NEXT_CODE = re.compile(rf"; (?=(?:{'|'.join(_FIXES)}): )")
_MOST_LINES = 8
_OTHER_LINES = {
    "preamble": "lines above the header, not records",
    "repeated_header": "the header again, not a record",
    "totals": "totals, not records",
    "footer": "lines below the table, kept and not read",
    "other_table": "another table below the first, kept and not read",
    "title": "titles that hold for the rows below them, not records",
}
# The sheets of a workbook of which several are read, in their order: the name, and how many lines are before it.
Sheets = Sequence[tuple[str, int]]


_WANTED_COLUMNS = (
    (CALL_LOG, ("to_number", "from_number"), "no column gives the number that was called"),
    (CALL_LOG, ("initiated_at", "initiated_date", "updated_at"), "no column gives the time of a call"),
    (LOAN_BOOK, ("phone", "alternate_phone"), "no column gives a phone of the borrower"),
    (LOAN_BOOK, ("outstanding_amount",), "no column gives the amount outstanding"),
)
_MOST_NAMES = 30


class Finding(NamedTuple):
    """One thing to know of an upload: the lines it is about (some of them), how many, what, and how to fix it."""

    lines: str
    count: int  # type: ignore[assignment]  # a tuple's count() is of no use here
    what: str
    fix: str


def reading_findings(facts: UploadFacts) -> list[Finding]:
    """What the reader has to say of a file as a whole, from its facts in the lake."""
    notes = ReadingNotes.from_json(facts.notes)
    found = []
    if facts.message:
        what, _, fix = facts.message.rpartition("; ")
        found.append(
            Finding(
                _spans([(notes.header_line, notes.header_line)], 1, notes.sheets) if notes.header_line else "",
                facts.physical_lines or 0,
                what or facts.message,
                fix if what else "",
            )
        )
    for kind, what in _OTHER_LINES.items():
        if lines := [(first, last) for name, first, last in notes.other_lines if name == kind]:
            fix = "send it as a file of its own" if kind == "other_table" else ""
            total = notes.other_line_counts[kind]
            found.append(Finding(_spans(lines, total, notes.sheets), total, what, fix))
    if notes.repaired_records:
        where = places(notes.repaired_lines, notes.repaired_records, notes.sheets)
        what = "repaired: a stray quote is taken as text, or another delimiter as the delimiter"
        found.append(Finding(where, notes.repaired_records, what, "check that the cells are right"))
    if notes.short_records:
        where = places(notes.short_lines, notes.short_records, notes.sheets)
        what = "fewer cells than the header; the missing ones are taken as blank"
        found.append(Finding(where, notes.short_records, what, "check that no line was broken in two"))
    for name, position in notes.renamed_columns.items():
        found.append(
            Finding(
                "", 1, f"column {position} has no name of its own and is kept as '{name}'", "name every column once"
            )
        )
    found += _missing_columns(facts)
    if notes.unused_columns:
        names = ", ".join(notes.unused_columns[:_MOST_NAMES])
        more = f" and {len(notes.unused_columns) - _MOST_NAMES} more" if len(notes.unused_columns) > _MOST_NAMES else ""
        what = f"columns that no field took, kept in raw_data: {names}{more}"
        found.append(Finding("", len(notes.unused_columns), what, "if one is needed, say in columns.toml what it is"))
    for remark in notes.remarks:
        what, _, fix = remark.partition("; ")
        found.append(Finding("", 1, what, fix))
    return found


def sending_findings(lake: Lake, settings: Settings, sha256: str) -> list[Finding]:
    """What is to be known of when an upload was sent, and whether it counts at all."""
    seen, last = lake.sightings(sha256), next(reversed(lake.corrections(sha256)), None)
    name, found = short_hash(sha256), []
    if last is not None and last.is_withdrawn:
        what = f"withdrawn {settings.local(last.made_at)} by {last.made_by}: nothing is made of its records"
        found.append(Finding("", 1, what, f"if it is to count again: loancalls withdraw --undo {name}"))
    if last is None or last.uploaded_at is None:
        first = settings.local(seen[0].uploaded_at) if seen else ""
        later = [one.uploaded_at for one in seen if one.time_from == STATED and one.uploaded_at > seen[0].uploaded_at]
        if later:
            what = f"sent again as of {settings.local(later[-1])}; the earlier time counts, {first}"
            at = settings.local(later[-1], between="T")
            fix = f"if the later one is right: loancalls restate {name} --uploaded-at {at}"
            found.append(Finding("", len(later), what, fix))
        if seen and seen[0].time_from == OF_ARRIVAL:
            what = f"the file's own time cannot be, before 1990 or in the future; {first} is taken, when it arrived"
            found.append(Finding("", 1, what, f"loancalls restate {name} --uploaded-at, if it was sent earlier"))
    return found


def _missing_columns(facts: UploadFacts) -> list[Finding]:
    """Columns without which the records of an upload say little, although all of them are read."""
    if facts.message or not facts.records:
        return []
    taken = json.loads(facts.column_mapping)
    fix = "name the column in the header, or say in columns.toml which it is"
    return [
        Finding("", facts.records, what, fix)
        for kind, fields, what in _WANTED_COLUMNS
        if kind == facts.kind and not any(name in taken for name in fields)
    ]


def problem_findings(lake: Lake, facts: UploadFacts) -> list[Finding]:
    """The records of an upload that could not be read, as the lake has them."""
    rows = lake.rows(facts.sha256, facts.kind).filter(pl.col("problem").is_not_null())
    grouped = rows.group_by("problem").agg("line_number", pl.len().alias("count")).collect()
    sheets = ReadingNotes.from_json(facts.notes).sheets
    return error_findings(grouped.select("problem", "count", "line_number").iter_rows(), sheets)


def error_findings(errors: Iterable[tuple[str, int, list[int]]], sheets: Sheets = ()) -> list[Finding]:
    """Errors of rows as (error, how many rows, their first lines), one finding for each thing that is wrong."""
    counts: dict[str, int] = {}
    lines: dict[str, list[int]] = {}
    for error, count, places_ in errors:
        for part in _NEXT_CODE.split(error):
            counts[part] = counts.get(part, 0) + count
            lines[part] = lines.get(part, []) + list(places_)
    found = []
    for part, count in counts.items():
        what, fix = _with_fix(part)
        found.append((min(lines[part]), Finding(places(sorted(lines[part]), count, sheets), count, what, fix)))
    return [finding for _, finding in sorted(found)]


def explained(error: str) -> list[tuple[str, str, str]]:
    """Everything that is wrong with one row: code, sentence, how to fix it."""
    parts = map(_with_fix, _NEXT_CODE.split(error))
    return [(*what.split(": ", 1), fix) for what, fix in parts]  # type: ignore[misc]


def _with_fix(part: str) -> tuple[str, str]:
    """One `code: sentence` of an error, and how to fix it."""
    what, _, own = part.partition("; ")
    return what, own or _FIXES.get(part.split(":")[0], "")


def places(lines: list[int], count: int, sheets: Sheets = ()) -> str:
    """`5, 9-11 and 40 more`: the first lines of `count`, in words; of several sheets `Hubli: 5; Gadag: 2-4`."""
    spans: list[tuple[int, int]] = []
    starts = {before + 1 for _, before in sheets}
    for line in lines:
        if spans and line == spans[-1][1] + 1 and line not in starts:
            spans[-1] = (spans[-1][0], line)
        elif not spans or line > spans[-1][1]:
            spans.append((line, line))
    return _spans(spans, count, sheets)


def as_markdown(findings: list[Finding]) -> str:
    """Findings as a table for the Dagster UI."""
    rows = [
        f"| {finding.lines} | {finding.count} | {_cell(finding.what)} | {_cell(finding.fix)} |" for finding in findings
    ]
    return "\n".join(["| lines | count | what | how to fix it |", "| --- | ---: | --- | --- |", *rows])


def _spans(spans: list[tuple[int, int]], count: int, sheets: Sheets = ()) -> str:
    named = spans[:_MOST_LINES]
    text = "; ".join(
        (f"{name}: " if sheets else "") + ", ".join(_span(first - before, last - before) for first, last in within)
        for (name, before), within in groupby(named, key=lambda span: _sheet_of(span[0], sheets))
    )
    more = count - sum(last - first + 1 for first, last in named)
    return f"{text} and {more:,} more" if more > 0 else text


def _sheet_of(line: int, sheets: Sheets) -> tuple[str, int]:
    """The sheet that a line of an upload is a row of, and how many lines are before it."""
    return max(((name, before) for name, before in sheets if before < line), key=lambda one: one[1], default=("", 0))


def _span(first: int, last: int) -> str:
    return f"{first}-{last}" if last > first else str(first)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
