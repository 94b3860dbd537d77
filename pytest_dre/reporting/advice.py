"""What limits a gate's interval, and what more runs would buy, in plain sentences."""

from collections.abc import Iterable, Sequence

from pytest_dre.model.verdicts import Advice, GateVerdict, MoreRuns, Verdict
from pytest_dre.reporting.numbers import format_amount, format_duration
from pytest_dre.reporting.width import clean

_SHARES = {
    "condition": "between conditions",
    "problem": "between problems",
    "problem_by_arm": "in how problems respond to the arms",
    "problem_by_condition": "in how problems respond to the conditions",
    "seed": "between seeds that runs share",
    "residual": "in the rest",
}
_MUCH_LESS = 0.5  # of what twice the problems would do: replicates are the worse buy
_NEARLY = 0.85  # as much: replicates do as well


def advice_lines(advice: Advice) -> list[str]:
    """Return where the variance comes from, and what twice as many runs would do and cost, a sentence or two a line."""
    lines = [*_variance(advice), *_doublings(advice.options)]
    lines += [f"Note: {note}." for note in advice.notes]
    return [clean(line) for line in lines]


def outcome_lines(advice: Advice) -> list[str]:
    """Return the same of an outcome that no gate is about: a heading and what it says, indented."""
    return [f"{clean(advice.outcome)}: no gate is about it", *(f"    {line}" for line in advice_lines(advice))]


def better_buy(verdict: GateVerdict) -> str:
    """Return which of more problems and more replicates narrows an inconclusive gate's interval for less.

    "" where the data do not tell, or the choice is not clear. Runs of both cost the same.
    """
    if verdict.verdict is not Verdict.INCONCLUSIVE or verdict.advice is None:
        return ""
    shares = {item.what: item.narrowing for item in verdict.advice.options}
    replicates, problems = shares.get("replicates"), shares.get("problems")
    if replicates is None or not problems:
        return ""
    figures = f"would narrow the interval by {_about(replicates)}, twice the problems by {_about(problems)}"
    if replicates <= _MUCH_LESS * problems:
        return f"rather problems than replicates: twice the replicates {figures}, for the same number of runs"
    return f"more replicates do nearly as well: twice as many {figures}" if replicates >= _NEARLY * problems else ""


def _variance(advice: Advice) -> Iterable[str]:
    total = sum(advice.components.values())
    if total <= 0:
        return
    shares = [f"{_percent(value / total)} {_words(name, advice)}" for name, value in advice.components.items()]
    shares[0] = shares[0].replace(" %", " % lies", 1)
    yield f"Of the variance of {advice.outcome}, {', '.join(shares)}{_correlation(advice)}."


def _words(name: str, advice: Advice) -> str:
    if name == "replicate":
        return f"between replicates of a {'problem' if 'problem' in advice.components else 'condition'}"
    if name == "problem_by_condition" and "problem_by_arm" in advice.components:
        return "in how problems respond to the other factors"
    return _SHARES[name]


def _correlation(advice: Advice) -> str:
    if advice.icc is None or advice.icc_low is None or advice.icc_high is None:
        return ""
    return f" (ICC {advice.icc:.2f}, 95 % interval {advice.icc_low:.2f}–{advice.icc_high:.2f})"


def _doublings(options: Sequence[MoreRuns]) -> Iterable[str]:
    told = [item for item in options if item.narrowing is not None]
    if told:
        first, *others = ((item.what, f"by {_about(item.narrowing or 0.0)}") for item in told)
        parts = [f"Twice the {first[0]} would narrow the interval {first[1]}"]
        parts += [f"twice the {what} {much}" for what, much in others]
        yield f"{', '.join(parts)}{_price(told)}."
    for item in options:
        if item.narrowing is None:
            yield f"What twice the {item.what} would do cannot be told: {item.reason}."


def _price(options: Sequence[MoreRuns]) -> str:
    """Return what each option costs; they all add as many runs."""
    option, each = options[0], "each " if len(options) > 1 else ""
    runs = f"{option.runs:,} more {'run' if option.runs == 1 else 'runs'}"
    if option.cost_usd is not None:
        return f"; {each}about +{format_amount(option.cost_usd)} ({runs})"
    time = "" if option.seconds is None else f"about +{format_duration(option.seconds)} of run time; "
    return f"; {each}for {runs} ({time}no cost recorded)"


def _percent(share: float) -> str:
    return "less than 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _about(share: float) -> str:
    return "less than 1 %" if share < 0.005 else f"about {_percent(share)}"
