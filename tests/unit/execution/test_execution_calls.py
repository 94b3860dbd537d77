"""How agents are called: parameter names, positions, builders, classes, async."""

import asyncio

import pytest

from pytest_dre.errors import StudyError
from pytest_dre.execution.run import execute_run
from pytest_dre.model.runs import ProblemPacket


def fault(lab, code, problems=("p",)):
    lab.write(code)
    lab.resolve_problem = ProblemPacket
    with pytest.raises(StudyError) as caught:
        lab.bind({"a": "./lab.py:agent"}, problem_ids=list(problems))
    return str(caught.value)


def test_every_contract_name_is_supplied(lab):
    result = lab.result("""
        def agent(
            problem_packet, problem, brief, run_spec, condition, seed, prompt, input, request_id, dependencies, rng
        ):
            return {"output": dict(
                packet=problem_packet.problem_id, same=problem is problem_packet, brief=brief, run=run_spec.run_id,
                shared=run_spec.condition is condition, effort=condition.factor_assignments["effort"], seed=seed,
                prompt=prompt, input=input, request=request_id, names=sorted(dependencies), draw=rng.integers(1000),
            )}
    """)
    import numpy as np

    assert result.outputs == {
        "packet": "p",
        "same": True,
        "brief": "Find x.",
        "run": "run-a-p-1",
        "shared": True,
        "effort": 3,
        "seed": 41,
        "prompt": "Find x.",
        "input": "Find x.",
        "request": "run-a-p-1",
        "names": ["condition", "problem_packet", "run_spec", "seed"],
        "draw": int(np.random.default_rng(41).integers(1000)),
    }


def test_native_problem_object_is_handed_over_itself(lab):
    native = object()
    lab.write(
        "def agent(problem, prompt, input, dependencies): return {'output': {'all': [problem, prompt, input, "
        "dependencies['problem']]}}"
    )
    lab.resolve_problem = lambda name: ProblemPacket(name, payload={"problem_object": native}, evaluator=seen.append)
    seen = []
    bindings = lab.bind({"a": "./lab.py:agent"}, problem_ids=["p"])
    execute_run(lab.runs(["a"], ["p"])[0], bindings)
    assert seen == [{"all": [native] * 4}]


def test_factors_and_blocks_are_parameters_but_contract_names_win(lab):
    lab.factors = {"effort": 3, "seed": 99}
    lab.blocks = {"site": "north"}
    result = lab.result("def agent(effort, site, seed, verbose=False): return f'{effort} {site} {seed} {verbose}'")
    assert result.outputs == {"text": "3 north 41 False"}


def test_prompt_may_be_a_factor_where_there_is_no_problem(lab):
    lab.factors = {"prompt": "terse"}
    assert lab.result("def agent(prompt): return prompt", problem=None).outputs == {"text": "terse"}


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("a, b", "ProblemPacket int"),
        ("a, b=7", "ProblemPacket int"),
        ("a=None", "ProblemPacket"),
        ("*a", "ProblemPacket int"),
        ("seed, /", "int"),
        ("", ""),
    ],
)
def test_agents_that_name_no_input_get_packet_and_seed_by_position(lab, signature, shown):
    names = "a, b" if "b" in signature else signature.split("=")[0].replace(", /", "")
    code = f"""
        def agent({signature}):
            return " ".join(type(item).__name__ for item in ({names}{"," if names else ""}))
    """
    assert lab.result(code).outputs == {"text": shown}


def test_default_of_a_second_positional_parameter_stands(lab):
    assert lab.result("def agent(task, tries=7): return tries").outputs == {"text": "7"}


def test_keyword_rest_gets_all_other_names(lab):
    result = lab.result("def agent(seed, **rest): return {'output': {'names': sorted(rest)}}")
    problem_names = {"problem_packet", "problem", "brief", "prompt", "input"}
    others = {"run_spec", "condition", "request_id", "dependencies", "rng", "effort"}
    assert set(result.outputs["names"]) == problem_names | others


def test_position_and_keyword_rest_together(lab):
    assert lab.result("def agent(task, other, **rest): return len(rest)").outputs == {"text": "12"}


