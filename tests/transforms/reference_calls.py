"""The rules of meaning in plain Python, second half: calls, whom they were for, and what came of them."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from reference import Book, Row, Upload, is_repeat, key_of

LOCAL = timedelta(hours=5, minutes=30)
NONE = "(none)"
WORDS = {
    "not_initiated": "not_initiated ready scheduled",
    "calling": "queued initiated calling ringing",
    "call_in_progress": "in-progress answered call_in_progress",
    "agent_transfer": "agent_transfer",
    "call_completed": "completed call_completed",
    "disconnected": "busy no-answer canceled not_picked disconnected from_leg_unanswered to_leg_unanswered "
    "from_leg_cancelled",
    "failed": "failed call_failed from_leg_no_dial to_leg_no_dial",
}
STATUS_OF = {word.replace("-", "_"): status for status, words in WORDS.items() for word in words.split()}
RANK = {"not_initiated": 0, "calling": 1, "call_in_progress": 2, "agent_transfer": 2}


def status_of(word: str) -> str | None:
    """Our status for the provider's word; case, space, hyphen and underscore are alike."""
    return STATUS_OF.get(word.lower().replace("-", "_").replace(" ", "_"))


def became(row: Row) -> str:
    """What a record says became of the call: of one that was answered the talk decides, else an end or a duration."""
    status, talk = status_of(row["status"]), row["conversation_seconds"]
    if row["status"].lower() != "answered":
        return status
    if talk or (talk is None and (row["ended_at"] is not None or row["duration_seconds"])):
        return "call_completed"
    return "disconnected" if talk == 0 and row["ended_at"] is not None else status


@dataclass(eq=False)
class Call:
    """A call session, attributed."""

    sid: str
    rows: list[Row]
    status: str = ""
    provider_status: str = ""
    facts: dict = None
    attribution: str = "none"
    customer: Row | None = None
    loan: str | None = None
    trigger: Row | None = None
    employee: str = NONE
    branch: tuple[str, str] = (NONE, NONE)
    updates: dict[tuple[str, datetime], Row] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """The time against which uploads are before or after it."""
        return self.facts["initiated_at"] or self.rows[0].upload.at

    @property
    def placed(self) -> bool:
        return self.status != "not_initiated"


