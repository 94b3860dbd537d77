"""Gates that stop a study early: what is decided is not paid for any more, alike in every mode."""

import json

import pytest

from pytest_dre.cli import main

# Of two processes one may carry out many runs in the time the other needs for one: so runs beyond the first look wait
# until those of the look are over, and somewhat longer, until their results are stored.
AGENT = """
import random
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
OVER = ROOT / "over.txt"


def wait_for(look, pause):
    until = time.monotonic() + 60
    while OVER.read_text().count("x") < look:
        assert time.monotonic() < until, "the runs of the look did not end"
        time.sleep(0.01)
    time.sleep(pause)


def solve(style, run_spec):
    with (ROOT / "calls.txt").open("a") as calls:
        calls.write("x\\n")
    if PAUSE and run_spec.replicate > 10:
        wait_for(20, PAUSE)
    with OVER.open("a") as over:
        over.write("x" if run_spec.replicate <= 10 else "")
    base = {"good": 5.0, "bad": 0.0, "same": 0.0}[style]
    ok = style == "good"
    return {"output": style, "metrics": {"score": base + random.uniform(-1, 1), "ok": ok}}
"""

STUDY = """
study_id: early
title: A study that may stop early
factors: [{name: style, levels: [%s]}]
agents: {solver: "./solver.py:solve"}
run_budget: {replicates: 30}
outcomes:
  - {name: score, source_table: runs, column: score, aggregation: mean, primary: true, goal: maximize}
  - {name: ok, source_table: runs, column: ok, aggregation: mean, expected_type: boolean, goal: maximize}
gates:
"""
LOOKS = "sequential: {looks: [10, 20, 30]}"
BETTER = (
    "  - {gate_id: better, outcome: score, contrast: {factor: style, treatment: %s, control: bad},"
    f" claim: superior, {LOOKS}}}\n"
)
WORKS = "  - {gate_id: works, outcome: ok, claim: at_least, value: 0.5, where: {style: %s}, stop: curtail}\n"


@pytest.fixture
def early(lab):
    def write(levels, *gates, pause=0.0):
        lab.write("studies/solver.py", AGENT.replace("PAUSE", str(pause)))
        lab.write("studies/early.study.yaml", STUDY % levels + "".join(gates))
        return lab

    return write


def slack(mode):
    """How many runs a worker may start before it sees the last result of a look that another has under way."""
    return 10 if "-n2" in mode else 0


def pause(mode):
    return 0.2 if "-n2" in mode else 0.0


def gates_of(lab):
    found = json.loads((lab.path / "artifacts/early/gates.json").read_text())
    return {gate["gate_id"]: gate for gate in found}


def test_a_clear_gate_ends_the_study_at_its_first_look(early, mode):
    lab = early("good, bad", BETTER % "good", pause=pause(mode))
    result = lab.run("studies", "-rs", *mode)
    assert result.ret == 0
    calls = len(lab.calls())
    assert 20 <= calls <= 20 + slack(mode)
    result.assert_outcomes(passed=calls + 1, skipped=60 - calls)
    words = lab.words(result)
    assert f"{calls} of 60 done, {60 - calls} not needed" in words
    assert "gate better came to PASS at look 1 of 3 (10 replicates)" in words
    assert "look 1 of 3" in words
    assert "--lf" not in words
    gate = gates_of(lab)["better"]
    assert (gate["verdict"], gate["n"]) == ("pass", 10)
    assert gate["look"] == {"number": 1, "of": 3, "replicates": 10, "planned": 30, "spending": "obrien_fleming"}
    manifest = lab.manifest("early")
    assert manifest["missing_reasons"] == {"not_needed": 60 - calls}


def test_the_verdict_is_the_same_in_every_mode_and_order(early):
    found = []
    for number, options in enumerate(
        ((), ("-n", "0"), ("-n", "2"), ("-n", "2", "--dist", "worksteal"), ("-p", "shuffled"))
    ):
        lab = early("good, bad", BETTER % "good")
        lab.write(
            "shuffled.py",
            "import random\n\ndef pytest_collection_modifyitems(items):\n    random.Random(3).shuffle(items)\n",
        )
        lab.run("studies", f"--dre-output=out{number}", *options)
        found.append((lab.path / f"out{number}/early/gates.json").read_text())
    assert len(set(found)) == 1


def test_lf_and_resume_leave_what_is_not_needed(early, mode):
    lab = early("good, bad", BETTER % "good")
    lab.run("studies", *mode)
    assert lab.calls()
    before = gates_of(lab)
    for option in ("--lf", "--dre-resume"):
        result = lab.run("studies", option, *mode)
        assert result.ret == 0
        assert not lab.calls()
        assert gates_of(lab) == before


def test_an_interrupted_study_goes_on_to_its_look(early, mode):
    lab = early("good, bad", BETTER % "good", pause=pause(mode))
    lab.run("studies", "-k", "r5 or r6 or r7 or r8", *mode)
    some = len(lab.calls())
    assert some == 8
    result = lab.run("studies", "--dre-resume", *mode)
    assert result.ret == 0
    assert 20 <= some + len(lab.calls()) <= 20 + slack(mode)
    assert gates_of(lab)["better"]["look"]["number"] == 1


def test_an_unclear_gate_takes_all_runs(early, mode):
    lab = early("same, bad", BETTER % "same")
    result = lab.run("studies", *mode)
    assert result.ret == 1
    assert len(lab.calls()) == 60
    assert gates_of(lab)["better"]["look"]["number"] == 3


