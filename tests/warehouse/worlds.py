"""Random homes for builds of a part: many loans, phones and calls of which few meet, and days that change a little."""

import random
from datetime import datetime

from support import World, csv_bytes

from orchestration.errors import UsageError
from orchestration.ingest.corrections import restate, withdraw

PEOPLE = 60


class Dice(random.Random):
    """Chance, in the words of loan books and call logs."""

    def phone(self) -> str:
        return f"98450{self.randrange(PEOPLE * 2):05d}"

    def contact(self) -> str:
        return f"08047100{self.randrange(4):03d}"

    def loan(self) -> str:
        return f"L{self.randrange(PEOPLE * 2)}"

    def day(self) -> str:
        return f"2026-03-{self.randint(1, 8):02d}"


def loan_row(dice: Dice) -> dict[str, str]:
    number = dice.randrange(PEOPLE)
    return {
        "name": dice.choice(["Asha", "Binu", "Chandra", "Asha K", ""]),
        "phone": dice.choice(
            [dice.phone()] * 8 + ["", dice.contact(), f"{dice.phone()} / {dice.phone()}"],
        ),
        "pan": dice.choice([""] * 5 + [f"ABCXE{number:04d}F"]),
        "loan_id": dice.choice(
            [dice.loan()] * 10 + [f"L-{number}", f"0{number}", str(number), f"l{number}", "", "1E+11"]
        ),
        "amount": dice.choice(["0", "100", "1,23,456.00", "", "x"]),
        "due_date": dice.choice(["05/03/2026", "25/03/2026", "03/25/2026", ""]),
        "last_paid_date": dice.choice(["2026-03-03", "2026-03-05", ""]),
        "last_paid_amount": dice.choice(["500", "700"]),
        "emp_id": dice.choice(["E1", "E2", "", "E3"]),
        "employee": dice.choice(["Ravi", "Sita", "", "Mohan"]),
        "branch": dice.choice(["Hosa", "Kave", "", "hosa "]),
        "cluster": dice.choice(["N", "S", ""]),
        "branch_contact": dice.choice([""] * 12 + [dice.contact(), dice.phone()]),
        "role": dice.choice([""] * 8 + ["applicant", "co-applicant", "guarantor"]),
        "dnc": dice.choice(["", "", "", "yes", "no"]),
    }


def call_row(dice: Dice) -> dict[str, str]:
    is_named = dice.random() < 0.3
    return {
        "call_sid": dice.choice([f"c{dice.randrange(PEOPLE * 4)}"] * 12 + [""]),
        "from": dice.choice(["08047100123", "08047100001", dice.phone()]),
        "to": dice.choice([dice.phone()] * 5 + ["9000000000", "08047100001"]),
        "status": dice.choice(["completed", "busy", "ringing", "in-progress", "failed", "ready", "odd", "no-answer"]),
        "start_time": dice.choice([f"{dice.day()} 1{dice.randint(0, 9)}:00:00"] * 6 + [""]),
        "updated_at": dice.choice([f"{dice.day()} 20:00:00", ""]),
        "duration": dice.choice(["5", "50", ""]),
        "conversation_duration": dice.choice(["4", "40", ""]),
        "loan_id": dice.choice(["", "", dice.loan(), f"Z{dice.randrange(5)}"]),
        "triggered_by_batch": dice.choice(["book1.csv", "book2.csv", "BOOK3.csv"]) if is_named else "",
        "triggered_by_row": str(dice.randint(2, 9)) if is_named or dice.random() < 0.1 else "",
    }


def upload(dice: Dice, number: int, size: int) -> tuple[str, bytes, str]:
    """A file as (name, content, sent at): books that share names, logs, and now and then what is neither."""
    at = f"{dice.day()} 0{dice.randint(3, 9)}:{dice.randint(0, 59):02d}"
    if dice.random() < 0.55:
        return f"book{dice.randint(1, 4)}.csv", csv_bytes([loan_row(dice) for _ in range(size)]), at
    if dice.random() < 0.05:
        return f"odd{number}.csv", f"branch,target\nB,{number}\n".encode(), at
    return f"calls{number}.csv", csv_bytes([call_row(dice) for _ in range(size)]), at


def first_day(world: World, dice: Dice) -> list[tuple[str, bytes, str]]:
    """A few larger files, put; what was sent."""
    sent = [upload(dice, number, dice.randint(8, 25)) for number in range(dice.randint(3, 6))]
    for one in sent:
        world.put(*one)
    return sent


def next_day(world: World, dice: Dice, sent: list[tuple[str, bytes, str]]) -> str:
    """Something small happens: files early or late, a known file under a new name, a correction. What it was."""
    what = dice.choice(["a file"] * 5 + ["two files", "withdrawn", "brought back", "restated", "sent again"])
    _, sha256 = dice.choice(world.lake.named([]))
    if what in ("a file", "two files"):
        for _ in range(2 if what == "two files" else 1):
            sent.append(upload(dice, len(sent), dice.randint(1, 4)))
            world.put(*sent[-1])
    elif what == "sent again":
        content = dice.choice(sent)[1]
        world.put(f"book{dice.randint(1, 4)}.csv", content, f"{dice.day()} 0{dice.randint(3, 9)}:00")
    elif what == "restated":
        restate(
            world.home, world.settings, sha256, "x", datetime(2026, 3, dice.randint(1, 9), dice.randint(0, 9)), None
        )
    else:
        try:
            withdraw(world.home, world.settings, sha256, "x", undo=what == "brought back")
        except UsageError:  # there was nothing to bring back
            what = "nothing"
    return what
