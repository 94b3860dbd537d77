"""What the gates of a study can show with the planned runs, said before anything is spent."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_dre.analysis.gates.arms import arms_of
from pytest_dre.analysis.gates.baseline import Baseline
from pytest_dre.analysis.gates.cases import aim_of
from pytest_dre.analysis.gates.layout import Layout, lay_out
from pytest_dre.analysis.gates.looks import level_of_look
from pytest_dre.analysis.gates.question import Question, Unanswerable, ask
from pytest_dre.analysis.gates.testers import OneProblem, Quantile
from pytest_dre.analysis.power.assumptions import Assumptions
from pytest_dre.analysis.power.binary import PairedShares, TwoShares
from pytest_dre.analysis.power.families import (
    Family,
    family_of,
    is_approximate,
    one_share,
    planned_units,
    standardised_family,
)
from pytest_dre.analysis.power.pilots import Pilot
from pytest_dre.analysis.power.quantile import QuantileDifference
from pytest_dre.analysis.power.share import Share
from pytest_dre.analysis.power.solving import POWER, least_units, roughly_units, threshold
from pytest_dre.analysis.power.statements import Basis, GatePower, Needed
from pytest_dre.analysis.power.targets import Target
from pytest_dre.canonical import seed_from
from pytest_dre.model.running import Gate
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

Baselines = Mapping[str, Baseline | None]
NO_DIFFERENCE = "there is no difference"


@dataclass(frozen=True, slots=True)
class _Planned:
    """A gate with its planned units, and what is said of it without looking at their number."""

    assumptions: Assumptions
    level: float
    seed: int
    blank: GatePower

    @property
    def question(self) -> Question:
        return self.assumptions.question

    @property
    def per_replicate(self) -> float:
        return self.assumptions.layout.per_replicate


def gate_powers(study: Study, rows: Sequence[OutcomeRow], baselines: Baselines | None = None) -> tuple[GatePower, ...]:
    """Return what each gate can show, in the order of the study.

    A gate is asked, matched and laid out as it will be judged, and at the level that Holm's procedure starts with.

    Args:
        study: The study, with its gates.
        rows: One per planned run; those that have outcomes are a pilot, of which deviations and the control's mean are
            taken, never the effect.
        baselines: Name → saved outcomes; one that is missing is taken to have the planned runs.
    """
    return tuple(_gate_power(study, gate, rows, baselines or {}) for gate in study.gates)


def _gate_power(study: Study, gate: Gate, rows: Sequence[OutcomeRow], baselines: Baselines) -> GatePower:
    level = aim_of(study, gate)
    blank = GatePower(gate.gate_id, gate.claim, alpha=level)
    try:
        question = ask(study, gate)
        blank = replace(blank, outcome=question.outcome)
        everything = _filled(rows, question.outcome)
        arms = arms_of(study, question, everything, _filled_baselines(gate, everything, question.outcome, baselines))
        layout = lay_out(question, arms, level)
    except Unanswerable as found:
        return replace(blank, blocked=found.reason)
    level, notes = _last_look(gate, layout, level)
    blank = replace(blank, alpha=level)
    assumptions = Assumptions(study, question, arms, layout, _pilot(study, question, rows, baselines))
    blank = replace(blank, n=planned_units(layout.tester), unit=layout.unit, arms=len(arms.names))
    seed = seed_from(["power", study.study_id, gate.gate_id])
    if gate.baseline is not None and baselines.get(gate.baseline) is None:
        notes = (*notes, "the missing baseline taken to have the planned runs")
    said = _answered(_Planned(assumptions, level, seed, blank))
    return replace(said, basis=replace(said.basis, notes=(*said.basis.notes, *notes)))


def _last_look(gate: Gate, layout: Layout, level: float) -> tuple[float, tuple[str, ...]]:
    """Return the level at which a gate is judged with all its runs: of one with looks what is left for the last."""
    if gate.sequential is None:
        return level, ()
    looks = len(gate.sequential.looks)
    last = level_of_look(gate.sequential, looks, level, approximate=is_approximate(layout))
    return last, (f"at the last of {looks} looks, to which earlier ones add",) if looks > 1 else ()


def _filled(rows: Sequence[OutcomeRow], outcome: str) -> list[OutcomeRow]:
    """Return the rows as if every run had an outcome."""
    return [replace(row, status="success", stale=False, values={outcome: 0.0}) for row in rows]


def _filled_baselines(gate: Gate, planned: list[OutcomeRow], outcome: str, baselines: Baselines) -> Baselines:
    if gate.baseline is None:
        return {}
    saved = baselines.get(gate.baseline)
    if saved is None:
        return {gate.baseline: Baseline(gate.baseline, planned)}
    known = [row for row in saved.rows if row.values.get(outcome) is not None]
    return {gate.baseline: replace(saved, rows=_filled(known, outcome))}


def _pilot(study: Study, question: Question, rows: Sequence[OutcomeRow], baselines: Baselines) -> Pilot | None:
    try:
        return Pilot(question, arms_of(study, question, rows, baselines))
    except Unanswerable:
        return None


def _answered(planned: _Planned) -> GatePower:
    share = one_share(planned.question, planned.assumptions.layout.tester, planned.level)
    if share is not None:
        return _of_share(planned, share)
    found = family_of(planned.assumptions, planned.level, planned.seed)
    if found is None:
        return _standardised(planned)
    family, basis = found
    said = replace(planned.blank, how=family.how, basis=basis)
    if blocked := _too_few(planned, family, said):
        return blocked
    target = Target(planned.question.sides, _control_mean(planned), planned.question.relative)
    return _with_need(planned, family, _with_effect(said, family, target))


def _control_mean(planned: _Planned) -> float:
    return planned.assumptions.control().mean if planned.question.relative else math.nan


def _standardised(planned: _Planned) -> GatePower:
    """Return what is known where no deviation is: the effect in deviations, or that nothing is."""
    missing = [("mean", _control_mean(planned)), ("sd", planned.assumptions.spread().unit)]
    missing = missing if planned.question.relative else missing[1:]
    basis = Basis("unknown", missing=" and .".join(name for name, known in missing if math.isnan(known)))
    said = replace(planned.blank, how="approximate", basis=basis)
    family = standardised_family(planned.assumptions, planned.level, planned.seed)
    if family is None:
        fewest = planned.question.gate.min_pairs if is_approximate(planned.assumptions.layout) else 0
        return _least(planned, said, fewest) if said.n < fewest else said
    said = replace(said, how=family.how)
    if blocked := _too_few(planned, family, said):
        return blocked
    above = planned.question.sides[0].above
    effect = threshold(lambda effect: family.power(said.n, effect), 0.0, family.ends[1 if above else 0])
    return replace(
        said, effect=effect, distance=None if effect is None else abs(effect), above=above, standardised=True
    )


def _too_few(planned: _Planned, family: Family, said: GatePower) -> GatePower | None:
    """Return what is said of a gate that cannot pass with the planned units, None if it can."""
    approximate = is_approximate(planned.assumptions.layout)
    fewest = planned.question.gate.min_pairs if approximate else 0
    if said.n >= fewest and family.possible(said.n):
        return None
    least = least_units(lambda n: n >= fewest and family.possible(n), max(said.n, 1))
    return _least(planned, said, least or 0)


def _least(planned: _Planned, said: GatePower, least: int) -> GatePower:
    replicates = math.ceil(least / planned.per_replicate) if planned.per_replicate not in (0, 1) else None
    return replace(said, least=least, least_replicates=replicates)


def _with_effect(said: GatePower, family: Family, target: Target) -> GatePower:
    """Add the effect from which on the gate passes with 80 % power."""

    def power(effect: float) -> float:
        return family.power(said.n, effect)

    low, high = family.ends
    if len(target.sides) == 2:
        found = [threshold(power, min(max(edge, low), high), target.middle) for edge in target.edges]
        known = [effect for effect in found if effect is not None]
        effect = min(known, key=lambda effect: abs(effect - target.middle)) if len(known) == 2 else None
        best = target.middle
    else:
        best = high if target.sides[0].above else low
        effect = threshold(power, min(max(target.edges[0], low), high), best)
    if effect is None:
        return replace(said, best=power(best), above=target.sides[0].above)
    distance = min(target.distance(side, effect) for side in target.sides)
    return replace(said, effect=effect, distance=distance, above=target.sides[0].above)


def _with_need(planned: _Planned, family: Family, said: GatePower) -> GatePower:
    """Add how many replicates or problems give 80 % power, where the study says what it takes as true."""
    truth = _truth(planned)
    if truth is None:
        return said
    effect, words = truth
    target = Target(planned.question.sides, _control_mean(planned), planned.question.relative)
    if min(target.distance(side, effect) for side in target.sides) <= 0:
        if not planned.question.one_armed:  # the margin is the effect of interest itself
            return said
        return replace(
            said, basis=replace(said.basis, notes=(*said.basis.notes, f"the claim does not hold if {words}"))
        )
    count, power = _units_for(family, effect, target, planned.level, said.n), family.power(said.n, effect)
    if count is not None and count <= said.n and power < POWER / 2:
        return said  # a rough count that the gate's own method contradicts: a rate of 0 or 1 has no deviation
    return replace(said, needed=_needed(planned, count, words, power))


def _truth(planned: _Planned) -> tuple[float, str] | None:
    """Return an effect that the study takes as true, in words, too; stored runs never are asked."""
    question = planned.question
    if question.one_armed:
        mean = planned.assumptions.expected(0).mean
        usable = mean is not None and question.statistic.kind == "mean"
        return (mean, f"the mean is {mean:g} as expected") if usable and mean is not None else None
    if question.gate.claim in ("non_inferior", "equivalent"):
        return 0.0, NO_DIFFERENCE
    hypotheses = planned.assumptions.study.hypotheses
    linked = next((item for item in hypotheses if item.hypothesis_id == question.gate.hypothesis), None)
    if linked is None or not linked.minimum_effect_of_interest:
        return None
    size = abs(linked.minimum_effect_of_interest)
    return (size if question.sides[0].above else -size), f"the effect is the {size:g} of interest"


def _units_for(family: Family, effect: float, target: Target, level: float, n: int) -> int | None:
    if isinstance(family, Share):
        return family.least_for(effect)
    if isinstance(family, TwoShares | PairedShares):
        return roughly_units(family.deviation(effect), [target.distance(side, effect) for side in target.sides], level)
    if isinstance(family, QuantileDifference):
        return None
    return least_units(lambda units: family.power(units, effect) >= POWER, n)


def _needed(planned: _Planned, count: int | None, words: str, power: float) -> Needed:
    if not planned.per_replicate:
        return Needed(count, "problems", words, power)
    replicates = None if count is None else math.ceil(count / planned.per_replicate)
    return Needed(replicates, "replicates", words, power)


def _of_share(planned: _Planned, share: Share) -> GatePower:
    tester = planned.assumptions.layout.tester
    said = replace(planned.blank, basis=Basis("free"), above=planned.question.sides[0].above)
    fewest = planned.question.gate.min_pairs if is_approximate(planned.assumptions.layout) else 0
    if said.n < fewest or not share.possible(said.n):
        return _least(planned, said, max(share.least() or 0, fewest))
    if isinstance(tester, Quantile):
        effect = threshold(lambda effect: share.power(said.n, effect), share.limit, 1.0)
        return replace(said, effect=effect, share=True, above=True)
    edge = planned.question.sides[0].limit
    # with every run a success the gate passes, so there is such a proportion
    found = threshold(lambda effect: share.power(said.n, effect), share.limit, 1.0 if share.above else 0.0) or 0.0
    effect = _of_tries(found, tester) if isinstance(tester, OneProblem) else found
    said = replace(said, effect=effect, distance=abs(effect - edge))
    return said if isinstance(tester, OneProblem) else _with_need(planned, share, said)


def _of_tries(chance: float, tester: OneProblem) -> float:
    """Return pass@k or pass^k of a problem whose single tries succeed with a chance."""
    return 1 - (1 - chance) ** tester.k if tester.kind == "pass@k" else chance**tester.k
