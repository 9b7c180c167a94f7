"""The raw records and their partitions: one for each upload, and the ranges of them that one run reads."""

import dagster as dg

INGEST = "ingest"
RAW = dg.AssetKey(["raw", "records"])
UPLOADS_NAME = "uploads"
UPLOADS = dg.DynamicPartitionsDefinition(name=UPLOADS_NAME)
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def contiguous(keys: list[str], order: list[str]) -> list[tuple[str, str]]:
    """The partitions `keys` as ranges (first, last) of `order`, so that each range is one run."""
    wanted = set(keys)
    ranges: list[tuple[str, str]] = []
    current: list[str] = []
    for key in [*order, None]:
        if key in wanted and key is not None:
            current.append(key)
        elif current:
            ranges.append((current[0], current[-1]))
            current = []
    return ranges
