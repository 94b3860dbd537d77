"""What a test found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

DegreesOfFreedom = float | tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class EffectSize:
    """A size of effect that does not depend on the outcome's unit, and its two-sided interval.

    None bounds: no interval is defined (all values alike, say).
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a model: a coefficient with its two-sided interval, or a source of variance without estimate."""

    name: str
    estimate: float | None
    low: float | None
    high: float | None
    statistic: float | None
    df: DegreesOfFreedom
    p_value: float | None


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a test found.

    Attributes:
        test: Name of the test.
        outcome: Column that was tested.
        effect: What `estimate` is, in words: "mean of evolution minus mean of random_search".
        estimate: The effect, in the outcome's unit; None for tests of several degrees of freedom at once.
        ci_low: Lower end of its interval, -inf if the interval is one-sided.
        ci_high: Upper end, inf if the interval is one-sided.
        confidence: Level of that interval.
        alpha: Significance level asked for.
        direction: What the p value is about: greater, less, different or equivalent.
        statistic_name: "t", "U", "F" …
        statistic: Its value.
        df: Degrees of freedom; two for F.
        p_value: The p value.
        effects: Effect sizes, the usual one first.
        n: Values used, by arm.
        missing: Rows without a value, by arm.
        method: The procedure in one sentence.
        notes: What else a reader must know: exactness, left-out rows, doubts.
        terms: Lines of the model, of tests that fit one.
        minimum_effect: How the interval lies to the minimum effect of interest: wholly beyond it, wholly short of
            it, or across; None if none was given.
    """

    __test__: ClassVar[bool] = False

    test: str
    outcome: str
    effect: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    confidence: float
    alpha: float
    direction: str
    statistic_name: str
    statistic: float
    df: DegreesOfFreedom
    p_value: float
    effects: tuple[EffectSize, ...] = ()
    n: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    method: str = ""
    notes: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    minimum_effect: Literal["beyond", "short", "across"] | None = None

    @property
    def effect_size(self) -> EffectSize | None:
        """The usual effect size of the test, if one is defined for the data."""
        return self.effects[0] if self.effects else None
