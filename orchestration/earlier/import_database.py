"""Taking in a whole database of the earlier system: each of its tables becomes a file of records for the next run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl
import sqlalchemy as sa

from orchestration.earlier.generations import (
    LOANS_OF_CUSTOMERS,
    MACROS,
    MOMENTS,
    PARTS,
    Part,
    columns_of,
    generation_of,
    missing,
    unread,
)
from orchestration.earlier.source import BATCH, Source, open_source
from orchestration.errors import LoancallsError
from orchestration.progress import Progress
from orchestration.store.hashing import hash_file
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.records import IMPORT, RecordFile, utc_now, write_records

# The same database always gives its rows in the same order, and so the same bytes.
_ORDER = ("created_at", "timestamp", "uploaded_at", "upload_time", "id")
# What blank cells were stored as.
_ABSENT = ("", "-", "#n/a", "na", "n/a", "nan", "nil", "none", "null")


@dataclass(frozen=True)
class Imported:
    """What was taken of one part of the database: its rows as the database counts them, and the file they became.

    `sha256` is None where there are no rows, and so no file.
    """

    part: str
    kind: str
    rows: int
    sha256: str | None


def import_database(home: Home, address: str, progress: Progress | None = None) -> list[Imported]:
    """Write the whole database at `address` as record files; the next run takes them up. All of them, or none.

    The caller holds the home. All files are dated with the latest moment that the database states, so that files sent
    after it count as later and those sent before it as earlier. Raises LoancallsError or UsageError.
    """
    progress = progress or Progress()
    with open_source(address, home.staging) as source:
        wanted = _understand(source, progress)
        now = utc_now()
        moments = [source.latest(table, MOMENTS, now) for table in {part.table: None for part in wanted}]
        uploaded_at = max((moment for moment in moments if moment is not None), default=now)
        progress.say(_dating(home, uploaded_at))
        imported, written = [], []
        try:
            for part in wanted:
                where = _loans_of_customers(source) if part is LOANS_OF_CUSTOMERS else None
                rows = source.count(part.table, where)
                head = RecordFile(part.kind, IMPORT, f"{source.name}.{part.name}.jsonl", "import", uploaded_at)
                if rows:
                    progress.phase(f"{part.name}: {rows:,} rows", -(-rows // BATCH))
                path = write_records(home, head, _records(source, part, where), _step_by_step(rows, progress))
                written += [path] if path else []
                imported.append(Imported(part.name, part.kind, rows, hash_file(path) if path else None))
        except BaseException as error:
            for path in written:
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise LoancallsError(
                    f"{home.lake} cannot be written: {error.strerror}; put that right and import again."
                ) from error
            raise
    return imported


def _understand(source: Source, progress: Progress) -> list[Part]:
    """The parts that there are. Raises LoancallsError for a database that is of no generation."""
    found = {table: [column.name for column in clause.c] for table, clause in source.tables.items()}
    if lacking := missing(found):
        raise LoancallsError(
            f"{source.called} is not a database of the earlier system: it lacks {_listed(lacking)}; "
            "name another, or add what is missing."
        )
    progress.say(f"{source.called} is of the earlier system's {generation_of(found)} generation.")
    if passed_over := unread(found):
        progress.say(f"Not part of the earlier system, so not read: {_listed(passed_over)}.")
    return [
        part
        for part in PARTS
        if part.table in found and (part is not LOANS_OF_CUSTOMERS or "loan_id" in found["customers"])
    ]


def _dating(home: Home, uploaded_at: datetime) -> str:
    uploads = Lake(home).uploads()
    earlier = uploads.filter(pl.col("source").ne_missing(IMPORT) & (pl.col("uploaded_at") < uploaded_at)).height
    others = f"; it overrules the uploads here from before that ({earlier})" if earlier else ""
    return f"All of it counts as said at {uploaded_at:%Y-%m-%d %H:%M} UTC, the latest time that it states{others}."


def _step_by_step(rows: int, progress: Progress) -> Callable[[int], None]:
    """Tells the watcher of a step for each BATCH of rows, however many come at a time."""
    told = 0

    def done(records: int) -> None:
        nonlocal told
        reached = -(-records // BATCH) if records == rows else records // BATCH
        for _ in range(told, reached):
            progress.step(f"{records:,}")
        told = reached

    return done


def _listed(names: list[str], most: int = 8) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    *first, last = [*names[:most], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _loans_of_customers(source: Source) -> sa.ColumnElement:
    """Which customers state a loan as the first generation did, and have none in `loans`."""
    customers = source.tables["customers"]
    stated = [
        sa.func.lower(sa.func.trim(source.text(customers.c[name]))).not_in(_ABSENT)
        for name in ("loan_id", "amount", "due_date")
        if name in customers.c
    ]
    if (loans := source.tables.get("loans")) is None:
        return sa.or_(*stated)
    return sa.or_(*stated) & ~sa.exists().where(loans.c.customer_id == customers.c.id)


def _records(source: Source, part: Part, where: sa.ColumnElement | None) -> Iterator[pl.DataFrame]:
    """The rows of a part as records."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as con:
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        con.execute(MACROS)
        for batch in source.batches(part.table, columns_of(part.table), _ORDER, where):
            con.register("batch", batch)
            records = con.sql(part.select).pl()
            if part is not LOANS_OF_CUSTOMERS:
                _check_ids(part, records["entity_id"])
            yield records


def _check_ids(part: Part, ids: pl.Series) -> None:
    wrong = ids.filter(~ids.str.contains("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").fill_null(False))
    if len(wrong):
        raise LoancallsError(
            f"The table {part.table} has a row whose id is {wrong[0] or 'null'}, which is not a valid UUID; "
            "give it one."
        )
