"""What a failed attempt cost, as far as its exception tells."""

from collections.abc import Mapping
from typing import Any

from pytest_dre.execution.plain import to_plain

NUMBERS = ("cost_usd", "input_tokens", "output_tokens", "latency_s")  # the metrics that must be numbers


def metrics_told_by(error: BaseException) -> dict[str, Any]:
    """Return the metrics that an exception carries: in a map `metrics`, or as `cost_usd` and tokens of its own.

    It is an agent's: what cannot be read, or should be a number and is none, is left out.
    """
    given = _read(error, "metrics")
    if not isinstance(given, Mapping):
        given = {name: value for name in NUMBERS[:3] if (value := _read(error, name)) is not None}
    if not given:
        return {}
    plain = to_plain(given)
    if not isinstance(plain, dict):
        return {}
    return {key: value for key, value in plain.items() if key not in NUMBERS or is_number(value)}


def is_number(value: object) -> bool:
    """Return whether a plain value is a number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(error: BaseException, name: str) -> Any:
    try:
        return getattr(error, name, None)
    except Exception:  # a property of the agent's own exception
        return None
