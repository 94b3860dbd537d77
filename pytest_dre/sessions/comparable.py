"""Which problems a baseline's runs met in another version: outcomes of other tasks or graders are no comparison."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_dre.execution.fingerprints import VersionKey

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline

_PROBLEM, _AGENT = "problem ", "agent "


def compared(
    baselines: "Mapping[str, Baseline | None]", versions: Mapping[VersionKey, str]
) -> "dict[str, Baseline | None]":
    """Return the baselines, each with the problems whose version is not that of `versions`.

    A problem that stands in an agent's file gets another version with every change of that agent; of those it cannot
    be told whether they changed.
    """
    now = {" ".join(key): version for key, version in versions.items()}
    return {name: None if found is None else _compared(found, now) for name, found in baselines.items()}


def _compared(baseline: "Baseline", now: Mapping[str, str]) -> "Baseline":
    then = baseline.versions
    other = [name for name, version in now.items() if name.startswith(_PROBLEM) and then.get(name, version) != version]
    shared = {name for name in other if _in_an_agents_file(name, now) and _in_an_agents_file(name, then)}
    return replace(
        baseline,
        changed=frozenset(name.removeprefix(_PROBLEM) for name in other if name not in shared),
        unsure=frozenset(name.removeprefix(_PROBLEM) for name in shared),
    )


def _in_an_agents_file(problem: str, versions: Mapping[str, str]) -> bool:
    file = versions[problem].partition("@")[0]
    return any(version.partition("@")[0] == file for name, version in versions.items() if name.startswith(_AGENT))
