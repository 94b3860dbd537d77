import contextlib
import copy
import json
import random
import time
from pathlib import Path

import pytest

from pytest_dre.errors import StudyError
from pytest_dre.loading import dump_json, load_study, parse_study, study_from_dict, study_to_dict
from pytest_dre.model.factors import Factor, Level

SAMPLE = (Path(__file__).parent / "samples.yaml.txt").read_text(encoding="utf-8")
HEAD = "study_id: s\ntitle: t\nagent_specs: [a]\n"


def faults(text: str, **options: bool) -> list[str]:
    """Return the lines a user sees, without the file's name."""
    with pytest.raises(StudyError) as caught:
        parse_study(text, "f", **options)
    return [line.removeprefix("f:") for line in str(caught.value).splitlines()]


def test_the_sample_is_read_with_the_place_of_each_key() -> None:
    source = parse_study(SAMPLE, "sample.yaml")
    study = source.study
    assert study.factors[1].levels == (Level(name="0.1", value=0.1), Level(name="1.0", value=1.0))
    assert [level.value for level in study.factors[2].levels] == [False, True]
    assert study.agents["solver"].ref == "./agents.py:solve"
    assert study.hypotheses[0].statement == "Scaffolding helps,\nwhatever the tools.\n"
    marks = source.source_map.marks
    assert marks["study_id",] == (1, 1)
    assert marks["factors", 0, "levels", 1, "label"] == (9, 60)
    assert marks["factors", 1, "levels", 1] == (10, 39)


def test_the_sample_is_read_in_a_few_milliseconds() -> None:
    parse_study(SAMPLE)
    start = time.perf_counter()
    for _ in range(10):
        parse_study(SAMPLE)
    assert (time.perf_counter() - start) / 10 < 0.1  # some 5 ms on an idle machine


