"""A study's plan in words: its design, its conditions and runs, before anything runs."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pytest_dre.analysis.power.statements import StudyPower
from pytest_dre.model.factors import Constraint, DesignSpec, Factor
from pytest_dre.model.running import Gate
from pytest_dre.model.runs import Condition, Plan, RunSpec
from pytest_dre.model.study import Study
from pytest_dre.reporting.columns import lay_out
from pytest_dre.reporting.entries import Entry, entry_lines
from pytest_dre.reporting.estimates import Estimate, estimate_entry
from pytest_dre.reporting.factors import assignment_columns
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.power import power_entries
from pytest_dre.reporting.values import level_names, show_value, varying
from pytest_dre.reporting.width import clean, display_width, shorten

INDENT = "  "
LABELS = 15  # "  constraints  ": what stands left of the entries
MAX_ROWS = 20
MAX_LINES = 3  # for one factor's levels, one list of agents, …
MOST_LINES = 100  # above the table of conditions, on a smaller terminal
LEAST_TABLE = 8  # lines, on however small a terminal
RANDOMIZED_BLOCK = "randomized_block"  # a kind whose order is always drawn
COMMON_RANDOM_NUMBERS = "common_random_numbers"


def plan_lines(
    study: Study,
    plan: Plan,
    *,
    width: int,
    height: int | None,
    selected: int | None = None,
    stored: int | None = None,
    estimate: Estimate | None = None,
    power: StudyPower | None = None,
) -> list[str]:
    """Return the study's plan in lines of at most `width` columns.

    Args:
        study: The study.
        plan: Its conditions and runs.
        width: Terminal columns; the layout is made for 40 and more.
        height: As many conditions are listed as fit into so many lines, but a few at least and 20 at most; None for
            all. What stands above them is what one asks for a plan for: it is cut only beyond 100 lines.
        selected: How many of the planned runs are selected; None for all.
        stored: How many of the planned runs the store has results for; None if that is unknown.
        estimate: What the runs are likely to come to; None leaves that out.
        power: What gates and hypotheses can show with the runs; None leaves that out.
    """
    title = shorten(f"{clean(study.study_id)}: {clean(study.title)}", width)
    entries = [
        Entry("design", _design(study.design_spec), lines=MAX_LINES),
        *_factors(study),
        *_conditions(study, plan, width - LABELS),
        *_bindings(study, plan.runs),
        Entry("runs", _runs(plan, selected, stored), lines=MAX_LINES),
        *([] if estimate is None else [estimate_entry(estimate)]),
        Entry("seeds", _seeds(study), lines=MAX_LINES),
        *_gates(study),
        *([] if power is None else power_entries(power)),
    ]
    head = [title, *entry_lines(entries, width)]
    if height is None:
        return head + _table(study, plan, width, room=None)
    most = max(height, MOST_LINES)
    if len(head) > most:
        more = f"{INDENT}… {counted(len(head) - most + 1, 'more line')}; pytest --dre-plan -v shows all"
        return [*head[: most - 1], shorten(more, width)]
    return head + _table(study, plan, width, max(height - len(head), LEAST_TABLE))


def _design(spec: DesignSpec) -> tuple[str, ...]:
    """Return the design's kind and whatever of it is not the default."""
    parts = [
        spec.kind,
        _randomization(spec),
        "counterbalanced" if spec.counterbalance else "",
        f"{spec.replicates} replicates of each row" if spec.replicates > 1 else "",
        counted(spec.n_samples, "sample") if spec.n_samples else "",
        counted(spec.center_points, "center point") if spec.center_points else "",
        f"matrix {clean(spec.matrix_path)}" if spec.matrix_path else "",
        *(f"{clean(name)} = {show_value(value)}" for name, value in spec.options.items()),
    ]
    return tuple(part for part in parts if part)


def _randomization(spec: DesignSpec) -> str:
    """Return inside what the order of conditions is drawn, "" if it is not drawn."""
    key, blocked = spec.block_randomization_key, spec.kind == RANDOMIZED_BLOCK
    if not (spec.randomize or blocked):
        return "" if key is None else "not randomized (randomize is false)"
    if key is not None:
        return f"randomized within {clean(key)}"
    return "randomized within blocks" if blocked else "randomized"


def _factors(study: Study) -> list[Entry]:
    factors = [
        Entry("factors" if index == 0 else "", _listed(factor.name, _levels(factor)), lines=MAX_LINES)
        for index, factor in enumerate(study.factors)
    ]
    blocks = [
        Entry(
            "blocks" if index == 0 else "",
            _listed(block.name, [show_value(value) for value in block.levels]),
            lines=MAX_LINES,
        )
        for index, block in enumerate(study.blocks)
    ]
    return factors + blocks


def _listed(name: str, values: Sequence[str]) -> tuple[str, ...]:
    return (f"{clean(name)} ({len(values)}): {values[0]}", *values[1:])


def _levels(factor: Factor) -> list[str]:
    """Return each level's name, with its value where that is something else."""
    if not factor.levels:
        return [show_value(factor.default)]
    shown = [(clean(level.name), show_value(level.value)) for level in factor.levels]
    return [name if value in (name, "null") else f"{name} = {value}" for name, value in shown]


