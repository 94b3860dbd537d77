"""Whether the parts of a study agree with each other: the checks that no part can make alone."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from pytest_dre.canonical import canonical_json
from pytest_dre.constraint_expressions import compile_constraint
from pytest_dre.errors import Fault
from pytest_dre.expressions import ExpressionError, parse_expression
from pytest_dre.loading.derivation_checks import derivations
from pytest_dre.loading.expectation_checks import expectations
from pytest_dre.loading.gate_checks import gate_claims
from pytest_dre.loading.gate_names import gate_names
from pytest_dre.loading.known import Known, Names
from pytest_dre.loading.limits import MAX_FAULTS
from pytest_dre.loading.stopping_checks import early_stops
from pytest_dre.loading.wording import advice, near, place, shortened
from pytest_dre.model.corrections import CORRECTIONS, NAMES, correction_named
from pytest_dre.model.factors import AGENT_FACTORS
from pytest_dre.model.hypotheses import AGGREGATIONS
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study

Check = Callable[[Study, Names], Iterator[Fault]]

LATIN_SQUARE_ROLES = ("row_factor", "column_factor", "treatment_factor")


def validate_study(study: Study) -> list[Fault]:
    """Return what is contradictory in a study: names used twice, names of nothing, missing options, nothing to run.

    Constraints' expressions are checked as far as they can be without values.
    """
    return cross_faults(study, frozenset())


def cross_faults(study: Study, doubtful: frozenset[KeyPath]) -> list[Fault]:
    """Return the faults of `validate_study` that do not stem from the `doubtful` keys, which only are stand-ins."""
    names = Names.of(study, doubtful)
    found = (fault for check in CHECKS for fault in check(study, names))
    sound = (fault for fault in found if not _concerns(fault.path, doubtful))
    return list(islice(sound, MAX_FAULTS))


def _concerns(path: KeyPath, doubtful: frozenset[KeyPath]) -> bool:
    return any(path[:length] in doubtful for length in range(len(path) + 1))


def _repeated(names: Sequence[str], path: KeyPath, key: str, what: str) -> Iterator[Fault]:
    """Yield a fault for each name that an earlier part has too."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            message = f"the {what} {shortened(name)!r} is already {place((*path, first[name]))}"
            yield Fault(message, "give it another name, or remove it", (*path, index, key) if key else (*path, index))
        first.setdefault(name, index)


def _unique_names(study: Study, _: Names) -> Iterator[Fault]:
    yield from _repeated([item.name for item in study.factors], ("factors",), "name", "factor")
    yield from _repeated([item.name for item in study.blocks], ("blocks",), "name", "block")
    yield from _repeated([item.name for item in study.outcomes], ("outcomes",), "name", "outcome")
    yield from _repeated(
        [item.hypothesis_id for item in study.hypotheses], ("hypotheses",), "hypothesis_id", "hypothesis"
    )
    plans = [item.analysis_plan_id for item in study.analysis_plans]
    yield from _repeated(plans, ("analysis_plans",), "analysis_plan_id", "analysis plan")
    yield from _repeated(
        [item.constraint_id for item in study.constraints], ("constraints",), "constraint_id", "constraint"
    )
    yield from _repeated([item.gate_id for item in study.gates], ("gates",), "gate_id", "gate")
    yield from _repeated(study.agent_specs, ("agent_specs",), "", "agent")
    yield from _repeated(study.problem_ids, ("problem_ids",), "", "problem")
    factors = {item.name: index for index, item in reversed(list(enumerate(study.factors)))}
    for index, block in enumerate(study.blocks):
        if block.name in factors:
            message = f"{shortened(block.name)!r} is a factor too, {place(('factors', factors[block.name]))}"
            yield Fault(message, "give one of them another name", ("blocks", index, "name"))


def _distinct_levels(study: Study, _: Names) -> Iterator[Fault]:
    for index, factor in enumerate(study.factors):
        path: KeyPath = ("factors", index, "levels")
        yield from _repeated([level.name for level in factor.levels], path, "name", "level")
        yield from _same_values([level.value for level in factor.levels], path, "value")
    for index, block in enumerate(study.blocks):
        yield from _same_values(block.levels, ("blocks", index, "levels"), "")


