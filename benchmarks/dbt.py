"""Measure loancalls beside dbt: `python -m benchmarks.dbt [LOAN_ROWS CALL_ROWS]`, a million each by default.

`benchmarks/dbt_project` makes the same core tables of the same generated files with dbt-duckdb, as a team would write
them: text read by read_csv, cast, customers, loans and their history, calls attributed, marts, and tests of keys. It is
installed into an environment of its own, with the versions of `dbt_requirements.lock`. In one run on one machine: the
floor of `benchmarks.run`, `dbt build`, `loancalls run`, both again with the files of one more day, and the floor again.
Raises where the two do not say the same. Prints wall and CPU seconds, peak memory, rows per second and ratios.
"""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import duckdb

from benchmarks.generate import generate, generate_day
from benchmarks.run import WORK, floor, mean, measure, sizes
from models.quoting import literal

_PROJECT = Path(__file__).parent / "dbt_project"
_LOCK = Path(__file__).parent / "dbt_requirements.lock"

# What both must answer alike. Ids are each one's own, and published phones are masked.
_SAME = {
    "customers": "SELECT count(*) FROM customers",
    "loans of a customer": "SELECT list(loan_id ORDER BY loan_id) FROM loans GROUP BY customer_id",
    "loans": """
        SELECT loan_id, principal_amount, outstanding_amount, due_amount, next_due_date, last_paid_date,
            last_paid_amount, status, cluster, branch, employee_name, employee_id
        FROM loans
    """,
    "snapshots": "SELECT loan_id, valid_from, valid_to, outstanding_amount, last_paid_date FROM loan_snapshots",
    "calls": """
        SELECT calls.call_sid, calls.status, calls.attribution, calls.initiated_at, calls.ended_at,
            calls.duration_seconds, calls.conversation_seconds, calls.price, loans.loan_id
        FROM call_sessions AS calls
        LEFT JOIN loans ON loans.id = calls.loan_id
    """,
    "status updates": """
        SELECT calls.call_sid, updates.sequence, updates.status
        FROM call_status_updates AS updates
        JOIN call_sessions AS calls ON calls.id = updates.call_session_id
    """,
    "calls of a loan": """
        SELECT loan_id, attempts, completed, disconnected, failed, contacts, talk_seconds,
            round(success_rate_low, 4), first_call_at, last_call_at
        FROM loan_call_success
    """,
    "employees": """
        SELECT employee, loans, attempts, completed, round(shrunk_rate, 9), payments, recovered_amount
        FROM employee_performance
    """,
    "branches": """
        SELECT cluster, branch, loans, attempts, completed, round(shrunk_rate, 9), payments, recovered_amount
        FROM branch_performance
    """,
    "uploads": "SELECT filename, uploaded_at, total_records, used_in_part, calls, completed FROM upload_quality",
}


def dbt() -> str:
    """The dbt of an environment that has the locked versions and nothing else."""
    folder = WORK / "dbt_venv"
    stamp = folder / "installed"
    lock = _LOCK.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "pip"), "-qq", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_LOCK)], check=True)
        stamp.write_text(lock, encoding="utf-8")
    return str(folder / "bin" / "dbt")


def compare(ours: Path, theirs: Path) -> None:
    """Raise where the two databases do not have the same rows."""
    with duckdb.connect() as con:
        for name, path in (("ours", ours), ("theirs", theirs)):
            con.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
        for what, query in _SAME.items():
            for name in ("ours", "theirs"):
                con.execute(f"USE {name}")
                con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_rows AS {query}")
            ours_only = con.execute("FROM ours_rows EXCEPT ALL FROM theirs_rows LIMIT 3").fetchall()
            theirs_only = con.execute("FROM theirs_rows EXCEPT ALL FROM ours_rows LIMIT 3").fetchall()
            if ours_only or theirs_only:
                raise SystemExit(f"{what}: loancalls says {ours_only}, dbt says {theirs_only}")


def main() -> None:
    loan_rows, call_rows = sizes()
    work = WORK / "dbt"
    shutil.rmtree(work, ignore_errors=True)
    inbox, home, database = work / "inbox", work / "home", work / "dbt.duckdb"
    build = [dbt(), "build", "--project-dir", str(_PROJECT), "--profiles-dir", str(_PROJECT)]
    settings = {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_INBOX": str(inbox),
        "DBT_DATABASE": str(database),
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "logs"),
    }
    run = [str(Path(sys.executable).parent / "loancalls"), "run"]
    files = [str(path) for path in generate(inbox / "first", loan_rows, call_rows)]
    floors = [floor(files)]
    built = measure(build, **settings)
    ours = measure([*run, *files], LOANCALLS_HOME=str(home))
    compare(home / "analytics.duckdb", database)
    day = [str(path) for path in generate_day(inbox / "day", loan_rows, call_rows, 6)]
    built_day = measure(build, **settings)
    our_day = measure([*run, *day], LOANCALLS_HOME=str(home))
    compare(home / "analytics.duckdb", database)
    floors.append(floor(files))
    floor_seconds = mean(floors)["cpu_seconds"]

    def ratio(part: float, whole: float) -> float:
        return round(part / whole, 2)

    report = {
        "rows": {"loan_book": loan_rows, "call_log": call_rows, "files": len(files)},
        "floors": floors,
        "dbt_build": built,
        "loancalls_run": ours,
        "dbt_build_with_one_more_day": built_day,
        "loancalls_run_with_one_more_day": our_day,
        "rows_per_wall_second": {
            "dbt": round((loan_rows + call_rows) / built["wall_seconds"]),
            "loancalls": round((loan_rows + call_rows) / ours["wall_seconds"]),
        },
        "cpu_ratios": {
            "dbt_to_floor": ratio(built["cpu_seconds"], floor_seconds),
            "loancalls_to_floor": ratio(ours["cpu_seconds"], floor_seconds),
            "loancalls_to_dbt": ratio(ours["cpu_seconds"], built["cpu_seconds"]),
            "loancalls_to_dbt_with_one_more_day": ratio(our_day["cpu_seconds"], built_day["cpu_seconds"]),
        },
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
