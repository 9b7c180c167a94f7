"""Everything Dagster knows of: assets, checks, jobs and sensors. Loaded by `dagster dev`, `dg` and the CLI."""

import dagster as dg

from orchestration.defs.assets import analytics, records, table_assets
from orchestration.defs.checks import adds_up, audit
from orchestration.defs.corrections import restate_job, withdraw_job
from orchestration.defs.partitions import INGEST, RAW
from orchestration.defs.resources import HomeResource
from orchestration.defs.sensors import inbox_sensor, lake_sensor
from orchestration.warehouse.transforms import load_transforms

_everything = dg.AssetSelection.all()
_raw = dg.AssetSelection.assets(RAW)

# One process per run: DuckDB allows one writer, and a run is one.
ingest_job = dg.define_asset_job(
    INGEST,
    selection=_raw,
    description="Read uploads of the inbox into the lake: one run for any number of them.",
)
build_job = dg.define_asset_job(
    "build", selection=_everything - _raw, description="Everything after raw: stage, build, check, publish."
)
everything_job = dg.define_asset_job(
    "everything", selection=_everything, description="Read the chosen uploads, then build, check and publish."
)

defs = dg.Definitions(
    assets=[records, *table_assets(load_transforms().values()), audit, analytics],
    asset_checks=[adds_up],
    jobs=[ingest_job, build_job, everything_job, withdraw_job, restate_job],
    sensors=[inbox_sensor(ingest_job.name), lake_sensor(build_job.name, ingest_job.name)],
    resources={"home": HomeResource()},
    executor=dg.in_process_executor,
)
