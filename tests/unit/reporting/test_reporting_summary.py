import unicodedata
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_dre.model.runs import Plan, Spending
from pytest_dre.model.study import Study
from pytest_dre.reporting.estimates import Basis, Estimate
from pytest_dre.reporting.headings import failure_heading
from pytest_dre.reporting.plan import LEAST_TABLE, MOST_LINES, plan_lines
from pytest_dre.reporting.statistics import tally
from pytest_dre.reporting.summary import summary_lines
from pytest_dre.reporting.width import display_width

RESUME = "pytest studies/vessel.study.yaml --lf"


def _about(study: Study, name: str, goal: str | None = None) -> Study:
    """Return the study with the column `primary_outcome` as its outcome `name`."""
    where = {"source_table": "runs", "column": "primary_outcome", "aggregation": "mean", "primary": True}
    return Study.model_validate({**study.model_dump(), "outcomes": [{"name": name, **where, "goal": goal}]})


@pytest.fixture
def summarise(make_plan, make_result):
    """Return a function that makes a study's summary; `outcomes` tells each run's result."""

    def make(
        study,
        outcomes,
        *,
        replicates=2,
        agent="solver",
        problem="vessel",
        cached=0,
        earlier=0,
        width=100,
        height=40,
        resume=RESUME,
        **options,
    ) -> list[str]:
        plan = make_plan(study, replicates, agent=agent, problem=problem)
        given = [(run, outcomes(index, run)) for index, run in enumerate(plan.runs)]
        results = [make_result(run, **what) for run, what in given if what is not None]
        ids = [run.run_id for run in plan.runs]
        counted = tally(study, plan, results, ids[:cached], ids[:earlier])
        where = {"width": width, "height": height, "output_dir": "artifacts/vessel", "resume_command": resume}
        return summary_lines(study, counted, **where, **options)

    return make


def test_a_complete_study_has_only_what_there_is_to_say(make_study, summarise) -> None:
    study = make_study(agent=["climber", "random"], budget={"small": 100, "large": 1000}, shell=["steel"])
    assert summarise(study, lambda index, run: {"outcome": index / 10}) == [
        "pressure_vessel: What a larger budget buys",
        "  agent    budget  runs  primary_outcome (mean ± sd)  n",
        "  climber  small    2/2                0.050 ± 0.071  2",
        "  climber  large    2/2                0.250 ± 0.071  2",
        "  random   small    2/2                0.450 ± 0.071  2",
        "  random   large    2/2                0.650 ± 0.071  2",
        "  total             8/8                               8",
        "  artifacts  artifacts/vessel",
    ]


def test_failures_gaps_and_costs_are_told_with_the_way_to_resume(make_study, summarise) -> None:
    whats: list[dict[str, Any] | None] = [
        {"outcome": 1, "cost": 0.0125},
        {"status": "failed", "reason": "timeout", "cost": 0.5},
        {"outcome": 2.5},
        None,
        {"status": "failed", "reason": "agent\nerror"},
        {"status": "skipped", "reason": "no endpoint"},
        {"outcome": "n/a"},
        {"outcome": True},
    ]
    study = _about(make_study(budget=[100, 1000, 5, 7]), "score")
    lines = summarise(study, lambda index, run: whats[index], cached=1)
    assert lines == [
        "pressure_vessel: What a larger budget buys",
        "  budget  runs  failed  skipped  score (mean)  n     cost",
        "  100      1/2       1        0           1    1  $0.5125",
        "  1000     1/2       0        0           2.5  1  $0.0000",
        "  5        0/2       1        1           –    0  $0.0000",
        "  7        2/2       0        0           1    1  $0.0000",
        "  total    4/8       2        1                3  $0.5125",
        "  runs       4 of 8 done, 2 failed (agent\\nerror 1, timeout 1), 1 skipped (no endpoint),",
        "             1 missing (not started 1), 1 replayed, 1 without a number as score",
        "  failures   agent\\nerror 1: budget = 5",
        "             timeout 1: budget = 100",
        "  artifacts  artifacts/vessel",
        f"  resume     {RESUME}",
    ]


def test_results_of_conditions_no_longer_planned_are_mentioned(make_study, make_plan, make_result) -> None:
    study = make_study(budget=[1, 2])
    plan, stale = make_plan(study, rejected=lambda assigned: assigned["budget"] == 2), make_plan(study).runs[-1]
    results = [make_result(run, 1.0) for run in (*plan.runs, stale)]
    lines = summary_lines(
        study, tally(study, plan, results), width=80, height=20, output_dir="out", resume_command=RESUME
    )
    assert lines[1:] == [
        "  condition   runs  primary_outcome (mean ± sd)  n",
        "  budget = 1   2/2                        1 ± 0  2",
        "  runs       2 of 2 done, 1 stored result of no planned condition",
        "  artifacts  out",
    ]


