"""From changed rows to what is stated of them: the records that a commit enters into raw.

A record states what has changed, of a loan also what identifies it, and of an upload's row all of it.
"""

from collections.abc import Callable, Iterable

from database.overlay import Change, Overlay, Row
from models import rules
from models.fields import CALL, CUSTOMER, FILE_UPLOAD, LOAN, RECORD_FIELDS, STATUS, UPLOAD_ROW

_IDENTITY = {"primary_phone", "national_id"}
# Whose call it is, and what that is worked out from.
_BELONGING = {"customer_id", "loan_id", "triggered_by_batch", "triggered_by_row"}
_BELONGING |= {"to_number", "from_number", "direction", "initiated_at"}


def records_of(overlay: Overlay, stated: dict[str, list[Change]]) -> dict[str, list[Row]]:
    """The records, by kind, of this session's changes, which are `stated` by table. Cells are text or None."""
    origins = _origins(
        overlay,
        {
            *(new["id"] for new, old in stated["customers"] if old),
            *(new["customer_id"] for new, _ in stated["loans"] + stated["call_sessions"]),
            *(old["customer_id"] for _, old in stated["loans"] if old),
            *(new["match_customer_id"] for new, _ in stated["upload_rows"]),
        },
    )
    passing = overlay.passing_identities()
    context = {
        "origins": origins,
        "passing": {id_ for id_, *_ in passing},
        "updated": {new["call_session_id"] for new, _ in stated["call_status_updates"]},
        "loans": _texts(overlay, "loans", "loan_id", (new["loan_id"] for new, _ in stated["call_sessions"])),
        "calls": _texts(
            overlay,
            "call_sessions",
            "call_sid",
            (new["call_session_id"] for new, _ in stated["call_status_updates"]),
        ),
    }
    records: dict[str, list[Row]] = {}
    for id_, phone, national_id in passing:
        record = {"phone": phone, "national_id": national_id, "customer_row": origins.get(id_)}
        _add(records, CUSTOMER, id_, record)
    for table, (kind, make) in _MAKERS.items():
        for new, old in stated[table]:
            changed = {name: cell for name, cell in new.items() if cell is not None and (not old or cell != old[name])}
            _add(records, kind, new["id"], make(new, old, changed, context))
    return records


def _add(records: dict[str, list[Row]], kind: str, entity: str | None, record: Row) -> None:
    fields = {field: record.get(field) for field in RECORD_FIELDS[kind]}
    records.setdefault(kind, []).append({"entity_id": entity, **fields})


def _customer(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    return {
        **changed,
        # Who it is, as a whole where anything of it is new.
        **(
            dict.fromkeys(("phone", "national_id"))
            if not _IDENTITY.intersection(changed) and new["id"] not in context["passing"]
            else {"phone": new["primary_phone"], "national_id": new["national_id"]}
        ),
        "customer_row": context["origins"].get(new["id"]),
        "call_status": changed.get("call_status"),
        "created_at": None if old else new["created_at"],
        "stated_at": new["updated_at"],
    }


def _loan(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    return {
        **changed,
        "customer_id": new["customer_id"],
        "customer_row": context["origins"].get(new["customer_id"]),
        # Whose it was stays who they are, by the row that they are known from.
        "former_customer_id": old["customer_id"] if old and old["customer_id"] != new["customer_id"] else None,
        "former_customer_row": context["origins"].get(old["customer_id"]) if old else None,
        "loan_id": new["loan_id"],
        "former_loan_id": old["loan_id"] if old and old["loan_id"] != new["loan_id"] else None,
        # `active` is what a loan is while nothing else is said.
        "loan_status": changed.get("status") if old or new["status"] != "active" else None,
        "created_at": None if old else new["created_at"],
        "stated_at": new["updated_at"],
    }


def _call(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    # A run goes on working out whose call it is, unless something that this follows from was set.
    belongs = new if _BELONGING.intersection(changed) else dict.fromkeys(_BELONGING)
    return {
        **changed,
        "call_sid": _sid(new["call_sid"]),
        "customer_id": belongs["customer_id"],
        "customer_row": context["origins"].get(belongs["customer_id"]),
        "loan_ref": belongs["loan_id"],
        "loan_id": context["loans"].get(belongs["loan_id"]),
        "triggering_upload": belongs["triggered_by_batch"],
        "triggering_row": belongs["triggered_by_row"],
        # Beside updates of it the call says where it stands, in case a script has corrected it since.
        "status": _word(new) if "status" in changed or new["id"] in context["updated"] else None,
        "created_at": None if old else new["created_at"],
        "updated_at": new["updated_at"],
    }


def _status(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    return {
        "call_ref": new["call_session_id"],
        "call_sid": _sid(context["calls"].get(new["call_session_id"])),
        "status": _word(new),
        "updated_at": new["timestamp"],
        "message": new["message"],
        "extra_data": new["extra_data"],
    }


def _file_upload(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    return changed


def _upload_row(new: Row, old: Row | None, changed: Row, context: dict) -> Row:
    return {
        **new,
        "stated_line_number": new["line_number"],
        "stated_raw_data": new["raw_data"],
        "stated_row_fingerprint": new["row_fingerprint"],
        "customer_row": context["origins"].get(new["match_customer_id"]),
    }


_MAKERS: dict[str, tuple[str, Callable[[Row, Row | None, Row, dict], Row]]] = {
    "file_uploads": (FILE_UPLOAD, _file_upload),
    "customers": (CUSTOMER, _customer),
    "loans": (LOAN, _loan),
    "upload_rows": (UPLOAD_ROW, _upload_row),
    "call_sessions": (CALL, _call),
    "call_status_updates": (STATUS, _status),
}


def _word(row: Row) -> str | None:
    """The word that was used for the status, where it still says the same."""
    word = row["provider_status"]
    return word if word and rules.call_status(word) == row["status"] else row["status"]


def _sid(call_sid: str | None) -> str | None:
    """None for a name that was made because the provider has given none."""
    return None if call_sid is None or call_sid.startswith("no-sid-") else call_sid


def _origins(overlay: Overlay, customers: set[str | None]) -> dict[str, str]:
    """For customers whose id comes from a row of a file: that row's id."""
    if overlay.base is None or not (wanted := [one for one in customers if one]):
        return {}
    rows = overlay.run(
        f"SELECT CAST(rows.match_customer_id AS VARCHAR), CAST(rows.id AS VARCHAR) "
        f"FROM {overlay.base}._upload_row_outcomes AS rows "
        f"JOIN {overlay.base}._stg_uploads AS uploads ON uploads.upload_id = rows.file_upload_id "
        "WHERE rows.match_customer_id IN (SELECT unnest(?::UUID[])) AND uploads.kind = 'loan_book' "
        "AND CAST(md5('customer|' || CAST(rows.id AS VARCHAR)) AS UUID) = rows.match_customer_id",
        [wanted],
    )
    return dict(rows)


def _texts(overlay: Overlay, table: str, column: str, ids: Iterable[str | None]) -> dict[str, str]:
    return overlay.texts(table, column, sorted({one for one in ids if one}))