def _conditions(study: Study, plan: Plan, room: int) -> list[Entry]:
    total = len(plan.conditions)
    admissible = sum(item.admissible for item in plan.conditions)
    excluded = f": {admissible} admissible, {total - admissible} excluded" if admissible < total else ""
    counts, other = _violations(study.constraints, plan.conditions)
    rules = [text for item in study.constraints for text in _constraint(item, counts[item.constraint_id], room)]
    rules += [f"{clean(message)}: {count}" for message, count in other.items()]
    return [
        Entry("conditions", (f"{total}{excluded}",)),
        *(Entry("constraints" if index == 0 else "", (rule,)) for index, rule in enumerate(rules)),
    ]


def _violations(
    constraints: Iterable[Constraint], conditions: Iterable[Condition]
) -> tuple[Counter[str], Counter[str]]:
    """Return how many conditions violate each constraint, by its id, and messages that name no constraint."""
    known = sorted((item.constraint_id for item in constraints), key=len, reverse=True)
    counts: Counter[str] = Counter()
    other: Counter[str] = Counter()
    messages = Counter(message for condition in conditions for message in dict.fromkeys(condition.constraint_messages))
    for message, count in messages.items():
        owner = next((name for name in known if message == name or message.startswith(f"{name}:")), None)
        if owner is None:
            other[message] += count
        else:
            counts[owner] += count
    return counts, other


def _constraint(constraint: Constraint, count: int, room: int) -> list[str]:
    """Return a constraint's effect with its rule, in one line if they fit in `room`, and what it is for."""
    effect = "excludes" if constraint.severity == "error" else "warns about"
    rules = [clean(rule) for rule in (constraint.expression, constraint.callable_ref) if rule is not None]
    head, rule = f"{clean(constraint.constraint_id)} {effect} {count}", " and ".join(rules)
    one_line = f"{head}: {rule}"
    texts = [one_line] if display_width(one_line) <= room else [f"{head}:", f"  {rule}"]
    return [*texts, f"  {clean(constraint.description)}"] if constraint.description else texts


def _bindings(study: Study, runs: Sequence[RunSpec]) -> list[Entry]:
    """Return who runs on what; of a study with a runner only that."""
    if study.runner is not None:
        return [Entry("runner", (clean(study.runner),))]
    agents = dict.fromkeys(run.agent_id for run in runs if run.agent_id is not None)
    problems = dict.fromkeys(run.problem_id for run in runs if run.problem_id is not None)
    return [
        Entry(label, _counted_list(list(found) or list(fallback)), lines=MAX_LINES)
        for label, found, fallback in (
            ("agents", agents, study.agent_ids),
            ("problems", problems, study.problem_list),
        )
    ]


def _counted_list(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ("none",)
    shown = [clean(name) for name in names]
    return (f"{len(shown)}: {shown[0]}", *shown[1:])


def _runs(plan: Plan, selected: int | None, stored: int | None) -> tuple[str, ...]:
    total = len(plan.runs)
    replicates = max((run.replicate for run in plan.runs), default=0)
    return (
        f"{total} ({counted(replicates, 'replicate')})" if replicates else str(total),
        *([f"{selected} selected"] if selected is not None and selected < total else []),
        *([f"{stored} stored"] if stored else []),
    )


def _seeds(study: Study) -> tuple[str, ...]:
    policy = study.seed_policy
    shared = ("the same for all arms",) if policy.strategy == COMMON_RANDOM_NUMBERS else ()
    return (policy.strategy, f"base seed {policy.base_seed}", *shared)


def _gates(study: Study) -> list[Entry]:
    """Return the gates."""
    names = [clean(gate.gate_id + _early(gate)) for gate in study.gates]
    if not names:
        return []
    return [Entry("gates", (f"{len(names)}: {names[0]}", *names[1:]), lines=MAX_LINES)]


def _early(gate: Gate) -> str:
    if gate.sequential is not None:
        return f" (looks at {', '.join(map(str, gate.sequential.looks))} replicates)"
    return " (curtailed)" if gate.stop is not None else ""


def _table(study: Study, plan: Plan, width: int, room: int | None) -> list[str]:
    """Return the admissible conditions with what varies among them, after an empty line."""
    conditions = [item for item in plan.conditions if item.admissible]
    names = varying(conditions)
    if not conditions or not names:
        return []
    shown = conditions if room is None else conditions[: _rows(len(conditions), room - 2)]
    table = lay_out(assignment_columns(names, shown, level_names(study)), width - len(INDENT))
    lines = [table.header, *table.rows]
    if len(shown) < len(conditions):
        lines.append(f"… {counted(len(conditions) - len(shown), 'more condition')}")
    lines += table.note(width - len(INDENT)) if room is None or len(lines) < room - 1 else []
    return ["", *(shorten(INDENT + line, width) for line in lines)]


def _rows(count: int, room: int) -> int:
    """Return how many of `count` rows to show in `room` lines, of which one must say how many were left out."""
    return count if count <= min(MAX_ROWS, room) else min(MAX_ROWS, room - 1)