def test_nothing_planned_is_said(make_study) -> None:
    study = make_study(budget=[1])
    lines = summary_lines(
        study, tally(study, Plan((), ()), []), width=80, height=10, output_dir="out", resume_command=RESUME
    )
    assert lines[1:] == ["  no runs are planned", "  artifacts  out"]


def test_without_results_all_is_missing(make_study, summarise) -> None:
    assert summarise(make_study(budget=[1, 2]), lambda index, run: None)[1:] == [
        "  budget  runs",
        "  1        0/2",
        "  2        0/2",
        "  total    0/4",
        "  runs       0 of 4 done, 4 missing (not started 4)",
        "  artifacts  artifacts/vessel",
        f"  resume     {RESUME}",
    ]
    assert not any("resume" in line for line in summarise(make_study(budget=[1]), lambda *_: None, resume=None))


@pytest.mark.parametrize(
    ("goal", "first", "last", "words"),
    [
        ("maximize", 98, 0, ("best", "worst")),
        ("minimize", 0, 98, ("best", "worst")),
        (None, 98, 0, ("highest", "lowest")),
    ],
)
def test_many_conditions_show_both_ends(make_study, summarise, goal, first, last, words) -> None:
    study = _about(make_study(level=list(range(50))), "primary_outcome", goal)
    lines = summarise(study, lambda index, run: {"outcome": index // 2 * 2}, height=10)
    assert len(lines) == 10
    assert [line.split()[:5] for line in (lines[2], lines[7])] == [
        [str(first // 2), "2/2", str(first), "±", "0"],
        [str(last // 2), "2/2", str(last), "±", "0"],
    ]
    assert lines[5] == (f"  … 45 more conditions; above, the 3 {words[0]} by primary_outcome; below, the 2 {words[1]}")


def test_a_narrow_terminal_loses_columns_and_says_which(make_study, summarise) -> None:
    study = make_study(agent=["differential_evolution", "random"], temperature=[0.1, 0.7], framing=["plain", "guided"])
    assert summarise(study, lambda index, run: {"outcome": index, "cost": 1}, width=40)[1:4] == [
        "  agent            runs  primary_outcome",
        "  differe…lution    2/2      0.50 ± 0.71",
        "  differe…lution    2/2      2.50 ± 0.71",
    ]
    lines = summarise(study, lambda index, run: {"outcome": index, "cost": 1}, width=40)
    assert "  (no room for: temperature, framing, n…" in lines


def test_a_small_height_keeps_what_matters(make_study, summarise) -> None:
    study = _about(make_study(level=list(range(30))), "primary_outcome", "maximize")
    what = {"status": "failed", "reason": "a reason that goes on and on"}
    for height in range(1, 12):
        lines = summarise(
            study,
            lambda index, run: what if index % 2 else {"outcome": index},
            width=40,
            height=height,
        )
        assert len(lines) <= height
        assert lines[0].startswith("pressure_vessel")
    assert lines[-7:] == [
        "  … 26 more (best above, worst below)",
        "  1        1/2       1                2",
        "  0        1/2       1                0",
        "  total  30/60      30",
        "  runs       30 of 60 done, 30 failed",
        "  artifacts  artifacts/vessel",
        "  resume     pytest studie…udy.yaml --lf",
    ]


def test_many_reasons_are_counted(make_study, summarise) -> None:
    lines = summarise(
        make_study(level=[1]), lambda index, run: {"status": "failed", "reason": f"r{index}"}, replicates=8, width=120
    )
    assert "  runs       0 of 8 done, 8 failed (r0 1, r1 1, r2 1, r3 1, r4 1, … 3 more)" in lines


def test_agents_have_rows_of_their_own_and_pooled_problems_are_told(make_study, summarise) -> None:
    study = _about(make_study(budget=[1, 2]), "cost_of_design", "minimize")
    options = {"agent": ["random", "climber"], "problem": ["p", "q", "r"], "replicates": 1}
    assert summarise(study, lambda index, run: {"outcome": len(run.agent_id)}, **options) == [
        "pressure_vessel: What a larger budget buys",
        "  budget  agent     runs  cost_of_design (mean ± sd)   n",
        "  1       random     3/3                       6 ± 0   3",
        "  1       climber    3/3                       7 ± 0   3",
        "  2       random     3/3                       6 ± 0   3",
        "  2       climber    3/3                       7 ± 0   3",
        "  total            12/12                              12",
        "  outcome    mean over 3 problems",
        "  artifacts  artifacts/vessel",
    ]
    short = summarise(study, lambda index, run: {"outcome": len(run.agent_id)}, height=8, **options)
    assert "  … 2 more rows; above, the 1 best by cost_of_design; below, the 1 worst" in short


def test_agents_under_one_condition_share_it_below_the_table(make_study, summarise) -> None:
    options = {"agent": ["a", "b"], "replicates": 1}
    assert summarise(make_study(budget={"small": 5}, x=[1]), lambda index, run: {"outcome": 1}, **options)[1:] == [
        "  agent  runs  primary_outcome (mean)  n",
        "  a       1/1                       1  1",
        "  b       1/1                       1  1",
        "  total   2/2                          2",
        "  condition  budget = small, x = 1",
        "  artifacts  artifacts/vessel",
    ]
    bare = summarise(Study(study_id="s", title="t"), lambda index, run: {"outcome": 1}, **options)
    assert bare[4:] == ["  total   2/2                          2", "  artifacts  artifacts/vessel"]


def test_without_factors_and_agents_the_condition_has_only_its_id(summarise, make_plan) -> None:
    study = Study(study_id="s", title="t")
    condition = make_plan(study).conditions[0].condition_id
    assert summarise(study, lambda index, run: {})[2].startswith(f"  {condition}   2/2")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"earlier": 6}, "8 of 8 done: 2 now, 6 of earlier sessions"),
        ({"earlier": 8}, "8 of 8 done: 8 of earlier sessions"),
        ({"earlier": 6, "cached": 3}, "8 of 8 done: 2 now, 3 replayed, 3 of earlier sessions"),
        ({"earlier": 6, "cached": 6}, "8 of 8 done, 6 replayed"),
    ],
)
def test_results_of_earlier_sessions_are_told_from_those_of_now(make_study, summarise, options, said) -> None:
    lines = summarise(make_study(level=[1, 2]), lambda index, run: {"outcome": 1}, replicates=4, **options)
    assert f"  runs       {said}" in lines


def test_failures_of_earlier_sessions_are_told(make_study, summarise) -> None:
    lines = summarise(
        make_study(level=[1]), lambda index, run: {"status": "failed", "reason": "timeout"}, replicates=3, earlier=2
    )
    assert "  runs       0 of 3 done, 3 failed (timeout 3; 2 of earlier sessions)" in lines


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([None] * 3, "3 skipped"),
        (["skipped"] * 3, "3 skipped"),
        (["needs Python 3.12"] * 3, "3 skipped (needs Python 3.12)"),
        (["a", "b", "b"], "3 skipped (b 2, others 1)"),
        (["x" * 70, None, None], f"3 skipped ({'x' * 59}… 1, others 2)"),
    ],
)
def test_skips_are_told_with_the_most_frequent_reason(make_study, summarise, errors, said) -> None:
    lines = summarise(
        make_study(level=[1]),
        lambda index, run: {"status": "skipped", "reason": "skipped", "error": errors[index]},
        replicates=3,
        width=120,
    )
    assert f"  runs       0 of 3 done, {said}" in lines


