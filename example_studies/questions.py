"""Questions whose answer is one number."""

import math
import re

from pytest_dre import ProblemPacket

NUMBER = re.compile(r"(?:(?<!\d)[-−])?\d[\d,]*(?:\.\d+)?")  # in "7-5" the hyphen is no sign


def last_number(text: str) -> float | None:
    """Return the last number in a text, such as 2400 in "2,000 + 400 = 2,400 litres."; None if there is none."""
    numbers = NUMBER.findall(text)
    return float(numbers[-1].replace(",", "").replace("−", "-")) if numbers else None


def question(text: str, answer: float) -> ProblemPacket:
    """Make a problem of a question; the study file has its id, text and right answer."""

    def evaluate(reply: str) -> dict[str, float]:
        given = last_number(reply)
        right = given is not None and math.isclose(given, answer, rel_tol=1e-6)
        return {"correct": 1.0 if right else 0.0}  # a number: the share of right answers is its mean

    return ProblemPacket(problem_id="question", family="word problem", brief=text, evaluator=evaluate)
