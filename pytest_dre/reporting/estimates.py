"""What runs are likely to cost and take, in words."""

from dataclasses import dataclass

from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.numbers import counted, format_amount, format_count, format_duration
from pytest_dre.reporting.width import clean

MAX_LINES = 3
MAX_LINES_UNREAD = 6
NOTHING_TO_RUN = "nothing, as there is nothing to run"


@dataclass(frozen=True, slots=True)
class Basis:
    """How many runs an estimate covers by the means of how many stored runs."""

    runs: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What runs not yet started are likely to come to.

    Attributes:
        runs: How many runs.
        cost_usd: US dollars; None if that is known of none of them.
        seconds: Seconds of runs, summed over processes; None if that is known of none.
        tokens: Tokens, input and output; None if that is known of none.
        same: The part that rests on stored runs of the same agent and problem.
        same_agent: The part that rests on stored runs of the same agent.
        expected: How many runs rest on `limits.expected`.
        unknown: How many runs rest on nothing and are in none of the sums.
        unread: Why the stored runs could not be looked at, "" if they could.
    """

    runs: int
    cost_usd: float | None = None
    seconds: float | None = None
    tokens: float | None = None
    same: Basis = Basis()
    same_agent: Basis = Basis()
    expected: int = 0
    unknown: int = 0
    unread: str = ""


def estimate_entry(estimate: Estimate) -> Entry:
    """Return the plan's entry for an estimate: the amounts, and what they rest on."""
    return Entry(
        "estimate", words=clean(estimate_text(estimate)), lines=MAX_LINES_UNREAD if estimate.unread else MAX_LINES
    )


def estimate_line(estimate: Estimate) -> str:
    """Return the line of a session's header."""
    return f"dre: estimate {estimate_text(estimate)}"


def estimate_text(estimate: Estimate) -> str:
    """Return "$1.20, 34 min of runs, 120k tokens for 40 runs; from …"; what nothing is known of is left out."""
    if not estimate.runs:
        return NOTHING_TO_RUN
    amounts = ", ".join(_amounts(estimate))
    known = estimate.runs - estimate.unknown
    if not amounts or known <= 0:
        why = estimate.unread or "no runs of these agents are stored, and limits.expected tells no amounts"
        return f"unknown for {counted(estimate.runs, 'run')}: {why}"
    unknown = f"; unknown for {counted(estimate.unknown, 'run')}" if estimate.unknown else ""
    unread = f"; {estimate.unread}" if estimate.unread else ""
    return f"{amounts} for {counted(known, 'run')}{_sources(estimate)}{unknown}{unread}"


def _amounts(estimate: Estimate) -> list[str]:
    return [
        *([] if estimate.cost_usd is None else [format_amount(estimate.cost_usd)]),
        *([] if estimate.seconds is None else [f"{format_duration(estimate.seconds)} of runs"]),
        *([] if estimate.tokens is None else [f"{format_count(estimate.tokens)} tokens"]),
    ]


def _sources(estimate: Estimate) -> str:
    """Return what the amounts rest on, each with the runs it covers where there are several."""
    same, agent = estimate.same, estimate.same_agent
    sources = [
        (same.runs, f"{counted(same.stored, 'stored run')} of the same agents and problems"),
        (agent.runs, f"{counted(agent.stored, 'stored run')} of the same agents"),
        (estimate.expected, "limits.expected"),
    ]
    used = [(runs, text) for runs, text in sources if runs]
    if len(used) == 1:
        return f"; from {used[0][1]}"
    texts = [f"{text} ({counted(runs, 'run')})" for runs, text in used]
    return f"; from {', '.join(texts)}" if texts else ""
