"""What agents and problems from a conftest are made of counts in their versions, and what they draw does not."""

import pytest

STUDY = """
study_id: hooked
title: Bound by hooks
factors: [{name: a, levels: [n1, n2]}]
agent_specs: [ag]
problem_ids: [p]
"""
LIBRARY = """
import dataclasses, random, time, uuid

class Agent:
    def __init__(self, model, temp=0.1):
        self.model, self.temp = model, temp
        self.session, self.started, self.rng, self.calls = uuid.uuid4().hex, time.time(), random.Random(), []

    def run(self, problem, a):
        self.calls.append(a)
        return {"output": {"x": [self.model, self.temp]}}

def call(problem, a, cfg=None, model=None):
    return {"output": {"x": [str(model), str(cfg)]}}

def make(cfg):
    def agent(problem, a):
        return {"output": {"x": str(cfg)}}
    return agent

class Judge:
    def __init__(self, threshold):
        self.threshold = threshold

    def __call__(self, x):
        return float(self.threshold)

class Native:
    family = "f"
    brief = "b"

    def __init__(self, n):
        self.n = n

    def evaluate(self, x):
        return float(self.n)

@dataclasses.dataclass
class Fields:
    n: int
"""
CONFTEST = """
import datetime, functools, os, sys

import numpy as np

sys.path.insert(0, os.path.dirname(__file__))
import mylib
from pytest_dre import ProblemPacket

def packet(**fields):
    return ProblemPacket("p", brief="b", **fields)

def pytest_dre_agents(config):
    return {{"ag": {agent}}}

def pytest_dre_problems(config):
    return {{"p": {problem}}}
"""
AGENTS = {
    "partial of a map": "functools.partial(mylib.call, cfg={{'t': {0}}})",
    "partial of an object": "functools.partial(mylib.call, model=mylib.Agent({0}))",
    "closure over a map": "mylib.make({{'t': {0}}})",
    "closure over a list": "mylib.make([{0}])",
    "object": "mylib.Agent({0})",
    "method": "mylib.Agent({0}).run",
}
PROBLEMS = {
    "native": "mylib.Native({0})",
    "array": "packet(payload={{'w': np.array([{0}.0])}})",
    "set": "packet(payload={{'w': {{{0}}}}})",
    "dataclass": "packet(payload={{'w': mylib.Fields({0})}})",
    "date": "packet(payload={{'w': datetime.date(2020 + {0}, 1, 1)}})",
    "judge": "packet(evaluator=mylib.Judge({0}))",
    "partial judge": "packet(evaluator=functools.partial(mylib.Judge({0})))",
}
CASES = {
    **{name: (text, "packet()") for name, text in AGENTS.items()},
    **{name: ("mylib.call", text) for name, text in PROBLEMS.items()},
}


@pytest.fixture
def hooked(lab):
    """Writes a conftest that gives the agent and the problem, made with a number."""
    lab.write("studies/hooked.study.yaml", STUDY)
    lab.write("studies/mylib.py", LIBRARY)

    def write(agent, problem, number):
        text = CONFTEST.format(agent=agent.format(number), problem=problem.format(number))
        lab.write("studies/conftest.py", text)
        return lab

    return write


@pytest.mark.parametrize(("agent", "problem"), CASES.values(), ids=CASES)
def test_other_contents_are_another_version(hooked, agent, problem):
    hooked(agent, problem, 1).run_here("studies").assert_outcomes(passed=2)
    assert "2 cached" in hooked(agent, problem, 1).run_here("studies", "--dre-resume").stdout.str()
    hooked(agent, problem, 2).run_here("studies", "--dre-resume").assert_outcomes(passed=2)


def test_what_objects_draw_and_collect_makes_nothing_stale_in_any_process(hooked, mode):
    lab = hooked(AGENTS["object"], PROBLEMS["native"], 1)
    lab.run("studies", *mode).assert_outcomes(passed=2)
    assert len({row["agent_version"] for row in lab.table("hooked", "runs")}) == 1
    assert "2 cached" in lab.words(lab.run("studies", "--dre-resume", *mode))
    lab = hooked(AGENTS["object"], PROBLEMS["native"], 2)
    lab.run("studies", "--dre-resume", *mode).assert_outcomes(passed=2)


EVALUATED = """
study_id: evaluated
title: Judged by a hook
factors: [{name: a, levels: [1, 2]}]
agents: {ag: "./agents.py:ag"}
run_budget: {replicates: REPLICATES}
outcomes: [{name: m, source_table: evaluations, column: m, aggregation: mean}]
"""
EVALUATE = """
def pytest_dre_evaluate(run_spec, packet, output):
    return [{"metric_name": "m", "metric_value": VALUE}]
"""


@pytest.mark.parametrize(
    ("mode", "problem"),
    [(("-pno:xdist",), True), (("-pno:xdist",), False), (("-n2",), True)],
    ids=["with a problem", "without", "n2"],
)
def test_a_changed_evaluate_hook_is_not_mixed_with_the_old(lab, mode, problem):
    study = EVALUATED + ('problems: {p: "./agents.py:p"}\n' if problem else "")
    lab.write("studies/agents.py", "def ag(a):\n    return {'output': a}\n\ndef p():\n    return 'brief'\n")
    lab.write("studies/evaluated.study.yaml", study.replace("REPLICATES", "2"))
    lab.run("studies", *mode).assert_outcomes(passed=4)
    (plain,) = {(row["agent_version"], row["problem_version"]) for row in lab.table("evaluated", "runs")}
    assert "+evaluate:" not in "".join(plain)

    lab.write("studies/conftest.py", EVALUATE.replace("VALUE", "1.0"))
    lab.run("studies", "--dre-resume", *mode).assert_outcomes(passed=4)
    assert "4 cached" in lab.words(lab.run("studies", "--dre-resume", *mode))
    (judged,) = {(row["agent_version"], row["problem_version"]) for row in lab.table("evaluated", "runs")}
    assert ["+evaluate:" in version for version in judged] == [not problem, problem]

    lab.write("studies/conftest.py", EVALUATE.replace("VALUE", "2.0"))
    lab.write("studies/evaluated.study.yaml", study.replace("REPLICATES", "3"))
    lab.run("studies", "--dre-resume", *mode).assert_outcomes(passed=6)
    assert {row["metric_value"] for row in lab.table("evaluated", "evaluations")} == {"2.0"}
