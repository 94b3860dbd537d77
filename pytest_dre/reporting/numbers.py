"""Numbers as people read them: as many digits as they are worth."""

import math
from collections.abc import Sequence

DIGITS = 5  # significant digits of a mean whose spread is unknown or zero
MAX_DIGITS = 7  # significant digits of a mean, however small its spread
HUGE = 1e9
TINY = 1e-4


def format_number(value: float, digits: int = DIGITS) -> str:
    """Return `value` with `digits` significant digits, whole numbers in full; scientific from 1e9 and below 1e-4."""
    if not math.isfinite(value):
        return str(value)
    if value and not TINY <= abs(value) < HUGE:
        return f"{value:.{digits - 1}e}"
    if value == int(value):
        return str(int(value))
    text = f"{value:.{max(digits - 1 - _magnitude(value), 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_estimate(mean: float, deviation: float | None) -> tuple[str, str]:
    """Return `mean` and its standard deviation as texts; the deviation has two significant digits (whole numbers
    all), the mean as many decimals, but at most seven digits. The second text is "" where `deviation` is None or NaN.
    """
    if deviation is None or math.isnan(deviation) or not math.isfinite(mean):
        return format_number(mean), ""
    if not math.isfinite(deviation) or deviation == 0:
        return format_number(mean), format_number(deviation)
    size = max(abs(mean), deviation)
    if not TINY <= size < HUGE:
        return f"{mean:.{DIGITS - 1}e}", f"{deviation:.1e}"
    warranted = max(1 - _magnitude(deviation), 0)
    decimals = min(warranted, max(MAX_DIGITS - 1 - _magnitude(size), 0))
    return f"{mean:.{decimals}f}", f"{deviation:.{decimals}f}" if decimals == warranted else f"{deviation:.2g}"


def format_cost(dollars: float) -> str:
    """Return an amount of US dollars: to a hundredth of a cent below $100, to the cent above."""
    if 0 < dollars < 5e-5:
        return "<$0.0001"
    return f"${dollars:.4f}" if dollars < 100 else f"${dollars:,.2f}"


def format_amount(dollars: float) -> str:
    """Return an amount of US dollars in running text: to the cent from ten cents on (and of none), else to its
    hundredth.
    """
    return f"${dollars:,.2f}" if dollars >= 0.1 or dollars == 0 else format_cost(dollars)


def format_duration(seconds: float) -> str:
    """Return a duration as "12 s", "34 min", "1.5 h" or "2.3 days"."""
    if not math.isfinite(seconds):
        return f"{seconds} s"
    if seconds < 90:
        return f"{format_number(seconds, 2)} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:,.1f} days"


def format_count(number: float) -> str:
    """Return a large number with its unit: 950, "12k", "1.2M", "3.4G"; NaN and infinities as they are."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if limit <= number < math.inf:
            scaled = number / limit
            return f"{scaled:.1f}{unit}" if scaled < 9.95 else f"{scaled:,.0f}{unit}"
    return f"{number:.0f}"


def align_points(texts: Sequence[str]) -> list[str]:
    """Return `texts` padded to one length with their decimal points below each other; empty ones stay blank."""
    whole = [text.partition(".")[0] for text in texts]
    fraction = [text[len(part) :] for text, part in zip(texts, whole, strict=True)]
    left, right = max(map(len, whole), default=0), max(map(len, fraction), default=0)
    return [part.rjust(left) + rest.ljust(right) for part, rest in zip(whole, fraction, strict=True)]


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return "1 run", "2 runs", …"""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _magnitude(value: float) -> int:
    """Return the power of ten of the first significant digit."""
    return math.floor(math.log10(abs(value)))
