"""Gates as items: judged once the runs are in, by the process that leads the session."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_dre.errors import DreError, StoreError
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.gate_names import gate_name
from pytest_dre.integration.nodes import GateItem, StudyFile
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.studies import StudyRegistry
from pytest_dre.model.running import Gate
from pytest_dre.model.verdicts import GateVerdict
from pytest_dre.sessions.judging import judge_study
from pytest_dre.sessions.planned import PlannedStudy

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline


class GateJudge:
    """Judges the gates of a study together, when the first of them is asked for.

    Attributes:
        verdicts: By the study's file, then the gate's id, in the order of the study.
        shown: The ids of the gates that were selected, by the same.
    """

    def __init__(self, settings: Settings, baselines: Baselines, stores: Stores) -> None:
        self._settings = settings
        self._baselines = baselines
        self._stores = stores
        self.verdicts: dict[Path, dict[str, GateVerdict]] = {}
        self.shown: dict[Path, list[str]] = {}

    def verdict(self, study_file: StudyFile, gate_id: str) -> GateVerdict:
        """Return the verdict on one gate of a study. Raises DreError if its store cannot be read or is in use."""
        path, planned = study_file.path, study_file.planned
        if path not in self.verdicts:
            self._stores.bring_up_to_date(planned, study_file.bindings.versions)
            baselines = self._baselines.of(planned)
            judged = judge_study(planned, self._settings.judging, baselines)
            lacking = [gate.gate_id for gate in planned.study.gates if self._lacks_what_is_saved(gate, baselines)]
            self.verdicts[path] = judged | {name: replace(judged[name], **BEING_SAVED) for name in lacking}
        self.shown.setdefault(path, []).append(gate_id)
        return self.verdicts[path][gate_id]

    def _lacks_what_is_saved(self, gate: Gate, baselines: "Mapping[str, Baseline | None]") -> bool:
        """Return whether the gate lacks the very baseline that this session is to save."""
        if gate.baseline is None or baselines[gate.baseline] is not None:
            return False
        return (self._settings.judging.baseline or gate.baseline) == self._settings.save_baseline

    def only_warns(self, planned: PlannedStudy, gate: Gate, default: str) -> bool:
        """Return whether the gate is skipped if its data cannot say."""
        is_lacking = gate.baseline is not None and self._baselines.of(planned)[gate.baseline] is None
        if is_lacking and self._baselines.may_be_missing():
            return True
        return (gate.on_inconclusive or default) == "warn"

    def judged(self, path: Path) -> tuple[GateVerdict, ...]:
        """Return the verdicts on the gates that were selected, in the order of the study."""
        shown = self.shown.get(path, [])
        return tuple(verdict for gate_id, verdict in self.verdicts.get(path, {}).items() if gate_id in shown)


BEING_SAVED: dict[str, Any] = {"reason": "its baseline was missing, and this session is there to save it", "remedy": ""}


class GatesLast:
    """In one process: runs the gates after all runs, whatever order other plugins gave the items."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Move the gates to the end."""
        session.items.sort(key=lambda item: isinstance(item, GateItem))


Mark = tuple[str, tuple[Any, ...], dict[str, Any]]  # name, arguments, keyword arguments
MARKS_KEY = "dre_gate_marks"  # of what a worker puts out when it ends
PLAIN = (str, int, float, bool, type(None))


class GatesElsewhere:
    """In a worker: leaves the gates, which were collected and selected like runs, to the controller.

    The controller has no agents or problems: their versions come to it through the store.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell the controller which marks conftest files have put on gates: it makes items of its own."""
        marks = {item.nodeid: _plain_marks(item) for item in session.items if isinstance(item, GateItem)}
        session.config.workeroutput[MARKS_KEY] = {name: found for name, found in marks.items() if found}  # type: ignore[attr-defined]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Report nothing of a gate, but tear down what the item before it has left for it and no later one needs."""
        if not isinstance(item, GateItem):
            return None
        with suppress(StoreError):  # the controller meets it too, and tells
            self._stores.bring_up_to_date(item.parent.planned, item.parent.bindings.versions)
        setup_state = item.session._setupstate  # the hook for it expects an item that was set up
        passed_on = (KeyboardInterrupt, pytest.exit.Exception)
        call = pytest.CallInfo.from_call(lambda: setup_state.teardown_exact(nextitem), "teardown", passed_on)
        if call.excinfo is not None:
            item.ihook.pytest_runtest_logreport(report=pytest.TestReport.from_item_and_call(item, call))
        return True


def _plain_marks(item: GateItem) -> list[Mark]:
    """Return the marks of the item itself that xdist can send; the plugin's own is set again."""
    return [
        (mark.name, mark.args, dict(mark.kwargs))
        for mark in item.own_markers
        if mark.name != "timeout" and all(isinstance(value, PLAIN) for value in (*mark.args, *mark.kwargs.values()))
    ]


class GatesAfterwards:
    """In the controller: judges the gates that the workers have selected, when its own loop is over."""

    def __init__(self, registry: StudyRegistry) -> None:
        self._registry = registry
        self._selected: list[tuple[Path, str]] = []
        self._marks: dict[str, list[Mark]] = {}

    def pytest_testnodedown(self, node: Any) -> None:
        """Take over the marks of gates; a worker that died puts out nothing."""
        self._marks |= getattr(node, "workeroutput", {}).get(MARKS_KEY, {})

    def select(self, gates: Iterable[tuple[Path, str]]) -> None:
        """Note the selected gates: the study's file and the item's name."""
        self._selected.extend(gates)

    def run(self, session: pytest.Session) -> None:
        """Run the gates through the ordinary protocol; a session that was stopped does not get here."""
        items = [item for path, name in self._selected if (item := self._item(session, path, name)) is not None]
        if items:
            from pytest_dre.integration.masking import GateReportsMasked, masker_of  # brings NumPy in, as judging does

            session.config.pluginmanager.register(GateReportsMasked(masker_of(session.config)))
        for index, item in enumerate(items):
            following = items[index + 1] if index + 1 < len(items) else None
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def _item(self, session: pytest.Session, path: Path, name: str) -> GateItem | None:
        """Return the gate as an item of this process; None if the study has no such gate any more.

        Nor if it cannot be read any more, which closing the session tells.
        """
        try:
            planned = self._registry.load(path)
        except DreError:
            return None
        gate = next((gate for gate in planned.study.gates if gate_name(gate.gate_id) == name), None)
        if gate is None:
            return None
        from pytest_dre.execution.bound import StudyBindings

        study_file = StudyFile.at(path, session)
        study_file.planned, study_file.bindings = planned, StudyBindings({}, {})
        item: GateItem = GateItem.from_parent(study_file, name=name, gate=gate)
        for mark, args, kwargs in self._marks.get(item.nodeid, ()):
            item.add_marker(getattr(pytest.mark, mark)(*args, **kwargs))
        return item
