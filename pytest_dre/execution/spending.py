"""What a run cost, as far as its agent's metrics or its exception tell."""

import math
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from numbers import Rational
from typing import Any

from pytest_dre.execution.plain import to_plain

AMOUNTS = ("cost_usd", "input_tokens", "output_tokens")
NUMBERS = (*AMOUNTS, "latency_s")  # the metrics that must be numbers

_NOT_COUNTED = "what the run spent is unknown and counts in no budget"


def plain_metrics(given: Mapping[Any, Any]) -> Any:
    """Return a map of metrics as plain data; decimals and fractions as the floats next to them, no texts."""
    plain = to_plain(given)
    if isinstance(plain, dict):  # else a map of the agent's own making that fails when read
        for key, value in plain.items():
            if type(value) is str and isinstance(exact := given.get(key), Decimal | Rational):
                plain[key] = to_float(exact)
    return plain


def wrong_number(name: str, value: object) -> str | None:
    """Return what is wrong with a metric's plain value, None if nothing is: what is not known must not count as 0."""
    if name not in NUMBERS:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        fault = f"the metric {name!r} must be a number, not {type(value).__name__}"
    elif name in AMOUNTS and not _is_amount(value):
        fault = f"the metric {name!r} must be finite and not below 0, but is {reprlib.repr(value)}"
    else:
        return None
    return f"{fault}; {_NOT_COUNTED}" if name in AMOUNTS else fault


def metrics_told_by(error: BaseException) -> dict[str, Any]:
    """Return the metrics that an exception carries: in a map `metrics`, or as `cost_usd` and tokens of its own.

    It is an agent's: what cannot be read, or should be a number and is none, is left out.
    """
    try:
        return _told_by(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a metric whose class fails when asked for
        return {}


def _told_by(error: BaseException) -> dict[str, Any]:
    given = _read(error, "metrics")
    if not isinstance(given, Mapping):
        given = {name: value for name in AMOUNTS if (value := _read(error, name)) is not None}
    if not given:
        return {}
    plain = plain_metrics(given)
    if not isinstance(plain, dict):
        return {}
    return {key: value for key, value in plain.items() if wrong_number(key, value) is None}


def _is_amount(value: float) -> bool:
    try:
        return value >= 0 and math.isfinite(value)
    except OverflowError:  # an integer beyond the floats
        return False


def to_float(value: Decimal | Rational) -> float:
    """Return the float next to an exact number, NaN where there is none."""
    try:
        return float(value)
    except (ValueError, OverflowError):  # a signaling NaN; a fraction beyond the floats
        return math.nan


def _read(error: BaseException, name: str) -> Any:
    try:
        return getattr(error, name, None)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a property of the agent's own exception
        return None
