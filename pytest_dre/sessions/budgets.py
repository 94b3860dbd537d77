"""Budgets: whether a further run may start, given what was spent so far."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pytest_dre.analysis.unstarted import TotalSpending
from pytest_dre.model.running import Limits, RunLimits
from pytest_dre.model.runs import Spending
from pytest_dre.reporting.numbers import format_amount
from pytest_dre.store.totals import Totals

_OF_A_STUDY = re.compile(
    r"limits\.(?:agents\.(?P<agent>.+)\.)?(?P<key>max_cost_usd|max_tokens|max_total_s) is reached:"
)


class Spent(TotalSpending, Protocol):
    """What was spent, and how many runs failed."""

    @property
    def failures(self) -> int:
        """Failed runs."""


class Books(Protocol):
    """Who knows what was spent, in all sessions or one, by all agents or one."""

    def spending(self, session_id: str | None = None, agent_id: str | None = None) -> Spent:
        """Return what was spent; None stands for all."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent at most; None bounds nothing.

    `key` says where its bounds are written, with `{}` for the bound's name; options are written with hyphens.
    """

    key: str
    max_cost_usd: float | None = None
    max_tokens: int | None = None
    max_total_s: float | None = None
    max_failures: int | None = None

    @property
    def bounds_spending(self) -> bool:
        """Whether dollars, tokens or seconds are bounded."""
        return any(bound is not None for bound in (self.max_cost_usd, self.max_tokens, self.max_total_s))

    def __bool__(self) -> bool:
        return self.bounds_spending or self.max_failures is not None

    def spending_exceeded(self, spent: Spent) -> str | None:
        """Return which bound on dollars, tokens or seconds is reached, as a sentence; None if none is."""
        for name, bound, amount, shown in (
            ("max_cost_usd", self.max_cost_usd, spent.cost_usd, format_amount),
            ("max_tokens", self.max_tokens, spent.tokens, "{:,} tokens".format),
            ("max_total_s", self.max_total_s, spent.seconds, "{:,.1f} s".format),
        ):
            if bound is not None and amount >= bound:
                return f"{self._bound(name)} is reached: {shown(amount)} of {shown(bound)} spent"
        return None

    def failures_exceeded(self, spent: Spent) -> str | None:
        """Return that the bound on failed runs is reached, None if it is not."""
        if self.max_failures is None or spent.failures < self.max_failures:
            return None
        runs = "run" if spent.failures == 1 else "runs"
        return f"{self._bound('max_failures')} is reached: {spent.failures} {runs} of this session failed"

    def _bound(self, name: str) -> str:
        text = self.key.format(name)
        return text.replace("_", "-") if text.startswith("--") else text


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a study: of all its runs, and of single agents' runs."""

    study: Budget
    agents: Mapping[str, Budget] = field(default_factory=dict)

    @classmethod
    def of(cls, limits: Limits) -> "Budgets":
        """Return the budgets that a study's limits name."""
        agents = {name: _budget(f"limits.agents.{name}.{{}}", own) for name, own in limits.agents.items()}
        return cls(_budget("limits.{}", limits), {name: budget for name, budget in agents.items() if budget})

    def __bool__(self) -> bool:
        return bool(self.study) or bool(self.agents)

    def exceeded(self, books: Books, session_id: str, agent_id: str | None) -> str | None:
        """Return why no further run of the agent may start, None if one may.

        Dollars, tokens and seconds count over all sessions, failed runs over this one: those that failed before may
        be what this session is to repeat.
        """
        for budget, agent in self._that_bind(agent_id):
            reason = budget.spending_exceeded(books.spending(agent_id=agent)) if budget.bounds_spending else None
            if reason is None and budget.max_failures is not None:
                reason = budget.failures_exceeded(books.spending(session_id, agent))
            if reason is not None:
                return reason
        return None

    def spent_with(self, more: Spending, books: Books, agent_id: str | None) -> str | None:
        """Return which bound on dollars, tokens or seconds is reached with `more` than the books tell, if one is."""
        for budget, agent in self._that_bind(agent_id):
            spent = plus(books.spending(agent_id=agent), more) if budget.bounds_spending else None
            if spent is not None and (reason := budget.spending_exceeded(spent)) is not None:
                return reason
        return None

    def _that_bind(self, agent_id: str | None) -> Iterator[tuple[Budget, str | None]]:
        if self.study:
            yield self.study, None
        if agent_id is not None and agent_id in self.agents:
            yield self.agents[agent_id], agent_id


def plus(spent: Spent, more: Spending) -> Totals:
    """Return what was spent, and some more."""
    return Totals(
        spent.cost_usd + more.cost_usd,
        spent.tokens + more.tokens,
        spent.seconds + more.seconds,
        failures=spent.failures,
    )


def reached_limit(reason: str) -> str | None:
    """Return the limit of a study that a reason of `Budgets.exceeded` names, as `--dre-limit` takes it.

    None where the next session has a new budget: a session's own, and failed runs.
    """
    found = _OF_A_STUDY.match(reason)
    if found is None:
        return None
    return f"{found['agent']}:{found['key']}" if found["agent"] else found["key"]


def _budget(key: str, limits: RunLimits) -> Budget:
    return Budget(key, limits.max_cost_usd, limits.max_tokens, limits.max_total_s, limits.max_failures)
