"""What agents return, what goes wrong, and what a result then says."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from pytest_dre.execution.failures import describe
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.execution.run import execute_run
from pytest_dre.model.runs import ProblemPacket, RunResult, RunStatus, agent_result


def run_value(lab, value, **options):
    """Execute an agent that returns `value`."""
    lab.resolve_agent = lambda _: lambda seed: value
    packet = options.pop("problem", ProblemPacket("p", "family-a"))
    lab.resolve_problem = lambda _: packet
    bindings = lab.bind(agent_ids=["a"], problem_ids=["p"], agent_specs=["a"])
    return execute_run(lab.runs(["a"], ["p"])[0], bindings, **options).result


@dataclass
class Envelope:
    output: object
    metrics: object = None
    metadata: object = None


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        ({"output": {"x": 1}}, {"x": 1}),
        ({"outputs": {"x": 1}, "metrics": None}, {"x": 1}),
        ({"text": "hello"}, {"text": "hello"}),
        ({"output": "hello"}, {"text": "hello"}),
        ({"output": [1, 2]}, {"answer": [1, 2]}),
        ({"output": None}, {}),
        ({"candidate": [1], "metrics": {"n": 1}}, {"candidate": [1]}),
        ("hello", {"text": "hello"}),
        (7, {"text": "7"}),
        (None, {"text": "None"}),
        (Envelope({"x": 1}, {"cost_usd": 0.5}), {"x": 1}),
        (SimpleNamespace(success=True, output="yes"), {"text": "yes"}),
        (agent_result({"x": 1}, cost_usd=0.1), {"x": 1}),
    ],
)
def test_forms_of_output(lab, value, outputs):
    result = run_value(lab, value)
    assert result.outputs == outputs
    assert result.status == "success"


def test_parts_of_a_map_are_kept(lab):
    event = {"event_type": "tool_call", "text": "search", "actor_id": "a1"}
    value = {
        "output": {"x": 1},
        "metrics": {"cost_usd": 0.25, "input_tokens": 10, "mine": 1.5, "primary_outcome": 9},
        "events": [event, {"event_type": "step", "actor_id": "a2"}, {"event_type": "note"}],
        "trace_refs": "trace.json",
        "metadata": {"agent_kind": "llm", "pattern_name": "debate", "model_name": "m-1"},
        "session": "s-9",
    }
    result = run_value(lab, value)
    assert result.events[0] == event
    assert result.trace_refs == ["trace.json"]
    assert (result.agent_kind, result.pattern_name, result.model_name) == ("llm", "debate", "m-1")
    assert result.metadata["session"] == "s-9"
    latency = result.metrics["latency_s"]
    assert latency == result.latency_s > 0
    assert result.metrics == {
        "cost_usd": 0.25,
        "input_tokens": 10,
        "mine": 1.5,
        "primary_outcome": 9,
        "tool_call_count": 1,
        "step_event_count": 2,
        "unique_actor_count": 2,
        "latency_s": latency,
        "output_tokens": 0,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hi", "hi"),
        ({"output": {"answer": "Rome"}}, "Rome"),
        ({"output": {"x": [1, "é"]}}, '{"x": [1, "é"]}'),
        ({}, ""),
    ],
)
def test_an_agent_without_events_has_put_out_its_answer(lab, value, text):
    assert run_value(lab, value).events == [{"event_type": "assistant_output", "text": text, "actor_id": "agent"}]


def test_result_object_with_a_models_response(lab):
    response = SimpleNamespace(model="gpt-x", usage={"prompt_tokens": 12, "completion_tokens": 3})
    value = SimpleNamespace(
        success=True,
        output={"final_output": {"x": 2}, "metrics": {"cost_usd": 1}, "events": [{"event_type": "step"}]},
        metadata={"agent_kind": "react"},
        model_response=response,
    )
    result = run_value(lab, value)
    assert (result.outputs, result.model_name, result.agent_kind) == ({"x": 2}, "gpt-x", "react")
    assert [result.metrics[key] for key in ("input_tokens", "output_tokens", "cost_usd", "step_event_count")] == [
        12,
        3,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"error": "no tools"}, "no tools"),
        ({"metadata": {"error_message": "quota"}}, "quota"),
        ({}, "the agent reported no success"),
    ],
)
def test_result_object_without_success_fails_the_run_and_keeps_its_output(lab, more, told):
    value = SimpleNamespace(
        **{"success": False, "output": {"x": 1}, "metadata": {}, "metrics": {"cost_usd": 2}, **more}
    )
    result = run_value(lab, value, problem=ProblemPacket("p", evaluator=lambda _: 1 / 0))
    assert (result.status, result.status_reason) == ("failed", "agent_error")
    assert result.error_info == f"AgentFailure: {told}"
    assert (result.outputs, result.cost_usd) == ({"x": 1}, 2)


AMOUNT = "the metric 'cost_usd' must be finite and not below 0"
UNCOUNTED = "what the run spent is unknown and counts in no budget"


class BadMap(dict):
    def items(self):
        raise OSError("gone")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"output": 1, "metrics": [1]}, "metrics must be a map, not list"),
        ({"output": 1, "metadata": "x"}, "metadata must be a map, not str"),
        ({"output": 1, "events": 3}, "events must be a list of maps, not int"),
        ({"output": 1, "events": [{}, "step"]}, "events must be a list of maps, but item 1 is str"),
        ({"output": 1, "trace_refs": {"a": 1}}, "trace_refs must be a list of texts, not dict"),
        ({"output": 1, "metrics": {"cost_usd": "cheap"}}, "the metric 'cost_usd' must be a number, not str"),
        ({"output": 1, "metrics": {"cost_usd": True}}, "the metric 'cost_usd' must be a number, not bool"),
        ({"output": 1, "metrics": {"cost_usd": math.nan}}, f"{AMOUNT}, but is nan; {UNCOUNTED}"),
        ({"output": 1, "metrics": {"cost_usd": Decimal("sNaN")}}, f"{AMOUNT}, but is nan; {UNCOUNTED}"),
        ({"output": 1, "metrics": {"cost_usd": np.float64("inf")}}, f"{AMOUNT}, but is inf; {UNCOUNTED}"),
        ({"output": 1, "metrics": {"cost_usd": -4.0}}, f"{AMOUNT}, but is -4.0; {UNCOUNTED}"),
        ({"output": 1, "metrics": {"cost_usd": 10**400}}, f"{AMOUNT}, but is 1000"),
        ({"output": 1, "metrics": {"output_tokens": -1}}, "the metric 'output_tokens' must be finite and not below 0"),
        ({"output": BadMap(a=1)}, "output cannot be read: "),
        ((item for item in "ab"), "a generator was returned; return the output itself"),
    ],
)
def test_malformed_parts_fail_the_run(lab, value, told):
    result = run_value(lab, value)
    assert (result.status, result.status_reason) == ("failed", "invalid_output")
    assert result.error_info.startswith(f"InvalidOutput: {told}")
    assert result.outputs == {}
    assert result.metrics["cost_usd"] == 0


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (Decimal("1.25"), 1.25),
        (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array(2.0), 2),
        (Decimal(0), 0),
    ],
)
def test_costs_and_tokens_may_be_any_numbers(lab, number, value):
    result = run_value(lab, {"metrics": {"cost_usd": number, "input_tokens": number, "primary_outcome": number}})
    assert (result.status, result.cost_usd, result.primary_outcome) == ("success", value, value)
    assert result.spending.tokens == int(value)
    assert type(result.metrics["cost_usd"]) in (int, float)


def test_no_run_pays_back_what_others_spent(lab):
    metrics = {"cost_usd": -4.0, "input_tokens": 3, "output_tokens": -2}  # an earlier release has let them through
    result = RunResult.of(lab.runs(["a"], [])[0], RunStatus.SUCCESS, metrics=metrics)
    assert (result.cost_usd, result.spending.tokens) == (0, 3)


def test_trace_refs_become_texts(lab):
    assert run_value(lab, {"trace_refs": ["a", 2]}).trace_refs == ["a", "2"]


@pytest.mark.parametrize(
    ("raised", "info"),
    [
        ("ValueError('two\\nlines')", "ValueError: two lines"),
        ("SystemExit(2)", "SystemExit: 2"),
        ("GeneratorExit", "GeneratorExit"),
        ("asyncio.CancelledError", "CancelledError"),
    ],
)
def test_exceptions_fail_the_run_only(lab, raised, info):
    execution = lab.execute(f"import asyncio\ndef agent(seed):\n    raise {raised}")
    result = execution.result
    assert (result.status, result.status_reason, result.error_info) == ("failed", "agent_error", info)
    assert type(execution.error).__name__ in info
    assert result.latency_s > 0
    assert result.start_time <= result.end_time
    assert result.events == []
    assert RunResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result


def test_traceback_shows_the_agents_frames_and_causes_only(lab):
    result = lab.execute("""
        def helper():
            raise KeyError("deep")
        async def agent(seed):
            try:
                helper()
            except KeyError as error:
                raise RuntimeError("shallow") from error
    """).result
    assert "in helper" in result.traceback
    assert "in agent" in result.traceback
    assert "The above exception was the direct cause" in result.traceback
    assert "pytest_dre" not in result.traceback
    assert "asyncio" not in result.traceback


def test_traceback_of_an_exception_group(lab):
    result = lab.execute("""
        def agent(seed):
            raise ExceptionGroup("many", [ValueError("one")])
    """).result
    assert "ValueError: one" in result.traceback


def test_long_texts_are_cut_between_words_so_that_no_half_of_a_key_stays():
    key = "sk-0123456789abcdef"
    for fill in range(1900, 2000):
        text = describe(ValueError("x " * (fill // 2) + key + " y" * 99))
        assert "sk" not in text.replace(key, "")
    text = describe(ValueError("a" * 1990 + " " + key + " b" * 99))
    assert text.endswith("a…")


def test_error_texts_are_bounded(lab):
    result = lab.execute("def agent(seed): raise ValueError('x' * 200_000)").result
    assert len(result.error_info) == 2000
    assert result.error_info.endswith("…")
    assert len(result.traceback) < 51_000


def test_exception_that_cannot_be_shown(lab):
    result = lab.execute("""
        class Rude(Exception):
            def __str__(self):
                raise TypeError
        def agent(seed):
            raise Rude
    """).result
    assert result.error_info == "Rude: <Rude>"


def test_caller_may_classify_a_failure(lab):
    classify = lambda error: "timeout" if isinstance(error, TimeoutError) else None  # noqa: E731
    assert lab.execute("def agent(seed): raise TimeoutError", classify=classify).result.status_reason == "timeout"
    lab.write("def agent(seed): raise OSError", "second.py")
    bindings = lab.bind({"a": "./second.py:agent"}, problem_ids=["p"])
    result = execute_run(lab.runs(["a"], ["p"])[0], bindings, classify=classify).result
    assert result.status_reason == "agent_error"


def test_labels_from_the_agent_and_from_a_property_that_fails(lab):
    result = lab.result("""
        class Agent:
            agent_kind = "hill_climber"
            pattern_name = 3
            @property
            def model_name(self):
                raise OSError
            def run(self, seed):
                return 1
        agent = Agent()
    """)
    assert (result.agent_kind, result.pattern_name, result.model_name) == ("hill_climber", "unknown", "unknown")
    assert result.problem_family == "family-a"


@dataclass
class Marks:
    score: float
    feasible: bool
    note: str = "fine"


@pytest.mark.parametrize(
    ("returned", "rows"),
    [
        (None, []),
        (0.5, [("score", 0.5)]),
        (True, [("score", True)]),
        ({"a": 1, "b": False, "note": "x", "higher_is_better": True}, [("a", 1), ("b", False)]),
        ({"metric_name": "m", "metric_value": 2}, [("m", 2)]),
        ([{"metric_name": "m", "metric_value": 2}, {"a": 1}, 3], [("m", 2), ("a", 1), ("score", 3)]),
        (Marks(1.5, True), [("score", 1.5), ("feasible", True)]),
        (SimpleNamespace(a=1, _b=2), [("a", 1)]),
        ({"a": Decimal("0.5"), "b": Fraction(1, 4)}, [("a", 0.5), ("b", 0.25)]),
        (Decimal("1.5"), [("score", 1.5)]),
    ],
)
def test_forms_of_evaluation(lab, returned, rows):
    result = run_value(lab, "x", problem=ProblemPacket("p", evaluator=lambda answer: returned))
    assert [(row["metric_name"], row["metric_value"]) for row in result.evaluations] == rows
    assert result.primary_outcome == (rows[0][1] if rows else None)


def test_named_tuples_pydantic_models_and_numpy_numbers_are_evaluations(lab):
    from collections import namedtuple

    import numpy as np
    from pydantic import BaseModel

    class Model(BaseModel):
        loss: float

    pair = namedtuple("pair", "gain")(np.float64(2))
    returned = [pair, Model(loss=1), np.float32(0.5), np.array(4)]
    result = run_value(lab, "x", problem=ProblemPacket("p", evaluator=lambda answer: returned))
    values = [(row["metric_name"], row["metric_value"]) for row in result.evaluations]
    assert values == [("gain", 2.0), ("loss", 1.0), ("score", 0.5), ("score", 4)]
    assert all(type(value) in (float, int) for _, value in values)


def test_rows_are_complete(lab):
    def judge(answer):
        return [
            {"metric_name": "m", "metric_value": 1, "metric_unit": "kg", "notes_json": {"a": (1,)}, "extra": 1},
            {"n": 2},
        ]

    result = run_value(lab, "x", problem=ProblemPacket("p", evaluator=judge))
    assert result.evaluations == [
        {
            "evaluator_id": "judge",
            "metric_name": "m",
            "metric_value": 1,
            "metric_unit": "kg",
            "aggregation_level": "run",
            "notes_json": {"a": [1]},
            "extra": 1,
        },
        {
            "evaluator_id": "judge",
            "metric_name": "n",
            "metric_value": 2,
            "metric_unit": "unitless",
            "aggregation_level": "run",
            "notes_json": {},
        },
    ]


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ({"x": 1, "answer": 2, "candidate": 3}, 3),
        ({"x": 1, "final_answer": 2}, 2),
        ({"y": 1}, {"y": 1}),
        ([1, 2], [1, 2]),
        ("text", {"text": "text"}),
    ],
)
def test_evaluator_gets_the_answer(lab, output, given):
    seen = []
    run_value(lab, {"output": output}, problem=ProblemPacket("p", evaluator=seen.append))
    assert seen == [given]


def test_evaluator_gets_the_agents_own_objects(lab):
    native = object()
    seen = []
    result = run_value(lab, {"candidate": native}, problem=ProblemPacket("p", evaluator=seen.append))
    assert seen == [native]
    assert result.outputs == {"candidate": "<object object>"}, "without an address, which differs between processes"


@pytest.mark.parametrize(
    ("evaluator", "info"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda _: "good", "InvalidEvaluation: an evaluator returns a number, a map of numbers or rows, not str"),
    ],
)
def test_failed_evaluation_keeps_what_the_agent_did(lab, evaluator, info):
    value = {"output": {"x": 1}, "metrics": {"cost_usd": 2}}
    result = run_value(lab, value, problem=ProblemPacket("p", evaluator=evaluator))
    assert (result.status, result.status_reason, result.error_info) == ("failed", "evaluation_error", info)
    assert (result.outputs, result.cost_usd, len(result.events)) == ({"x": 1}, 2, 1)


def test_callable_object_is_an_evaluator_named_after_the_problem(lab):
    class Judge:
        def __call__(self, answer):
            return 1

    result = run_value(lab, "x", problem=ProblemPacket("p", evaluator=Judge()))
    assert result.evaluations[0]["evaluator_id"] == "p"


def test_further_evaluation_of_the_caller(lab):
    def more(run, packet, outputs):
        return [{"length": len(outputs["text"]), "evaluator_id": packet.problem_id + "-more"}]

    result = run_value(lab, "abc", problem=ProblemPacket("p", evaluator=lambda _: 1), evaluate_more=more)
    assert [(row["evaluator_id"], row["metric_value"]) for row in result.evaluations][1] == ("p-more", 3)

    result = run_value(lab, "abc", evaluate_more=lambda *_: 1 / 0)
    assert (result.status_reason, result.outputs) == ("evaluation_error", {"text": "abc"})


def test_values_stay_what_they_were(lab):
    outputs = {"nan": math.nan, "inf": math.inf, "none": None, "deep": {"a": [1, {"b": 'ü,\n"😀'}]}}
    result = run_value(lab, {"output": outputs})
    assert math.isnan(result.outputs["nan"])
    assert {**result.outputs, "nan": 0} == {**outputs, "nan": 0}


def test_fingerprint_covers_run_seed_and_versions(lab):
    lab.resolve_problem = ProblemPacket
    lab.write("def agent(seed): return 1")
    old = lab.bind({"a": {"ref": "./lab.py:agent", "version": "1"}}, problem_ids=["p"])
    new = lab.bind({"a": {"ref": "./lab.py:agent", "version": "2"}}, problem_ids=["p"])
    first, second = lab.runs(["a"], ["p"], count=2)
    prints = {fingerprint(run, bound.versions) for run, bound in ((first, old), (second, old), (first, new))}
    assert len(prints) == 3
    result = execute_run(first, old).result
    assert result.fingerprint == fingerprint(first, old.versions)
    assert result.versions["agent"] == "1@agent"
    assert result.versions["problem"].startswith("unknown+data:")
    assert len(result.fingerprint) == 16


def test_a_models_response_may_say_nothing(lab):
    value = SimpleNamespace(success=True, output="x", model_response=SimpleNamespace(model=None, usage=None))
    result = run_value(lab, value)
    assert (result.model_name, result.metrics["input_tokens"]) == ("unknown", 0)
