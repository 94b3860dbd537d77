"""What planned gates and tests can show, in words: an entry of the plan each."""

import math
from collections.abc import Iterator, Sequence

from pytest_dre.analysis.power.statements import Basis, GatePower, HypothesisPower, Needed, Source, StudyPower
from pytest_dre.reporting.entries import Entry
from pytest_dre.reporting.numbers import counted, format_number
from pytest_dre.reporting.width import clean

DIGITS = 3
MAX_LINES = 5
PLURALS = {"stratum": "strata"}


def power_entries(power: StudyPower) -> list[Entry]:
    """Return the plan's entries on power: gates that cannot pass, the others, then hypotheses."""
    hopeless = [item for item in power.gates if item.blocked or item.least is not None]
    others = [item for item in power.gates if item not in hopeless]
    texts = [gate_power_text(item) for item in (*hopeless, *others)]
    texts += [hypothesis_power_text(item) for item in _worth_telling(power.hypotheses)]
    return [Entry("power" if index == 0 else "", words=text, lines=MAX_LINES) for index, text in enumerate(texts)]


def _worth_telling(tests: Sequence[HypothesisPower]) -> list[HypothesisPower]:
    """Return the tests that have a figure or can only fail, each reason once; of a hypothesis without any its first."""
    told = {item.hypothesis_id for item in tests if not item.blocked}
    reasons: set[tuple[str, str]] = set()
    found = []
    for item in tests:
        reason = (item.hypothesis_id, item.blocked)
        if not item.blocked or item.hypothesis_id not in told or (item.fails and reason not in reasons):
            told.add(item.hypothesis_id)
            reasons.add(reason)
            found.append(item)
    return found


def gate_power_text(power: GatePower) -> str:
    """Return what a gate can show, such as "quick: 80 % power to pass from a difference of 0.3 up (…)"."""
    return f"{clean(power.gate_id)}: {_gate(power)}"


def _gate(power: GatePower) -> str:
    if power.blocked:
        return f"cannot be judged: {clean(power.blocked)}"
    if power.least is not None:
        return _cannot_pass(power, power.least)
    return "; ".join(_statements(power)) + f" ({', '.join(_grounds(power))})"


def _cannot_pass(power: GatePower, least: int) -> str:
    text = f"cannot pass with {_units(power, power.n)}"
    if not least:
        return f"{text}, whatever they show, nor with 10,000"
    more = "" if power.least_replicates is None else f" ({counted(power.least_replicates, 'replicate')})"
    return f"{text}: needs at least {least:,}{more}, whatever they show"


def _statements(power: GatePower) -> Iterator[str]:
    if power.effect is None:
        yield _no_effect(power)
    elif power.standardised:
        yield f"80 % power to pass from {_number(abs(power.effect))} standard deviations within the claim"
    elif power.share:
        yield f"80 % power to pass if {100 * power.effect:.3g} % of runs are within the value"
    elif power.claim == "equivalent":
        yield f"80 % power to pass up to a difference of ±{_number(abs(power.effect))}"
    else:
        yield _from_effect(power, power.effect)
    if power.needed is not None:
        yield _need(power.needed)
    if power.basis.source == "unknown":
        yield _advice(power.outcome, power.basis)


def _no_effect(power: GatePower) -> str:
    if power.best is None:
        return "unknown"
    truth = "with no difference" if power.claim == "equivalent" else "at the most favourable truth"
    return f"power is {_percent(power.best)} even {truth}"


def _from_effect(power: GatePower, effect: float) -> str:
    direction = "up" if power.above else "down"
    what = "value" if power.arms == 1 else "difference"
    inside = "" if power.distance is None else _inside(power, power.distance)
    return f"80 % power to pass from a {what} of {_number(effect)} {direction}{inside}"


