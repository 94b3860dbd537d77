"""Which files are studies: a cheap look that needs no YAML parser."""

import re
from pathlib import Path

MAX_BYTES = 5_000_000  # of a study file; beyond that it is a mistake or an attack
STUDY_SUFFIXES = (".study.yaml", ".study.yml", ".study.json")
YAML_SUFFIXES = (".yaml", ".yml")

_KEY = rb"""(?:study_id|"study_id"|'study_id')"""
_BLOCK_KEY = re.compile(rb"(?:^|[\r\n])(?:\xef\xbb\xbf)?" + _KEY + rb"[ \t]*:(?:[ \t\r\n]|$)")
# Nothing is tried twice (`++`, `*+`), and a quote that is never closed reaches to the end: any file takes linear time.
_FLOW_START = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|#[^\r\n]*+|%[^\r\n]*+|---(?=\s))*+\{")
_FLOW_TOKEN = re.compile(
    rb"(?P<key>" + _KEY + rb"\s*+:)|\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|'[^']*+(?:'|\Z)|#[^\r\n]*+|[\[{]|[\]}]", re.DOTALL
)


def is_study_file(path: Path) -> bool:
    """Return whether `path` is a study file.

    Every `*.study.yaml`, `*.study.yml` and `*.study.json` is one, whatever is in it; any other `.yaml` or `.yml` is
    one if it has a top-level key `study_id`. A file that cannot be read is judged by its name alone.
    """
    name = path.name.lower()
    if name.endswith(STUDY_SUFFIXES):
        return True
    if not name.endswith(YAML_SUFFIXES):
        return False
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError:
        return False
    if b"study_id" not in content:
        return False
    return bool(_BLOCK_KEY.search(content)) or _has_flow_key(content)


def _has_flow_key(content: bytes) -> bool:
    """Return whether the file is one flow map, `{study_id: …}`, with the key at its top level."""
    start = _FLOW_START.match(content)
    if not start:
        return False
    depth = 1
    for token in _FLOW_TOKEN.finditer(content, start.end()):
        if token["key"]:
            if depth == 1:
                return True
        elif token[0] in b"[{":
            depth += 1
        elif token[0] in b"]}":
            depth -= 1
    return False