def _same_values(values: Sequence[Any], path: KeyPath, key: str) -> Iterator[Fault]:
    """Yield a fault for each value that gives the same conditions as an earlier one, and so the same runs."""
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        at = (*path, index, key) if key else (*path, index)
        try:
            canonical = canonical_json(value)
        except (RecursionError, ValueError):
            yield Fault("the value contains itself, nests too deep or is too long", "use plain, smaller data", at)
            continue
        if canonical in first:
            message = f"the value {shortened(canonical)} is already that of {place((*path, first[canonical]))}"
            yield Fault(message, "their runs would be the same: give each level a value of its own", at)
        first.setdefault(canonical, index)


def _hypotheses(study: Study, names: Names) -> Iterator[Fault]:
    for index, hypothesis in enumerate(study.hypotheses):
        path: KeyPath = ("hypotheses", index)
        yield from names.variables.each_unknown(hypothesis.independent_vars, (*path, "independent_vars"))
        yield from names.outcomes.each_unknown(hypothesis.dependent_vars, (*path, "dependent_vars"))
        for place_, moderator in enumerate(hypothesis.moderators):
            yield from names.variables.unknown(moderator.name, (*path, "moderators", place_, "name"))


def _plans(study: Study, names: Names) -> Iterator[Fault]:
    for index, plan in enumerate(study.analysis_plans):
        path: KeyPath = ("analysis_plans", index)
        yield from names.hypotheses.each_unknown(plan.hypothesis_ids, (*path, "hypothesis_ids"))
        yield from names.outcomes.each_unknown(plan.outcomes, (*path, "outcomes"))
        if correction_named(plan.multiple_comparison_policy) is None:
            yield _unknown_correction(plan.multiple_comparison_policy, (*path, "multiple_comparison_policy"))


def _unknown_correction(policy: str, path: KeyPath) -> Fault:
    """Return the fault of a plan whose tests would all end without a conclusion."""
    hint = advice(policy.lower(), NAMES if near(policy.lower(), NAMES) else CORRECTIONS)
    return Fault(f"there is no multiple_comparison_policy {shortened(policy)!r}", hint, path)


def _linked_plans(study: Study, names: Names) -> Iterator[Fault]:
    """Check the older key `linked_analysis_plan_id` against what the plans say."""
    plans = {plan.analysis_plan_id: plan for plan in study.analysis_plans}
    for index, hypothesis in enumerate(study.hypotheses):
        linked = hypothesis.linked_analysis_plan_id
        path: KeyPath = ("hypotheses", index, "linked_analysis_plan_id")
        if linked is None:
            continue
        if linked not in plans:
            yield from names.plans.unknown(linked, path)
        elif hypothesis.hypothesis_id not in plans[linked].hypothesis_ids and names.hypotheses.complete:
            message = (
                f"the plan {shortened(linked)!r} does not list the hypothesis {shortened(hypothesis.hypothesis_id)!r}"
            )
            yield Fault(message, "add it to the plan's hypothesis_ids, or remove this key", path)


def _outcome_lists(study: Study, names: Names) -> Iterator[Fault]:
    """Check the older keys `primary_outcomes` and `secondary_outcomes` against `outcomes[].primary`."""
    primary, secondary = study.primary_outcomes, study.secondary_outcomes
    yield from names.outcomes.each_unknown(primary or (), ("primary_outcomes",))
    yield from names.outcomes.each_unknown(secondary or (), ("secondary_outcomes",))
    for index, outcome in enumerate(study.outcomes):
        path: KeyPath = ("outcomes", index, "primary")
        name = shortened(outcome.name)
        if outcome.primary and primary is not None and outcome.name not in primary:
            yield Fault(f"{name!r} is primary, but not in primary_outcomes", "add it there, or remove that list", path)
        if outcome.primary and outcome.name in (secondary or ()):
            yield Fault(
                f"{name!r} is primary, but in secondary_outcomes", "remove it there, or write 'primary: false'", path
            )
        if not outcome.primary and outcome.name in (primary or ()):
            yield Fault(f"{name!r} is in primary_outcomes, but not primary", "write 'primary: true'", path)


