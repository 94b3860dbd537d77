"""A progress bar of runs."""

import sys
from collections import Counter
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from pytest_dre.model.runs import RunResult, RunStatus


class Progress:
    """Counts results, with a bar if `shown` (None: where a person looks, on a terminal or in a notebook)."""

    def __init__(self, total: int, title: str, shown: bool | None) -> None:
        self._counts: Counter[RunStatus] = Counter()
        wanted = _is_watched() if shown is None else shown
        self._bar: Any = _bar_class()(total=total, desc=title, unit="run", dynamic_ncols=True) if wanted else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def add(self, result: RunResult) -> None:
        """Count a result."""
        self._counts[result.status] += 1
        if self._bar is not None:
            success, failed = self._counts[RunStatus.SUCCESS], self._counts[RunStatus.FAILED]
            self._bar.set_postfix(success=success, failed=failed, refresh=False)
            self._bar.update()


def _is_watched() -> bool:
    return _in_notebook() or sys.stderr.isatty()


def _in_notebook() -> bool:
    """Return whether a notebook's kernel runs this process."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and type(ipython.get_ipython()).__name__ == "ZMQInteractiveShell"


def _bar_class() -> Any:
    if _in_notebook():
        from tqdm.auto import tqdm as notebook_bar  # a widget where there is one

        return notebook_bar
    return tqdm
