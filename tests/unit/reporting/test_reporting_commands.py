import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.reporting.commands import command_lines
from pytest_dre.reporting.width import display_width

WORD = st.text(st.sampled_from("ab/.:='\" $日é~#"), min_size=1, max_size=60)


def test_a_short_command_stays_as_it_is() -> None:
    assert command_lines("pytest 'a b.yaml' --lf", 80, 10) == ["pytest 'a b.yaml' --lf"]


def test_a_long_command_is_broken_between_words() -> None:
    lines = command_lines("pytest studies/vessel.study.yaml --lf -n 8", 40, 4)
    assert lines == ["pytest studies/vessel.study.yaml \\", "    --lf -n 8"]


def test_a_long_word_is_broken_where_the_line_ends() -> None:
    assert command_lines("pytest " + "x" * 50 + " --lf", 30, 4) == [
        "pytest \\",
        "x" * 28 + "\\",
        "x" * 22 + " --lf",
    ]


@pytest.mark.parametrize(
    "command", ["pytest 'unbalanced" + "x" * 40, "cd a && pytest " + "x" * 40, "pytest 'a\nb" + "x" * 40 + "'"]
)
def test_what_cannot_be_broken_is_shortened(command: str) -> None:
    (line,) = command_lines(command, 40, 10)
    assert display_width(line) == 30
    assert "…" in line


def test_too_little_room_shortens() -> None:
    assert command_lines("pytest studies/vessel.yaml --lf", 24, 10) == ["pytest …l --lf"]


def test_a_first_word_longer_than_the_line() -> None:
    assert command_lines("y" * 40, 30, 4) == ["\\", "y" * 28 + "\\", "y" * 12]


@given(st.lists(WORD, min_size=1, max_size=5), st.integers(40, 100), st.integers(0, 15))
def test_broken_commands_fit_and_say_the_same(words: list[str], width: int, indent: int) -> None:
    command = shlex.join(words)
    first, *rest = command_lines(command, width, indent)
    assert display_width(first) <= width - indent
    assert all(display_width(line) <= width for line in rest)
    assert shlex.split("\n".join([first, *rest]).replace("\\\n", "")) == words


def test_a_shell_reads_a_broken_command_as_that_command() -> None:
    words = ["printf", "%s|", "it's a very long path/with spaces/and $HOME/" + "é" * 40, "second", "x" * 70]
    first, *rest = command_lines(shlex.join(words), 40, 10)
    assert len(rest) > 3
    done = subprocess.run(["sh", "-c", "\n".join([first, *rest])], capture_output=True, text=True, check=True)
    assert done.stdout == "".join(f"{word}|" for word in words[2:])
