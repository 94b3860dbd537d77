"""Limits from the command line."""

import pytest

from pytest_dre.errors import DreError
from pytest_dre.loading.overrides import check_overrides, override_limits
from pytest_dre.model.running import Limits, RunLimits
from pytest_dre.model.study import Study

STUDY = Study(study_id="s", title="t", limits=Limits(timeout_s=9.0, retries=2, agents={"a": RunLimits(retries=3)}))


def test_without_overrides_the_study_stays_as_it_is():
    assert override_limits(STUDY, ()) is STUDY


def test_keys_are_replaced_added_and_taken_away():
    limits = override_limits(
        STUDY, ["timeout_s=60", "retries=null", "retry_on=[MyError]", "a:retries=0", "b:c:max_cost_usd=1.5"]
    ).limits
    assert (limits.timeout_s, limits.retries, limits.retry_on) == (60, None, ("MyError",))
    assert limits.agents == {"a": RunLimits(retries=0), "b:c": RunLimits(max_cost_usd=1.5)}
    assert STUDY.limits.timeout_s == 9.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout_s", "has no value; write KEY=VALUE"),
        ("timeouts=3", "there is no limit 'timeouts'; did you mean 'timeout_s'"),
        ("max_cots=3", "there is no limit 'max_cots'; did you mean 'max_cost_usd'"),
        (":retries=3", "there is no limit"),
        ("agents=3", "there is no limit 'agents'"),
        ("retries=many", "retries: 'many' does not fit"),
        ("timeout_s=-1", "timeout_s: -1 does not fit"),
        ("a:timeout_s=[1]", "agents.a.timeout_s: \\[1\\] does not fit"),
        ("retry_on={", "no YAML"),
    ],
)
def test_what_is_no_limit_is_named(text, message):
    with pytest.raises(DreError, match=message):
        override_limits(STUDY, [text])
    with pytest.raises(DreError, match=message):
        check_overrides([text])


def test_one_exception_s_name_is_a_list_of_one():
    assert override_limits(STUDY, ["retry_on=MyError"]).limits.retry_on == ("MyError",)
