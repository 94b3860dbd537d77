"""pytest_dre: the pytest plugin for experiments on agents.

Names are imported when they are first used: a pytest session without studies must not pay for them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_dre._version import __version__
    from pytest_dre.api.judging import judge_gates
    from pytest_dre.api.loading import load_results
    from pytest_dre.api.planning import build_design, plan_study, validate_study
    from pytest_dre.api.running import dry_run_validate, resume_study, run_study
    from pytest_dre.api.sources import load_study, write_study
    from pytest_dre.errors import DreError, Fault, StudyError
    from pytest_dre.execution.surroundings import LeakWarning
    from pytest_dre.model.factors import Block, Constraint, DesignSpec, Factor, Level
    from pytest_dre.model.hypotheses import AnalysisPlan, Contrast, Hypothesis, OutcomeSpec
    from pytest_dre.model.running import Binding, Gate, Limits, RunBudget, SeedPolicy
    from pytest_dre.model.runs import (
        Condition,
        Plan,
        ProblemPacket,
        RunOutput,
        RunResult,
        RunSpec,
        RunStatus,
        agent_result,
    )
    from pytest_dre.model.study import Study
    from pytest_dre.model.verdicts import GateVerdict, Verdict

_PLACES = {
    "_version": ("__version__",),
    "api.judging": ("judge_gates",),
    "api.loading": ("load_results",),
    "api.planning": ("build_design", "plan_study", "validate_study"),
    "api.running": ("dry_run_validate", "resume_study", "run_study"),
    "api.sources": ("load_study", "write_study"),
    "errors": ("DreError", "Fault", "StudyError"),
    "execution.surroundings": ("LeakWarning",),
    "model.factors": ("Block", "Constraint", "DesignSpec", "Factor", "Level"),
    "model.hypotheses": ("AnalysisPlan", "Contrast", "Hypothesis", "OutcomeSpec"),
    "model.running": ("Binding", "Gate", "Limits", "RunBudget", "SeedPolicy"),
    "model.runs": (
        "Condition",
        "Plan",
        "ProblemPacket",
        "RunOutput",
        "RunResult",
        "RunSpec",
        "RunStatus",
        "agent_result",
    ),
    "model.study": ("Study",),
    "model.verdicts": ("GateVerdict", "Verdict"),
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _PLACES.items() for name in names}

__all__ = [
    "AnalysisPlan",
    "Binding",
    "Block",
    "Condition",
    "Constraint",
    "Contrast",
    "DesignSpec",
    "DreError",
    "Factor",
    "Fault",
    "Gate",
    "GateVerdict",
    "Hypothesis",
    "LeakWarning",
    "Level",
    "Limits",
    "OutcomeSpec",
    "Plan",
    "ProblemPacket",
    "RunBudget",
    "RunOutput",
    "RunResult",
    "RunSpec",
    "RunStatus",
    "SeedPolicy",
    "Study",
    "StudyError",
    "Verdict",
    "__version__",
    "agent_result",
    "build_design",
    "dry_run_validate",
    "judge_gates",
    "load_results",
    "load_study",
    "plan_study",
    "resume_study",
    "run_study",
    "validate_study",
    "write_study",
]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    """List the public names that were not used yet, too."""
    return sorted({*globals(), *__all__})
