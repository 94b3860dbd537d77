"""What is counted while results stream by."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from pytest_dre.errors import ArtifactError
from pytest_dre.model.runs import UNKNOWN, Plan, RunResult, RunStatus

LISTED_MISSING = 1000


class Tally:
    """Counts of an export, taken in one pass.

    Attributes:
        planned: Runs of the plan.
        statuses: Status → results of that status.
        failure_reasons: Reason → failed results.
        missing: Planned runs without a result.
        missing_run_ids: The first of them, in plan order.
        models: Models that the results name.
        agent_versions, problem_versions: Id → versions the results were made with.
        other_versions: Versions under any other name.
    """

    def __init__(self, planned: int) -> None:
        self.planned = planned
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
            self.failure_reasons[result.status_reason or UNKNOWN] += 1
        if result.model_name and result.model_name != UNKNOWN:
            self.models.add(result.model_name)
        for subject, version in result.versions.items():
            self._versions_of(subject, result).add(version)

    def add_missing(self, run_id: str) -> None:
        """Count a planned run that has no result."""
        self.missing += 1
        if len(self.missing_run_ids) < LISTED_MISSING:
            self.missing_run_ids.append(run_id)

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
