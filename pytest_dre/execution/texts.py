"""Untrusted objects as text that can be stored and shown."""

from collections.abc import Callable

from pytest_dre.encoding import encodable

_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__


def to_text(value: object) -> str:
    """Return `str(value)` as text that UTF-8 can encode, whatever `value` does when asked for it."""
    try:
        text = str(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # an agent's own __str__, which may end the process as well as fail
        return f"<{type_name(value)}>"
    return encodable(str.__str__(text))


def type_name(value: object) -> str:
    """Return the name of the value's class, whatever its metaclass does when asked for it."""
    return _name_of(type(value))
