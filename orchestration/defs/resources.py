"""The one resource of every step: the home, held by the run from start to end."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import PrivateAttr

from orchestration.settings import Settings, load_settings
from orchestration.store.home import Home


class HomeResource(dg.ConfigurableResource):
    """The home that LOANCALLS_HOME names, and the settings. Holding it is holding the home's lock."""

    _home: Home = PrivateAttr()
    _settings: Settings = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeResource"]:
        self._settings = load_settings()
        self._home = Home(self._settings.home).prepare()
        waiting = f"Another run holds {self._home.root}; waiting until it has ended."
        with self._home.lock(lambda: context.log.info(waiting) if context.log else None):
            yield self

    @property
    def home(self) -> Home:
        return self._home

    @property
    def settings(self) -> Settings:
        return self._settings
