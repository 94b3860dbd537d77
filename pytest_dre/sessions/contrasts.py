"""Whether a design has runs that a gate can compare: arms that differ in the contrasted factor alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pytest_dre.canonical import canonical_json
from pytest_dre.errors import Fault
from pytest_dre.model.gating import gate_contrast, hypothesis_of, level_value, value_text
from pytest_dre.model.running import Gate, GateContrast
from pytest_dre.model.runs import Condition
from pytest_dre.model.study import Study

HINT = "compare them by a test of an analysis plan such as anova, or plan a full_factorial"


def contrast_faults(study: Study, conditions: Iterable[Condition]) -> Iterator[Fault]:
    """Yield the gates whose contrast no two conditions differ in alone: their verdict could not but be INCONCLUSIVE."""
    admissible = [condition for condition in conditions if condition.admissible]
    factors = {factor.name for factor in study.factors}
    for index, gate in enumerate(study.gates):
        contrast = gate_contrast(gate, hypothesis_of(study, gate))
        if contrast is None or contrast.factor not in factors:
            continue
        if not _is_matched(study, gate, contrast, admissible):
            message = f"no two conditions differ in {contrast.factor!r} alone, so the gate cannot be judged"
            yield Fault(message, HINT, ("gates", index))


def _is_matched(study: Study, gate: Gate, contrast: GateContrast, conditions: Iterable[Condition]) -> bool:
    wanted = [
        value_text(level_value(study, contrast.factor, level)) for level in (contrast.treatment, contrast.control)
    ]
    where = {
        name: {value_text(level_value(study, name, item)) for item in (value if isinstance(value, list) else [value])}
        for name, value in gate.where.items()
    }
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        values = condition.assignments
        if any(name in values and value_text(values[name]) not in admitted for name, admitted in where.items()):
            continue
        rest = {name: value for name, value in values.items() if name != contrast.factor}
        seen[canonical_json(rest)].add(value_text(values[contrast.factor]))
    return any(seen_of.issuperset(wanted) for seen_of in seen.values())
