"""An agent that asks a language model, over any endpoint that speaks OpenAI's chat completions.

The environment names the endpoint as it does for the `openai` package (OPENAI_BASE_URL, OPENAI_API_KEY), and the model
(DRE_LLM_MODEL).
"""

import atexit
import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_dre import agent_result

if TYPE_CHECKING:
    from openai import OpenAI

FRAMINGS = {
    "plain": "{question}\nGive only the number.",
    "steps": "{question}\nWork it out step by step. End with the number.",
}


@functools.cache
def client(base_url: str | None, timeout_s: float, max_retries: int) -> "OpenAI":
    """Return the client of this process, closed when the process ends."""
    from openai import OpenAI  # here, so that the study can be planned without the package

    opened = OpenAI(base_url=base_url, timeout=timeout_s, max_retries=max_retries)
    atexit.register(opened.close)
    return opened


@dataclass(frozen=True, slots=True)
class ChatAgent:
    """Asks the problem's brief as one message. Prices are in US dollars."""

    usd_per_million_input_tokens: float
    usd_per_million_output_tokens: float
    timeout_s: float = 60.0
    max_retries: int = 2

    def run(self, brief: str, framing: str, temperature: float, seed: int) -> dict[str, Any]:
        model = os.environ["DRE_LLM_MODEL"]
        prompt = FRAMINGS[framing].format(question=brief)
        endpoint = client(os.environ.get("OPENAI_BASE_URL"), self.timeout_s, self.max_retries)
        completion = endpoint.chat.completions.create(
            model=model, messages=[{"role": "user", "content": prompt}], temperature=temperature, seed=seed
        )
        choices = getattr(completion, "choices", None)  # an endpoint may send anything
        if not choices:
            raise ValueError("the endpoint's reply has no choices: it does not speak the chat completions protocol")
        reply = choices[0].message.content or ""
        usage = completion.usage
        input_tokens = usage.prompt_tokens if usage else 0
        output_tokens = usage.completion_tokens if usage else 0
        return agent_result(
            {"answer": reply, "text": reply},
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=self.cost(input_tokens, output_tokens),
            events=[
                {"event_type": "llm_request", "actor_id": "agent", "text": prompt, "meta_json": {"seed": seed}},
                {
                    "event_type": "assistant_output",
                    "actor_id": completion.model,
                    "text": reply,
                    "meta_json": {"finish_reason": choices[0].finish_reason, "usage_reported": usage is not None},
                },
            ],
            metadata={"agent_kind": "llm", "model_name": completion.model},
        )

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        return (
            input_tokens * self.usd_per_million_input_tokens + output_tokens * self.usd_per_million_output_tokens
        ) / 1e6
