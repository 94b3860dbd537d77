"""What the store knows about spending, and about runs that were not started."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """What runs came to, summed.

    Attributes:
        cost_usd: US dollars, failed attempts included.
        tokens: Input and output tokens, failed attempts included.
        seconds: Wall time of runs, failed attempts included, summed over processes.
        runs: Runs carried out, each time one was.
        failures: Those of `runs` that failed.
    """

    cost_usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    runs: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Means:
    """What a successful run of one agent on one problem came to, on average over `runs` of them."""

    runs: int
    cost_usd: float
    tokens: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Unstarted:
    """Why a run was not started, last of all in session `session_id`; `reason` is a word of StatusReason."""

    reason: str
    message: str
    session_id: str
