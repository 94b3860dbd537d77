"""`--lf` as resume: runs that are selected but not done stay in pytest's cache of failures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pytest_dre.integration.gate_names import gate_name, is_gate
from pytest_dre.integration.lastfailed import LASTFAILED, selected_key
from pytest_dre.integration.reports import held_back_by
from pytest_dre.integration.study_files import file_of, node_id_of
from pytest_dre.model.reasons import StatusReason
from pytest_dre.sessions.planned import PlannedStudy

DONE_WITH = (None, StatusReason.NOT_NEEDED)


class PendingRuns:
    """Adds the session's runs to `cache/lastfailed` at its start, and takes out at its end those that are done.

    So whatever ends the session, a SIGKILL too, `--lf` finds what is missing: runs, and artifacts of finished runs.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._selected: set[str] = set()
        config.stash[selected_key] = self._selected
        self._done: set[str] = set()
        self._kept: set[Path] = set()
        self._left_out: set[str] = set()
        self._reported: set[str] = set()  # those that failed or were held back
        self._ended_early = bool(config.getoption("setuponly", False))

    def add(self, node_ids: Iterable[str]) -> None:
        """Note the selected runs, in memory and in the cache."""
        self._selected.update(node_ids)
        if getattr(self._config, "cache", None) is not None:
            saved = self._config.cache.get(LASTFAILED, {})
            self._save({**saved, **dict.fromkeys(self._selected, True)}, saved)

    def add_undone(self, planned: PlannedStudy, names: Iterable[str]) -> None:
        """Note runs of a study whose store has lost results, selected or not; its gates judged by them."""
        assert planned.source.path is not None, "a session's studies are files"
        prefix = node_id_of(planned.source.path, self._config.rootpath)
        undone = {f"{prefix}::{name}" for name in names}
        if undone:
            self._left_out |= undone - self._selected
            self.add(undone | {f"{prefix}::{gate_name(gate.gate_id)}" for gate in planned.study.gates})

    def left_out(self, study: Path) -> int:
        """Return how many runs of the study are undone since results were lost, and were not selected here."""
        return sum(file_of(node_id, self._config.rootpath) == study for node_id in self._left_out)

    def keep(self, study: Path) -> None:
        """Leave all that was selected of the study at `study` in the cache: it is done, but not its artifacts.

        `--lf` replays the runs then, which costs nothing, and judges and exports again.
        """
        self._kept.add(study)

    def unreported(self, study: Path) -> int:
        """Return how many selected runs of the study nobody has reported, though nobody ended the session early."""
        if self._ended_early:
            return 0
        return self._count(self._selected - self._left_out - self._done - self._reported, study)

    def pytest_keyboard_interrupt(self) -> None:
        """Note Ctrl-C and `pytest.exit`."""
        self._ended_early = True

    def runs_left(self, study: Path) -> int:
        """Return how many of the selected runs of the study at `study` failed or never ran."""
        return self._count(self._selected - self._done, study)

    def _count(self, node_ids: Iterable[str], study: Path) -> int:
        """Return how many of the items are runs of the study."""
        counts = Counter(prefix for prefix, _, name in _parts(node_ids) if not is_gate(name))
        return sum(count for prefix, count in counts.items() if file_of(prefix, self._config.rootpath) == study)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what is done: passed, or skipped by the user's own word or as not needed."""
        if report.passed and report.when != "call":  # two of three reports
            return
        if report.nodeid not in self._selected:
            return
        if (report.when == "call" and report.passed) or (report.skipped and held_back_by(report) in DONE_WITH):
            self._done.add(report.nodeid)
        else:
            self._reported.add(report.nodeid)
            if report.failed:
                self._done.discard(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """Leave in the cache what failed and what never ran, but not before the artifacts are written.

        pytest's own plugin would leave failures only. A session that is killed between its view and ours, or while it
        exports a study that has none, would lose what `--lf` must still do: so its view gets all that was selected.
        """
        own = self._config.pluginmanager.get_plugin("lfplugin")
        if own is not None:
            own.lastfailed.update(dict.fromkeys(self._selected, True))
        yield
        if not self._selected or getattr(self._config, "cache", None) is None:
            return
        saved = self._config.cache.get(LASTFAILED, {})
        done = self._done - self._unwritten() - self._to_be_judged_again()
        merged = {**saved, **dict.fromkeys(self._selected - done, True)}
        self._save({node_id: True for node_id in merged if node_id not in done}, saved)

    def _unwritten(self) -> set[str]:
        """Return the items of the studies that are kept."""
        if not self._kept:
            return set()
        prefixes = {node_id.partition("::")[0] for node_id in self._selected}
        kept = {prefix for prefix in prefixes if file_of(prefix, self._config.rootpath) in self._kept}
        return {node_id for node_id in self._selected if node_id.partition("::")[0] in kept}

    def _to_be_judged_again(self) -> set[str]:
        """Return the gates of studies with runs that are left: what they said was of fewer runs."""
        incomplete = {study for study, _, name in _parts(self._selected - self._done) if not is_gate(name)}
        return {
            f"{study}::{name}" for study, _, name in _parts(self._selected) if is_gate(name) and study in incomplete
        }

    def _save(self, lastfailed: dict[str, bool], saved: dict[str, bool]) -> None:
        if lastfailed != saved:
            self._config.cache.set(LASTFAILED, lastfailed)


def _parts(node_ids: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    return (node_id.partition("::") for node_id in node_ids)