def test_what_is_kept_but_not_shown_is_told_before_the_artifacts(make_study, summarise) -> None:
    study, done = make_study(level=[1]), {"outcome": 1}
    assert summarise(study, lambda index, run: done, stale=1, orphans=1)[3:] == [
        "  stale      1 run has results of another agent, problem or seed only: kept, not shown; rerun it",
        "             with --dre-rerun stale",
        "  orphans    1 stored run is not planned any more: kept, not shown",
        "  artifacts  artifacts/vessel",
    ]
    assert summarise(study, lambda index, run: done, stale=2, orphans=3, width=60)[3:7] == [
        "  stale      2 runs have results of another agent, problem",
        "             or seed only: kept, not shown; rerun them with",
        "             --dre-rerun stale",
        "  orphans    3 stored runs are not planned any more: kept,",
    ]


def test_an_error_is_told_in_full_and_how_to_try_again(make_study, summarise) -> None:
    error = "a pytest_dre_export hook failed with ValueError: \x1b[31mno room for the table"
    assert summarise(make_study(level=[1]), lambda index, run: {"outcome": 1}, error=error, width=60)[3:] == [
        "  artifacts  artifacts/vessel",
        "  resume     pytest studies/vessel.study.yaml --lf",
        "  error      a pytest_dre_export hook failed with",
        "             ValueError: \\x1b[31mno room for the table",
    ]


def test_of_a_study_without_artifacts_the_error_is_told_and_how_to_try_again(make_study) -> None:
    where = {"width": 60, "height": 10, "output_dir": "out", "resume_command": RESUME}
    assert summary_lines(make_study(level=[1]), None, **where, error="artifacts not written: disk full") == [
        "pressure_vessel: What a larger budget buys",
        "  error   artifacts not written: disk full",
        "  resume  pytest studies/vessel.study.yaml --lf",
    ]


