"""The clocks that time runs, as they were before any agent could leave others in their places.

Partials: what freezes time for a test replaces the functions and classes themselves in all modules that hold them.
"""

import time
from datetime import UTC, datetime
from functools import partial

seconds = partial(time.perf_counter)
monotonic = partial(time.monotonic)
_now = partial(datetime.now, UTC)
_iso = partial(datetime.isoformat)


def timestamp() -> str:
    """Return the time as ISO 8601, UTC."""
    return _iso(_now())
