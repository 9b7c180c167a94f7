"""Measure `loancalls import` on a generated PostgreSQL database of the earlier system, latest generation.

`python -m benchmarks.importing [--customers N] [--loans N] [--calls N] [--updates N] [--rows N]`; 100,000 customers,
200,000 loans, a million calls, three million status updates and 20,000 upload rows by default. Starts a server of its
own, as the tests do, makes the database in SQL, reads it into record files only, and then imports it as a user would.
Prints wall and CPU seconds and peak memory of both (the server's are not in them), and seconds per step as Dagster
recorded them.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

import psycopg
import sqlalchemy as sa

from benchmarks.run import WORK, measure, seconds_per_table
from tests.earlier.generations import tables_of
from tests.earlier.postgres import cluster, why_not

_FILL = {
    "customers": """
        INSERT INTO customers (id, fingerprint, full_name, primary_phone, national_id, state, status, call_status,
            first_uploaded_at, do_not_call, created_at, updated_at)
        SELECT md5('customer' || n)::uuid, n || '_' || md5(n::text), 'Borrower ' || n, (6000000000 + n * 37)::text,
            CASE WHEN n % 3 > 0 THEN 'ABCDE' || lpad(n::text, 6, '0') || 'F' END, 'Karnataka', 'not_initiated',
            'not_initiated', at, n % 50 = 0, at, at
        FROM (SELECT n, timestamp '2025-06-01' + n * interval '1 second' AS at FROM generate_series(1, {customers}) n)
            AS numbers
    """,
    "loans": """
        INSERT INTO loans (id, customer_id, loan_id, principal_amount, outstanding_amount, due_amount, next_due_date,
            status, cluster, branch, employee_name, employee_id, created_at, updated_at)
        SELECT md5('loan' || n)::uuid, md5('customer' || (n % {customers} + 1))::uuid, 'LN' || lpad(n::text, 8, '0'),
            n % 90000 + 10000.5, n % 50000, n % 5000, date '2025-12-01' + (n % 60)::int, 'active', 'C' || n % 10,
            'Branch ' || n % 200, 'Employee ' || n % 900, 'E' || n % 900, at, at
        FROM (SELECT n, timestamp '2025-06-03' + n * interval '1 second' AS at FROM generate_series(1, {loans}) n)
            AS numbers
    """,
    "file_uploads": """
        INSERT INTO file_uploads (id, filename, uploaded_by, uploaded_at, total_records, processed_records,
            success_records, failed_records, status)
        SELECT md5('upload' || n)::uuid, 'book' || n || '.csv', 'branch', timestamp '2025-06-01' + n * interval '1 day',
            1000, 1000, 1000, 0, 'completed'
        FROM generate_series(0, 19) n
    """,
    "upload_rows": """
        INSERT INTO upload_rows (id, file_upload_id, line_number, raw_data, loan_id_text, row_fingerprint,
            match_loan_id, match_customer_id, status)
        SELECT md5('row' || n)::uuid, md5('upload' || n % 20)::uuid, n / 20 + 2,
            json_build_object('loan_id', 'LN' || n, 'name', 'Borrower ' || n), 'LN' || lpad(n::text, 8, '0'),
            md5('print' || n), md5('loan' || n)::uuid, md5('customer' || (n % {customers} + 1))::uuid, 'matched'
        FROM generate_series(1, {rows}) n
    """,
    "call_sessions": """
        INSERT INTO call_sessions (id, call_sid, loan_id, customer_id, initiated_at, status, duration_seconds,
            from_number, to_number, triggered_by_row, call_metadata, created_at, updated_at)
        SELECT md5('call' || n)::uuid, md5('sid' || n), md5('loan' || (n % {loans} + 1))::uuid,
            md5('customer' || ((n % {loans} + 1) % {customers} + 1))::uuid, at,
            (ARRAY['call_completed', 'not_picked', 'failed', 'initiated'])[n % 4 + 1],
            CASE WHEN n % 4 = 0 THEN n % 300 END, '08047112233',
            (6000000000 + ((n % {loans} + 1) % {customers} + 1) * 37)::text,
            CASE WHEN n <= {rows} THEN md5('row' || n)::uuid END,
            json_build_object('call_direction', 'outbound', 'intent_detected', 'promise', 'n', n), at, at
        FROM (SELECT n, timestamp '2025-07-01' + n * interval '7 seconds' AS at FROM generate_series(1, {calls}) n)
            AS numbers
    """,
    "call_status_updates": """
        INSERT INTO call_status_updates (id, call_session_id, status, message, timestamp, extra_data)
        SELECT md5('update' || n)::uuid, md5('call' || (n % {calls} + 1))::uuid,
            (ARRAY['initiated', 'in_progress', 'call_completed'])[n / {calls} % 3 + 1], NULL,
            timestamp '2025-07-01' + ((n % {calls} + 1) * 7 + n / {calls} * 20) * interval '1 second',
            '{{"by": "exotel"}}'
        FROM generate_series(0, {updates} - 1) n
    """,
}


def make(address: str, sizes: dict[str, int]) -> None:
    """Make a database of the latest generation, of these sizes."""
    engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    tables_of("current").create_all(engine)
    engine.dispose()
    with psycopg.connect(address) as connection:
        connection.execute("SET session_replication_role = replica")  # references hold; checking each takes long
        for sql in _FILL.values():
            connection.execute(sql.format(**sizes))
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")


_READ = """
import sys
from pathlib import Path
from orchestration.store.home import Home
from orchestration.earlier.import_database import import_database
import_database(Home(Path(sys.argv[1])).prepare(), sys.argv[2])
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing")
    defaults = {"customers": 100_000, "loans": 200_000, "calls": 1_000_000, "updates": 3_000_000, "rows": 20_000}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    sizes = vars(parser.parse_args())
    if reason := why_not():
        raise SystemExit(f"{reason}; install Debian's package postgresql.")
    work, home = WORK / "importing", WORK / "importing" / "home"
    shutil.rmtree(work, ignore_errors=True)
    with cluster() as server:
        address = server.database("bench")
        started = time.perf_counter()
        make(address, sizes)
        print(f"The database was made in {time.perf_counter() - started:.0f} s.", file=sys.stderr)
        read = measure([sys.executable, "-c", _READ, str(work / "read"), address])
        shutil.rmtree(work / "read")
        ours = measure([str(Path(sys.executable).parent / "loancalls"), "import", address], LOANCALLS_HOME=str(home))
    steps = {step: spent for step, spent in seconds_per_table(home).items() if spent >= 1.0}
    report = {"rows": sizes, "read_into_record_files": read, "loancalls_import": ours, "seconds_per_table": steps}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
