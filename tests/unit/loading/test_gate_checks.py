"""What a gate needs to be judged, told before anything is run."""

import pytest

from pytest_dre.loading.validation import validate_study
from pytest_dre.model.study import Study

CONTRAST = {"factor": "agent", "treatment": "a", "control": "b"}


def outcome(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "source_table": "runs", "column": name, "aggregation": "mean", **more}


def faults(**gate: object) -> list[str]:
    study = Study.model_validate(
        {
            "study_id": "s",
            "title": "t",
            "factors": [{"name": "style", "levels": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}]}],
            "agent_specs": ["a", "b"],
            "outcomes": [
                outcome("score", goal="maximize", primary=True),
                outcome("ok", goal="maximize", expected_type="bool"),
                outcome("aimless"),
                outcome("cost", goal="minimize"),
                outcome("worst", missing_data_policy="worst", goal="maximize"),
                outcome("share", missing_data_policy="worst", goal="maximize", range=[0, 1]),
            ],
            "hypotheses": [
                {"hypothesis_id": "bare", "label": "l", "statement": "s"},
                {"hypothesis_id": "vague", "label": "l", "statement": "s", "dependent_vars": ["aimless", "ok"]},
                {
                    "hypothesis_id": "full",
                    "label": "l",
                    "statement": "s",
                    "independent_vars": ["style"],
                    "dependent_vars": ["aimless"],
                    "contrast": {"left": "rich", "right": "plain"},
                    "direction": "greater",
                },
            ],
            "gates": [{"gate_id": "g", **gate}],
        }
    )
    return [str(fault) for fault in validate_study(study)]


@pytest.mark.parametrize(
    "gate",
    [
        {"claim": "superior", "outcome": "score", "contrast": CONTRAST},
        {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "margin": "2.5 %"},
        {"claim": "superior", "hypothesis": "full"},
        {"claim": "non_inferior", "outcome": "cost", "contrast": CONTRAST, "margin": "150%"},
        {"claim": "superior", "hypothesis": "bare", "baseline": "main"},
        {"claim": "equivalent", "outcome": "aimless", "contrast": CONTRAST, "margin": 0.1},
        {"claim": "at_least", "outcome": "aimless", "value": 0},
        {"claim": "at_least", "outcome": "ok", "value": 0.5, "statistic": "pass^3"},
        {"claim": "non_inferior", "outcome": "score", "baseline": "main", "margin": 0},
        {"claim": "at_least", "outcome": "share", "value": 0.5, "sequential": {"looks": [1]}},
        {"claim": "at_least", "outcome": "share", "value": 0.5, "anytime": True},
        {"claim": "at_least", "outcome": "ok", "value": 0.5, "anytime": True},
        {"claim": "at_least", "outcome": "worst", "value": 0.5},
        {"claim": "at_most", "outcome": "score", "value": 0.5, "statistic": "p0.5"},
    ],
)
def test_gates_that_say_all_are_no_fault(gate: dict[str, object]) -> None:
    assert faults(**gate) == []


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ({"claim": "superior", "outcome": "score"}, "gates[0].contrast: the claim superior compares, but the gate na"),
        ({"claim": "superior", "hypothesis": "bare"}, "gates[0].contrast: the claim superior compares"),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "baseline": "main"},
            "gates[0].baseline: a gate has either a baseline or a contrast; remove one",
        ),
        ({"claim": "at_most", "outcome": "score"}, "gates[0].value: the claim at_most needs a value; add 'value: '"),
        (
            {"claim": "at_most", "outcome": "score", "value": 1, "baseline": "main"},
            "gates[0].baseline: the claim at_most is about a value, not about a baseline",
        ),
        (
            {"claim": "at_most", "outcome": "score", "value": 1, "contrast": CONTRAST},
            "gates[0].contrast: the claim at_most is about a value, not about a contrast",
        ),
        (
            {"claim": "at_most", "outcome": "score", "value": 1, "margin": 1},
            "gates[0].margin: the claim at_most has no margin; put it into the value",
        ),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "value": 1},
            "gates[0].value: the claim superior has no value",
        ),
        (
            {"claim": "non_inferior", "outcome": "score", "contrast": CONTRAST},
            "gates[0].margin: the claim non_inferior needs a margin",
        ),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "margin": "two"},
            "gates[0].margin: the margin 'two' is neither number nor percentage",
        ),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "margin": "²%"},
            "gates[0].margin: the margin '²%' is neither number nor percentage",
        ),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "margin": -1},
            "gates[0].margin: a margin is not negative",
        ),
        (
            {"claim": "equivalent", "outcome": "score", "contrast": CONTRAST, "margin": 0},
            "gates[0].margin: nothing is equivalent within a margin of 0",
        ),
        (
            {"claim": "superior", "outcome": "score", "contrast": CONTRAST, "margin": "100%"},
            "gates[0].margin: a margin of 100 % or more",
        ),
        (
            {"claim": "non_inferior", "outcome": "score", "contrast": CONTRAST, "margin": "150%"},
            "gates[0].margin: a margin of 100 % or more",
        ),
        (
            {"claim": "superior", "outcome": "ok", "contrast": CONTRAST, "margin": "2%", "statistic": "pass@2"},
            "gates[0].margin: a margin of pass@2 is a difference of chances",
        ),
        (
            {"claim": "at_least", "outcome": "score", "value": 0.5, "statistic": "pass@2"},
            "gates[0].statistic: pass@2 needs an outcome that is true or false, 'score' is not",
        ),
        (
            {"claim": "superior", "outcome": "aimless", "contrast": CONTRAST},
            "gates[0].claim: the claim superior needs to know whether high values of 'aimless' are good; "
            "add 'goal: maximize' or 'goal: minimize'",
        ),
        (
            {"claim": "at_least", "hypothesis": "vague", "value": 1},
            "gates[0].outcome: the hypothesis does not say which outcome is judged",
        ),
        ({"claim": "at_least", "outcome": "score", "value": 1, "alpha": 0.6}, "gates[0].alpha: alpha 0.6 is too large"),
        (
            {"claim": "at_least", "outcome": "score", "value": 1, "statistic": "p00"},
            "gates[0].statistic: a quantile at 0 % is no value that data can bound",
        ),
        (
            {"claim": "at_least", "outcome": "score", "value": 1, "anytime": True},
            "gates[0].anytime: only the mean of an outcome with a range, or of a true-or-false one, can be judged",
        ),
        (
            {"claim": "at_least", "outcome": "ok", "value": 1, "anytime": True, "statistic": "pass@1"},
            "gates[0].anytime: only the mean",
        ),
        (
            {"claim": "at_least", "outcome": "ok", "value": 1, "anytime": True, "sequential": {"looks": [1]}},
            "gates[0].anytime: a gate has either anytime or sequential; remove 'anytime' or 'sequential'",
        ),
        (
            {"claim": "at_least", "outcome": "worst", "value": 1, "sequential": {"looks": [1]}},
            "gates[0].sequential: a missing 'worst' counts as the worst of all runs, which are not in at a look",
        ),
    ],
)
def test_what_a_gate_lacks_is_told_at_its_place(gate: dict[str, object], expected: str) -> None:
    (found,) = faults(**gate)
    assert found.startswith(expected)


def test_names_of_nothing_are_told_once() -> None:
    assert len(faults(claim="superior", outcome="scor", contrast=CONTRAST)) == 1
    assert len(faults(claim="superior", hypothesis="ful")) == 1
