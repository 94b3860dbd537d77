"""Dumps of held processes show what their user wrote."""

import asyncio
from pathlib import Path

import pytest

import pytest_dre
from pytest_dre.execution.dumps import trimmed_dump

PACKAGE = Path(pytest_dre.__file__).parent
ASYNCIO = Path(asyncio.__file__).parent
RUN = f"""\
  File "{PACKAGE}/execution/run.py", line 159 in _take_steps
  File "{PACKAGE}/integration/recorder.py", line 86 in perform
  File "/site-packages/_pytest/runner.py", line 184 in pytest_runtest_call
"""
BRINGER = """\
Thread 0x00007f6584bff6c0 (most recent call first):
  File "/site-packages/execnet/gateway_base.py", line 534 in read
  File "/site-packages/execnet/gateway_base.py", line 341 in run

"""
AGENT = '  File "/lab/agent, mine.py", line 4 in hold\n  File "/lab/agent, mine.py", line 9 in solve\n'


def dump(frames, before=""):
    return f"Timeout (0:00:01.500000)!\n{before}Thread 0x00007f6585dc0b80 (most recent call first):\n{frames}"


@pytest.mark.parametrize("before", ["", BRINGER, BRINGER.replace("/execnet/", "/loky/")], ids=["", "execnet", "loky"])
def test_only_the_agents_frames_are_left_of_a_run(before):
    assert trimmed_dump(dump(AGENT + RUN, before)) == f"held (most recent call first):\n{AGENT}"


def test_the_event_loop_that_we_run_is_ours_and_one_that_the_agent_runs_hides_none_of_its_frames():
    loop = f'  File "{ASYNCIO}/runners.py", line 118 in run\n'
    outer = '  File "/lab/agent.py", line 20 in outer\n'
    assert trimmed_dump(dump(AGENT + loop + outer + loop + RUN)) == f"held (most recent call first):\n{AGENT}{outer}"


def test_threads_of_the_agent_are_shown_after_it():
    thread = f"Thread 0x00007f6584bff6c0 (most recent call first):\n{AGENT}"
    waiting = '  File "/lib/threading.py", line 1116 in join\n  File "/lab/agent.py", line 20 in solve\n'
    shown = trimmed_dump(dump(waiting + RUN, f"{thread}\n"))
    assert shown == f"held (most recent call first):\n{waiting}{thread}"


@pytest.mark.parametrize(
    "text",
    ["", "Timeout!", "Timeout (0:00:01)!\n", dump(RUN)],
    ids=["nothing", "no dump", "no threads", "no frame of an agent"],
)
def test_what_has_nothing_of_the_agent_is_kept(text):
    assert trimmed_dump(text) == text


def test_a_dump_that_was_cut_short_keeps_what_there_is():
    text = dump(AGENT + RUN)
    cut = text[: text.index("line 9") + 3]
    assert "in hold" in trimmed_dump(cut)