def test_callable_that_hides_its_signature_gets_the_packet(lab):
    code = "def agent(*given): return len(given)\nagent.__signature__ = 3"
    assert lab.result(code).outputs == {"text": "1"}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def agent(sede, brief): ...", "'sede', which nothing supplies; did you mean 'seed'?"),
        ("def agent(brief, *, quality): ...", "'quality', which nothing supplies"),
        ("def agent(a, b, c): ...", "'./lab.py:agent' asks for 'a', 'b' and 'c', which nothing supplies; known: "),
        (
            "def agent(sede, breif, zeal, seed): ...",
            "asks for 'sede', 'breif' and 'zeal', which nothing supplies; "
            "did you mean 'seed' for 'sede' and 'brief' for 'breif'?",
        ),
        ("agent = object()", "'./lab.py:agent': an object of type object is no agent"),
        ("def agent(*, zeal): ...", "'zeal', which nothing supplies"),
        ("agent = 3", "'./lab.py:agent': the int 3 is no agent; an agent is callable or has a method 'run'"),
        ("class agent: pass", "instances of agent are no agents; give the class a method 'run'"),
        (
            "class agent:\n    def __init__(self, a, b): ...\n    def run(self): ...",
            "'a' and 'b', which nothing supplies",
        ),
        ("class agent:\n    def run(self, seed, zeal): ...", "'zeal', which nothing supplies"),
        ("agent = None", "'./lab.py:agent' is None, no agent"),
    ],
)
def test_what_nothing_supplies_is_a_fault_at_binding(lab, code, told):
    message = fault(lab, code)
    assert message.startswith("agents.a: ")
    assert told in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        ("brief, seed", "asks for 'brief', but the study has no problems"),
        ("brief", "asks for 'brief', but the study has no problems"),
        ("a, b", "asks for 'a' and 'b', which nothing supplies (the study has no problems"),
    ],
)
def test_study_without_problems_supplies_nothing_about_them(lab, signature, told):
    assert told in fault(lab, f"def agent({signature}): ...", problems=())


@pytest.mark.parametrize("signature", ["*args", "task=None"])
def test_optional_positions_stay_empty_without_problems(lab, signature):
    name = signature.strip("*").split("=")[0]
    assert lab.result(f"def agent({signature}): return {name} or 'nothing'", problem=None).outputs == {
        "text": "nothing"
    }


def test_builder_gets_the_condition_and_returns_the_agent(lab):
    result = lab.result("""
        class Solver:
            agent_kind = "solver"
            def __init__(self, effort):
                self.effort = effort
            def run(self, brief):
                return f"{brief} {self.effort}"

        def agent(config):
            return Solver(config.factor_assignments["effort"])
    """)
    assert result.outputs == {"text": "Find x. 3"}
    assert result.agent_kind == "solver"


@pytest.mark.parametrize(
    "made",
    ["lambda task: type(task).__name__", "functools.partial(lambda extra, task: type(task).__name__, 1)"],
)
def test_result_of_a_builder_is_never_a_builder(lab, made):
    code = f"import functools\ndef agent(config): return {made}"
    assert lab.result(code).outputs == {"text": "ProblemPacket"}
    lab.write(code, "twice.py")
    bindings = lab.bind({"a": "./twice.py:agent"}, problem_ids=["p"])
    for run in lab.runs(["a"], ["p"], count=3):
        assert execute_run(run, bindings).result.outputs == {"text": "ProblemPacket"}


def test_one_parameter_agent_that_returns_data_is_told_about_builders(lab):
    result = lab.execute("def agent(task): return {'output': 1}").result
    assert result.status == "failed"
    assert "'task' is no input's name" in result.error_info
    assert "'problem_packet'" in result.error_info


def test_agent_of_a_builder_that_asks_too_much_fails_the_run(lab):
    result = lab.execute("def agent(config): return lambda seed, zeal: 1").result
    assert (
        result.error_info
        == "SignatureProblem: asks for 'zeal', which nothing supplies; " + result.error_info.split("; ", 1)[1]
    )


def test_optional_second_parameter_makes_an_agent_no_builder(lab):
    assert lab.result("def agent(task, loud=False): return task.problem_id").outputs == {"text": "p"}


def test_class_is_made_anew_for_each_run_with_what_its_constructor_names(lab):
    lab.write("""
        class agent:
            def __init__(self, effort, tools=()):
                self.effort, self.calls = effort, 0
            def run(self, seed):
                self.calls += 1
                return f"{self.effort} {self.calls} {seed}"
    """)
    lab.resolve_problem = ProblemPacket
    bindings = lab.bind({"a": "./lab.py:agent"}, problem_ids=["p"])
    texts = [execute_run(run, bindings).result.outputs["text"] for run in lab.runs(["a"], ["p"], count=2)]
    assert texts == ["3 1 41", "3 1 42"]


@pytest.mark.parametrize(
    "body",
    [
        "def __call__(self, seed): return seed",
        "@staticmethod\n    def run(seed): return seed",
        "@classmethod\n    def run(cls, seed): return seed",
        "def run(self, seed): return seed\n    def __call__(self): return 'called'",
    ],
)
def test_forms_of_agent_classes_and_objects(lab, body):
    assert lab.result(f"class agent:\n    {body}").outputs == {"text": "41"}
    lab.write(f"class Kind:\n    {body}\nagent = Kind()", "instance.py")
    result = execute_run(lab.runs(["a"], ["p"])[0], lab.bind({"a": "./instance.py:agent"}, problem_ids=["p"])).result
    assert result.outputs == {"text": "41"}


