"""A study ready to run: loaded, planned, its runs named, with a directory to write to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_dre.designs import plan_runs, plan_study, run_names
from pytest_dre.errors import StudyError
from pytest_dre.model.runs import Condition, Plan, RunSpec
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study
from pytest_dre.sessions.contrasts import contrast_faults
from pytest_dre.sessions.published import secret_faults
from pytest_dre.store.database import STORE_NAME


@dataclass(frozen=True)
class PlannedStudy:
    """A study, its plan, the item name of each run (in plan order), and its output directory (absolute)."""

    source: StudySource
    plan: Plan
    names: tuple[str, ...]
    output_dir: Path

    @property
    def study(self) -> Study:
        """The study itself."""
        return self.source.study

    @cached_property
    def store_path(self) -> Path:
        """The run store's file."""
        return self.output_dir / STORE_NAME

    @cached_property
    def execution_order(self) -> tuple[tuple[str, RunSpec], ...]:
        """The runs with their names as they are started: as planned, but replicate by replicate for early stops."""
        pairs = zip(self.names, self.plan.runs, strict=True)
        if not any(gate.may_stop_early for gate in self.study.gates):
            return tuple(pairs)
        return tuple(sorted(pairs, key=lambda pair: pair[1].replicate))

    @cached_property
    def runs_by_name(self) -> dict[str, RunSpec]:
        """The planned runs by item name."""
        return dict(zip(self.names, self.plan.runs, strict=True))


def plan_source(source: StudySource, output_dir: Path, conditions: Sequence[Condition] | None = None) -> PlannedStudy:
    """Plan a loaded study, with `conditions` in place of its design's if given.

    Raises StudyError with each fault's place in the file.
    """
    try:
        plan = plan_study(source.study, source.base_dir) if conditions is None else _plan_of(source.study, conditions)
    except StudyError as error:
        raise source.source_map.error(*error.faults) from None
    faults = (*contrast_faults(source.study, plan.conditions), *secret_faults(source.study))
    if faults:
        raise source.source_map.error(*faults)
    return PlannedStudy(source, plan, tuple(run_names(source.study, plan)), output_dir)


def _plan_of(study: Study, conditions: Sequence[Condition]) -> Plan:
    return Plan(tuple(conditions), tuple(plan_runs(study, conditions)))
