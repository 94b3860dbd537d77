"""The names that a study defines, for those that refer to them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pytest_dre.errors import Fault
from pytest_dre.loading.wording import advice, shortened
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

_NAME_KEYS = {
    "factors": "name",
    "blocks": "name",
    "outcomes": "name",
    "hypotheses": "hypothesis_id",
    "analysis_plans": "analysis_plan_id",
}


@dataclass(frozen=True, slots=True)
class Known:
    """The names of one kind of part.

    Attributes:
        what: What the names are names of.
        names: The names.
        complete: False if a name may be missing because the study is only a repaired one.
    """

    what: str
    names: frozenset[str]
    complete: bool = True

    def unknown(self, name: str, path: KeyPath) -> Iterator[Fault]:
        """Yield a fault if nothing has the name."""
        if name not in self.names and self.complete:
            yield Fault(f"there is no {self.what} {shortened(name)!r}", advice(name, self.names), path)

    def each_unknown(self, names: Iterable[str], path: KeyPath) -> Iterator[Fault]:
        """Yield a fault for each item of a list that names nothing."""
        for index, name in enumerate(names):
            yield from self.unknown(name, (*path, index))

    def each_key_unknown(self, names: Iterable[str], path: KeyPath) -> Iterator[Fault]:
        """Yield a fault for each key of a map that names nothing."""
        for name in names:
            yield from self.unknown(name, (*path, name))


@dataclass(frozen=True, slots=True)
class Names:
    """All names that other parts of a study refer to.

    `variables` are factors, blocks, the agent and the problem. What is not complete may lack, or have wrong, what a
    mistake in the file hides.
    """

    factors: Known
    blocks: Known
    variables: Known
    outcomes: Known
    hypotheses: Known
    plans: Known
    agents: Known
    agents_complete: bool
    problems: Known
    levels_complete: bool

    @classmethod
    def of(cls, study: Study, doubtful: frozenset[KeyPath]) -> "Names":
        """Return the names of a study, of which the `doubtful` keys only stand in for others."""
        unsure = {str(path[0]) for path in doubtful if _hides_name(path)}
        factors = frozenset(item.name for item in study.factors)
        blocks = frozenset(item.name for item in study.blocks)
        variables = factors | blocks | {*AGENT_FACTORS, *PROBLEM_FACTORS}
        outcomes = frozenset(item.name for item in study.outcomes)
        hypotheses = frozenset(item.hypothesis_id for item in study.hypotheses)
        plans = frozenset(item.analysis_plan_id for item in study.analysis_plans)
        agents = _runnable(study, (*study.agents, *study.agent_specs), AGENT_FACTORS)
        problems = _runnable(study, (*study.problems, *study.problem_ids), PROBLEM_FACTORS)
        agents_complete = not unsure & {"agents", "agent_specs", "runner", "factors"}
        return cls(
            factors=Known("factor", factors, "factors" not in unsure),
            blocks=Known("block", blocks, "blocks" not in unsure),
            variables=Known("factor or block", variables, not unsure & {"factors", "blocks"}),
            outcomes=Known("outcome", outcomes, "outcomes" not in unsure),
            hypotheses=Known("hypothesis", hypotheses, "hypotheses" not in unsure),
            plans=Known("analysis plan", plans, "analysis_plans" not in unsure),
            levels_complete=not any(path and path[0] in ("factors", "blocks") for path in doubtful),
            agents=Known("agent", agents, agents_complete),
            agents_complete=agents_complete,
            problems=Known("problem", problems, not unsure & {"problems", "problem_ids", "factors"}),
        )


def _runnable(study: Study, listed: Iterable[str], factor_names: Collection[str]) -> frozenset[str]:
    """Return the agents (or problems) that are bound or listed, or levels of a factor that names them."""
    levels = (level for factor in study.factors if factor.name in factor_names for level in factor.levels)
    return frozenset({*listed, *(str(level.value) for level in levels)})


def _hides_name(path: KeyPath) -> bool:
    """Return whether a name may stand at the key, or below it."""
    return len(path) in (1, 2) or (len(path) > 2 and path[2] == _NAME_KEYS.get(str(path[0])))
