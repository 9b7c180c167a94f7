"""Measure the main job on generated files: `python -m benchmarks.run [LOAN_ROWS CALL_ROWS]`, a million each by default.

In one run on one machine: the floor (DuckDB reading the same files, storing them as tables), then `loancalls run` as a
user would run it, again with nothing new, with the files of a day that state one loan and one call in a hundred, and in
a new home with the sample files, and the floor again. Prints wall and CPU seconds, peak memory, rows per second, the
ratio to the floors' mean, and seconds per table and step as Dagster recorded them.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.generate import generate, generate_day

WORK = Path(__file__).parent / "work"
SAMPLE = Path(__file__).parent.parent / "data" / "sample"

_FLOOR = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
for number, path in enumerate(sys.argv[2:]):
    con.execute(f"CREATE TABLE t{number} AS SELECT * FROM read_csv(?, all_varchar = true)", [path])
con.execute("CHECKPOINT")
"""


def measure(command: list[str], **environment: str) -> dict[str, float]:
    """Wall and CPU seconds and peak memory (MiB) of a command as a whole process. Raises when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} ended with status {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall_seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


def sizes() -> tuple[int, int]:
    """How many loan book rows and call log rows the command line asks for."""
    loan_rows, call_rows = (int(argument) for argument in (*sys.argv[1:3], "1000000", "1000000")[:2])
    return loan_rows, call_rows


def floor(files: list[str]) -> dict[str, float]:
    """What DuckDB takes to read the files and to store them as tables of text."""
    database = WORK / "floor.duckdb"
    database.unlink(missing_ok=True)
    return measure([sys.executable, "-c", _FLOOR, str(database), *files])


def mean(measured: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(one[name] for one in measured) / len(measured) for name in measured[0]}


def seconds_per_table(home: Path) -> dict[str, float]:
    """The latest seconds of each table and each other step, slowest first, from Dagster's own records."""
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    from dagster import DagsterEventType, DagsterInstance

    spent: dict[str, float] = {}
    with DagsterInstance.get() as instance:
        for run in instance.get_runs():
            for found in instance.get_run_step_stats(run.run_id):
                if found.start_time and found.end_time:
                    spent[f"step {found.step_key}"] = round(found.end_time - found.start_time, 1)
            for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
                if entry.asset_materialization and "seconds" in entry.asset_materialization.metadata:
                    seconds = entry.asset_materialization.metadata["seconds"].value
                    spent["/".join(entry.asset_materialization.asset_key.path)] = round(float(str(seconds)), 1)
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


def main() -> None:
    loan_rows, call_rows = sizes()
    shutil.rmtree(WORK, ignore_errors=True)
    files = [str(path) for path in generate(WORK / "files", loan_rows, call_rows)]
    floors = [floor(files)]
    home = WORK / "home"
    loancalls = str(Path(sys.executable).parent / "loancalls")
    ours = measure([loancalls, "run", *files], LOANCALLS_HOME=str(home))
    again = measure([loancalls, "run"], LOANCALLS_HOME=str(home))
    day = [str(path) for path in generate_day(WORK / "day", loan_rows, call_rows, 6)]
    a_day = measure([loancalls, "run", *day], LOANCALLS_HOME=str(home))
    sample = [str(path) for path in sorted(SAMPLE.glob("*.csv"))]
    tiny = measure([loancalls, "run", *sample], LOANCALLS_HOME=str(WORK / "tiny"))
    floors.append(floor(files))  # once before and once after: these machines do not keep their pace
    report = {
        "rows": {"loan_book": loan_rows, "call_log": call_rows, "files": len(files)},
        "file_mib": sum(Path(path).stat().st_size for path in files) >> 20,
        "floors": floors,
        "loancalls_run": ours,
        "nothing_new": again,
        "a_day_of_one_percent": a_day,
        "sample_files": tiny,
        "rows_per_wall_second": round((loan_rows + call_rows) / ours["wall_seconds"]),
        "cpu_ratio_to_floor": round(ours["cpu_seconds"] / mean(floors)["cpu_seconds"], 1),
        "lake_mib": sum(path.stat().st_size for path in (home / "lake").rglob("*") if path.is_file()) >> 20,
        "warehouse_mib": (home / "warehouse.duckdb").stat().st_size >> 20,
        "analytics_mib": (home / "analytics.duckdb").stat().st_size >> 20,
        "seconds": {name: spent for name, spent in seconds_per_table(home).items() if spent >= 1.0},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
