"""What must hold of changed rows: keys, references, and that raw can keep what is said.

The warehouse carries no constraints, so they are held here, after each statement that writes.
"""

from collections.abc import Iterable

from sqlalchemy.exc import InvalidRequestError

from database.overlay import FORMER, WRITABLE, Overlay

_UNIQUE = {
    "customers": ("fingerprint", "national_id"),
    "loans": ("loan_id",),
    "call_sessions": ("call_sid",),
}
_REQUIRED = {
    "customers": ("fingerprint",),
    "loans": ("customer_id", "loan_id"),
    "file_uploads": ("filename",),
    "upload_rows": ("file_upload_id", "line_number", "raw_data", "row_fingerprint"),
    "call_sessions": ("call_sid",),
    "call_status_updates": ("call_session_id", "status"),
}
# What an upload that was read from a file can be told; all else of it is worked out from its bytes.
_OF_A_FILE = {"status", "processing_errors", "file_path", "original_filename", "updated_at"}
# What the next run works out anew, whatever is said of it.
_WORKED_OUT = {"fingerprint", "created_at", "updated_at", "attribution", "sequence", "upload_row_id", "provider_status"}
# Where people look for the row that has a value.
_FINDS = {
    "fingerprint": "get_customer_by_fingerprint(session, compute_fingerprint(phone, national_id))",
    "loan_id": "get_loan_by_external_id(session, loan_id)",
    "call_sid": "get_call_session_by_sid(session, call_sid)",
}


class Conflict(Exception):
    """Changed rows break a key or a reference: the cause of an IntegrityError."""


class CannotBeKept(InvalidRequestError):
    """Raw could not keep what a script says, so it is refused instead of being lost at the next run."""


def check_insert(overlay: Overlay, table: str) -> None:
    """Hold rows that were just inserted against keys and references. Raises Conflict or CannotBeKept."""
    ids = overlay.new_ids(table)
    taken = [
        f"SELECT CAST(id AS VARCHAR) AS id FROM changed.{table} GROUP BY id HAVING count(*) > 1",
        f"SELECT CAST(id AS VARCHAR) AS id FROM before.{table} WHERE id IN (SELECT id FROM news)",
    ]
    message = f"'UNIQUE constraint failed: {table}.id, ' || id || ' is there already.'"
    rules = [f"SELECT {message} FROM ({query})" for query in taken]
    if table == "upload_rows":
        rules.append(_unique(table, "row_fingerprint", ("file_upload_id", "row_fingerprint")))
    _hold(overlay, table, ids, rules + _rules(overlay, table, set(overlay.columns[table]), ids))
    if table == "upload_rows" and _are_of_files(
        overlay, [new["file_upload_id"] for new, _ in overlay.changes(table, ids)]
    ):
        raise CannotBeKept("A file that was read has the rows it has; load what is missing with `loancalls run FILE`.")


def check_update(overlay: Overlay, table: str, ids: list[str], columns: Iterable[str]) -> None:
    """Hold rows of which `columns` were just updated against the same. Raises Conflict or CannotBeKept."""
    if "id" in columns and overlay.run(
        "SELECT 1 FROM changed.seen WHERE id IN (SELECT unnest(?::UUID[])) "
        f"AND id NOT IN (SELECT id FROM changed.{table})",
        [ids],
    ):
        raise CannotBeKept(f"{table}.id cannot be changed: it is what everything else refers to.")
    _hold(overlay, table, ids, _rules(overlay, table, set(columns), ids))
    if table == "customers" and "fingerprint" in columns:
        overlay.remember_fingerprints()
    _check_keepable(overlay, table, ids)


def _hold(overlay: Overlay, table: str, ids: list[str], rules: list[str]) -> None:
    """Each rule selects what is wrong with `news`, the rows of `ids`, in a sentence. Raises Conflict with the first."""
    if rules:
        news = f"WITH news AS (SELECT * FROM changed.{table} WHERE id IN (SELECT unnest(?::UUID[])))"
        together = " UNION ALL ".join(f"(SELECT * FROM ({rule}) LIMIT 1)" for rule in rules)
        if wrong := overlay.run(f"{news} {together}", [ids]):
            raise Conflict(wrong[0][0])


