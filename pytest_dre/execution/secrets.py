"""Secrets of the environment, masked in whatever is stored or shown."""

import base64
import fnmatch
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from pytest_dre.execution.keys import free_key
from pytest_dre.model.runs import RunResult

MASK = "***"
# pytest names the test under way in it, so each run has another environment; it holds no secret.
_CHANGES_WITH_EACH_RUN = ("PYTEST_CURRENT_TEST", b"PYTEST_CURRENT_TEST")
MIN_LENGTH = 8  # shorter values are words of ordinary text
MIN_DIGITS = 16  # shorter numbers are seeds, times and counts
MIN_LINE = 16  # of a secret of several lines, each line as long as this is one too

_ENDINGS = (
    "KEY",
    "KEYS",
    "KEY_ID",
    "APIKEY",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PASSPHRASE",
    "PWD",
    "CREDENTIAL",
    "CREDENTIALS",
    "PAT",
    "DSN",
    "AUTH",
    "COOKIE",
)
SECRET_NAMES = (
    *(f"*_{ending}" for ending in _ENDINGS),
    *(ending for ending in _ENDINGS if ending not in ("PWD", "AUTH", "KEY_ID")),  # PWD is the working directory
    *(f"*_{ending}_[0-9]*" for ending in ("KEY", "TOKEN", "SECRET", "PASSWORD")),
    "*_API_KEY*",
    "*_APIKEY*",
    "*_SECRET_*",
    "*PASSWORD*",
)

# Ids, status, times and fingerprint are left out: they tell nothing that an agent said, and other parts compare them.
_FREE_TEXTS = (
    "error_info",
    "traceback",
    "problem_family",
    "agent_kind",
    "pattern_name",
    "model_name",
    "outputs",
    "metrics",
    "evaluations",
    "events",
    "trace_refs",
    "metadata",
    "versions",
)
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_PLURALS = ("KEYS", "TOKENS", "SECRETS")
_SEVERAL = re.compile(r"[,;\s]+")
_compact = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=str).encode


class SecretMasker:
    """Replaces the values of secret environment variables by `***`.

    A variable is secret if its name matches one of the patterns (of `fnmatch`, whatever the case). Of any variable,
    the password in a URL ("postgres://user:password@host") is secret too. Not masked, for ordinary text would suffer:
    values of fewer than 8 characters, numbers of fewer than 16, paths that exist, and values made of `*` alone.

    A secret is found as it is, and as JSON, Python's `repr`, URLs and base64 write it; of several lines, each long
    one by itself. A value stays secret after the variable is gone, if `observe` has seen it.

    Args:
        more_names: Further patterns of names.
        environment: What to observe at first; the process's environment if None.
    """

    def __init__(self, more_names: Iterable[str] = (), environment: Mapping[Any, Any] | None = None) -> None:
        patterns = (*SECRET_NAMES, *more_names)
        self._is_secret = re.compile("|".join(fnmatch.translate(name.upper()) for name in patterns)).match
        self._last: dict[Any, Any] = {}
        self._secrets: set[str] = set()
        self._forms: list[str] = []  # the longest first: a shorter one may be part of it
        self._forms_in_json: list[str] = []
        self._pattern = re.compile("")
        self.observe(os.environ if environment is None else environment)

    def observe(self, environment: Mapping[Any, Any]) -> None:
        """Note the secrets of an environment, of text or (as `kept_surroundings` hands it over) of bytes."""
        name = _CHANGES_WITH_EACH_RUN[isinstance(next(iter(environment), None), bytes)]
        if name in environment:
            self._last[name] = environment[name]
        if environment == self._last:
            return
        new = environment.items() - self._last.items()
        self._last = dict(environment)
        found = {secret for name, value in new for secret in self._secrets_of(os.fsdecode(name), os.fsdecode(value))}
        if found <= self._secrets:
            return
        self._secrets |= found
        self._forms = sorted({form for secret in self._secrets for form in _forms(secret)}, key=_longest_first)
        self._forms_in_json = [_compact(form)[1:-1] for form in self._forms]
        self._pattern = re.compile("|".join(map(re.escape, self._forms)))

    def secrets(self, min_length: int) -> dict[str, str]:
        """Return the secrets of the environment last seen, of at least so many characters, each with its variable."""
        named = ((os.fsdecode(name), os.fsdecode(value)) for name, value in self._last.items())
        found = {secret: name for name, value in named for secret in self._secrets_of(name, value)}
        return {secret: name for secret, name in found.items() if len(secret) >= min_length}

    def text(self, text: str) -> str:
        """Return the text with each secret replaced by `***`; the text itself if there is none."""
        for form in self._forms:
            if form in text:
                return self._masked(text)
        return text

    def value(self, value: Any) -> Any:
        """Return plain data (JSON types) with its texts masked, keys of maps too; other objects stay as they are.

        Keys that masking makes equal are told apart by a number.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            masked: dict[Any, Any] = {}
            for key, item in value.items():
                masked[free_key(self.value(key), masked)] = self.value(item)
            return masked
        if isinstance(value, list | tuple):
            return type(value)(map(self.value, value))
        return value

    def result(self, result: RunResult) -> RunResult:
        """Return the result with all texts masked but ids, status, times and fingerprint; the same object if none was.

        To look through the result's JSON at once is several times faster than to visit its texts.
        """
        if not self._forms:
            return result
        text = _compact([getattr(result, name) for name in _FREE_TEXTS])
        for form in self._forms_in_json:
            if form in text:
                return replace(result, **{name: self.value(getattr(result, name)) for name in _FREE_TEXTS})
        return result

    def _masked(self, text: str) -> str:
        """Mask until nothing changes: what stands on both sides of a secret may be another, once that is masked."""
        masked = self._pattern.sub(MASK, text)
        while masked != text:
            text, masked = masked, self._pattern.sub(MASK, masked)
        return text

    def _secrets_of(self, name: str, value: str) -> set[str]:
        candidates = set(_PASSWORD_IN_URL.findall(value))
        if self._is_secret(name.upper()):
            candidates.add(value.strip())
            candidates.update(line.strip() for line in value.splitlines() if len(line.strip()) >= MIN_LINE)
            if name.upper().endswith(_PLURALS):
                candidates.update(_SEVERAL.split(value))
        return {candidate for candidate in candidates if _is_maskable(candidate)}


def _is_maskable(value: str) -> bool:
    if len(value) < MIN_LENGTH or not value.strip("*") or value.startswith("-----"):  # a line of a PEM block
        return False
    if len(value) < MIN_DIGITS and _is_number(value):
        return False
    return not _is_path(value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_path(value: str) -> bool:
    """Return whether the value is the path of something; keys in base64 may look like one."""
    if "/" not in value and "\\" not in value:
        return False
    try:
        return Path(value).exists()
    except (OSError, ValueError):  # too long, or with characters that no path has
        return False


def _forms(secret: str) -> set[str]:
    """Return how the secret may be written."""
    data = os.fsencode(secret)
    encoded = base64.b64encode(data).decode()
    for_urls = base64.urlsafe_b64encode(data).decode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        _compact(secret)[1:-1],
        repr(secret)[1:-1],
        quote(data),
        quote(data, safe=""),
        quote_plus(data),
        *(encoded, encoded.rstrip("=")),
        *(for_urls, for_urls.rstrip("=")),
    }


def _longest_first(form: str) -> tuple[int, str]:
    return -len(form), form
