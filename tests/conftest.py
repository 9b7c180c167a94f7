import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import World

# Tests say what they need; nothing of the developer's own settings reaches them.
for name in [name for name in os.environ if name.startswith("LOANCALLS_") or name in ("DAGSTER_HOME", "COLUMNS")]:
    del os.environ[name]

# As the command line does: libraries make a million objects that stay, and Python would look through them all again.
gc.set_threshold(100_000)

# The longest modules come first, or one of two workers would be left alone with the last of them.
LONGEST = (
    *("store/test_journal.py", "warehouse/test_touched.py", "transforms/test_properties.py", "cli/test_cli.py"),
    *("store/test_damage.py", "defs/test_orchestration.py", "transforms/test_scenarios.py"),
    *("transforms/test_reference.py", "transforms/test_reference_records.py", "ingest/test_hostile.py"),
    *("cli/test_locale.py", "defs/test_web.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {str(Path(__file__).parent / module): place for place, module in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(places)))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty home."""
    return World(tmp_path / "home")


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[..., World]:
    """Makes empty homes that never touch, with settings as keywords (contact_seconds="20")."""
    made: list[World] = []

    def make(**settings: str) -> World:
        made.append(World(tmp_path / f"home{len(made)}", **settings))
        return made[-1]

    return make
