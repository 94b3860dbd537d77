import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from pytest_dre.reporting.width import clean, display_width, fit, harmless, pad, shorten

NASTY = st.text(st.sampled_from("ab \n\x1b\u202e\u200d\u0301\ufe0f👩👧🇩🇪❤🏽日本ก้ि\u115f\ud800\U000e0067"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("line\u2028break", "line\\u2028break"),
        ("\ud800", "\\ud800"),
        ("tag\U000e0067", "tag\\U000e0067"),
        ("a\u200db", "a\\u200db"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("e\u0301", "e\u0301"),
        ("\u0301x", "\\u0301x"),
        ("x \u0301", "x \\u0301"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "\\u0301" * 2),
        ("日本 ❤️ 🇩🇪", "日本 ❤️ 🇩🇪"),
    ],
)
def test_untrusted_text_is_shown_not_obeyed(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_huge_text_keeps_its_ends() -> None:
    shown = clean("start" + "x" * 10_000_000 + "end")
    assert len(shown) < 3_000
    assert shown.startswith("start")
    assert shown.endswith("end")


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("👩\u200d👩\u200d👧", 2), ("❤️", 2), ("🇩🇪", 2), ("a\x1bb", 2)],
)
def test_display_width_counts_columns(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "where", "shown"),
    [
        ("abcdef", 6, "end", "abcdef"),
        ("abcdef", 4, "end", "abc…"),
        ("abcdef", 5, "middle", "ab…ef"),
        ("abcdef", 4, "middle", "ab…f"),
        ("abcdef", 1, "end", "…"),
        ("abcdef", 0, "end", ""),
        ("日本語", 4, "end", "日…"),
        ("日本語", 5, "middle", "日…語"),
        ("👩\u200d👩\u200d👧👩\u200d👩\u200d👧", 3, "end", "👩\u200d👩\u200d👧…"),
        ("🇩🇪🇫🇷🇮🇹", 4, "end", "🇩🇪…"),
        ("👍🏽👍🏽", 3, "end", "👍🏽…"),
        ("e\u0301e\u0301e\u0301", 2, "end", "e\u0301…"),
    ],
)
def test_shortened_text_keeps_whole_characters(text: str, width: int, where, shown: str) -> None:
    assert shorten(text, width, where) == shown


def test_pad_aligns_wide_text() -> None:
    assert pad("日本", 6) == "日本  "
    assert pad("日本", 6, right=True) == "  日本"
    assert pad("toolong", 3) == "toolong"


@given(NASTY | st.text(), st.integers(0, 30), st.sampled_from(["end", "middle"]))
def test_any_text_fits_and_is_harmless(text: str, width: int, where) -> None:
    shown = fit(text, width, where)
    assert display_width(shown) <= width
    assert wcswidth(shown) == display_width(shown)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(NASTY | st.text())
def test_cleaning_is_done_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(), st.text(alphabet="\n\t"))
def test_texts_of_several_lines_keep_their_lines_and_lose_what_steers(text, breaks):
    shown = harmless(text + breaks + text)
    assert shown.count("\n") == (text + breaks + text).count("\n")
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in shown if char not in "\n\t")
    assert harmless("é" * 5000) == "é" * 5000
