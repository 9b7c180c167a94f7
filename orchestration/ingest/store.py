"""A reading becomes the upload's Parquet in the lake: its records, their phones, the lines that are none, its facts."""

import glob
import json
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from models import phones
from models.fields import CALL_LOG, FIELDS, PHONE_FIELDS, UNKNOWN
from models.headers import Vocabulary, column_positions, kind_of, known_columns, titled, unused_columns
from models.macros import macros_in
from models.quoting import identifier
from models.shapes import known_shape
from orchestration.ingest.projection import row_projection
from orchestration.reader import (
    Limits,
    OtherLine,
    ReadError,
    Reading,
    Words,
    read_file,
    unique_keys,
    write_parquet,
)
from orchestration.store.facts import FILE, READING, ReadingNotes, UploadFacts
from orchestration.store.lake import KINDS, Lake, upload_id_of

_OTHER_LINES_SCHEMA = {"line_number": pl.Int64, "lines": pl.Int64, "kind": pl.String, "text": pl.String}
# So many places are named in the notes of an upload; the lake has them all.
_MOST_NAMED = 100
_BLANK = "''"
_USUAL_RECORD_BYTES = 1 << 24

_EMPTY = "the file is empty; if it should hold data, send it again"


def store(
    lake: Lake,
    staged: Path,
    sha256: str,
    con: duckdb.DuckDBPyConnection,
    limits: Limits = Limits(),
    own: Vocabulary = Vocabulary(),
) -> UploadFacts:
    """Read a staged copy of a file and store everything of it but its original and its sightings.

    `own` are the lender's own headers and words, which are kept with the reading. `con` is a connection of its own for
    this file, which needs no more than the staging folder. A file that cannot be read is stored as an upload without
    records, with a message. Crashing at any point and storing again gives the same.
    """
    lake.begin(sha256)
    try:
        words = Words(kind_of=lambda header: kind_of(header, own)[0], titled=titled)
        reading = read_file(staged, staged.parent, limits, partial(known_columns, own=own), words, known_shape)
        kind, message = kind_of(reading.header, own)
        reading = _store_rows(lake, reading, kind, sha256, con, own)
        if not (reading.header or reading.records or reading.lines.other):  # known only now
            message = _EMPTY
    except ReadError as error:
        kind, message = UNKNOWN, str(error)
        reading = _store_rows(lake, Reading.nothing(staged.parent), kind, sha256, con, own)
    for other in KINDS:  # read anew, a file may turn out to be of another kind than it was taken for
        if other != kind:
            lake.rows_path(other, sha256).unlink(missing_ok=True)
    return lake.note(
        UploadFacts(
            upload_id=upload_id_of(sha256),
            sha256=sha256,
            kind=kind,
            source=FILE,
            records=reading.records,
            header_lines=reading.lines.header,
            record_lines=reading.lines.record,
            blank_lines=reading.lines.blank,
            other_lines=reading.lines.other,
            physical_lines=reading.lines.physical,
            file_bytes=staged.stat().st_size,
            encoding=reading.encoding,
            delimiter=reading.delimiter,
            speed=reading.speed,
            message=message,
            notes=_notes(reading, kind, own).as_json(),
            column_mapping=json.dumps(
                {
                    field: [reading.header[position].strip() for position in positions]
                    for field, positions in column_positions(reading.header, kind, own).items()
                },
                ensure_ascii=False,
            ),
            reading=READING,
            vocabulary=own.as_json(),
        )
    )


