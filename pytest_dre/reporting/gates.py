"""Gates on the terminal: one line each, and in plain words on request."""

from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import ArmCount, GateVerdict, Look, Verdict
from pytest_dre.reporting.numbers import counted, format_number
from pytest_dre.reporting.width import clean, display_width, shorten

LINE = 100  # columns
SHORTEST_ID = 12
PLURALS = {"stratum": "strata"}
_SPENDING = {"obrien_fleming": "O'Brien-Fleming", "pocock": "Pocock"}
_MEANINGS = {
    Verdict.PASS: "PASS: the data support the claim.",
    Verdict.FAIL: "FAIL: the data contradict the claim.",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE: the data cannot say whether the claim holds.",
}


def verdict_line(verdict: GateVerdict) -> str:
    """Return a gate's id, verdict, estimate, interval and n (or why there is none), in at most 100 columns."""
    if verdict.estimate is None:
        said = clean(verdict.reason)
    else:
        mark = ", approximate" if verdict.approximate else ""
        look = "" if verdict.look is None else f", look {verdict.look.number} of {verdict.look.of}"
        said = f"{format_number(verdict.estimate)} {_interval(verdict)}, n = {units_text(verdict)}{look}{mark}"
    name = clean(verdict.gate_id)
    left = LINE - len(f": {verdict.verdict.upper()}  ") - min(display_width(name), SHORTEST_ID)
    said = shorten(said, left)
    name = shorten(name, LINE - len(f": {verdict.verdict.upper()}  ") - display_width(said))
    return f"{name}: {verdict.verdict.upper()}  {said}".rstrip()


def explain(verdict: GateVerdict, study: Study) -> list[str]:
    """Return a verdict in plain words, a sentence or two a line: claim, meaning, evidence, method, and what to do."""
    lines = [f"{verdict.gate_id} claims: {verdict.claim}.", _MEANINGS[verdict.verdict]]
    if verdict.reason:
        lines.append(f"Why: {verdict.reason}{'' if verdict.reason.endswith('?') else '.'}")
    if verdict.estimate is not None:
        lines += _evidence(verdict, study)
    lines += [_arm(arm) for arm in verdict.arms]
    lines += [f"Note: {note}." for note in verdict.notes]
    if verdict.remedy:
        lines.append(f"What would settle it: {verdict.remedy}.")
    return [clean(line) for line in lines]


def _arm(arm: ArmCount) -> str:
    counts, share = f"{arm.name}: {arm.used} of {arm.planned} planned runs count", f"{100 * arm.attrition:.3g} %"
    if not arm.absent:
        return f"{counts} ({share} lost)."
    has = "has" if arm.absent == 1 else "have"
    of_others = f" ({share} of the others lost)" if arm.absent < arm.planned else ""
    return f"{counts}, {arm.absent} {has} no result{of_others}."


def _evidence(verdict: GateVerdict, study: Study) -> list[str]:
    estimate = format_number(verdict.estimate or 0.0)
    confidence = f"{100 * (1 - 2 * verdict.alpha):.4g} %"
    lines = [f"Estimate {estimate}, {confidence} interval {_interval(verdict)}, from {_all_units(verdict)}."]
    others = len(study.gates) - 1
    shared = f", Holm's share among {len(study.gates)} gates" if others > 0 else ""
    chance = "" if verdict.p_value is None else f" p = {verdict.p_value:.3g}."
    lines.append(f"Judged one-sided at alpha {verdict.alpha:.4g}{shared}.{chance}")
    if verdict.look is not None:
        lines.append(_look(verdict.look))
    lines.append(f"Method: {verdict.method}; {verdict.design}; {_guarantee(verdict, study)}.")
    return lines


def _guarantee(verdict: GateVerdict, study: Study) -> str:
    if verdict.approximate:
        return "alpha is not guaranteed, above all for skewed values"
    if any(gate.anytime for gate in study.gates if gate.gate_id == verdict.gate_id):
        return "alpha holds however often runs are added and judged again"
    return "alpha holds for the planned runs, however few"


def _look(look: Look) -> str:
    looks = "the only look" if look.of == 1 else f"look {look.number} of {look.of}"
    return (
        f"This is {looks}, at {look.replicates} of {look.planned} replicates; alpha is spread over the looks"
        f" ({_SPENDING[look.spending]}), and p and interval allow for them."
    )


def _interval(verdict: GateVerdict) -> str:
    low = "−∞" if verdict.low is None else format_number(verdict.low)
    high = "∞" if verdict.high is None else format_number(verdict.high)
    return f"[{low}, {high}]"


def units_text(verdict: GateVerdict) -> str:
    """Return how many units there are: of two arms with as many each, of the treatment and the control, or in all."""
    if len(set(verdict.n_by_arm)) > 1:
        return f"{' and '.join(map(str, verdict.n_by_arm))} {PLURALS.get(verdict.unit, f'{verdict.unit}s')}"
    each = " an arm" if verdict.unit == "run" and len(verdict.arms) == 2 else ""
    return f"{counted(verdict.n, verdict.unit, PLURALS.get(verdict.unit))}{each}"


def _all_units(verdict: GateVerdict) -> str:
    """Return the same, with the names of arms that differ."""
    if len(set(verdict.n_by_arm)) < 2:
        return units_text(verdict)
    (first, second), (treatment, control) = verdict.n_by_arm, verdict.arms
    runs = counted(first, verdict.unit, PLURALS.get(verdict.unit))
    return f"{runs} of {treatment.name} and {second} of {control.name}"
