"""Exported results as a table to work with."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_dre.artifacts.outcome_reading import ReadOutcomes, read_outcomes, unpacked
from pytest_dre.errors import MissingDependencyError

if TYPE_CHECKING:
    import pandas


def load_results(directory: str | os.PathLike[str]) -> "pandas.DataFrame":
    """Return the results of an exported study: a row a run, with its outcomes.

    `directory` is an output directory or a bundle (`.tar.gz`), ours or another tool's of schema 0.2.0. The columns:
    `run_id`, `condition_id`; factors by name, blocks as `block_<name>`; `agent_id`, `problem_id`, `replicate`, `seed`,
    `status`, `stale`; then the outcomes, NaN where one is missing. Directories without outcomes.csv give the outcomes
    that their study.yaml declares, else `primary_outcome` and the other numbers in runs.csv.

    Raises MissingDependencyError without pandas, ArtifactError for files that are missing or damaged.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependencyError("pandas", "analysis", "load_results()") from None
    with unpacked(Path(directory)) as found:
        outcomes = read_outcomes(found)
    frame = pd.DataFrame(_columns(outcomes), columns=list(outcomes.columns.header))
    return frame.astype(dict.fromkeys(outcomes.columns.outcomes.values(), "float64"))


def _columns(outcomes: ReadOutcomes) -> dict[str, list[Any]]:
    rows, columns = outcomes.rows, outcomes.columns
    return {
        "run_id": [row.run_id for row in rows],
        "condition_id": [row.condition_id for row in rows],
        **{column: [row.factors.get(name) for row in rows] for name, column in columns.factors.items()},
        **{column: [row.blocks.get(name) for row in rows] for name, column in columns.blocks.items()},
        "agent_id": [row.agent_id for row in rows],
        "problem_id": [row.problem_id for row in rows],
        "replicate": [row.replicate for row in rows],
        "seed": [row.seed for row in rows],
        "status": [row.status for row in rows],
        "stale": [row.stale for row in rows],
        **{column: [row.values.get(name) for row in rows] for name, column in columns.outcomes.items()},
    }