TEXTS = st.text(st.sampled_from("ab _\n\x1b\u202e\u200d\u0301\ufe0f👩❤🏽日ก"), min_size=1, max_size=60) | st.text(
    min_size=1
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
UNENCODABLE = TEXTS | st.text(st.sampled_from("a\ud800 "), min_size=1, max_size=5)
AMOUNTS = st.none() | st.floats(0, 1e300)
BASES = st.builds(Basis, st.integers(0, 10**6), st.integers(0, 10**6))
ESTIMATES = st.builds(
    Estimate, st.integers(0, 10**6), AMOUNTS, AMOUNTS, AMOUNTS, BASES, BASES, st.integers(0, 9), st.integers(0, 9)
)
OUTCOMES = st.none() | st.booleans() | st.floats() | TEXTS | st.integers()


@st.composite
def studies(draw) -> Study:
    names = draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    factors = []
    for name in names:
        values = draw(st.lists(VALUES, min_size=1, max_size=3))
        labels = draw(st.lists(TEXTS, min_size=len(values), max_size=len(values), unique=True))
        levels = [{"name": label, "value": value} for label, value in zip(labels, values, strict=True)]
        factors.append({"name": name, "levels": levels})
    blocks = [{"name": draw(TEXTS), "levels": draw(st.lists(VALUES, min_size=1, max_size=2))}]
    constraint = {"constraint_id": draw(TEXTS), "expression": draw(TEXTS), "description": draw(st.just("") | TEXTS)}
    outcome = {
        "name": draw(TEXTS),
        "source_table": "runs",
        "column": "primary_outcome",
        "aggregation": "mean",
        "primary": True,
        "goal": draw(st.sampled_from(["maximize", "minimize", None])),
        "missing_data_policy": draw(st.sampled_from(["drop", "fail", "worst"])),
    }
    return Study.model_validate(
        {
            "study_id": draw(TEXTS),
            "title": draw(TEXTS),
            "factors": factors,
            "blocks": blocks if blocks[0]["name"] not in names else [],
            "constraints": [constraint],
            "outcomes": draw(st.sampled_from([[], [outcome]])),
            "gates": [{"gate_id": draw(TEXTS), "outcome": outcome["name"], "claim": "superior"}],
            "design_spec": {"options": draw(st.dictionaries(TEXTS, VALUES, max_size=2))},
        }
    )


def _assert_fits(lines: list[str], width: int) -> None:
    for line in lines:
        assert display_width(line) <= width
        assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line)
        assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@settings(deadline=None)
@given(st.data(), studies(), st.integers(40, 200), st.integers(10, 40))
def test_no_text_breaks_the_layout(make_plan, make_result, data, study, width, height) -> None:
    odd = data.draw(UNENCODABLE)
    agents = data.draw(st.sampled_from([odd, [odd, "solver"]]))
    plan = make_plan(study, 1, lambda assigned: (odd,), agent=agents, problem=[odd, "vessel"])
    statuses = st.sampled_from(["success", "failed", "skipped", "pending"])
    results = [
        make_result(
            run, data.draw(OUTCOMES), status=data.draw(statuses), reason=odd, cost=data.draw(OUTCOMES), error=odd
        )
        for run in plan.runs[:10]
    ]
    counted = tally(study, plan, results, [], [run.run_id for run in plan.runs[:2]])
    summary = summary_lines(
        study,
        data.draw(st.sampled_from([counted, None])),
        width=width,
        height=height,
        output_dir=odd,
        resume_command=f"pytest {odd} --lf",
        stale=data.draw(st.integers(0, 2)),
        orphans=data.draw(st.integers(0, 2)),
        stale_names=[odd],
        stale_included=data.draw(st.booleans()),
        unstarted={run.run_id: SimpleNamespace(reason=odd, message=odd) for run in plan.runs[:3]},
        spending=data.draw(st.none() | st.builds(Spending, st.floats(0, 1e12))),
        notices=data.draw(st.lists(UNENCODABLE, max_size=5)),
        error=data.draw(st.just("") | UNENCODABLE),
    )
    assert len(summary) <= height
    planned = plan_lines(study, plan, width=width, height=height, selected=1, stored=1, estimate=data.draw(ESTIMATES))
    assert len(planned) <= MOST_LINES + LEAST_TABLE
    whole = plan_lines(study, plan, width=width, height=None)
    heading = failure_heading(plan.runs[0], study, width=width, item=f"{odd}.yaml::{odd}")
    for lines in (summary, planned, whole, heading):
        _assert_fits(lines, width)