def store_records(
    lake: Lake, staged: Path, sha256: str, kind: str, source: str, con: duckdb.DuckDBPyConnection
) -> UploadFacts:
    """Store a staged copy of a record file (see `records`), as `store` does with what people send."""
    lake.begin(sha256)
    upload_id = upload_id_of(sha256)
    fields = ["entity_id", *FIELDS[kind]]
    columns = ", ".join(f"{field}: 'VARCHAR'" for field in fields)
    raw_data = f"to_json(struct_pack({', '.join(f'{field} := {field}' for field in fields)}))"
    query = (
        f"SELECT CAST(? AS UUID) AS upload_id, CAST(line_number AS INTEGER) AS line_number, "
        f"CAST({raw_data} AS VARCHAR) AS raw_data, CAST(md5({raw_data}) AS UUID) AS row_fingerprint, "
        f"CAST(NULL AS VARCHAR) AS problem, TRY_CAST(entity_id AS UUID) AS entity_id, "
        f"CAST(NULL AS VARCHAR) AS sheet, CAST(NULL AS INTEGER) AS sheet_row, "
        f"{', '.join(f'nullif(trim({field}), {_BLANK}) AS {field}' for field in FIELDS[kind])} "
        f"FROM read_json(?, format = 'newline_delimited', columns = {{line_number: 'BIGINT', {columns}}}, "
        f"maximum_object_size = {_longest_line(staged)}) WHERE line_number IS NOT NULL"
    )
    with lake.replacing(lake.phones_path(sha256)) as phones_file, lake.replacing(lake.rows_path(kind, sha256)) as rows:
        write_parquet(con, query, [upload_id, glob.escape(str(staged))], rows)
        _write_phones(con, rows, PHONE_FIELDS[kind], upload_id, phones_file)
        records = pq.read_metadata(rows).num_rows
    return lake.note(
        UploadFacts(
            upload_id=upload_id,
            sha256=sha256,
            kind=kind,
            source=source,
            records=records,
            header_lines=1,
            record_lines=records,
            blank_lines=0,
            other_lines=0,
            physical_lines=records + 1,
            file_bytes=staged.stat().st_size,
            encoding="utf-8",
            delimiter="",
            speed="records",
            message=None,
            notes=ReadingNotes().as_json(),
            column_mapping="{}",
            reading=READING,
            vocabulary=None,
        )
    )


def _store_rows(
    lake: Lake, reading: Reading, kind: str, sha256: str, con: duckdb.DuckDBPyConnection, own: Vocabulary
) -> Reading:
    """Write the records, their phones, and the lines that are none."""
    upload_id = upload_id_of(sha256)
    had_titles = reading.has_titles
    with lake.replacing(lake.phones_path(sha256)) as phones_file, lake.replacing(lake.rows_path(kind, sha256)) as rows:
        reading = _write_rows(reading, con, kind, upload_id, own, rows)
        if reading.has_titles and not had_titles:  # they were only found among the records
            reading = _write_rows(reading, con, kind, upload_id, own, rows)
        _write_phones(con, rows, PHONE_FIELDS[kind], upload_id, phones_file, is_dialled=kind == CALL_LOG)
    if reading.other_lines:
        with lake.replacing(lake.other_lines_path(sha256)) as target:
            pl.DataFrame(reading.other_lines, schema=_OTHER_LINES_SCHEMA, orient="row").write_parquet(target)
    else:
        lake.other_lines_path(sha256).unlink(missing_ok=True)
    return reading


def _write_rows(
    reading: Reading, con: duckdb.DuckDBPyConnection, kind: str, upload_id: str, own: Vocabulary, target: Path
) -> Reading:
    projection, params = row_projection(reading, kind, upload_id, own)
    con.execute(macros_in(projection))
    return reading.write(con, projection, params, target)


def _longest_line(path: Path) -> int:
    """Bytes that DuckDB must have room for, at least what it has by default; it takes twice as many per thread."""
    if path.stat().st_size < _USUAL_RECORD_BYTES:
        return _USUAL_RECORD_BYTES
    with path.open("rb") as lines:
        return max(_USUAL_RECORD_BYTES, max(map(len, lines)) + 1)


