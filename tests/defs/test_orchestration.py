"""Dagster, run for real in this process: jobs, partitions, reruns, checks that stop the publish, sensors."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from support import REPO, World

from orchestration.definitions import defs
from orchestration.defs.assets import AUDIT, PUBLISHED, analytics, table_assets
from orchestration.defs.checks import adds_up, audit
from orchestration.defs.outcomes import FAILED_UPLOADS
from orchestration.defs.partitions import RANGE_END, RANGE_START, RAW, UPLOADS, contiguous
from orchestration.defs.resources import HomeResource
from orchestration.warehouse import touched
from orchestration.warehouse.transforms import load_transforms

warnings.simplefilter("ignore")
BOOK = [{"name": "Asha", "mobile": "9845012345", "loan_id": "L1", "amount": "5000", "emp_id": "E1"},
        {"name": "Binu", "mobile": "9845012346", "loan_id": "L2", "amount": "0", "emp_id": "E2"}]  # fmt: skip
CALLS = [{"call_id": "c1", "customer_phone": "9845012345", "status": "completed", "duration": "50",
          "start_time": "2026-03-02 10:00:00", "conversation_duration": "40"},
         {"call_id": "c2", "customer_phone": "9845012346", "status": "busy", "duration": "",
          "start_time": "2026-03-02 11:00:00", "conversation_duration": ""}]  # fmt: skip
TABLES = (
    "customers",
    "loans",
    "loan_snapshots",
    "call_sessions",
    "upload_rows",
    "customer_journey",
    "upload_quality",
)


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, instance: dg.DagsterInstance) -> Iterator[World]:
    """Three files read as one run over their partitions, then one run of all that follows."""
    world = World(tmp_path_factory.mktemp("orchestration") / "home")
    world.put("book.csv", BOOK, "2026-03-01 04:00")
    world.put("calls.csv", CALLS, "2026-03-02 14:00")
    world.put("targets.csv", [{"branch": "B", "target": "5"}], "2026-03-03 04:00")
    os.environ["LOANCALLS_HOME"] = str(world.home.root)
    keys = [file.partition_key for file in world.inbox.pending(world.lake)]
    instance.add_dynamic_partitions(UPLOADS.name, keys)
    result = run_job("ingest", instance, tags={RANGE_START: keys[0], RANGE_END: keys[-1]})
    assert result.success
    result = run_job("build", instance)
    assert result.success
    yield world
    del os.environ["LOANCALLS_HOME"]


def run_job(name: str, instance: dg.DagsterInstance, **how: object) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(name).execute_in_process(instance=instance, raise_on_error=False, **how)


def latest(instance: dg.DagsterInstance, *key: str) -> dict[str, object]:
    event = instance.get_latest_materialization_event(dg.AssetKey(list(key)))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_partitions_are_readable_and_each_has_its_facts(world: World, instance: dg.DagsterInstance) -> None:
    keys = instance.get_dynamic_partitions(UPLOADS.name)
    assert [key.split("~")[0] for key in keys] == ["book.csv", "calls.csv", "targets.csv"]
    assert all(len(key.split("~")[1]) == 10 for key in keys)
    facts = {}
    for record in instance.fetch_materializations(RAW, limit=10).records:
        metadata = record.asset_materialization.metadata
        facts[record.partition_key.split("~")[0]] = (
            metadata["kind"].value,
            metadata["dagster/partition_row_count"].value,
            "message" in metadata,
        )
        assert not {"uploads", "records"} & metadata.keys(), "figures of the run are no figures of the upload"
    assert facts == {"book.csv": ("loan_book", 2, False), "calls.csv": ("call_log", 2, False),
                     "targets.csv": ("unknown", 1, True)}  # fmt: skip
    read = dg.RunsFilter(job_name="ingest", statuses=[dg.DagsterRunStatus.SUCCESS])
    assert len(instance.get_runs(read)) == 1, "three partitions are one run"


def page(instance: dg.DagsterInstance, name: str) -> dict[str, object]:
    """What the page of an upload's partition shows: its last reading, and above it what was observed since."""
    (key,) = [key for key in instance.get_dynamic_partitions(UPLOADS.name) if key.startswith(name)]
    wanted = dg.AssetRecordsFilter(asset_key=RAW, asset_partitions=[key])
    (reading,) = instance.fetch_materializations(wanted, limit=1).records
    shown = dict(reading.asset_materialization.metadata)
    since = dg.AssetRecordsFilter(asset_key=RAW, asset_partitions=[key], after_storage_id=reading.storage_id)
    for one in instance.fetch_observations(since, limit=10, ascending=True).records:
        shown |= one.asset_observation.metadata
    return {name: value.value for name, value in shown.items()}


