"""Study files, texts and plain data → validated studies, or all their faults."""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from pytest_dre.detection import MAX_BYTES
from pytest_dre.errors import Fault, StudyError
from pytest_dre.loading.json_text import compose_json
from pytest_dre.loading.marks import read_nodes
from pytest_dre.loading.misspelling import as_written, by_corrected, corrected, is_renamed
from pytest_dre.loading.repair import repaired_study
from pytest_dre.loading.shorthand import boolean_word_faults, expand
from pytest_dre.loading.structure import fit, structure_faults
from pytest_dre.loading.validation import cross_faults
from pytest_dre.loading.wording import kind_of, tidy
from pytest_dre.loading.yaml_text import compose_yaml
from pytest_dre.model.source import KeyPath, SourceMap, StudySource
from pytest_dre.model.study import Study

UTF_16_AND_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True, slots=True)
class _Draft:
    """Data on its way to a study."""

    data: Any
    source_map: SourceMap
    written: Mapping[KeyPath, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def load_study(path: Path, shown_as: str | None = None) -> StudySource:
    """Return the study of a YAML or JSON file.

    Raises StudyError with every fault, each with its file (as `shown_as`, else `path`), line, column and key path.
    """
    file = shown_as or str(path)
    try:
        text = _decode(_read(path))
    except StudyError as error:
        raise _located(SourceMap(file), error.faults) from None
    return parse_study(text, file, path=path, as_json=path.suffix.lower() == ".json")


def parse_study(text: str, file: str | None = None, *, path: Path | None = None, as_json: bool = False) -> StudySource:
    """Return the study of a YAML or JSON text, which messages call `file`.

    `path` is what references are relative to. Raises StudyError with every fault.
    """
    compose: Callable[[str], yaml.Node] = compose_json if as_json else compose_yaml
    try:
        document = read_nodes(compose(text.removeprefix("\ufeff")))
    except StudyError as error:
        raise _located(SourceMap(file), error.faults) from None
    source_map = SourceMap(file, document.marks)
    faults = (*document.faults, *boolean_word_faults(document.written))
    draft = _Draft(document.data, source_map, document.written, faults)
    return StudySource(_study(draft), path, source_map)


def study_from_dict(data: Mapping[str, Any]) -> StudySource:
    """Return the study of plain data, the same that a file may hold. Raises StudyError with every fault."""
    return StudySource(_study(_Draft(dict(data) if isinstance(data, Mapping) else data, SourceMap())))


def _study(draft: _Draft) -> Study:
    """Return the draft's study; raises StudyError with every fault of form and of agreement."""
    if not isinstance(draft.data, dict):
        message = f"the study is {kind_of(draft.data)}, not a map" if draft.data is not None else "the file is empty"
        fault = Fault(message, "write 'key: value' lines; a study needs at least study_id and title")
        raise _located(draft.source_map, [fault])
    reported = {fault.path for fault in draft.faults}
    study, faults = _checked(expand(draft.data), draft, reported)
    faults = [*draft.faults, *(fault for fault in faults if fault.path not in reported)]
    if faults or study is None:
        raise _located(draft.source_map, faults)
    return study


def _checked(data: dict[str, Any], draft: _Draft, reported: set[KeyPath]) -> tuple[Study | None, list[Fault]]:
    """Return the study of `data`, or a repaired one, and the faults of form and of agreement."""
    study, misfits = fit(data)
    faults = structure_faults(misfits, draft.written)
    renamed: dict[KeyPath, KeyPath] = {}
    changed: frozenset[KeyPath] = frozenset()
    if misfits:
        data, renamed = corrected(data, misfits)
        data = expand(data)
        study, misfits = fit(data)
        below = [item for item in misfits if is_renamed(item.path, renamed)]
        faults += _as_written(structure_faults(below, by_corrected(draft.written, renamed)), renamed)
    if study is None:
        study, changed = repaired_study(data, misfits)
    if study is not None:
        faults += _as_written(cross_faults(study, changed | reported), renamed)
    return study, faults


def _as_written(faults: list[Fault], renamed: Mapping[KeyPath, KeyPath]) -> list[Fault]:
    """Return the faults with the keys that the file has."""
    return [replace(fault, path=as_written(fault.path, renamed)) for fault in faults]


def _located(source_map: SourceMap, faults: Any) -> StudyError:
    """Return the error for the faults, with places, in the order of the file, and with paths short enough to show."""
    error = source_map.error(*faults)
    return StudyError([tidy(fault) for fault in error.faults])


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudyError(
            [Fault(f"the file cannot be read: {error.strerror or error}", "check the path and its permissions")]
        ) from None
    if len(content) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1_000_000} MB"
        raise StudyError([Fault(message, "keep data in files of their own and refer to them")])
    return content


def _decode(content: bytes) -> str:
    """Return the text of UTF-8, with or without a byte order mark."""
    if content.startswith(UTF_16_AND_32) or b"\0" in content[:4]:
        raise StudyError([Fault("the file is UTF-16 or binary, not UTF-8", "save it as UTF-8")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        fault = Fault(f"the byte 0x{error.object[error.start]:02x} is not UTF-8", "save the file as UTF-8")
        raise StudyError([replace(fault, line=line, column=column)]) from None
