"""Aggregations of outcomes: the known ones, and where they matter."""

import pytest

from pytest_dre.analysis.aggregation import is_known
from pytest_dre.loading import validate_study
from pytest_dre.model.hypotheses import AGGREGATIONS
from pytest_dre.model.study import Study


def _faults(**outcome: str) -> list[str]:
    spec = {"name": "o", "column": "x", **outcome}
    return [str(fault) for fault in validate_study(Study(study_id="s", title="t", runner="a:b", outcomes=[spec]))]


@pytest.mark.parametrize("table", ["evaluations", "events"])
def test_a_misspelt_aggregation_is_told_before_anything_is_spent(table) -> None:
    (fault,) = _faults(source_table=table, aggregation="avg")
    assert fault.startswith("outcomes[0].aggregation: there is no aggregation 'avg'; ")
    assert "mean" in fault
    (fault,) = _faults(source_table=table, aggregation="meen")
    assert fault.endswith("did you mean 'mean'?")


def test_where_nothing_is_aggregated_any_word_will_do() -> None:
    assert _faults(source_table="runs", aggregation="value") == []
    assert _faults(source_table="events", aggregation="value", derivation="a / b") == []


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_what_may_be_written_can_be_computed(aggregation) -> None:
    assert _faults(source_table="events", aggregation=aggregation) == []
    assert is_known(aggregation)
