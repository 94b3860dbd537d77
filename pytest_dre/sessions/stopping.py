"""Which runs are not needed any more: every gate that they count for is decided."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_dre.analysis.tables import outcome_rows
from pytest_dre.model.running import Gate
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus
from pytest_dre.model.verdicts import OutcomeRow
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.store.runs import RunStore

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline

SHARE_OF_CURTAILED = 50  # a gate that may be curtailed is looked at again when 1 / 50 more of its runs are in


class Evidence(Protocol):
    """The results that this session's verdicts will rest on, as far as they are in."""

    def done(self) -> Collection[str]:
        """Return the ids of runs that need not be carried out (again)."""
        ...

    def results(self, runs: Iterable[RunSpec]) -> Iterable[RunResult]:
        """Return the results of those runs that are done."""
        ...


class Board(Protocol):
    """What the processes of a session tell each other."""

    def decision(self, gate_id: str) -> str | None:
        """Return what was noted of the gate, None if nothing was."""
        ...

    def note(self, gate_id: str, decision: str) -> None:
        """Note what has decided the gate; the first note stands."""
        ...


class StoreEvidence:
    """Results in the study's store: this session's, and earlier successes if it replays them."""

    def __init__(
        self, store: RunStore, session_id: str, fingerprint_of: Callable[[RunSpec], str], *, replays: bool
    ) -> None:
        self._store = store
        self._session_id = session_id
        self._fingerprint_of = fingerprint_of
        self._replays = replays
        self._last = 0
        self._done: dict[str, set[str]] = {}  # run id → fingerprints

    def done(self) -> Collection[str]:
        """Return the ids of runs with results; those of other versions are told apart when they are read."""
        for number, run_id, session_id, fingerprint, status in self._store.recorded_since(self._last):
            self._last = number
            if session_id == self._session_id or (self._replays and status == RunStatus.SUCCESS):
                self._done.setdefault(run_id, set()).add(fingerprint)
        return self._done.keys()

    def results(self, runs: Iterable[RunSpec]) -> Iterable[RunResult]:
        """Return the results with the versions of now."""
        keys = ((run.run_id, self._fingerprint_of(run)) for run in runs)
        return self._store.results((name, mark) for name, mark in keys if mark in self._done.get(name, ()))


@dataclass(frozen=True, slots=True)
class StoreBoard:
    """Notes in the study's store, where `fail_fast` leaves its own."""

    store: RunStore
    session_id: str

    def decision(self, gate_id: str) -> str | None:
        """Return what was noted of the gate."""
        return self.store.stop_reason(self._key(gate_id))

    def note(self, gate_id: str, decision: str) -> None:
        """Note what has decided the gate."""
        self.store.request_stop(self._key(gate_id), decision)

    def _key(self, gate_id: str) -> str:
        return f"{self.session_id} gate {gate_id}"


@dataclass(slots=True)
class OwnEvidence:
    """Results and notes of a session that is one process."""

    kept: Mapping[str, RunResult]
    _notes: dict[str, str] = field(default_factory=dict)

    def done(self) -> Collection[str]:
        """Return the ids of the results there are."""
        return self.kept.keys()

    def results(self, runs: Iterable[RunSpec]) -> Iterable[RunResult]:
        """Return the results of the runs."""
        return [self.kept[run.run_id] for run in runs if run.run_id in self.kept]

    def decision(self, gate_id: str) -> str | None:
        """Return what was noted of the gate."""
        return self._notes.get(gate_id)

    def note(self, gate_id: str, decision: str) -> None:
        """Note what has decided the gate."""
        self._notes.setdefault(gate_id, decision)


@dataclass(slots=True)
class _Watched:
    """A gate that may be decided early.

    Attributes:
        gate: The gate.
        runs: Those it counts, in plan order.
        looked: How many looks were judged; of a curtailed gate, how many runs were in when it was judged last.
    """

    gate: Gate
    runs: tuple[RunSpec, ...]
    looked: int = 0


