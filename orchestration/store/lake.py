"""The lake: what was received, immutable. Written only by ingest; everything after it is a function of it.

    lake/originals/<sha256>.zst                  the file's bytes, compressed
    lake/upload_rows/<kind>/<sha256>.parquet     its records: line, exact text, and the cells under their field names
    lake/other_lines/<sha256>.parquet            its lines that are no records and not blank, with their text, if any
    lake/phones/<sha256>.parquet                 every distinct phone text of it, and the number it means
    lake/uploads/<sha256>.parquet                the upload's own facts; written last, so that it says "complete"
    lake/sightings/<sha256>.<hash>.parquet       each time the bytes were seen: name, time, sender
    lake/records/                                record files of ours that no run has taken up yet (see `records`)

Writing a file twice gives the same file. Every one is on the disk before the upload's facts are, and they before a
record file is forgotten. A file without both its ends, as a power cut or a full disk leaves it, counts as absent: the
upload is read again from its original, or from the inbox.
"""

import hashlib
import json
import os
import uuid
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from models import phones
from models.fields import FIELDS, PHONE_FIELDS, RECORD_KINDS, UNKNOWN, column_positions, kind_of, known_columns
from orchestration.errors import UsageError
from orchestration.reader import (
    Limits,
    OtherLine,
    ReadError,
    Reading,
    no_pattern,
    read_file,
    stated,
    unique_keys,
    write_parquet,
)
from orchestration.store.atomic import replacing, sync
from orchestration.store.home import Home

KINDS = tuple(FIELDS)

UPLOADS_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "upload_id": pl.String,
    "sha256": pl.String,
    "kind": pl.String,
    "source": pl.String,
    "records": pl.Int64,
    "header_lines": pl.Int64,
    "record_lines": pl.Int64,
    "blank_lines": pl.Int64,
    "other_lines": pl.Int64,
    "physical_lines": pl.Int64,
    "file_bytes": pl.Int64,
    "encoding": pl.String,
    "delimiter": pl.String,
    "speed": pl.String,
    "message": pl.String,
    "notes": pl.String,
    "column_mapping": pl.String,
}
SIGHTINGS_SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "upload_id": pl.String,
    "filename": pl.String,
    "uploaded_by": pl.String,
    "uploaded_at": pl.Datetime("us"),
}
_OTHER_LINES_SCHEMA = {"line_number": pl.Int64, "lines": pl.Int64, "kind": pl.String, "text": pl.String}
_LEAST_DIGITS = 6
_PARQUET = b"PAR1"
# Where an upload comes from: a file that somebody sent, or (see `records`) our API or an import.
FILE = "file"
# So many places are named in the notes of an upload; the lake has them all.
_MOST_NAMED = 100


@dataclass(frozen=True)
class Sighting:
    """One time the bytes of an upload were seen. `uploaded_at` is naive UTC."""

    filename: str
    uploaded_by: str
    uploaded_at: datetime


@dataclass(frozen=True)
class UploadFacts:
    """What is true of an upload whatever its name: one row of lake/uploads."""

    upload_id: str
    sha256: str
    kind: str
    source: str
    records: int
    header_lines: int
    record_lines: int
    blank_lines: int
    other_lines: int
    physical_lines: int
    file_bytes: int
    encoding: str
    delimiter: str
    speed: str
    message: str | None
    notes: str
    column_mapping: str


