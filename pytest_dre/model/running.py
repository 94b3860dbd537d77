"""How a study is run: budget, seeds, bindings, limits and gates."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pytest_dre.model.base import Amount, Count, Flag, Integer, Metadata, Name, Positive, Real, SchemaModel, Text

Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


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


class ExpectedOutcome(SchemaModel):
    """How an outcome is expected to vary, for the power of gates and tests.

    `mean` of runs (of a true-or-false outcome its rate, of which the deviation follows), `sd` the standard deviation of
    runs within one condition, `problem_sd` that between problems: of their means, or of their effects where arms are
    compared. Without `problem_sd`, gates with problems as units take all of `sd` as lying between problems.
    """

    mean: Real | None = None
    sd: Amount | None = None
    problem_sd: Amount | None = None


class Expected(SchemaModel):
    """What a run is expected to come to, before any has been carried out."""

    cost_usd: Amount | None = None
    tokens: Amount | None = None
    latency_s: Amount | None = None
    outcomes: dict[Name, ExpectedOutcome] = Field(default_factory=dict)


class RunLimits(SchemaModel):
    """What one run, and all of them together, may cost at most.

    `timeout_s` bounds a run with all its attempts, seconds. A run that fails with an exception named in `retry_on`
    (by the names of its classes) is tried again up to `retries` times, the first time after about `retry_wait_s`
    seconds, then twice as long each time, up to `retry_max_wait_s`. The budgets `max_cost_usd`, `max_tokens` and
    `max_total_s` (seconds of runs, summed over processes) count all that was ever spent on the study, failed attempts
    and earlier sessions included; `max_failures` counts the failed runs of one session.
    """

    timeout_s: Seconds | None = None
    retries: Count | None = None
    retry_on: tuple[Name, ...] | None = None
    retry_wait_s: Seconds | None = None
    retry_max_wait_s: Seconds | None = None
    max_cost_usd: Amount | None = None
    max_tokens: Count | None = None
    max_total_s: Amount | None = None
    max_failures: Positive | None = None
    expected: Expected | None = None


class Limits(RunLimits):
    """The limits of a study; those in `agents` hold for one agent's runs, beside (budgets) or instead (the others)."""

    agents: dict[Name, RunLimits] = Field(default_factory=dict)


class GateContrast(SchemaModel):
    """The arms a gate compares."""

    factor: Name
    treatment: Any
    control: Any


# The mean, a quantile such as p95, or the chance that at least one (pass@k) or all (pass^k) of k replicates succeed.
STATISTIC = r"^(mean|median|p\d{1,2}(\.\d+)?|pass[@^][1-9]\d*)$"


class Sequential(SchemaModel):
    """When a gate is judged before all runs are in: numbers of replicates, the planned number last."""

    looks: Annotated[tuple[Positive, ...], Field(min_length=1)]
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming"


class Gate(SchemaModel):
    """A claim that the session judges once the runs are in."""

    gate_id: Name
    outcome: Name | None = None
    hypothesis: Name | None = None
    contrast: GateContrast | None = None
    baseline: Name | None = None
    claim: Literal["superior", "non_inferior", "equivalent", "at_least", "at_most"]
    statistic: Annotated[Text, Field(pattern=STATISTIC)] = "mean"
    value: Real | None = None
    margin: Real | Text | None = None
    where: Metadata = Field(default_factory=dict)
    alpha: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.05
    min_pairs: Positive = 10
    max_attrition: Amount = 0.05
    on_inconclusive: Literal["fail", "warn"] | None = None
    anytime: Annotated[bool, Field(strict=True)] = False
    sequential: Sequential | None = None
    stop: Literal["curtail"] | None = None

    @property
    def may_stop_early(self) -> bool:
        """Whether runs may turn out not to be needed."""
        return self.sequential is not None or self.stop is not None
