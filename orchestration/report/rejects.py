"""The rows of an upload that were not used, as a table to send back: the cells as they were sent, and what to do."""

import json

import duckdb
import polars as pl

from orchestration.errors import LoancallsError
from orchestration.report.findings import explained
from orchestration.settings import Settings
from orchestration.store.connection import connect
from orchestration.store.home import Home

# What stands before the cells as they were sent, and behind them.
_PLACE = ("line", "sheet", "row")
_TOLD = ("code", "what is wrong", "how to fix it")
_RECORD = "_record"  # raw_data of a record that could not be taken apart
_AS_SENT = "the line as it was sent"


def rejects(home: Home, settings: Settings, sha256: str, also_partly_used: bool = False) -> pl.DataFrame:
    """One row per row that was not used, or `also_partly_used`, of which a cell was left out; all columns are text.

    It is in clear, whatever is published. Reads the working database: the caller holds the home. Raises LoancallsError
    where the upload has not been built, or could not be used as a whole.
    """
    if not home.warehouse.exists():
        raise LoancallsError(_not_built(home))
    try:
        with connect(home.warehouse, home, settings, read_only=True) as con:
            upload = con.execute(
                "SELECT id, status, processing_errors ->> 'message' FROM file_uploads WHERE sha256 = ?", [sha256]
            ).fetchone()
            if upload is None:
                raise LoancallsError(_not_built(home))
            if upload[2]:
                raise LoancallsError(f"No row of it could be used: {upload[2]}.")
            rows = con.execute(
                "SELECT line_number, sheet, sheet_row, raw_data, error FROM upload_rows WHERE file_upload_id = ? "
                "AND error IS NOT NULL AND (status = 'error' OR ?) ORDER BY line_number",
                [upload[0], also_partly_used],
            ).fetchall()
            header = con.execute(
                "SELECT raw_data FROM upload_rows WHERE file_upload_id = ? AND NOT json_exists(raw_data, '$._record') "
                "ORDER BY line_number LIMIT 1",
                [upload[0]],
            ).fetchone()
    except duckdb.Error:
        raise LoancallsError(_not_built(home)) from None
    names = list(json.loads(header[0])) if header else []
    return _as_table(rows, names)


def _as_table(rows: list[tuple], names: list[str]) -> pl.DataFrame:
    taken = {*_PLACE, *_TOLD, _AS_SENT}
    shown = {name: f"{name} (as sent)" if name in taken else name for name in names}
    found = []
    for line, sheet, row, raw, error in rows:
        cells = json.loads(raw)
        parts = explained(error)
        found.append(
            {
                **dict(zip(_PLACE, (line, sheet, row), strict=True)),
                **{shown[name]: cells.get(name) for name in names},
                _AS_SENT: cells.get(_RECORD),
                **{
                    title: "; ".join(dict.fromkeys(each))
                    for title, each in zip(_TOLD, zip(*parts, strict=True), strict=True)
                },
            }
        )
    schema = dict.fromkeys([*_PLACE, *shown.values(), _AS_SENT, *_TOLD], pl.String)
    frame = pl.DataFrame(
        [{name: None if cell is None else str(cell) for name, cell in one.items()} for one in found], schema=schema
    )
    empty = [name for name in ("sheet", "row", _AS_SENT) if frame[name].null_count() == frame.height]
    return frame.drop(empty)


def _not_built(home: Home) -> str:
    return f"Nothing has been made of it in {home.root} yet; run `loancalls run` first."
