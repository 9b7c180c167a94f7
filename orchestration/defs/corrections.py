"""The jobs that take an upload back or say anew when and by whom it was sent, as the commands of the same names do.

They write one fact into the lake. What follows from it comes with `build`, or with the sensor that watches the lake.
"""

from typing import Any

import dagster as dg

from orchestration.defs.partitions import RAW, UPLOADS_NAME
from orchestration.defs.resources import HomeResource, failures_in_words
from orchestration.ingest.corrections import Corrected, restate, withdraw
from orchestration.ingest.inbox import known_key
from orchestration.ingest.run import Stated


class WithdrawConfig(dg.Config):
    """`upload` is its file name or the first digits of its sha256; `by` says who takes it back."""

    upload: str
    by: str
    undo: bool = False


class RestateConfig(dg.Config):
    """What is said of an upload now; `uploaded_at` like 2026-03-01T09:30, local."""

    upload: str
    by: str
    uploaded_at: str | None = None
    uploaded_by: str | None = None


def observation(instance: dg.DagsterInstance, corrected: Corrected) -> dg.AssetObservation:
    """What the page of the upload's partition says of a correction."""
    key = known_key(corrected.filename, corrected.sha256, instance.get_dynamic_partitions(UPLOADS_NAME))
    made = corrected.correction
    metadata: dict[str, Any] = {"what": corrected.said}
    if made is not None:
        metadata |= {"corrected by": made.made_by, "withdrawn": made.is_withdrawn}
    return dg.AssetObservation(asset_key=RAW, partition=key, metadata=metadata)


@dg.op(name="withdraw_upload", description="Let an upload count no more, or again.")
def _withdraw(context: dg.OpExecutionContext, config: WithdrawConfig, home: HomeResource) -> None:
    with failures_in_words():
        _say(context, withdraw(home.home, home.settings, config.upload, config.by, config.undo))


@dg.op(name="restate_upload", description="Say when and by whom an upload was sent, whatever was said before.")
def _restate(context: dg.OpExecutionContext, config: RestateConfig, home: HomeResource) -> None:
    with failures_in_words():
        moment = Stated(uploaded_at=config.uploaded_at).moment(home.settings.utc_offset_minutes)
        _say(context, restate(home.home, home.settings, config.upload, config.by, moment, config.uploaded_by))


def _say(context: dg.OpExecutionContext, corrected: Corrected) -> None:
    context.log.info(corrected.said)
    if corrected.is_changed:
        context.log_event(observation(context.instance, corrected))


@dg.job(name="withdraw", description="Take an upload back, or with undo bring it back; then run build.")
def withdraw_job() -> None:
    _withdraw()


@dg.job(name="restate", description="Say anew when and by whom an upload was sent; then run build.")
def restate_job() -> None:
    _restate()
