"""References to Python objects: what a user is told when one cannot be followed."""

import os
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.references import ReferenceProblem, is_reference, listed, load_reference, missing_colon, nearest


@pytest.fixture
def told(tmp_path):
    """Writes files, follows a reference and returns the message of its failure."""

    def fail(reference, **files):
        for name, code in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        with pytest.raises(ReferenceProblem) as caught:
            load_reference(reference, tmp_path)
        message = str(caught.value)
        assert "\n" not in message
        assert str(tmp_path) not in message
        return message

    return fail


def test_an_import_that_fails_names_the_line(told):
    code = "import json\n\nzoo = {}\nzoo['zz']\n"
    assert told("./x.py:agent", x=code) == "importing 'x.py' failed with KeyError: 'zz' (x.py:4)"


def test_the_innermost_line_of_the_users_own_code_is_named_not_a_librarys(told):
    message = told(
        "./x.py:agent",
        x="import helper_of_x\n",
        helper_of_x="import json\n\n\ndef read():\n    json.loads('{')\n\n\nread()\n",
    )
    assert message.startswith("importing 'x.py' failed with JSONDecodeError: ")
    assert message.endswith("(helper_of_x.py:5)")


def test_the_line_is_the_users_also_if_an_installed_package_fails(told):
    message = told("./x.py:agent", x="import yaml\n\nyaml.safe_load('a: [')\n")
    assert message.startswith("importing 'x.py' failed with ParserError: ")
    assert message.endswith("(x.py:3)")


def test_a_syntax_error_has_its_own_place(told):
    message = told("./x.py:agent", x="y = 1\ndef (\n")
    assert message == "importing 'x.py' failed with SyntaxError: invalid syntax (x.py:2)"


def test_a_syntax_error_of_a_text_without_a_file_is_told_by_its_message(told):
    message = told("./x.py:agent", x="raise SyntaxError('odd')\n")
    assert message == "importing 'x.py' failed with SyntaxError: odd (x.py:1)"


def test_a_module_that_is_not_there_has_no_line(told):
    message = told("no_such_module_at_all:agent")
    assert message == (
        "importing 'no_such_module_at_all' failed with ModuleNotFoundError: No module named 'no_such_module_at_all'"
    )


def test_a_module_beside_the_study_that_fails_names_its_line(told):
    message = told("failing_sibling:agent", failing_sibling="\nraise SystemExit\n")
    assert message == "importing 'failing_sibling' failed with SystemExit (failing_sibling.py:2)"


def test_a_long_message_of_many_lines_becomes_a_short_line(told):
    message = told("./x.py:agent", x="raise ImportError('\\n\\nREAD THIS\\n' + 'x' * 5000)\n")
    assert message.startswith("importing 'x.py' failed with ImportError: READ THIS xxx")
    assert len(message) < 400


def test_files_outside_the_studys_directory_have_their_whole_path(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "x.py").write_text("1 / 0\n")
    with pytest.raises(ReferenceProblem) as caught:
        load_reference("../x.py:agent", tmp_path / "studies")
    file = tmp_path / "x.py"
    assert str(caught.value) == f"importing '{file}' failed with ZeroDivisionError: division by zero ({file}:1)"


def test_a_file_that_is_not_there(told):
    assert told("./agnets.py:a", agents="") == "there is no file 'agnets.py'; did you mean 'agents.py'?"
    assert told("./away/x.py:a") == "there is no file 'away/x.py'; a file's path starts at the study's directory"


def test_what_has_no_colon_is_told_what_to_add(told):
    code = "def guess(): ...\ndef _own(): ...\n" + "".join(f"a{index} = 1\n" for index in range(9))
    names = "a0, a1, a2, a3, a4, a5, a6, a7 and 2 more"
    assert told("./guessing.py", guessing=code) == (
        f"'./guessing.py' is no reference; add ':' and the name of what it defines; guessing.py defines {names}"
    )
    assert told("a.b") == "'a.b' is no reference; write 'module:attribute' or './file.py:attribute'"


def test_dotted_modules_are_found_where_python_looks_and_not_imported(tmp_path):
    assert "json" in sys.modules
    advice = missing_colon("xml.dom.minidom", tmp_path)
    assert advice.startswith("add ':' and the name of what it defines; minidom.py defines ")
    assert missing_colon("email.mime", tmp_path).endswith("add ':' and the name of what it defines")
    assert missing_colon("json", tmp_path) is None  # without a dot it is more likely an id
    assert missing_colon("x:y", tmp_path) is None


def test_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "x.py").write_text("")
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda _: (_ for _ in ()).throw(PermissionError("locked")))
    with pytest.raises(ReferenceProblem, match=r"importing 'x\.py' failed with PermissionError: locked"):
        load_reference("./x.py:a", tmp_path)


def test_a_file_is_imported_once_and_anew_when_it_changes(tmp_path):
    file = tmp_path / "once.py"
    file.write_text("thing = object()\nclass Kind:\n    part = 3\n")
    first = load_reference("./once.py:thing", tmp_path)
    assert load_reference("once.py:thing", tmp_path) is first
    assert load_reference("once.py:Kind.part", tmp_path) == 3
    file.write_text("thing = 4\n")
    assert load_reference("./once.py:thing", tmp_path) == 4


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=5))
def test_lists_read_as_prose(items):
    prose = listed(items)
    assert prose.replace(" and ", ", ").split(", ") == (items or [""])
    assert prose.count(" and ") == (len(items) > 1)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("a:b", True), ("./a.py:b.c", True), ("a", False), (":b", False), ("a:", False), ("a:b-c", False)],
)
def test_the_form_of_references(text, holds):
    assert is_reference(text) is holds


@pytest.mark.parametrize("place", ["x" * 300 + ".py", "./" + "y" * 5000 + ".py"])
def test_a_name_longer_than_any_file_has(tmp_path, place):
    with pytest.raises(ReferenceProblem, match="there is no file"):
        load_reference(f"{place}:f", tmp_path)
    assert missing_colon(place, tmp_path).startswith("there is no file")
    assert missing_colon("a" * 300 + ".b", tmp_path) is None


def test_a_place_that_no_path_can_be(told, tmp_path):
    assert told("./\0.py:f").startswith("'./\\x00.py' is no path that can be followed; write 'module:attribute'")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "loop" in told("loop/a.py:f")


def test_a_file_is_imported_as_it_is_now_whatever_was_compiled_of_it(tmp_path, monkeypatch):
    """Saved again within the same second, and as long as before: Python itself would take the old compiled code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "x.py"
    for answer in ("40", "41", "42"):
        file.write_text(f"def agent():\n    return {answer}\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        assert load_reference("./x.py:agent", tmp_path)() == int(answer)


@pytest.mark.parametrize(
    ("name", "known", "close"),
    [
        ("max_cots", ["max_cost_usd", "max_tokens", "max_total_s"], "max_cost_usd"),
        ("scor", ["cost", "score", "source"], "score"),
        ("nothing", ["score", "cost"], None),
        ("score", [], None),
        ("", ["score"], None),
    ],
)
def test_the_nearest_name_is_that_most_like_it_in_either_order(name, known, close):
    assert nearest(name, known) == close
    assert nearest(name, reversed(known)) == close
