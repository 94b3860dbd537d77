"""Whether `--dre-limit AGENT:KEY=VALUE` names an agent of the session: a misspelt one would bound nothing."""

from collections.abc import Iterable

import pytest

from pytest_dre.integration.settings import Settings
from pytest_dre.loading.overrides import OPTION, agents_named
from pytest_dre.loading.wording import advice
from pytest_dre.sessions.planned import PlannedStudy


def require_known_agents(settings: Settings, studies: Iterable[PlannedStudy]) -> None:
    """End the session, before anything is spent, if no study has an agent that a limit is for."""
    named, studies = agents_named(settings.limits), list(studies)
    if not named or not studies:
        return
    known = {run.agent_id for planned in studies for run in planned.plan.runs if run.agent_id is not None}
    for agent in named:
        if agent not in known:
            message = f"{OPTION} {agent}:…: no selected study has an agent {agent!r}; {advice(agent, known)}"
            pytest.exit(message, returncode=pytest.ExitCode.USAGE_ERROR)
