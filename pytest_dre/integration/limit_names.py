"""Whether `--dre-limit AGENT:KEY=VALUE` names a limit, and an agent of the session: a misspelt one bounds nothing."""

from collections.abc import Iterable

import pytest

from pytest_dre.errors import DreError
from pytest_dre.integration.settings import Settings
from pytest_dre.loading.overrides import OPTION, agents_named, check_overrides
from pytest_dre.loading.wording import advice
from pytest_dre.sessions.planned import PlannedStudy


def require_readable(overrides: Iterable[str]) -> None:
    """End the session, before anything is collected, if an override is none."""
    try:
        check_overrides(overrides)
    except DreError as error:
        raise pytest.UsageError(str(error)) from None


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
