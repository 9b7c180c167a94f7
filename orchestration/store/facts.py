"""What the lake keeps of an upload as a whole: its facts, how it was read, each time it was seen, and what a person
has corrected since.

The classes are the one list of what there is: the columns of the Parquet files and of the views over them are made of
their fields.
"""

import json
import types
import typing
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

import polars as pl

_POLARS: dict[type, pl.DataType] = {
    **{str: pl.String(), int: pl.Int64(), bool: pl.Boolean(), datetime: pl.Datetime("us")}
}
_DUCKDB: dict[type, str] = {str: "VARCHAR", int: "BIGINT", bool: "BOOLEAN", datetime: "TIMESTAMP"}
# Where an upload comes from: a file that somebody sent, or (see `records`) our API or an import.
FILE = "file"
# Raised with every change of what a row of the lake is made of: what was read by another one is read again.
READING = 3


# Where the time of a sighting is from: a person has said it, the file has it, or, as what the file has cannot be, it is
# that of the file's arrival.
STATED, OF_FILE, OF_ARRIVAL = "stated", "file", "arrival"


@dataclass(frozen=True)
class Sighting:
    """One time the bytes of an upload were seen. `uploaded_at` is naive UTC; `time_from` says what it is from."""

    filename: str
    uploaded_by: str
    uploaded_at: datetime
    time_from: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Correction:
    """What a person says of an upload after it was sent, in place of what its sightings say. Times are naive UTC.

    Each holds all that is said by then, so that the one made last counts alone.
    """

    made_at: datetime
    made_by: str
    is_withdrawn: bool = False
    uploaded_by: str | None = None
    uploaded_at: datetime | None = None


@dataclass(frozen=True)
class UploadFacts:
    """What is true of an upload whatever its name. `notes` are ReadingNotes, `column_mapping` a JSON object."""

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
    reading: int | None  # the READING that it was read by
    vocabulary: str | None  # the lender's own headers and words that it was read with; null for our own records


@dataclass(frozen=True)
class ReadingNotes:
    """How a file was read: places in it, and none of its text but headers. Lists of lines are cut, counts are not."""

    header_line: int | None = None
    renamed_columns: dict[str, int] = field(default_factory=dict)  # the name a column got, and its place from 1
    other_lines: list[tuple[str, int, int]] = field(default_factory=list)  # kind, first line, last line
    other_line_counts: dict[str, int] = field(default_factory=dict)  # lines by kind
    repaired_records: int = 0
    repaired_lines: list[int] = field(default_factory=list)
    short_records: int = 0
    short_lines: list[int] = field(default_factory=list)
    unused_columns: list[str] = field(default_factory=list)  # headers that no field took
    remarks: list[str] = field(default_factory=list)
    sheets: list[tuple[str, int]] = field(default_factory=list)  # where several are read: name, lines before it
    unread_sheets: dict[str, int] = field(default_factory=dict)  # name, and its filled rows

    def as_json(self) -> str:
        """What there is to note, as a JSON object."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "ReadingNotes":
        """The notes of an upload; what a later version noted beside them is left out."""
        noted, known = json.loads(text), {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in noted.items() if name in known})


def parquet_schema(of: type) -> dict[str, pl.DataType]:
    """The columns of a Parquet file with one row of this class; those of a sighting are its upload's too."""
    return {name: _POLARS[kind] for name, kind in _columns(of).items()}


def view_columns(of: type) -> dict[str, str]:
    """The same as columns of a view in DuckDB."""
    return {name: "UUID" if name == "upload_id" else _DUCKDB[kind] for name, kind in _columns(of).items()}


def _columns(of: type) -> dict[str, type]:
    hints = typing.get_type_hints(of)
    own = {name: kind.__args__[0] if isinstance(kind, types.UnionType) else kind for name, kind in hints.items()}
    return {"upload_id": str, **own}
