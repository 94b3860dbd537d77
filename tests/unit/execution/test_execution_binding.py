"""From ids to agents and problems: where they are looked up, what is told when it fails, versions."""

import functools
import hashlib
from dataclasses import dataclass

import pytest
import yaml

from pytest_dre.errors import DreError, StudyError
from pytest_dre.execution.binding import names_without_reference, reference_faults
from pytest_dre.execution.run import execute_run
from pytest_dre.model.runs import ProblemPacket
from pytest_dre.model.source import StudySource
from pytest_dre.model.study import Study


def faults_of(lab, *args, **keys):
    with pytest.raises(StudyError) as caught:
        lab.bind(*args, **keys)
    return [str(fault) for fault in caught.value.faults]


def test_all_faults_are_told_at_once_each_at_its_key(lab):
    lab.write("def agent(seed): return 1\ndef broken(zeal, seed): ...")
    lab.write("raise OSError('disk')", "dead.py")
    lab.known_agents, lab.known_problems = ("searcher",), ("vessel",)
    agents = {
        "a": "./lab.py:agnet",
        "b": "./dead.py:x",
        "c": "./lab.py:broken",
        "d": "no_such_module:x",
        "e": "sercher",
    }
    found = faults_of(
        lab,
        agents,
        {"q": "vesel"},
        agent_ids=[*agents, "f"],
        problem_ids=["q", "r"],
        agent_specs=["a", "b", "f"],
        listed=["q", "r"],
    )
    places = ["problems.q", "problem_ids[1]", *[f"agents.{name}" for name in "abcde"], "agent_specs[2]"]
    assert [text.split(": ", 1)[0] for text in found] == places
    text = "\n".join(found)
    for told in (
        "did you mean 'agent'?",
        "importing 'dead.py' failed with OSError: disk (dead.py:1)",
        "'zeal', which nothing supplies",
        "failed with ModuleNotFoundError",
        "unknown agent 'sercher'; did you mean 'searcher'?",
        "unknown agent 'f'",
        "unknown problem 'vesel'; did you mean 'vessel'?",
        "unknown problem 'r'",
    ):
        assert told in text
    assert len(found) == 8


@pytest.mark.parametrize("factor", ["agent_id", "agent", "agent_spec"])
def test_unknown_agent_of_a_factor_is_told_at_its_level(lab, factor):
    lab.factors = {"effort": 1, factor: "nobody"}
    lab.resolve_problem = ProblemPacket
    assert faults_of(lab, agent_ids=["nobody"])[0].startswith("factors[1].levels[0].value: unknown agent 'nobody'")


def test_unknown_problem_of_nowhere(lab):
    lab.resolve_agent = lambda _: lambda seed: 1
    found = faults_of(lab, agent_ids=["a"], problem_ids=["x"])
    assert found == ["unknown problem 'x'; none is known; say under 'problems' what it stands for"]


def test_a_reference_without_its_attribute_is_told_what_there_is(lab):
    lab.write("import os\nsize, _own = 1, 2\nlow: int = 0\nlater: int\nasync def agent(seed): ...\nclass Kind: ...")
    (lab.directory / "pack").mkdir()
    lab.write("", "pack/__init__.py")
    lab.write("if True: pass\ndef go(seed): ...", "pack/tools.py")
    lab.write("def (", "broken.py")
    lab.known_agents = ("searcher",)
    refs = {
        "a": "./lab.py",
        "b": "lab",
        "c": "pack.tools",
        "d": "./lap.py",
        "e": "./pack/__init__.py",
        "f": "broken",
        "g": "gpt-4.1",
        "h": "nobody",
    }
    found = {text.split(":")[0]: text.split("; ", 1)[1] for text in faults_of(lab, refs)}
    defines = "add ':' and the name of what it defines; lab.py defines Kind, agent, low, size"
    assert found["agents.a"] == found["agents.b"] == defines
    assert found["agents.c"] == "add ':' and the name of what it defines; tools.py defines go"
    assert found["agents.d"] == "there is no file 'lap.py'; did you mean 'lab.py'?"
    assert found["agents.e"] == found["agents.f"] == "add ':' and the name of what it defines"
    forms = "write 'module:attribute' or './file.py:attribute', or a name that pytest's hooks know"
    assert found["agents.g"] == found["agents.h"] == forms
    (fault,) = faults_of(lab, agent_ids=["./lab.py"])
    assert fault == f"unknown agent './lab.py'; {defines}"
    with pytest.raises(StudyError, match=r"runner: 'lab' is no reference; add ':'"):
        lab.bind(runner="lab")


