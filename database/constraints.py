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


_IDS = "(SELECT unnest(?::UUID[]))"


class Conflict(Exception):
    """Changed rows break a key or a reference: the cause of an IntegrityError."""


class CannotBeKept(InvalidRequestError):
    """Raw could not keep what a script says, so it is refused instead of being lost at the next run."""


def check_insert(overlay: Overlay, table: str) -> None:
    """Hold rows that were just inserted against keys and references. Raises Conflict or CannotBeKept."""
    ids = overlay.new_ids(table)
    taken = overlay.run(f"SELECT CAST(id AS VARCHAR) FROM changed.{table} GROUP BY id HAVING count(*) > 1 LIMIT 1")
    taken = taken or overlay.run(f"SELECT CAST(id AS VARCHAR) FROM before.{table} WHERE id IN {_IDS} LIMIT 1", [ids])
    if taken:
        raise Conflict(f"UNIQUE constraint failed: {table}.id, {taken[0][0]} is there already.")
    _check_columns(overlay, table, ids, list(overlay.columns[table]))
    if table == "upload_rows":
        _check_row_fingerprints(overlay, ids)
        uploads = overlay.run(f"SELECT DISTINCT file_upload_id FROM changed.upload_rows WHERE id IN {_IDS}", [ids])
        if any(_is_of_a_file(overlay, upload) for (upload,) in uploads):
            raise CannotBeKept(
                "A file that was read has the rows it has; load what is missing with `loancalls run FILE`."
            )


def check_update(overlay: Overlay, table: str, ids: list[str], columns: Iterable[str]) -> None:
    """Hold rows of which `columns` were just updated against the same. Raises Conflict or CannotBeKept."""
    _check_columns(overlay, table, ids, columns)
    if table == "customers":
        overlay.remember_fingerprints()
    _check_keepable(overlay, table)


def _check_columns(overlay: Overlay, table: str, ids: list[str], columns: Iterable[str]) -> None:
    written = set(columns)
    for column in written.intersection(_REQUIRED[table]):
        if overlay.run(f"SELECT 1 FROM changed.{table} WHERE id IN {_IDS} AND {column} IS NULL LIMIT 1", [ids]):
            raise Conflict(f"NOT NULL constraint failed: {table}.{column}; state it.")
    for column in written.intersection(_UNIQUE.get(table, ())):
        found = overlay.run(
            f"SELECT CAST(new.id AS VARCHAR), CAST(other.id AS VARCHAR) FROM changed.{table} AS new "
            f"JOIN {table} AS other ON other.{column} = new.{column} AND other.id <> new.id "
            f"WHERE new.id IN {_IDS} LIMIT 1",
            [ids],
        )
        if found:
            raise Conflict(f"UNIQUE constraint failed: {table}.{column} of {found[0][0]} is that of {found[0][1]}.")
    if table == "customers" and "fingerprint" in written:
        found = overlay.run(
            f"SELECT CAST(new.id AS VARCHAR), CAST(old.customer_id AS VARCHAR) FROM changed.customers AS new "
            f"JOIN {FORMER} AS old ON old.fingerprint = new.fingerprint AND old.customer_id <> new.id "
            f"WHERE new.id IN {_IDS} LIMIT 1",
            [ids],
        )
        if found:
            raise Conflict(
                f"UNIQUE constraint failed: customers.fingerprint of {found[0][0]} was that of {found[0][1]}."
            )
    for column in WRITABLE[table].__table__.columns:
        for reference in column.foreign_keys if column.name in written else ():
            parent, target = reference.target_fullname.split(".")
            found = overlay.run(
                f"SELECT CAST(new.{column.name} AS VARCHAR) FROM changed.{table} AS new WHERE new.id IN {_IDS} "
                f"AND new.{column.name} IS NOT NULL AND NOT EXISTS "
                f"(SELECT 1 FROM {parent} AS parent WHERE parent.{target} = new.{column.name}) LIMIT 1",
                [ids],
            )
            if found:
                raise Conflict(
                    f"FOREIGN KEY constraint failed: {table}.{column.name}, no {parent} has id {found[0][0]}."
                )


def _check_row_fingerprints(overlay: Overlay, ids: list[str]) -> None:
    found = overlay.run(
        "SELECT CAST(new.id AS VARCHAR), CAST(other.id AS VARCHAR) FROM changed.upload_rows AS new "
        "JOIN upload_rows AS other ON other.file_upload_id = new.file_upload_id "
        "AND other.row_fingerprint = new.row_fingerprint AND other.id <> new.id "
        f"WHERE new.id IN {_IDS} LIMIT 1",
        [ids],
    )
    if found:
        raise Conflict(
            f"UNIQUE constraint failed: upload_rows.row_fingerprint of {found[0][0]} is that of {found[0][1]}."
        )


def _check_keepable(overlay: Overlay, table: str) -> None:
    if table == "call_status_updates":
        if any(old is not None for _, old in overlay.changes(table)):
            raise CannotBeKept("A status update is history and stays as it is; append another one.")
        return
    for new, old in overlay.changes(table):
        if old is None:
            continue
        different = {name for name in new if new[name] != old[name]} - _WORKED_OUT
        unset = sorted(name for name in different if new[name] is None)
        if unset and table not in ("upload_rows", "file_uploads"):
            raise CannotBeKept(
                f"{table}.{unset[0]} cannot be unset: what was once stated stays until another value is. State a value."
            )
        if table == "file_uploads" and old["source"] == "file" and different - _OF_A_FILE:
            name = sorted(different - _OF_A_FILE)[0]
            raise CannotBeKept(f"file_uploads.{name} is worked out from the file that was read, and cannot be set.")
        if table == "upload_rows" and _is_of_a_file(overlay, old["file_upload_id"]):
            raise CannotBeKept("A row of a file that was read stays as it was read; send the file anew.")
        if table == "call_sessions" and "call_sid" in different and not old["call_sid"].startswith("no-sid-"):
            raise CannotBeKept("A call keeps the call_sid it has; create another call session.")


def _is_of_a_file(overlay: Overlay, upload: str | None) -> bool:
    return bool(overlay.run("SELECT 1 FROM file_uploads WHERE id = CAST(? AS UUID) AND sha256 IS NOT NULL", [upload]))