def _inside(power: GatePower, distance: float) -> str:
    """Return how far from the claim's edge that is, unless the edge is 0 and says so itself."""
    if power.effect is None or math.isclose(abs(power.effect), distance, rel_tol=1e-6):
        return ""
    return f", {_number(distance)} within the claim"


def _need(needed: Needed) -> str:
    count = f"more than 10,000 {needed.what}" if needed.count is None else _many(needed.count, needed.what)
    return f"if {clean(needed.truth)}: {_percent(needed.power)} power, 80 % takes {count}"


def _many(count: int, what: str) -> str:
    noun, space, each = what.partition(" ")
    return f"{count:,} {what}" if count != 1 else f"1 {noun.removesuffix('s')}{space}{each}"


def _grounds(power: GatePower) -> Iterator[str]:
    yield f"n = {_units(power, power.n)}"
    yield from _basis(power.basis)
    if power.effect is not None or power.best is not None:
        yield power.how


def _units(power: GatePower, n: int) -> str:
    each = " an arm" if power.unit == "run" and power.arms == 2 else ""
    return f"{counted(n, power.unit, PLURALS.get(power.unit))}{each}"


def _advice(outcome: str, basis: Basis) -> str:
    return f"say limits.expected.outcomes.{clean(outcome)}.{basis.missing}, or run a pilot"


def _basis(basis: Basis) -> Iterator[str]:
    if basis.source == "unknown":
        yield "control's mean unknown" if basis.missing.startswith("mean") else "sd unknown"
    if basis.sd is not None:
        yield f"sd of {basis.of} {_number(basis.sd)} {_source(basis, basis.source)}"
    if basis.rate is not None:
        yield f"control's mean {_number(basis.rate)} {_source(basis, basis.rate_source or basis.source)}"
    yield from (clean(note) for note in basis.notes)


def _source(basis: Basis, source: Source) -> str:
    if source == "stored":
        return f"from {counted(basis.runs, 'stored run')}" if basis.runs else "from stored runs"
    return "from limits.expected" if source == "expected" else "as the worst case"


def hypothesis_power_text(power: HypothesisPower) -> str:
    """Return what a test can show, such as "h1 by t on score: 80 % power from d = 0.5 (…)"."""
    return f"{clean(power.hypothesis_id)} by {clean(power.test)} on {clean(power.outcome)}: {_test(power)}"


def _test(power: HypothesisPower) -> str:
    if power.blocked:
        return f"{'will end in an error' if power.fails else 'no figure'}: {clean(power.blocked)}"
    said = [_detectable(power)]
    if power.needed is not None:
        said.append(_need(power.needed))
    if power.basis.source == "unknown":
        said.append(_advice(power.outcome, power.basis))
    return f"{'; '.join(said)} ({', '.join(_grounds_of_test(power))})"


def _detectable(power: HypothesisPower) -> str:
    if power.standardised is None:
        return "no effect is shown with 80 % power"
    sign = "±" if power.equivalence else ""
    size = f"{power.scale} = {sign}{_number(power.standardised)}"
    unit = "" if power.effect is None else f", {sign}{_number(power.effect)}"
    if power.equivalence:
        return f"80 % power to show equal arms equivalent within {size}{unit}"
    if power.scale == "h" and power.effect is None:
        return f"no rate differs enough ({size}) for 80 % power"
    return f"80 % power from {size}{unit}"


def _grounds_of_test(power: HypothesisPower) -> Iterator[str]:
    if len(power.n) == 1:
        yield f"n = {counted(power.n[0], 'pair')}"
    else:
        yield f"n = {power.n[0]} and {power.n[1]}"
    yield from _basis(power.basis)
    tails = "two one-sided tests" if power.equivalence else {1: "one-sided", 2: "two-sided"}[power.tails]
    yield f"{tails} at alpha {power.alpha:.3g}"
    yield power.how


def _number(value: float) -> str:
    return format_number(value, DIGITS)


def _percent(chance: float) -> str:
    return f"{100 * chance:.0f} %"
