"""Changes to the data of a study: values, keys, types, expressions, and plans larger than can be."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from odd_words import BIG, EXPRESSIONS, VALUES

_TAG_SAFE = 40  # levels that yaml.safe_dump and json.dumps nest without a RecursionError of their own


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return each (container, key) of the tree."""
    found, stack = [], [tree]
    while stack:
        item = stack.pop()
        keys: Sequence[Any] = (
            list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        )
        found += [(item, key) for key in keys]
        stack += [item[key] for key in keys]
    return found


def _copy(value: Any) -> Any:
    match value:
        case dict():
            return {key: _copy(item) for key, item in value.items()}
        case list():
            return [_copy(item) for item in value]
    return value


def _depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(item) for item in items), default=0)


def replace_value(rng: random.Random, tree: Any) -> Any:
    container, key = rng.choice(_places(tree) or [([0], 0)])
    container[key] = _copy(rng.choice(VALUES))
    return tree


def value_from_elsewhere(rng: random.Random, tree: Any) -> Any:
    places = _places(tree)
    if places:
        (container, key), (other, source) = rng.choice(places), rng.choice(places)
        value = _copy(other[source])
        if _depth(value) < _TAG_SAFE:
            container[key] = value
    return tree


def free_value(rng: random.Random, tree: Any) -> Any:
    """Change what may be almost anything: a level's value, a name, a title, metadata."""
    names = (
        "name",
        "value",
        "label",
        "title",
        "study_id",
        "description",
        "default",
        "metadata",
        "params",
        "output_dir",
        "notes",
    )
    places = [place for place in _places(tree) if place[1] in names or isinstance(place[0], list)]
    if places:
        container, key = rng.choice(places)
        texts = [value for value in VALUES if isinstance(value, str) and value]
        container[key] = _copy(rng.choice(texts if isinstance(container[key], str) else VALUES))
    return tree


def drop_key(rng: random.Random, tree: Any) -> Any:
    container, key = rng.choice(_places(tree) or [([0], 0)])
    del container[key]
    return tree


def rename_key(rng: random.Random, tree: Any) -> Any:
    places = [(container, key) for container, key in _places(tree) if isinstance(container, dict)]
    if places:
        container, key = rng.choice(places)
        text = str(key)
        others = [str(other) for _, other in places]
        new = rng.choice(
            (text[:-1], text + "s", text.upper(), text[::-1], "", "\0", "x" * 300, "<<", rng.choice(others))
        )
        items = [(new if name == key else name, value) for name, value in container.items()]
        container.clear()
        container.update(items)
    return tree


def repeat_item(rng: random.Random, tree: Any) -> Any:
    lists = [container[key] for container, key in _places(tree) if isinstance(container[key], list) and container[key]]
    if lists:
        chosen = rng.choice(lists)
        chosen.extend(_copy(rng.choice(chosen)) for _ in range(rng.choice((1, 1, 2, 30))))
    return tree


def switch_type(rng: random.Random, tree: Any) -> Any:
    """Write a value as people mistake it: a list for an item, an item for a list, text for a number."""
    container, key = rng.choice(_places(tree) or [([0], 0)])
    value = container[key]
    match value:
        case list() if value:
            container[key] = rng.choice((value[0], dict.fromkeys(map(str, value), 1), str(value)))
        case dict():
            container[key] = rng.choice((list(value), [value], list(value.items())[:1], str(value)))
        case _:
            container[key] = rng.choice((str(value), [value], {str(value): value}, {"name": value}, {"value": value}))
    if isinstance(container[key], list):
        container[key] = [list(item) if isinstance(item, tuple) else item for item in container[key]]
    return tree


def expression(rng: random.Random, tree: Any) -> Any:
    """Give the study a constraint."""
    if not isinstance(tree, dict):
        return tree
    depth = rng.choice((3, 30, 59, 61, 500, 5000))
    nested = rng.choice(
        (
            "(" * depth + "1" + ")" * depth,
            "not " * depth + "True",
            "-" * depth + "1 > 0",
            "[" * depth + "]" * depth,
            "1 < " * depth + "2",
            "str(" * depth + "1" + ")" * depth + " == '1'",
            "budget" + "[0]" * depth,
            " or ".join(["True"] * depth),
            "1 if True else " * depth + "2",
            "(1, " * depth + ")" * depth,
            " + ".join(["'ab'"] * depth) + " == 1",
        )
    )
    text = rng.choice((*EXPRESSIONS, nested, nested, nested, nested))
    rule = {
        "constraint_id": rng.choice(("c", "x" * 300, "\x1b")),
        "expression": text,
        "severity": rng.choice(("error", "warning")),
    }
    rules = tree.get("constraints")
    tree["constraints"] = [*(rules if isinstance(rules, list) and rng.random() < 0.5 else []), rule]
    return tree


def explode(rng: random.Random, tree: Any) -> Any:
    """Ask for more than can be planned, or for just as much as can."""
    if not isinstance(tree, dict):
        return tree
    kind, size = rng.randrange(8), rng.choice(BIG)
    count = rng.choice((1000, 5000))
    many: Any = list(range(count))
    match kind:
        case 0:
            _part(tree, "run_budget")["replicates"] = size
        case 1:
            _part(tree, "design_spec").update({"kind": "lhs", "n_samples": size})
        case 2:
            _part(tree, "design_spec").update(
                {"kind": rng.choice(("frac2", "lhs")), "center_points": size, "replicates": rng.choice(BIG)}
            )
        case 3:
            tree["factors"] = [{"name": f"f{n}", "levels": many} for n in range(rng.choice((1, 2)))]
        case 4:
            tree["factors"] = [{"name": f"f{n}", "levels": [0, 1]} for n in range(rng.choice((10, 20, 300)))]
        case 5:
            tree["blocks"] = [{"name": f"b{n}", "levels": many} for n in range(rng.choice((1, 3)))]
        case 6:
            tree["agent_specs"] = tree["problem_ids"] = [f"a{n}" for n in many]
        case 7:
            tree["factors"] = [{"name": "f", "levels": ["w" * 400_000, "v"]}, {"name": "g", "levels": many}]
    if rng.random() < 0.4:
        _part(tree, "design_spec")["kind"] = rng.choice(
            ("full", "randomized_block", "repeated_measures", "frac2", "lhs", "latin_square")
        )
    if rng.random() < 0.3:
        _part(tree, "run_budget").pop("max_runs", None)
    if rng.random() < 0.3:
        _part(tree, "seed_policy").update({"base_seed": size, "per_run_offset": rng.choice(BIG)})
    return tree


def _part(tree: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(tree.get(key), dict):
        tree[key] = {}
    part: dict[str, Any] = tree[key]
    return part


def no_study(rng: random.Random, tree: Any) -> Any:
    return rng.choice(([tree], {"study": tree}, "text", None, 3, [], {}, tree, {"study_id": "x"}))


TreeChange = Callable[[random.Random, Any], Any]
TREE_CHANGES: tuple[TreeChange, ...] = (
    free_value,
    free_value,
    free_value,
    free_value,
    replace_value,
    replace_value,
    replace_value,
    value_from_elsewhere,
    value_from_elsewhere,
    drop_key,
    rename_key,
    repeat_item,
    switch_type,
    expression,
    expression,
    expression,
    explode,
    no_study,
)
