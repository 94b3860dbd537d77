"""Whatever plain data a run yields comes back from the store as it went in."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.model.runs import RunResult, RunStatus
from pytest_dre.store.runs import RunStore

TEXTS = st.text(st.characters(codec=None))  # lone surrogates too
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def result(**values) -> RunResult:
    common = {"study_id": "s", "condition_id": "c", "run_id": "r", "replicate": 1, "agent_id": None, "problem_id": None}
    return RunResult(**{**common, "seed": 0, "status": RunStatus.SUCCESS, "fingerprint": "f", **values})


def same(left, right) -> bool:
    """Compare with types, so that 1, 1.0 and True differ, and NaN equals itself."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = RunStore.create_or_open(tmp_path_factory.mktemp("payloads") / "store.sqlite", "s")
    yield store
    store.close()


@given(value=PLAIN)
@settings(deadline=None, max_examples=150)
def test_plain_data_comes_back_exactly(store, value):
    store.record(result(outputs={"value": value}), "session")
    assert same(store.result("r", "f").outputs, {"value": value})


@pytest.mark.parametrize("value", [2**9_999, -(2**9_999), 1e308, 5e-324, "\ud800", "\x00", {"\udfff": [math.inf]}])
def test_extreme_values_come_back_exactly(store, value):
    store.record(result(outputs={"value": value}), "session")
    assert same(store.result("r", "f").outputs, {"value": value})


def test_deep_nesting_comes_back_exactly(store):
    value = 1
    for _ in range(99):
        value = [value]
    deep = {"value": value}
    for _ in range(150):
        deep = {"value": deep}
    store.record(result(outputs=deep), "session")
    assert store.result("r", "f").outputs == deep