class EarlyStop:
    """Tells for the runs of one study, before each is started, whether it is still needed.

    A run is not needed if it counts for gates, and all of them are decided without it. What a look decides depends on
    the runs of its replicates alone, so each process comes to the same, whichever is the first to see them complete.
    """

    def __init__(
        self,
        planned: PlannedStudy,
        evidence: Evidence,
        board: Board,
        baselines: "Callable[[], Mapping[str, Baseline | None]]",
    ) -> None:
        self._planned = planned
        self._evidence = evidence
        self._board = board
        self._load_baselines = baselines
        self._baselines: Mapping[str, Baseline | None] | None = None
        self._watched, self._gates_of = self._watch()

    def reason(self, run: RunSpec) -> str | None:
        """Return why the run is not needed, None if it is."""
        gates = self._gates_of.get(run.run_id)
        if not gates:
            return None
        decisions = []
        for gate_id in gates:
            decision = self._decision(self._watched[gate_id], run)
            if decision is None:
                return None
            decisions.append(decision)
        return "; ".join(decisions)

    def _watch(self) -> tuple[dict[str, _Watched], dict[str, list[str]]]:
        """Return the gates that may be decided early, and by run id those of runs that no other gate counts."""
        from pytest_dre.analysis.gates.coverage import runs_of_gate

        rows = outcome_rows(self._planned.study, self._planned.plan, ())
        watched: dict[str, _Watched] = {}
        gates_of: dict[str, list[str]] = {}
        others: set[str] = set()
        for gate in self._planned.study.gates:
            ids = runs_of_gate(self._planned.study, gate, rows)
            if not gate.may_stop_early:
                others |= ids
                continue
            watched[gate.gate_id] = _Watched(gate, tuple(run for run in self._planned.plan.runs if run.run_id in ids))
            for run_id in ids:
                gates_of.setdefault(run_id, []).append(gate.gate_id)
        return watched, {run_id: gates for run_id, gates in gates_of.items() if run_id not in others}

    def _decision(self, watched: _Watched, run: RunSpec) -> str | None:
        """Return what has decided the gate, None if nothing has, or if the run belongs to what decides it."""
        gate = watched.gate
        if gate.sequential is not None and run.replicate <= gate.sequential.looks[0]:
            return None
        noted = self._board.decision(gate.gate_id)
        if noted is None:
            noted = self._at_looks(watched, run) if gate.sequential is not None else self._curtailed(watched)
            if noted is not None:
                self._board.note(gate.gate_id, noted)
        return noted

    def _at_looks(self, watched: _Watched, run: RunSpec) -> str | None:
        """Judge the looks before the run's replicate, as far as their runs are in; each once."""
        from pytest_dre.analysis.gates.looks import decision_at

        sequential = watched.gate.sequential
        assert sequential is not None, "only gates with looks get here"
        done = self._evidence.done()
        for number, replicates in enumerate(sequential.looks[watched.looked :], start=watched.looked + 1):
            if run.replicate <= replicates:
                break
            needed = [item for item in watched.runs if item.replicate <= replicates]
            if not all(item.run_id in done for item in needed):
                break
            watched.looked = number
            verdict = decision_at(self._planned.study, watched.gate, self._rows(needed), self._saved(), looks=number)
            if verdict is not None:
                look = f"look {number} of {len(sequential.looks)} ({replicates} replicates)"
                return f"gate {watched.gate.gate_id} came to {verdict.upper()} at {look}"
        return None

    def _curtailed(self, watched: _Watched) -> str | None:
        """Judge the gate by what is in, if that has grown since the last time."""
        from pytest_dre.analysis.gates.curtailment import certain_without_missing

        done = self._evidence.done()
        present = [run for run in watched.runs if run.run_id in done]
        if len(present) - watched.looked < max(1, len(watched.runs) // SHARE_OF_CURTAILED):
            return None
        watched.looked = len(present)
        certain = certain_without_missing(self._planned.study, watched.gate, self._rows(present), self._saved())
        if certain is None:
            return None
        verdict = certain.verdict.verdict
        return f"no outcome still to come can change that gate {watched.gate.gate_id} comes to {verdict.upper()}"

    def _rows(self, runs: Iterable[RunSpec]) -> list[OutcomeRow]:
        return outcome_rows(self._planned.study, self._planned.plan, self._evidence.results(runs))

    def _saved(self) -> "Mapping[str, Baseline | None]":
        if self._baselines is None:
            self._baselines = self._load_baselines()
        return self._baselines


def early_stop(
    planned: PlannedStudy,
    evidence: Evidence,
    board: Board,
    baselines: "Callable[[], Mapping[str, Baseline | None]]",
) -> EarlyStop | None:
    """Return what tells which runs are not needed; None if the study has no gate that may stop early."""
    if not any(gate.may_stop_early for gate in planned.study.gates):
        return None
    return EarlyStop(planned, evidence, board, baselines)
