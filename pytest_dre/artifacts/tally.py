"""What is counted while results stream by."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from pytest_dre.analysis.unstarted import NOT_STARTED, Unstarted
from pytest_dre.errors import ArtifactError
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import UNKNOWN, Plan, RunResult, RunStatus

Place = tuple[str, str, str]  # reason, agent ("" without one), condition

LISTED = 1000  # run ids that a list of the manifest holds at most
_NONE: Mapping[str, Unstarted] = MappingProxyType({})


class Tally:
    """Counts of an export, taken in one pass.

    Attributes:
        planned: Runs of the plan.
        statuses: Status → results of that status.
        failure_reasons: Reason → failed results.
        failures: The same by agent and condition.
        retried: Results that took several attempts.
        missing: Planned runs without a result.
        missing_run_ids: The first of them, in plan order.
        missing_reasons: Why they have none → how many.
        unstarted: Run id → why it has none, of those for which that is known.
        models: Models that the results name.
        agent_versions, problem_versions: Id → versions the results were made with.
        other_versions: Versions under any other name.
    """

    def __init__(
        self,
        planned: int,
        unstarted: Mapping[str, Unstarted] = _NONE,
        stale: Collection[str] = (),
    ) -> None:
        """Start with no results.

        `unstarted` tells by run id why runs were not started; `stale` holds the ids of runs with stale results only.
        """
        self.planned = planned
        self.failures: Counter[Place] = Counter()
        self.retried = 0
        self.missing_reasons: Counter[str] = Counter()
        self.unstarted: dict[str, Unstarted] = {}
        self._notes = unstarted
        self._stale = stale
        self.statuses: Counter[RunStatus] = Counter()
        self.failure_reasons: Counter[str] = Counter()
        self.missing = 0
        self.missing_run_ids: list[str] = []
        self.models: set[str] = set()
        self.agent_versions: defaultdict[str, set[str]] = defaultdict(set)
        self.problem_versions: defaultdict[str, set[str]] = defaultdict(set)
        self.other_versions: defaultdict[str, set[str]] = defaultdict(set)

    @property
    def results(self) -> int:
        """How many results there are."""
        return self.statuses.total()

    @property
    def complete(self) -> bool:
        """Whether every planned run has succeeded: tables with a failed run lack its outcome."""
        return self.statuses[RunStatus.SUCCESS] == self.planned

    def add(self, result: RunResult) -> None:
        """Count a result."""
        self.statuses[result.status] += 1
        if result.status is RunStatus.FAILED:
            reason = result.status_reason or UNKNOWN
            self.failure_reasons[reason] += 1
            self.failures[reason, result.agent_id or "", result.condition_id] += 1
        self.retried += result.attempts > 1
        if result.model_name and result.model_name != UNKNOWN:
            self.models.add(result.model_name)
        for subject, version in result.versions.items():
            self._versions_of(subject, result).add(version)

    def add_missing(self, run_id: str) -> None:
        """Count a planned run that has no result."""
        self.missing += 1
        note = self._notes.get(run_id)
        if note is not None:
            self.unstarted[run_id] = note
        self.missing_reasons[self._reason(run_id, note)] += 1
        if len(self.missing_run_ids) < LISTED:
            self.missing_run_ids.append(run_id)

    def _reason(self, run_id: str, note: Unstarted | None) -> str:
        if note is not None:
            return note.reason
        return StatusReason.STALE.value if run_id in self._stale else NOT_STARTED

    def _versions_of(self, subject: str, result: RunResult) -> set[str]:
        if subject == "agent" and result.agent_id is not None:
            return self.agent_versions[result.agent_id]
        if subject == "problem" and result.problem_id is not None:
            return self.problem_versions[result.problem_id]
        return self.other_versions[subject]


def counted(plan: Plan, results: Iterable[RunResult], tally: Tally) -> Iterator[RunResult]:
    """Yield `results`, which stand in plan order, counting them and the runs between them that have none.

    Raises ArtifactError for a result that the plan does not hold, or holds at an earlier place.
    """
    planned = iter(plan.runs)
    for result in results:
        for spec in planned:
            if spec.run_id == result.run_id:
                break
            tally.add_missing(spec.run_id)
        else:
            raise ArtifactError(_out_of_place(plan, result))
        tally.add(result)
        yield result
    for spec in planned:
        tally.add_missing(spec.run_id)


def _out_of_place(plan: Plan, result: RunResult) -> str:
    if any(spec.run_id == result.run_id for spec in plan.runs):
        return f"the result of run {result.run_id} comes twice or not in plan order; hand results over in plan order"
    return f"the result of run {result.run_id} is not in the plan; export only results of planned runs"