def _write_phones(
    con: duckdb.DuckDBPyConnection,
    rows: Path,
    fields: tuple[str, ...],
    upload_id: str,
    target: Path,
    is_dialled: bool = False,
) -> None:
    """Every distinct phone text of the upload with its numbers. Plain Indian mobiles never leave DuckDB."""
    cells = " UNION ALL ".join(f"SELECT {identifier(field)} AS phone_text FROM read_parquet(?)" for field in fields)
    texts = f"SELECT DISTINCT phone_text FROM ({cells or 'SELECT CAST(NULL AS VARCHAR) AS phone_text'})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE phone_texts AS "
        "SELECT phone_text, regexp_extract(translate(phone_text, ' -', ''), ?, 1) AS mobile "
        f"FROM ({texts}) WHERE phone_text IS NOT NULL",
        [phones.PLAIN_MOBILE, *[glob.escape(str(rows))] * len(fields)],
    )
    con.execute("UPDATE phone_texts SET mobile = '' WHERE mobile IN (SELECT unnest(?))", [list(phones.DUMMY_MOBILES)])
    odd = [text for (text,) in con.execute("SELECT phone_text FROM phone_texts WHERE mobile = ''").fetchall()]
    decided = [phones.numbers_in(text, is_dialled) for text in odd]
    con.register(
        "odd_phones",
        pa.table(
            {
                "phone_text": pa.array(odd, pa.string()),
                "phone": pa.array([next(iter(numbers), None) for numbers, _ in decided], pa.string()),
                "further_phones": pa.array([numbers[1:] or None for numbers, _ in decided], pa.list_(pa.string())),
                "problem": pa.array([problem for _, problem in decided], pa.string()),
            }
        ),
    )
    write_parquet(
        con,
        "SELECT CAST(? AS UUID) AS upload_id, phone_text, phone, further_phones, problem FROM ("
        "SELECT phone_text, '+91' || mobile AS phone, CAST(NULL AS VARCHAR[]) AS further_phones, NULL AS problem "
        "FROM phone_texts WHERE mobile <> '' "
        "UNION ALL SELECT phone_text, phone, further_phones, problem FROM odd_phones) ORDER BY phone_text",
        [upload_id],
        target,
    )


def _notes(reading: Reading, kind: str, own: Vocabulary) -> ReadingNotes:
    keys = zip(unique_keys(reading.header), reading.header, strict=True)
    # Of each kind the first, or a thousand repeated headers would leave no room for the table below them.
    spans = _spans(reading.other_lines)
    kinds = dict.fromkeys(kind for kind, _, _ in spans)
    return ReadingNotes(
        header_line=reading.layout.header_line,
        renamed_columns={
            key: place
            for place, (key, name) in enumerate(keys, 1)
            if key != name.strip() and kind != UNKNOWN  # what is no known header may be a record
        },
        other_lines=[span for kind in kinds for span in [s for s in spans if s[0] == kind][:_MOST_NAMED]],
        other_line_counts={kind: sum(one.lines for one in reading.other_lines if one.kind == kind) for kind in kinds},
        repaired_records=len(reading.repaired),
        repaired_lines=reading.repaired[:_MOST_NAMED],
        short_records=len(reading.short),
        short_lines=reading.short[:_MOST_NAMED],
        unused_columns=unused_columns(reading.header, kind, own),
        remarks=reading.remarks,
        sheets=[(sheet.name, sheet.before) for sheet in reading.sheets] if len(reading.sheets) > 1 else [],
        unread_sheets=reading.unread,
    )


def _spans(lines: list[OtherLine]) -> list[tuple[str, int, int]]:
    """(kind, first line, last line) of each run of lines of one kind."""
    spans: list[tuple[str, int, int]] = []
    for line in sorted(lines):
        first, last = line.line_number, line.line_number + line.lines - 1
        if spans and spans[-1][0] == line.kind and spans[-1][2] + 1 == first:
            spans[-1] = (line.kind, spans[-1][1], last)
        else:
            spans.append((line.kind, first, last))
    return spans
