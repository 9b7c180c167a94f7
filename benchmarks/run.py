"""Measure the main job on generated files: `python -m benchmarks.run [LOAN_ROWS CALL_ROWS]`, a million each by default.

In one run on one machine: the floor (DuckDB reading the same files, storing them as tables), then `loancalls run` as a
user would run it. Prints wall and CPU seconds, peak memory, rows per second, the ratio to the floor, and seconds per
step as Dagster recorded them.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.generate import generate

WORK = Path(__file__).parent / "work"

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


def seconds_per_step(home: Path) -> dict[str, float]:
    """The steps of the latest run of each job, slowest first, from Dagster's own records."""
    os.environ["DAGSTER_HOME"] = str(home / "dagster")
    from dagster import DagsterInstance

    steps = {}
    with DagsterInstance.get() as instance:
        for run in instance.get_runs():
            for found in instance.get_run_step_stats(run.run_id):
                if found.start_time and found.end_time:
                    steps[found.step_key] = round(found.end_time - found.start_time, 1)
    return dict(sorted(steps.items(), key=lambda step: -step[1]))


def main() -> None:
    loan_rows, call_rows = (int(argument) for argument in (*sys.argv[1:3], "1000000", "1000000")[:2])
    shutil.rmtree(WORK, ignore_errors=True)
    files = [str(path) for path in generate(WORK / "files", loan_rows, call_rows)]
    floor = measure([sys.executable, "-c", _FLOOR, str(WORK / "floor.duckdb"), *files])
    home = WORK / "home"
    ours = measure([str(Path(sys.executable).parent / "loancalls"), "run", *files], LOANCALLS_HOME=str(home))
    report = {
        "rows": {"loan_book": loan_rows, "call_log": call_rows, "files": len(files)},
        "file_mib": sum(Path(path).stat().st_size for path in files) >> 20,
        "floor": floor,
        "loancalls_run": ours,
        "rows_per_wall_second": round((loan_rows + call_rows) / ours["wall_seconds"]),
        "cpu_ratio_to_floor": round(ours["cpu_seconds"] / floor["cpu_seconds"], 1),
        "lake_mib": sum(path.stat().st_size for path in (home / "lake").rglob("*") if path.is_file()) >> 20,
        "warehouse_mib": (home / "warehouse.duckdb").stat().st_size >> 20,
        "analytics_mib": (home / "analytics.duckdb").stat().st_size >> 20,
        "seconds_per_step": {step: spent for step, spent in seconds_per_step(home).items() if spent >= 1.0},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
