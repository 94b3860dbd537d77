"""What one call of `run_study` has spent, where no store keeps account."""

from collections import defaultdict
from dataclasses import dataclass

from pytest_dre.model.runs import RunResult, RunStatus, Spending


@dataclass(slots=True)
class Account:
    """What runs came to: US dollars, tokens, seconds, and how many of them failed."""

    cost_usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    failures: int = 0

    def add(self, result: RunResult) -> None:
        """Add a run with all its attempts."""
        self.pay(result.spending)
        self.pay(Spending(result.lost_usd, result.lost_tokens, result.lost_s))
        self.failures += result.status is RunStatus.FAILED

    def pay(self, spending: Spending) -> None:
        """Add what an attempt came to."""
        self.cost_usd += spending.cost_usd
        self.tokens += spending.tokens
        self.seconds += spending.seconds


class SessionBooks:
    """The accounts of one call, of all its runs and of each agent's."""

    def __init__(self) -> None:
        self._all = Account()
        self._agents: defaultdict[str | None, Account] = defaultdict(Account)

    def add(self, result: RunResult) -> None:
        """Enter a result of this call."""
        self._all.add(result)
        self._agents[result.agent_id].add(result)

    def pay(self, spending: Spending, agent_id: str | None) -> None:
        """Enter an attempt at a run of the agent."""
        self._all.pay(spending)
        self._agents[agent_id].pay(spending)

    def spending(self, session_id: str | None = None, agent_id: str | None = None) -> Account:  # noqa: ARG002
        """Return what was spent, by one agent's runs if it is named. Of other sessions, nothing is known."""
        return self._all if agent_id is None else self._agents[agent_id]
