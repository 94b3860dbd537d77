"""Advice on a planned study's gates, with what its runs have come to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_dre.model.runs import RunResult, Spending
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import Advice, GateVerdict, OutcomeRow
from pytest_dre.reporting.advice import better_buy

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline

# As with judging: sessions that need no advice do not pay for SciPy.


@dataclass(frozen=True, slots=True)
class Purse:
    """What each run came to, all its attempts together, noted as results stream by.

    Attributes:
        spent: By run id.
    """

    spent: dict[str, Spending] = field(default_factory=dict)

    def watched(self, results: Iterable[RunResult]) -> Iterator[RunResult]:
        """Yield the results, each noted first."""
        for result in results:
            seconds = (result.latency_s or 0.0) + result.lost_s
            self.spent[result.run_id] = Spending(result.spent_usd, seconds=seconds)
            yield result


def advised(
    study: Study,
    rows: Sequence[OutcomeRow],
    baselines: "Mapping[str, Baseline | None]",
    verdicts: Mapping[str, GateVerdict],
    purse: Purse,
) -> dict[str, GateVerdict]:
    """Return the verdicts with advice; the remedy of one that cannot say tells the better buy, if that is clear."""
    from pytest_dre.analysis.variance.advice import advise

    found = advise(study, rows, baselines, verdicts, purse.spent)
    return {gate_id: _with(verdict, found.get(gate_id)) for gate_id, verdict in verdicts.items()}


def ungated(study: Study, table: Callable[[], Sequence[OutcomeRow]]) -> list[Advice]:
    """Return where the variance of the primary outcomes comes from that no gate is about; `table` gives the rows."""
    from pytest_dre.analysis.variance.advice import outcome_advice, ungated_outcomes

    names = ungated_outcomes(study)
    rows = table() if names else ()
    return [advice for name in names if (advice := outcome_advice(study, name, rows)) is not None]


def _with(verdict: GateVerdict, advice: Advice | None) -> GateVerdict:
    told = replace(verdict, advice=advice)
    buy = better_buy(told)
    return replace(told, remedy="; ".join(filter(None, (told.remedy, buy)))) if buy else told
