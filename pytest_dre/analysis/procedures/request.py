"""What a test is asked for."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pytest_dre.analysis.procedures.table import Cell
from pytest_dre.errors import DreError

Direction = Literal["greater", "less", "different", "equivalent"]


@dataclass(frozen=True, slots=True)
class ArmContrast:
    """Two levels of a factor to compare; estimates are treatment minus control."""

    factor: str
    treatment: Cell
    control: Cell


@dataclass(frozen=True, slots=True)
class TestRequest:
    """A test of an outcome.

    Attributes:
        test: Name of the test, or an alias of it.
        outcome: Column that is tested.
        independent: Columns whose effect is tested, the first one above all.
        contrast: Two levels of one factor; None lets a factor of two levels be compared, the later level in order
            as treatment.
        pairing: Columns that name a pair (one row an arm), for paired tests.
        clusters: Those of the pairing whose pairs are not independent of each other, such as the runs of one problem;
            the pairs of each are averaged into one.
        covariates: Further columns of the model, for tests with a model.
        random_effects: Columns that group runs, for mixed effects; "slope|group" adds a random slope.
        moderators: Columns whose interaction with the first independent variable is tested.
        mediators: Columns through which the effect may pass.
        direction: What the hypothesis claims of treatment minus control (or of a slope or correlation).
        minimum_effect: Smallest effect of interest, in the estimate's unit, > 0; the margin of equivalence.
        alpha: Significance level; intervals have level 1 - alpha (1 - 2 alpha for equivalence).
        seed: Seed of resampling.
        resamples: How many random arrangements or resamples are drawn.
        exact_limit: Permutation tests enumerate up to so many arrangements.

    Raises:
        DreError: A value outside its range.
    """

    __test__: ClassVar[bool] = False  # not a test class, whatever pytest thinks of its name

    test: str
    outcome: str
    independent: tuple[str, ...] = ()
    contrast: ArmContrast | None = None
    pairing: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    random_effects: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()
    mediators: tuple[str, ...] = ()
    direction: Direction = "different"
    minimum_effect: float | None = None
    alpha: float = 0.05
    seed: int = 0
    resamples: int = 9_999
    exact_limit: int = 20_000

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise DreError(f"alpha must lie between 0 and 0.5, not {self.alpha}")
        if self.minimum_effect is not None and not self.minimum_effect > 0:
            raise DreError(f"the minimum effect of interest must be above 0, not {self.minimum_effect}")
        if self.direction not in ("greater", "less", "different", "equivalent"):
            raise DreError(f"a direction is greater, less, different or equivalent, not {self.direction!r}")
        if self.resamples < 99:
            raise DreError(f"a test needs 99 resamples or more, not {self.resamples}")

    @property
    def factor(self) -> str:
        """The column whose effect is tested first: the contrast's, else the first independent variable.

        Raises:
            DreError: The request names neither.
        """
        if self.contrast is not None:
            return self.contrast.factor
        if not self.independent:
            raise DreError(
                f"the test {self.test} of {self.outcome} needs a factor; name it in the hypothesis' independent_vars"
            )
        return self.independent[0]

    @property
    def factors(self) -> tuple[str, ...]:
        """The contrast's factor and the independent variables, each once."""
        return tuple(dict.fromkeys((self.factor, *self.independent)))
