"""What one call of `run_study` has spent, where no store keeps account."""

from collections import defaultdict
from dataclasses import dataclass

from pytest_dre.model.runs import RunResult, RunStatus


@dataclass(slots=True)
class Account:
    """What runs came to: US dollars, tokens, seconds, and how many of them failed."""

    cost_usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    failures: int = 0

    def add(self, result: RunResult) -> None:
        """Add a run with all its attempts."""
        spending = result.spending
        self.cost_usd += spending.cost_usd + result.lost_usd
        self.tokens += spending.tokens + result.lost_tokens
        self.seconds += spending.seconds + result.lost_s
        self.failures += result.status is RunStatus.FAILED


class SessionBooks:
    """The accounts of one call, of all its runs and of each agent's."""

    def __init__(self) -> None:
        self._all = Account()
        self._agents: defaultdict[str | None, Account] = defaultdict(Account)

    def add(self, result: RunResult) -> None:
        """Enter a result of this call."""
        self._all.add(result)
        self._agents[result.agent_id].add(result)

    def spending(self, session_id: str | None = None, agent_id: str | None = None) -> Account:  # noqa: ARG002
        """Return what was spent, by one agent's runs if it is named. Of other sessions, nothing is known."""
        return self._all if agent_id is None else self._agents[agent_id]