def failed_partitions(instance: dg.DagsterInstance) -> set[str]:
    """The uploads that the UI shows in red, as its own page of partitions asks for them."""
    status = get_and_update_asset_status_cache_value(instance, RAW, UPLOADS)
    return {key.split("~")[0] for key in status.deserialize_failed_partition_subsets(UPLOADS).get_partition_keys()}


def test_the_page_of_an_upload_says_all_that_was_wrong(world: World, instance: dg.DagsterInstance) -> None:
    assert page(instance, "book.csv")["status"] == "completed"
    shown = page(instance, "calls.csv")
    assert (shown["rows"], shown["what was wrong"]) == ("2 = 2 good + 0 duplicate + 0 error", "nothing")
    shown = page(instance, "targets.csv")
    assert (shown["status"], shown["rows"]) == ("failed", "1 = 0 good + 0 duplicate + 1 error")
    assert "| 1 | 2 | its header has neither" in shown["what was wrong"]


def test_an_upload_that_failed_looks_failed_until_it_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    world.put("book.csv", [*BOOK, {"loan_id": "L3", "mobile": "98450", "amount": "five"}], "2026-03-01 04:00")
    world.put("odd.csv", "the loan,phone\nL7,9845012347\n", "2026-03-02 04:00")
    with dg.instance_for_test() as instance:
        keys = [file.partition_key for file in world.inbox.pending(world.lake)]
        instance.add_dynamic_partitions(UPLOADS.name, keys)
        every = {RANGE_START: keys[0], RANGE_END: keys[-1]}
        assert run_job("everything", instance, tags=every).success, "bad files are data"
        assert failed_partitions(instance) == {"odd.csv"}
        (failed,) = instance.get_runs(dg.RunsFilter(tags={FAILED_UPLOADS: "true"}))
        assert failed.status is dg.DagsterRunStatus.FAILURE
        said = "".join(entry.dagster_event.message or "" for entry in instance.all_logs(failed.run_id))
        assert f"{keys[1]}: its header has neither a loan id" in said and "columns.toml" in said
        shown = page(instance, "book.csv")
        assert shown["rows"] == "3 = 3 good + 0 duplicate + 0 error"
        for finding in ("| 4 | 1 | bad_amount: ", "| 4 | 1 | bad_phone: ", "| 4 | 1 | no_contact: "):
            assert finding in shown["what was wrong"]

        assert run_job("build", instance).success
        assert len(instance.get_runs(dg.RunsFilter(tags={FAILED_UPLOADS: "true"}))) == 1, "once is enough"
        assert len(instance.fetch_observations(RAW, limit=10).records) == 2, "what has not changed is not said again"

        (world.home.root / "columns.toml").write_text('[headers]\n"the loan" = "loan_id"\n', encoding="utf-8")
        assert run_job("everything", instance, tags=every).success
        assert failed_partitions(instance) == set()
        assert page(instance, "odd.csv")["status"] == "completed"
        assert "bad_phone" in page(instance, "book.csv")["what was wrong"], "read again, and nothing has changed"


