"""Audit: what must hold before anything is published, as asset checks that block what comes after them.

A table's own contract is checked right after it is built, and a broken table stops those made from it. What holds
between tables is checked when all are there, on the asset `audit` that stands before the published database.
"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from expectations.run import Outcome, check_contract, check_together
from orchestration.defs.assets import AUDIT, asset_key
from orchestration.defs.resources import HomeResource
from orchestration.warehouse.build import open_warehouse
from orchestration.warehouse.contract import published_tables


def contract_check(table: str) -> dg.AssetChecksDefinition:
    """The blocking check of one published table against its contract."""
    key = asset_key(table)

    @dg.asset_check(
        asset=key,
        name="contract",
        blocking=True,
        description="Not null, unique and allowed values, as the table's contract says.",
    )
    def contract(home: HomeResource) -> dg.AssetCheckResult:
        _settle(home)
        outcomes = check_contract(home.home.warehouse, table)
        if all(outcome.passed for outcome in outcomes):
            with open_warehouse(home.home, home.settings) as warehouse:
                warehouse.mark_checked(table)
        return _result(key, "contract", outcomes)

    return contract


@dg.asset(
    key=AUDIT,
    deps=[asset_key(table) for table in published_tables()],
    group_name="published",
    kinds={"greatexpectations"},
    check_specs=[
        dg.AssetCheckSpec(
            name=table,
            asset=AUDIT,
            blocking=True,
            description=f"References of {table}, and what must add up within it and with other tables.",
        )
        for table in published_tables()
    ],
    description="Holds the published tables against each other; nothing is published that does not add up.",
)
def audit(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult]:
    _settle(home)
    outcomes = check_together(home.home.warehouse, list(published_tables()))
    if all(outcome.passed for outcome in outcomes):
        with open_warehouse(home.home, home.settings) as warehouse:
            warehouse.mark_audited()
    context.log.info(f"{len(outcomes)} expectations, {sum(not outcome.passed for outcome in outcomes)} failed")
    yield dg.MaterializeResult(
        metadata={"expectations": len(outcomes)},
        check_results=[
            _result(AUDIT, table, [outcome for outcome in outcomes if outcome.table == table])
            for table in published_tables()
        ],
    )


def _settle(home: HomeResource) -> None:
    """Put what a crash has left in the write-ahead log into the file: it is about to be opened read-only."""
    if Path(f"{home.home.warehouse}.wal").exists():
        with open_warehouse(home.home, home.settings):
            pass


def _result(key: dg.AssetKey, suite: str, outcomes: list[Outcome]) -> dg.AssetCheckResult:
    failed = [outcome for outcome in outcomes if not outcome.passed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=suite,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=". ".join(str(outcome) for outcome in failed) or f"{len(outcomes)} expectations hold.",
        metadata={
            "expectations": len(outcomes),
            "failed": dg.TableMetadataValue(
                records=[
                    dg.TableRecord(
                        {
                            "column": outcome.column,
                            "rule": outcome.rule,
                            "rows": outcome.count,
                            "example_keys": ", ".join(outcome.examples),
                        }
                    )
                    for outcome in failed
                ],
                schema=dg.TableSchema(
                    columns=[
                        dg.TableColumn("column", "string"),
                        dg.TableColumn("rule", "string"),
                        dg.TableColumn("rows", "int"),
                        dg.TableColumn("example_keys", "string"),
                    ]
                ),
            ),
        },
    )


def contract_checks() -> list[dg.AssetChecksDefinition]:
    return [contract_check(table) for table in published_tables()]
