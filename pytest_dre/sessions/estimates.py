"""What runs are likely to cost and take, before they are carried out."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from pytest_dre.errors import StoreError
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.model.running import Limits
from pytest_dre.model.runs import RunSpec
from pytest_dre.reporting.estimates import Basis, Estimate
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.resuming import Action, Resumption
from pytest_dre.store.runs import RunStore, VersionKey
from pytest_dre.store.totals import Means

Pair = tuple[str | None, str | None]
Amounts = tuple[float | None, float | None, float | None]  # US dollars, seconds, tokens


def estimate_of(
    planned: PlannedStudy,
    runs: Sequence[RunSpec],
    resumption: Resumption,
    versions: Mapping[VersionKey, str] | None = None,
) -> Estimate:
    """Return what a session is likely to spend on `runs` of the study; those that it replays cost nothing.

    `versions` are those of the agents and problems now, by default the last that the store has noted. Of a store that
    cannot be read, the estimate says why.
    """
    limits = planned.study.limits
    try:
        store = RunStore.existing(planned.store_path, planned.study.study_id)
        if store is None:
            return estimate(runs, {}, limits)
        with closing(store):
            known = store.versions() if versions is None else versions
            return estimate(_carried_out(runs, store, resumption, known), store.means(), limits)
    except StoreError as error:
        return replace(estimate(runs, {}, limits), unread=str(error))


def estimate(runs: Iterable[RunSpec], means: Mapping[Pair, Means], limits: Limits) -> Estimate:
    """Return what runs are likely to come to.

    Of each run: the means of stored successes of the same agent and problem, where there are any; else of the same
    agent on other problems; else what the study expects; else nothing is known of it.
    """
    sums = _Sums()
    by_agent = _by_agent(means)
    for run in runs:
        pair = (run.agent_id, run.problem_id)
        if pair in means:
            sums.add(_amounts(means[pair]), "same")
            sums.pairs.add(pair)
        elif run.agent_id in by_agent:
            sums.add(_amounts(by_agent[run.agent_id]), "same_agent")
            sums.agents.add(run.agent_id)
        else:
            expected = _expected(limits, run.agent_id)
            sums.add(expected, "unknown" if expected == (None, None, None) else "expected")
    cost, seconds, tokens = sums.totals
    return Estimate(
        runs=sum(sums.runs.values()),
        cost_usd=cost,
        seconds=seconds,
        tokens=tokens,
        same=Basis(sums.runs["same"], sum(means[pair].runs for pair in sums.pairs)),
        same_agent=Basis(sums.runs["same_agent"], sum(by_agent[agent].runs for agent in sums.agents)),
        expected=sums.runs["expected"],
        unknown=sums.runs["unknown"],
    )


@dataclass(slots=True)
class _Sums:
    """What the runs so far come to, and what that rests on."""

    totals: list[float | None] = field(default_factory=lambda: [None, None, None])
    runs: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("same", "same_agent", "expected", "unknown"), 0)
    )
    pairs: set[Pair] = field(default_factory=set)
    agents: set[str | None] = field(default_factory=set)

    def add(self, amounts: Amounts, basis: str) -> None:
        """Add a run."""
        self.runs[basis] += 1
        for index, amount in enumerate(amounts):
            if amount is not None:
                self.totals[index] = (self.totals[index] or 0.0) + amount


def _carried_out(
    runs: Iterable[RunSpec], store: RunStore, resumption: Resumption, versions: Mapping[VersionKey, str]
) -> Iterable[RunSpec]:
    if not resumption.resume:
        return runs
    return [run for run in runs if _is_carried_out(run, store, resumption, versions)]


def _is_carried_out(run: RunSpec, store: RunStore, resumption: Resumption, versions: Mapping[VersionKey, str]) -> bool:
    action, _ = resumption.of_stored(store, run.run_id, fingerprint(run, versions))
    return action is Action.RUN


def _by_agent(means: Mapping[Pair, Means]) -> dict[str | None, Means]:
    """Return the means over all problems, each run counting the same."""
    found: dict[str | None, Means] = {}
    for (agent, _), item in means.items():
        known = found.get(agent)
        found[agent] = item if known is None else _pooled(known, item)
    return found


def _pooled(first: Means, second: Means) -> Means:
    runs = first.runs + second.runs
    return Means(
        runs,
        *(
            (one * first.runs + two * second.runs) / runs
            for one, two in (
                (first.cost_usd, second.cost_usd),
                (first.tokens, second.tokens),
                (first.seconds, second.seconds),
            )
        ),
    )


def _amounts(means: Means) -> Amounts:
    return (means.cost_usd, means.seconds, means.tokens)


def _expected(limits: Limits, agent_id: str | None) -> Amounts:
    """Return what the study expects of a run: of the agent's, unless that tells of outcomes only, else of any."""
    own = limits.agents.get(agent_id) if agent_id is not None else None
    for expected in (own.expected if own else None, limits.expected):
        amounts = (None, None, None) if expected is None else (expected.cost_usd, expected.latency_s, expected.tokens)
        if amounts != (None, None, None):
            return amounts
    return None, None, None
