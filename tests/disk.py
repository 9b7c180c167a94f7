"""Sees what a home does to the disk, and what a power cut at each moment would take away."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """Sees every sync, rename and removal of a home's files in their order, and what is not on the disk yet."""

    def __init__(self, home: Path):
        self.home = home
        self.unsynced: set[str] = set()  # files whose name is there and may be lost
        self.synced: set[str] = set()  # files whose bytes are on the disk
        self.forgotten: list[str] = []
        self.mistakes: list[str] = []

    def fsync(self, path: str) -> None:
        if os.path.isdir(path):
            self.unsynced = {name for name in self.unsynced if os.path.dirname(name) != path}
        else:
            self.synced.add(path)

    def rename(self, source: str, target: str) -> None:
        if source.endswith(".cache"):
            return
        if source not in self.synced:
            self.mistakes.append(f"{target} is renamed before its bytes are on the disk")
        if target.endswith("journal/open.jsonl"):
            self.forget(target)
        self.unsynced.add(target)

    def forget(self, path: str) -> None:
        if not path.startswith(str(self.home)) or "/.staging/" in path or not os.path.exists(path):
            return
        self.forgotten.append(os.path.relpath(path, self.home))
        if self.unsynced:
            self.mistakes.append(f"{path} is forgotten before {sorted(self.unsynced)} is on the disk")


@contextmanager
def disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    seen = Disk(home)
    fsync, replace, unlink = os.fsync, os.replace, os.unlink

    def spy(real: Callable, note: Callable) -> Callable:
        def call(*args: object, **options: object) -> None:
            if isinstance(args[0], int):
                note(os.readlink(f"/proc/self/fd/{args[0]}"))
            elif "dir_fd" not in options or options["dir_fd"] is None:
                note(*map(os.fspath, args))
            real(*args, **options)

        return call

    monkeypatch.setattr(os, "fsync", spy(fsync, seen.fsync))
    monkeypatch.setattr(os, "replace", spy(replace, seen.rename))
    monkeypatch.setattr(os, "unlink", spy(unlink, seen.forget))
    yield seen
    monkeypatch.undo()
