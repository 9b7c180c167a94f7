"""Measure what reading a file costs beside the floor: `python -m benchmarks.reading [--rows 1000000] [--runs 5]`.

The floor is DuckDB's read_csv, told the dialect, and one statement by hand that writes the Parquet that ingest writes.
Ours is told nothing: hash, reader, projection and every check, as ingest runs them. Both read the same loan book, each
in a process of its own, taking turns. What is compared is the processor time of both, after imports, and then what they
wrote, row by row. Four files: as it comes, with line breaks in cells, with lines that are no records, and with one
stray quote.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.generate import generate

WORK = Path(__file__).parent / "work" / "reading"
_THREADS = "LOANCALLS_THREADS"  # what ours goes by
_BROKEN = 100  # one record in so many has a cell with a line break

_FLOOR = """
COPY (
    SELECT
        CAST('{upload_id}' AS UUID) AS upload_id,
        CAST(row_number() OVER () AS INTEGER) AS line_number,
        CAST(to_json(loans) AS VARCHAR) AS raw_data,
        CAST(md5(to_json(loans)) AS UUID) AS row_fingerprint,
        CAST(NULL AS VARCHAR) AS problem,
        CAST(NULL AS UUID) AS entity_id,
        nullif("Customer Name", '') AS full_name,
        nullif("Mobile Number", '') AS phone,
        nullif("PAN", '') AS national_id,
        CAST(NULL AS VARCHAR) AS email,
        nullif("State", '') AS state,
        nullif("Loan Number", '') AS loan_id,
        nullif("Sanctioned Amount", '') AS principal_amount,
        nullif("Outstanding", '') AS outstanding_amount,
        nullif("EMI Amount", '') AS due_amount,
        nullif("Due Date", '') AS next_due_date,
        nullif("Last Payment Date", '') AS last_paid_date,
        nullif("Last Payment Amount", '') AS last_paid_amount,
        nullif("Cluster", '') AS cluster,
        nullif("Branch Name", '') AS branch,
        CAST(NULL AS VARCHAR) AS branch_contact_number,
        nullif("Employee Name", '') AS employee_name,
        nullif("Emp ID", '') AS employee_id,
        CAST(NULL AS VARCHAR) AS employee_contact_number,
        CAST(NULL AS VARCHAR) AS do_not_call
    FROM read_csv(
        '{path}', auto_detect = false, delim = ',', quote = '"', escape = '"', header = true, skip = {skip},
        null_padding = true, nullstr = 'no such cell', parallel = {parallel},
        columns = {{
            'Loan Number': 'VARCHAR', 'Customer Name': 'VARCHAR', 'Mobile Number': 'VARCHAR', 'PAN': 'VARCHAR',
            'State': 'VARCHAR', 'Sanctioned Amount': 'VARCHAR', 'Outstanding': 'VARCHAR', 'EMI Amount': 'VARCHAR',
            'Due Date': 'VARCHAR', 'Last Payment Date': 'VARCHAR', 'Last Payment Amount': 'VARCHAR',
            'Cluster': 'VARCHAR', 'Branch Name': 'VARCHAR', 'Employee Name': 'VARCHAR', 'Emp ID': 'VARCHAR'
        }}
    ) AS loans
    {where}
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""


@dataclass(frozen=True)
class Variant:
    """One file, and what the floor is told of it.

    `line` is the line of record `n` (from 1) of `rows`. The floor reads the file `floor_file`; `unlike` of its records
    differ from ours.
    """

    name: str
    line: str
    floor_file: str
    skip: int = 0
    parallel: bool = True
    where: str = ""
    unlike: int = 0


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("plain", "n + 1", "plain"),
        # DuckDB pads no short records in its parallel reader where cells have line breaks.
        Variant("line_breaks", f"n + 1 + (n - 1) // {_BROKEN}", "line_breaks", parallel=False),
        Variant(
            "other_lines",
            "n + 3 + CAST(n > rows // 2 AS INTEGER)",
            "other_lines",
            skip=2,
            where="WHERE starts_with(\"Loan Number\", 'LN')",
        ),
        # No floor: DuckDB alone does not read that file. It is held against the same file without the quote.
        Variant("stray_quote", "n + 1", "plain", unlike=1),
    )
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="how often each side reads each file")
    parser.add_argument("--threads", type=int, help="of DuckDB, on both sides; by default as many as there are cores")
    parser.add_argument("--files", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--call", help=argparse.SUPPRESS)  # what `_in_process` asks for
    asked = parser.parse_args()
    if asked.call:
        name, arguments = json.loads(asked.call)
        print(json.dumps(globals()[name](*arguments)))
        return
    if asked.threads:
        os.environ[_THREADS] = str(asked.threads)
    shutil.rmtree(WORK, ignore_errors=True)
    upload_ids = _in_process(make, asked.rows, asked.files)
    print(f"{asked.rows:,} records, {asked.runs} runs; seconds of processor time as median (least-most)\n")
    print("| file | path | floor s | ours s | ratio | wall ratio | floor MiB | ours MiB | unlike rows |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    wrong = []
    for name in asked.files:
        floor, ours = [], []
        for _ in range(asked.runs):
            floor.append(_in_process(measure, "floor", name, upload_ids[name]))
            ours.append(_in_process(measure, "ours", name, upload_ids[name]))
        unlike = _in_process(compare, name, asked.rows)
        if unlike > VARIANTS[name].unlike:
            wrong.append(name)
        print(_line(name, floor, ours, unlike), flush=True)
    if wrong:
        raise SystemExit(f"What was written differs from the floor: {', '.join(wrong)}.")


def make(rows: int, names: list[str]) -> dict[str, str]:
    """Write the files; gives the id of each as an upload."""
    from orchestration.store.hashing import hash_file
    from orchestration.store.lake import upload_id_of

    generate(WORK, rows, 0, days=1)[0].rename(_file("plain"))
    for name in names:
        if name != "plain":
            with _file("plain").open(encoding="utf-8") as source, _file(name).open("w", encoding="utf-8") as out:
                out.writelines(_varied(name, source, rows))
    return {name: upload_id_of(hash_file(_file(name))) for name in names}


def measure(side: str, name: str, upload_id: str) -> dict[str, float | str]:
    """Read a file as one side does, and what it took. What is imported for it is not counted."""
    read = _floor if side == "floor" else _ours()
    target = _written(name, side)
    before, started = _processor_seconds(), time.perf_counter()
    path = read(VARIANTS[name], upload_id, target)
    return {
        "cpu": _processor_seconds() - before,
        "wall": time.perf_counter() - started,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "path": path,
    }


def compare(name: str, rows: int) -> int:
    """How many rows one side has and the other has not, the larger of both ways."""
    line = VARIANTS[name].line.replace("rows", str(rows))
    numbered = "SELECT *, CAST(line_number AS BIGINT) AS n FROM floor"
    sides = f"SELECT * EXCLUDE (n) REPLACE (CAST({line} AS INTEGER) AS line_number) FROM ({numbered})", "FROM ours"
    with duckdb.connect(config={"temp_directory": str(WORK / "spill")}) as con:
        for side in ("floor", "ours"):
            con.read_parquet(str(_written(name, side))).create_view(side)
        found = [con.sql(side) for side in sides]
        if found[0].columns != found[1].columns or found[0].dtypes != found[1].dtypes:
            return rows
        return max(
            con.sql(f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))").fetchone()[0]
            for one, other in (sides, sides[::-1])
        )


def _floor(variant: Variant, upload_id: str, target: Path) -> str:
    parallel, path = str(variant.parallel).lower(), _file(variant.floor_file)
    statement = _FLOOR.format(
        upload_id=upload_id, path=path, skip=variant.skip, parallel=parallel, where=variant.where, target=target
    )
    with duckdb.connect(config={"threads": int(os.environ[_THREADS])} if os.environ.get(_THREADS) else {}) as con:
        con.execute(statement)
    return "floor"


def _ours() -> Callable[[Variant, str, Path], str]:
    """What ingest runs for one file, but for keeping the original and looking at phones."""
    from models.headers import kind_of
    from orchestration.ingest.store import _row_projection
    from orchestration.reader import read_file
    from orchestration.settings import load_settings
    from orchestration.store.connection import connect
    from orchestration.store.hashing import hash_file
    from orchestration.store.home import Home
    from orchestration.store.lake import upload_id_of

    home, settings = Home(WORK / "home").prepare(), load_settings()

    def read(variant: Variant, _: str, target: Path) -> str:
        staged = WORK / "staging" / "upload"
        shutil.rmtree(staged.parent, ignore_errors=True)
        staged.parent.mkdir()
        os.link(_file(variant.name), staged)
        upload_id = upload_id_of(hash_file(staged))
        con = connect(":memory:", home, settings)
        reading = read_file(staged, staged.parent)
        kind, _missing = kind_of(reading.header)
        reading = reading.write(con, *_row_projection(reading, kind, upload_id), target)
        con.close()
        return reading.speed

    return read


def _varied(name: str, lines: Iterator[str], rows: int) -> Iterator[str]:
    """The lines of the plain file, header first, as the variant has them."""
    header = next(lines)
    if name == "other_lines":
        yield "Loan book of the southern branches as of 5 March 2026\n\n"
    yield header
    for number, line in enumerate(lines, start=1):
        loan, customer, rest = line.split(",", 2)
        if name == "line_breaks" and number % _BROKEN == 0:
            line = f'{loan},"{customer}\nand family",{rest}'
        if name == "stray_quote" and number == rows // 2:
            line = f'{loan},"{customer},{rest}'
        yield line
        if name == "other_lines" and number == rows // 2:
            yield "\n"
    if name == "other_lines":
        yield f'Grand Total,,,,,"{rows:,}.00",,,,,,,,,\n\nMade by the branch office and not audited\n'


def _in_process(function: Callable, *arguments: object) -> object:
    """Call a function of this module in a process of its own, so that each starts with the same memory."""
    command = [sys.executable, "-m", "benchmarks.reading", "--call", json.dumps([function.__name__, arguments])]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def _processor_seconds() -> float:
    """User and system time of this process, all its threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _line(name: str, floor: list[dict], ours: list[dict], unlike: int) -> str:
    """A variant's figures as a line of the table. The range of the ratio is that of runs one after the other."""

    def of(key: str, runs: list[dict]) -> float:
        return median(run[key] for run in runs)

    def spread(values: list[float], middle: float) -> str:
        return f"{middle:.2f} ({min(values):.2f}-{max(values):.2f})"

    ratios = [one["cpu"] / other["cpu"] for one, other in zip(ours, floor, strict=True)]
    cells = [
        *(name, ours[0]["path"]),
        *(spread([run["cpu"] for run in runs], of("cpu", runs)) for runs in (floor, ours)),
        spread(ratios, of("cpu", ours) / of("cpu", floor)),
        f"{of('wall', ours) / of('wall', floor):.2f}",
        *(f"{of('mib', runs):.0f}" for runs in (floor, ours)),
        f"{unlike:,}",
    ]
    return f"| {' | '.join(cells)} |"


def _file(name: str) -> Path:
    return WORK / f"{name}.csv"


def _written(name: str, side: str) -> Path:
    return WORK / f"{name}.{side}.parquet"


if __name__ == "__main__":
    main()
