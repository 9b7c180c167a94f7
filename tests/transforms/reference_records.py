"""The rules of meaning in plain Python, third part: records of ours (customers and loans) among loan books.

Written from the design's words and what the transforms say of themselves, not from the SQL. `reference` has the rules
for loan books alone; here is what ids, changed loan numbers and what only records state add to them.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from reference import (
    CONTACT_FIELDS,
    LOAN_FIELDS,
    Groups,
    Row,
    Upload,
    as_stated,
    beside,
    borrowers,
    id_of,
    latest,
    sole,
)


def row_id(row: Row) -> str:
    return id_of(f"row|{row.upload.sha256}|{row.line}")


class Ledger:
    """Everything that loan books and records of customers and loans say of some borrowers.

    A row of a customer has entity_id, customer_row, phone and phone_text (as stated, when it is no number), national_id
    and attributes; a row of a loan has entity_id, customer_id, customer_row, loan_id, attributes, and what of these was
    former.
    """

    def __init__(self, uploads: Iterable[Upload]):
        self.uploads = sorted(uploads, key=lambda upload: upload.order)
        for upload in self.uploads:
            for row in upload.rows:
                row.upload = upload
        self.rows = sorted((row for upload in self.uploads for row in upload.rows), key=lambda row: row.order)
        self.contacts = {row[name] for row in self.rows for name in CONTACT_FIELDS} - {None}
        self._number_loans()
        for row in self.rows:
            if row.upload.kind == "customer":
                row.broken = None if row["entity_id"] else "missing_customer_id"
            else:
                row.broken = None if row["loan_id"] else "missing_loan_id"
        usable = [row for row in self.rows if not row.broken]
        self._name_customers()
        books = [row for row in usable if row.upload.kind == "loan_book"]
        self.borrowers = borrowers(books, "number", self.stated_phone)
        self.beside = beside(books, self.borrowers, "number", self.stated_phone)
        self.group_of = self._find_customers(usable)
        groups = defaultdict(list)
        for row in usable:
            groups[self.group_of[row]].append(row)
        self.id_of_group = {group: self._customer_id(group, rows) for group, rows in groups.items()}
        self.customers = {self.id_of_group[group]: self._customer(rows) for group, rows in groups.items()}
        self._say_fingerprints()
        self.loans = self._loans(usable)

    # --- who is meant -------------------------------------------------------------------------------------------

    def _number_loans(self) -> None:
        """A loan with an id has the number that is stated of it last; whoever states an earlier one means it too.

        Unless that number is another loan's by now: then who states no id means that one.
        """
        self.number_of: dict[str, str] = {}
        earlier = defaultdict(set)
        for row in self.rows:
            if row.upload.kind == "loan" and row["entity_id"]:
                earlier[row["loan_id"]].add(row["entity_id"])
                earlier[row["former_loan_id"]].add(row["entity_id"])
                if row["loan_id"]:
                    self.number_of[row["entity_id"]] = row["loan_id"]
        in_use = set(self.number_of.values())
        for row in self.rows:
            number = row["loan_id"]
            if row.upload.kind == "loan" and row["entity_id"] and number:
                number = self.number_of[row["entity_id"]]
            elif number and number not in in_use and earlier[number]:
                number = min((self.number_of[one] for one in earlier[number] if one in self.number_of), default=number)
            row.fields["number"] = number

    def _name_customers(self) -> None:
        """Give each row the id of the customer that it states; an id that no customer has is nobody's.

        A row of a file states the id of whom our records name as the customer whose id comes from that row, also where
        they say that a loan was his.
        """
        origin: dict[str, str] = {}
        known = set()
        for row in self.rows:
            if row.upload.kind == "loan_book":
                continue
            who = row.fields["who"] = row["entity_id"] if row.upload.kind == "customer" else row["customer_id"]
            for one, place in ((who, row["customer_row"]), (row["former_customer_id"], row["former_customer_row"])):
                if one and place:
                    origin[place] = min(one, origin.get(place, one))
            if row.upload.kind == "customer":
                known.add(who)
        known |= set(origin.values())
        for row in self.rows:
            if row.upload.kind == "loan_book":
                row.fields["who"] = origin.get(row_id(row))
            elif row["who"] not in known:
                row.fields["who"] = None

    def stated_phone(self, row: Row) -> str | None:
        """The phone that a row states, unless it is a contact's."""
        return None if row["phone"] in self.contacts else row["phone"]

    def phone(self, row: Row) -> str | None:
        """The phone by which a row identifies its customer; one of somebody beside the borrower goes where he goes."""
        return self.stated_phone(self._speaker(row))

    def national_id(self, row: Row) -> str | None:
        """The national id by which a row identifies its customer."""
        return self._speaker(row)["national_id"]

    def _speaker(self, row: Row) -> Row:
        return (self.beside[row] or NOBODY) if row in self.beside else row

    def _find_customers(self, rows: list[Row]) -> dict[Row, object]:
        """The group of each row."""
        # Rules 0 and 1: the same id, the same national id, or the same phone where our records state nothing more.
        groups, ties = Groups(), {}
        for row in rows:
            things = [("id", row["who"])] if row["who"] else []
            if self.national_id(row):
                things.append(("national id", self.national_id(row)))
            elif row.upload.kind == "customer" and self.phone(row):
                things.append(("person", self.phone(row)))
            for thing in things:
                groups.join(things[0], thing)
            if things:
                ties[row] = things[0]
        owner = {row: ("stated", groups.find(thing)) for row, thing in ties.items()}
        # Rule 2: the only one that its loan is stated with.
        owners_of_loan = defaultdict(set)
        for row, group in owner.items():
            owners_of_loan[row["number"]].add(group)
        for row in rows:
            if row not in owner and sole(owners_of_loan[row["number"]]):
                owner[row] = sole(owners_of_loan[row["number"]])
        owners_of_phone = defaultdict(set)
        for row, group in owner.items():
            owners_of_phone[self.phone(row)].add(group)
        # Rule 3: the rest by phone and by loan, as far as it goes; then whom their phones are known for.
        rest, chains = [row for row in rows if row not in owner], Groups()
        for row in rest:
            chains.join(("row", row), ("loan", row["number"]))
            if self.phone(row):
                chains.join(("row", row), ("phone", self.phone(row)))
        phones_of_chain = defaultdict(set)
        for row in rest:
            phones_of_chain[chains.find(("row", row))] |= {self.phone(row)} - {None}
        for row in rest:
            chain = chains.find(("row", row))
            known = sole(group for phone in phones_of_chain[chain] for group in owners_of_phone[phone])
            # Rule 4: a group with no phone at all is a customer too.
            owner[row] = known or ("chain", chain)
        return owner

    def _customer_id(self, group: object, rows: list[Row]) -> str:
        """The first id that is stated of a customer, else one that comes from his first row."""
        return next((row["who"] for row in rows if row["who"]), rows[0].customer_id)

    # --- what is true of them -----------------------------------------------------------------------------------

    def _customer(self, rows: list[Row]) -> dict:
        every, rows = rows, [row for row in rows if row not in self.beside]
        records = [row for row in rows if row.upload.kind == "customer"]
        phones = [self.phone(row) for row in rows if self.phone(row)]
        known_by = [self.phone(row) for row in records if self.phone(row)]
        shown = [
            row["phone_text"] if row.upload.kind == "customer" else self.phone(row)
            for row in rows
            if row["phone_text"] or self.phone(row)
        ]
        sent = [row.upload.at for row in every]
        status = latest(records, "call_status") or "not_initiated"
        return {
            "full_name": latest(rows, "full_name"),
            "fingerprint_phone": (known_by[-1:] or phones[:1] or [None])[0],
            "primary_phone": shown[-1] if shown else None,
            "national_id": latest(rows, "national_id"),
            "email": latest(rows, "email"),
            "state": latest(rows, "state"),
            "language_code": latest(records, "language_code") or "hi-IN",
            "status": status,
            "call_status": status,
            "do_not_call": bool(latest(rows, "do_not_call")),
            "first_uploaded_at": min(sent + stated(records, "first_uploaded_at")),
            "last_contact_date": max(stated(records, "last_contact_date"), default=None),
            "created_at": min(sent + stated(records, "created_at")),
            "updated_at": max(sent),
            "is_stated": bool(records),
        }

    def _say_fingerprints(self) -> None:
        """md5 of phone and national id; of two who would have the same, a stated one has it, then the lesser id."""
        claims = defaultdict(list)
        for who, customer in self.customers.items():
            phone, national_id = customer.pop("fingerprint_phone"), customer["national_id"]
            own = id_of(f"fingerprint|{who}")
            said = own
            if phone or national_id:
                said = id_of(f"{(phone or '').removeprefix('+')}|{national_id or ''}")
            claims[said].append((not customer.pop("is_stated"), who, own))
        for said, claimants in claims.items():
            first, *others = sorted(claimants)
            self.customers[first[1]]["fingerprint"] = said
            for _, who, own in others:
                self.customers[who]["fingerprint"] = own

    def _loans(self, rows: list[Row]) -> dict[str, dict]:
        of_number = defaultdict(list)
        for row in rows:
            if not row.broken and row["number"]:
                of_number[row["number"]].append(row)
        return {number: self._loan(number, rows) for number, rows in of_number.items()}

    def _borrower(self, number: str, rows: list[Row]) -> Row:
        """A row of the loan's borrower: of the latest upload that states one."""
        own = [row for row in rows if row not in self.beside]
        stating = [row for row in own if row["who"] or self.phone(row) or row["national_id"]]
        last = (stating or rows)[-1].upload
        return self.borrowers.get((last, number), [row for row in rows if row.upload is last][-1])

    def _loan(self, number: str, rows: list[Row]) -> dict:
        by_upload = defaultdict(list)
        for row in rows:
            by_upload[row.upload].append(row)
        told = {upload: as_stated(there, upload.kind == "loan_book") for upload, there in by_upload.items()}
        loan = {name: latest(told.values(), name) for name in LOAN_FIELDS}
        records = [row for row in rows if row.upload.kind == "loan"]
        sent, status, is_set = [row.upload.at for row in rows], None, False
        for upload, there in by_upload.items():
            # What a record says of how the loan is stands until a file says how it is.
            word = latest(there, "loan_status") if upload.kind == "loan" else None
            if word or (told[upload]["status"] and (upload.kind == "loan_book" or not is_set)):
                status, is_set = word or told[upload]["status"], bool(word)
        return loan | {
            "id": next((row["entity_id"] for row in records if row["entity_id"]), id_of(f"loan|{number}")),
            "customer_id": self.id_of_group[self.group_of[self._borrower(number, rows)]],
            "status": status or "active",
            "created_at": min(sent + stated(records, "created_at")),
            "updated_at": max(sent),
        }


NOBODY = Row(0, {}, ())


def stated(rows: Iterable[Row], name: str) -> list[datetime]:
    """Every stated value."""
    return [row[name] for row in rows if row[name] is not None]
