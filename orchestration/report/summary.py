"""What became of each upload, for people: the lake's facts, and the outcomes as last published."""

import json

import duckdb
import polars as pl

from models.codes import FINDINGS
from orchestration.report.findings import (
    Finding,
    error_findings,
    problem_findings,
    reading_findings,
    sending_findings,
)
from orchestration.settings import Settings
from orchestration.store.connection import connect
from orchestration.store.facts import ReadingNotes, UploadFacts
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake

# Errors of rows as (error, how many rows, their first lines).
RowErrors = list[tuple[str, int, list[int]]]

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
    lake, errors = Lake(home), row_errors(home, settings, shas)
    rows = [
        (filename, short_hash(sha256), *finding)
        for filename, sha256 in lake.named([])
        if sha256.startswith(tuple(shas))
        for finding in findings_of(lake, settings, lake.facts(sha256), errors.get(sha256))
    ]
    return pl.DataFrame(rows, schema=_FINDINGS, orient="row")


def findings_of(lake: Lake, settings: Settings, facts: UploadFacts, errors: RowErrors | None) -> list[Finding]:
    """All that was wrong with an upload; of its rows, what is published (None where nothing is: what the reader found).

    Of a file that failed as a whole, its rows say nothing more.
    """
    found = sending_findings(lake, settings, facts.sha256) + reading_findings(facts)
    if facts.message:
        return found
    if errors is None:
        return found + problem_findings(lake, facts)
    return found + error_findings(errors, ReadingNotes.from_json(facts.notes).sheets)


def row_errors(home: Home, settings: Settings, shas: list[str]) -> dict[str, RowErrors]:
    """Of each published upload whose sha256 starts with one of `shas`: its errors and findings, with their rows."""
    if not home.analytics.exists():
        return {}
    with connect(home.analytics, home, settings, read_only=True) as con:
        try:
            wanted = (
                "(SELECT id, sha256 FROM file_uploads WHERE list_bool_or("
                "list_transform(?::VARCHAR[], lambda start: starts_with(sha256, start))))"
            )
            found = con.execute(
                "SELECT uploads.sha256, upload_rows.error, count(*), list(line_number ORDER BY line_number)[:20] "
                f"FROM {wanted} AS uploads LEFT JOIN upload_rows ON upload_rows.file_upload_id = uploads.id "
                "GROUP BY ALL",
                [shas],
            ).fetchall()
            to_look_at = con.execute(
                "SELECT uploads.sha256, code, count(*), list(line_number ORDER BY line_number)[:20] "
                f"FROM upload_findings JOIN {wanted} AS uploads ON uploads.id = file_upload_id GROUP BY ALL",
                [shas],
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    errors: dict[str, RowErrors] = {}
    for sha256, error, count, lines in found:
        errors.setdefault(sha256, [])
        if error:
            errors[sha256].append((error, count, lines))
    for sha256, code, count, lines in to_look_at:
        what, fix = FINDINGS[code]
        errors[sha256].append((f"{code}: {what}; {fix}", count, lines))
    return errors


def published_outcomes(home: Home, settings: Settings) -> set[tuple]:
    """What is published of each upload: its sha256 first, then its status and all that is counted of it."""
    if not home.analytics.exists():
        return set()
    with connect(home.analytics, home, settings, read_only=True) as con:
        try:
            return set(
                con.execute(
                    "WITH codes AS (SELECT file_upload_id, code, count(*) AS rows FROM upload_findings GROUP BY ALL) "
                    "SELECT sha256, status, total_records, success_records, duplicate_records, failed_records, "
                    "CAST(processing_errors AS VARCHAR), string_agg(code || ':' || rows, ',' ORDER BY code) "
                    "FROM file_uploads LEFT JOIN codes ON codes.file_upload_id = file_uploads.id "
                    "WHERE sha256 IS NOT NULL GROUP BY ALL"
                ).fetchall()
            )
        except (duckdb.CatalogException, duckdb.BinderException):  # published by an earlier version
            return set()


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