def _rules(overlay: Overlay, table: str, written: set[str], ids: list[str]) -> list[str]:
    """The rules of the columns that were written, as far as anything is stated in them."""
    keys = written.intersection(_UNIQUE.get(table, ()))
    parents = {
        column.name: reference.target_fullname.split(".")[0]
        for column in WRITABLE[table].__table__.columns
        for reference in column.foreign_keys
        if column.name in written
    }
    stated = overlay.stated(table, sorted({*keys, *parents}), ids)
    rules = [
        f"SELECT 'NOT NULL constraint failed: {table}.{column}; state it.' FROM news WHERE {column} IS NULL"
        for column in sorted(written.intersection(_REQUIRED[table]))
    ]
    rules += [_unique(table, column, (column,)) for column in sorted(keys & stated)]
    if table == "customers" and "fingerprint" in written:
        rules.append(
            f"SELECT {_clash(table, 'fingerprint', 'was')} FROM news AS new "
            f"JOIN (SELECT fingerprint, customer_id AS id FROM {FORMER}) AS other "
            "ON other.fingerprint = new.fingerprint AND other.id <> new.id"
        )
    return rules + [_reference(table, column, parents[column]) for column in sorted(parents.keys() & stated)]


def _unique(table: str, column: str, key: tuple[str, ...]) -> str:
    """The few rows with the same keys are found among many, before anything else of those is looked at."""
    same = " AND ".join(f"other.{name} = new.{name}" for name in key)
    columns = ", ".join(("id", *key))
    return (
        f"SELECT {_clash(table, column, 'is')} FROM news AS new JOIN ("
        f"SELECT {columns} FROM changed.{table} UNION ALL SELECT {columns} FROM "
        f"(SELECT {columns} FROM before.{table} WHERE {key[0]} IN (SELECT {key[0]} FROM news)) AS found "
        f"WHERE NOT EXISTS (SELECT 1 FROM changed.{table} AS changed WHERE changed.id = found.id)"
        f") AS other ON {same} AND other.id <> new.id"
    )


def _reference(table: str, column: str, parent: str) -> str:
    """Nothing is deleted and no id changes, so what was there before is there."""
    return (
        f"SELECT 'FOREIGN KEY constraint failed: {table}.{column}, {parent} has no ' || CAST({column} AS VARCHAR) "
        f"FROM news WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM changed.{parent}) "
        f"AND {column} NOT IN (SELECT id FROM before.{parent} WHERE id IN (SELECT {column} FROM news))"
    )


def _clash(table: str, column: str, verb: str) -> str:
    """The sentence about a value that another row has, as SQL; of one that people know, with how to find that row."""
    found = f"; {_FINDS[column]} finds it" if column in _FINDS else ""
    return (
        f"'UNIQUE constraint failed: {table}.{column} of ' || CAST(new.id AS VARCHAR) || ' {verb} that of ' "
        f"|| CAST(other.id AS VARCHAR) || '{found}.'"
    )


def _check_keepable(overlay: Overlay, table: str, ids: list[str]) -> None:
    changes = [(new, old) for new, old in overlay.changes(table, ids) if old is not None]
    if table == "call_status_updates":
        if changes:
            raise CannotBeKept("A status update is history and stays as it is; append another one.")
        return
    if table == "upload_rows" and _are_of_files(overlay, [old["file_upload_id"] for _, old in changes]):
        raise CannotBeKept("A row of a file that was read stays as it was read; send a corrected file.")
    for new, old in changes:
        different = {name for name in new if new[name] != old[name]} - _WORKED_OUT
        unset = sorted(name for name in different if new[name] is None)
        if unset and table not in ("upload_rows", "file_uploads"):
            raise CannotBeKept(
                f"{table}.{unset[0]} cannot be unset: what was once stated stays until another value is. State a value."
            )
        if table == "file_uploads" and old["source"] == "file" and different - _OF_A_FILE:
            name = sorted(different - _OF_A_FILE)[0]
            raise CannotBeKept(f"file_uploads.{name} is worked out from the file that was read, and cannot be set.")
        if table == "call_sessions" and "call_sid" in different and not old["call_sid"].startswith("no-sid-"):
            raise CannotBeKept("A call keeps the call_sid it has; create another call session.")


def _are_of_files(overlay: Overlay, uploads: list[str]) -> bool:
    """Whether any of the uploads is one whose bytes we have."""
    query = "SELECT 1 FROM file_uploads WHERE id IN (SELECT unnest(?::UUID[])) AND sha256 IS NOT NULL LIMIT 1"
    return bool(uploads) and bool(overlay.run(query, [sorted(set(uploads))]))
