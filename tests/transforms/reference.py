"""The rules of meaning in plain Python: loan books into customers, loans and their history.

Written from the design's words, not from the SQL: two opinions that must agree. Clarity before speed.
`reference_calls` goes on from here with the calls.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

LOAN_FIELDS = (
    *("principal_amount", "outstanding_amount", "due_amount", "next_due_date", "last_paid_date"),
    *("last_paid_amount", "cluster", "branch", "branch_contact_number", "employee_name", "employee_id"),
    "employee_contact_number",
)
CONTACT_FIELDS = ("branch_contact_number", "employee_contact_number")


@dataclass(eq=False)
class Row:
    """A record: line, typed fields (None is not stated), text, what was wrong with cells or all of it."""

    line: int
    fields: dict
    cells: tuple[str, ...]
    bad_cells: tuple[str, ...] = ()
    broken: str | None = None
    # What follows is for the reference to find.
    upload: "Upload" = None
    customer: "Row | None" = None
    status: str = ""
    match_method: str | None = None
    error_codes: set = field(default_factory=set)

    def __getitem__(self, name: str):
        return self.fields.get(name)

    @property
    def place(self) -> tuple[str, int]:
        """What a row is called in comparisons: its upload's hash and its line."""
        return self.upload.sha256, self.line

    @property
    def order(self) -> tuple:
        return *self.upload.order, self.line

    @property
    def customer_id(self) -> str:
        """The id of the customer whose first row this is; of the file and line, never of personal data."""
        return id_of(f"customer|{id_of(f'row|{self.upload.sha256}|{self.line}')}")


@dataclass(eq=False)
class Upload:
    """A file: the same bytes are one upload, named and dated as first seen."""

    name: str
    at: datetime
    sha256: str
    id: str
    kind: str
    rows: list[Row]
    names: set[str] = field(default_factory=set)

    @property
    def order(self) -> tuple:
        return self.at, self.sha256


def id_of(text: str) -> str:
    return str(UUID(hashlib.md5(text.encode()).hexdigest()))


class Groups:
    """Things that belong together."""

    def __init__(self):
        self.parent: dict[Hashable, Hashable] = {}

    def find(self, thing: Hashable) -> Hashable:
        while self.parent.setdefault(thing, thing) != thing:
            self.parent[thing] = self.parent[self.parent[thing]]
            thing = self.parent[thing]
        return thing

    def join(self, one: Hashable, other: Hashable) -> None:
        self.parent[self.find(one)] = self.find(other)


def sole(things: Iterable):
    """The only one of several mentions of things, None when they are none or differ."""
    distinct = set(things)
    return distinct.pop() if len(distinct) == 1 else None


def latest(rows: Iterable[Row], name: str):
    """The latest stated value; the rows are in order."""
    return next((row[name] for row in reversed(list(rows)) if row[name] is not None), None)


