import os
import time
from pathlib import Path

import pytest

from pytest_dre.detection import is_study_file

STUDIES = {
    "plain": b"study_id: s\n",
    "later": b"# comment\ntitle: t\nstudy_id: s\n",
    "byte order mark": b"\xef\xbb\xbfstudy_id: s\n",
    "crlf": b"title: t\r\nstudy_id:\r\n  s\r\n",
    "quoted": b'"study_id": s\n',
    "single quoted": b"'study_id' : s\n",
    "flow": b"{study_id: s, title: t}",
    "flow later": b'# c\n--- \n{"title": "a study_id: {", tags: [{x: 1}], "study_id": "s"}',
    "no value": b"study_id:",
}
OTHERS = {
    "no key": b"title: t\n",
    "nested": b"job:\n  study_id: s\n",
    "nested flow": b"{job: {study_id: s}}",
    "prefix": b"my_study_id: s\nstudy_id_list: []\n",
    "comment": b"# study_id: s\n",
    "value": b"key: study_id\n",
    "no map": b"study_id:x\n",
    "empty": b"",
}


@pytest.mark.parametrize("content", STUDIES.values(), ids=STUDIES.keys())
@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".YAML"])
def test_yaml_with_a_top_level_study_id_is_a_study(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(content)
    assert is_study_file(path)


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS.keys())
def test_other_yaml_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    assert not is_study_file(path)


@pytest.mark.parametrize("name", ["a.study.yaml", "a.study.yml", "a.study.json"])
def test_a_study_by_name_is_one_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00")
    assert is_study_file(path)


def test_json_and_other_files_are_none_without_the_name(tmp_path: Path) -> None:
    for name in ("a.json", "a.txt"):
        (tmp_path / name).write_bytes(b'{"study_id": "s"}')
        assert not is_study_file(tmp_path / name)


def test_a_file_that_cannot_be_read_is_judged_by_its_name(tmp_path: Path) -> None:
    assert not is_study_file(tmp_path / "missing.yaml")
    assert is_study_file(tmp_path / "missing.study.yaml")
    if os.geteuid() != 0:
        locked = tmp_path / "locked.yaml"
        locked.write_bytes(b"study_id: s\n")
        locked.chmod(0)
        assert not is_study_file(locked)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + " " * 100_000 + "study_id",
        " " * 100_000 + "study_id",
        "# x\n \n" * 20_000 + "study_id",
        '{"' + '\\"' * 200_000 + "study_id",
        '{"' + '\\"' * 200_000 + "study_id\\",
        "{'study_id" + "#" * 200_000,
    ],
    ids=["spaces", "indent", "comments", "escapes", "escaped end", "apostrophe"],
)
def test_no_text_takes_long_to_look_at(tmp_path, text):
    file = tmp_path / "a.yaml"
    file.write_text(text)
    before = time.process_time()
    assert not is_study_file(file)
    assert time.process_time() - before < 1