class Lake:
    """The lake of one home."""

    def __init__(self, home: Home):
        self.root = home.lake
        self.staging = home.staging

    # --- what is there ------------------------------------------------------------------------------------------

    def has(self, sha256: str) -> bool:
        """Whether the upload is complete in the lake: its facts, and every file that they speak of, with both ends."""
        rows = [path for path in (self._rows(kind, sha256) for kind in KINDS) if path.exists()]
        others = [self._other_lines(sha256)] if self._other_lines(sha256).exists() else []
        return len(rows) == 1 and all(map(is_whole, [self._uploads(sha256), self._phones(sha256), *rows, *others]))

    def find(self, short_hash: str) -> str | None:
        """The sha256 of the upload in the lake that starts with these hex digits."""
        return next((sha256 for sha256 in self._spoken_of() if sha256.startswith(short_hash)), None)

    def has_sighting(self, sha256: str, sighting: Sighting) -> bool:
        return is_whole(self._sighting(sha256, sighting))

    def sightings(self, sha256: str) -> list[Sighting]:
        """Each time the bytes were seen, the earliest first."""
        paths = filter(is_whole, (self.root / "sightings").glob(f"{sha256}.*.parquet"))
        rows = [_read_parquet(path).row(0, named=True) for path in paths]
        found = [Sighting(row["filename"], row["uploaded_by"], row["uploaded_at"]) for row in rows]
        return sorted(found, key=lambda sighting: (sighting.uploaded_at, sighting.filename, sighting.uploaded_by))

    def damaged(self) -> list[str]:
        """The sha256 of uploads that the lake had, or began to have, and has not: not complete, or without a sighting.

        Looks at the ends of files only; an original is found damaged when it is needed.
        """
        seen = {path.name.split(".")[0] for path in (self.root / "sightings").glob("*.parquet") if is_whole(path)}
        return [sha256 for sha256 in self._spoken_of() if not (sha256 in seen and self.has(sha256))]

    def is_of_records(self, sha256: str) -> bool:
        """Whether the upload came from a record file of ours (see `records`): its facts say so, or else its rows."""
        if is_whole(self._uploads(sha256)):
            return self.facts(sha256).source != FILE
        return any(self._rows(kind, sha256).exists() for kind in RECORD_KINDS)

    def forget_damaged_sightings(self) -> None:
        """Remove sightings that a power cut has left without content; the inbox states its own again."""
        for path in (self.root / "sightings").glob("*.parquet"):
            if not is_whole(path):
                path.unlink()

    def _spoken_of(self) -> list[str]:
        """The sha256 of every upload of which there is anything but rows."""
        patterns = ("originals/*.zst", "uploads/*.parquet", "sightings/*.parquet")
        return sorted({path.name.split(".")[0] for pattern in patterns for path in self.root.glob(pattern)})

    def uploads(self) -> pl.DataFrame:
        """Every complete upload with its earliest sighting, in the order of uploads."""
        facts = self._frame("uploads", UPLOADS_SCHEMA)
        sightings = self._frame("sightings", SIGHTINGS_SCHEMA).sort("uploaded_at", "filename", "uploaded_by")
        first = sightings.group_by("upload_id", maintain_order=True).first()
        return facts.join(first, on="upload_id").sort("uploaded_at", "sha256")

    def facts(self, sha256: str) -> UploadFacts:
        """The facts of a complete upload."""
        row = _read_parquet(self._uploads(sha256)).to_dicts()[0]
        return UploadFacts(**{name: row.get(name) for name in UPLOADS_SCHEMA} | {"source": row.get("source") or FILE})

    def rows(self, sha256: str, kind: str) -> pl.LazyFrame:
        """The records of a complete upload as they were received."""
        return pl.scan_parquet(self._rows(kind, sha256), glob=False, hive_partitioning=False)

    def named(self, names: list[str]) -> list[tuple[str, str]]:
        """(filename, sha256) of the uploads with these file names or beginnings of a sha256; of all for no names.

        Raises UsageError for a name that none has.
        """
        known = [(row["filename"], row["sha256"]) for row in self.uploads().iter_rows(named=True)]
        found = []
        for name in names:
            same = [upload for upload in known if upload[0] == Path(name).name]
            same = same or [upload for upload in known if len(name) >= _LEAST_DIGITS and upload[1].startswith(name)]
            if not same:
                raise UsageError(f"No upload is named '{name}'; `loancalls uploads` lists them.")
            found += same
        return found if names else known

    def state(self) -> str:
        """A hash of what the lake holds; it changes with every upload, sighting and re-reading."""
        names = sorted(
            f"{path.relative_to(self.root)}:{path.stat().st_size}:{path.stat().st_mtime_ns}"
            for folder in ("uploads", "sightings")
            for path in (self.root / folder).glob("*.parquet")
        )
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def stamp(self, sha256: str) -> str:
        """What changes when an upload is read anew."""
        status = self._uploads(sha256).stat()
        return f"{status.st_size}:{status.st_mtime_ns}"

    def files(self, folder: str, shas: set[str] | None = None) -> list[Path]:
        """The Parquet files of a folder that belong to complete uploads (of `shas`, when given), by name."""
        complete = {path.stem for path in (self.root / "uploads").glob("*.parquet")}
        wanted = complete if shas is None else complete & shas
        return [path for path in sorted((self.root / folder).glob("*.parquet")) if path.name.split(".")[0] in wanted]

    # --- what ingest writes -------------------------------------------------------------------------------------

    def keep_original(self, staged: Path, sha256: str) -> None:
        """Keep the bytes of a file, from which all else in the lake can be made again."""
        with (
            self._replacing(self._original(sha256)) as target,
            pa.CompressedOutputStream(target, "zstd") as out,
            staged.open("rb") as source,
        ):
            while block := source.read(1 << 22):
                out.write(block)

    def store(
        self, staged: Path, sha256: str, con: duckdb.DuckDBPyConnection, limits: Limits = Limits()
    ) -> UploadFacts:
        """Read a staged copy of a file and store everything of it but its original and its sightings.

        `con` is a connection of its own for this file, which needs no more than the staging folder. A file that cannot
        be read is stored as an upload without records, with a message. Crashing at any point and storing again gives
        the same.
        """
        self._begin(sha256)
        try:
            reading = read_file(staged, staged.parent, limits, known_columns)
            kind, message = kind_of(reading.header)
            reading = self._store_rows(reading, kind, sha256, con)
            if not (reading.header or reading.records or reading.lines.other):  # known only now
                message = _EMPTY
        except ReadError as error:
            kind, message = UNKNOWN, str(error)
            reading = self._store_rows(Reading.nothing(staged.parent), kind, sha256, con)
        for other in KINDS:  # read anew, a file may turn out to be of another kind than it was taken for
            if other != kind:
                self._rows(other, sha256).unlink(missing_ok=True)
        return self._note(
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
                notes=json.dumps(_notes(reading, kind), ensure_ascii=False),
                column_mapping=json.dumps(
                    {
                        field: [reading.header[position].strip() for position in positions]
                        for field, positions in column_positions(reading.header, kind).items()
                    },
                    ensure_ascii=False,
                ),
            )
        )

    def store_records(
        self, staged: Path, sha256: str, kind: str, source: str, con: duckdb.DuckDBPyConnection
    ) -> UploadFacts:
        """Store a staged copy of a record file (see `records`), as `store` does with what people send."""
        self._begin(sha256)
        upload_id = upload_id_of(sha256)
        fields = ["entity_id", *FIELDS[kind]]
        columns = ", ".join(f"{field}: 'VARCHAR'" for field in fields)
        raw_data = f"to_json(struct_pack({', '.join(f'{field} := {field}' for field in fields)}))"
        query = (
            f"SELECT CAST(? AS UUID) AS upload_id, CAST(line_number AS INTEGER) AS line_number, "
            f"CAST({raw_data} AS VARCHAR) AS raw_data, CAST(md5({raw_data}) AS UUID) AS row_fingerprint, "
            f"CAST(NULL AS VARCHAR) AS problem, TRY_CAST(entity_id AS UUID) AS entity_id, "
            f"{', '.join(f'nullif(trim({field}), {_BLANK}) AS {field}' for field in FIELDS[kind])} "
            f"FROM read_json(?, format = 'newline_delimited', columns = {{line_number: 'BIGINT', {columns}}}, "
            f"maximum_object_size = {_longest_line(staged)}) WHERE line_number IS NOT NULL"
        )
        with self._replacing(self._phones(sha256)) as phones_file, self._replacing(self._rows(kind, sha256)) as rows:
            write_parquet(con, query, [upload_id, no_pattern(staged)], rows)
            _write_phones(con, rows, PHONE_FIELDS[kind], upload_id, phones_file)
            records = pq.read_metadata(rows).num_rows
        return self._note(
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
                notes="{}",
                column_mapping="{}",
            )
        )

    def _begin(self, sha256: str) -> None:
        """Let the upload be incomplete until all of it is there, also when it is read again."""
        if self._uploads(sha256).exists():
            self._uploads(sha256).unlink()
            sync(self._uploads(sha256).parent)

    def _note(self, facts: UploadFacts) -> UploadFacts:
        """Write the upload's own facts: from now on it is complete."""
        with self._replacing(self._uploads(facts.sha256)) as target:
            pl.DataFrame([asdict(facts)], schema=UPLOADS_SCHEMA).write_parquet(target)
        return facts

    def _store_rows(self, reading: Reading, kind: str, sha256: str, con: duckdb.DuckDBPyConnection) -> Reading:
        """Write the records, their phones, and the lines that are none."""
        upload_id = upload_id_of(sha256)
        projection, params = _row_projection(reading, kind, upload_id)
        with self._replacing(self._phones(sha256)) as phones_file, self._replacing(self._rows(kind, sha256)) as rows:
            reading = reading.write(con, projection, params, rows)
            _write_phones(con, rows, PHONE_FIELDS[kind], upload_id, phones_file)
        if reading.other_lines:
            with self._replacing(self._other_lines(sha256)) as target:
                pl.DataFrame(reading.other_lines, schema=_OTHER_LINES_SCHEMA, orient="row").write_parquet(target)
        else:
            self._other_lines(sha256).unlink(missing_ok=True)
        return reading

    def add_sighting(self, sha256: str, sighting: Sighting) -> None:
        """Note that the bytes were seen. Noting the same twice is noting it once."""
        row = {"upload_id": upload_id_of(sha256), **asdict(sighting)}
        with self._replacing(self._sighting(sha256, sighting)) as target:
            pl.DataFrame([row], schema=SIGHTINGS_SCHEMA).write_parquet(target)

    def restore(self, sha256: str, target: Path) -> bool:
        """Write the original bytes of an upload to `target`; False when they are not there or not those any more."""
        digest = hashlib.sha256()
        try:
            with (
                pa.OSFile(str(self._original(sha256))) as file,
                pa.CompressedInputStream(file, "zstd") as source,
                target.open("wb") as out,
            ):
                while block := source.read(1 << 22):
                    digest.update(block)
                    out.write(block)
        except (OSError, pa.ArrowException):
            return False
        return digest.hexdigest() == sha256

    # --- paths --------------------------------------------------------------------------------------------------

    def _original(self, sha256: str) -> Path:
        return self.root / "originals" / f"{sha256}.zst"

    def _rows(self, kind: str, sha256: str) -> Path:
        return self.root / "upload_rows" / kind / f"{sha256}.parquet"

    def _phones(self, sha256: str) -> Path:
        return self.root / "phones" / f"{sha256}.parquet"

    def _other_lines(self, sha256: str) -> Path:
        return self.root / "other_lines" / f"{sha256}.parquet"

    def _uploads(self, sha256: str) -> Path:
        return self.root / "uploads" / f"{sha256}.parquet"

    def _sighting(self, sha256: str, sighting: Sighting) -> Path:
        said = json.dumps([sighting.filename, sighting.uploaded_by, sighting.uploaded_at.isoformat()])
        return self.root / "sightings" / f"{sha256}.{hashlib.sha256(said.encode()).hexdigest()[:16]}.parquet"

    def _frame(self, folder: str, schema: dict[str, type[pl.DataType] | pl.DataType]) -> pl.DataFrame:
        files = filter(is_whole, self.files(folder))
        known = pl.DataFrame(schema=schema)  # an upload that was read by an earlier version may lack columns
        return pl.concat([known, *map(_read_parquet, files)], how="diagonal").select(list(schema))

    def _replacing(self, final: Path) -> AbstractContextManager[Path]:
        return replacing(final, self.staging)


