"""Gates: items that are judged once the runs are in, alike in every mode."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from pytest_dre.sessions.baselines import load_baseline

AGENT = """
import random
from pathlib import Path

ROOT = Path(__file__).parent.parent


def solve(style):
    with (ROOT / "calls.txt").open("a") as calls:
        calls.write("x\\n")
    if (ROOT / "broken").exists() and style == "good":
        raise ValueError("no")
    base = {"good": 0.9, "bad": 0.1, "same": 0.1}[style]
    if (ROOT / "worse").exists():
        base -= 0.6
    return {"output": style, "metrics": {"score": base + random.uniform(-0.02, 0.02)}}
"""

STUDY = """
study_id: verdicts
title: A study with gates
factors: [{name: style, levels: [good, bad, same]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 20}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize, range: [0, 1]}
gates:
  - {gate_id: better, outcome: score, contrast: {factor: style, treatment: good, control: bad}, claim: superior}
  - {gate_id: worse, outcome: score, contrast: {factor: style, treatment: bad, control: good}, claim: superior}
  - {gate_id: unclear, outcome: score, contrast: {factor: style, treatment: same, control: bad}, claim: superior}
  - {gate_id: high, outcome: score, claim: at_least, value: 0.5, where: {style: good}}
"""

REGRESSION = (
    STUDY[: STUDY.index("gates:")].replace("[good, bad, same]", "[good]")
    + """gates:
  - {gate_id: no-regression, outcome: score, baseline: main, claim: non_inferior, margin: 0.2}
