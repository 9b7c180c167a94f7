"""What became of each upload, for people: the lake's facts, and the outcomes as last published."""

import json

import duckdb
import polars as pl

from orchestration.home import Home
from orchestration.lake import Lake
from orchestration.settings import Settings
from orchestration.warehouse import connect

_OUTCOMES = {
    "sha256": pl.String,
    "created_and_matched": pl.Int64,
    "duplicate": pl.Int64,
    "error": pl.Int64,
    "status": pl.String,
    "codes": pl.String,
}


def upload_summary(home: Home, settings: Settings) -> pl.DataFrame:
    """One row per upload in the order of uploads, times local: outcomes are null where nothing is published of it."""
    uploads = Lake(home).uploads()
    summary = uploads.join(_outcomes(home, settings), on="sha256", how="left", maintain_order="left")
    what_was_wrong = pl.struct("message", "codes", "records").map_elements(
        _in_words, return_dtype=pl.String, skip_nulls=False
    )
    return summary.select(
        "filename",
        (pl.col("uploaded_at") + pl.duration(minutes=settings.utc_offset_minutes))
        .dt.strftime("%Y-%m-%d %H:%M")
        .alias("uploaded_at"),
        "uploaded_by",
        "kind",
        pl.col("records").alias("total"),
        pl.col("created_and_matched").alias("good"),
        "duplicate",
        "error",
        pl.when(pl.col("message").is_not_null())
        .then(pl.lit("failed"))
        .otherwise(pl.col("status").fill_null("not published"))
        .alias("status"),
        what_was_wrong.alias("what was wrong"),
    )


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
    return found["message"] or counted or ("" if found["records"] else "the file has a header and no records")