def test_what_was_published_and_not_said_is_said_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a kill between the two."""
    world = World(tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    world.put("book.csv", BOOK)
    with dg.instance_for_test() as instance:
        keys = [file.partition_key for file in world.inbox.pending(world.lake)]
        instance.add_dynamic_partitions(UPLOADS.name, keys)
        assert run_job("ingest", instance, partition_key=keys[0]).success
        world.build()
        world.publish()
        assert "status" not in page(instance, "book.csv")
        assert run_job("build", instance).success
        assert page(instance, "book.csv")["status"] == "completed"


def test_a_table_shows_rows_types_descriptions_lineage_and_sql(world: World, instance: dg.DagsterInstance) -> None:
    shown = latest(instance, "marts", "loan_call_success")
    assert shown["dagster/row_count"] == 2
    spec = defs.resolve_asset_graph().get(dg.AssetKey(["marts", "loan_call_success"]))
    columns = {column.name: column for column in spec.metadata["dagster/column_schema"].columns}
    assert columns["success_rate"].type == "DOUBLE"
    assert columns["success_rate"].description == "completed / attempts."
    assert not columns["attempts"].constraints.nullable
    lineage = shown["dagster/column_lineage"].deps_by_column
    assert {(dep.asset_key.path[-1], dep.column_name) for dep in lineage["completed"]} == {
        ("_call_counts", "completed")
    }
    assert shown["seconds"] > 0
    assert "sql" not in shown, "it stands once in the asset's description, not with each materialization"
    assert "SELECT" in spec.description


def test_upstream_is_what_the_sql_reads() -> None:
    graph = defs.resolve_asset_graph()
    parents = graph.get(dg.AssetKey(["marts", "loan_call_success"])).parent_keys
    assert {key.path[-1] for key in parents} == {"loans", "_call_counts"}
    assert RAW in graph.get(dg.AssetKey(["staging", "_stg_loan_rows"])).parent_keys
    assert graph.get(PUBLISHED).parent_keys >= {AUDIT}


def test_a_step_is_a_part_of_its_readers(world: World, instance: dg.DagsterInstance) -> None:
    graph = defs.resolve_asset_graph()
    assert "_received_uploads" not in {key.path[-1] for key in graph.get_all_asset_keys()}
    uploads = graph.get(dg.AssetKey(["core", "file_uploads"]))
    assert {key.path[-1] for key in uploads.parent_keys} >= {"records", "_upload_row_outcomes", "upload_errors"}
    assert "-- Step: a part of file_uploads." in uploads.description
    lineage = latest(instance, "core", "file_uploads")["dagster/column_lineage"].deps_by_column
    assert ("records", "encoding") in {(dep.asset_key.path[-1], dep.column_name) for dep in lineage["encoding"]}


def test_checks_are_there_and_passed(world: World, instance: dg.DagsterInstance) -> None:
    keys = set(defs.resolve_asset_graph().asset_check_keys)
    assert dg.AssetCheckKey(dg.AssetKey(["core", "loans"]), "contract") in keys
    assert dg.AssetCheckKey(dg.AssetKey(["marts", "employee_performance"]), "adds_up") in keys
    (run,) = instance.get_runs(dg.RunsFilter(job_name="build"), limit=1)
    events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    assert len(events) == len(keys)
    assert all(event.dagster_event.asset_check_evaluation_data.passed for event in events)


@pytest.mark.parametrize("what", ["one upload", "one table", "everything"])
def test_reruns_give_the_same_tables(world: World, instance: dg.DagsterInstance, what: str) -> None:
    before = world.tables(TABLES)
    keys = instance.get_dynamic_partitions(UPLOADS.name)
    if what == "one upload":
        shutil.rmtree(world.home.inbox)  # what is in the lake does not need the file any more
        world.home.inbox.mkdir()
        assert run_job("ingest", instance, partition_key=keys[0]).success
        assert run_job("build", instance).success
    elif what == "one table":
        selection = [dg.AssetKey(["core", "loans"])]
        assert run_job("build", instance, asset_selection=selection).success
    else:
        assert run_job("everything", instance, tags={RANGE_START: keys[0], RANGE_END: keys[-1]}).success
    for name, table in world.tables(TABLES).items():
        assert table.equals(before[name]), name


def test_a_run_builds_what_its_files_touch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    monkeypatch.setattr(touched, "LEAST_RECORDS", 0)
    world.put(
        "book.csv", [{"loan_id": f"L{one}", "phone": f"98450123{one}"} for one in range(10, 30)], "2026-03-01 04:00"
    )
    with dg.instance_for_test() as instance:
        for name, content, at in (
            ("calls.csv", CALLS, "2026-03-02 14:00"),
            ("more.csv", [{"loan_id": "L12", "phone": "9845012312"}], "2026-03-03 04:00"),
        ):
            world.put(name, content, at)
            keys = [file.partition_key for file in world.inbox.pending(world.lake)]
            instance.add_dynamic_partitions(UPLOADS.name, keys)
            assert run_job("everything", instance, tags={RANGE_START: keys[0], RANGE_END: keys[-1]}).success
        loans = latest(instance, "core", "loans")
        assert loans["built"].startswith("touched: 1 of 20 rows replaced by 1, 1 of them by records that state again")
        assert loans["dagster/row_count"] == 20
        assert latest(instance, "core", "file_uploads")["built"].startswith("whole: ")
        assert latest(instance, *AUDIT.path)["contracts were held"].startswith("of the rows that were made anew")
        part = world.tables(TABLES)
        world.home.warehouse.unlink()
        assert run_job("build", instance).success
        assert latest(instance, "core", "loans")["built"].startswith("full: ")
        assert latest(instance, *AUDIT.path)["contracts were held"] == "of all rows"
    for name, table in world.tables(TABLES).items():
        assert table.equals(part[name]), name


def test_a_broken_mart_is_not_published(world: World, instance: dg.DagsterInstance) -> None:
    """The mart counts every call twice: its totals are not those of all calls, and yesterday's file stays."""
    before = world.home.analytics.read_bytes()
    mart = load_transforms()["loan_call_success"]
    twice = mart.sql.replace("coalesce(calls.attempts, 0) AS attempts", "2 * coalesce(calls.attempts, 0) AS attempts")
    twice = twice.replace("coalesce(calls.unfinished, 0)", "coalesce(calls.unfinished + calls.attempts, 0)")
    assert twice != mart.sql
    result = materialize_with(dataclasses.replace(mart, sql=twice), instance)
    assert not result.success
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed.asset_key == dg.AssetKey(["marts", "loan_call_success"]) and failed.check_name == "adds_up"
    assert "loan_call_success: the sum of attempts over all rows is that of all calls" in failed.description
    assert "does not hold for 1 rows, for example 4/2" in failed.description
    assert failed.metadata["failed"].records[0].data["rule"] == "attempts_add_up"
    assert not result.asset_materializations_for_node("published__analytics")
    assert world.home.analytics.read_bytes() == before


