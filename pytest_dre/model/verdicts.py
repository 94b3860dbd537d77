"""What gates come to."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Verdict(enum.StrEnum):
    """Whether the data support a gate's claim, contradict it, or cannot say."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class ArmCount:
    """One arm of a comparison.

    Attributes:
        name: What the arm is called, such as "agent = evolution", "baseline main" or "all runs".
        planned: Runs that the arm should have.
        used: Those of them whose outcome counts.
        absent: Those that have no result: missing, not needed, skipped or stale.
    """

    name: str
    planned: int
    used: int
    absent: int = 0

    @property
    def lost(self) -> int:
        """Runs that have a result, but no outcome that counts."""
        return self.planned - self.absent - self.used

    @property
    def attrition(self) -> float:
        """The share of the runs with a result that are lost; 0 of none."""
        present = self.planned - self.absent
        return self.lost / present if present else 0.0


@dataclass(frozen=True, slots=True)
class MoreRuns:
    """Twice as many of something, and what that would do to a gate's interval.

    Attributes:
        what: "replicates", "problems" or "strata".
        runs: How many runs that adds.
        narrowing: By what share the interval would be narrower, about; None if that cannot be told.
        cost_usd: What those runs would cost, US dollars, as the gate's runs did; None if no cost is recorded.
        seconds: What they would take, summed over processes; None if that is not known.
        reason: Why `narrowing` is None, "" otherwise.
    """

    what: str
    runs: int
    narrowing: float | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """Where an outcome's variance comes from, and what more runs would do about it.

    Attributes:
        outcome: The outcome.
        components: Variances in the outcome's unit squared: "condition" (of the fixed means), then those of "problem",
            "problem_by_arm", "problem_by_condition", "seed" (shared by runs) where the design has them, and
            "replicate"; that is called "residual" where one replicate a cell holds an interaction too.
        icc: The correlation of two runs of one problem, condition means taken out; None if there is none.
        icc_low, icc_high: Its 95 % interval.
        options: What could be doubled; empty for an outcome without a gate.
        notes: What was negative, and what cannot be told apart.
    """

    outcome: str
    components: Mapping[str, float] = field(default_factory=dict)
    icc: float | None = None
    icc_low: float | None = None
    icc_high: float | None = None
    options: tuple[MoreRuns, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """The look at growing data that a verdict rests on.

    Attributes:
        number: Which one, from 1.
        of: How many are planned.
        replicates: Whose runs it uses.
        planned: Replicates in all.
        spending: How alpha is spent: "obrien_fleming" or "pocock".
    """

    number: int
    of: int
    replicates: int
    planned: int
    spending: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """A gate's verdict, with all that it rests on.

    Attributes:
        gate_id: The gate.
        verdict: PASS, FAIL or INCONCLUSIVE.
        claim: The claim in words, such as "mean of objective, treatment - control > 0.98 control".
        estimate: The effect (or the value of a one-armed claim), in the outcome's unit; None if there is none.
        low, high: One-sided confidence bounds at level `alpha` each; None where there are none.
        alpha: The level that the verdict was judged at, after the correction for several gates.
        p_value: One-sided p-value of the claim's null hypothesis, before that correction; None if there is none.
        n: Independent units that the estimate rests on; of two arms with units of their own, those of the smaller.
        n_by_arm: The units of each of two such arms, treatment first; empty where a unit is of both arms, or of one.
        unit: What one unit is: "run", "pair", "replicate" or "problem".
        arms: The arms, treatment first.
        method: The method in words.
        approximate: Whether alpha is not guaranteed in finite samples.
        design: How runs were matched, paired and clustered, in words.
        reason: Why it is inconclusive, "" otherwise.
        remedy: What would settle it, "" if nothing is known to.
        notes: Further remarks, such as conditions that only one side has.
        look: The look that it rests on, None if the gate has no looks.
        advice: What limits the interval, and what would narrow it; None where there is nothing to say.
    """

    gate_id: str
    verdict: Verdict
    claim: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    alpha: float = 0.05
    p_value: float | None = None
    n: int = 0
    n_by_arm: tuple[int, ...] = ()
    unit: str = "run"
    arms: tuple[ArmCount, ...] = ()
    method: str = ""
    approximate: bool = False
    design: str = ""
    reason: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()
    look: Look | None = None
    advice: Advice | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One planned run, for analysis.

    Attributes:
        run_id: Its id.
        condition_id: Its condition's.
        factors: Factor name → value.
        blocks: Block name → value.
        agent_id, problem_id: What it was made with; None if it has none.
        replicate: From 1.
        seed: The run's seed.
        status: "success", "failed", "skipped", or "missing" where there is no result.
        stale: Whether only another version of the agent or problem has made a result; it has no values then.
        values: Outcome → number; None where it is missing.
        imputed: Outcomes whose number stands in for a missing one, as `missing_data_policy: worst` asks. Saved
            outcomes (of a baseline) do not tell it.
    """

    run_id: str
    condition_id: str
    factors: Mapping[str, object]
    blocks: Mapping[str, object]
    agent_id: str | None
    problem_id: str | None
    replicate: int
    seed: int
    status: str
    stale: bool = False
    values: Mapping[str, float | None] = field(default_factory=dict)
    imputed: frozenset[str] = frozenset()
