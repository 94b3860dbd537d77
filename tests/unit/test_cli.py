"""The `dre` command, as a user sees it."""

import json
import os
import subprocess
import sys
import tarfile

import pytest

import pytest_dre
from pytest_dre import run_study
from pytest_dre.cli import EXPORT_NOTE, main

STUDY = """\
study_id: s
title: T
factors: [{name: x, levels: [1, 2]}]
agents: {a: './agents.py:agent'}
"""
AGENT = """\
def agent(x):
    if x == 2:
        raise ValueError
    return "done"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "s.study.yaml").write_text(STUDY)
    (tmp_path / "lab" / "agents.py").write_text(AGENT)
    return tmp_path


@pytest.fixture
def dre(capsys):
    """Runs the command; returns status, output and errors."""

    def run(*arguments):
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_validate_reports_every_fault_of_every_file(here, dre):
    (here / "bad.yaml").write_text("study_id: s\ntitle: T\nagents: {a: 'x:y'}\nfactrs: []\nrun_budget: {max_runs: 0}\n")
    status, output, errors = dre("validate", "bad.yaml", "lab/s.study.yaml", "none.yaml")
    assert status == 1
    lines = output.splitlines()
    assert lines[0].startswith("bad.yaml:4:1: factrs: ")
    assert lines[1].startswith("bad.yaml:5:14: run_budget.max_runs: ")
    assert lines[2] == "lab/s.study.yaml: no fault (2 runs)"
    assert lines[3].startswith("none.yaml: the file cannot be read")
    assert errors == ""


def test_validate_reports_faults_of_designs_and_of_own_references(here, dre):
    (here / "lab" / "big.yaml").write_text(STUDY.replace(":agent", ":agnet") + "run_budget: {max_runs: 1}\n")
    status, output, _ = dre("validate", "lab/big.yaml")
    assert status == 1
    reference, design = output.splitlines()
    assert reference == ("lab/big.yaml:4:10: agents.a: './agents.py' has no attribute 'agnet'; did you mean 'agent'?")
    assert design.startswith("lab/big.yaml:5:14: run_budget.max_runs: the plan has 2 runs, max_runs allows 1")


def test_validate_says_which_names_it_did_not_look_up(here, dre):
    (here / "lab" / "s.study.yaml").write_text(STUDY + "agent_specs: [a, solver]\nproblem_ids: [beam]\n")
    status, output, _ = dre("validate", "lab/s.study.yaml")
    said = "no fault (4 runs); names without a reference are looked up by pytest: beam, solver"
    assert (status, output) == (0, f"lab/s.study.yaml: {said}\n")


def test_validate_tells_where_an_import_fails(here, dre):
    (here / "lab" / "agents.py").write_text("import json\n\njson.loads('{')\n")
    status, output, _ = dre("validate", "lab/s.study.yaml")
    assert status == 1
    assert output.startswith("lab/s.study.yaml:4:10: agents.a: importing 'agents.py' failed with JSONDecodeError: ")
    assert output.endswith("(agents.py:3)\n")


def test_plan_shows_conditions_and_runs(here, dre):
    status, output, _ = dre("plan", "lab/s.study.yaml")
    assert status == 0
    assert output.startswith("s: T\n")
    assert "full_factorial" in output
    assert output.count("\n") > 5


def test_plan_fits_a_terminal(here, dre, monkeypatch):
    many = STUDY.replace("levels: [1, 2]", f"levels: {list(range(30))}")
    (here / "lab" / "many.study.yaml").write_text(many)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("LINES", "4")
    monkeypatch.setenv("COLUMNS", "40")
    output = dre("plan", "lab/many.study.yaml")[1]
    assert output.splitlines()[-1] == "  … 25 more conditions"
    assert max(map(len, output.splitlines())) <= 40


def test_a_mistake_is_one_message_and_no_traceback(here, dre):
    (here / "bad.yaml").write_text("study_id: s\n")
    status, output, errors = dre("plan", "bad.yaml")
    assert (status, output) == (1, "")
    assert errors.startswith("bad.yaml:")
    assert "Traceback" not in errors


def test_schema_is_json_for_editors(dre):
    status, output, _ = dre("schema")
    assert status == 0
    assert "study_id" in json.loads(output)["properties"]


def test_verify_tells_whole_artifacts_from_changed_ones(here, dre):
    run_study("lab/s.study.yaml")
    assert dre("verify", "artifacts/s") == (0, "artifacts/s: every file is as its manifest says\n", "")
    runs = here / "artifacts" / "s" / "runs.csv"
    runs.write_text(runs.read_text().replace("failed", "success"))
    status, output, _ = dre("verify", "artifacts/s")
    assert status == 1
    assert "runs.csv" in output
    broken = here / "broken.tar.gz"
    broken.write_text("no archive")
    status, output, _ = dre("verify", "broken.tar.gz")
    assert (status, output.count("\n")) == (1, 1)
    assert output.startswith("broken.tar.gz: the bundle cannot be read")


def test_verify_of_a_wrong_place_is_one_line(here, dre):
    assert dre("verify", "lab") == (1, "", "lab holds no artifacts: no manifest.json\n")
    assert dre("verify", "nosuch") == (1, "", "nosuch: there is no such directory or bundle\n")


def test_export_writes_artifacts_from_the_store_and_runs_nothing(here, dre):
    run_study("lab/s.study.yaml")
    directory = here / "artifacts" / "s"
    for file in directory.glob("*.csv"):
        file.unlink()
    (here / "lab" / "agents.py").unlink()
    status, output, _ = dre("export", "lab/s.study.yaml", "--sqlite", "--bundle")
    assert status == 0
    assert output == f"1 of 2 runs done, 1 failed\nartifacts in {directory}\n{EXPORT_NOTE}\n"
    assert (directory / "study.sqlite").is_file()
    with tarfile.open(directory / "study.tar.gz") as bundle:
        assert "runs.csv" in bundle.getnames()
    assert dre("verify", str(directory / "study.tar.gz"))[0] == 0


def test_export_tells_tests_that_could_not_be_carried_out(here, dre):
    hypothesis = "{hypothesis_id: h, label: l, statement: s, independent_vars: [x]}"
    plan = "{analysis_plan_id: p, hypothesis_ids: [h], tests: [unheard]}"
    (here / "lab" / "s.study.yaml").write_text(f"{STUDY}hypotheses: [{hypothesis}]\nanalysis_plans: [{plan}]\n")
    run_study("lab/s.study.yaml")
    _, output, _ = dre("export", "lab/s.study.yaml")
    assert output.splitlines()[1].startswith("1 of 1 test could not be carried out: there is no test 'unheard'")


def test_export_finds_the_results_of_another_output_directory(here, dre):
    run_study("lab/s.study.yaml", conditions=pytest_dre.build_design("lab/s.study.yaml")[:1])
    (here / "artifacts").rename(here / "elsewhere")
    status, output, _ = dre("export", "lab/s.study.yaml", "--output", "elsewhere")
    assert status == 0
    assert output == f"1 of 2 runs done, 1 missing\nartifacts in {here / 'elsewhere' / 's'}\n{EXPORT_NOTE}\n"


def test_export_of_a_study_that_never_ran_says_so(here, dre):
    status, output, errors = dre("export", "lab/s.study.yaml")
    assert (status, output) == (1, "")
    assert errors == f"no results are stored in {here / 'artifacts' / 's'}; run the study, or say with --output where\n"
    assert not (here / "artifacts").exists()


def test_export_that_fails_says_why(here, dre):
    run_study("lab/s.study.yaml")
    (here / "artifacts" / "s" / "runs.csv").unlink()
    (here / "artifacts" / "s" / "runs.csv").mkdir()
    status, _, errors = dre("export", "lab/s.study.yaml")
    assert status == 1
    assert errors.startswith("artifacts not written: ")


def test_version_and_usage(dre, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"pytest-dre {pytest_dre.__version__}\n")
    for arguments in ([], ["fly"], ["plan"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "usage: dre" in capsys.readouterr().err


def test_help_of_export_says_where_results_are(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "that --dre-output named when the study ran; results are read from and written to DIR/<study_id>" in told
    assert "a relative one starts at the current directory" in told


def test_a_reader_that_leaves_early_gets_no_traceback(here):
    code = "import sys; from pytest_dre.cli import main; sys.exit(main(['schema']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), errors) == (1, b"")


@pytest.mark.parametrize("command", ["plan", "validate", "schema", "verify"])
def test_what_a_stream_cannot_show_is_escaped(here, command):
    study = here / "lab" / "s.study.yaml"
    study.write_text(
        STUDY.replace("study_id: s", "study_id: stüdy").replace("title: T", "title: 試験"), encoding="utf-8"
    )
    run_study(study)
    argument = {"verify": ["artifacts/stüdy"], "schema": []}.get(command, ["lab/s.study.yaml"])
    code = f"import sys\nfrom pytest_dre.cli import main\nsys.exit(main({[command, *argument]!a}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    output = done.stdout.decode("ascii")
    if command == "schema":
        json.loads(output)
    elif command != "validate":
        assert r"st\xfcdy" in output
