"""Audit: what must hold between tables before anything is published.

A table's own contract is checked right after it is built (see `assets`). What holds between tables is checked when all
are there: the asset `audit`, which stands before the published database, asks; the answers are checks of the tables.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.assets import AUDIT, asset_key
from orchestration.defs.resources import HomeResource
from orchestration.defs.results import check_result
from orchestration.warehouse.contract import published_tables

ADDS_UP = "adds_up"


@dg.asset(
    key=AUDIT,
    deps=[asset_key(table) for table in published_tables()],
    group_name="published",
    kinds={"greatexpectations"},
    description="Holds the published tables against each other; nothing is published that does not add up.",
)
def audit(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    outcomes = home.audit()
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not failed:
        home.warehouse.fingerprints.mark_audited()
    context.log.info(f"{len(outcomes)} expectations, {len(failed)} failed")
    held = "of the rows that were made anew, and between them and all others" if home.is_of_a_part else "of all rows"
    return dg.MaterializeResult(
        metadata={
            "expectations": len(outcomes),
            "failed": len(failed),
            "references and sums were held": "of all rows",
            "contracts were held": held,
        }
    )


@dg.multi_asset_check(
    name=ADDS_UP,
    specs=[
        dg.AssetCheckSpec(
            name=ADDS_UP,
            asset=asset_key(table),
            additional_deps=[AUDIT],
            description=f"References of {table}, and what must add up within it and with other tables.",
        )
        for table in published_tables()
    ],
    can_subset=True,
)
def adds_up(context: dg.AssetCheckExecutionContext, home: HomeResource) -> Iterator[dg.AssetCheckResult]:
    outcomes = home.audit()
    for table in published_tables():
        key = asset_key(table)
        if dg.AssetCheckKey(key, ADDS_UP) in context.selected_asset_check_keys:
            yield check_result(key, ADDS_UP, [outcome for outcome in outcomes if outcome.table == table])
