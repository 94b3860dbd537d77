"""The language model's agent, against a server on loopback."""

from pathlib import Path

import pytest

from pytest_dre.references import load_reference

EXAMPLES = Path(__file__).parents[3] / "example_studies"
SUPPORT = Path(__file__).parents[2] / "support"

openai = pytest.importorskip("openai")


def served(reply):
    return load_reference("./chat_server.py:ChatServer", SUPPORT)(reply)


def reply(name):
    return load_reference(f"./chat_server.py:{name}", SUPPORT)


@pytest.fixture
def ask(monkeypatch):
    """Ask the agent a question of the server given."""
    agent = load_reference("./llm_agent.py:ChatAgent", EXAMPLES)(
        usd_per_million_input_tokens=1_000_000, usd_per_million_output_tokens=2_000_000, max_retries=0
    )
    client = load_reference("./llm_agent.py:client", EXAMPLES)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("DRE_LLM_MODEL", "tiny-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    opened = set()

    def ask(server, question="What is 2 + 3?", framing="plain", temperature=0.0, seed=11):
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        opened.add(server.url)
        return agent.run(brief=question, framing=framing, temperature=temperature, seed=seed)

    yield ask
    for url in opened:
        client(url, agent.timeout_s, agent.max_retries).close()


def test_the_request_carries_what_the_condition_and_the_seed_say(ask):
    with served(reply("Calculator")({"2 + 3": 5})) as server:
        ask(server, framing="steps", temperature=0.8, seed=42)

    (request,) = server.requests
    assert server.paths == ["/v1/chat/completions"]
    assert request["model"] == "tiny-1"
    assert request["temperature"] == 0.8
    assert request["seed"] == 42
    assert request["messages"] == [
        {"role": "user", "content": "What is 2 + 3?\nWork it out step by step. End with the number."}
    ]


def test_tokens_cost_and_the_exchange_are_recorded(ask):
    with served(reply("Calculator")({"2 + 3": 5})) as server:
        result = ask(server)

    assert result["output"]["answer"] == "5"
    assert result["metrics"]["input_tokens"] == 9
    assert result["metrics"]["output_tokens"] == 1
    assert result["metrics"]["cost_usd"] == 9 * 1 + 1 * 2
    assert result["metadata"]["model_name"] == "tiny-1"
    assert [event["event_type"] for event in result["events"]] == ["llm_request", "assistant_output"]
    assert result["events"][0]["text"] == "What is 2 + 3?\nGive only the number."
    assert result["events"][1]["meta_json"] == {"finish_reason": "stop", "usage_reported": True}


def test_one_client_serves_a_process(ask):
    client = load_reference("./llm_agent.py:client", EXAMPLES)
    before = client.cache_info().misses

    with served(reply("Calculator")({"2 + 3": 5})) as server:
        ask(server)
        ask(server)

    assert client.cache_info().misses == before + 1


def test_an_endpoint_without_usage_costs_nothing_and_says_so(ask):
    with served(reply("no_usage")) as server:
        result = ask(server)

    assert result["metrics"]["cost_usd"] == 0
    assert result["events"][1]["meta_json"]["usage_reported"] is False


def test_a_failing_endpoint_fails_the_run_with_its_message(ask):
    with served(reply("refuse")) as server, pytest.raises(openai.InternalServerError, match="the model fell over"):
        ask(server)


def test_an_endpoint_of_another_protocol_is_named_as_such(ask):
    with served(reply("no_choices")) as server, pytest.raises(ValueError, match="does not speak the chat completions"):
        ask(server)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2,000 + 400 = 2,400 litres.", 2400),
        ("The ball costs -5 cents", -5),
        ("about −0.5", -0.5),
        ("7-5", 5),
        ("**47**", 47),
        ("9" * 400, float("inf")),
        ("I do not know.", None),
        ("", None),
    ],
)
def test_the_answer_is_the_last_number(text, number):
    assert load_reference("./questions.py:last_number", EXAMPLES)(text) == number


@pytest.mark.parametrize(("answer", "correct"), [("It is 5.", 1), ("5.0", 1), ("10", 0), ("five", 0)])
def test_a_question_is_scored_by_its_right_answer(answer, correct):
    packet = load_reference("./questions.py:question", EXAMPLES)(text="What is 2 + 3?", answer=5)

    assert packet.brief == "What is 2 + 3?"
    assert packet.evaluator(answer) == {"correct": correct}
