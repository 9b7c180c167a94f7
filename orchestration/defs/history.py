"""What Dagster remembers of a home's runs: which of those that look unfinished are dead, and how many are kept.

A run holds a lock on a file of its own from start to end. The kernel lets go of it however the process ends, so a run
whose lock is free is dead, even if Dagster never heard of its end.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from orchestration.store.home import Home

KEPT_RUNS = 50
_MOST_OBSERVED = 20
UNDER_WAY = [
    *(dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING),
    *(dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING),
]
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_BEGUN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# A run that has no lock yet may be about to start; after so many seconds it is not.
_STARTING_SECONDS = 120
_KILLED = {"loancalls/killed": "true"}
_shown: set[str] = set()


@contextmanager
def alive(home: Home, run_id: str) -> Iterator[None]:
    """Show that a run is alive until this ends; nothing more where this process shows it already."""
    if run_id in _shown:
        yield
        return
    path = _mark(home, run_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _shown.add(run_id)
        yield
        path.unlink(missing_ok=True)
    finally:
        _shown.discard(run_id)
        os.close(descriptor)


def fail_dead_runs(instance: dg.DagsterInstance, home: Home) -> list[str]:
    """Mark the runs that were killed as failed, so that nobody waits for them; their ids."""
    dead = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_BEGUN)):
        run = record.dagster_run
        if _is_dead(home, run.run_id, record.create_timestamp.timestamp()):
            instance.report_run_failed(run, "The run's process was killed. The next run puts right what it left.")
            instance.add_run_tags(run.run_id, _KILLED)
            _mark(home, run.run_id).unlink(missing_ok=True)
            dead.append(run.run_id)
    return dead


def is_under_way(instance: dg.DagsterInstance, home: Home, job: str) -> bool:
    """Whether a run of the job is waiting or at work; one that was killed is not."""
    fail_dead_runs(instance, home)
    return bool(instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNDER_WAY), limit=1))


def last_killed(instance: dg.DagsterInstance, job: str) -> str | None:
    """The id of the job's last run that was killed: what it was asked to do is to be asked again."""
    runs = instance.get_runs(dg.RunsFilter(job_name=job, tags=_KILLED), limit=1)
    return runs[0].run_id if runs else None


def forget_old_runs(instance: dg.DagsterInstance, home: Home) -> None:
    """Keep the last runs that have ended; of older ones forget all but what they say of partitions of uploads.

    A run that waits or is at work is never forgotten, however many have begun since.
    """
    ended = dg.RunsFilter(statuses=_ENDED)
    newest = instance.get_runs(ended, limit=KEPT_RUNS)
    if len(newest) < KEPT_RUNS:
        return
    while older := instance.get_runs(ended, cursor=newest[-1].run_id, limit=KEPT_RUNS):
        for run in older:
            _keep_partitions(instance, run.run_id)
            instance.delete_run(run.run_id)
            # Dagster empties the run's files and leaves them.
            for path in (home.dagster / "history" / "runs").glob(f"{run.run_id}.db*"):
                path.unlink()
            shutil.rmtree(home.dagster / "storage" / run.run_id, ignore_errors=True)


def _keep_partitions(instance: dg.DagsterInstance, run_id: str) -> None:
    """State anew, without its run, what a run has noted of each partition that no later run has read again."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        event = entry.asset_materialization
        if event is None or event.partition is None:
            continue
        of_partition = dg.AssetRecordsFilter(asset_key=event.asset_key, asset_partitions=[event.partition])
        (latest,) = instance.fetch_materializations(of_partition, limit=1).records
        if latest.run_id == run_id:
            since = of_partition._replace(after_storage_id=latest.storage_id)
            observed = instance.fetch_observations(since, limit=_MOST_OBSERVED).records
            metadata = dict(event.metadata)
            for one in reversed(observed):  # an observation is shown with the materialization that it follows
                metadata |= one.asset_observation.metadata if one.asset_observation else {}
            instance.report_runless_asset_event(
                dg.AssetMaterialization(event.asset_key, metadata=metadata, partition=event.partition)
            )


def _is_dead(home: Home, run_id: str, created: float) -> bool:
    try:
        descriptor = os.open(_mark(home, run_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return created < time.time() - _STARTING_SECONDS
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _mark(home: Home, run_id: str) -> Path:
    return home.dagster / "alive" / run_id
