"""Two sensors, off until somebody turns them on: new files in the inbox are read; a changed lake is built.

Both look at how things are, not at what happened: ten files dropped at once are one run of ingest and one of what
follows, however the ticks fall.
"""

import json

import dagster as dg

from orchestration.defs.history import is_under_way, last_killed
from orchestration.defs.partitions import RANGE_END, RANGE_START, UPLOADS, UPLOADS_NAME, contiguous
from orchestration.ingest.inbox import Inbox, partition_keys
from orchestration.settings import load_settings
from orchestration.store.hashing import digest
from orchestration.store.home import Home
from orchestration.store.lake import Lake


def inbox_sensor(job: str) -> dg.SensorDefinition:
    """Watches the inbox: a partition for each new file that has stopped growing, and one run that reads them."""

    @dg.sensor(
        name="inbox_sensor",
        job_name=job,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Reads new files of the inbox, once a file is the same on two looks in a row, and what was "
        "written through sessions.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        settings = load_settings()
        home = Home(settings.home).prepare()
        inbox, lake = Inbox(home, settings.utc_offset_minutes), Lake(home)
        before = json.loads(context.cursor or "{}")
        now = {str(path): [status.st_size, status.st_mtime_ns] for path, status in inbox.paths()}
        if is_under_way(context.instance, home, job):
            return dg.SensorResult(skip_reason="Files are being read.", cursor=json.dumps(now))
        if any(before.get(path) != stamp for path, stamp in now.items()):
            return dg.SensorResult(skip_reason="Files are still arriving; looking again.", cursor=json.dumps(now))
        if (turn := home.take_turn(0)) is not None:  # else somebody is writing; the next look will gather it
            try:
                inbox.gather(lake)
            finally:
                turn.end()
        files = inbox.pending(lake)
        if not files:
            return dg.SensorResult(skip_reason="Nothing new in the inbox.", cursor=json.dumps(now))
        known = context.instance.get_dynamic_partitions(UPLOADS_NAME)
        keys = partition_keys(files, known)
        new = [key for key in keys if key not in known]
        # What cannot be read is asked for once, and again when the inbox or the lake is another one.
        seen = [now, lake.state("uploads", "sightings", "originals"), last_killed(context.instance, job)]
        return dg.SensorResult(
            dynamic_partitions_requests=[UPLOADS.build_add_request(new)] if new else [],
            run_requests=[
                dg.RunRequest(run_key=digest(first, last, json.dumps(seen)), tags={RANGE_START: first, RANGE_END: last})
                for first, last in contiguous(keys, [*known, *new])
            ],
            cursor=json.dumps(now),
        )

    return sensor


def lake_sensor(job: str, ingest_job: str) -> dg.SensorDefinition:
    """Watches the lake: when no file is being read, everything after raw is built once for each state of the lake."""

    @dg.sensor(
        name="lake_sensor",
        job_name=job,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Builds, checks and publishes when the lake has changed and no file is being read.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        home = Home(load_settings().home).prepare()
        if any(is_under_way(context.instance, home, name) for name in (ingest_job, job)):
            return dg.SkipReason("A run is under way.")
        if not Lake(home).files("uploads"):
            return dg.SkipReason("The lake is empty.")
        # Dagster starts a key once, so a run that was killed needs another one. One that failed would fail again.
        killed = last_killed(context.instance, job)
        return dg.RunRequest(run_key=":".join([Lake(home).state(), *([killed] if killed else [])]))

    return sensor