def test_a_file_is_named_as_asked_and_references_are_relative_to_it(tmp_path: Path) -> None:
    path = tmp_path / "x.study.yaml"
    path.write_text(HEAD.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    source = load_study(path, "studies/x.study.yaml")
    assert (source.path, source.base_dir, source.source_map.file) == (path, tmp_path, "studies/x.study.yaml")
    path.write_text("title: t\nagent_specs: [a]\n")
    with pytest.raises(StudyError, match=r"^studies/x.study.yaml:1:1: the key 'study_id' is missing; add"):
        load_study(path, "studies/x.study.yaml")


def test_json_files_are_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "x.study.json"
    path.write_text('{\n\t"study_id": "1e3",\t"title": "on",\n\t"agent_specs": ["a\\n\\ud83d\\ude00"], "notes": null}')
    source = load_study(path)
    assert (source.study.study_id, source.study.title) == ("1e3", "on")
    assert source.study.agent_specs == ("a\n😀",)
    assert source.source_map.marks["title",] == (2, 21)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"# only a comment\n", "the file is empty"),
        (b"---\n", "the file is empty"),
        ("study_id: s".encode("utf-16"), "is UTF-16 or binary, not UTF-8; save it as UTF-8"),
        ("study_id: s".encode("utf-16-le"), "is UTF-16 or binary"),
        ("study_id: s\ntitle: é".encode("latin-1"), ":2:8: the byte 0xe9 is not UTF-8"),
        (b"a: " + b"x" * 5_000_001, "larger than 5 MB"),
    ],
    ids=["empty", "comment", "marker", "utf-16", "utf-16 without mark", "latin-1", "huge"],
)
def test_files_that_are_no_text_of_a_study(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.study.yaml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read: No such file"):
        load_study(tmp_path / "x.study.yaml")


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    text = """\
study_id: 2024
title: on
factors:
  - {name: x, levels: [on, off]}
  - {nmae: y, levels: [{name: no, value: off}, 2]}
hypotheses:
  - {hypothesis_id: h, label: l, statement: s, independent_vars: [x, z], dependent_vars: [scor]}
outcome:
  - {name: score, source_table: run, column: c, aggregation: mean}
replicates: 3
"""
    assert faults(text) == [
        '1:1: study_id: 2024 is a number; text is meant; quote it: "2024"',
        "1:1: there is nothing to run; add agents (agent_specs, agents or a factor 'agent') or a runner",
        '2:1: title: YAML reads on as a boolean; text is meant; quote it: "on"',
        '4:24: factors[0].levels[0]: YAML reads on as a boolean; text is meant; quote it: "on"',
        '4:28: factors[0].levels[1]: YAML reads off as a boolean; text is meant; quote it: "off"',
        "5:6: factors[1].nmae: the key 'nmae' is unknown; did you mean 'name'?",
        '5:25: factors[1].levels[0].name: YAML reads no as a boolean; text is meant; quote it: "no"',
        "7:70: hypotheses[0].independent_vars[1]: there is no factor or block 'z'; "
        "known: agent, agent_id, agent_spec, problem, problem_id, x, y",
        "7:91: hypotheses[0].dependent_vars[0]: there is no outcome 'scor'; did you mean 'score'?",
        "8:1: outcome: the key 'outcome' is unknown; did you mean 'outcomes'?",
        "9:19: outcome[0].source_table: 'run' is not known here; did you mean 'runs'?",
        "10:1: replicates: the key 'replicates' is unknown; it belongs under design_spec or run_budget",
    ]


def test_a_repaired_part_causes_no_further_faults() -> None:
    hypotheses = "hypotheses: [{hypothesis_id: h, label: l, statement: s, independent_vars: [x]}]\n"
    assert faults(f"{HEAD}factors: [{{name: 3, levels: [1]}}]\n{hypotheses}") == [
        '4:12: factors[0].name: 3 is a number; text is meant; quote it: "3"'
    ]
    assert faults(f"{HEAD}factors: 3\n{hypotheses}") == ["4:1: factors: 3 is a number; a list is meant; write [3]"]
    assert faults(f"{HEAD}factors: [x]\n{hypotheses}")[0].startswith("4:11: factors[0]: 'x' is text; a map is meant")
    assert len(faults(f"{HEAD}factors: [x]\n{hypotheses}")) == 1
    assert faults("study_id: s\ntitle: t\nagent_specs: 5\n") == [
        "3:1: agent_specs: 5 is a number; a list is meant; write [5]"
    ]


def test_a_screen_holds_the_message() -> None:
    text = HEAD + "".join(f"key{index}: {'x' * 5000}\n" for index in range(700)) + f"? {'k' * 9000}\n: 1\n"
    lines = faults(text)
    assert len(lines) == 21
    assert max(map(len, lines)) < 300
    assert lines[-1].startswith("… and ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"title": "t", "agent_specs": ["a"]}, "the key 'study_id' is missing; add 'study_id: …'"),
        ([1], "the study is a list, not a map; write 'key: value' lines; a study needs at least study_id and title"),
        (None, "the file is empty; write 'key: value' lines; a study needs at least study_id and title"),
        (
            {"study_id": "s", "title": "t", "runner": object},
            "runner: <class 'object'> is a Python object (type); text is meant",
        ),
    ],
)
def test_plain_data_is_checked_alike(data: object, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        study_from_dict(data)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_study_is_read_from_plain_data_and_parts() -> None:
    factor = Factor(name="x", levels=(Level(name="a", value=1),))
    source = study_from_dict({"study_id": "s", "title": "t", "agent_specs": ("a",), "factors": [factor]})
    assert source.study.factors == (factor,)
    assert source.path is None
    assert study_from_dict(study_to_dict(source.study)).study == source.study


def test_data_that_contains_itself_is_a_fault() -> None:
    loop: list[object] = []
    loop.append(loop)
    data = {"study_id": "s", "title": "t", "agent_specs": ["a"], "blocks": [{"name": "b", "levels": [loop]}]}
    with pytest.raises(StudyError, match=r"^blocks\[0\].levels\[0\]: the value contains itself"):
        study_from_dict(data)


SNIPPETS = [
    "\t",
    "\n",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "&a ",
    "*a",
    "!!x ",
    "#",
    "|",
    ">",
    "é",
    "\0",
    "on",
    "1e9",
    "<<: ",
    "? ",
    "---\n",
    ",",
    "\\u",
    " ",
    "null",
    "\ud800",
    "\u2028",
]


def mutated(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(len(text)), rng.choice([0, 0, 1, 3, 20])
        insert = rng.choice([*SNIPPETS, text[at : at + 40]])
        text = text[:at] + insert + text[at + length :]
    return text


@pytest.mark.parametrize("as_json", [False, True], ids=["yaml", "json"])
def test_any_text_gives_a_study_or_its_faults(as_json: bool) -> None:
    text = dump_json(parse_study(SAMPLE).study) if as_json else SAMPLE
    rng = random.Random(20)
    start = time.perf_counter()
    loaded = 0
    for _ in range(400):
        with contextlib.suppress(StudyError):
            source = parse_study(mutated(text, rng), "f", as_json=as_json)
            loaded += 1
            json.dumps(study_to_dict(source.study))
    assert 0 < loaded < 400
    assert time.perf_counter() - start < 60


VALUES: list[object] = [
    None,
    True,
    3,
    0,
    -1,
    2.5,
    1e400,
    "",
    "x",
    "score",
    [],
    ["x", "x"],
    [3],
    {},
    {"name": "x"},
    {"": 1},
]


def disturb(part: object, rng: random.Random) -> None:
    """Replace, remove or rename something somewhere below `part`."""
    keys: list[object] = (
        list(part) if isinstance(part, dict) else list(range(len(part))) if isinstance(part, list) else []
    )
    if not keys:
        return
    key = rng.choice(keys)
    child = part[key]  # type: ignore[index]
    if isinstance(child, dict | list) and child and rng.random() < 0.7:
        disturb(child, rng)
    elif isinstance(part, dict) and rng.random() < 0.4:
        part[rng.choice([f"{key}s", str(key)[1:], "zz"])] = part.pop(key)
    else:
        part[key] = copy.deepcopy(rng.choice(VALUES))  # type: ignore[index]


def test_any_data_gives_a_study_or_its_faults() -> None:
    full = study_to_dict(parse_study(SAMPLE).study)
    rng = random.Random(5)
    loaded = 0
    for _ in range(400):
        data = copy.deepcopy(full)
        for _ in range(rng.randint(1, 5)):
            disturb(data, rng)
        with contextlib.suppress(StudyError):
            loaded += bool(study_from_dict(data).study)
    assert 0 < loaded < 400
