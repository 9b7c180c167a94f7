"""Loan books and call logs of any size, the same for the same arguments. Invented people, numbers and branches."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = datetime(2026, 3, 1, 8)

_LOANS = """
COPY (
    SELECT
        'LN' || lpad(loan::VARCHAR, 8, '0') AS "Loan Number",
        'Borrower ' || (loan * 7919 % 100003) AS "Customer Name",
        CASE loan % 4
            WHEN 0 THEN '9' || lpad((loan // 3 * 104729 % 1000000000)::VARCHAR, 9, '0')
            WHEN 1 THEN '+91 9' || lpad((loan // 3 * 104729 % 1000000000)::VARCHAR, 9, '0')
            WHEN 2 THEN '09' || lpad((loan // 3 * 104729 % 1000000000)::VARCHAR, 9, '0')
            ELSE '9' || substr(lpad((loan // 3 * 104729 % 1000000000)::VARCHAR, 9, '0'), 1, 4) || ' '
                || substr(lpad((loan // 3 * 104729 % 1000000000)::VARCHAR, 9, '0'), 5)
        END AS "Mobile Number",
        CASE WHEN loan % 3 > 0 THEN
            'ABCXE' || lpad((loan // 3 % 10000)::VARCHAR, 4, '0') || chr(65 + (loan // 30000 % 26)::INT)
        END AS "PAN",
        'Karnataka' AS "State",
        format('{{:,}}', 20000 + loan * 31 % 400000) || '.00' AS "Sanctioned Amount",
        (greatest(0, 15000 + loan * 17 % 90000 - {day} * 1000))::VARCHAR || '.50' AS "Outstanding",
        (1000 + loan % 9000)::VARCHAR AS "EMI Amount",
        strftime(DATE '2026-03-05' + (loan % 28)::INT, '%d/%m/%Y') AS "Due Date",
        CASE WHEN loan % 5 = {day} % 5 THEN strftime(DATE '2026-03-01' + {day}, '%d-%b-%Y') END AS "Last Payment Date",
        CASE WHEN loan % 5 = {day} % 5 THEN (1000 + loan % 9000)::VARCHAR END AS "Last Payment Amount",
        'Cluster ' || (loan % 12) AS "Cluster",
        'Branch ' || (loan % 240) AS "Branch Name",
        'Employee ' || (loan % 2400) AS "Employee Name",
        'E' || lpad((loan % 2400)::VARCHAR, 5, '0') AS "Emp ID"
    FROM (SELECT range AS loan FROM range({first}, {last}))
) TO '{path}' (HEADER, DELIMITER ',')
"""

_CALLS = """
COPY (
    SELECT
        md5('call' || call) AS "CallSid",
        strftime(TIMESTAMP '2026-03-0{date} 09:00:00' + to_seconds(call % 36000), '%Y-%m-%d %H:%M:%S') AS "DateCreated",
        '08047100' || lpad((call % 100)::VARCHAR, 3, '0') AS "From",
        '09' || lpad((call * 13 % {loans} // 3 * 104729 % 1000000000)::VARCHAR, 9, '0') AS "To",
        'outbound-api' AS "Direction",
        CASE call % 5 WHEN 2 THEN 'no-answer' WHEN 3 THEN 'busy' WHEN 4 THEN 'failed' ELSE 'completed' END AS "Status",
        strftime(TIMESTAMP '2026-03-0{date} 09:00:00' + to_seconds(call % 36000), '%Y-%m-%d %H:%M:%S') AS "StartTime",
        strftime(TIMESTAMP '2026-03-0{date} 09:01:00' + to_seconds(call % 36000), '%Y-%m-%d %H:%M:%S') AS "EndTime",
        (10 + call % 170)::VARCHAR AS "Duration",
        CASE WHEN call % 5 < 2 THEN (call % 150)::VARCHAR END AS "ConversationDuration",
        '0.' || (call % 90 + 10) AS "Price",
        CASE WHEN call % 2 = 0 THEN 'LN' || lpad((call * 13 % {loans})::VARCHAR, 8, '0') END AS "CustomField"
    FROM (SELECT range AS call FROM range({first}, {last}))
) TO '{path}' (HEADER, DELIMITER ',')
"""


def generate(folder: Path, loan_rows: int, call_rows: int, days: int = 5) -> list[Path]:
    """Write `days` loan books of the same loans and `days` call logs, with `loan_rows` and `call_rows` in all."""
    folder.mkdir(parents=True, exist_ok=True)
    loans, calls = loan_rows // days, call_rows // days
    manifest = ["filename,uploaded_by,uploaded_at"]
    paths = []
    with duckdb.connect() as con:
        for day in range(days):
            book, log = folder / f"loans_{day + 1}.csv", folder / f"calls_{day + 1}.csv"
            con.execute(_LOANS.format(path=book, day=day, first=0, last=loans))
            con.execute(_CALLS.format(path=log, date=day + 1, loans=loans, first=day * calls, last=(day + 1) * calls))
            manifest += [
                f"{book.name},bench,2026-03-0{day + 1}T08:00:00",
                f"{log.name},bench,2026-03-0{day + 1}T21:00:00",
            ]
            paths += [book, log]
    (folder / "manifest.csv").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    return paths


def generate_books(folder: Path, loans: int, days: range) -> list[Path]:
    """Write a book of all loans for each of the days, of which `generate` has written 0 to 4."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest, paths = ["filename,uploaded_by,uploaded_at"], []
    with duckdb.connect() as con:
        for day in days:
            paths.append(folder / f"loans_{day + 1}.csv")
            con.execute(_LOANS.format(path=paths[-1], day=day, first=0, last=loans))
            manifest.append(f"{paths[-1].name},bench,{(FIRST_DAY + timedelta(days=day)).isoformat()}")
    (folder / "manifest.csv").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    return paths


def generate_day(
    folder: Path, loan_rows: int, call_rows: int, date: int, share: float = 0.01, days: int = 5
) -> list[Path]:
    """Write one more day for the files of `generate`: a book of a share of their loans, a log of calls to these."""
    folder.mkdir(parents=True, exist_ok=True)
    all_loans = loan_rows // days
    loans, calls = int(all_loans * share), int(call_rows * share)
    book, log = folder / f"loans_day_{date}.csv", folder / f"calls_day_{date}.csv"
    first = (date * loans) % (all_loans - loans)
    with duckdb.connect() as con:
        con.execute(_LOANS.format(path=book, day=date, first=first, last=first + loans))
        day = _CALLS.replace("call * 13 % {loans}", "({first_loan} + call * 13 % {loans})")
        number = call_rows + date * calls
        con.execute(day.format(path=log, date=date, loans=loans, first_loan=first, first=number, last=number + calls))
    lines = [f"{book.name},bench,2026-03-0{date}T08:00:00", f"{log.name},bench,2026-03-0{date}T21:00:00"]
    (folder / "manifest.csv").write_text(
        "\n".join(["filename,uploaded_by,uploaded_at", *lines]) + "\n", encoding="utf-8"
    )
    return [book, log]
