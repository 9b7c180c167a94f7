"""What became of each upload, for people: the lake's facts, and the outcomes as last published."""

import json

import duckdb
import polars as pl

from models.codes import FINDINGS
from orchestration.report.findings import error_findings, problem_findings, reading_findings, sending_findings
from orchestration.settings import Settings
from orchestration.store.connection import connect
from orchestration.store.facts import ReadingNotes
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake

_OUTCOMES = {
    "sha256": pl.String,
    "created_and_matched": pl.Int64,
    "duplicate": pl.Int64,
    "error": pl.Int64,
    "status": pl.String,
    "codes": pl.String,
}

_FINDINGS = {
    "filename": pl.String,
    "hash": pl.String,
    "lines": pl.String,
    "count": pl.Int64,
    "what": pl.String,
    "how to fix it": pl.String,
}


def upload_summary(home: Home, settings: Settings, shas: list[str] | None = None) -> pl.DataFrame:
    """One row per upload (whose sha256 starts with one of `shas`) in their order, times local.

    Outcomes are null where none are published.
    """
    uploads = Lake(home).uploads()
    if shas is not None:
        uploads = uploads.filter(sha256.startswith(tuple(shas)) for sha256 in uploads["sha256"])
    summary = uploads.join(_outcomes(home, settings), on="sha256", how="left", maintain_order="left")
    what_was_wrong = pl.struct("message", "codes", "records", "notes").map_elements(
        _in_words, return_dtype=pl.String, skip_nulls=False
    )
    return summary.select(
        "filename",
        pl.col("sha256").map_elements(short_hash, return_dtype=pl.String).alias("hash"),
        pl.col("uploaded_at").map_elements(settings.local, return_dtype=pl.String),
        "uploaded_by",
        "kind",
        pl.col("records").alias("total"),
        pl.col("created_and_matched").alias("good"),
        "duplicate",
        "error",
        pl.when(pl.col("is_withdrawn"))
        .then(pl.lit("withdrawn"))
        .when(pl.col("message").is_not_null())
        .then(pl.lit("failed"))
        .otherwise(pl.col("status").fill_null("not published"))
        .alias("status"),
        what_was_wrong.alias("what was wrong"),
    )


def upload_findings(home: Home, settings: Settings, shas: list[str]) -> pl.DataFrame:
    """What was wrong with the uploads whose sha256 start with one of `shas`: one row per finding, in their order.

    Errors and findings of rows are those last published; of an upload that is not, what the reader found.
    """
    lake, errors = Lake(home), _row_errors(home, settings)
    rows = []
    for filename, sha256 in lake.named([]):
        if not sha256.startswith(tuple(shas)):
            continue
        facts = lake.facts(sha256)
        records = (
            error_findings(errors[sha256], ReadingNotes.from_json(facts.notes).sheets)
            if sha256 in errors
            else problem_findings(lake, facts)
        )
        # Of a file that failed as a whole, its rows say nothing more.
        found = sending_findings(lake, settings, sha256) + reading_findings(facts) + ([] if facts.message else records)
        rows += [(filename, short_hash(sha256), *finding) for finding in found]
    return pl.DataFrame(rows, schema=_FINDINGS, orient="row")


def _row_errors(home: Home, settings: Settings) -> dict[str, list[tuple[str, int, list[int]]]]:
    """For each published upload: every error and finding, in how many rows, and the lines of the first of them."""
    if not home.analytics.exists():
        return {}
    with connect(home.analytics, home, settings, read_only=True) as con:
        try:
            found = con.sql(
                "SELECT uploads.sha256, upload_rows.error, count(*), list(line_number ORDER BY line_number)[:20] "
                "FROM file_uploads AS uploads LEFT JOIN upload_rows ON upload_rows.file_upload_id = uploads.id "
                "GROUP BY ALL"
            ).fetchall()
            to_look_at = con.sql(
                "SELECT uploads.sha256, code, count(*), list(line_number ORDER BY line_number)[:20] "
                "FROM upload_findings JOIN file_uploads AS uploads ON uploads.id = file_upload_id GROUP BY ALL"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    errors: dict[str, list[tuple[str, int, list[int]]]] = {}
    for sha256, error, count, lines in found:
        errors.setdefault(sha256, [])
        if error:
            errors[sha256].append((error, count, lines))
    for sha256, code, count, lines in to_look_at:
        what, fix = FINDINGS[code]
        errors[sha256].append((f"{code}: {what}; {fix}", count, lines))
    return errors


def _outcomes(home: Home, settings: Settings) -> pl.DataFrame:
    if not home.analytics.exists():
        return pl.DataFrame(schema=_OUTCOMES)
    with connect(home.analytics, home, settings, read_only=True) as con:
        try:
            return con.sql(
                "SELECT sha256, success_records AS created_and_matched, duplicate_records AS duplicate, "
                "failed_records AS error, status, CAST(processing_errors AS VARCHAR) AS codes FROM file_uploads"
            ).pl()
        except duckdb.CatalogException:
            return pl.DataFrame(schema=_OUTCOMES)


def _in_words(found: dict) -> str:
    codes = (json.loads(found["codes"]) if found["codes"] else {}).get("codes") or {}
    counted = ", ".join(f"{count} {code}" for code, count in codes.items())
    unread = ReadingNotes.from_json(found["notes"]).unread_sheets
    not_read = "not read: " + ", ".join(f"sheet '{name}'" for name in unread) if unread else ""
    said = "; ".join(filter(None, (counted, not_read)))
    return found["message"] or said or ("" if found["records"] else "the file has a header and no records")