def test_advice_on_an_unknown_id_reads_as_one_sentence(lab):
    lab.known_agents = ("searcher",)
    lab.write("def agent(seed): ...")
    found = faults_of(lab, {"other": "./lab.py:agent"}, agent_ids=["sercher", "x"])
    assert found == [
        "unknown agent 'sercher'; did you mean 'searcher'? Else say under 'agents' what it stands for",
        "unknown agent 'x'; known: other, searcher; say under 'agents' what it stands for",
    ]


def test_own_references_are_checked_and_other_names_listed(lab):
    lab.write("def agent(seed, zeal): ...\nproblem = 3\ndef fine(brief): ...")
    data = {
        "study_id": "s",
        "title": "T",
        "factors": [{"name": "agent", "levels": [{"name": "z", "value": "zed"}]}],
        "agents": {"a": "./lab.py:agent", "b": "./lab.py:none", "c": "solver", "d": "./lab.py", "e": "./lab.py:fine"},
        "problems": {"p": "./lab.py:problem", "q": "beam"},
        "agent_specs": ["a", "x"],
        "problem_ids": ["p", "q", "y"],
    }
    source = StudySource(Study.model_validate(data), lab.directory / "s.yaml")
    told = {str(fault).split(": ")[0]: str(fault) for fault in reference_faults(source)}
    assert list(told) == ["problems.p", "agents.a", "agents.b", "agents.d"]
    assert "asks for 'zeal'" in told["agents.a"]
    assert "no attribute 'none'; known: agent, fine, problem" in told["agents.b"]
    assert "int is no problem" in told["problems.p"]
    assert names_without_reference(source) == ["beam", "solver", "x", "y", "zed"]


def test_a_runner_is_checked_like_other_references(lab):
    lab.write("def fine(run_spec): ...")
    study = Study.model_validate({"study_id": "s", "title": "T", "runner": "./lab.py:fine"})
    assert reference_faults(StudySource(study, lab.directory / "s.yaml")) == []
    study = study.model_copy(update={"runner": "./lab.py:fin"})
    (fault,) = reference_faults(StudySource(study, lab.directory / "s.yaml"))
    assert str(fault) == "runner: './lab.py' has no attribute 'fin'; did you mean 'fine'?"
    assert names_without_reference(StudySource(study, None)) == []


def test_order_of_lookup(lab):
    lab.write("def own(seed): return 'own'\ndef direct(seed): return 'direct'")
    lab.resolve_agent = {"a": lambda seed: "hook a", "b": lambda seed: "hook b", "alias": lambda seed: "alias"}.get
    bindings = lab.bind({"a": "./lab.py:own", "c": "alias"}, agent_ids=["a", "b", "c", "./lab.py:direct"])
    texts = [
        execute_run(run, bindings).result.outputs["text"] for run in lab.runs(["a", "b", "c", "./lab.py:direct"], None)
    ]
    assert texts == ["own", "hook b", "alias", "direct"]


def test_failing_hook_and_failing_params_are_faults(lab):
    def broken(name):
        raise (DreError("needs a key") if name == "a" else ValueError("odd"))

    lab.write("def make(size): raise SystemExit(4)\ndef empty(size): ...\nnumber = 3")
    lab.resolve_agent = broken
    bindings = {
        name: {"ref": f"./lab.py:{attribute}", "params": {"size": 1}}
        for name, attribute in (("c", "make"), ("d", "empty"), ("e", "number"))
    }
    found = faults_of(lab, bindings, agent_ids=["a", "b", "c", "d", "e"])
    assert sorted(found) == sorted(
        [
            "needs a key",
            "looking it up failed with ValueError: odd",
            "agents.c: calling './lab.py:make' with its params failed with SystemExit: 4 (lab.py:1)",
            "agents.d: './lab.py:empty', called with its params, returned nothing",
            "agents.e: './lab.py:number' takes no params: int cannot be called",
        ]
    )


