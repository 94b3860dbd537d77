"""Reports of runs on their way from an xdist worker to the controller: as one text instead of some forty values.

execnet writes and reads value by value in Python: for a short run, that takes longer than all else xdist does.
"""

from typing import Any

import pytest
from pydantic_core import from_json, to_json

from pytest_dre.integration.nodes import RunItem

PACKED = "dre_packed"
# What pytest itself puts on a report, and `reports.put_data`; what others have added travels as it is.
_PARTS = (
    *("nodeid", "location", "keywords", "outcome", "longrepr", "when"),
    *("sections", "duration", "start", "stop", "user_properties", "dre"),
)
_LEAST_INTEGER = -(2**31)  # below it, execnet 2.1 cannot write one, and xdist ends the session
_SCALARS = frozenset({str, int, float, bool, type(None)})


class ReportsPacked:
    """In a worker: packs the reports of runs."""

    def __init__(self) -> None:
        self._studies: frozenset[str] = frozenset()  # node ids

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which studies have runs."""
        self._studies = frozenset(item.parent.nodeid for item in session.items if isinstance(item, RunItem))

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self, report: pytest.TestReport | pytest.CollectReport) -> Any:
        """Pack the report, if it is a run's."""
        data = yield
        is_run = isinstance(report, pytest.TestReport) and report.nodeid.partition("::")[0] in self._studies
        return packed(data) if is_run else data


class ReportsUnpacked:
    """In the controller: gives the reports back what was packed, before anybody sees them."""

    @pytest.hookimpl(wrapper=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> Any:
        """Unpack the report, if it is packed."""
        if PACKED in data:
            unpack(data)
        return (yield)


def packed(data: dict[str, Any]) -> dict[str, Any]:
    """Return a report's data with what JSON can tell exactly as one text; value by value where it cannot.

    Failures and skips are few, and have parts of many kinds. An integer that cannot be sent so becomes its text.
    """
    if data["longrepr"] is not None or not (_are_plain(data["sections"]) and _are_plain(data["user_properties"])):
        return {**data, "user_properties": list(map(_sendable, data["user_properties"]))}
    parts = {name: data[name] for name in _PARTS if name in data}
    try:
        text = to_json(parts, inf_nan_mode="constants").decode()
    except ValueError:  # text that UTF-8 cannot hold
        return data
    return {PACKED: text, **{name: value for name, value in data.items() if name not in parts}}


def unpack(data: dict[str, Any]) -> None:
    """Put back what `packed` has taken out of a report's data."""
    parts = from_json(data.pop(PACKED))
    parts["location"] = tuple(parts["location"])
    for name in ("sections", "user_properties"):
        parts[name] = [tuple(pair) for pair in parts[name]]
    data.update(parts)


def _are_plain(pairs: Any) -> bool:
    """Return whether the items are tuples of a text and a plain value; plugins may put in what they like."""
    return all(
        type(pair) is tuple and len(pair) == 2 and type(pair[0]) is str and type(pair[1]) in _SCALARS for pair in pairs
    )


def _sendable(pair: Any) -> Any:
    if type(pair) is tuple and len(pair) == 2 and type(pair[1]) is int and pair[1] < _LEAST_INTEGER:
        return pair[0], str(pair[1])
    return pair
