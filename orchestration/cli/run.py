"""A run from the command line: the same jobs that the UI has, executed in this process under one lock."""

import os
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestration.errors import LoancallsError
from orchestration.ingest.inbox import Inbox, known_key, partition_keys
from orchestration.settings import Settings
from orchestration.store.home import Home
from orchestration.store.lake import Lake

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Progress:
    """What a watcher is told: how many steps a phase has, and each step as it ends."""

    phase: Callable[[str, int], None] = lambda name, steps: None
    step: Callable[[str], None] = lambda name: None
    say: Callable[[str], None] = lambda sentence: None


@dataclass
class RunReport:
    """What a run did. `failures` are sentences; empty when the result was published."""

    read: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def run(
    home: Home,
    settings: Settings,
    files: list[Path],
    full: bool = False,
    uploaded_by: str | None = None,
    uploaded_at: datetime | None = None,
    progress: Progress | None = None,
    reread: list[str] | None = None,
) -> RunReport:
    """Take `files` into the inbox, read what is new there, build everything after raw, check and publish.

    With `full`, the working database is made anew from the lake. `reread` names uploads (file names, or the first
    digits of their sha256; none for all) whose original bytes are read again. Raises UsageError for one not there,
    LoancallsError for files that cannot be taken; whatever fails later is in the report, and leaves the published
    database as it was.
    """
    progress = progress or Progress()
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    waiting = f"Another run holds {home.root}; waiting until it has ended."
    with home.lock(lambda: progress.say(waiting)):
        inbox = Inbox(home, settings.utc_offset_minutes)
        for path in files:
            inbox.take(path, uploaded_by, uploaded_at)
        report = RunReport()
        again = [] if reread is None else Lake(home).named(reread)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _ingest(home, inbox, report, progress, again)
            if report.failures:
                return report
            if full:
                home.warehouse.unlink(missing_ok=True)
                Path(f"{home.warehouse}.wal").unlink(missing_ok=True)
            _build(report, progress)
        return report


def _ingest(home: Home, inbox: Inbox, report: RunReport, progress: Progress, again: list[tuple[str, str]]) -> None:
    from dagster import DagsterInstance

    from orchestration.defs.assets import UPLOADS
    from orchestration.defs.sensors import RANGE_END, RANGE_START, contiguous

    lake = Lake(home)
    inbox.clear(lake)
    inbox.gather(lake)
    files = inbox.pending(lake)
    if not files and not again:
        return
    with DagsterInstance.get() as instance:
        known = instance.get_dynamic_partitions(UPLOADS.name)
        keys = partition_keys(files, known)
        keys = list(dict.fromkeys([*keys, *(known_key(filename, sha256, known) for filename, sha256 in again)]))
        new = [key for key in keys if key not in known]
        instance.add_dynamic_partitions(UPLOADS.name, new)
        ranges = contiguous(keys, [*known, *new])
    progress.phase("Reading", len(keys))
    for first, last in ranges:
        _execute("ingest", report, progress, {RANGE_START: first, RANGE_END: last})
    report.read = keys


def _build(report: RunReport, progress: Progress) -> None:
    from orchestration.definitions import defs

    job = defs.resolve_job_def("build")
    progress.phase("Building", len(job.nodes))
    _execute("build", report, progress, {})


def _execute(name: str, report: RunReport, progress: Progress, tags: dict[str, str]) -> None:
    from dagster import DagsterEventType, DagsterInstance

    from orchestration.definitions import defs

    failed_checks: list[str] = []
    failed_steps: list[str] = []

    def watch(entry: object) -> None:
        event = getattr(entry, "dagster_event", None)
        if event is None:
            if name == "ingest":  # one line of the step's own log for each upload that has been read
                progress.step(getattr(entry, "user_message", "").split(": ")[0])
        elif event.event_type == DagsterEventType.STEP_SUCCESS and name != "ingest":
            progress.step(event.step_key or "")
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                failed_checks.append(evaluation.description or evaluation.check_name)
        elif event.event_type == DagsterEventType.STEP_FAILURE:
            failed_steps.append(_sentence(event.step_failure_data.error, event.step_key))

    with DagsterInstance.get() as instance:
        run_id = str(uuid.uuid4())
        instance.add_event_listener(run_id, watch)
        result = defs.resolve_job_def(name).execute_in_process(
            instance=instance, run_id=run_id, run_config=_QUIET, tags=tags, raise_on_error=False
        )
    if not result.success:
        report.failures += failed_checks or failed_steps or [f"The {name} job failed; see its log in `loancalls ui`."]


def _sentence(error: object, step: str) -> str:
    """What went wrong in a step: our own sentence when it is one of our errors, else the step and its error."""
    while error.cause is not None:
        error = error.cause
    message = error.message.strip()
    ours = [name for name in _error_names() if error.cls_name == name]
    if ours:
        return message.split(": ", 1)[1] if message.split(": ", 1)[0].endswith(ours[0]) else message
    return f"Step {step} failed: {message}"


def _error_names() -> list[str]:
    names, todo = [], [LoancallsError]
    while todo:
        known = todo.pop()
        names.append(known.__name__)
        todo += known.__subclasses__()
    return names
