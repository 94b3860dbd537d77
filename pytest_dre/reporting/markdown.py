"""The session's verdicts as Markdown, for pages such as a job's summary in CI."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from pytest_dre.analysis.unstarted import Unstarted
from pytest_dre.model.verdicts import GateVerdict, Verdict
from pytest_dre.reporting.gates import units_text
from pytest_dre.reporting.missing import missing_text
from pytest_dre.reporting.numbers import counted
from pytest_dre.reporting.statistics import Totals
from pytest_dre.reporting.width import clean

_MARKS = {Verdict.PASS: "✅ PASS", Verdict.FAIL: "❌ FAIL", Verdict.INCONCLUSIVE: "⚠️ INCONCLUSIVE"}
_NONE: Mapping[str, Unstarted] = MappingProxyType({})
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")


def study_markdown(
    title: str, totals: Totals | None, verdicts: Sequence[GateVerdict], unstarted: Mapping[str, Unstarted] = _NONE
) -> str:
    """Return a heading, what became of the runs, and a table of the gates. All text is escaped.

    `unstarted` says by run id why runs have no result.
    """
    lines = [f"### {escaped(title)}", ""]
    if totals is not None:
        lines += [_runs(totals, unstarted), ""]
    if verdicts:
        lines += [*_table(verdicts), ""]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return a text that Markdown and HTML show as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", html.escape(clean(text), quote=False))


def _runs(totals: Totals, unstarted: Mapping[str, Unstarted]) -> str:
    parts = [f"{totals.done} of {counted(totals.planned, 'run')} done"]
    parts += [f"{count} {name}" for name, count in (("failed", totals.failed), ("skipped", totals.skipped)) if count]
    parts += [missing_text(totals.missing, unstarted, reasons=False)] if totals.missing else []
    return ", ".join(parts)


def _table(verdicts: Iterable[GateVerdict]) -> list[str]:
    rows = [
        [
            _MARKS[item.verdict],
            escaped(item.gate_id),
            escaped(item.claim),
            _number(item.estimate),
            f"{_number(item.low)} … {_number(item.high)}" if item.low is not None or item.high is not None else "–",
            units_text(item) if item.n else "–",
            escaped(item.method + _look(item) + (" (approximate)" if item.approximate else "")),
            escaped("; ".join(part for part in (item.reason, item.remedy) if part)),
        ]
        for item in verdicts
    ]
    header = ["verdict", "gate", "claim", "estimate", "interval", "n", "method", "remarks"]
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def _look(item: GateVerdict) -> str:
    return "" if item.look is None else f", look {item.look.number} of {item.look.of}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
