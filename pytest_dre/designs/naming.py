"""Names of runs, as users see and select them: `style=scaffolded-agent=a-problem=p-r2`."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_dre.canonical import digest
from pytest_dre.designs.levels import levels_by_value
from pytest_dre.designs.texts import value_text
from pytest_dre.model.factors import AGENT_FACTORS, PROBLEM_FACTORS, Level
from pytest_dre.model.runs import Condition, Plan, RunSpec
from pytest_dre.model.study import Study

LONGEST = 32  # characters of a value in a name
HASH_DIGITS = 6
OTHER = re.compile(r"[^A-Za-z0-9_.=+-]")


def run_names(study: Study, plan: Plan) -> list[str]:
    """Return a name for each run, in plan order, unique and made of `A-Za-z0-9_.=+-` only.

    A name tells what varies over the planned runs: factors and blocks (by the name of the level), agent, problem and
    replicate. Runs it does not tell apart get `-row<n>`, the row of their design, else the end of their id.
    """
    describe = _describer(study, plan)
    tails = _tails(study, plan.runs)
    parts = [
        [part for part in (describe(run.condition), *tail) if part] for run, tail in zip(plan.runs, tails, strict=True)
    ]
    names = ["-".join(some) for some in parts]
    for suffix in (_row, _id_end, _id):
        names = _told_apart(names, plan.runs, suffix)
    return [name or "run" for name in names]


def _describer(study: Study, plan: Plan) -> Callable[[Condition], str]:
    """Return what gives the part of a name that a condition makes; each condition's is made once."""
    conditions = {run.condition_id: run.condition for run in plan.runs}
    assigned = {key: condition.assignments for key, condition in conditions.items()}
    levels = levels_by_value(study)
    columns = {
        name: _tokens((values[name] for values in assigned.values()), levels.get(name, {})) for name in _names(study)
    }
    varying = {name: tokens for name, tokens in columns.items() if len(tokens) > 1}
    prefixes = {name: _clean(name) for name in varying}
    texts = {
        key: "-".join(f"{prefixes[name]}={tokens[value_text(values[name])]}" for name, tokens in varying.items())
        for key, values in assigned.items()
    }
    return lambda condition: texts[condition.condition_id]


def _names(study: Study) -> list[str]:
    return [*(factor.name for factor in study.factors), *(block.name for block in study.blocks)]


def _tails(study: Study, runs: Sequence[RunSpec]) -> list[list[str]]:
    """Return the parts of each name that agent, problem and replicate make."""
    factors = {factor.name for factor in study.factors}
    agents = {} if factors.intersection(AGENT_FACTORS) else _id_tokens(run.agent_id for run in runs)
    problems = {} if factors.intersection(PROBLEM_FACTORS) else _id_tokens(run.problem_id for run in runs)
    replicated = any(run.replicate > 1 for run in runs)
    return [
        [
            f"agent={agents[value_text(run.agent_id)]}" if len(agents) > 1 else "",
            f"problem={problems[value_text(run.problem_id)]}" if len(problems) > 1 else "",
            f"r{run.replicate}" if replicated else "",
        ]
        for run in runs
    ]


def _id_tokens(ids: Iterable[str | None]) -> dict[str, str]:
    """Return the tokens of agents or problems, of which thousands of runs have few."""
    return _tokens(dict.fromkeys(ids), {})


def _tokens(values: Iterable[Any], levels: Mapping[str, Level]) -> dict[str, str]:
    """Return the token of each different value, by its canonical JSON; different values get different tokens."""
    by_key = {value_text(value): value for value in values}
    tokens = {key: _token(levels[key].name if key in levels else _shown(value)) for key, value in by_key.items()}
    counts = Counter(tokens.values())
    return {
        key: token if counts[token] == 1 else f"{token}+{digest(key)[:HASH_DIGITS]}" for key, token in tokens.items()
    }


def _shown(value: object) -> str:
    match value:
        case str():
            return value
        case float():
            return f"{value:.6g}"
    return value_text(value)


def _token(text: str) -> str:
    clean = _clean(text)
    if len(clean) <= LONGEST:
        return clean
    return f"{clean[: LONGEST - HASH_DIGITS - 1]}+{digest(text)[:HASH_DIGITS]}"


def _clean(text: str) -> str:
    return OTHER.sub("_", text)


def _told_apart(names: Sequence[str], runs: Sequence[RunSpec], suffix: Callable[[RunSpec], str]) -> list[str]:
    """Return the names, with a suffix to those that several runs have."""
    counts = Counter(names)
    return [
        name if counts[name] == 1 else "-".join(part for part in (name, suffix(run)) if part)
        for name, run in zip(names, runs, strict=True)
    ]


def _row(run: RunSpec) -> str:
    metadata = run.condition.metadata
    row = metadata.get("row_index", metadata.get("matrix_row"))
    return "" if row is None else f"row{row}"


def _id_end(run: RunSpec) -> str:
    return run.run_id[-HASH_DIGITS:]


def _id(run: RunSpec) -> str:
    return run.run_id
