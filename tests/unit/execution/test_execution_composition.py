"""What agents and problems from hooks are made of: what counts, and what may not, as it differs between processes."""

import dataclasses
import datetime
import decimal
import enum
import functools
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time
import types
import uuid

import numpy as np
import pydantic
import pytest

from pytest_dre.execution.composition import MAX_OBJECTS, carried_along, composition
from pytest_dre.execution.versions import Description, version_of


class Agent:
    def __init__(self, model, temperature=0.1):
        self.model, self._temperature = model, temperature

    def run(self, problem):
        return [self.model, problem]


@dataclasses.dataclass
class Fields:
    number: int
    private: object = dataclasses.field(default_factory=uuid.uuid4)
    more: list = dataclasses.field(default_factory=list)


class Slotted:
    __slots__ = ("number",)

    def __init__(self, number):
        self.number = number


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Node:
    def __init__(self, other=None, number=0):
        self.other = other
        self.number = number


def make(*held):
    def agent(problem):
        return [problem, held]

    return agent


def call(problem, cfg=None):
    return [problem, cfg]


def ring(number):
    first = Node(number=number)
    first.other = Node(first)
    return first


PAIRS = {
    "dict": ({"t": 1}, {"t": 2}),
    "key": ({"t": 1}, {"u": 1}),
    "list": ([1, [2]], [1, [3]]),
    "set": ({1, 2}, {1, 3}),
    "dataclass": (Fields(1), Fields(2)),
    "fields": (Fields(1, more=[1]), Fields(1, more=[2])),
    "slots": (Slotted(1), Slotted(2)),
    "date": (datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)),
    "moment": (datetime.datetime(2020, 1, 1, 10), datetime.datetime(2020, 1, 1, 11)),
    "decimal": (decimal.Decimal("1.0"), decimal.Decimal("1.1")),
    "enum": (Colour.RED, Colour.BLUE),
    "path": (pathlib.Path("a/b"), pathlib.Path("a/c")),
    "pattern": (re.compile("a"), re.compile("b")),
    "bytes": (bytearray(b"a"), bytearray(b"b")),
    "complex": (1j, 2j),
    "namespace": (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
    "array": (np.array([1.0]), np.array([2.0])),
    "array's type": (np.array([1]), np.array([1.0])),
    "array's shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "array of objects": (np.array([{"a": 1}]), np.array([{"a": 2}])),
    "number": (np.int64(1), np.int64(2)),
    "object": (Agent("m1"), Agent("m2")),
    "private attribute": (Agent("m", 0.1), Agent("m", 0.2)),
    "method": (Agent("m1").run, Agent("m2").run),
    "closure": (make({"t": 1}), make({"t": 2})),
    "closure over an object": (make(Agent("m1")), make(Agent("m2"))),
    "partial": (functools.partial(call, cfg={"t": 1}), functools.partial(call, cfg={"t": 2})),
    "partial of an object": (functools.partial(call, cfg=Agent("m1")), functools.partial(call, cfg=Agent("m2"))),
    "object in objects": (Node(Node(Agent("m1"))), Node(Node(Agent("m2")))),
    "ring": (ring(1), ring(2)),
    "function": (call, make),
    "lambda": (lambda x: x + 1, lambda x: x + 2),
    "class": (Agent, Node),
}


@pytest.mark.parametrize(("first", "second"), PAIRS.values(), ids=PAIRS)
def test_other_contents_are_another_composition(first, second):
    assert composition(first) == composition(first)
    assert composition(first) != composition(second)
    assert composition([first]) != composition([second])


@pytest.mark.parametrize(
    "name", ["object", "private attribute", "method", "closure", "partial", "partial of an object"]
)
def test_what_an_agent_carries_along(name):
    first, second = PAIRS[name]
    assert carried_along(first) != carried_along(second)


def test_plain_functions_classes_and_objects_without_attributes_carry_nothing():
    class Bare:
        def run(self):
            return 1

    for target in (call, Agent, Bare(), Bare().run, len, None, "text", {"a": 1}):
        assert carried_along(target) == []


def test_plain_data_is_described_by_itself():
    data = [{"a": [1, 2.5, None, True, "x", b"y", (1, 2)]}]
    assert composition(data) == [{"a": [1, 2.5, None, True, "x", b"y", [1, 2]]}]


LIVE = [threading.Lock(), random.Random(1), np.random.default_rng(1), sys.stdout, iter([1]), uuid.uuid4(), object()]


@pytest.mark.parametrize("value", LIVE, ids=lambda value: type(value).__name__)
def test_what_lives_counts_by_its_type(value):
    assert composition(value) == type(value).__qualname__