class Book:
    """Everything that the loan books of some uploads say."""

    def __init__(self, uploads: Iterable[Upload]):
        self.uploads = sorted(uploads, key=lambda upload: upload.order)
        for upload in self.uploads:
            for row in upload.rows:
                row.upload = upload
        rows = [row for upload in self.uploads if upload.kind == "loan_book" for row in upload.rows]
        rows.sort(key=lambda row: row.order)
        self.all_rows = rows
        # A phone that any row states as a branch's or an employee's contact identifies nobody.
        self.contacts = {row[name] for row in rows for name in CONTACT_FIELDS} - {None}
        for row in rows:
            if not row.broken and row["loan_id"] is None:
                row.broken = "missing_loan_id"
        candidates = [row for row in rows if not row.broken]
        self._find_customers(candidates)
        for row in candidates:
            if row.customer is None:
                row.broken = "unidentified_customer"
        self.rows = [row for row in rows if not row.broken]
        self._say_statuses(rows)
        self.rows_of_customer, self.rows_of_loan = defaultdict(list), defaultdict(list)
        for row in self.rows:
            self.rows_of_customer[row.customer].append(row)
            self.rows_of_loan[row["loan_id"]].append(row)
        self.loans = {loan: self._loan(rows) for loan, rows in self.rows_of_loan.items()}
        self.customers = {customer: self._customer(rows) for customer, rows in self.rows_of_customer.items()}
        self.snapshots = self._snapshots()
        self.payments = {}
        for snapshot in self.snapshots:
            if snapshot["last_paid_date"] and snapshot["last_paid_amount"] is not None:
                payment = snapshot["loan_id"], snapshot["last_paid_date"], snapshot["last_paid_amount"]
                self.payments.setdefault(payment, snapshot)

    def phone(self, row: Row) -> str | None:
        """The phone by which a row identifies its customer."""
        return None if row["phone"] in self.contacts else row["phone"]

    def _find_customers(self, rows: list[Row]) -> None:
        """Give each row its customer: the customer's first row, or None for nobody."""
        ids_of_loan = defaultdict(set)
        for row in rows:
            if row["national_id"]:
                ids_of_loan[row["loan_id"]].add(row["national_id"])
        # Rules 1 and 2: by its national id, or by the only one that its loan is stated with.
        owner = {}
        for row in rows:
            national_id = row["national_id"] or sole(ids_of_loan[row["loan_id"]])
            if national_id:
                owner[row] = ("national id", national_id)
        owners_of_phone = defaultdict(set)
        for row, customer in owner.items():
            owners_of_phone[self.phone(row)].add(customer)
        # Rule 3: the rest by phone and by loan, as far as it goes.
        rest, groups = [row for row in rows if row not in owner], Groups()
        for row in rest:
            groups.join(row, ("loan", row["loan_id"]))
            if self.phone(row):
                groups.join(row, ("phone", self.phone(row)))
        phones_of_group = defaultdict(set)
        for row in rest:
            if self.phone(row):
                phones_of_group[groups.find(row)].add(self.phone(row))
        for row in rest:
            phones = phones_of_group[groups.find(row)]
            known = sole(customer for phone in phones for customer in owners_of_phone[phone])
            # Rule 4: a group with no phone at all is nobody.
            owner[row] = (known or ("group", groups.find(row))) if phones else None
        first = {}
        for row in rows:
            row.customer = first.setdefault(owner[row], row) if owner[row] else None

    def _say_statuses(self, rows: list[Row]) -> None:
        earlier, loans = defaultdict(list), set()
        for row in rows:
            row.error_codes = {row.broken, *row.bad_cells} - {None}
            if row.broken:
                row.status = "error"
                continue
            before = earlier[row.customer]
            row.status = "created" if not before or row["loan_id"] not in loans else "matched"
            if is_repeat(row):
                row.status = "duplicate"
            row.match_method = self._match_method(row, before)
            before.append(row)
            loans.add(row["loan_id"])

    def _match_method(self, row: Row, before: list[Row]) -> str:
        if not before:
            return "created"
        phone, national_id = self.phone(row), row["national_id"]
        if phone and national_id and any((self.phone(r), r["national_id"]) == (phone, national_id) for r in before):
            return "fingerprint"
        if national_id and any(r["national_id"] == national_id for r in before):
            return "national_id"
        if phone and any(self.phone(r) == phone for r in before):
            return "phone"
        return "loan_id" if any(r["loan_id"] == row["loan_id"] for r in before) else "linked"

    def _loan(self, rows: list[Row]) -> dict:
        loan = {name: latest(rows, name) for name in LOAN_FIELDS}
        return loan | {
            "customer": rows[-1].customer.place,
            "status": "closed" if loan["outstanding_amount"] == 0 else "active",
            "created_at": rows[0].upload.at,
            "updated_at": rows[-1].upload.at,
        }

    def _customer(self, rows: list[Row]) -> dict:
        phones = [self.phone(row) for row in rows if self.phone(row)]
        return {
            "full_name": latest(rows, "full_name"),
            "first_phone": phones[0] if phones else None,
            "primary_phone": phones[-1] if phones else None,
            "national_id": latest(rows, "national_id"),
            "email": latest(rows, "email"),
            "state": latest(rows, "state"),
            "do_not_call": bool(latest(rows, "do_not_call")),
            "first_uploaded_at": rows[0].upload.at,
            "updated_at": rows[-1].upload.at,
        }

    def _snapshots(self) -> list[dict]:
        """A loan as each upload stated it; it holds until the next upload that states the loan."""
        snapshots = []
        for loan, rows in self.rows_of_loan.items():
            by_upload = defaultdict(list)
            for row in rows:
                by_upload[row.upload].append(row)
            ends = [*[upload.at for upload in by_upload][1:], None]
            for (upload, stated), end in zip(by_upload.items(), ends, strict=True):
                snapshots.append(
                    {name: latest(stated, name) for name in LOAN_FIELDS}
                    | {"loan_id": loan, "row": stated[-1].place, "customer": stated[-1].customer.place}
                    | {"upload": upload.sha256, "valid_from": upload.at, "valid_to": end}
                )
        return snapshots


def is_repeat(row: Row) -> bool:
    """Whether every field equals an earlier record of the same upload."""
    return any(other.line < row.line and other.cells == row.cells for other in row.upload.rows)


def upload_totals(upload: Upload) -> dict:
    """How an upload came out. Always: total = success + duplicate + failed."""
    count = {s: sum(row.status == s for row in upload.rows) for s in ("created", "matched", "duplicate", "error")}
    faults = any(row.error_codes for row in upload.rows)
    return {
        "total_records": len(upload.rows),
        "success_records": count["created"] + count["matched"],
        "duplicate_records": count["duplicate"],
        "failed_records": count["error"],
        "status": "failed" if upload.kind == "unknown" else "completed_with_errors" if faults else "completed",
    }
