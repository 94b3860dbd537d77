"""Standard streams that a run has closed: what can be opened again is, in place; all is told."""

import io
import os
import sys
import warnings
from pathlib import Path

import pytest

from pytest_dre.execution.surroundings import kept_surroundings


class Writer:
    """Somebody's stream that can be closed, but not opened."""

    closed = False

    def write(self, text):
        return len(text)

    def close(self):
        self.closed = True


class OnlyWrites:
    def write(self, text):
        return len(text)


def warned(block):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with kept_surroundings():
            block()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("stream", [None, OnlyWrites(), Writer(), io.StringIO()])
def test_any_stream_may_stand_there(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream)
    assert warned(lambda: None) == []
    assert sys.stdout is stream


def test_a_stream_that_cannot_be_opened_again_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Writer())
    assert warned(sys.stderr.close) == ["the run closed sys.stderr, which cannot be opened again"]


def test_a_stream_of_a_closed_descriptor_is_told(monkeypatch):
    monkeypatch.setattr(os, "dup", lambda _: Path("/nowhere").stat())
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115
    assert warned(sys.stdout.close) == ["the run closed sys.stdout, which cannot be opened again"]


def test_a_file_on_the_descriptor_goes_on_where_it_was(monkeypatch, tmp_path):
    saved = os.dup(1)
    try:
        with (tmp_path / "out.txt").open("w+b", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            stream = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
            monkeypatch.setattr(sys, "stdout", stream)

            def write_and_close():
                sys.stdout.write("before\n")
                sys.stdout.close()

            assert warned(write_and_close) == ["the run closed sys.stdout"]
            assert sys.stdout is stream
            sys.stdout.write("after\n")
            sys.stdout.close()
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    assert (tmp_path / "out.txt").read_text() == "before\nafter\n"