def test_a_broken_column_stops_what_is_made_from_it(world: World, instance: dg.DagsterInstance) -> None:
    before = world.home.analytics.read_bytes()
    loans = load_transforms()["loans"]
    sql = loans.sql.replace("coalesce(latest.status, 'active')", "replace(latest.status, 'closed', 'paid')")
    assert sql != loans.sql
    result = materialize_with(dataclasses.replace(loans, sql=sql), instance)
    assert not result.success
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    key = world.value("SELECT id FROM loans WHERE loan_id = 'L2'")
    assert (
        f"loans.status: is one of active, closed (allowed) does not hold for 1 rows, for example {key}"
        in failed.description
    )
    assert not result.asset_materializations_for_node("marts")
    assert world.home.analytics.read_bytes() == before


def materialize_with(changed: object, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """Everything after raw, with one transform changed."""
    transforms = [changed if known.name == changed.name else known for known in load_transforms().values()]
    return dg.materialize(
        [*table_assets(transforms), adds_up, audit, analytics],
        resources={"home": HomeResource()},
        instance=instance,
        raise_on_error=False,
    )


def tick(name: str, instance: dg.DagsterInstance, cursor: str | None = None) -> object:
    sensor = defs.resolve_sensor_def(name) if hasattr(defs, "resolve_sensor_def") else defs.get_sensor_def(name)
    context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=defs.get_repository_def())
    return sensor.evaluate_tick(context)


