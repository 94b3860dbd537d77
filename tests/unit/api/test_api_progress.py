"""The progress bar."""

import sys
import types

import pytest

from pytest_dre import run_study
from pytest_dre.api.progress import Progress


def agent(x):
    if x == 1:
        raise ValueError
    return "done"


@pytest.mark.parametrize(
    ("wanted", "terminal", "shown"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_a_bar_is_shown_on_terminals_and_on_demand(here, make_study, capsys, monkeypatch, wanted, terminal, shown):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    run_study(make_study(), agent_bindings={"a": agent}, checkpoint=False, show_progress=wanted)
    captured = capsys.readouterr()
    assert ("failed=1, success=3" in captured.err) is shown
    assert captured.out == ""


def test_replayed_runs_count(here, make_study, capsys):
    run_study(make_study(), agent_bindings={"a": agent})
    run_study(make_study(), agent_bindings={"a": agent}, resume=True, show_progress=True)
    assert "failed=1, success=3" in capsys.readouterr().err


def test_a_notebook_has_a_bar_though_it_is_no_terminal(capsys, monkeypatch):
    shell = type("ZMQInteractiveShell", (), {})
    ipython = types.SimpleNamespace(get_ipython=shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    with Progress(2, "study", None):
        pass
    assert "study:   0%" in capsys.readouterr().err
