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
BESIDE_THE_BORROWER = ("Co-Applicant", "Guarantor")
CLOSED = ("Closed", "Written Off", "Settled", "closed")


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
        self.borrowers = borrowers(candidates, "loan_id", self.stated_phone)
        self.beside = beside(candidates, self.borrowers, "loan_id", self.stated_phone)
        self._find_customers(candidates)
        self.ids_of_employee = defaultdict(set)
        for row in candidates:
            if row["employee_name"] and row["employee_id"]:
                self.ids_of_employee[key_of(row["employee_name"])].add(key_of(row["employee_id"]))
        self.rows = [row for row in rows if not row.broken]
        self._say_statuses(rows)
        self.rows_of_customer, self.rows_of_loan = defaultdict(list), defaultdict(list)
        for row in self.rows:
            self.rows_of_customer[row.customer].append(row)
            self.rows_of_loan[row["loan_id"]].append(row)
        self.snapshots = self._snapshots()
        self.borrower_of_loan = {loan: self._borrower(rows) for loan, rows in self.rows_of_loan.items()}
        self.loans = {loan: self._loan(loan, rows) for loan, rows in self.rows_of_loan.items()}
        self.customers = {customer: self._customer(rows) for customer, rows in self.rows_of_customer.items()}
        self.customers_of_phone = self._customers_of_phone()
        self.payments = {}
        for snapshot in self.snapshots:
            if snapshot["last_paid_date"] and snapshot["last_paid_amount"] is not None:
                payment = snapshot["loan_key"], snapshot["last_paid_date"], snapshot["last_paid_amount"]
                self.payments.setdefault(payment, snapshot)

    def stated_phone(self, row: Row) -> str | None:
        """The phone that a row states, unless it is a contact's."""
        return None if row["phone"] in self.contacts else row["phone"]

    def phone(self, row: Row) -> str | None:
        """The phone by which a row identifies its customer."""
        return None if row in self.beside else self.stated_phone(row)

    def national_id(self, row: Row) -> str | None:
        """The national id by which a row identifies its customer."""
        return None if row in self.beside else row["national_id"]

    def employee(self, stated) -> str | None:
        """Who is responsible as a row or an upload states it: the id, else the only one of the name, else the name."""
        name = key_of(stated["employee_name"])
        return key_of(stated["employee_id"]) or sole(self.ids_of_employee.get(name, ())) or name

    def shown_employee(self, who: str) -> dict:
        """An employee as most records write him."""
        number = self._most_written("employee_id", lambda row: key_of(row["employee_id"]) == who)
        name = self._most_written("employee_name", lambda row: self.employee(row) == who)
        return {"employee": number or name or who, "employee_id": number, "employee_name": name}

    def shown_branch(self, where: tuple[str, str]) -> dict:
        """A branch and its cluster as most records write them."""
        cluster, branch = where
        there = self._most_written(
            "branch", lambda row: (key_of(row["cluster"]) or "(none)", key_of(row["branch"])) == (cluster, branch)
        )
        return {
            "cluster": self._most_written("cluster", lambda row: key_of(row["cluster"]) == cluster) or cluster,
            "branch": there or self._most_written("branch", lambda row: key_of(row["branch"]) == branch) or branch,
        }

    def _most_written(self, name: str, is_meant) -> str | None:
        """Of equals the one whose last record is the latest; records that repeat another do not count."""
        written = defaultdict(list)
        for row in self.rows:
            if row[name] and is_meant(row) and not is_repeat(row):
                written[row[name]].append(row.order)
        return max(written, key=lambda word: (len(written[word]), written[word][-1]), default=None)

    def _customers_of_phone(self) -> dict[str, set[Row]]:
        """Whom a number finds: who states it as their phone, else who states it beside."""
        own, further = defaultdict(set), defaultdict(set)
        for row in self.rows:
            if self.phone(row):
                own[self.phone(row)].add(row.customer)
            if row["alternate_phone"] and row not in self.beside:
                further[row["alternate_phone"]].add(row.customer)
        return {phone: found for phone, found in further.items() if phone not in self.contacts} | own

    def _find_customers(self, rows: list[Row]) -> None:
        """Give each row its customer: the customer's first row."""
        every, rows = rows, [row for row in rows if not self.beside.get(row)]
        ids_of_loan = defaultdict(set)
        for row in rows:
            if self.national_id(row):
                ids_of_loan[row["loan_id"]].add(row["national_id"])
        # Rules 1 and 2: by its national id, or by the only one that its loan is stated with.
        owner = {}
        for row in rows:
            national_id = self.national_id(row) or sole(ids_of_loan[row["loan_id"]])
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
            # Rule 4: a group with no phone at all is a customer too.
            owner[row] = known or ("group", groups.find(row))
        first = {}
        for row in every:
            row.customer = first.setdefault(owner[self.beside.get(row) or row], row)

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
        phone, national_id = self.phone(row), self.national_id(row)
        stated = [(self.phone(r), self.national_id(r)) for r in before]
        if phone and national_id and (phone, national_id) in stated:
            return "fingerprint"
        if national_id and any(r == national_id for _, r in stated):
            return "national_id"
        if phone and any(r == phone for r, _ in stated):
            return "phone"
        return "loan_id" if any(r["loan_id"] == row["loan_id"] for r in before) else "linked"

    def _borrower(self, rows: list[Row]) -> Row:
        """The customer of the latest upload that states one."""
        stating = [row.upload for row in rows if self.phone(row) or self.national_id(row)]
        upload = (stating or [rows[-1].upload])[-1]
        return self._borrower_there(upload, [row for row in rows if row.upload is upload])

    def _borrower_there(self, upload: Upload, rows: list[Row]) -> Row:
        """The customer of a loan by the rows that one upload has of it."""
        return self.borrowers.get((upload, rows[0]["loan_id"]), rows[-1]).customer

    def _loan(self, loan_id: str, rows: list[Row]) -> dict:
        snapshots = [snapshot for snapshot in self.snapshots if snapshot["loan_key"] == loan_id]
        loan = {name: latest(snapshots, name) for name in LOAN_FIELDS}
        loan["employee_key"] = next((who for one in reversed(snapshots) if (who := self.employee(one))), None)
        return loan | {
            "loan_id": latest(rows, "loan_text"),
            "branch_key": key_of(loan["branch"]),
            "customer": self.borrower_of_loan[loan_id].place,
            "status": latest(snapshots, "status") or "active",
            "created_at": rows[0].upload.at,
            "updated_at": rows[-1].upload.at,
        }

    def _customer(self, rows: list[Row]) -> dict:
        phones, sent = [self.phone(row) for row in rows if self.phone(row)], [row.upload.at for row in rows]
        rows = [row for row in rows if row not in self.beside]
        return {
            "full_name": latest(rows, "full_name"),
            "first_phone": phones[0] if phones else None,
            "primary_phone": phones[-1] if phones else None,
            "national_id": latest(rows, "national_id"),
            "email": latest(rows, "email"),
            "state": latest(rows, "state"),
            "do_not_call": bool(latest(rows, "do_not_call")),
            "first_uploaded_at": sent[0],
            "updated_at": sent[-1],
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
                    as_stated(stated)
                    | {"loan_key": loan, "loan_id": latest(stated, "loan_text"), "row": stated[-1].place}
                    | {"branch_key": key_of(latest(stated, "branch"))}
                    | {"customer": self._borrower_there(upload, stated).place}
                    | {"upload": upload.sha256, "valid_from": upload.at, "valid_to": end}
                )
        return snapshots


