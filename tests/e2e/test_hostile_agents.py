"""What an agent leaves in its process, and how it fails, never costs its result."""

import pytest

AGENT = """
import datetime


class BadClass(Exception):
    @property
    def __class__(self):
        raise RuntimeError("class")


class BadAttributes(Exception):
    def __getattr__(self, name):
        raise RuntimeError(name)


class Meta(type):
    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__", "__module__", "__mro__"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


class BadMeta(Exception, metaclass=Meta):
    pass


class BadStr(Exception):
    def __str__(self):
        raise RuntimeError("str")


def deep():
    error = ValueError("innermost")
    for _ in range(2000):
        error = ExceptionGroup("group", [error])
    return error


ERRORS = {"cls": BadClass, "attributes": BadAttributes, "meta": BadMeta, "string": BadStr, "deep": deep}


def hostile(how):
    if how in ERRORS:
        raise ERRORS[how]()
    class Frozen(datetime.datetime):
        @classmethod
        def now(cls):
            return cls(2020, 1, 1)
    datetime.datetime = Frozen
    return {"output": how, "metrics": {"cost_usd": 1.0}}
"""


@pytest.mark.parametrize(("mode", "style"), [(("-n0",), "long"), (("-n2",), "native")], ids=["n0", "n2"])
def test_each_run_is_recorded_as_what_it_was(lab, mode, style):
    lab.write("studies/hostile.py", AGENT)
    lab.write(
        "studies/hostile.study.yaml",
        """
        study_id: hostile
        title: Hostile
        factors: [{name: how, levels: [cls, attributes, meta, string, deep, frozen]}]
        agents: {hostile: "./hostile.py:hostile"}
        """,
    )
    result = lab.pytester.runpytest_subprocess("studies", f"--tb={style}", "--junitxml=report.xml", *mode)
    result.assert_outcomes(passed=1, failed=5)
    rows = lab.table("hostile", "runs")
    assert [row["status_reason"] for row in rows] == ["agent_error"] * 5 + [""]
    assert float(rows[-1]["cost_usd"]) == 1
    result.stdout.fnmatch_lines(["FAILED *how=deep - ExceptionGroup: group *"])
    result.stdout.fnmatch_lines(["*in hostile"])