"""
)


@pytest.fixture
def gated(lab):
    lab.write("studies/solver.py", AGENT)
    lab.write("studies/verdicts.study.yaml", STUDY)
    return lab


def outcomes(path):
    cases = ElementTree.parse(path).getroot().iter("testcase")
    return {
        case.get("name"): next((child.tag for child in case if child.tag in ("failure", "skipped")), "passed")
        for case in cases
    }


def properties(path, name):
    (case,) = (case for case in ElementTree.parse(path).getroot().iter("testcase") if case.get("name") == name)
    return {item.get("name"): item.get("value") for item in case.iter("property")}


def test_verdicts_pass_fail_and_cannot_say_in_every_mode(gated, mode):
    result = gated.run("studies", "--junitxml=report.xml", *mode)
    result.assert_outcomes(passed=62, failed=2)
    assert result.ret == 1
    found = outcomes(gated.path / "report.xml")
    assert {name: found[name] for name in found if name.startswith("gate=")} == {
        "gate=better": "passed",
        "gate=worse": "failure",
        "gate=unclear": "failure",
        "gate=high": "passed",
    }
    assert (
        properties(gated.path / "report.xml", "gate=better").items() >= {"n_treatment": "20", "n_control": "20"}.items()
    )
    assert "n_control" not in properties(gated.path / "report.xml", "gate=high"), "a gate of one arm"
    output = result.stdout.str()
    assert "60 runs of 1 study planned, 4 gates to judge" in output
    assert "= gates =" in output
    assert "INCONCLUSIVE" in output
    assert "Traceback" not in output


def test_verdicts_are_equal_in_every_mode(gated):
    seen = []
    for mode in (("-p", "no:xdist"), ("-n0",), ("-n2",)):
        gated.run("studies", *mode)
        seen.append(json.loads((gated.path / "artifacts/verdicts/gates.json").read_text()))
    assert seen[0] == seen[1] == seen[2]
    assert [item["verdict"] for item in seen[0]] == ["pass", "fail", "inconclusive", "pass"]


def test_a_failed_gate_is_judged_again_without_runs(gated, mode):
    gated.run("studies", *mode)
    gated.calls()
    result = gated.run("studies", "--lf", *mode)
    assert gated.calls() == []
    result.assert_outcomes(failed=2)
    assert gated.manifest("verdicts")["complete"] is True


def test_gates_are_selected_like_tests(gated, mode):
    assert gated.run("studies", "-m", "dre", "-k", "not gate", *mode).parseoutcomes()["passed"] == 60
    gated.calls()
    assert gated.run("studies", "-k", "better", *mode).parseoutcomes()["passed"] == 1
    result = gated.run("studies/verdicts.study.yaml::gate=high", *mode)
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert gated.calls() == []


def test_missing_runs_are_never_a_pass(gated, mode):
    gated.run("studies", "-k", "r1", *mode)
    result = gated.run("studies", "-k", "better", *mode)
    assert result.ret == 1
    assert "missing" in gated.words(result)
    result = gated.run("studies", "-k", "better", "-o", "dre_on_inconclusive=warn", *mode)
    assert result.ret == 0
    assert result.parseoutcomes()["skipped"] == 1


def test_failed_runs_differ_between_arms(gated):
    (gated.path / "broken").touch()
    result = gated.run_here("studies", "-k", "style or better")
    assert "gate=better" in result.stdout.str()
    words = gated.words(result)
    assert "INCONCLUSIVE" in words


def test_gates_judge_a_run_that_comes_last_too(gated):
    result = gated.run_here("studies", "--ff")
    result.assert_outcomes(passed=62, failed=2)
    result = gated.run_here("studies", "--ff")
    result.assert_outcomes(passed=62, failed=2)


def test_plain_words(gated):
    gated.run_here("studies", "-k", "not gate")
    output = gated.words(gated.run_here("studies", "-k", "better", "--dre-explain"))
    assert "betting" in output


def test_a_job_summary(gated, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(gated.path / "summary.md"))
    gated.run_here("studies")
    summary = (gated.path / "summary.md").read_text()
    assert "| ✅ PASS | better |" in summary
    assert "| ❌ FAIL | worse |" in summary
    assert "60 of 60 runs done" in summary


@pytest.mark.parametrize("job", [{}, {"CI": "true"}], ids=["at a desk", "in a CI job"])
def test_the_short_summary_has_one_line_a_gate(gated, mode, monkeypatch, job):
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    output = gated.run("studies", "--junit-xml=junit.xml", *mode).stdout.str()
    _, summary = output.split("short test summary info")
    assert re.findall(r"FAILED \S+::gate=(\w+) - (\w+): ", summary) == [("worse", "worse"), ("unclear", "unclear")]
    assert len(summary.splitlines()) == 4, "what follows the heading, a line a gate, the closing line"
    failure = next(ElementTree.parse(gated.path / "junit.xml").iter("failure"))
    assert "\n" not in failure.attrib["message"]
    assert "worse claims: " in failure.text


def test_an_outcome_that_no_run_reports_is_told_and_mended_without_a_run(gated, mode):
    study = gated.path / "studies/verdicts.study.yaml"
    study.write_text(STUDY.replace("column: score", "column: scor"))
    said = "no run reports 'scor'; they report score: did you mean 'score'?"
    words = gated.words(gated.run("studies", "--dre-explain", *mode))
    assert words.count(f"Why: {said}") == 2 * 4, "of each gate, as a failure and explained"
    assert f"outcome {said}" in words
    assert "look at why the runs failed" not in words
    study.write_text(STUDY)
    calls = len(gated.calls())
    gated.run("studies", "-k", "gate", *mode).assert_outcomes(passed=2, failed=2)
    assert (calls, len(gated.calls())) == (60, 0)


@pytest.fixture
def guarded(gated):
    gated.write("studies/verdicts.study.yaml", REGRESSION)
    return gated


def test_a_regression_is_found_and_none_where_there_is_none(guarded, mode):
    result = guarded.run("studies", *mode)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert guarded.calls() == [], "nothing is spent before the baseline is there"
    guarded.run("studies", "--dre-save-baseline", *mode).assert_outcomes(passed=20, skipped=1)
    assert (guarded.path / ".dre/baselines/verdicts/main.baseline.json").is_file()
    result = guarded.run("studies", *mode)
    result.assert_outcomes(passed=21)
    (guarded.path / "worse").touch()
    result = guarded.run("studies", *mode)
    result.assert_outcomes(passed=20, failed=1)
    assert "FAIL" in result.stdout.str()
    assert "no-regression" in result.stdout.str()


def test_the_session_that_saves_the_baseline_asks_nobody_to_save_it(guarded, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(guarded.path / "summary.md"))
    words = guarded.words(guarded.run_here("studies", "--dre-save-baseline", "--dre-explain", "-rs"))
    assert "its baseline was missing, and this session is there to save it" in words
    for text in (words, (guarded.path / "summary.md").read_text()):
        assert "save it with" not in text
    words = guarded.words(guarded.run_here("studies", "--dre-save-baseline=other", "--dre-baseline=third"))
    assert "the baseline 'third' is missing" in words


def test_a_baseline_of_outcomes_that_fail_is_saved_and_told(guarded):
    guarded.run_here("studies", "--dre-save-baseline")
    (guarded.path / "worse").touch()
    result = guarded.run_here("studies", "--dre-save-baseline")
    result.assert_outcomes(passed=20, failed=1)
    assert "baseline 'main' saved as main.baseline.json, of outcomes that fail no-regression" in guarded.words(result)


def test_a_missing_baseline_may_warn(guarded):
    result = guarded.run_here("studies", "--dre-baseline-missing=warn")
    result.assert_outcomes(passed=20, skipped=1)
    assert "the baseline 'main' is missing" in guarded.words(result)
    assert len(guarded.calls()) == 20


def test_a_baseline_is_refused_of_an_incomplete_study(guarded):
    result = guarded.run_here("studies", "-k", "r1", "--dre-save-baseline=pilot")
    assert result.ret == 1
    assert not (guarded.path / ".dre").exists()
    assert "baseline" in guarded.words(result)


def test_another_directory_or_bundle_is_the_baseline(guarded, mode):
    guarded.run_here("studies", "--dre-save-baseline=other", "--dre-bundle", "--dre-output", "before")
    guarded.run("studies", "--dre-baseline", "other", *mode).assert_outcomes(passed=21)
    guarded.run("studies", "--dre-baseline", "before/verdicts", *mode).assert_outcomes(passed=21)
    guarded.run("studies", "--dre-baseline", "before/verdicts/study.tar.gz", *mode).assert_outcomes(passed=21)


def test_what_is_really_compared_with_is_named(guarded):
    guarded.run_here("studies", "--dre-save-baseline=other", "--dre-output", "before")
    for given in ("other", "before", "before/verdicts"):
        result = guarded.run_here("studies", "--dre-baseline", given, "--dre-explain")
        assert f"(current) − (baseline {given}) > -0.2." in guarded.words(result)
        (verdict,) = json.loads((guarded.path / "artifacts/verdicts/gates.json").read_text())
        assert [arm["name"] for arm in verdict["arms"]] == ["current", f"baseline {given}"]
    result = guarded.run_here("studies", "--dre-baseline", "nowhere", "--dre-baseline-missing=warn", "-rs")
    assert "the baseline 'nowhere' is missing" in guarded.words(result)
    study = guarded.path / "studies/verdicts.study.yaml"
    study.write_text(study.read_text() + "seed_policy: {base_seed: 5}\n")
    words = guarded.words(guarded.run_here("studies", "--dre-baseline", "before"))
    assert "no-regression claims: mean of score: (current) − (baseline before) > -0.2." in words
    assert "Why: the baseline 'before' has other seeds." in words


def test_a_damaged_baseline_is_told(guarded):
    guarded.run_here("studies", "--dre-save-baseline")
    file = guarded.path / ".dre/baselines/verdicts/main.baseline.json"
    file.write_text(file.read_text().replace("0.9", "0.8"))
    result = guarded.run_here("studies")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "main.baseline.json: the baseline is damaged" in guarded.words(result)


READS = """
from pathlib import Path

