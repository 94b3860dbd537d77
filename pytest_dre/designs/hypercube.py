"""Latin hypercube samples (McKay, Beckman & Conover 1979), drawn with SciPy's `qmc.LatinHypercube`."""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_dre.designs.faults import refuse
from pytest_dre.designs.points import DesignPoint, refuse_explosion
from pytest_dre.designs.rows import Row, is_number, midpoint, most_frequent, points_of_rows, row_design_size
from pytest_dre.model.factors import Factor
from pytest_dre.model.study import Study
from pytest_dre.references import did_you_mean

SAMPLER_CHOICES: dict[str, tuple[Any, ...]] = {
    "strength": (1, 2),
    "scramble": (True, False),
    "optimization": (None, "random-cd", "lloyd"),
}
OPTIONS = frozenset({*SAMPLER_CHOICES, "bounds"})


@dataclass(frozen=True, slots=True)
class Axis:
    """A sampled factor: a range of numbers, or the levels that equal parts of [0, 1) stand for."""

    factor: Factor
    bounds: tuple[float, float] | None = None

    def value(self, coordinate: float) -> Any:
        """Return what a coordinate in [0, 1) means."""
        if self.bounds is None:
            values = self.factor.values
            return values[min(int(coordinate * len(values)), len(values) - 1)]
        low, high = self.bounds
        return low + coordinate * (high - low)


def hypercube_size(study: Study) -> int:
    """Return the number of conditions."""
    return row_design_size(study, study.design_spec.n_samples or 0)


def plan_hypercube(study: Study, base_dir: Path) -> list[DesignPoint]:  # noqa: ARG001
    """Return `n_samples` points, one in each of `n_samples` equal intervals of every sampled factor's range.

    Values of numeric factors are floats. A factor with several levels that are not all numbers is sampled too: equal
    parts of its axis stand for its levels. A factor with one value keeps it.
    """
    if study.design_spec.n_samples is None:
        refuse("latin_hypercube needs n_samples", "say how many points to sample", "design_spec")
    refuse_explosion(hypercube_size(study))
    axes = _axes(study)
    rows = [_row(study, axes, coordinates) for coordinates in _sample(study, len(axes))]
    center = {factor.name: _center(factor, axes, rows) for factor in study.factors}
    return points_of_rows(study, rows, center)


def _axes(study: Study) -> dict[str, Axis]:
    bounds = _bounds(study)
    axes = {}
    for factor in study.factors:
        if factor.name in bounds:
            axes[factor.name] = Axis(factor, bounds[factor.name])
        elif len(factor.values) > 1:
            axes[factor.name] = Axis(factor, _range(factor.values))
    if not axes:
        refuse("no factor varies", "give a factor two levels, or a range in options.bounds", "design_spec")
    return axes


def _range(values: Sequence[Any]) -> tuple[float, float] | None:
    return (float(min(values)), float(max(values))) if all(is_number(value) for value in values) else None


def _bounds(study: Study) -> dict[str, tuple[float, float]]:
    bounds = study.design_spec.options.get("bounds") or {}
    path = ("design_spec", "options", "bounds")
    if not isinstance(bounds, Mapping):
        refuse("bounds must be a map of factors", "write bounds: {factor: [low, high]}", *path)
    factors = {factor.name: factor for factor in study.factors}
    for name, pair in bounds.items():
        if name not in factors:
            refuse(f"no factor is named {name!r}", did_you_mean(str(name), factors), *path, str(name))
        if not _is_range(pair):
            refuse(f"{pair!r} is no range", "write [low, high], two numbers, low < high", *path, name)
        if factors[name].levels and _range(factors[name].values) is None:
            refuse(f"factor {name!r} has levels that are no numbers", "remove its bounds or its levels", *path, name)
    return {name: (float(low), float(high)) for name, (low, high) in bounds.items()}


def _is_range(pair: object) -> bool:
    match pair:
        case [low, high] if is_number(low) and is_number(high):
            return low < high and math.isfinite(high - low)
    return False


def _sample(study: Study, dimensions: int) -> list[list[float]]:
    """Return `n_samples` points of the unit cube."""
    from scipy.stats import qmc

    options = _sampler_options(study)
    # SciPy 1.15 renamed the parameter.
    seed_name = "rng" if "rng" in inspect.signature(qmc.LatinHypercube).parameters else "seed"
    try:
        sampler = qmc.LatinHypercube(dimensions, **options, **{seed_name: _generator(study.seed_policy.base_seed)})
        points: list[list[float]] = sampler.random(study.design_spec.n_samples or 0).tolist()
    except ValueError as error:
        hint = "strength 2 needs n_samples = p² for a prime p and at most p + 1 factors; lloyd two factors or more"
        refuse(f"SciPy cannot draw this sample: {error}", hint, "design_spec", "options")
    return points


def _sampler_options(study: Study) -> dict[str, Any]:
    options = study.design_spec.options
    for name, choices in SAMPLER_CHOICES.items():
        chosen = options.get(name, choices[0])
        if not any(chosen == choice and type(chosen) is type(choice) for choice in choices):
            known = ", ".join("none" if choice is None else str(choice).lower() for choice in choices)
            refuse(f"{chosen!r} is no {name}", f"one of: {known}", "design_spec", "options", name)
    return {name: options[name] for name in SAMPLER_CHOICES if name in options}


def _generator(seed: int) -> Any:
    import numpy as np

    return np.random.default_rng(seed % 2**64 if seed < 0 else seed)  # NumPy takes no negative seeds


def _row(study: Study, axes: Mapping[str, Axis], coordinates: Sequence[float]) -> Row:
    sampled = {name: axis.value(coordinate) for (name, axis), coordinate in zip(axes.items(), coordinates, strict=True)}
    return {
        factor.name: sampled[factor.name] if factor.name in sampled else factor.values[0] for factor in study.factors
    }


def _center(factor: Factor, axes: Mapping[str, Axis], rows: Sequence[Row]) -> Any:
    axis = axes.get(factor.name)
    return most_frequent(factor, rows) if axis is None or axis.bounds is None else midpoint(*axis.bounds)
