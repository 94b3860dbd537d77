"""The two arms of a gate, or its one arm, as strata of planned runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_dre.analysis.gates.baseline import Baseline, outcome_digest
from pytest_dre.analysis.gates.matching import (
    Key,
    Runs,
    Stratum,
    contrasts,
    grouped,
    key_text,
    problem_of,
    same_value,
    selected,
    value_of,
    varying,
)
from pytest_dre.analysis.gates.question import Question, Unanswerable
from pytest_dre.model.factors import PROBLEM_FACTORS
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

SHOWN = 5  # strata that a note names
COMMON = "common_random_numbers"


@dataclass(frozen=True, slots=True)
class Arms:
    """Matched runs, and what is said of them before any outcome is looked at.

    Attributes:
        names: The arms' names, treatment first.
        strata: Matched runs.
        paired: Whether runs of a replicate have the same seed in both arms.
        shared: Whether seeds are shared across strata too, so that only replicates are independent.
        notes: What was left out.
    """

    names: tuple[str, ...]
    strata: tuple[Stratum, ...]
    paired: bool
    shared: bool
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[list[OutcomeRow], ...]:
        """All planned runs, arm by arm."""
        first = [row for stratum in self.strata for row in stratum.treatment.values()]
        second = [row for stratum in self.strata for row in (stratum.control or {}).values()]
        return (first, second) if len(self.names) == 2 else (first,)

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems that strata stand for, in order."""
        return tuple(dict.fromkeys(item.problem for item in self.strata if item.problem is not None))

    @property
    def varying(self) -> tuple[str, ...]:
        """The names in which the strata differ."""
        return varying([item.key for item in self.strata])


def arm_names(question: Question) -> tuple[str, ...]:
    """Return the names of the arms that a gate compares, treatment first, or of its one arm."""
    if question.gate.baseline is not None:
        return "current", f"baseline {question.gate.baseline}"
    contrast = question.contrast
    if contrast is not None:
        return f"{contrast.factor} = {contrast.treatment}", f"{contrast.factor} = {contrast.control}"
    return (", ".join(f"{name} = {value}" for name, value in question.where.items()) or "all runs",)


def arms_of(
    study: Study, question: Question, rows: Sequence[OutcomeRow], baselines: Mapping[str, Baseline | None]
) -> Arms:
    """Return the arms that a gate compares. Raises Unanswerable if one has no runs, or nothing matches."""
    chosen = selected(study, rows, question.where)
    shared = study.seed_policy.strategy == COMMON
    if question.gate.baseline is not None:
        return _against_baseline(study, question, chosen, baselines.get(question.gate.baseline), shared)
    if question.contrast is not None:
        return _contrasted(study, question, chosen, shared)
    if not chosen:
        raise Unanswerable("no planned run fits 'where'" if question.where else "there are no planned runs")
    strata = tuple(Stratum(key, runs, None, problem_of(runs)) for key, runs in grouped(chosen, None).items())
    return Arms(arm_names(question), strata, False, shared)


def _contrasted(study: Study, question: Question, rows: list[OutcomeRow], shared: bool) -> Arms:
    contrast = question.contrast
    assert contrast is not None
    sides = []
    for name, level in zip(arm_names(question), (contrast.treatment, contrast.control), strict=True):
        arm = [row for row in rows if same_value(study, contrast.factor, value_of(row, contrast.factor), level)]
        if not arm:
            raise Unanswerable(f"there are no planned runs with {name}", "look at the gate's contrast and where")
        sides.append(grouped(arm, contrast.factor))
    first, second = sides
    both = [key for key in first if key in second]
    if not both:
        raise Unanswerable("no stratum has runs of both arms", "plan runs that differ in the contrasted factor only")
    sample = next(iter(first[both[0]].values()))
    clustered = not contrasts(sample, contrast.factor, PROBLEM_FACTORS)
    strata = tuple(Stratum(key, first[key], second[key], problem_of(first[key]) if clustered else None) for key in both)
    left = [key for key in (*first, *second) if key not in first or key not in second]
    notes = (f"left out, as only one arm has runs there: {_listed(left)}",) if left else ()
    paired = shared and all(_same_seeds(item.treatment, item.control or {}) for item in strata)
    return Arms(arm_names(question), strata, paired, shared, notes)


def _same_seeds(first: Runs, second: Runs) -> bool:
    return all(row.seed == second[place].seed for place, row in first.items() if place in second)


OWN_FILE = "they stand in the agent's file, which has changed; a file of their own, or a declared version, would tell"


def _against_baseline(
    study: Study, question: Question, rows: list[OutcomeRow], baseline: Baseline | None, shared: bool
) -> Arms:
    name = question.gate.baseline or ""
    if baseline is None:
        saving = "--dre-save-baseline" + ("" if "/" in name else f"={name}")
        raise Unanswerable(f"the baseline {name!r} is missing", f"save it with {saving}")
    defined = baseline.outcomes.get(question.outcome)
    if defined is not None and defined != outcome_digest(question.spec):
        raise Unanswerable(f"the baseline {name!r} has another definition of {question.outcome}", "save it anew")
    now_and_then = rows, selected(study, baseline.rows, question.where)
    changed = sorted({row.problem_id for row in rows if row.problem_id is not None} & baseline.changed)
    rows, earlier = ([row for row in side if row.problem_id not in baseline.changed] for side in now_and_then)
    if changed and not rows:
        raise Unanswerable(
            f"the baseline {name!r} is of another version of {_problems(changed)}: outcomes of other tasks or graders "
            "are no comparison",
            "save it anew with the agent of then",
        )
    first, second = grouped(rows, None), grouped(earlier, None)
    strata = []
    for key in first:
        places = [place for place in first[key] if place in second.get(key, {})]
        if places:
            now, then = ({place: side[key][place] for place in places} for side in (first, second))
            strata.append(Stratum(key, now, then, problem_of(now)))
    if not strata:
        raise Unanswerable(f"the baseline {name!r} has another design: no run matches", "save it anew")
    if not all(_same_seeds(item.treatment, item.control or {}) for item in strata):
        raise Unanswerable(f"the baseline {name!r} has other seeds", "save it anew, or restore the seed policy")
    notes = _differences(first, second, sum(len(item.treatment) for item in strata))
    if changed:
        notes = (f"left out, as they have another version than in the baseline: {_problems(changed)}", *notes)
    unsure = sorted({row.problem_id for row in rows if row.problem_id is not None} & baseline.unsure)
    if unsure:
        notes = (*notes, f"{_problems(unsure)} may grade otherwise than in the baseline: {OWN_FILE}")
    return Arms(arm_names(question), tuple(strata), True, shared, notes)


def _problems(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:SHOWN])) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return f"the problem{'s' if len(names) > 1 else ''} {shown}"


def _differences(first: Mapping[Key, Runs], second: Mapping[Key, Runs], matched: int) -> tuple[str, ...]:
    """Return notes on what only one side has; the comparison is over what both have."""
    added = [key for key in first if key not in second]
    removed = [key for key in second if key not in first]
    notes = [f"added since the baseline: {_listed(added)}"] if added else []
    notes += [f"removed since the baseline: {_listed(removed)}"] if removed else []
    planned = [sum(len(runs) for runs in side.values()) for side in (first, second)]
    if planned != [matched, matched]:
        notes.append(f"compared over the {matched} runs that both have, of {planned[0]} now and {planned[1]} then")
    return tuple(notes)


def _listed(keys: Sequence[Key]) -> str:
    more = f"; and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return "; ".join(key_text(key) for key in keys[:SHOWN]) + more
