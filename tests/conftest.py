import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import World

# Tests say what they need; nothing of the developer's own settings reaches them.
for name in [name for name in os.environ if name.startswith("LOANCALLS_") or name == "DAGSTER_HOME"]:
    del os.environ[name]


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