class Drawing:
    """A class whose constructor draws, in each of the ways in which it may."""

    def __init__(self, model, session=None, rng=None):
        self.model = model
        self.upper = model.strip().upper()
        self.pair = (model, [len(model), {"a": str(model)}])
        self.inner = Agent(model)
        self.weights = np.array([1.0, 2.0])
        self.identity = uuid.uuid4()
        self.text = str(uuid.uuid4())
        self.shown = f"{model}-{uuid.uuid4().hex}"
        self.session = session or uuid.uuid4().hex
        self.started: float = time.time()
        self.today = datetime.datetime.now(tz=datetime.UTC)
        now = time.time()
        later = now + 1
        self.later = later
        self.first, self.second = model, random.random()
        self.both, self.of_them = divmod(time.time(), 1)
        self.draw = rng.random() if rng else random.random()
        for self.index in [random.random()]:
            pass
        self.state = 0
        self.calls = []
        self.lock = threading.Lock()
        self._hidden = id(self)
        self.prepare()

    def prepare(self):
        self.prepared = random.random()

    def run(self, problem):
        self.state += 1
        return problem


def test_what_a_constructor_draws_does_not_count():
    kind, attributes = composition(Drawing("m"))
    assert kind == "Drawing"
    assert set(attributes) == {"model", "upper", "pair", "inner", "weights", "first", "calls"}
    assert composition(Drawing("m")) == composition(Drawing("m"))
    assert composition(Drawing("m")) != composition(Drawing("n"))


def test_a_version_stands_for_the_attributes():
    class Versioned(Agent):
        def __init__(self, model, version):
            super().__init__(model)
            self.version = version

    one, same, other = Versioned("m1", "1"), Versioned("m2", "1"), Versioned("m1", "2")
    for held in (lambda agent: agent.run, lambda agent: functools.partial(call, cfg=agent), make):
        assert carried_along(held(one)) == carried_along(held(same)) != carried_along(held(other))
    whole = Description(whole=True)
    assert version_of(one, whole).partition("@")[::2] == ("1", version_of(one).partition("@")[2])


def test_fields_that_a_function_fills_do_not_count():
    assert composition(Fields(1)) == ["Fields", {"number": 1, "more": []}]


def test_the_web_of_objects_may_be_large_and_deep():
    chain = deep = None
    for number in range(5000):
        chain, deep = Node(chain, number), [deep]
    wide = [Node(number=number) for number in range(2 * MAX_OBJECTS)]
    assert composition([chain, deep, wide]) == composition([chain, deep, wide])
    assert composition({*wide}) == composition({*reversed(wide)})


def test_without_objects_their_state_does_not_count():
    assert composition([Agent("m1"), {1}], objects=False) == ["Agent", ["set", 1]]


def test_it_is_the_same_in_every_process(tmp_path):
    code = """
    from pytest_dre.canonical import digest
    from tests_of_it import *
    print(digest([composition([pair for pair in PAIRS.values()]), composition(Drawing("m"))]))
    """
    source = pathlib.Path(__file__).read_text()
    (tmp_path / "tests_of_it.py").write_text(source)
    (tmp_path / "main.py").write_text("\n".join(line.strip() for line in code.splitlines()))
    digests = {
        subprocess.run(
            [sys.executable, "main.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


class Model(pydantic.BaseModel):
    name: str
    identity: str = pydantic.Field(default_factory=lambda: uuid.uuid4().hex)
    steps: list[int] = pydantic.Field(default_factory=list)


def test_models_of_pydantic_count_by_their_fields():
    assert composition(Model(name="m")) == ["Model", {"name": "m", "steps": []}]


def test_fields_of_attrs_that_a_function_fills_do_not_count():
    class Defined:
        __attrs_attrs__ = (
            types.SimpleNamespace(name="identity", default=types.SimpleNamespace(factory=uuid.uuid4)),
            types.SimpleNamespace(name="name", default=None),
        )

    defined = Defined()
    defined.name, defined.identity = "m", uuid.uuid4().hex
    assert composition(defined)[1] == {"name": "m"}


class Opening:
    def __init__(self, path, number):
        with path.open() as self.file:
            self.text = self.file.read()
        with path.open() as file:
            lines = list(file)
        self.lines = lines
        self.number = number
        self.number += 1
        self.twice = [item * 2 for item in (number, number)]
        self.shown = (lambda: uuid.uuid4().hex) and number
        self.made = [draw() for draw in [uuid.uuid4]]
        self.waited = self.wait()

    def wait(self):
        return time.time()

    @staticmethod
    def nothing():
        return None


def test_files_and_calls_in_expressions(tmp_path):
    (tmp_path / "x").write_text("x")
    opening = Opening(tmp_path / "x", 1)
    assert set(composition(opening)[1]) == {"number", "twice", "shown"}


def test_without_source_only_declared_fields_count(monkeypatch):
    def unreadable(_):
        raise OSError("could not get source code")

    class Hidden:
        def __init__(self, number):
            self.number = number

    @dataclasses.dataclass
    class HiddenFields:
        number: int

        def act(self):
            self.more = 1

    monkeypatch.setattr("inspect.getsource", unreadable)
    assert composition(Hidden(1)).endswith("Hidden")
    fields = HiddenFields(1)
    fields.act()
    assert composition(fields)[1] == {"number": 1}
