"""Runs pytest in this process and writes down what that took: `python launch.py FIGURES.json [pytest arguments]`.

The figures are of this process alone: workers of pytest-xdist are started afresh and do not come through here.
"""

import json
import resource
import sys
import time
from pathlib import Path

import pytest

_KIBIBYTES_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # ru_maxrss is in bytes on macOS


def main() -> int:
    figures, *arguments = sys.argv[1:]
    start, cpu_start = time.perf_counter(), time.process_time()
    status = pytest.main(arguments)
    taken = {
        "session_s": time.perf_counter() - start,
        "session_cpu_s": time.process_time() - cpu_start,
        "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIBIBYTES_PER_UNIT,
        "modules": sorted(sys.modules),
    }
    Path(figures).write_text(json.dumps(taken), "utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