def _read_parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False, hive_partitioning=False)  # a home's path is no pattern


def is_whole(path: Path) -> bool:
    """Whether a Parquet file is there and has both its ends. Costs a look at twelve bytes."""
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            start, end = os.pread(file.fileno(), 4, 0), os.pread(file.fileno(), 8, max(size - 8, 0))
    except OSError:
        return False
    return start == end[4:] == _PARQUET and int.from_bytes(end[:4], "little") <= size - 12


_BLANK = "''"
_USUAL_RECORD_BYTES = 1 << 24

_EMPTY = "the file is empty; if it should hold data, send it again"


def _longest_line(path: Path) -> int:
    """Bytes that DuckDB must have room for, at least what it has by default; it takes twice as many per thread."""
    if path.stat().st_size < _USUAL_RECORD_BYTES:
        return _USUAL_RECORD_BYTES
    with path.open("rb") as lines:
        return max(_USUAL_RECORD_BYTES, max(map(len, lines)) + 1)


def upload_id_of(sha256: str) -> str:
    """The id of an upload, from its bytes."""
    return str(uuid.UUID(hashlib.md5(f"upload|{sha256}".encode()).hexdigest()))


def _row_projection(reading: Reading, kind: str, upload_id: str) -> tuple[str, list[object]]:
    """The columns of lake/upload_rows: ids, exact text as JSON, and each field's first non-blank cell, trimmed.

    Headers become the keys of a STRUCT, quoted as identifiers; blank cells are "" in the JSON and null in a field.
    """
    keys = unique_keys(reading.header or [""] * reading.columns)
    struct = ", ".join(f"{_name(key)} := c{position}" for position, key in enumerate(keys))
    raw = f"to_json(struct_pack({struct}))" if keys else "'{}'"
    raw_data = f"CASE WHEN problem IS NULL THEN {raw} ELSE to_json(struct_pack(_record := record_text)) END"
    positions = column_positions(reading.header, kind)
    fields = []
    for field in FIELDS[kind]:
        cells = [stated(f"c{position}", reading.padding) for position in positions.get(field, [])]
        value = f"coalesce({', '.join(cells)})" if cells else "CAST(NULL AS VARCHAR)"
        fields.append(f"{value} AS {_name(field)}")
    columns = [
        "CAST(? AS UUID) AS upload_id",
        "line_number",
        f"CAST({raw_data} AS VARCHAR) AS raw_data",
        f"CAST(md5({raw_data}) AS UUID) AS row_fingerprint",
        "problem",
        "CAST(NULL AS UUID) AS entity_id",  # which customer it is, in the words of our own API; no file states it
        *fields,
    ]
    return ", ".join(columns), [upload_id]


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _write_phones(
    con: duckdb.DuckDBPyConnection, rows: Path, fields: tuple[str, ...], upload_id: str, target: Path
) -> None:
    """Every distinct phone text of the upload with its number. Plain Indian mobiles never leave DuckDB."""
    cells = " UNION ".join(f"SELECT {_name(field)} AS phone_text FROM read_parquet(?)" for field in fields)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE phone_texts AS "
        f"SELECT DISTINCT phone_text, regexp_extract(translate(phone_text, ' -', ''), ?, 1) AS mobile "
        f"FROM ({cells or 'SELECT CAST(NULL AS VARCHAR) AS phone_text'}) WHERE phone_text IS NOT NULL",
        [phones.PLAIN_MOBILE, *[no_pattern(rows)] * len(fields)],
    )
    con.execute("UPDATE phone_texts SET mobile = '' WHERE replace(mobile, substr(mobile, 1, 1), '') = ''")
    odd = [text for (text,) in con.execute("SELECT phone_text FROM phone_texts WHERE mobile = ''").fetchall()]
    decided = [phones.normalize(text) for text in odd]
    con.register(
        "odd_phones",
        pa.table(
            {
                "phone_text": pa.array(odd, pa.string()),
                "phone": pa.array([phone for phone, _ in decided], pa.string()),
                "problem": pa.array([problem for _, problem in decided], pa.string()),
            }
        ),
    )
    write_parquet(
        con,
        "SELECT CAST(? AS UUID) AS upload_id, phone_text, phone, problem FROM ("
        "SELECT phone_text, '+91' || mobile AS phone, NULL AS problem FROM phone_texts WHERE mobile <> '' "
        "UNION ALL SELECT phone_text, phone, problem FROM odd_phones) ORDER BY phone_text",
        [upload_id],
        target,
    )


