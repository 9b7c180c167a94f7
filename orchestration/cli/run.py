"""A run from the command line: the same jobs that the UI has, executed in this process under one lock.

Dagster takes a second or two to import, so it is imported when there is something to do.
"""

import os
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.errors import LoancallsError
from orchestration.ingest.corrections import Corrected
from orchestration.ingest.inbox import Inbox, InboxFile, known_key, partition_keys
from orchestration.progress import Progress
from orchestration.settings import Settings
from orchestration.store.atomic import remove_database
from orchestration.store.connection import connect
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.warehouse.fingerprints import is_up_to_date
from orchestration.warehouse.transforms import load_transforms

if TYPE_CHECKING:
    import dagster as dg

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# As Dagster's own server names what it loads: so the UI knows a run of ours for one of its jobs.
DEFINITIONS = "orchestration.definitions"


@dataclass
class RunReport:
    """What a run did. `failures` are sentences; empty when all went well, whether or not anything was new."""

    read: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_unchanged: bool = False
    is_published: bool = False


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

    Where nothing is new since the last publishing (no upload, record, SQL or setting), nothing is done. With `full`,
    the working database is made anew from the lake. `reread` names uploads (file names, or the first digits of their
    sha256; none for all) whose original bytes are read again. Raises UsageError for one not there, LoancallsError for
    files that cannot be taken; whatever fails later is in the report, and leaves the published database as it was.
    """
    progress = progress or Progress()
    with home.lock(progress.say):
        inbox, lake = Inbox(home, settings.utc_offset_minutes), Lake(home)
        for path in files:
            inbox.take_all(path, uploaded_by, uploaded_at)
        again = [] if reread is None else lake.named(reread)
        inbox.clear(lake)
        inbox.gather(lake)
        pending = inbox.pending(lake)
        report = RunReport()
        if not pending and not again and not full and _is_up_to_date(home, settings):
            report.is_unchanged = True
            return report
        with _dagster(home) as instance:
            if pending or again:
                _ingest(home, instance, report, progress, pending, again)
            if report.failures:
                return report
            if full:
                remove_database(home.warehouse)
            _build(home, instance, report, progress)
        return report


def correct(
    home: Home, settings: Settings, change: Callable[[], Corrected], progress: Progress
) -> tuple[Corrected, RunReport]:
    """Correct an upload by `change`, then build, check and publish; nothing of the inbox is read.

    Raises what `change` raises; what fails later is in the report.
    """
    with home.lock(progress.say):
        corrected, report = change(), RunReport()
        if not corrected.is_changed and _is_up_to_date(home, settings):
            report.is_unchanged = True
            return corrected, report
        with _dagster(home) as instance:
            if corrected.is_changed:
                from orchestration.defs.corrections import observation

                instance.report_runless_asset_event(observation(instance, corrected))
            _build(home, instance, report, progress)
        return corrected, report


@contextmanager
def _dagster(home: Home) -> Iterator["dg.DagsterInstance"]:
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from orchestration.defs.event_log import open_instance

        with open_instance(home) as instance:
            yield instance


def _build(home: Home, instance: "dg.DagsterInstance", report: RunReport, progress: Progress) -> None:
    progress.phase("Building", sum(not one.is_step for one in load_transforms().values()) + 2)
    before = _inode(home.analytics)
    _execute(home, instance, "build", report, progress, {})
    report.is_published = _inode(home.analytics) != before


def _inode(path: Path) -> int | None:
    """What a file is another one by."""
    return path.stat().st_ino if path.exists() else None


def _is_up_to_date(home: Home, settings: Settings) -> bool:
    if not home.warehouse.exists():
        return False
    try:
        with connect(home.warehouse, home, settings, read_only=True) as con:
            return is_up_to_date(con, home, settings)
    except (duckdb.Error, LoancallsError):  # whatever is wrong with it, a run puts it right or says so
        return False


def _ingest(
    home: Home,
    instance: "dg.DagsterInstance",
    report: RunReport,
    progress: Progress,
    files: list[InboxFile],
    again: list[tuple[str, str]],
) -> None:
    from orchestration.defs.partitions import RANGE_END, RANGE_START, UPLOADS_NAME, contiguous

    known = instance.get_dynamic_partitions(UPLOADS_NAME)
    keys = partition_keys(files, known)
    keys = list(dict.fromkeys([*keys, *(known_key(filename, sha256, known) for filename, sha256 in again)]))
    new = [key for key in keys if key not in known]
    instance.add_dynamic_partitions(UPLOADS_NAME, new)
    progress.phase("Reading", len(keys))
    for first, last in contiguous(keys, [*known, *new]):
        _execute(home, instance, "ingest", report, progress, {RANGE_START: first, RANGE_END: last})
    report.read = keys


def _execute(
    home: Home,
    instance: "dg.DagsterInstance",
    name: str,
    report: RunReport,
    progress: Progress,
    tags: dict[str, str],
) -> None:
    from dagster import DagsterEventType
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run
    from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

    from orchestration.definitions import defs
    from orchestration.defs.history import alive

    failed_checks: list[str] = []
    failed_steps: list[str] = []

    def watch(entry: object) -> None:
        event = getattr(entry, "dagster_event", None)
        if event is None:
            if name == "ingest":  # one line of the step's own log for each upload that has been read
                progress.step(getattr(entry, "user_message", "").split(": ")[0])
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION and name != "ingest":
            progress.step(event.asset_key.path[-1])
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                failed_checks.append(evaluation.description or evaluation.check_name)
        elif event.event_type == DagsterEventType.STEP_FAILURE:
            failed_steps.append(_sentence(event.step_failure_data, event.step_key))

    run_id = str(uuid.uuid4())
    with alive(home, run_id):
        job, origin = defs.resolve_job_def(name), _origin(name)
        tags = {**job.run_tags, **tags, REPOSITORY_LABEL_TAG: origin.repository_origin.get_label()}
        run = instance.create_run_for_job(job, run_id=run_id, run_config=_QUIET, tags=tags, remote_job_origin=origin)
        instance.add_event_listener(run_id, watch)
        result = execute_run(InMemoryJob(job), run, instance)
    if not result.success:
        report.failures += failed_checks or failed_steps or [f"The {name} job failed; see its log in `loancalls ui`."]


def _origin(job: str) -> "dg._core.remote_origin.RemoteJobOrigin":
    """The job as the UI's server knows it: without it a run is on no page of a job, and not in the timeline."""
    from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=DEFINITIONS)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=DEFINITIONS)
    return RemoteRepositoryOrigin(location, "__repository__").get_job_origin(job)


def _sentence(failure: Any, step: str) -> str:
    """What went wrong in a step: the sentence that it failed with, else the step and its error."""
    said = failure.user_failure_data
    if said is not None and said.description:
        return said.description
    error = failure.error
    while error.cause is not None:
        error = error.cause
    return f"Step {step} failed: {error.message.strip()}"
