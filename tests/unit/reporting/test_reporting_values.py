import math

import pytest

from pytest_dre.model.study import Study
from pytest_dre.reporting.values import level_names, show_value, varying

LOOP: list = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        ("", '""'),
        (" ", '" "'),
        ("a\nb", "a\\nb"),
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (0.1, "0.1"),
        (100.0, "100.0"),
        (0.3745401188473625, "0.37454"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        ({"model": "日本", "k": [1, None]}, '{"model": "日本", "k": [1, null]}'),
        ({"evil": "\x1b"}, '{"evil": "\\u001b"}'),
        pytest.param(10**5000, "<int>", id="long"),
        (LOOP, "<list>"),
    ],
)
def test_any_value_is_one_line(value, shown: str) -> None:
    assert show_value(value) == shown


def test_a_value_is_shown_by_the_name_of_its_level(make_study) -> None:
    names = level_names(
        make_study(effort={"low": 1, "high": 2.0, "on": True, "none": None, "same": 1, "odd": math.nan})
    )
    shown = [names.show("effort", value) for value in (1, 2.0, True, None, math.nan, 2, 1.0, "1")]
    assert shown == ["low", "high", "on", "none", "odd", "2", "1.0", "1"]
    assert names.show("other", 1) == "1"


def test_a_value_that_contains_itself_is_no_level(make_study) -> None:
    assert level_names(make_study(effort={"low": 1})).show("effort", LOOP) == "<list>"


def test_only_what_differs_varies(make_plan) -> None:
    study = Study.model_validate(
        {
            "study_id": "s",
            "title": "t",
            "factors": [
                {"name": "same", "default": {"a": 1}},
                {"name": "flag", "levels": [{"name": "yes", "value": True}, {"name": "one", "value": 1}]},
                {"name": "text", "levels": [{"name": "only", "value": "x"}]},
                {"name": "nan", "levels": [{"name": "nan", "value": math.nan}]},
            ],
            "blocks": [{"name": "site", "levels": ["a", "b"]}],
        }
    )
    assert varying(make_plan(study).conditions) == ["flag", "site"]
    assert varying([]) == []