def key_of(text: str | None) -> str | None:
    """By what spellings are one."""
    return text and " ".join(text.upper().split())


def findings(book: Book) -> Iterable[tuple[Row, str]]:
    """What a sender should look at: each row with a code."""
    can_be_called = set().union(*book.customers_of_phone.values())
    earlier_names, loans_alike = defaultdict(list), defaultdict(dict)
    for row in book.rows:
        if row.customer not in can_be_called and book.customers[row.customer]["national_id"] is None:
            yield row, "no_contact"
        role = row["borrower_role"]
        if row in book.beside and role not in BESIDE_THE_BORROWER and (book.stated_phone(row) or row["national_id"]):
            yield row, "several_borrowers"
        of_loan = [other for other in book.rows_of_loan[row["loan_id"]] if other.upload is row.upload]
        if next_instalment(of_loan)[0]:
            yield row, "instalments"
        if row["full_name"] and row not in book.beside and book.customers[row.customer]["national_id"] is None:
            known = earlier_names[row.customer]
            if known and not any(are_alike(name, row["full_name"]) for name in known):
                yield row, "shared_phone"
            known.append(row["full_name"])
        alike = loans_alike[row["loan_id"].replace("-", "").replace(" ", "").lstrip("0")]
        if alike and row["loan_id"] not in alike:
            yield row, "ids_alike"
        alike[row["loan_id"]] = row


