"""Measure what a script waits for when it writes through a session.

`python -m benchmarks.sessions [HOME] [--rounds N]`; a copy of HOME is written to, or a new home where none is named. A
round makes a customer with a loan, a call and a status of it in one transaction (four functions, six statements that
write); a callback is a transaction that finds a call, updates its status and commits. Prints medians, milliseconds.
"""

import argparse
import json
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.run import WORK


def milliseconds(rounds: int, work: Callable[[int], object]) -> float:
    spent = []
    for number in range(rounds):
        started = time.perf_counter()
        work(number)
        spent.append(time.perf_counter() - started)
    return round(statistics.median(spent) * 1000, 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sessions")
    parser.add_argument("home", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    home = WORK / "sessions"
    shutil.rmtree(home, ignore_errors=True)
    if options.home:
        shutil.copytree(options.home, home, ignore=shutil.ignore_patterns("warehouse.duckdb", "analytics.duckdb"))
    os.environ["LOANCALLS_HOME"] = str(home)
    from database import schemas as api

    def write(number: int) -> None:
        customer = api.create_customer(session, {"full_name": "Asha", "primary_phone": f"+91700000{number:04}"})
        loan = api.create_loan(session, {"customer_id": customer.id, "loan_id": f"bench {number}"})
        call = {"call_sid": f"bench {number}", "customer_id": customer.id, "loan_id": loan.id}
        api.create_call_session(session, call)
        api.update_call_status(session, f"bench {number}", "ringing")

    def call_back(number: int) -> None:
        with api.get_session() as session:
            api.update_call_status(session, f"bench {number}", "completed")
            session.commit()

    with api.get_session() as session:
        calls = session.query(api.CallSession).count()
        report = {"calls": calls, "round_ms": milliseconds(options.rounds, write)}
        report["commit_ms"] = milliseconds(1, lambda number: session.commit())
    report["callback_ms"] = milliseconds(options.rounds, call_back)
    print(json.dumps(report))
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
