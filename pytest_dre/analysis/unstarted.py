"""What those that count and report are told of runs never started, and of money ever spent."""

from typing import Protocol

NOT_STARTED = "not_started"  # a missing run that nobody gave a reason for


class Unstarted(Protocol):
    """Why a run was not started, or not finished."""

    @property
    def reason(self) -> str:
        """One word, a `StatusReason`."""

    @property
    def message(self) -> str:
        """A sentence on it, "" if there is none."""


class TotalSpending(Protocol):
    """What a study came to in all sessions, failed attempts and results that do not count included."""

    @property
    def cost_usd(self) -> float:
        """US dollars."""

    @property
    def tokens(self) -> int:
        """Tokens, input and output."""

    @property
    def seconds(self) -> float:
        """Seconds of runs, summed over processes."""
