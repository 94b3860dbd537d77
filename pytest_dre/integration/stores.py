"""The run stores of a session, each claimed for it."""

import datetime
import os
import shlex
import socket
import textwrap
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pytest_dre.errors import StoreError
from pytest_dre.execution.fingerprints import VersionKey, fingerprint
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.watching import settle_hangs, under_way
from pytest_dre.sessions.lost_stores import see_to_lost_store
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.failures import opening_failed
from pytest_dre.store.ownership import RunningElsewhere, SessionInfo
from pytest_dre.store.runs import RunStore
from pytest_dre.store.salvage import Salvaged

MAX_DAMAGE = 80  # characters of what SQLite says, which may be a page of page numbers
WhenSalvaged = Callable[[PlannedStudy, Sequence[str]], object]


class Stores:
    """Opens each study's store once a process. A store that failed is not tried again: its runs are held back.

    Attributes:
        notices: What users must know of a store, by the study's store path.
        refused: Why nothing of a study may run, by the same.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._session = _session_info(config, settings)
        self._resume = settings.resumption.resume
        self._open: dict[Path, RunStore] = {}
        self._when_salvaged: list[WhenSalvaged] = []
        self.notices: defaultdict[Path, list[str]] = defaultdict(list)
        self.refused: dict[Path, StoreError] = {}

    def of(self, planned: PlannedStudy) -> RunStore:
        """Return the study's store, claimed. Raises StoreError; RunningElsewhere if another session runs the study."""
        path = planned.store_path
        if path in self.refused:
            raise self.refused[path]
        if path not in self._open:
            try:
                self._open[path] = self._claimed(planned)
            except StoreError as error:
                self.refused[path] = error
                raise
        return self._open[path]

    def bring_up_to_date(self, planned: PlannedStudy, versions: Mapping[VersionKey, str]) -> None:
        """Note the versions of now, if anything is stored: what is judged without a run must not be of others.

        Raises what `of` does: a study that another session runs is not to be judged yet.
        """
        if planned.store_path.exists() or planned.store_path in self.refused:
            self.of(planned).set_versions(versions)

    def when_salvaged(self, tell: WhenSalvaged) -> None:
        """Let `tell` be called with the study when its store is salvaged, and the names of runs without a success."""
        self._when_salvaged.append(tell)

    def has_opened(self, planned: PlannedStudy) -> bool:
        """Return whether the study's store was there when this process looked."""
        return planned.store_path in self._open

    def give_up(self, planned: PlannedStudy, error: StoreError) -> None:
        """Let no further run of the study start: its result could not be kept."""
        self.refused[planned.store_path] = error

    def is_foreign(self, planned: PlannedStudy) -> bool:
        """Return whether another session runs the study, so that this one must not touch its artifacts."""
        return isinstance(self.refused.get(planned.store_path), RunningElsewhere)

    def pytest_unconfigure(self) -> None:
        """Close the stores, after the artifacts are written; their content is complete at any moment."""
        for store in self._open.values():
            store.close()
        self._open.clear()

    def _claimed(self, planned: PlannedStudy) -> RunStore:
        path = planned.store_path
        self._see_to_lost_store(planned)
        salvaged: list[Salvaged] = []
        # The look into all results that salvage begins with takes time: one process of the session has it.
        on_salvage = salvaged.append if self._session.main else None
        store = RunStore.create_or_open(path, planned.study.study_id, on_salvage=on_salvage)
        try:
            for found in salvaged:
                self._note(planned, store, found)
            store.claim(self._session, on_wait=self._say)
            if self._session.main:
                self._say_who_was_killed(planned, store)
                self.notices[path].extend(settle_hangs(planned, store))
        except BaseException:
            store.close()
            raise
        return store

    def _see_to_lost_store(self, planned: PlannedStudy) -> None:
        """Refuse to resume in every process; in the main one, which opens it first, keep artifacts aside."""
        if not (self._session.main or self._resume):
            return
        try:
            notice = see_to_lost_store(planned, resume=self._resume)
        except OSError as error:
            raise opening_failed(planned.store_path, error) from error
        if notice is not None:
            self.notices[planned.store_path].append(notice)

    def _note(self, planned: PlannedStudy, store: RunStore, salvaged: Salvaged) -> None:
        self.notices[planned.store_path].append(
            f"the store was damaged and is kept as {salvaged.kept.name}: {salvaged.results} results were salvaged,"
            f" {salvaged.lost_hint} ({textwrap.shorten(salvaged.damage, MAX_DAMAGE, placeholder=' …')})"
        )
        versions = store.versions()
        undone = [
            name
            for name, run in zip(planned.names, planned.plan.runs, strict=True)
            if store.completed(run.run_id, fingerprint(run, versions)) is None
        ]
        for tell in self._when_salvaged:
            tell(planned, undone)

    def _say_who_was_killed(self, planned: PlannedStudy, store: RunStore) -> None:
        """At the start, as there is no end where a run ends each session that comes to it."""
        killed = store.killed_before
        if killed is None:
            return
        runs = under_way(planned)
        at = f" during {', '.join(runs)}" if runs else ""
        self._say(
            f"study {planned.study.study_id!r}: the last session was killed{at}, {killed.describe()};"
            " if a run ends its process, -n 1 records it as crashed and goes on"
        )

    def _say(self, message: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"dre: {message}")


def _session_info(config: pytest.Config, settings: Settings) -> SessionInfo:
    return SessionInfo(
        session_id=settings.session_id,
        main=settings.is_main,
        pid=os.getpid() if settings.is_main else os.getppid(),
        host=socket.gethostname(),
        command=shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )
