"""How a study is run: budget, seeds, bindings, limits and gates."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pytest_dre.model.base import Amount, Flag, Integer, Metadata, Name, Positive, Real, SchemaModel, Text


class RunBudget(SchemaModel):
    """How many runs, and what a failure does to the rest. A plan larger than `max_runs` is a fault."""

    replicates: Positive = 1
    max_runs: Positive | None = None
    parallelism: Positive = 1
    fail_fast: Flag = False


class SeedPolicy(SchemaModel):
    """How the seed of a run is derived.

    `common_random_numbers` gives all arms of a comparison the same seeds: neither condition nor agent enter.
    """

    base_seed: Integer = 0
    strategy: Literal["condition_replicate", "common_random_numbers"] = "condition_replicate"
    per_run_offset: Integer = 9973


class Binding(SchemaModel):
    """What an agent's or problem's id stands for: a reference, parameters for it and a declared version.

    `ref` is "module:attribute", "./file.py:attribute" (relative to the study) or a name that a conftest hook or a
    sibling package knows. With `params`, what `ref` names is called with them and must return the agent (problem).
    """

    ref: Name
    params: Metadata = Field(default_factory=dict)
    version: Name | None = None


class Limits(SchemaModel):
    """What a run, and the whole study, may cost at most."""

    timeout_s: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] | None = None


class GateContrast(SchemaModel):
    """The arms a gate compares."""

    factor: Name
    treatment: Any
    control: Any


class Gate(SchemaModel):
    """A claim that the session judges once the runs are in."""

    gate_id: Name
    outcome: Name | None = None
    hypothesis: Name | None = None
    contrast: GateContrast | None = None
    baseline: Name | None = None
    claim: Literal["superior", "non_inferior", "equivalent", "at_least", "at_most"]
    value: Real | None = None
    margin: Real | Text | None = None
    where: Metadata = Field(default_factory=dict)
    alpha: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.05
    min_pairs: Positive = 10
    max_attrition: Amount = 0.05
    on_inconclusive: Literal["fail", "warn"] = "fail"
