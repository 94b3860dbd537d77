"""What is said of power before anything is spent."""

from dataclasses import dataclass
from typing import Literal

# exact: by a distribution that holds under what the basis assumes; simulated: by studies drawn from it
How = Literal["exact", "simulated", "approximate"]
Source = Literal["stored", "expected", "worst", "free", "unknown"]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a figure of power rests on: how outcomes vary, never what effect they show.

    Attributes:
        source: Stored runs, `limits.expected`, the worst case of a bounded outcome, nothing ("free": the method needs
            no assumption), or unknown.
        sd: Standard deviation of one unit, in the outcome's unit; None where none is used or known.
        of: What has this deviation, such as "a run" or "a pair".
        rate: The control's mean, where it matters; None elsewhere.
        rate_source: Where the rate is from, if not from `source`.
        runs: Stored runs that it was estimated from.
        missing: Of an unknown basis, what to state: "sd", "mean" or "mean and .sd".
        notes: What else was assumed.
    """

    source: Source
    sd: float | None = None
    of: str = "a run"
    rate: float | None = None
    rate_source: Source | None = None
    runs: int = 0
    missing: str = "sd"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Needed:
    """How much it takes for 80 % power.

    Attributes:
        count: Replicates, problems or units; None if it is more than 10,000.
        what: What is counted, in the plural, such as "replicates an arm".
        truth: What is taken as true, in words, such as "there is no difference".
        power: The power with what is planned.
    """

    count: int | None
    what: str
    truth: str
    power: float


@dataclass(frozen=True, slots=True)
class GatePower:
    """What a gate can show with the planned runs.

    Attributes:
        gate_id: The gate.
        claim: Its claim.
        outcome: Name of its outcome.
        n: Independent units planned, of the smaller arm.
        unit: What a unit is: "run", "pair", "replicate", "stratum" or "problem".
        arms: Arms compared: 1 or 2.
        effect: The true treatment - control (or value of one arm) from which on the gate passes with 80 % power; for
            equivalence the largest, in size. For a quantile of one arm the share of runs on the claim's side. Standard
            deviations if `standardised`. None if no effect does, or too little is known.
        distance: How far `effect` is from the edge of the claim.
        above: Whether larger effects pass more easily.
        share: Whether `effect` is a share of runs beyond the claim's value.
        standardised: Whether effects are in standard deviations, since the outcome's is not known.
        best: Power at the most favourable truth, where that is below 80 %.
        least: Units needed to pass at all, where the planned ones are too few; 0 if no number is known to do.
        least_replicates: Replicates that give so many units, None if these are the same or problems.
        needed: What a power of 80 % takes, None where it is not known.
        blocked: Why the gate cannot be judged, "" if it can.
        how: How the figures were found.
        basis: What they rest on.
        alpha: One-sided level: the gate's, shared over all gates as Holm's procedure does at first, of a gate with
            looks what is left for the last of them.
    """

    gate_id: str
    claim: str
    outcome: str = ""
    n: int = 0
    unit: str = "run"
    arms: int = 1
    effect: float | None = None
    distance: float | None = None
    above: bool = True
    share: bool = False
    standardised: bool = False
    best: float | None = None
    least: int | None = None
    least_replicates: int | None = None
    needed: Needed | None = None
    blocked: str = ""
    how: How = "exact"
    basis: Basis = Basis("unknown")
    alpha: float = 0.05


@dataclass(frozen=True, slots=True)
class HypothesisPower:
    """What a test of a hypothesis can show with the planned runs.

    Attributes:
        hypothesis_id: The hypothesis.
        test: The test, as the analysis plan names it.
        outcome: The outcome.
        n: Values of each arm, or the number of pairs alone.
        standardised: Smallest detectable effect on its `scale`; of equivalence the smallest margin. None if there is
            none.
        scale: "d" or (of pairs) "d_z", in standard deviations, or "h" of rates (Cohen, 1988).
        effect: The same in the outcome's unit, None where the deviation is not known.
        equivalence: Whether the test is one of equivalence.
        tails: 1 or 2.
        alpha: Level of the test, shared over the plan's tests where that corrects for them.
        needed: What the minimum effect of interest takes; None where there is none.
        blocked: Why nothing is said, "" otherwise.
        fails: Whether that is since the test ends in this error whatever the runs give.
        how: How the figures were found.
        basis: What they rest on.
    """

    hypothesis_id: str
    test: str
    outcome: str
    n: tuple[int, ...] = ()
    standardised: float | None = None
    scale: str = "d"
    effect: float | None = None
    equivalence: bool = False
    tails: int = 2
    alpha: float = 0.05
    needed: Needed | None = None
    blocked: str = ""
    fails: bool = False
    how: How = "exact"
    basis: Basis = Basis("unknown")


@dataclass(frozen=True, slots=True)
class StudyPower:
    """What a study can show."""

    gates: tuple[GatePower, ...] = ()
    hypotheses: tuple[HypothesisPower, ...] = ()
