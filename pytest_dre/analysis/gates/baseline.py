"""Earlier outcomes that a gate compares with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_dre.canonical import digest
from pytest_dre.model.hypotheses import OutcomeSpec
from pytest_dre.model.verdicts import OutcomeRow


@dataclass(frozen=True, slots=True)
class Baseline:
    """Saved outcomes of a study.

    Rows tell design and seeds: a run is compared with the run of the same factors, blocks, agent, problem and
    replicate, and only if both had the same seed.

    Attributes:
        name: What the baseline is called.
        rows: One per planned run of that time.
        outcomes: Outcome → `outcome_digest` of its definition then; outcomes that are not in it are not checked.
        versions: "agent <id>" or "problem <id>" → version its runs were made with; those that are not in it are not
            checked.
        changed: Problems that have another version now: their runs are not compared.
        unsure: Problems of which that cannot be told.
    """

    name: str
    rows: Sequence[OutcomeRow]
    outcomes: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


def outcome_digest(spec: OutcomeSpec) -> str:
    """Return a hash of what makes an outcome's values comparable: where they come from, and how."""
    return digest([spec.source_table, spec.column, spec.aggregation, spec.derivation, spec.missing_data_policy])
