"""The one resource of every step: the home, held by the run from start to end, with its database opened once."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg
from pydantic import PrivateAttr

from expectations.run import Outcome, Suites
from models.published import published_tables
from orchestration.defs.history import alive, fail_dead_runs, forget_old_runs
from orchestration.errors import LoancallsError
from orchestration.settings import Settings, load_settings
from orchestration.store.home import Home
from orchestration.warehouse.build import Warehouse, open_warehouse
from orchestration.warehouse.publish import published_views
from orchestration.warehouse.transforms import load_transforms


class HomeResource(dg.ConfigurableResource):
    """The home that LOANCALLS_HOME names, and the settings. Holding it is holding the home's lock.

    The working database is opened by the first step that needs it and stays open: every table is built, and every
    expectation run, on that one connection.
    """

    _home: Home = PrivateAttr()
    _settings: Settings = PrivateAttr()
    _opened: ExitStack = PrivateAttr()
    _is_begun: bool = PrivateAttr(default=False)
    _is_of_a_part: bool = PrivateAttr(default=False)
    _warehouse: Warehouse | None = PrivateAttr(default=None)
    _suites: Suites | None = PrivateAttr(default=None)
    _audited: list[Outcome] | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeResource"]:
        os.umask(0o077)  # as from the command line, however Dagster was started
        self._settings = load_settings()
        self._home = Home(self._settings.home).prepare()
        with ExitStack() as held:
            instance, run_id = context.instance, context.run_id
            if run_id:
                held.enter_context(alive(self._home, run_id))
            held.enter_context(self._home.lock(lambda said: context.log.info(said) if context.log else None))
            if instance and run_id:
                fail_dead_runs(instance, self._home)
                forget_old_runs(instance, self._home)
            with ExitStack() as self._opened:
                yield self

    @property
    def home(self) -> Home:
        return self._home

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def warehouse(self) -> Warehouse:
        """The working database, open for writing."""
        if self._warehouse is None:
            self._warehouse = self._opened.enter_context(open_warehouse(self._home, self._settings))
        return self._warehouse

    def begin(self, context: dg.AssetExecutionContext) -> None:
        """Before the first table: where the run is of all of them, let what was not touched be as it is."""
        run, tables = context.run, [one for one in load_transforms().values() if not one.is_step]
        steps, keys = {one.group for one in tables}, {dg.AssetKey([one.layer, one.name]) for one in tables}
        is_of_all = steps <= set(run.step_keys_to_execute or steps) and keys <= set(run.asset_selection or keys)
        if is_of_all and not self._is_begun:
            self.warehouse.begin()
            self._is_of_a_part = self.warehouse.is_of_a_part
        self._is_begun = True

    @property
    def is_of_a_part(self) -> bool:
        """Whether the tables of this run were made of the touched part of the rows."""
        return self._is_of_a_part

    @property
    def suites(self) -> Suites:
        """The expectations, on the working database."""
        if self._suites is None:
            self._suites = Suites(self.warehouse.con, views=published_views())
        return self._suites

    def audit(self) -> list[Outcome]:
        """What came of holding the published tables, which are there now, against each other; asked once in a run."""
        self.warehouse.finish()
        if self._audited is None:
            self._audited = self.suites.together(published_tables())
        return self._audited

    def close_warehouse(self) -> None:
        """Put the working database into its file and let go of it."""
        self._warehouse = self._suites = None
        self._opened.close()


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Let an error that people are meant to read be the failure of its step, as it is worded."""
    try:
        yield
    except LoancallsError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
