"""Limits given outside the study, as `[agent:]key=value`."""

from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import ValidationError

from pytest_dre.errors import DreError
from pytest_dre.loading.wording import advice
from pytest_dre.model.running import Limits, RunLimits
from pytest_dre.model.study import Study

OPTION = "--dre-limit"


def override_limits(study: Study, overrides: Iterable[str]) -> Study:
    """Return the study with the limits that `overrides` name, such as "timeout_s=60" or "solver:retries=3".

    A value is read as YAML; "null" takes a limit away. Raises DreError for what is no limit.
    """
    overrides = list(overrides)
    return study.model_copy(update={"limits": _overridden(study.limits, overrides)}) if overrides else study


def check_overrides(overrides: Iterable[str]) -> None:
    """Raise DreError as `override_limits` does, whatever the study."""
    _overridden(Limits(), overrides)


def _overridden(limits: Limits, overrides: Iterable[str]) -> Limits:
    own = limits.model_dump(exclude_defaults=True)
    for text in overrides:
        agent, key, value = _parsed(text)
        target = own if agent is None else own.setdefault("agents", {}).setdefault(agent, {})
        target[key] = [value] if key == "retry_on" and isinstance(value, str) else value
    try:
        return Limits.model_validate(own)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DreError(f"{OPTION}: {place}: {first['input']!r} does not fit: {first['msg'].lower()}") from None


def agents_named(overrides: Iterable[str]) -> list[str]:
    """Return the agents that some of the overrides are for, each once. Raises DreError as `override_limits` does."""
    return [agent for agent in dict.fromkeys(_parsed(text)[0] for text in overrides) if agent is not None]


def _parsed(text: str) -> tuple[str | None, str, Any]:
    name, equals, written = text.partition("=")
    agent, colon, key = name.strip().rpartition(":")
    if not equals:
        raise DreError(f"{OPTION} {text!r} has no value; write KEY=VALUE or AGENT:KEY=VALUE, such as timeout_s=60")
    if key not in RunLimits.model_fields or (colon and not agent):
        raise DreError(f"{OPTION} {text!r}: there is no limit {key!r}; {advice(key, RunLimits.model_fields)}")
    try:
        return agent or None, key, yaml.safe_load(written)
    except yaml.YAMLError:
        raise DreError(f"{OPTION} {text!r}: the value is no YAML; quote it, or write a plain number") from None