def test_class_of_one_other_parameter_is_a_builder(lab):
    result = lab.result("""
        class agent:
            def __init__(self, settings):
                self.effort = settings.factor_assignments["effort"]
            def run(self, task):
                return f"{self.effort} {task.problem_id}"
    """)
    assert result.outputs == {"text": "3 p"}


def test_partial_and_params(lab):
    lab.write("""
        import functools
        def solve(step, seed): return f"{step} {seed}"
        agent = functools.partial(solve, 5)
        def make(step):
            return lambda task: f"{step} {task.problem_id}"
    """)
    lab.resolve_problem = ProblemPacket
    bindings = lab.bind(
        {"a": "./lab.py:agent", "b": {"ref": "./lab.py:make", "params": {"step": 2}}}, problem_ids=["p"]
    )
    texts = [execute_run(run, bindings).result.outputs["text"] for run in lab.runs(["a", "b"], ["p"])]
    assert texts == ["5 41", "2 p"]


def test_async_agent_evaluator_and_builder(lab):
    async def judge(answer):
        await asyncio.sleep(0)
        return {"score": len(answer["text"])}

    code = """
        import asyncio
        async def agent(seed):
            await asyncio.sleep(0)
            return "done"
    """
    packet = ProblemPacket("p", evaluator=judge)
    result = lab.result(code, problem=packet)
    assert (result.outputs, result.primary_outcome) == ({"text": "done"}, 4)
    assert result.events[0]["text"] == "done"


def test_async_agent_under_a_running_loop(lab):
    code = """
        async def agent(seed):
            if seed == 41:
                raise SystemExit(3)
            return seed
    """

    async def notebook():
        return lab.execute(code).result, lab.execute(code.replace("41", "40")).result

    lab_results = asyncio.run(notebook())
    # The file has changed in between: the second run has the agent as it is now.
    assert [result.error_info for result in lab_results] == ["SystemExit: 3", None]


def test_async_result_under_a_running_loop(lab):
    async def notebook():
        return lab.execute("async def agent(seed): return seed").result

    assert asyncio.run(notebook()).outputs == {"text": "41"}


def test_runner_gets_run_spec_and_condition(lab):
    lab.write("""
        from pytest_dre.model.runs import RunOutput
        def positional(spec, where):
            return RunOutput({"run": spec.run_id, "condition": where.condition_id}, {"wins": 2})
        async def named(rng, effort, condition):
            return {"output": {"effort": effort}, "metrics": {"draw": rng.random()}}
        def nothing(run_spec, condition): return None
        def greedy(brief): ...
    """)
    run = lab.runs(None, None)[0]
    result = execute_run(run, lab.bind(runner="./lab.py:positional")).result
    assert (result.outputs, result.metrics["wins"]) == ({"run": run.run_id, "condition": "cond-1"}, 2)
    assert (result.agent_id, result.problem_id, list(result.versions)) == (None, None, ["runner"])
    assert execute_run(run, lab.bind(runner="./lab.py:named")).result.outputs == {"effort": 3}
    failed = execute_run(run, lab.bind(runner="./lab.py:nothing")).result
    assert (failed.status_reason, failed.error_info) == (
        "invalid_output",
        "InvalidOutput: a runner returns a RunOutput or a map, not NoneType",
    )
    with pytest.raises(StudyError, match=r"^runner: './lab.py:greedy' asks for 'brief', but the study has no problems"):
        lab.bind(runner="./lab.py:greedy")
    with pytest.raises(StudyError, match="the study has no agents"):
        lab.bind()
    with pytest.raises(LookupError, match="has no agent"):
        execute_run(run, lab.bind({"a": "./lab.py:named"}))


def test_agents_get_copies(lab):
    lab.write("""
        def agent(condition, run_spec, problem_packet, effort):
            seen = [list(effort), dict(problem_packet.payload), list(problem_packet.payload["low"])]
            effort.append("changed")
            condition.metadata["design"]["row"] = 2
            run_spec.condition.factor_assignments.clear()
            problem_packet.payload["low"].append(9)
            problem_packet.payload["new"] = 1
            problem_packet.payload["tags"].add(1)
            return {"output": {"seen": str(seen)}}
    """)
    lab.factors = {"effort": [1, (2, [3])]}
    lab.resolve_problem = lambda name: ProblemPacket(name, payload={"low": [1], "tags": {5}})
    bindings = lab.bind({"a": "./lab.py:agent"}, problem_ids=["p"])
    runs = lab.runs(["a"], ["p"], count=2)
    first, second = (execute_run(run, bindings).result for run in runs)
    assert first.error_info is None
    assert first.outputs == second.outputs
    assert runs[0].condition.metadata == {"design": {"row": 1}}