@dataclass
class Native:
    brief: str = "Weld a beam."
    family: str = "beams"

    def evaluate(self, answer):
        return {"cost": answer}


PACKET = ProblemPacket("other", "fam", "Do it.")


@pytest.mark.parametrize(
    ("value", "packet"),
    [
        (PACKET, ProblemPacket("p", "fam", "Do it.")),
        (lambda: PACKET, ProblemPacket("p", "fam", "Do it.")),
        ({"brief": "Do it.", "payload": {"a": 1}}, ProblemPacket("p", "unknown", "Do it.", {"a": 1})),
        ("Do it.", ProblemPacket("p", brief="Do it.")),
    ],
)
def test_forms_of_problems(lab, value, packet):
    lab.resolve_agent, lab.resolve_problem = (lambda _: lambda seed: 1), (lambda _: value)
    assert lab.bind(agent_ids=["a"], problem_ids=["p"]).problems["p"].packet == packet


@pytest.mark.parametrize("value", [Native(), Native])
def test_native_problem_objects(lab, value):
    lab.resolve_agent, lab.resolve_problem = (lambda _: lambda problem: {"output": {"x": 3}}), (lambda _: value)
    bindings = lab.bind(agent_ids=["a"], problem_ids=["p"])
    packet = bindings.problems["p"].packet
    assert (packet.family, packet.brief) == ("beams", "Weld a beam.")
    assert isinstance(packet.payload["problem_object"], Native)
    result = execute_run(lab.runs(["a"], ["p"])[0], bindings).result
    assert (result.primary_outcome, result.problem_family) == (3, "beams")


