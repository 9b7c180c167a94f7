"""Broken and odd files as branches send them, and the exact outcome of each, worked out by hand from docs/reading.md.

corpus/<group>/<name>.<ext> holds the bytes as they were sent, <name>.json what must come of them: the code of the
`error`, or everything that the reader says of the file. A record is [line, cells], one with a problem
[line, cells, code, text]; another line is [line, kind, text]. null stands for what the specification leaves open. The
header is one line, or none, unless `header_lines` says otherwise.
"""

import json
import re
from pathlib import Path

import pytest

from orchestration.reader import ReadLimitError, UnreadableFileError, read_table

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.suffix != ".json")
EXPECTED = {path: path.with_suffix(".json") for path in FILES}


def named(paths: list[Path]) -> dict[str, Path]:
    return {f"{path.parent.name}/{path.stem}": path for path in paths}


def outcome_of(path: Path) -> dict:
    return json.loads(EXPECTED[path].read_text(encoding="utf-8"))


READABLE = [path for path in FILES if "error" not in outcome_of(path)]
REFUSED = [path for path in FILES if "error" in outcome_of(path)]
WORKBOOKS = ("xlsx", "xls", "ods", "html")
TEXTS = [path for path in READABLE if outcome_of(path)["encoding"] not in WORKBOOKS]


def each(paths: list[Path]) -> pytest.MarkDecorator:
    files = named(paths)
    return pytest.mark.parametrize("path", files.values(), ids=files.keys())


def lines_of(content: bytes, expected: dict) -> int:
    """The lines of the decoded text. In a file with LF, a CR on its own that a cell holds ends no line."""
    text = content.decode(expected["encoding"], errors="replace").removeprefix("\ufeff")
    ends = len(re.findall(r"\r\n|\n|\r", text))
    if "\n" in text:
        cells = [cell for _, cells, *_ in expected["records"] for cell in cells or []]
        ends -= sum(len(re.findall(r"\r(?!\n)", cell)) for cell in cells)
    return ends + (text[-1:] not in ("", "\n", "\r"))


def left_open(found: list, expected: list) -> list:
    """What was found, with null where the expectation has null."""
    return [None if known is None else value for value, known in zip(found, expected, strict=True)]


@each(READABLE)
def test_files_are_read_as_expected(path):
    expected = outcome_of(path)
    table = read_table(path)

    assert table.header == expected["header"]
    records = []
    for record in table.records:
        if record.problem is None:
            records.append([record.line_number, record.cells])
        else:
            code, sentence = record.problem.split(": ", 1)
            assert sentence.strip()
            records.append([record.line_number, record.cells, code, record.text])
    known = expected["records"]
    if [len(record) for record in records] == [len(record) for record in known]:
        records = [left_open(*pair) for pair in zip(records, known, strict=True)]
    assert records == known

    other_lines = [[line.line_number, line.kind, line.text] for line in table.other_lines]
    known = expected["other_lines"]
    if len(other_lines) == len(known):
        other_lines = [left_open(*pair) for pair in zip(other_lines, known, strict=True)]
    assert other_lines == known

    assert table.blank_lines == expected["blank_lines"]
    assert [record.line_number for record in table.records if record.repaired] == expected["repaired"]
    assert (table.encoding, table.delimiter) == (expected["encoding"], expected["delimiter"])


@each(READABLE)
def test_every_line_is_one_of_four(path):
    expected = outcome_of(path)
    lines = read_table(path).lines
    assert lines.header + lines.record + lines.blank + lines.other == lines.physical
    header = expected.get("header_lines", 1 if expected["header"] else 0)
    assert (lines.header, lines.blank) == (header, len(expected["blank_lines"]))
    assert lines.other == len(expected["other_lines"])


@each(TEXTS)
def test_lines_are_those_of_the_text(path):
    assert read_table(path).lines.physical == lines_of(path.read_bytes(), outcome_of(path))


@each(REFUSED)
def test_files_that_are_no_table_are_refused(path):
    with pytest.raises((UnreadableFileError, ReadLimitError)) as refused:
        read_table(path)
    assert refused.value.code == outcome_of(path)["error"]
    assert str(refused.value).strip()


def test_the_corpus_is_whole():
    assert len(FILES) >= 60
    assert len(named(FILES)) == len(FILES)
    assert sorted(EXPECTED.values()) == sorted(CORPUS.glob("*/*.json"))
    outcomes = [outcome_of(path) for path in FILES]
    assert all(outcome["why"].endswith(".") for outcome in outcomes)
