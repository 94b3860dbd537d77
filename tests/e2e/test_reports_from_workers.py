"""What a worker's reports bring to the controller is what a session without workers has."""

import xml.etree.ElementTree as ElementTree

import pytest

STUDY = """
study_id: reports
title: Reports with all kinds of values
factors: [{name: size, levels: [-3000000000, 2, 0.5]}]
agents: {sized: "./sized.py:sized"}
"""
SIZED = """
def sized(size):
    if size == 2:
        raise ValueError("too even")
    print("half a character:", "\\udc80", "and a whole one: é")
    return {"output": "fine", "metrics": {"primary_outcome": size * 10**12}}
"""
CONFTEST = """
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.user_properties.extend([("picture", b"PNG"), ("pair", (1, 2))] if "0.5" in item.name else [("own", 1.5)])
        report.user_properties = list(item.user_properties)
        report.rerun = 1
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    if not hasattr(report, "node"):  # a worker's copy of what the controller gets
        return
    own = [(name, value) for name, value in report.user_properties if name in ("picture", "pair", "own")]
    where = type(report.location).__name__, sorted({type(pair).__name__ for pair in report.user_properties})
    print(f"SEEN {report.nodeid} {report.when} {own} {where} {getattr(report, 'rerun', None)}")
"""


@pytest.fixture
def reporting(lab):
    lab.write("studies/reports.study.yaml", STUDY)
    lab.write("studies/sized.py", SIZED)
    return lab


def test_large_negative_numbers_are_reported(reporting, mode):
    result = reporting.run("studies", *mode, "--junitxml", "report.xml")
    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    cases = {case.get("name"): case for case in ElementTree.parse(reporting.path / "report.xml").iter("testcase")}
    properties = {item.get("name"): item.get("value") for item in cases["size=-3000000000"].iter("property")}
    assert (properties["size"], properties["primary_outcome"]) == ("-3000000000", "-3000000000000000000000")


def test_failed_runs_with_large_negative_levels_are_reported(reporting, mode):
    reporting.write("studies/sized.py", "def sized(size):\n    raise ValueError('too much')\n")
    reporting.run("studies", *mode).assert_outcomes(failed=3)


def test_the_controller_sees_what_hooks_of_workers_have_added(reporting):
    reporting.write("studies/conftest.py", CONFTEST)
    seen = [line for line in reporting.run("studies", "-n2", "-s").outlines if "SEEN" in line]
    seen = [line[line.index("SEEN") :].partition("reports.study.yaml::")[2] for line in seen]
    shapes = "('tuple', ['tuple'])"
    assert f"size=0.5 call [('picture', b'PNG'), ('pair', (1, 2))] {shapes} 1" in seen
    assert f"size=-3000000000 call [('own', 1.5)] {shapes} 1" in seen
    assert f"size=2 call [('own', 1.5)] {shapes} 1" in seen
    assert f"size=-3000000000 teardown [('own', 1.5)] {shapes} None" in seen


def test_captured_output_arrives(reporting, mode):
    shown = reporting.run("studies", *mode, "-rP").stdout.str()
    assert shown.count("half a character: ") == 2
    assert shown.count("and a whole one: é") == 2
