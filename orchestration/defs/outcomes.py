"""What the page of an upload's partition says once the upload is published: its counts, and all that was wrong.

Dagster calls a partition failed where the last run that meant to materialize it has failed, and reading a file that
nothing can be made of does not fail: its records are kept. So that such an upload does not look like a good one, a
run that failed stands in Dagster's memory for it, with the reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from dagster._core.utils import make_new_run_id

from orchestration.defs.partitions import INGEST, RAW, UPLOADS_NAME
from orchestration.ingest.inbox import hash_in_key
from orchestration.report.findings import as_markdown
from orchestration.report.summary import findings_of, published_outcomes, row_errors
from orchestration.settings import Settings
from orchestration.store.hashing import short_hash
from orchestration.store.home import Home
from orchestration.store.lake import Lake
from orchestration.store.session_copy import file_stamp

FAILED_UPLOADS = "loancalls/failed_uploads"
_SAID = "loancalls/outcomes_said"


@contextmanager
def outcomes_said(instance: dg.DagsterInstance, home: Home, settings: Settings) -> Iterator[None]:
    """Say on the pages of uploads what a publishing within changes of them.

    Of all uploads, where what was published before was not said: a run may have died in between.
    """
    said = instance.daemon_cursor_storage.get_cursor_values({_SAID}).get(_SAID)
    is_said = said is not None and home.analytics.exists() and said == file_stamp(home.analytics)
    before = published_outcomes(home, settings) if is_said else set()
    yield
    keys = {hash_in_key(key): key for key in instance.get_dynamic_partitions(UPLOADS_NAME)}
    changed = [one for one in published_outcomes(home, settings) - before if short_hash(one[0]) in keys]
    _observe(instance, home, settings, {sha256: (keys[short_hash(sha256)], *rest) for sha256, *rest in changed})
    _mark_failed(instance, Lake(home), keys)
    instance.daemon_cursor_storage.set_cursor_values({_SAID: file_stamp(home.analytics)})


def _observe(instance: dg.DagsterInstance, home: Home, settings: Settings, outcomes: dict[str, tuple]) -> None:
    lake, errors = Lake(home), row_errors(home, settings, list(outcomes))
    for sha256, (key, status, total, success, duplicate, failed, *_) in outcomes.items():
        findings = findings_of(lake, settings, lake.facts(sha256), errors.get(sha256))
        metadata: dict[str, Any] = {
            "status": status,
            "rows": f"{total} = {success} good + {duplicate} duplicate + {failed} error",
            "what was wrong": dg.MetadataValue.md(as_markdown(findings) if findings else "nothing"),
        }
        # Without a run: the page outlives the runs that are forgotten.
        instance.report_runless_asset_event(dg.AssetObservation(asset_key=RAW, partition=key, metadata=metadata))


def _mark_failed(instance: dg.DagsterInstance, lake: Lake, keys: dict[str, str]) -> None:
    """Let the partitions of uploads that failed as a whole look failed; nothing more where they do."""
    messages = {
        keys[short_hash(sha256)]: message
        for sha256, message in lake.uploads().select("sha256", "message").iter_rows()
        if message is not None and short_hash(sha256) in keys
    }
    # Meant to be materialized and not: of a run of ours that can only be one that stands for uploads that failed.
    marked = instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations
    unmarked = sorted(messages.keys() - marked(RAW).keys()) if messages else []
    if not unmarked:
        return
    run = instance.add_run(dg.DagsterRun(job_name=INGEST, run_id=make_new_run_id(), tags={FAILED_UPLOADS: "true"}))
    for key in unmarked:
        planned = AssetMaterializationPlannedData(RAW, partition=key)
        event = DagsterEvent.build_asset_materialization_planned_event(INGEST, RAW.to_python_identifier(), planned)
        instance.report_dagster_event(event, run.run_id)
    said = "\n".join(f"{key}: {messages[key]}." for key in unmarked)
    instance.report_run_failed(run, f"Nothing is made of the records of these uploads, which are kept:\n{said}")
