"""The example studies as files."""

from pathlib import Path

import pytest

from pytest_dre.loading import load_study
from pytest_dre.references import is_reference, load_reference

EXAMPLES = Path(__file__).parents[3] / "example_studies"
STUDIES = sorted(EXAMPLES.glob("*.study.yaml"))


def study(path):
    return load_study(path).study


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_each_study_names_what_it_asks_and_how_it_is_answered(path):
    loaded = study(path)

    assert [outcome.name for outcome in loaded.outcomes if outcome.primary]
    assert {item for plan in loaded.analysis_plans for item in plan.hypothesis_ids} == {
        hypothesis.hypothesis_id for hypothesis in loaded.hypotheses
    }


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_what_a_study_refers_to_is_there(path):
    loaded = study(path)
    references = [binding.ref for binding in (*loaded.agents.values(), *loaded.problems.values())]
    references += [loaded.runner] if loaded.runner else []

    for reference in filter(is_reference, references):
        assert callable(load_reference(reference, EXAMPLES))


def test_the_five_studies_have_ids_of_their_own():
    assert len({study(path).study_id for path in STUDIES}) == len(STUDIES) == 5


@pytest.fixture
def conftest():
    return load_reference("./conftest.py:missing_endpoint", EXAMPLES)


@pytest.mark.parametrize("environment", [{}, {"DRE_LLM_MODEL": "m"}, {"OPENAI_API_KEY": "k"}])
def test_without_an_endpoint_the_reason_names_the_variables(conftest, environment):
    pytest.importorskip("openai")
    assert "set DRE_LLM_MODEL, OPENAI_API_KEY" in conftest(environment)


def test_with_an_endpoint_there_is_no_reason_to_skip(conftest):
    pytest.importorskip("openai")
    assert conftest({"DRE_LLM_MODEL": "m", "OPENAI_API_KEY": "k"}) is None


def test_without_the_openai_package_the_reason_names_the_extra(conftest, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert (
        conftest({"DRE_LLM_MODEL": "m", "OPENAI_API_KEY": "k"})
        == "needs the openai package: pip install 'pytest-dre[llm]'"
    )
