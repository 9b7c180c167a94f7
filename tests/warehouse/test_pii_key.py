"""The key of the published fingerprints: whole or not there, known again, and never another one without a word."""

import os
import stat
from collections.abc import Callable

import pytest
from support import World

from orchestration.errors import LoancallsError
from orchestration.warehouse.pii_key import pii_key, remember


def test_key_is_made_once_for_its_owner_only(new_world: Callable[..., World]) -> None:
    world, other = new_world(), new_world()
    first = pii_key(world.home, world.settings)
    assert len(first) == 64 and pii_key(world.home, world.settings) == first
    assert pii_key(other.home, other.settings) != first
    assert stat.S_IMODE((world.home.root / "pii.key").stat().st_mode) == 0o600


def test_a_key_that_was_not_written_to_its_end_is_not_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(file: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, "fsync", no_room)
        pii_key(world.home, world.settings)
    assert not (world.home.root / "pii.key").exists()
    assert len(pii_key(world.home, world.settings)) == 64


@pytest.mark.parametrize("content", ["", "\n", "  ", "a" * 31 + "\n", "a" * 31])
def test_an_empty_or_short_key_is_refused(world: World, content: str) -> None:
    (world.home.root / "pii.key").write_text(content, encoding="utf-8")
    with pytest.raises(LoancallsError, match=r"pii\.key holds \d+ characters, too few for a key.*remove it to have"):
        pii_key(world.home, world.settings)


@pytest.mark.parametrize("lost", [["pii.key"], ["pii.key", "warehouse.duckdb"]])
def test_a_key_that_is_gone_is_not_made_anew_without_a_word(world: World, lost: list[str]) -> None:
    remember(world.home, pii_key(world.home, world.settings))
    (world.home.warehouse).touch()
    for name in lost:
        (world.home.root / name).unlink()
    for _ in range(2):
        with pytest.raises(
            LoancallsError, match=r"pii\.key is not there any more\. Fingerprints published from now on"
        ):
            pii_key(world.home, world.settings)
    (world.home.root / "pii.check").unlink()
    assert len(pii_key(world.home, world.settings)) == 64


def test_a_key_that_was_changed_is_noticed(world: World) -> None:
    remember(world.home, pii_key(world.home, world.settings))
    (world.home.root / "pii.key").write_text("0" * 64, encoding="utf-8")
    with pytest.raises(LoancallsError, match=r"pii\.key is not the key that was published with before"):
        pii_key(world.home, world.settings)


def test_what_is_kept_of_a_key_does_not_tell_it(world: World) -> None:
    key = pii_key(world.home, world.settings)
    remember(world.home, key)
    check = (world.home.root / "pii.check").read_text(encoding="utf-8")
    assert len(check.strip()) == 64 and key.decode() not in check
    assert stat.S_IMODE((world.home.root / "pii.check").stat().st_mode) == 0o600
