"""Results and attempts as rows of the database, and back."""

import json
import math
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json

from pytest_dre.encoding import encodable
from pytest_dre.model.runs import Attempt, RunResult, Spending

RESULT_COLUMNS = "run_id, session_id, fingerprint, status, payload, agent_id, problem_id, cost_usd, tokens, seconds"
ATTEMPT_COLUMNS = "run_id, session_id, agent_id, problem_id, number, error_info, cost_usd, tokens, seconds, started"
MOST_TOKENS = 2**53  # of one run: what floats count exactly, and a thousandth of SQLite's integers

Row = tuple[str | int | float | None, ...]


def result_row(result: RunResult, session_id: str) -> Row:
    """Return the values of RESULT_COLUMNS."""
    return (
        result.run_id,
        session_id,
        result.fingerprint,
        str(result.status),
        written(result),
        result.agent_id,
        result.problem_id,
        *spending_row(result.spending),
    )


def attempt_row(attempt: Attempt, session_id: str) -> Row:
    """Return the values of ATTEMPT_COLUMNS."""
    return (
        attempt.run_id,
        session_id,
        attempt.agent_id,
        attempt.problem_id,
        attempt.number,
        encodable(attempt.error_info),
        *spending_row(attempt.spending),
        encodable(attempt.started),
    )


def attempt_from(row: Sequence[Any]) -> Attempt:
    """Return the attempt of a row of ATTEMPT_COLUMNS."""
    run_id, _, agent_id, problem_id, number, error_info, cost_usd, tokens, seconds, started = row
    return Attempt(run_id, agent_id, problem_id, number, error_info, Spending(cost_usd, tokens, seconds), started)


def spending_row(spending: Spending) -> tuple[float, int, float]:
    """Return dollars, tokens and seconds as the ledger takes them: finite and not negative.

    An agent tells its own cost; a negative one must not give back what others spent.
    """
    return (
        _amount(spending.cost_usd),
        max(0, min(spending.tokens, MOST_TOKENS)),
        _amount(spending.seconds),
    )


def written(result: RunResult) -> str:
    """Return the result as JSON, NaN and infinities included; pydantic's writer takes a fifth of json's time."""
    try:
        return to_json(result.to_dict(), inf_nan_mode="constants").decode()
    except ValueError:  # text that UTF-8 cannot hold: json escapes it
        return json.dumps(result.to_dict())


def readable(text: object) -> RunResult | None:
    """Return the result that `written` gave the text for, None for any other text."""
    if not isinstance(text, str):
        return None
    try:
        result = RunResult.from_dict(_data(text))
        result_row(result, "")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return result


def read(text: str | bytes) -> RunResult:
    """Return the result that `written` gave the text for. Raises ValueError, KeyError or TypeError for other texts."""
    return RunResult.from_dict(_data(text))


def _data(text: str | bytes) -> Any:
    try:
        return from_json(text)
    except ValueError:  # the escapes of such text
        return json.loads(text)


def _amount(value: float) -> float:
    return value if 0 <= value < math.inf else 0.0
