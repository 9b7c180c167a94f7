"""The assets: raw uploads by partition, one asset per `.sql` file, and the published database."""

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg

from models.base import description, duckdb_type, published_tables
from orchestration.defs.resources import HomeResource
from orchestration.ingest.run import Stated, ingest
from orchestration.report.findings import Finding, as_markdown, problem_findings, reading_findings
from orchestration.store.lake import Lake, UploadFacts
from orchestration.warehouse.build import Built, open_warehouse
from orchestration.warehouse.publish import publish
from orchestration.warehouse.transforms import LAKE, SETTINGS, Transform, load_transforms

UPLOADS = dg.DynamicPartitionsDefinition(name="uploads")
RAW = dg.AssetKey([LAKE, "upload_rows"])
AUDIT = dg.AssetKey(["published", "audit"])
PUBLISHED = dg.AssetKey(["published", "analytics"])


class IngestConfig(dg.Config):
    """What is stated of the uploads of a run, in place of their manifest, owner and modification time."""

    uploaded_by: str | None = None
    uploaded_at: str | None = None


@dg.asset(
    key=RAW,
    partitions_def=UPLOADS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name=LAKE,
    kinds={"parquet"},
    description="Raw: every record of every upload as received, with its line. One partition per upload.",
)
def upload_rows(context: dg.AssetExecutionContext, config: IngestConfig, home: HomeResource) -> dg.MaterializeResult:
    lake = Lake(home.home)

    def done(key: str, facts: UploadFacts) -> None:
        findings = reading_findings(facts) + problem_findings(lake, facts)
        context.add_asset_metadata(_upload_metadata(facts, findings), asset_key=RAW, partition_key=key)
        said = f"; it failed: {facts.message}" if facts.message else ""
        context.log.info(f"{key}: {facts.kind}, {facts.records} records{said}")
        for finding in findings:
            where = f" (lines {finding.lines})" if finding.lines else ""
            context.log.warning(f"{key}: {finding.what}{where}. {finding.mend}")

    stated = Stated(config.uploaded_by, config.uploaded_at)
    facts = ingest(home.home, home.settings, list(context.partition_keys), stated, done)
    return dg.MaterializeResult(metadata={"uploads": len(facts), "records": sum(one.records for one in facts)})


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


def transform_asset(transform: Transform) -> dg.AssetsDefinition:
    """The asset of one `.sql` file; its upstream are the tables that the SQL reads."""

    @dg.asset(
        key=dg.AssetKey([transform.layer, transform.name]),
        deps=sorted({asset_key(table) for table in transform.upstream if table != SETTINGS}),
        group_name=transform.group,
        kinds={"duckdb", "sql"},
        description=_description(transform),
        metadata={
            "dagster/table_name": f"warehouse.main.{transform.name}",
            **_contract_schema(transform.name),
        },
    )
    def build(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
        started = time.perf_counter()
        with open_warehouse(home.home, home.settings) as warehouse:
            built = warehouse.build(transform)
        seconds = time.perf_counter() - started
        context.log.info(f"{transform.name}: {built.rows} rows, {built.note}, {seconds:.2f} s")
        return dg.MaterializeResult(metadata=_build_metadata(transform, built, seconds))

    return build


def _description(transform: Transform) -> str:
    model = published_tables().get(transform.name)
    about = f"{description(model)}\n\n" if model else ""
    meaning = transform.meaning[:1].upper() + transform.meaning[1:]
    return f"{about}{meaning}\n\nGrain: {transform.grain}.\n\n```sql\n{transform.sql}\n```"


def _contract_schema(table: str) -> Mapping[str, Any]:
    model = published_tables().get(table)
    if model is None:
        return {}
    columns = [
        dg.TableColumn(
            name=column.name,
            type=duckdb_type(column),
            description=column.comment,
            constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=column.info["unique"]),
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
                for table, column in transform.column_sources.get(name, [])
                if table != SETTINGS and column != "*"
            )
        ]
        for name, _ in built.columns
    }
    described = _contract_schema(transform.name) or {
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(name=name, type=kind) for name, kind in built.columns]
        )
    }
    return {
        "dagster/row_count": built.rows,
        "dagster/column_lineage": dg.TableColumnLineage({name: found for name, found in deps.items() if found}),
        "seconds": round(seconds, 3),
        "built": built.note,
        "sql": dg.MetadataValue.md(f"```sql\n{transform.sql}\n```"),
        **described,
    }


@dg.asset(
    key=PUBLISHED,
    deps=[AUDIT, *(asset_key(table) for table in published_tables())],
    group_name="published",
    kinds={"duckdb"},
    description="analytics.duckdb: the checked tables, masked, in one rename. Analysts read this and nothing else.",
)
def analytics(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
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


def transform_assets() -> list[dg.AssetsDefinition]:
    return [transform_asset(transform) for transform in load_transforms().values()]
