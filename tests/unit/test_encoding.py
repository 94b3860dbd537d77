"""Text that files and databases take."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.encoding import encodable


def test_lone_surrogates_are_escaped():
    assert encodable("a\udc80😀") == "a\\udc80😀"


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_encoded(text):
    assert encodable(encodable(text)) == encodable(text)
    encodable(text).encode()
