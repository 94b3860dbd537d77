"""Which runs a session replays from the store, and which it carries out."""

import enum
from dataclasses import dataclass

from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store.runs import RunStore

STALE, FAILED, ALL = "stale", "failed", "all"


class Action(enum.Enum):
    """What is done with a selected run."""

    RUN = "run"
    REPLAY = "replay"
    HOLD_BACK = "hold back"


@dataclass(frozen=True, slots=True)
class Resumption:
    """What a session repeats of what is stored.

    Attributes:
        resume: Whether stored results are replayed at all.
        rerun: Of "stale", "failed", "all": what is to be carried out again; if empty, what failed or is stale.
        allow_stale: Whether a result of other versions counts where there is none of the present ones.
    """

    resume: bool = False
    rerun: frozenset[str] = frozenset()
    allow_stale: bool = False

    def action(self, result: RunResult | None, *, stale: bool = False) -> Action:
        """Return what to do with a run that has `result` stored, if any; `stale` if other versions made it."""
        if result is None or not self.resume or ALL in self.rerun:
            return Action.RUN
        if stale and not self.allow_stale:
            return Action.RUN if self._repeats(STALE) else Action.HOLD_BACK
        if stale and STALE in self.rerun:
            return Action.RUN
        failed = result.status is not RunStatus.SUCCESS
        return Action.RUN if failed and self._repeats(FAILED) else Action.REPLAY

    def of_stored(self, store: RunStore, run_id: str, fingerprint: str) -> tuple[Action, RunResult | None]:
        """Return what to do with a run by what `store` holds of it, and that result."""
        stored = store.result(run_id, fingerprint)
        stale = stored is None and (stored := store.latest(run_id)) is not None
        return self.action(stored, stale=stale), stored

    def _repeats(self, kind: str) -> bool:
        return not self.rerun or kind in self.rerun
