"""Outcomes of expectations as Dagster shows them."""

import dagster as dg

from expectations.run import Outcome

_COLUMNS = {"column": "string", "rule": "string", "rows": "int", "example_keys": "string"}


def check_result(key: dg.AssetKey, name: str, outcomes: list[Outcome]) -> dg.AssetCheckResult:
    """The result of a check of an asset: passed when all outcomes are; those that failed with keys of rows."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=". ".join(str(outcome) for outcome in failed) or _in_order(outcomes),
        metadata={"expectations": len(outcomes), **({"failed": _table(failed)} if failed else {})},
    )


def _in_order(outcomes: list[Outcome]) -> str:
    return f"{len(outcomes)} expectations hold." if outcomes else "A view over tables that are checked themselves."


def _table(failed: list[Outcome]) -> dg.TableMetadataValue:
    return dg.TableMetadataValue(
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
        schema=dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in _COLUMNS.items()]),
    )
