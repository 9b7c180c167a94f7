"""What Dagster remembers of a home's runs: killed ones are seen as dead, live ones never, old ones are forgotten."""

import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from support import LOANCALLS, World

from orchestration.cli.run import run
from orchestration.definitions import defs
from orchestration.defs import history
from orchestration.defs.event_log import open_instance
from orchestration.defs.partitions import UPLOADS

BOOK = [{"loan_id": f"L{number}", "phone": 9845000000 + number} for number in range(200)]


@dg.op
def nothing() -> None:
    pass


@dg.job(name="build")
def stand_in() -> None:
    nothing()


def begun(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that Dagster believes to be at work."""
    return instance.create_run_for_job(stand_in, status=dg.DagsterRunStatus.STARTED)


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    return instance.get_run_by_id(run.run_id).status


def lake_sensor(instance: dg.DagsterInstance) -> object:
    sensor = defs.resolve_sensor_def("lake_sensor")
    return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def()))


def test_a_killed_run_does_not_stop_the_sensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "home")
    world.put("book.csv", BOOK)
    environment = os.environ | {"LOANCALLS_HOME": str(world.home.root)}
    process = subprocess.Popen([LOANCALLS, "run"], env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    with dg.DagsterInstance.from_config(str(world.home.dagster)) as instance:
        building = dg.RunsFilter(job_name="build", statuses=[dg.DagsterRunStatus.STARTED])
        deadline = time.monotonic() + 120
        while not (runs := instance.get_runs(building)) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        (killed,) = runs
        assert status(instance, killed) is dg.DagsterRunStatus.STARTED, "nobody has told Dagster"
        monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
        assert len(lake_sensor(instance).run_requests) == 1
        assert status(instance, killed) is dg.DagsterRunStatus.FAILURE


def test_what_a_killed_run_was_to_build_is_asked_for_once_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster starts a key of the lake's sensor once."""
    world.put("book.csv", BOOK)
    world.ingest()
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    with dg.instance_for_test() as instance:
        (first,) = lake_sensor(instance).run_requests
        killed = begun(instance)
        with history.alive(world.home, killed.run_id):
            assert lake_sensor(instance).run_requests == []
        later = datetime.now(UTC) + timedelta(minutes=3)
        monkeypatch.setattr(history.time, "time", later.timestamp)
        (second,), (third,) = lake_sensor(instance).run_requests, lake_sensor(instance).run_requests
        assert first.run_key != second.run_key == third.run_key
        instance.create_run_for_job(stand_in, status=dg.DagsterRunStatus.FAILURE)
        (fourth,) = lake_sensor(instance).run_requests
        assert fourth.run_key == third.run_key, "what fails by itself would fail again"


def test_a_run_that_is_alive_or_waits_is_left_alone(world: World) -> None:
    with dg.instance_for_test() as instance:
        run = begun(instance)
        with history.alive(world.home, run.run_id):
            assert history.fail_dead_runs(instance, world.home) == []
            assert history.is_under_way(instance, world.home, "build")
        assert status(instance, run) is dg.DagsterRunStatus.STARTED


def test_a_run_without_a_lock_has_time_to_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.instance_for_test() as instance:
        run = begun(instance)
        assert history.fail_dead_runs(instance, world.home) == []
        later = datetime.now(UTC) + timedelta(minutes=3)
        monkeypatch.setattr(history.time, "time", later.timestamp)
        assert history.fail_dead_runs(instance, world.home) == [run.run_id]
        assert not history.is_under_way(instance, world.home, "other")


def test_fifty_runs_are_kept_and_what_is_known_of_every_partition(world: World) -> None:
    @dg.asset(key=["raw", "records"], partitions_def=UPLOADS)
    def records(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"kind": f"book {context.partition_key}"})

    with open_instance(world.home) as instance:
        instance.add_dynamic_partitions(UPLOADS.name, ["a", "b"])
        for key in ("a", "b", "a"):
            assert dg.materialize([records], instance=instance, partition_key=key).success
        for status_ in ("completed", "withdrawn"):
            seen = dg.AssetObservation(asset_key=records.key, partition="b", metadata={"status": status_})
            instance.report_runless_asset_event(seen)
        waiting = begun(instance)
        for _ in range(history.KEPT_RUNS):
            instance.create_run_for_job(stand_in, status=dg.DagsterRunStatus.SUCCESS)
        for _ in range(2):
            history.forget_old_runs(instance, world.home)
        logs = list((world.home.dagster / "history" / "runs").glob("*.db"))
        assert len(logs) <= history.KEPT_RUNS + 2, "what spans runs, and a log for each"
        assert len(instance.get_runs()) == history.KEPT_RUNS + 1
        assert status(instance, waiting) is dg.DagsterRunStatus.STARTED, "a run that waits is not forgotten"
        assert instance.get_runs(dg.RunsFilter(job_name="build")) == instance.get_runs()
        for key in ("a", "b"):
            wanted = dg.AssetRecordsFilter(asset_key=records.key, asset_partitions=[key])
            (latest,) = instance.fetch_materializations(wanted, limit=5).records
            assert latest.asset_materialization.metadata["kind"].value == f"book {key}"
        assert instance.get_materialized_partitions(records.key) == {"a", "b"}
        assert latest.asset_materialization.metadata["status"].value == "withdrawn", "and what was observed of it since"


def test_runs_of_the_command_line_are_runs_of_the_uis_jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    world.put("book.csv", BOOK[:1])
    report = run(world.home, world.settings, [])
    assert report.failures == []
    with dg.DagsterInstance.from_config(str(world.home.dagster)) as instance:
        runs = {run.job_name: run for run in instance.get_runs()}
        assert runs.keys() == {"ingest", "build"}
        for name, found in runs.items():
            origin = found.remote_job_origin
            assert (origin.job_name, origin.repository_origin.get_label()) == (
                name, "__repository__@orchestration.definitions"
            )  # fmt: skip
            assert found.tags[".dagster/repository"] == "__repository__@orchestration.definitions"
