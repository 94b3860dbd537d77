"""Study files gone wrong: what slips of the hand, foreign tools and ill will make of a sound one.

Everything is drawn from the generator that is given, so a number names a mutant for good.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from text_mutations import TEXT_CHANGES, raw_bytes
from tree_mutations import TREE_CHANGES


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutated study file: how it was made, the suffix of its name, and what is in it."""

    origin: str
    suffix: str
    content: bytes


def mutants(seeds: dict[str, str], number: int, count: int) -> Iterator[Mutant]:
    """Yield `count` mutants of the seeds (texts by name), always the same for one `number`."""
    return (mutant(seeds, number, index) for index in range(count))


def mutant(seeds: dict[str, str], number: int, index: int) -> Mutant:
    """Return one of them."""
    rng = random.Random(f"study fuzz {number}.{index}")
    name = rng.choice(sorted(seeds))
    return _mutant(rng, f"{number}.{index} {name}", seeds[name])


def _mutant(rng: random.Random, label: str, text: str) -> Mutant:
    steps: list[str] = []
    suffix = ".yaml"
    if rng.random() < 0.45:
        tree = yaml.safe_load(text)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            change = rng.choice(TREE_CHANGES)
            tree = change(rng, tree)
            steps.append(change.__name__)
        suffix = rng.choice((".yaml", ".yaml", ".study.json"))
        text = _written(rng, tree, suffix)
    content = text.encode("utf-8", "surrogatepass")
    if not steps or rng.random() < 0.2:
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            change_text = rng.choice(TEXT_CHANGES)
            content = change_text(rng, content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            steps.append(change_text.__name__)
            text = content.decode("utf-8", "replace")
        if rng.random() < 0.2:
            content = raw_bytes(rng, content)
            steps.append("raw_bytes")
    return Mutant(f"{label} {'+'.join(steps)}{suffix}", suffix, content)


def _written(rng: random.Random, tree: Any, suffix: str) -> str:
    if suffix == ".study.json":
        return json.dumps(tree, indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 0.5, default=str)
    try:
        return yaml.safe_dump(
            tree, sort_keys=False, allow_unicode=rng.random() < 0.5, default_flow_style=rng.random() < 0.2, width=100
        )
    except yaml.YAMLError:
        return json.dumps(tree, default=str)
