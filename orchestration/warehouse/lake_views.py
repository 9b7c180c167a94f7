"""The lake's Parquet files as views of the working database, over all uploads or over a few of them.

Of an upload that was withdrawn they show that there is one, and nothing that it held.
"""

import glob
from pathlib import Path

import duckdb

from models.fields import CALL, CALL_LOG, CUSTOMER, FIELDS, LOAN, LOAN_BOOK, RECORD_KINDS, STATUS, UNKNOWN
from models.quoting import literal
from orchestration.store.facts import Correction, Sighting, UploadFacts, view_columns
from orchestration.store.lake import KINDS, Lake
from orchestration.warehouse.transforms import LAKE

# Views over records of several kinds, under the fields of the first: what is stated of borrowers and of calls.
ROWS_OF = {"borrower_rows": (LOAN_BOOK, CUSTOMER, LOAN), "call_event_rows": (CALL_LOG, CALL, STATUS)}
_RECORD = {
    **{"upload_id": "UUID", "line_number": "INTEGER", "row_fingerprint": "UUID"},
    **{"problem": "VARCHAR", "entity_id": "UUID"},
}


def make_views(
    con: duckdb.DuckDBPyConnection, lake: Lake, shas: set[str] | None = None, with_all_texts: bool = False
) -> None:
    """Make every view over the lake; those of records and phones over the uploads `shas` only, when given.

    `with_all_texts` lets the texts of records be those of all uploads nevertheless.
    """
    standing = {path.stem for path in lake.files("uploads")} - lake.withdrawn()
    shas = standing if shas is None else shas & standing
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {LAKE}")
    _view(con, "uploads", view_columns(UploadFacts), lake.files("uploads"))
    _view(con, "sightings", view_columns(Sighting), lake.files("sightings"))
    _view(con, "corrections", view_columns(Correction), lake.files("corrections"))
    _view(
        con,
        "phones",
        {
            **{"upload_id": "UUID", "phone_text": "VARCHAR", "phone": "VARCHAR"},
            **{"further_phones": "VARCHAR[]", "problem": "VARCHAR"},
        },
        lake.files("phones", shas),
    )
    files = {kind: lake.files(f"upload_rows/{kind}", shas) for kind in KINDS}
    for kind in (UNKNOWN, *RECORD_KINDS):
        _view(con, f"{kind}_rows", {**_RECORD, **dict.fromkeys(FIELDS[kind], "VARCHAR")}, files[kind])
    # What speaks of borrowers and what speaks of calls is typed by one transform each, whoever states it.
    for name, kinds in ROWS_OF.items():
        fields = dict.fromkeys(FIELDS[kinds[0]], "VARCHAR")
        _view_of_kinds(con, name, {**_RECORD, **fields}, {kind: files[kind] for kind in kinds})
    shown = standing if with_all_texts else shas
    everything = [file for kind in KINDS for file in lake.files(f"upload_rows/{kind}", shown)]
    place = {"line_number": "INTEGER", "sheet": "VARCHAR", "sheet_row": "INTEGER"}
    _view(con, "upload_rows", {"upload_id": "UUID", **place, "raw_data": "VARCHAR"}, everything)


def _view(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], files: list[Path]) -> None:
    select = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in columns.items())
    nothing = "(SELECT " + ", ".join(f'NULL AS "{column}"' for column in columns) + ") WHERE false"
    if files:
        source = f"read_parquet([{_paths(files)}], hive_partitioning = false)"
        if name in (
            "uploads",
            "sightings",
            "upload_rows",
            "phones",
        ):  # those that an earlier version read may lack a column
            source = f"(FROM {nothing} UNION ALL BY NAME FROM {source[:-1]}, union_by_name = true))"
    else:
        source = nothing
    con.execute(f'CREATE OR REPLACE VIEW {LAKE}."{name}" AS SELECT {select} FROM {source}')


def _view_of_kinds(
    con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], files: dict[str, list[Path]]
) -> None:
    """A view over records of several kinds: their `kind`, and the columns; null where a kind lacks one."""
    parts = []
    for kind, paths in files.items():
        known = {*_RECORD, *FIELDS[kind]} if paths else set()
        select = ", ".join(
            f'CAST({column if column in known else "NULL"} AS {type_}) AS "{column}"'
            for column, type_ in columns.items()
        )
        source = f"read_parquet([{_paths(paths)}], hive_partitioning = false)" if paths else "(SELECT 1) WHERE false"
        parts.append(f"SELECT '{kind}' AS kind, {select} FROM {source}")
    con.execute(f'CREATE OR REPLACE VIEW {LAKE}."{name}" AS {" UNION ALL ".join(parts)}')


def _paths(files: list[Path]) -> str:
    return ", ".join(literal(glob.escape(str(path))) for path in files)
