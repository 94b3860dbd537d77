"""How the units of simulated studies vary."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Size = int | tuple[int, ...]

TRIES = 4  # replicates of a problem, where problems are clusters


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution with a known mean, and whether it is skewed."""

    name: str
    draw: Callable[[np.random.Generator, Size], Values]
    mean: float
    skewed: bool = False

    def centred(self, rng: np.random.Generator, size: Size) -> Values:
        """Return values that vary around 0."""
        return self.draw(rng, size) - self.mean


def lognormal(rng: np.random.Generator, n: Size) -> Values:
    """Return right-skewed values, median 1."""
    return rng.lognormal(0.0, 1.0, n)


def _clustered(rng: np.random.Generator, n: Size) -> Values:
    """Return the means of n problems, whose tries are alike (intraclass correlation 0.5)."""
    shape = n if isinstance(n, tuple) else (n,)
    tries: Values = rng.normal(0, 1, shape) + rng.normal(0, 1, (TRIES, *shape))
    return np.asarray(tries.mean(axis=0))


def _binary(p: float) -> Distribution:
    return Distribution(f"binary {p:g}", lambda rng, n: (rng.random(n) < p).astype(float), p)


NORMAL = Distribution("normal", lambda rng, n: rng.normal(0, 1, n), 0.0)
RIGHT = Distribution("right-skewed", lognormal, math.exp(0.5), skewed=True)
LEFT = Distribution("left-skewed", lambda rng, n: -lognormal(rng, n), -math.exp(0.5), skewed=True)
HEAVY = Distribution("heavy tails (t3)", lambda rng, n: rng.standard_t(3, n), 0.0)
CLUSTERED = Distribution("clustered by problem", _clustered, 0.0)
BOUNDED = Distribution("bounded", lambda rng, n: rng.beta(4.0, 2.0, n), 4.0 / 6.0)
U_SHAPED = Distribution("U-shaped", lambda rng, n: rng.beta(0.5, 0.5, n), 0.5)
LOPSIDED = Distribution("mostly 1", lambda rng, n: rng.beta(2.0, 0.1, n), 2.0 / 2.1, skewed=True)
BINARY = tuple(_binary(p) for p in (0.05, 0.5, 0.95))