class Calls:
    """All calls of the call logs among some uploads, against what the loan books say."""

    def __init__(self, book: Book, contact_seconds: int = 10, recovery_days: int = 7):
        self.book, self.contact_seconds, self.recovery_days = book, contact_seconds, recovery_days
        self.number = {upload: number for number, upload in enumerate(book.uploads)}
        rows = [row for upload in book.uploads if upload.kind == "call_log" for row in upload.rows]
        sids = defaultdict(list)
        for row in sorted(rows, key=lambda row: row.order):
            if not row.broken and row["call_sid"] is None:
                row.broken = "missing_call_sid"
            if not row.broken and status_of(row["status"]) is None:
                row.broken = "unknown_status"
            row.error_codes = {row.broken} if row.broken else set(row.bad_cells)
            if row.broken:
                row.status = "error"
                continue
            known = sids[row["call_sid"]]
            row.status = "duplicate" if is_repeat(row) else "matched" if known else "created"
            known.append(row)
        self.snapshots_of_loan = defaultdict(list)
        for snapshot in book.snapshots:
            self.snapshots_of_loan[snapshot["loan_key"]].append(snapshot)
        self.calls = [self._call(sid, rows) for sid, rows in sids.items()]
        self.recoveries = self._recoveries()

    def _call(self, sid: str, rows: list[Row]) -> Call:
        """What became of one call; what settles late counts by updated_at, else by the upload's time."""
        call = Call(sid, rows)
        rows = sorted(rows, key=lambda row: (row["updated_at"] or row.upload.at, row.order))
        last = max(enumerate(rows), key=lambda pair: (RANK.get(became(pair[1]), 3), pair[0]))[1]
        call.status, call.provider_status = became(last), last["status"]
        for row in rows:
            call.updates.setdefault((became(row), row["updated_at"] or row.upload.at), row)
        names = (
            "initiated_at",
            "ended_at",
            "duration_seconds",
            "conversation_seconds",
            "price",
            "answered_by",
        )
        names += ("from_number", "to_number", "loan_id")
        call.facts = {
            name: next((row[name] for row in reversed(rows) if row[name] is not None), None) for name in names
        }
        if call.facts["initiated_at"] is None:
            call.facts["initiated_at"] = min((r["updated_at"] for r in rows if r["updated_at"]), default=None)
        self._attribute(call, rows)
        if call.loan:
            call.employee, call.branch = self.keepers(call.loan, call.at)
        return call

    def keepers(self, loan: str, at: datetime) -> tuple[str, tuple[str, str]]:
        """Employee, then cluster and branch: last stated for a loan up to a time, else first stated."""
        snapshots = self.snapshots_of_loan[loan]

        def upto(value_of) -> str:
            stated = [(snapshot["valid_from"] <= at, value_of(snapshot)) for snapshot in snapshots]
            stated = [(before, value) for before, value in stated if value]
            known = [value for before, value in stated if before][-1:] or [value for _, value in stated][:1]
            return known[0] if known else NONE

        return upto(self.book.employee), (upto(lambda s: key_of(s["cluster"])), upto(lambda s: key_of(s["branch"])))

    def _nearness(self, upload: Upload, call: Call) -> tuple[int, int]:
        """Smaller is better: the latest upload before the call, else the earliest after."""
        number = self.number[upload]
        return (0, -number) if upload.at <= call.at else (1, number)

    def _attribute(self, call: Call, rows: list[Row]) -> None:
        row = self._stated_row(call, rows)
        if row:
            call.attribution, call.trigger, call.customer, call.loan = (
                "row",
                row,
                row.customer,
                row["loan_id"],
            )
            return
        loan = call.facts["loan_id"]
        if loan in self.book.loans:
            call.attribution, call.loan = "loan", loan
            call.customer = self.book.borrower_of_loan[loan]
            call.trigger = self._row_before(call)
            return
        for number in (call.facts["to_number"], call.facts["from_number"]):
            customers = self.book.customers_of_phone.get(number)
            if customers:
                call.attribution = "number" if len(customers) == 1 else "number_ambiguous"
                self._choose(call, [row for row in self.book.rows if row.customer in customers])
                return

    def _stated_row(self, call: Call, rows: list[Row]) -> Row | None:
        """The loan book's line that the call's rows state, the file by its upload's id or its name."""
        stated = [row for row in rows if row["triggered_by_row"] and row["triggered_by_batch"]]
        if not stated:
            return None
        batch, line = stated[-1]["triggered_by_batch"], stated[-1]["triggered_by_row"]
        books = [upload for upload in self.book.uploads if upload.kind == "loan_book"]
        named = [upload for upload in books if batch == upload.id or batch in upload.names]
        upload = min(named, key=lambda upload: self._nearness(upload, call), default=None)
        return next((row for row in self.book.rows if row.upload is upload and row.line == line), None)

    def _row_before(self, call: Call) -> Row:
        """The loan's last row in the latest upload before the call, else in the earliest after it."""
        rows = self.book.rows_of_loan[call.loan]
        return min(rows, key=lambda row: (self._nearness(row.upload, call), -row.line))

    def _as_of(self, call: Call, loan: str, name: str):
        """What the uploads before the call stated of a loan last, else what an upload states first after it."""
        stated = [snapshot for snapshot in self.snapshots_of_loan[loan] if snapshot[name] is not None]
        before = [snapshot for snapshot in stated if snapshot["valid_from"] <= call.at]
        return (before[-1:] + stated[:1])[0][name] if stated else None

    def _choose(self, call: Call, rows: Iterable[Row]) -> None:
        """The best candidate, a customer and a loan; of one loan's customers whichever has the lower id."""

        def goodness(row: Row) -> tuple:
            due = self._as_of(call, row["loan_id"], "next_due_date")
            return (
                not (self._as_of(call, row["loan_id"], "outstanding_amount") or 0) > 0,
                self._nearness(row.upload, call),
                (due is None, due or date.min),
                row["loan_id"],
                row.customer.customer_id,
            )

        best = min(rows, key=goodness)
        call.customer, call.loan = best.customer, best["loan_id"]
        call.trigger = self._row_before(call)

    def is_contact(self, call: Call) -> bool:
        talked = call.facts["conversation_seconds"] or 0
        human = (call.facts["answered_by"] or "").lower() != "machine"
        return call.status == "call_completed" and talked >= self.contact_seconds and human

    def figures(self, calls: Iterable[Call]) -> dict:
        """What every table of call success shares."""
        placed = [call for call in calls if call.placed]
        ended = {s: sum(c.status == s for c in placed) for s in ("call_completed", "disconnected", "failed")}
        completed = [call for call in placed if call.status == "call_completed"]
        talks = [(call.facts["conversation_seconds"], call.facts["duration_seconds"]) for call in completed]
        contacts = sum(map(self.is_contact, placed))
        return {
            "attempts": len(placed),
            "completed": len(completed),
            "disconnected": ended["disconnected"],
            "failed": ended["failed"],
            "unfinished": len(placed) - sum(ended.values()),
            "success_rate": len(completed) / len(placed) if placed else None,
            **dict(
                zip(
                    ("success_rate_low", "success_rate_high"),
                    wilson(len(completed), len(placed)),
                    strict=True,
                )
            ),
            "contacts": contacts,
            "contact_rate": contacts / len(placed) if placed else None,
            "talk_seconds": sum((talk if talk is not None else length) or 0 for talk, length in talks),
        }

    def spans(self, calls: Iterable[Call]) -> dict:
        times = [call.facts["initiated_at"] for call in calls if call.placed and call.facts["initiated_at"]]
        return {"first_call_at": min(times, default=None), "last_call_at": max(times, default=None)}

    def _recoveries(self) -> list[tuple[Call, Decimal]]:
        """Each payment that followed a completed call on its loan, with the last such call."""
        found = []
        for loan, paid, amount in self.book.payments:
            calls = [
                call
                for call in self.calls
                if call.loan == loan and call.status == "call_completed"
                if call.facts["initiated_at"] and 0 <= (paid - (call.at + LOCAL).date()).days <= self.recovery_days
            ]
            if calls:
                found.append((max(calls, key=lambda call: (call.at, call.sid)), amount))
        return found

    def journey(self) -> list[tuple]:
        """Everything that happened: customer, when, what, loan, call, status, amount, the row it is from."""
        events = []
        for s in self.book.snapshots:
            amount = s["outstanding_amount"]
            events.append((s["customer"], s["valid_from"], "uploaded", s["loan_key"], None, None, amount, s["row"]))
        for (loan, paid, amount), s in self.book.payments.items():
            at = datetime.combine(paid, time()) - LOCAL
            events.append((s["customer"], at, "paid", loan, None, None, amount, s["row"]))
        for call in (call for call in self.calls if call.customer):
            customer = call.customer.place
            if call.placed:
                trigger = call.trigger.place
                events.append((customer, call.at, "called", call.loan, call.sid, call.status, None, trigger))
            for (status, at), row in call.updates.items():
                events.append((customer, at, "status", call.loan, call.sid, status, None, row.place))
        return events

    def league(self, attribute: str) -> dict:
        """Figures by employee or branch, with the rate that small numbers cannot distort."""
        overall = self.figures(self.calls)["success_rate"]
        by, loans = defaultdict(list), defaultdict(int)
        for snapshot in self.book.snapshots:
            if self.book.employee(snapshot) and attribute == "employee":
                by[self.book.employee(snapshot)]  # also who keeps no loan any more and was never called for
        for loan in self.book.loans:
            keeper = self.keepers(loan, datetime.max)[attribute == "branch"]
            loans[keeper] += 1
            by[keeper]  # also without calls
        for call in self.calls:
            by[getattr(call, attribute)].append(call)
        table = {}
        for who, calls in by.items():
            row = self.figures(calls)
            paid = [amount for call, amount in self.recoveries if getattr(call, attribute) == who]
            row["shrunk_rate"] = None if overall is None else (row["completed"] + 20 * overall) / (row["attempts"] + 20)
            shown = self.book.shown_employee if attribute == "employee" else self.book.shown_branch
            table[who] = row | {
                **shown(who),
                "loans": loans[who],
                "payments": len(paid),
                "recovered_amount": sum(paid, Decimal(0)),
            }
        return table


def wilson(good: int, n: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a rate."""
    if not n:
        return None, None
    z, p = 1.959963984540054, good / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