def are_alike(one: str, other: str) -> bool:
    """Whether a word of three letters or more of one name begins a word of the other."""
    names = [[word for word in name.lower().replace(".", "").split() if word != "smt"] for name in (one, other)]
    return any(
        len(word) >= 3 and longer.startswith(word)
        for these, those in (names, reversed(names))
        for word in these
        for longer in those
    )


def borrowers(rows: Iterable[Row], loan: str, phone_of) -> dict[tuple[Upload, str], Row]:
    """The row that states the borrower, by upload and loan: the first applicant's, else the first with phone or id."""
    found = {}
    rows = [row for row in rows if row["borrower_role"] not in BESIDE_THE_BORROWER]
    for stating in (
        [row for row in rows if row["borrower_role"] == "Applicant"],
        [row for row in rows if phone_of(row) or row["national_id"]],
    ):
        applicants = dict(found)
        for row in stating:
            if (row.upload, row[loan]) not in applicants:
                found.setdefault((row.upload, row[loan]), row)
    return found


def beside(rows: Iterable[Row], borrowers: dict, loan: str, phone_of) -> dict[Row, Row | None]:
    """The rows that state nothing of a person, each with that of its loan's borrower in the same upload."""
    found = {}
    for row in rows:
        borrower = borrowers.get((row.upload, row[loan]))
        is_same = borrower is row or (
            borrower is not None
            and (
                (phone_of(row) is not None and phone_of(row) == phone_of(borrower))
                or (row["national_id"] is not None and row["national_id"] == borrower["national_id"])
            )
        )
        if row["borrower_role"] in BESIDE_THE_BORROWER or (borrower is not None and not is_same):
            found[row] = borrower
    return found


def next_instalment(rows: list[Row]) -> tuple[bool, Row | None]:
    """Whether the rows of a loan in one upload are a demand sheet, and which row says what is due next."""
    dated = [row for row in rows if row["next_due_date"] is not None]
    if len({row["next_due_date"] for row in dated}) < 2:
        return False, None
    due = [row for row in dated if row["due_amount"] != 0]
    return True, min(due, key=lambda row: (row["next_due_date"], row.line), default=None)


def as_stated(rows: list[Row], may_be_sheet: bool = True) -> dict:
    """A loan as the rows of one upload state it."""
    told = {name: latest(rows, name) for name in LOAN_FIELDS}
    words = [word for row in rows if (word := status_word(row["loan_status"], row["outstanding_amount"]))]
    told["status"] = words[-1] if words else None
    _, due = next_instalment(rows)
    if due and may_be_sheet:
        told |= {"next_due_date": due["next_due_date"], "due_amount": due["due_amount"]}
        if due["outstanding_amount"] is not None:
            told["outstanding_amount"] = due["outstanding_amount"]
            told["status"] = status_word(latest(rows, "loan_status"), due["outstanding_amount"])
    return told


def status_word(column: str | None, outstanding) -> str | None:
    """What a row says of how a loan is: its status column, else the amount."""
    if column is not None:
        return "closed" if column in CLOSED else "active"
    return None if outstanding is None else "closed" if outstanding == 0 else "active"


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