import pytest_dre.sessions.baselines as baselines

read = baselines.load_baseline


def pytest_configure(config):
    role = "worker" if hasattr(config, "workerinput") else "main"

    def load_baseline(where, *args):
        with (Path(__file__).parent / "reads.txt").open("a") as file:
            file.write(f"{where} {role}\\n")
        return read(where, *args)

    baselines.load_baseline = load_baseline
"""


@pytest.fixture
def observed(guarded, monkeypatch):
    """A laboratory that notes which process reads which baseline; two gates name one, a third another."""
    monkeypatch.setattr("pytest_dre.sessions.baselines.load_baseline", load_baseline)  # to be restored afterwards
    study = guarded.path / "studies/verdicts.study.yaml"
    gate = "  - {gate_id: GATE, outcome: score, baseline: NAME, claim: non_inferior, margin: 0.3}\n"
    more = "".join(gate.replace("GATE", f"{name}-too").replace("NAME", name) for name in ("main", "other"))
    study.write_text(study.read_text() + more)
    guarded.run_here("studies", "--dre-save-baseline").assert_outcomes(passed=20, skipped=3)
    guarded.run_here("studies", "--dre-save-baseline=other").assert_outcomes(passed=22, skipped=1)
    guarded.write("conftest.py", READS)
    return guarded


def test_a_session_reads_each_baseline_once(observed, mode):
    observed.run("studies", *mode).assert_outcomes(passed=23)
    assert (observed.path / "reads.txt").read_text() == "main main\nother main\n"


def test_one_baseline_in_place_of_all_is_read_once(observed, mode):
    observed.run("studies", "--dre-baseline=other", *mode).assert_outcomes(passed=23)
    assert (observed.path / "reads.txt").read_text() == "other main\n"


def test_gates_are_judged_by_the_baseline_that_was_there_at_the_start(guarded):
    guarded.run_here("studies", "--dre-save-baseline")
    guarded.write(
        "conftest.py",
        """
        from pathlib import Path

        def pytest_runtest_setup(item):
            (Path(__file__).parent / ".dre/baselines/verdicts/main.baseline.json").write_text("{}")
        """,
    )
    guarded.run_here("studies").assert_outcomes(passed=21)


def test_marks_of_conftest_files_reach_gates_in_every_mode(gated, mode):
    gated.write(
        "conftest.py",
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "gate=worse":
                    item.add_marker(pytest.mark.xfail(reason="known", strict=True))
                if item.name == "gate=unclear":
                    item.add_marker(pytest.mark.skip(reason="no use"))
        """,
    )
    result = gated.run("studies", "-rs", *mode)
    result.assert_outcomes(passed=62, skipped=1, xfailed=1)
    assert result.ret == 0
    assert "no use" in result.stdout.str()


def test_gates_of_several_studies_stand_under_their_names(gated, mode):
    gated.write("studies/other.study.yaml", STUDY.replace("study_id: verdicts", "study_id: other"))
    words = gated.words(gated.run("studies", "-k", "good or bad or gate", *mode))
    for study in ("other", "verdicts"):
        assert f"{study} better: PASS" in words
