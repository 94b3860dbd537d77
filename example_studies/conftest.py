"""Skips the studies whose means are missing: an endpoint for the language model, packages for the packaged problems."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_dre import ProblemPacket

HERE = Path(__file__).parent
PACKAGED = "packaged_problems.study.yaml"
PROMPTS = "prompt_framing.study.yaml"


def missing_siblings() -> str | None:
    """Why the packaged problems cannot be run, None if they can."""
    names = ("design_research_agents", "design_research_problems")
    if all(importlib.util.find_spec(name) for name in names):
        return None
    return "needs design-research-agents and design-research-problems (Python 3.12 or later): pytest-dre[siblings]"


def missing_endpoint(environment: Mapping[str, str]) -> str | None:
    """Why no language model can be asked, None if one can."""
    if importlib.util.find_spec("openai") is None:
        return "needs the openai package: pip install 'pytest-dre[llm]'"
    if not environment.get("DRE_LLM_MODEL") or not environment.get("OPENAI_API_KEY"):
        return "needs a language model: set DRE_LLM_MODEL, OPENAI_API_KEY and, if it is not OpenAI's, OPENAI_BASE_URL"
    return None


def what_is_missing(study: Path) -> str | None:
    """Why the runs and gates of a study are skipped, None if they are not."""
    if study == HERE / PACKAGED:
        return missing_siblings()
    return missing_endpoint(os.environ) if study == HERE / PROMPTS else None


@pytest.hookimpl(tryfirst=True)  # before pytest looks for marks
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark each item when its turn comes: under xdist gates are no items of the workers, which collect."""
    reason = what_is_missing(item.path)
    if reason:
        item.add_marker(pytest.mark.skip(reason=reason))


# Without the packages, stand-ins let the study of packaged problems be planned, so that its runs show as skipped.


def stand_in() -> None:
    raise RuntimeError(missing_siblings())


def pytest_dre_agents() -> Mapping[str, object]:
    return dict.fromkeys(packaged_study()["agent_specs"], stand_in) if missing_siblings() else {}


def pytest_dre_problems() -> Mapping[str, ProblemPacket]:
    names = [level["value"] for factor in packaged_study()["factors"] for level in factor["levels"]]
    return {name: ProblemPacket(problem_id=name) for name in names} if missing_siblings() else {}


def packaged_study() -> dict[str, Any]:
    study: dict[str, Any] = yaml.safe_load((HERE / PACKAGED).read_text(encoding="utf-8"))
    return study