def _notes(reading: Reading, kind: str) -> dict[str, object]:
    """What a person may want to know of how the file was read: places, and no text of the file but its headers."""
    notes: dict[str, object] = {}
    keys = unique_keys(reading.header)
    renamed = {key: position for position, (key, name) in enumerate(zip(keys, reading.header, strict=True), 1)
               if key != name.strip()}  # fmt: skip
    if reading.layout.header_line:
        notes["header_line"] = reading.layout.header_line
    if renamed and kind != UNKNOWN:  # what is no known header may be a record
        notes["renamed_columns"] = renamed
    if reading.other_lines:
        # Of each kind the first, or a thousand repeated headers would leave no room for the table below them.
        spans = _spans(reading.other_lines)
        kinds = dict.fromkeys(kind for kind, _, _ in spans)
        notes["other_lines"] = [span for kind in kinds for span in [s for s in spans if s[0] == kind][:_MOST_NAMED]]
        notes["other_line_counts"] = {
            kind: sum(line.lines for line in reading.other_lines if line.kind == kind) for kind in kinds
        }
    if reading.repaired:
        notes["repaired_records"] = len(reading.repaired)
        notes["repaired_lines"] = reading.repaired[:_MOST_NAMED]
    if reading.short:
        notes["short_records"] = len(reading.short)
        notes["short_lines"] = reading.short[:_MOST_NAMED]
    if reading.remarks:
        notes["remarks"] = reading.remarks
    return notes


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
