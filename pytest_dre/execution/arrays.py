"""NumPy's arrays and scalars, told and read without importing NumPy: whoever hands one over has it."""

import sys
from typing import Any


def is_array(value: object) -> bool:
    """Return whether the value is an array or scalar of NumPy's."""
    numpy = _numpy()
    return numpy is not None and isinstance(value, numpy.ndarray | numpy.generic)


def is_number(value: object) -> bool:
    """Return whether the value is a number or boolean of NumPy's, an array without dimensions included."""
    numpy = _numpy()
    if numpy is None:
        return False
    return isinstance(value, numpy.number | numpy.bool_) or (isinstance(value, numpy.ndarray) and value.ndim == 0)


def from_array(value: Any) -> Any:
    """Return an array's or scalar's Python counterpart; its text where Python has none (dates, complex)."""
    kind = value.dtype.kind
    if kind == "M":  # as text: .item() would give nanoseconds as a bare number
        return _numpy().datetime_as_string(value).tolist()
    if kind == "m":
        return value.astype(str).tolist()
    return (value.astype(float) if kind == "f" else value).tolist()  # extended precision has no Python type


def _numpy() -> Any:
    """Return NumPy if it is there, and whole."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "ndarray") and hasattr(numpy, "generic") else None
