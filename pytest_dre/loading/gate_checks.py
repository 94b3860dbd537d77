"""Whether a gate's claim can be judged at all: what each claim needs, and what contradicts it."""

from collections.abc import Iterator

from pytest_dre.errors import Fault
from pytest_dre.loading.known import Names
from pytest_dre.loading.wording import shortened
from pytest_dre.model.gating import ONE_ARMED, higher_is_better, hypothesis_of, outcome_of
from pytest_dre.model.hypotheses import Hypothesis, OutcomeSpec
from pytest_dre.model.running import Gate
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

MARGIN_CLAIMS = ("non_inferior", "equivalent")


def gate_claims(study: Study, names: Names) -> Iterator[Fault]:
    """Yield what is missing or contradictory in the gates' claims."""
    for index, gate in enumerate(study.gates):
        path: KeyPath = ("gates", index)
        if gate.alpha > 0.5:
            yield Fault(f"alpha {gate.alpha:g} is too large", "write at most 0.5, such as 0.05", (*path, "alpha"))
        if gate.outcome is None and gate.hypothesis is None:
            continue  # a fault by itself
        hypothesis = hypothesis_of(study, gate)
        if gate.hypothesis is not None and hypothesis is None:
            continue
        yield from _arms(gate, hypothesis, path)
        yield from _amounts(gate, path)
        yield from _statistic(gate, path)
        if names.outcomes.complete:
            yield from _outcome(study, gate, hypothesis, path)


def _arms(gate: Gate, hypothesis: Hypothesis | None, path: KeyPath) -> Iterator[Fault]:
    if gate.baseline is not None and gate.contrast is not None:
        hint = "remove one of them: a gate has one control"
        yield Fault("a gate has either a baseline or a contrast", hint, (*path, "baseline"))
    if gate.claim in ONE_ARMED:
        given = "contrast" if gate.contrast is not None else "baseline" if gate.baseline is not None else None
        if given:
            message = f"the claim {gate.claim} is about a value, not about a {given}"
            yield Fault(message, f"remove {given}, and choose runs by 'where'", (*path, given))
    elif gate.contrast is None and gate.baseline is None and not _has_contrast(hypothesis):
        message = f"the claim {gate.claim} compares, but the gate names nothing to compare with"
        hint = "add a contrast, a baseline, or a hypothesis with one independent variable and a contrast"
        yield Fault(message, hint, (*path, "contrast"))


def _has_contrast(hypothesis: Hypothesis | None) -> bool:
    if hypothesis is None or hypothesis.contrast is None or len(hypothesis.independent_vars) != 1:
        return False
    return hypothesis.contrast.left is not None and hypothesis.contrast.right is not None


def _amounts(gate: Gate, path: KeyPath) -> Iterator[Fault]:
    at = (*path, "margin")
    if gate.claim in ONE_ARMED:
        if gate.value is None:
            yield Fault(f"the claim {gate.claim} needs a value", "add 'value: ' and a number", (*path, "value"))
        if gate.margin is not None:
            yield Fault(f"the claim {gate.claim} has no margin", "put it into the value", at)
        return
    if gate.value is not None:
        yield Fault(f"the claim {gate.claim} has no value", "write a margin, or claim at_least", (*path, "value"))
    if gate.margin is None:
        if gate.claim in MARGIN_CLAIMS:
            yield Fault(f"the claim {gate.claim} needs a margin", "add 'margin: ' and a number, or such as 2%", at)
        return
    yield from _margin(gate, at)


def _margin(gate: Gate, at: KeyPath) -> Iterator[Fault]:
    amount = _amount(gate.margin)
    if amount is None:
        hint = "write a number, or a percentage of the control's mean such as 2%"
        yield Fault(f"the margin {shortened(str(gate.margin))!r} is neither number nor percentage", hint, at)
        return
    if amount < 0:
        yield Fault("a margin is not negative", "write what may be lost, or must be won, as a positive number", at)
    if amount == 0 and gate.claim == "equivalent":
        yield Fault("nothing is equivalent within a margin of 0", "write a larger one", at)
    if isinstance(gate.margin, str):
        if amount >= 100 and gate.claim != "non_inferior":  # what it leaves depends on the outcome's goal: see _outcome
            yield _too_wide(at)
        if gate.statistic.startswith("pass"):
            hint = "write a number between 0 and 1"
            yield Fault(f"a margin of {gate.statistic} is a difference of chances", hint, at)


def _too_wide(at: KeyPath) -> Fault:
    return Fault("a margin of 100 % or more leaves nothing to compare with", "write a smaller one", at)


def _statistic(gate: Gate, path: KeyPath) -> Iterator[Fault]:
    of_quantile = gate.statistic.startswith("p") and not gate.statistic.startswith("pass")
    if of_quantile and float(gate.statistic[1:]) == 0:
        hint = "write one such as p5, or claim something of the mean"
        yield Fault("a quantile at 0 % is no value that data can bound", hint, (*path, "statistic"))


def _amount(margin: float | str | None) -> float | None:
    """Return the margin's number, in percent if it is text; None if it is no amount."""
    if margin is None or not isinstance(margin, str):
        return margin
    number = margin.strip().removesuffix("%").strip() if margin.strip().endswith("%") else ""
    return float(number) if number.isascii() and number.replace(".", "", 1).isdigit() else None


def _outcome(study: Study, gate: Gate, hypothesis: Hypothesis | None, path: KeyPath) -> Iterator[Fault]:
    spec, known = _spec(study, gate, hypothesis)
    if not known:
        return
    if spec is None:
        message = "the hypothesis does not say which outcome is judged"
        yield Fault(message, "add 'outcome: ' and one of its dependent variables", (*path, "outcome"))
        return
    if gate.sequential is not None and spec.missing_data_policy == "worst" and not spec.is_bounded:
        message = f"a missing {shortened(spec.name)!r} counts as the worst of all runs, which are not in at a look"
        hint = "declare the outcome's range, whose worse end it is then, or another missing_data_policy"
        yield Fault(message, hint, (*path, "sequential"))
    if gate.statistic.startswith("pass") and not spec.is_boolean:
        message = f"{gate.statistic} needs an outcome that is true or false, {shortened(spec.name)!r} is not"
        yield Fault(message, "write 'expected_type: boolean' at the outcome, or choose another", (*path, "statistic"))
    higher = higher_is_better(gate, hypothesis, spec)
    is_percentage = isinstance(gate.margin, str)
    if gate.claim == "non_inferior" and is_percentage and (_amount(gate.margin) or 0) >= 100 and higher:
        yield _too_wide((*path, "margin"))
    if gate.claim in ("superior", "non_inferior") and higher is None:
        message = f"the claim {gate.claim} needs to know whether high values of {shortened(spec.name)!r} are good"
        yield Fault(message, "add 'goal: maximize' or 'goal: minimize' to the outcome", (*path, "claim"))


def _spec(study: Study, gate: Gate, hypothesis: Hypothesis | None) -> tuple[OutcomeSpec | None, bool]:
    """Return the outcome that a gate is about, and False if a name of it is wrong (a fault by itself)."""
    allowed = (gate.outcome,) if gate.outcome is not None else hypothesis.dependent_vars if hypothesis else ()
    known = {item.name for item in study.outcomes}
    if not known.issuperset(allowed):
        return None, False
    return outcome_of(study, gate), True