def test_runs_that_another_gate_counts_are_carried_out(early):
    always = "  - {gate_id: high, outcome: score, claim: at_least, value: 1, where: {style: good}}\n"
    lab = early("good, bad, same", BETTER % "good", always)
    result = lab.run("studies")
    assert len(lab.calls()) == 30 + 10 + 30  # all of good for the other gate, all of same, which no gate counts
    assert gates_of(lab)["better"]["verdict"] == gates_of(lab)["high"]["verdict"] == "pass"
    assert "20 not needed" in lab.words(result)


def test_what_was_not_needed_is_not_missing_anywhere(early, monkeypatch, capsys):
    lab = early("good", WORKS % "good")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(lab.path / "summary.md"))
    lab.run_here("studies")
    calls = len(lab.calls())
    assert f"{calls} of 30 runs done, {30 - calls} not needed\n" in (lab.path / "summary.md").read_text()
    capsys.readouterr()
    assert main(["export", "studies/early.study.yaml"]) == 0
    assert capsys.readouterr().out.startswith(f"{calls} of 30 runs done, {30 - calls} not needed\n")


@pytest.mark.parametrize(("style", "verdict"), [("good", "pass"), ("bad", "fail")])
def test_curtailed_runs_could_not_have_changed_the_verdict(early, mode, style, verdict):
    lab = early(style, WORKS % style)
    result = lab.run("studies", "--dre-explain", *mode)
    calls = len(lab.calls())
    assert calls < 25
    assert (result.ret == 0) is (verdict == "pass")
    words = lab.words(result)
    assert f"{calls} of 30 done, {30 - calls} not needed" in words
    assert f"no outcome still to come can change that gate works comes to {verdict.upper()}" in words
    assert f"{calls} of 30 planned runs count, {30 - calls} have no result (0 % of the others lost)" in words
    gate = gates_of(lab)["works"]
    assert (gate["verdict"], gate["n"]) == (verdict, calls)
    full = early(style, WORKS.replace(", stop: curtail", "") % style)
    full.run("studies", "--dre-output=full", *mode)
    (complete,) = json.loads((full.path / "full/early/gates.json").read_text())
    assert complete["verdict"] == verdict
    assert gate["low"] <= complete["estimate"] <= gate["high"]


def test_python_stops_early_as_well(early):
    lab = early("good, bad", BETTER % "good")
    lab.write(
        "drive.py",
        "import pytest_dre\n"
        "results = pytest_dre.run_study('studies/early.study.yaml', checkpoint=CHECK, parallelism=N)\n"
        "print([str(r.status) for r in results].count('success'), {r.status_reason for r in results})\n",
    )
    for checkpoint, processes in (("True", 1), ("False", 1), ("False", 2)):
        early("good, bad", BETTER % "good", pause=0.2 if processes > 1 else 0.0)
        (lab.path / "over.txt").unlink(missing_ok=True)
        text = (lab.path / "drive.py").read_text().replace("CHECK", checkpoint).replace("=N", f"={processes}")
        lab.write("drive_now.py", text)
        found = lab.pytester.runpython(lab.path / "drive_now.py")
        (line,) = found.stdout.lines
        assert 20 <= int(line.split()[0]) <= 20 + (slack(("-n2",)) if processes > 1 else 0)
        assert "not_needed" in line


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        (BETTER.replace("[10, 20, 30]", "[10, 20]") % "good", "the last look is at 20 replicates, the study has 30"),
        (BETTER.replace("[10, 20, 30]", "[20, 10, 30]") % "good", "looks are numbers of replicates that grow"),
        (BETTER.replace("claim:", "stop: curtail, claim:") % "good", "curtailed or judged at looks, not both"),
        (WORKS.replace("outcome: ok", "outcome: score") % "good", "only the mean of a true-or-false outcome"),
        (WORKS.replace("stop:", "statistic: pass@2, stop:") % "good", "only the mean of a true-or-false outcome"),
    ],
)
def test_what_cannot_stop_early_is_said(early, gate, message):
    lab = early("good, bad", gate)
    result = lab.run("studies")
    assert result.ret == 2
    assert message in lab.words(result)
    assert "early.study.yaml:" in result.stdout.str()


def test_the_plan_tells_the_looks(early):
    lab = early("good, bad", BETTER % "good", WORKS % "good")
    words = lab.words(lab.run("studies", "--dre-plan"))
    assert "better (looks at 10, 20, 30 replicates)" in words
    assert "works (curtailed)" in words


def test_a_baseline_takes_all_runs_whatever_a_look_decides(early, mode):
    lab = early("good, bad", BETTER % "good", pause=pause(mode))
    lab.run("studies", *mode)
    assert len(lab.calls()) < 60
    refused = lab.run("studies", "-k", "gate", "--dre-save-baseline", *mode)
    assert "not_needed" in lab.words(refused) or "missing" in lab.words(refused)
    assert "--dre-resume --dre-save-baseline" in lab.words(refused)
    done = lab.run("studies", "--dre-resume", "--dre-save-baseline", *mode)
    assert done.ret == 0
    assert "baseline 'main' saved" in lab.words(done)
    assert lab.manifest("early")["complete"] is True
    assert gates_of(lab)["better"]["look"]["number"] == 1, "the verdict stays that of the look"
