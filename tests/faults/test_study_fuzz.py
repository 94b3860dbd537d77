"""Mutated study files: a sound study or a message that helps, never a traceback of ours, nor a hang.

A chunk is named by its number, so its findings are repeated with `-k fuzz_7_`; a mutant is `mutant(seeds(), 7, 15)`.
"""

import itertools
import re
import shutil
import traceback
from pathlib import Path

import pytest
import scipy.stats  # noqa: F401 - loaded once, and not inside the time of the first mutant
from mutations import Mutant, mutant, mutants
from study_checks import Finding, Tally, TooSlow, bounded, check_message, examine

from pytest_dre.errors import DreError, Fault, StudyError
from pytest_dre.loading import study_schema

ROOT = Path(__file__).parents[2]
CHUNK = 100
CHUNKS, ALL_CHUNKS = 10, 100
RULES = """
def allowed(factors, blocks):
    return True


def solve(problem, budget):
    return {"output": "x"}


class Climber:
    def __init__(self, **params):
        self.params = params

    def run(self, problem_packet, seed):
        return {"output": "y"}
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chunk" in metafunc.fixturenames:
        first = metafunc.config.getoption("faults_seed") * ALL_CHUNKS
        count = ALL_CHUNKS if metafunc.config.getoption("faults_full") else CHUNKS
        metafunc.parametrize("chunk", range(first, first + count), ids=lambda number: f"fuzz_{number}_")


def seeds() -> dict[str, str]:
    """Return the sound studies that are mutated, by name."""
    examples = [*(ROOT / "example_studies").glob("*.yaml"), *(ROOT / "tests" / "vectors" / "studies").glob("*.yaml")]
    files = sorted([*examples, *Path(__file__).parent.glob("rich_*.yaml.txt")])
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    # These hold most keys, and so are worth more mutants.
    return texts | {f"{name} {again}": texts[name] for name in texts if name.startswith("rich") for again in range(5)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with what the studies refer to."""
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def furnish(folder: Path) -> None:
    for file in (ROOT / "example_studies").glob("*.py"):
        if file.name != "conftest.py":
            shutil.copy(file, folder)
    shutil.copy(ROOT / "tests" / "vectors" / "studies" / "matrix.csv", folder)
    (folder / "rules.py").write_text(RULES)
    (folder / "broken.py").write_text("import nothing_of_this_name\n")


def look_at(mutant: Mutant, folder: Path, tally: Tally) -> None:
    """Count what becomes of a mutant."""
    path = folder / f"mutant{mutant.suffix}"
    path.write_bytes(mutant.content)
    try:
        with bounded():
            sound = examine(path)
    except (Exception, SystemExit, TooSlow) as error:
        where = "".join(traceback.format_exception(error)[-4:])
        tally.findings.append(f"{mutant.origin}\n{where[-1500:]}")
        return
    if sound:
        tally.accepted += 1
    else:
        tally.rejected += 1


def test_mutated_files_give_a_study_or_a_message(chunk, folder, record_property):
    tally = Tally()
    for item in mutants(seeds(), chunk, CHUNK):
        look_at(item, folder, tally)
    record_property("accepted", tally.accepted)
    record_property("rejected", tally.rejected)
    assert not tally.findings, "\n\n".join([f"{len(tally.findings)} findings", *tally.findings[:10]])
    assert tally.accepted + tally.rejected == CHUNK
    assert tally.accepted, "mutants are to be near to sound studies"
    assert tally.rejected, "and to be mutants"


@pytest.mark.parametrize("name", seeds())
def test_what_is_mutated_is_sound(name, folder):
    path = folder / "seed.yaml"
    path.write_text(seeds()[name], encoding="utf-8")
    assert examine(path)


def test_what_is_mutated_has_every_key_of_the_schema():
    schema = study_schema()
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part["properties"]}
    text = "\n".join(seeds().values())
    assert {key for key in keys if not re.search(rf"\b{key}['\"]?:", text)} == set()


def test_a_number_names_a_mutant_for_good():
    again = [mutant(seeds(), 3, index) for index in range(30)]
    assert again == list(mutants(seeds(), 3, 30))
    assert len({item.content for item in again}) > 25
    assert again != list(mutants(seeds(), 4, 30))


def test_a_hang_is_found():
    with pytest.raises(TooSlow), bounded(0.05):
        for _ in itertools.count():
            pass


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="how much memory is taken is unknown here")
def test_gigabytes_are_found():
    with pytest.raises(MemoryError), bounded():
        bytearray(2_000_000_000)
    assert len(bytearray(2_000_000_000)) == 2_000_000_000, "the limit ends with the block"


@pytest.mark.parametrize(
    "error",
    [
        DreError("without faults"),
        StudyError([]),
        StudyError([Fault("", file="f", line=1)]),
        StudyError([Fault("elsewhere", file="g", line=1)]),
        StudyError([Fault("nowhere", file="f")]),
        StudyError([Fault("Traceback (most recent call last)", file="f", line=1)]),
        StudyError([Fault("1 validation error: pydantic", file="f", line=1)]),
    ],
    ids=str,
)
def test_messages_that_do_not_help_are_found(error):
    with pytest.raises(Finding):
        check_message(error, "f")


def test_messages_that_help_are_none():
    check_message(StudyError([Fault("this is empty", "write a name", ("title",), "f", 1, 2)]), "f")