def test_native_problem_without_any_description(lab):
    lab.resolve_agent, lab.resolve_problem = (lambda _: lambda problem: 1), (lambda _: object())
    packet = lab.bind(agent_ids=["a"], problem_ids=["p"]).problems["p"].packet
    assert (packet.family, packet.brief, packet.evaluator, packet.metadata) == ("unknown", "", None, {})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"breif": "x"}, "'breif' is no field of a problem packet; did you mean 'brief'?"),
        ({"brief": 3}, "brief must be a text, not int"),
        ({"payload": [1]}, "payload must be a map, not list"),
        ({"evaluator": "judge"}, "evaluator must be callable, not str"),
        (3, "int is no problem"),
        (lambda: None, "NoneType is no problem"),
        (lambda size: PACKET, "cannot be called without arguments (missing a required argument: 'size'); give params"),
        (lambda: 1 / 0, "making the problem failed with ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_problem(lab, value, told):
    lab.resolve_agent, lab.resolve_problem = (lambda _: lambda seed: 1), (lambda _: value)
    assert told in faults_of(lab, agent_ids=["a"], problem_ids=["p"])[0]


def test_builtin_factory_without_signature(lab):
    lab.resolve_agent, lab.resolve_problem = (lambda _: lambda seed: 1), (lambda _: dict)
    assert lab.bind(agent_ids=["a"], problem_ids=["p"]).problems["p"].packet == ProblemPacket("p")


def test_problem_params_and_factories_are_called_once(lab):
    lab.write("""
        from pytest_dre.model.runs import ProblemPacket
        calls = []
        def make(size=1):
            calls.append(size)
            return ProblemPacket("x", brief=str(calls))
        async def later():
            return ProblemPacket("x", brief="later")
        def agent(brief): return brief
    """)
    problems = {"p": {"ref": "./lab.py:make", "params": {"size": 4}}, "q": "./lab.py:later"}
    bindings = lab.bind({"a": "./lab.py:agent"}, problems)
    texts = [execute_run(run, bindings).result.outputs["text"] for run in lab.runs(["a"], ["p", "q"], count=2)]
    assert texts == ["[4]", "later", "[4]", "later"]


def short_hash(*contents):
    return "sha256:" + hashlib.sha256(b"".join(contents)).hexdigest()[:12]


def test_versions_of_agents(lab):
    code = """
        import functools
        from helper import Helper
        def plain(seed): return 1
        @functools.wraps(plain)
        def wrapper(*args, **kwargs): return plain(*args, **kwargs)
        partial = functools.partial(plain)
        class Solver:
            def run(self, seed): return 1
        solver = Solver()
        helper = Helper()
        versioned = Solver()
        versioned.version = "3.1"
        def make(size): return plain
    """
    lab.write("class Helper:\n    def run(self, seed): return 1\n", "helper.py")
    lab.write(code)
    refs = {
        name: f"./lab.py:{name}" for name in ("plain", "wrapper", "partial", "Solver", "solver", "helper", "versioned")
    }
    bindings = lab.bind(
        {
            **refs,
            "declared": {"ref": "./lab.py:plain", "version": "7"},
            "made": {"ref": "./lab.py:make", "params": {"size": 1}},
            "other": {"ref": "./lab.py:make", "params": {"size": 2}},
        }
    )
    versions = {name: agent.version for name, agent in bindings.agents.items()}
    own = short_hash((lab.directory / "lab.py").read_bytes())
    for name in ("plain", "wrapper"):
        assert versions[name] == f"{own}@plain"
    assert versions["partial"].startswith(f"{own}@plain+data:")
    for name in ("Solver", "solver"):
        assert versions[name] == f"{own}@Solver"
    both = short_hash((lab.directory / "helper.py").read_bytes(), (lab.directory / "lab.py").read_bytes())
    assert versions["helper"] == f"{both}@Helper"
    assert (versions["versioned"], versions["declared"]) == ("3.1@Solver", "7@plain")
    assert versions["made"].startswith(f"{own}@plain+params:")
    assert versions["made"] != versions["other"]


def test_versions_of_installed_and_builtin_code(lab):
    lab.resolve_agent = {"print": print, "dump": functools.partial(yaml.safe_dump, "x")}.get
    bindings = lab.bind(agent_ids=["print", "dump"])
    assert bindings.agents["print"].version == "unknown@print"
    assert bindings.agents["dump"].version.startswith(f"PyYAML {yaml.__version__}@safe_dump+data:")


def test_versions_of_problems(lab):
    lab.write("""
        from pytest_dre.model.runs import ProblemPacket
        def judge(answer): return 1
        data = {"brief": "x", "evaluator": judge}
        def make(): return ProblemPacket("x")
        def agent(seed): return 1
    """)
    own = short_hash((lab.directory / "lab.py").read_bytes())
    names = {"data": "./lab.py:data", "make": "./lab.py:make"}
    bindings = lab.bind({"a": "./lab.py:agent"}, names)
    assert bindings.problems["make"].version == f"{own}@make"
    assert bindings.problems["data"].version.startswith(f"{own}@judge+data:")


def test_problems_made_of_data_differ_by_their_content(lab):
    lab.write("def agent(seed): return 1\n")

    def version(**fields):
        lab.resolve_problem = lambda name: ProblemPacket(name, **fields)
        return lab.bind({"a": "./lab.py:agent"}, problem_ids=["q"]).problems["q"].version

    assert version(brief="one") == version(brief="one")
    assert len({version(brief="one"), version(brief="two"), version(payload={"x": 1})}) == 3


def test_functions_of_one_file_are_not_the_same_agent(lab):
    lab.write("""
        import functools
        def good(seed): return 1
        def bad(seed): return -1
        def make(step):
            def made(seed): return step
            return made
        one, two = make(1), make(2)
        plus, minus = functools.partial(good, 1), functools.partial(good, -1)
        first = lambda seed: 1
        second = lambda seed: 2
    """)
    names = ("good", "bad", "one", "two", "plus", "minus", "first", "second")
    bindings = lab.bind({name: f"./lab.py:{name}" for name in names})
    assert len({agent.version for agent in bindings.agents.values()}) == len(names)


def test_what_an_agent_collects_as_it_runs_is_no_other_version(lab):
    lab.write("""
        def make():
            log = []
            def made(seed): log.append(seed)
            return made, log
        agent, log = make()
    """)
    before = lab.bind({"a": "./lab.py:agent"}).agents["a"]
    before.target(1)
    assert lab.bind({"a": "./lab.py:agent"}).agents["a"].version == before.version


def test_module_reference_has_its_file_as_origin(lab, monkeypatch):
    lab.write("class Kind:\n    def run(self, seed): return 1\nagent = Kind()\n", "lab_module_origin.py")
    bindings = lab.bind({"a": "lab_module_origin:agent"})
    assert bindings.agents["a"].version == (short_hash((lab.directory / "lab_module_origin.py").read_bytes()) + "@Kind")
