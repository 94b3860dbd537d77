"""Whether a run may start: stops that were asked for, budgets of the study and of the session."""

from dataclasses import dataclass
from pathlib import Path

from pytest_dre.integration.settings import Settings
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import RunResult, RunSpec, RunStatus, Spending
from pytest_dre.model.study import Study
from pytest_dre.sessions.budgets import Budget, Budgets, plus
from pytest_dre.store.ledger import SessionLedger
from pytest_dre.store.runs import RunStore


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run is not started; it stays missing."""

    reason: StatusReason
    message: str


class SessionPurse:
    """What the session may spend over all its studies, and what its processes have spent."""

    def __init__(self, settings: Settings) -> None:
        self._budget: Budget = settings.budget
        self._path = settings.ledger
        self._ledger: SessionLedger | None = None

    def __bool__(self) -> bool:
        return self._path is not None

    def exceeded(self) -> str | None:
        """Return which of the session's bounds is reached, None if none is."""
        if self._path is None:
            return None
        spent = self._opened(self._path).totals()
        return self._budget.spending_exceeded(spent) or self._budget.failures_exceeded(spent)

    def spent_with(self, more: Spending) -> str | None:
        """Return which of the session's bounds on spending is reached with `more` than is noted, if one is."""
        if self._path is None:
            return None
        return self._budget.spending_exceeded(plus(self._opened(self._path).totals(), more))

    def pay(self, spending: Spending, *, failed: bool = False) -> None:
        """Note what a run, or an attempt at one, came to; before it is stored, as too much is safer than too little."""
        if self._path is not None:
            self._opened(self._path).add(spending, failures=int(failed))

    def pytest_unconfigure(self) -> None:
        """Close the ledger."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _opened(self, path: Path) -> SessionLedger:
        if self._ledger is None:
            self._ledger = SessionLedger.open(path)
        return self._ledger


class SharedLedger:
    """The ledger's file, which the session's main process makes and removes."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.ledger

    def pytest_unconfigure(self) -> None:
        """Remove it; xdist has stopped its workers by now."""
        if self._path is not None:
            SessionLedger.open(self._path).remove()


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides for the runs of one study; each answer reads what all processes have noted by then."""

    store: RunStore
    session_id: str
    purse: SessionPurse
    budgets: Budgets
    fail_fast: bool
    unbounded: bool  # which most studies are, and each run asks

    @classmethod
    def to(cls, study: Study, store: RunStore, session_id: str, purse: SessionPurse) -> "Admission":
        """Return the admission to a study's runs."""
        budgets, fail_fast = Budgets.of(study.limits), study.run_budget.fail_fast
        return cls(store, session_id, purse, budgets, fail_fast, not (purse or budgets or fail_fast))

    def refusal(self, run: RunSpec) -> Refusal | None:
        """Return why the run must not start, None if it may."""
        if self.unbounded:
            return None
        if self.fail_fast and (stop := self.store.stop_reason(self.session_id)) is not None:
            return Refusal(StatusReason.FAIL_FAST, stop)
        spent = self.purse.exceeded()
        if spent is None and self.budgets:
            spent = self.budgets.exceeded(self.store, self.session_id, run.agent_id)
        return None if spent is None else Refusal(StatusReason.BUDGET, spent)

    def spent_with(self, more: Spending, agent_id: str | None) -> str | None:
        """Return why a run under way that has just spent `more` must not be tried again, None if it may."""
        spent = self.purse.spent_with(more)
        return self.budgets.spent_with(more, self.store, agent_id) if spent is None and self.budgets else spent

    def settle(self, result: RunResult, name: str) -> None:
        """Ask all processes to stop, if the result is a failure and the study says fail_fast."""
        if self.fail_fast and result.status is RunStatus.FAILED:
            self.store.request_stop(self.session_id, f"fail_fast: {name} failed")
