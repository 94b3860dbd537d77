"""Modules beside studies: each study has its own, made of what its files hold."""

import importlib
import os
import sys

import pytest

from pytest_dre.imports import forget, imports_from, study_imports
from pytest_dre.references import load_reference


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """Forget what the test imports, and let it write compiled code."""
    before, path = set(sys.modules), sys.path[:]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    sys.path[:] = path
    forget()


@pytest.fixture
def beside(tmp_path):
    """Writes modules into a directory of the name, which it returns."""

    def write(directory, **modules):
        for name, code in modules.items():
            file = tmp_path.joinpath(directory, *name.split("__")).with_suffix(".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code)
        return tmp_path / directory

    return write


def late(name):
    return importlib.import_module(name)


def test_each_directory_has_its_own_packages_and_namespaces(beside):
    for name in ("a", "b"):
        beside(name, agents="import lib_x.deep, space_x.deep\nnames = [lib_x.deep.NAME, space_x.deep.NAME]\n")
        beside(name, lib_x____init__="", lib_x__deep=f"NAME = {name!r}\n", space_x__deep=f"NAME = {name!r}\n")
    for _ in range(2):
        for name in ("a", "b"):
            assert load_reference("agents:names", beside(name)) == [name, name]
            assert {late("lib_x.deep").NAME, late("space_x.deep").NAME} == {name}


def test_a_study_that_comes_again_has_the_modules_it_had(beside):
    for name in ("a", "b"):
        beside(name, agents_x="class Agent: ...\n")
    kinds = {name: load_reference("agents_x:Agent", beside(name)) for name in ("a", "b")}
    assert kinds["a"] is not kinds["b"]
    for name in ("a", "b", "a"):
        with study_imports(beside(name)):
            assert late("agents_x").Agent is kinds[name]
        assert load_reference("agents_x:Agent", beside(name)) is kinds[name]


def test_what_only_another_study_has_is_not_found(beside):
    load_reference("./x.py:helpers_x", beside("a", x="import helpers_x\n", helpers_x=""))
    with pytest.raises(Exception, match="No module named 'helpers_x'"):
        load_reference("./y.py:helpers_x", beside("b", y="import helpers_x\n"))


def test_directories_of_one_study_share_what_only_one_of_them_has(beside):
    base = beside("a", x="import helpers_x\n", helpers_x="")
    beside("a", more__y="import helpers_x\n")
    assert load_reference("./x.py:helpers_x", base) is load_reference("./more/y.py:helpers_x", base)


def test_modules_from_elsewhere_on_the_path_are_shared_and_come_first(beside, monkeypatch):
    monkeypatch.syspath_prepend(beside("lib", common_x="", helpers_x="NAME = 'lib'\n"))
    found = []
    for name in ("a", "b"):
        beside(name, helpers_x="NAME = 'own'\n", x="import common_x, helpers_x\nall = common_x, helpers_x\n")
        found.append(load_reference("./x.py:all", beside(name)))
    assert found[0] == found[1]
    assert found[0][1].NAME == "lib"


def test_the_directory_of_another_conftest_comes_after_the_study_s_own(beside, monkeypatch):
    monkeypatch.syspath_prepend(beside("a", conftest="", helpers_x="NAME = 'a'\n"))
    assert late("helpers_x").NAME == "a"
    path = sys.path[:]
    beside("b", helpers_x="NAME = 'b'\n", x="import helpers_x\n")
    assert load_reference("./x.py:helpers_x.NAME", beside("b")) == "b"
    assert sys.path == path
    assert load_reference("./y.py:helpers_x.NAME", beside("a", y="import helpers_x\n")) == "a"


def test_modules_can_be_put_aside_until_the_runs(beside):
    base = beside("a", x="import helpers_x\n", helpers_x="")
    with imports_from(base, base, on_path=False, keep=False):
        helpers = load_reference("./x.py:helpers_x", base)
    assert "helpers_x" not in sys.modules
    with study_imports(base):
        assert late("helpers_x") is helpers


@pytest.mark.parametrize("reference", ["agents_x:agent", "pack_x.agents:agent", "./uses.py:agents_x.agent"])
def test_modules_are_imported_as_they_are_now_whatever_was_compiled_of_them(beside, reference):
    """Python itself would take the compiled code of a file of the same size and time."""
    for answer in ("40", "41", "41"):
        code = f"def agent():\n    return {answer}\n"
        base = beside("a", agents_x=code, pack_x____init__="", pack_x__agents=code, uses="import agents_x\n")
        for file in base.rglob("*.py"):
            os.utime(file, (1_700_000_000, 1_700_000_000))
        assert load_reference(reference, base)() == int(answer)
        assert list(base.rglob("*.pyc")), "compiled code is kept, for sessions that find it newer than its source"
        for name in [name for name in sys.modules if name.startswith(("agents_x", "pack_x", "uses"))]:
            del sys.modules[name]


def test_the_finders_are_as_before_also_after_a_failure(beside):
    finders, path = sys.meta_path[:], sys.path[:]
    with pytest.raises(Exception, match="ZeroDivisionError"):
        load_reference("bad_x:agent", beside("a", bad_x="1 / 0\n"))
    assert (sys.meta_path, sys.path) == (finders, path)


def test_a_study_does_not_find_another_s_modules_as_it_runs(beside):
    beside("a", x="import helpers_x\n", helpers_x="")
    load_reference("./x.py:helpers_x", beside("a"))
    load_reference("./y.py:agent", beside("b", helpers_x="", y="def agent(): import helpers_x\n"))
    with pytest.raises(ModuleNotFoundError):
        late("helpers_x")
    load_reference("./x.py:helpers_x", beside("a"))
    assert late("helpers_x").__file__ == str(beside("a") / "helpers_x.py")


def test_entries_of_the_path_and_finders_that_go_away_do_no_harm(beside, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    code = """
import sys
from pytest_dre.imports import CURRENT_CODE
sys.path.pop()
sys.meta_path.remove(CURRENT_CODE)
agent = 1
"""
    assert load_reference("./x.py:agent", beside("a", x=code)) == 1