def _outcome_ranges(study: Study, _: Names) -> Iterator[Fault]:
    for index, outcome in enumerate(study.outcomes):
        if outcome.range is not None and not outcome.range[0] < outcome.range[1]:
            yield Fault("the range is empty", "write [lowest, highest]", ("outcomes", index, "range"))


def _aggregations(study: Study, _: Names) -> Iterator[Fault]:
    """Yield aggregations that nobody knows. The runs table has one row a run, so nothing is aggregated there."""
    for index, outcome in enumerate(study.outcomes):
        if outcome.source_table != "runs" and not outcome.derivation and outcome.aggregation not in AGGREGATIONS:
            message = f"there is no aggregation {shortened(outcome.aggregation)!r}"
            yield Fault(message, advice(outcome.aggregation, AGGREGATIONS), ("outcomes", index, "aggregation"))


def _constraints(study: Study, names: Names) -> Iterator[Fault]:
    for index, constraint in enumerate(study.constraints):
        if constraint.expression is None:
            continue
        try:
            parse_expression(constraint.expression)
            if names.levels_complete:
                compile_constraint(study, constraint.expression)
        except ExpressionError as error:
            yield Fault(error.message, error.hint, ("constraints", index, "expression"))


def _design(study: Study, names: Names) -> Iterator[Fault]:
    design = study.design_spec
    if design.kind == "latin_square":
        yield from _latin_square(design.options, names.factors)
    if design.kind == "latin_hypercube" and design.n_samples is None:
        yield Fault("a latin_hypercube needs n_samples", "add 'n_samples: …'", ("design_spec", "n_samples"))
    if design.kind == "custom_matrix" and design.matrix_path is None:
        hint = "add 'matrix_path: …', a CSV or JSON file"
        yield Fault("a custom_matrix needs matrix_path", hint, ("design_spec", "matrix_path"))
    if design.block_randomization_key is not None:
        yield from names.blocks.unknown(design.block_randomization_key, ("design_spec", "block_randomization_key"))


def _latin_square(options: dict[str, Any], factors: Known) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for role in LATIN_SQUARE_ROLES:
        path: KeyPath = ("design_spec", "options", role)
        name = options.get(role)
        if name is None:
            yield Fault(f"a latin_square needs options.{role}", f"add '{role}: ' and a factor's name", path)
        elif not isinstance(name, str):
            yield Fault("a factor's name is meant", "write it as text", path)
        elif name in seen:
            message = f"the factor {shortened(name)!r} is already the {seen[name]}"
            yield Fault(message, "a latin_square needs three factors", path)
        else:
            seen[name] = role
            yield from factors.unknown(name, path)


def _limits(study: Study, names: Names) -> Iterator[Fault]:
    yield from names.agents.each_key_unknown(study.limits.agents, ("limits", "agents"))


def _paths(study: Study, _: Names) -> Iterator[Fault]:
    paths: list[tuple[KeyPath, str | None]] = [
        (("output_dir",), study.output_dir),
        (("design_spec", "matrix_path"), study.design_spec.matrix_path),
        *((("track", index), pattern) for index, pattern in enumerate(study.track)),
    ]
    for key, text in paths:
        if text is not None and "\0" in text:
            yield Fault("no path can hold the character NUL", "remove it", key)


def _something_to_run(study: Study, names: Names) -> Iterator[Fault]:
    bound = next((key for key in ("agent_specs", "agents", "problem_ids", "problems") if getattr(study, key)), None)
    if study.runner is not None:
        if bound:
            message = f"a study has either a runner or agents and problems; this one has {bound} too"
            yield Fault(message, f"remove runner or {bound}", ("runner",))
        return
    has_agents = study.agent_specs or study.agents or any(factor.name in AGENT_FACTORS for factor in study.factors)
    if not has_agents and names.agents_complete:
        yield Fault("there is nothing to run", "add agents (agent_specs, agents or a factor 'agent') or a runner")


CHECKS: tuple[Check, ...] = (
    _unique_names,
    _distinct_levels,
    _hypotheses,
    _plans,
    _linked_plans,
    _outcome_lists,
    _outcome_ranges,
    _aggregations,
    derivations,
    _constraints,
    _design,
    gate_names,
    gate_claims,
    early_stops,
    _limits,
    expectations,
    _paths,
    _something_to_run,
)
