"""Raising a fault of a design."""

from typing import NoReturn

from pytest_dre.errors import Fault, StudyError


def refuse(message: str, hint: str, *path: str | int) -> NoReturn:
    """Raise StudyError with one fault at the key `path`."""
    raise StudyError([Fault(message, hint, path)])
