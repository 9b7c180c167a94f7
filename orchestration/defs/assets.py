"""The assets: raw records by partition, the tables of each folder of transforms, and the published database."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from models.base import description, duckdb_type
from models.published import published_tables
from orchestration.defs.outcomes import outcomes_said
from orchestration.defs.partitions import RAW, UPLOADS
from orchestration.defs.resources import HomeResource, failures_in_words
from orchestration.defs.results import check_result
from orchestration.ingest.inbox import hash_in_key
from orchestration.ingest.run import Stated, ingest
from orchestration.report.findings import Finding, as_markdown
from orchestration.report.summary import findings_of, row_errors
from orchestration.store.facts import UploadFacts
from orchestration.store.lake import Lake
from orchestration.warehouse.build import Built
from orchestration.warehouse.publish import publish
from orchestration.warehouse.transforms import (
    FOLDERS,
    LAKE,
    SETTINGS,
    Transform,
    column_inputs,
    inputs_of,
    load_transforms,
    steps_of,
)

AUDIT = dg.AssetKey(["published", "audit"])
PUBLISHED = dg.AssetKey(["published", "analytics"])
CONTRACT = "contract"


class IngestConfig(dg.Config):
    """What is stated of the uploads of a run, in place of their manifest, owner and modification time."""

    uploaded_by: str | None = None
    uploaded_at: str | None = None


@dg.asset(
    key=RAW,
    partitions_def=UPLOADS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="raw",
    kinds={"parquet"},
    description="Raw: every record of every upload as received, with its line. One partition per upload.",
)
def records(context: dg.AssetExecutionContext, config: IngestConfig, home: HomeResource) -> dg.MaterializeResult:
    lake, keys = Lake(home.home), list(context.partition_keys)
    errors = row_errors(home.home, home.settings, [hash_in_key(key) for key in keys])  # of what is read again

    def done(key: str, facts: UploadFacts) -> None:
        findings = findings_of(lake, home.settings, facts, errors.get(facts.sha256))
        context.add_asset_metadata(_upload_metadata(facts, findings), asset_key=RAW, partition_key=key)
        said = f"; it failed: {facts.message}" if facts.message else ""
        context.log.info(f"{key}: {facts.kind}, {facts.records} records{said}")
        for finding in findings:
            where = f" (lines {finding.lines})" if finding.lines else ""
            context.log.warning(f"{key}: {finding.what}{where}. {finding.fix}")

    stated = Stated(config.uploaded_by, config.uploaded_at)
    with failures_in_words():
        facts = ingest(home.home, home.settings, keys, stated, done)
    # Not as metadata: what is said of a run here would stand on the page of each of its uploads.
    context.log.info(f"{len(facts)} uploads, {sum(one.records for one in facts)} records")
    return dg.MaterializeResult()


def _upload_metadata(facts: UploadFacts, findings: list[Finding]) -> dict[str, Any]:
    return {
        "kind": facts.kind,
        "dagster/partition_row_count": facts.records,
        "lines": f"{facts.physical_lines} = {facts.header_lines} header + {facts.record_lines} record "
        f"+ {facts.blank_lines} blank + {facts.other_lines} other",
        "encoding": facts.encoding,
        "delimiter": facts.delimiter,
        "read": facts.speed,
        "sha256": facts.sha256,
        **({"message": facts.message} if facts.message else {}),
        **({"what was wrong": dg.MetadataValue.md(as_markdown(findings))} if findings else {}),
    }


def asset_key(table: str) -> dg.AssetKey:
    """The asset of a table that a transform reads: every view over the lake is the one raw asset."""
    if table.startswith(LAKE + "."):
        return RAW
    return dg.AssetKey([load_transforms()[table].layer, table])


def group_assets(tables: list[Transform]) -> dg.AssetsDefinition:
    """The tables of one folder: an asset and its checks for each, in one step. Any of them can be built alone."""

    @dg.multi_asset(
        name=tables[0].group,
        specs=[_spec(transform) for transform in tables],
        check_specs=[
            dg.AssetCheckSpec(
                name=CONTRACT,
                asset=asset_key(transform.name),
                blocking=True,
                description="Not null, unique and allowed values, as the table's contract says.",
            )
            for transform in tables
            if transform.name in published_tables()
        ],
        can_subset=True,
    )
    def build(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult]:
        home.begin(context)
        for transform in tables:
            if asset_key(transform.name) in context.selected_asset_keys:
                yield _built(context, home, transform)

    return build


def _built(context: dg.AssetExecutionContext, home: HomeResource, transform: Transform) -> dg.MaterializeResult:
    """Build one table and hold it against its contract; a broken one stops whatever comes after it."""
    key, started = asset_key(transform.name), time.perf_counter()
    with failures_in_words():
        built = home.warehouse.build(transform)
    checks = []
    if dg.AssetCheckKey(key, CONTRACT) in context.selected_asset_check_keys:
        outcomes = home.suites.contract(transform.name, home.warehouse.places(transform.name))
        if all(outcome.passed for outcome in outcomes):
            home.warehouse.mark_checked(transform.name)
        checks = [check_result(key, CONTRACT, outcomes)]
    seconds = time.perf_counter() - started
    return dg.MaterializeResult(
        asset_key=key, metadata=_build_metadata(transform, built, seconds), check_results=checks
    )


def _spec(transform: Transform) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=asset_key(transform.name),
        deps=sorted({asset_key(table) for table in inputs_of(transform.name) if table != SETTINGS}),
        group_name=transform.group,
        kinds={"duckdb", "sql"},
        description=_description(transform),
        metadata={
            "dagster/table_name": f"warehouse.main.{transform.name}",
            **_contract_schema(transform.name),
        },
    )


def _description(transform: Transform) -> str:
    model = published_tables().get(transform.name)
    about = f"{description(model)}\n\n" if model else ""
    meaning = transform.meaning[:1].upper() + transform.meaning[1:]
    steps = "".join(f"\n\n`{step.name}`, a step of it:\n\n```sql\n{step.sql}\n```" for step in steps_of(transform.name))
    return f"{about}{meaning}\n\nGrain: {transform.grain}.\n\n```sql\n{transform.sql}\n```{steps}"


def _contract_schema(table: str) -> Mapping[str, Any]:
    model = published_tables().get(table)
    if model is None:
        return {}
    columns = [
        dg.TableColumn(
            name=column.name,
            type=duckdb_type(column),
            description=column.comment,
            constraints=dg.TableColumnConstraints(nullable=bool(column.nullable), unique=column.info["unique"]),
        )
        for column in model.__table__.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def _build_metadata(transform: Transform, built: Built, seconds: float) -> dict[str, Any]:
    deps = {
        name: [
            dg.TableColumnDep(asset_key=key, column_name=column)
            for key, column in dict.fromkeys(
                (asset_key(table), column)
                for table, column in column_inputs(transform, name)
                if table != SETTINGS and column != "*"
            )
        ]
        for name, _ in built.columns
    }
    described = (
        {}
        if transform.name in published_tables()
        else {
            "dagster/column_schema": dg.TableSchema(
                columns=[dg.TableColumn(name=name, type=kind) for name, kind in built.columns]
            )
        }
    )
    return {
        **({} if built.rows is None else {"dagster/row_count": built.rows}),
        "dagster/column_lineage": dg.TableColumnLineage({name: found for name, found in deps.items() if found}),
        "seconds": round(seconds, 3),
        "built": built.note,
        **described,
    }


@dg.asset(
    key=PUBLISHED,
    deps=[AUDIT],
    group_name="published",
    kinds={"duckdb"},
    description="analytics.duckdb: the checked tables, masked, in one rename. Analysts read this and nothing else.",
)
def analytics(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    home.close_warehouse()
    with failures_in_words(), outcomes_said(context.instance, home.home, home.settings):
        rows = publish(home.home, home.settings)
    context.log.info(f"Published {len(rows)} tables.")
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(home.home.analytics)),
            "pii": home.settings.pii,
            "bytes": home.home.analytics.stat().st_size,
            **{f"rows_{table}": count for table, count in rows.items()},
        }
    )


def table_assets(transforms: Iterable[Transform]) -> list[dg.AssetsDefinition]:
    """The assets of transforms, which are in an order in which they can be built, by folder."""
    by_folder: dict[str, list[Transform]] = {folder: [] for folder in FOLDERS}
    for transform in transforms:
        if not transform.is_step:
            by_folder[transform.folder].append(transform)
    return [group_assets(tables) for tables in by_folder.values() if tables]