def test_ten_files_dropped_at_once_are_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    with dg.instance_for_test() as instance:
        assert tick("lake_sensor", instance).skip_message == "The lake is empty."
        for number in range(10):
            world.put(f"file{number}.csv", [{"loan_id": f"L{number}", "phone": f"984501234{number}"}])
        first = tick("inbox_sensor", instance)
        assert first.run_requests == [] and "still arriving" in first.skip_message
        with (world.home.inbox / "file3.csv").open("a", encoding="utf-8") as file:
            file.write("L99,9845012399\n")
        second = tick("inbox_sensor", instance, first.cursor)
        assert second.run_requests == [], "one file has grown since"
        third = tick("inbox_sensor", instance, second.cursor)
        (request,) = third.run_requests
        (added,) = third.dynamic_partitions_requests
        assert len(added.partition_keys) == 10
        assert (request.tags[RANGE_START], request.tags[RANGE_END]) == (
            added.partition_keys[0],
            added.partition_keys[-1],
        )
        (again,) = tick("inbox_sensor", instance, third.cursor).run_requests
        assert again.run_key == request.run_key, "what could not be read is asked for once"
        os.utime(world.home.inbox / "file3.csv")
        changed = tick("inbox_sensor", instance, third.cursor)
        (later,) = tick("inbox_sensor", instance, changed.cursor).run_requests
        assert later.run_key != request.run_key, "and again when a file has changed"
        instance.add_dynamic_partitions(UPLOADS.name, added.partition_keys)
        assert run_job("ingest", instance, tags=request.tags).success
        assert "Nothing new" in tick("inbox_sensor", instance, changed.cursor).skip_message
        one, two = tick("lake_sensor", instance), tick("lake_sensor", instance)
        assert [len(one.run_requests), len(two.run_requests)] == [1, 1]
        assert one.run_requests[0].run_key == two.run_requests[0].run_key, "Dagster starts a run key once"


def test_sensors_are_off_until_turned_on() -> None:
    sensors = defs.get_repository_def().sensor_defs
    assert {sensor.name: sensor.default_status for sensor in sensors} == {
        "inbox_sensor": dg.DefaultSensorStatus.STOPPED,
        "lake_sensor": dg.DefaultSensorStatus.STOPPED,
    }


def test_ranges_cover_what_is_wanted_and_nothing_else() -> None:
    assert contiguous(["b", "c", "e"], ["a", "b", "c", "d", "e"]) == [("b", "c"), ("e", "e")]
    assert contiguous([], ["a"]) == []


def test_config_states_sender_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "home")
    monkeypatch.setenv("LOANCALLS_HOME", str(world.home.root))
    (world.home.inbox / "a.csv").write_text("loan_id,phone\nL1,9845012345\n", encoding="utf-8")
    (file,) = world.inbox.files()
    with dg.instance_for_test() as instance:
        instance.add_dynamic_partitions(UPLOADS.name, [file.partition_key])
        config = {"ops": {"raw__records": {"config": {"uploaded_by": "desk", "uploaded_at": "2026-03-05T10:00"}}}}
        assert run_job("ingest", instance, partition_key=file.partition_key, run_config=config).success
    (row,) = world.lake.uploads().select("uploaded_by", "uploaded_at").rows()
    assert (row[0], str(row[1])) == ("desk", "2026-03-05 04:30:00")
    assert world.inbox.pending(world.lake) == [], "the next look at the inbox sees the same sighting"


def test_definitions_load_in_dagsters_own_tools(tmp_path: Path) -> None:
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path), "LOANCALLS_HOME": str(tmp_path / "home")}
    bin_folder = Path(sys.executable).parent
    checked = subprocess.run(
        [bin_folder / "dg", "check", "defs"], cwd=REPO, env=environment, capture_output=True, encoding="utf-8"
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = subprocess.run(
        [bin_folder / "dg", "list", "defs", "--json"],
        cwd=REPO,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert listed.returncode == 0, listed.stderr
    jobs = {job["name"] for job in json.loads(listed.stdout)["jobs"]}
    assert {"ingest", "build", "everything"} <= jobs


def test_telemetry_is_off(world: World) -> None:
    assert "telemetry:\n  enabled: false" in (world.home.dagster / "dagster.yaml").read_text(encoding="utf-8")
    with dg.DagsterInstance.from_config(str(world.home.dagster)) as instance:
        assert not instance.telemetry_enabled
