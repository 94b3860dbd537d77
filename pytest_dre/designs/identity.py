"""Identifiers and seeds of conditions and runs. Their bytes are a contract with other tools."""

import hashlib
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

from pytest_dre.canonical import ID_DIGITS, SEED_MODULUS
from pytest_dre.designs.texts import map_text
from pytest_dre.model.running import SeedPolicy
from pytest_dre.model.runs import Condition

COPY = "copy"  # metadata: how many earlier conditions of the design have the same values


def fingerprint(factors: Mapping[str, Any], blocks: Mapping[str, Any]) -> str:
    """Return the canonical JSON of a condition's values."""
    return f'{{"blocks":{map_text(blocks)},"factors":{map_text(factors)}}}'


def condition_id(values: str, position: Mapping[str, Any]) -> str:
    """Return "cond-" and 12 hex digits made from a condition's fingerprint and, where its design has one, position."""
    payload = f'{values[:-1]},"metadata":{map_text(position)}}}' if position else values
    return f"cond-{hashlib.sha256(payload.encode()).hexdigest()[:ID_DIGITS]}"


class RunIdentity:
    """Makes the ids and seeds of a study's runs.

    Writes the canonical JSON of their payloads by hand, keys in sorted order: planning 50,000 runs spends most of its
    time here.
    """

    def __init__(self, study_id: str, policy: SeedPolicy) -> None:
        self._study = encode_basestring_ascii(study_id)
        self._policy = policy
        self._strategy = encode_basestring_ascii(policy.strategy)

    def run_id(self, condition: Condition, replicate: int, agent: str | None, problem: str | None) -> str:
        """Return "run-" and 12 hex digits made from study, condition, replicate, agent and problem."""
        payload = (
            f'{{"agent_id":{_text(agent)},"condition_id":{_text(condition.condition_id)},'
            f'"problem_id":{_text(problem)},"replicate":{replicate},"study_id":{self._study}}}'
        )
        return f"run-{hashlib.sha256(payload.encode()).hexdigest()[:ID_DIGITS]}"

    def seed(self, condition: Condition, replicate: int, agent: str | None, problem: str | None) -> int:
        """Return the run's seed, in [0, 2^31 - 1).

        With "condition_replicate" it is made from base_seed, strategy, per_run_offset, study_id, condition_id,
        replicate and salt "<agent>:<problem>" ("None" for none). "common_random_numbers" (Law 2015, section 11.2)
        leaves out condition_id, has the salt "<problem>" and adds the map `blocks` and, for a condition that repeats
        the values of an earlier one (a replicated row, a centre point), `copy`, so that repetitions differ.
        """
        common = self._policy.strategy == "common_random_numbers"
        salt = str(problem) if common else f"{agent}:{problem}"
        payload = (
            f'{{"base_seed":{self._policy.base_seed},'
            f"{_common_keys(condition) if common else _own_keys(condition)}"
            f'"per_run_offset":{self._policy.per_run_offset},"replicate":{replicate},"salt":{_text(salt)},'
            f'"strategy":{self._strategy},"study_id":{self._study}}}'
        )
        return int(hashlib.sha256(payload.encode()).hexdigest()[:16], 16) % SEED_MODULUS


def _text(value: str | None) -> str:
    return "null" if value is None else encode_basestring_ascii(value)


def _own_keys(condition: Condition) -> str:
    return f'"condition_id":{_text(condition.condition_id)},'


def _common_keys(condition: Condition) -> str:
    copy = condition.metadata.get(COPY, 0)
    return f'"blocks":{map_text(condition.block_assignments)},' + (f'"copy":{copy},' if copy else "")
