"""Agents that leave other clocks behind, and exceptions that fail when they are read: their runs are told as any."""

import pytest

from pytest_dre.execution.limits import RunPolicy

FROZEN = """
import datetime, json, os, sys, time


def agent(monkeypatch):
    %s
    return {"output": {"x": 1}, "metrics": {"cost_usd": 2.0}}
"""
CLASS = """
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls):
            return cls(2020, 1, 1)
    monkeypatch.setattr(datetime, "datetime", Frozen)
"""
EVERYWHERE = """
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls):
            return cls(2020, 1, 1)
    fakes = {datetime.datetime: Frozen, time.perf_counter: lambda: -1e9, time.monotonic: lambda: 1e12}
    ours = {name: module for name, module in sys.modules.items() if name.startswith("pytest_dre")}
    for module in [datetime, time, *ours.values()]:  # as freezegun does
        for name, value in list(vars(module).items()):
            for real, fake in fakes.items():
                if value is real:
                    monkeypatch.setattr(module, name, fake)
"""
JSON = """
    monkeypatch.setattr(json, "dumps", None)
    monkeypatch.setattr(json, "loads", None)
    monkeypatch.setattr(json.JSONEncoder, "encode", None)
"""
SYSTEM = """
    monkeypatch.setattr(os, "getcwd", None)
    monkeypatch.setattr(os, "getpid", None)
"""


@pytest.mark.parametrize("how", [CLASS, EVERYWHERE, JSON, SYSTEM], ids=["class", "everywhere", "json", "system"])
def test_what_an_agent_leaves_patched_costs_no_result(lab, monkeypatch, how):
    with monkeypatch.context() as patches:
        lab.factors = {"monkeypatch": patches}
        result = lab.execute(FROZEN % how.strip(), problem=None).result
    assert (result.status, result.cost_usd) == ("success", 2), result.traceback
    assert 0 <= result.latency_s < 60
    assert result.start_time <= result.end_time


HOSTILE = """
class BadStr(Exception):
    def __str__(self): raise RuntimeError("str")
class BadRepr(Exception):
    def __repr__(self): raise RuntimeError("repr")
    def __str__(self): return 5
class BadClass(Exception):
    @property
    def __class__(self): raise RuntimeError("class")
class BadAttributes(Exception):
    def __getattr__(self, name): raise RuntimeError(name)
class Meta(type):
    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__", "__module__", "__mro__"): raise RuntimeError(name)
        return super().__getattribute__(name)
class BadMeta(Exception, metaclass=Meta): pass
class BadMetric(Exception):
    metrics = {"cost_usd": 1, "other": BadClass()}
    cost_usd = BadClass()
class BadNotes(Exception): __notes__ = 5
class Ending:
    def __repr__(self): raise SystemExit(0)
    __str__ = __repr__
class Ends(Exception):
    cost_usd = Ending()
    def __str__(self): raise SystemExit(0)
    @property
    def metrics(self): raise SystemExit(0)
def deep():
    error = ValueError("innermost")
    for _ in range(2000):
        error = ExceptionGroup("group", [error])
    return error
def fail(error):
    raise error
def agent(seed):
    fail(%s)
"""
NAMES = {
    "BadStr()": "BadStr: <BadStr>",
    "BadRepr()": "BadRepr: <BadRepr>",
    "BadClass('x')": "BadClass: x",
    "BadAttributes('x')": "BadAttributes: x",
    "BadMeta('x')": "BadMeta: x",
    "BadMetric('x')": "BadMetric: x",
    "BadNotes('x')": "BadNotes: x",
    "Ends('x')": "Ends: <Ends>",
    "deep()": "ExceptionGroup: group (1 sub-exception)",
    "ExceptionGroup('g', [BadStr(), BadClass()])": "ExceptionGroup: g (2 sub-exceptions)",
}


@pytest.mark.parametrize(("raised", "told"), NAMES.items(), ids=NAMES)
def test_exceptions_that_fail_when_read_fail_their_run_as_any(lab, raised, told):
    policy = RunPolicy(retries=1, retry_wait_s=0.0)
    result = lab.execute(HOSTILE % raised, policy=policy).result
    assert (result.status, result.status_reason, result.error_info) == ("failed", "agent_error", told)
    assert "in fail" in result.traceback
    assert "pytest_dre" not in result.traceback
