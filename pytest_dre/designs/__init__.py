"""Study → conditions → planned runs → their names."""

from pytest_dre.designs.conditions import build_design
from pytest_dre.designs.naming import run_names
from pytest_dre.designs.planning import plan_runs, plan_study

__all__ = ["build_design", "plan_runs", "plan_study", "run_names"]
