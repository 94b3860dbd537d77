"""What a fault says: one line of plain text, whatever stands in the user's files."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.errors import Fault

TEXTS = st.text(st.characters(codec=None), max_size=40)


def test_what_could_steer_a_terminal_is_escaped():
    fault = Fault("unknown \x1b[31m\n\u202e", "known: \ud800", ("a\tb", 1), "s.yaml", 1, 2)
    assert str(fault) == r"s.yaml:1:2: a\tb[1]: unknown \x1b[31m\n\u202e; known: \ud800"


def test_long_messages_are_cut():
    assert len(str(Fault("m" * 10_000, "h" * 10_000, ("k" * 10_000,)))) < 3_100


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_told_on_one_line_that_utf8_can_hold(message, hint, key):
    text = str(Fault(message, hint, (key,), "s.yaml", 1, 1))
    assert text.isprintable()
    assert text.encode().decode() == text


def test_plain_text_stays_as_it_is():
    assert str(Fault("größe is 'x' — no", "日本 \\ 😀", ("é",))) == "é: größe is 'x' — no; 日本 \\ 😀"
