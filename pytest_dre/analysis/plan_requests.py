"""What an analysis plan asks of one hypothesis, one test and one outcome, as a request and its table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_dre.analysis.plan_variables import PROBLEM, REPLICATE, Variables, shared_by_arms, text_of
from pytest_dre.analysis.procedures.mixed import RandomEffect
from pytest_dre.analysis.procedures.registry import Part, Procedure, find_test
from pytest_dre.analysis.procedures.request import ArmContrast, Direction, TestRequest
from pytest_dre.analysis.procedures.table import Cell, Table
from pytest_dre.errors import DreError
from pytest_dre.model.factors import PROBLEM_FACTORS
from pytest_dre.model.hypotheses import AnalysisPlan, Hypothesis
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import OutcomeRow

ALPHA = 0.05
MCNEMAR = "mcnemar"
COMMON = "common_random_numbers"
SPECIAL = ("moderation", "mediation")  # kinds of hypotheses that a test of the same name answers


@dataclass(frozen=True, slots=True)
class Question:
    """One hypothesis, one test, one outcome of a plan.

    Attributes:
        about: Whether the hypothesis is about the outcome: it names it, or names none.
    """

    plan: AnalysisPlan
    hypothesis: Hypothesis
    test: str
    outcome: str
    about: bool = True

    @property
    def direction(self) -> Direction:
        """What the hypothesis claims of the outcome; a hypothesis of equivalence claims that, whatever it omits."""
        if not self.about:
            return "different"
        if self.hypothesis.kind == "equivalence" and self.hypothesis.direction == "different":
            return "equivalent"
        return self.hypothesis.direction

    def answered_by(self, test: str) -> bool:
        """Return whether a test's p value is about what the hypothesis states, not about a part of it only."""
        kind = self.hypothesis.kind
        return self.about and (test == kind if kind in SPECIAL else test not in SPECIAL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, the rows it is about, and what a reader must know of both."""

    request: TestRequest
    table: Table
    notes: tuple[str, ...]


def ask(study: Study, variables: Variables, rows: Sequence[OutcomeRow], question: Question) -> Asked:
    """Return the request for a question.

    Raises:
        DreError: The test is unknown, or something is named that the runs do not have.
    """
    procedure = _procedure(question)
    contrast = arm_contrast(study, variables, rows, question.hypothesis)
    kept, left_out = _rows_looked_at(variables, rows, question.hypothesis, procedure, contrast)
    arm = _arm(question.hypothesis, contrast)
    seeds_shared = _arms_share_seeds(study, arm)
    pairing = _pairing(variables, kept, question.test, arm, seeds_shared) if "pairing" in procedure.uses else []
    parts, notes = _parts(question, procedure)
    minimum = question.hypothesis.minimum_effect_of_interest if question.about else None
    request = TestRequest(
        test=procedure.name,
        outcome=question.outcome,
        independent=question.hypothesis.independent_vars,
        contrast=contrast,
        pairing=tuple(pairing),
        clusters=_clusters(procedure, pairing),
        direction=question.direction,
        minimum_effect=abs(minimum) if minimum else None,  # of "less" it may be written with its sign
        alpha=ALPHA,
        **parts,
    )
    seeds = _seed_remarks(study, procedure, pairing, seeds_shared)
    problems = _of_problems(variables, kept, request)
    said = (*left_out, *notes, *seeds, *problems, *_remarks(question, procedure))
    return Asked(request, _table(variables, kept, request), said)


def _procedure(question: Question) -> Procedure:
    """Return the test; a regression of a hypothesis of moderation or mediation is the one that answers it."""
    found = find_test(question.test)
    if found.name == "regression" and question.hypothesis.kind in SPECIAL:
        return find_test(question.hypothesis.kind)
    return found


def arm_contrast(
    study: Study, variables: Variables, rows: Sequence[OutcomeRow], hypothesis: Hypothesis
) -> ArmContrast | None:
    """Return the arms of a hypothesis: its contrast's, left as treatment, else those that the factor's levels declare.

    Raises:
        DreError: The contrast names one arm only, or levels that no independent variable has.
    """
    contrast = hypothesis.contrast
    if contrast is None or (contrast.left is None and contrast.right is None):
        return _declared_arms(study, variables, rows, hypothesis)
    if contrast.left is None or contrast.right is None:
        raise DreError(f"the contrast of {hypothesis.hypothesis_id} names one arm only; give it both left and right")
    candidates = hypothesis.independent_vars or (*variables.factors, "agent", "problem")
    problems = []
    for name in candidates:
        try:
            treatment = variables.level(name, contrast.left, rows)
            control = variables.level(name, contrast.right, rows)
        except DreError as error:
            problems.append(str(error))
            continue
        return ArmContrast(name, treatment=treatment, control=control)
    why = "; ".join(problems) if hypothesis.independent_vars else "name the factor in its independent_vars"
    raise DreError(f"the contrast of {hypothesis.hypothesis_id} fits no independent variable: {why}")


def _declared_arms(
    study: Study, variables: Variables, rows: Sequence[OutcomeRow], hypothesis: Hypothesis
) -> ArmContrast | None:
    first = next((item for item in study.factors if item.name in hypothesis.independent_vars[:1]), None)
    levels = first.levels if first is not None else ()
    baselines = [level for level in levels if level.is_baseline]
    others = [level for level in levels if not level.is_baseline]
    treatments = [level for level in others if level.marks_comparison] or others
    if first is None or len(baselines) != 1 or len(treatments) != 1:
        return None
    treatment, control = (variables.level(first.name, level.name, rows) for level in (treatments[0], baselines[0]))
    return ArmContrast(first.name, treatment=treatment, control=control)


def _rows_looked_at(
    variables: Variables,
    rows: Sequence[OutcomeRow],
    hypothesis: Hypothesis,
    procedure: Procedure,
    contrast: ArmContrast | None,
) -> tuple[list[OutcomeRow], list[str]]:
    """Return the rows of the levels that a moderation is about: the arms', and the moderators' where they are named."""
    admitted: dict[str, list[Cell]] = {}
    if "moderators" in procedure.uses:
        if contrast is not None:
            admitted[contrast.factor] = [contrast.treatment, contrast.control]
        for moderator in hypothesis.moderators:
            if moderator.levels:
                levels = [variables.level(moderator.name, level, rows) for level in moderator.levels]
                admitted[moderator.name] = levels
    kept, notes = list(rows), []
    for name, levels in admitted.items():
        before = len(kept)
        kept = [row for row in kept if variables.value(row, name) in levels]
        if len(kept) < before:
            notes.append(f"{before - len(kept)} rows of other levels of {name} were left out")
    return kept, notes


def _parts(question: Question, procedure: Procedure) -> tuple[dict[str, Any], list[str]]:
    """Return what the test uses of the plan and the hypothesis, and notes on what it does not."""
    offered: dict[Part, tuple[str, ...]] = {
        "covariates": question.plan.covariates,
        "random_effects": question.plan.random_effects,
        "moderators": tuple(item.name for item in question.hypothesis.moderators),
        "mediators": tuple(item.name for item in question.hypothesis.mediators),
    }
    used: dict[str, Any] = {part: names for part, names in offered.items() if part in procedure.uses}
    unused = [
        f"{procedure.name} does not use {part.replace('_', ' ')} ({', '.join(names)})"
        for part, names in offered.items()
        if names and part not in used
    ]
    return used, unused


def _remarks(question: Question, procedure: Procedure) -> Iterator[str]:
    hypothesis = question.hypothesis
    if not question.about:
        yield f"{hypothesis.hypothesis_id} is not about {question.outcome}: tested in both directions"
    elif not question.answered_by(procedure.name):
        yield f"{procedure.name} does not test the {hypothesis.kind} that {hypothesis.hypothesis_id} states"
    operation = hypothesis.contrast.operation if hypothesis.contrast is not None else "difference"
    if operation != "difference" and "contrast" in procedure.uses:
        yield f"the contrast's operation {operation!r} was not used; arms are compared as {procedure.name} does"


def _pairing(variables: Variables, rows: Sequence[OutcomeRow], test: str, arm: str, seeds_shared: bool) -> list[str]:
    found = shared_by_arms(variables, rows, arm, seeds_shared=seeds_shared)
    if not found:
        raise DreError(
            f"the test {test} needs pairs, and nothing tells the runs of an arm apart but replicates, which "
            "share no seeds; set seed_policy.strategy to common_random_numbers, or use a test without pairs"
        )
    return found


def _clusters(procedure: Procedure, pairing: Sequence[str]) -> tuple[str, ...]:
    """Return what pairs are averaged by: as in gates, problems are the units where there are several.

    McNemar's test counts pairs and cannot average them.
    """
    problems = tuple(name for name in pairing if name in PROBLEM_FACTORS)
    return problems if len(pairing) > len(problems) and procedure.name != MCNEMAR else ()


def _of_problems(variables: Variables, rows: Sequence[OutcomeRow], request: TestRequest) -> Iterator[str]:
    """Warn where runs of one problem are taken as independent, though problems may respond each in its own way."""
    name = next((name for name in PROBLEM_FACTORS if name in variables.factors), PROBLEM)
    several = len({text_of(variables.value(row, name)) for row in rows}) > 1
    units = request.clusters or (request.pairing if len(request.pairing) == 1 else ())
    if not several or not {*units, *request.independent}.isdisjoint(PROBLEM_FACTORS):
        return
    effects = [effect for effect in map(RandomEffect.parse, request.random_effects) if effect.group in PROBLEM_FACTORS]
    if any(effect.slope for effect in effects):
        return
    hint = (
        f"; random_effects '{request.independent[0]}|{name}' allows for it" if effects and request.independent else ""
    )
    yield (
        f"runs of one {name} count as independent: the result is about these, not others, if they respond differently"
        f"{hint}"
    )


def _arm(hypothesis: Hypothesis, contrast: ArmContrast | None) -> str:
    """Return the name of what the arms differ in, "" if the hypothesis names nothing."""
    return contrast.factor if contrast is not None else "".join(hypothesis.independent_vars[:1])


def _arms_share_seeds(study: Study, arm: str) -> bool:
    """Return whether runs of a replicate have one seed in both arms: blocks and problems always have their own."""
    own = {*(block.name for block in study.blocks), *PROBLEM_FACTORS}
    return study.seed_policy.strategy == COMMON and arm not in own


def _seed_remarks(study: Study, procedure: Procedure, pairing: Sequence[str], seeds_shared: bool) -> Iterator[str]:
    if not seeds_shared:
        return
    own = {REPLICATE, *(block.name for block in study.blocks), *PROBLEM_FACTORS}
    others = [name for name in pairing if name not in own]
    if others:
        yield f"pairs that differ in {', '.join(others)} only share their seeds, too; they count as independent"
    if procedure.uses == ("contrast",):
        yield f"the arms share their seeds; {procedure.name} takes them as independent, a paired test would not"


def _table(variables: Variables, rows: Sequence[OutcomeRow], request: TestRequest) -> Table:
    names = [*request.factors, *request.pairing, *request.covariates, *request.moderators, *request.mediators]
    for text in request.random_effects:
        effect = RandomEffect.parse(text)
        names += [name for name in (effect.group, effect.slope) if name is not None]
    if request.outcome in names:
        raise DreError(
            f"{request.outcome!r} is the outcome and a variable of the test; an outcome cannot explain itself"
        )
    if not any(request.outcome in row.values for row in rows):
        raise DreError(f"no run tells the outcome {request.outcome!r}; look at its column, aggregation and derivation")
    columns: dict[str, list[Cell]] = {request.outcome: [row.values.get(request.outcome) for row in rows]}
    for name in dict.fromkeys(names):
        columns[name] = [variables.value(row, name) for row in rows]
    return Table(columns)
