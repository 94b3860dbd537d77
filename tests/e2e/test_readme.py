"""README's study does what README says, and links in the documentation lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language):
    fenced = README.split("```")[1::2]  # each with its language in the first line
    return [text.partition("\n")[2] for text in fenced if text.partition("\n")[0] == language]


def block(language, part):
    """Return README's block that holds a text."""
    (found,) = (text for text in blocks(language) if part in text)
    return found


@pytest.fixture
def guess(lab):
    """README's study with its gates, in the files that README names."""
    study = block("yaml", "study_id: guess") + block("yaml", "gate_id: thousand-will-do")
    lab.write("studies/guess.study.yaml", study)
    lab.write("studies/guessing.py", block("python", "def guess("))
    return lab


def test_the_gates_give_the_verdicts_shown(guess, mode):
    result = guess.run("studies", *mode)

    result.assert_outcomes(passed=201, failed=2)
    printed = result.stdout.lines
    shown = [line for part in (": PASS  ", " claims: ") for line in block("", part).splitlines() if line]
    assert {": PASS  ", ": FAIL  ", ": INCONCLUSIVE  "} == {
        found for line in shown for found in re.findall(r": (?:PASS|FAIL|INCONCLUSIVE)  ", line)
    }
    assert [line for line in shown if line not in printed] == []


def test_the_plan_has_the_power_shown(guess):
    (power,) = re.findall(r"`(80 % power[^`]*)`", README)

    assert f"centered-is-better: {power}" in guess.words(guess.run_here("studies", "--dre-plan"))


def test_the_selection_shown_leaves_gates_out(guess):
    expression = next(line for line in block("console", "--dre-plan").splitlines() if " -k " in line).split('"')[1]

    result = guess.run_here("studies", "-k", expression, "--collect-only", "-q")

    listed = [line for line in result.stdout.lines if "::" in line]
    assert len(listed) == 120
    assert all("strategy=uniform" in line for line in listed)


def test_options_and_ini_keys_named_in_the_documentation_exist(lab):
    known = options(lab.run_here("--help").stdout.str())
    assert {"--dre-plan", "dre_output"} <= known
    for page in PAGES:
        assert options(page.read_text(encoding="utf-8")) <= known, page.name


def options(text):
    return set(re.findall(r"--dre-[\w-]*\w|\bdre_[a-z_]+\b", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
