"""Results of other versions: kept, counted, named, and never mixed unless asked for."""

import pytest


@pytest.fixture
def stale(logged):
    """A laboratory whose six results were made by another version of the agent; the two at 0.7 failed."""
    (logged.path / "broken").touch()
    logged.run_here("studies").assert_outcomes(passed=4, failed=2)
    (logged.path / "broken").unlink()
    change_agent(logged)
    logged.calls()
    return logged


def change_agent(lab):
    with (lab.path / "studies/agents.py").open("a") as file:
        file.write("\n# another version\n")


def temperatures(lab):
    return sorted(line.split()[1] for line in lab.calls())


def test_stale_results_are_counted_and_named_and_left_out(stale, mode):
    result = stale.run("studies", "--dre-resume", "-k", "0.1", *mode)
    assert temperatures(stale) == ["0.1", "0.1"], "stale results are repeated by default"
    output = " ".join(result.stdout.str().split())
    assert "4 runs have results of another agent, problem or seed only" in output
    assert "temperature=0.4-r1" in output
    assert "--dre-rerun stale" in output
    manifest = stale.manifest("logged")
    assert (manifest["stale_runs"], len(manifest["stale_run_ids"]), manifest["stale_included"]) == (4, 4, False)
    assert len(stale.table("logged", "runs")) == 2


def test_stale_results_count_if_allowed(stale, mode):
    result = stale.run("studies", "--dre-resume", "--dre-allow-stale", *mode)
    assert temperatures(stale) == ["0.7", "0.7"], "only what failed is repeated"
    assert "4 cached" in stale.words(result)
    assert "--dre-allow-stale" in stale.words(result)
    rows = stale.table("logged", "runs")
    assert len(rows) == 6
    assert sorted(row["stale"] for row in rows) == ["False", "False", "True", "True", "True", "True"]
    assert len({row["agent_version"] for row in rows}) == 2
    manifest = stale.manifest("logged")
    assert (manifest["stale_runs"], manifest["stale_included"]) == (4, True)


def test_only_what_failed_is_repeated(stale):
    result = stale.run_here("studies", "--dre-rerun", "failed")
    assert temperatures(stale) == [], "all results are stale, and nobody asked for those"
    result.assert_outcomes(skipped=6)
    assert result.ret == 1
    assert "--dre-rerun stale" in stale.words(result)
    assert stale.manifest("logged")["missing_reasons"] == {"stale": 6}


def test_only_what_is_stale_is_repeated(logged, mode):
    (logged.path / "broken").touch()
    logged.run("studies", *mode).assert_outcomes(passed=4, failed=2)
    logged.calls()
    result = logged.run("studies", "--dre-rerun", "stale", *mode)
    assert temperatures(logged) == []
    assert "4 cached" in logged.words(result)
    assert "2 failed" in logged.words(result), "a stored failure is shown again"
    assert "too warm" in logged.words(result)
    change_agent(logged)
    logged.run("studies", "--dre-rerun", "stale", *mode)
    assert len(temperatures(logged)) == 6


def test_everything_is_repeated(logged):
    logged.write("pytest.ini", "[pytest]\ndre_resume = true\n")
    logged.run_here("studies").assert_outcomes(passed=6)
    logged.calls()
    logged.run_here("studies", "--dre-rerun", "all").assert_outcomes(passed=6)
    assert len(logged.calls()) == 6


def test_tracked_files_count_as_the_agents_version(logged, mode):
    prompt = logged.write("studies/prompts/system.md", "Be brief.")
    study = logged.path / "studies/logged.study.yaml"
    study.write_text(study.read_text() + 'track: ["prompts/*.md"]\n')
    logged.write("pytest.ini", "[pytest]\ndre_track = data.csv\n")
    data = logged.write("data.csv", "1\n")
    logged.run("studies", *mode).assert_outcomes(passed=6)
    assert "6 cached" in logged.run("studies", "--dre-resume", *mode).stdout.str()
    logged.calls()
    for changed in (prompt, data):
        changed.write_text("Be very brief.")
        logged.run("studies", "--dre-resume", *mode).assert_outcomes(passed=6)
        assert len(logged.calls()) == 6


def test_a_tracked_file_that_is_not_there_is_a_fault(logged):
    study = logged.path / "studies/logged.study.yaml"
    study.write_text(study.read_text() + 'track: ["promts/*.md"]\n')
    result = logged.run_here("studies")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "logged.study.yaml:6:1: track: no file matches 'promts/*.md'" in logged.words(result)


@pytest.mark.parametrize(
    ("old", "new", "repeated"),
    [
        ("base_seed: 0", "base_seed: 1", 6),
        ("levels: [0.1, 0.4, 0.7]", "levels: [0.1, 0.4, 0.8]", 2),
        ("levels: [0.1, 0.4, 0.7]", "levels: [0.1, 0.4, 0.7, 0.9]", 2),
        ("replicates: 2", "replicates: 3", 3),
        ("title: A study", "# a comment\ntitle: Another", 0),
        ("seed_policy: {base_seed: 0}\n", "", 0),
    ],
)
def test_a_change_of_the_study_affects_just_the_runs_it_is_about(logged, old, new, repeated):
    study = logged.path / "studies/logged.study.yaml"
    text = study.read_text() + "seed_policy: {base_seed: 0}\n"
    study.write_text(text)
    logged.run_here("studies").assert_outcomes(passed=6)
    logged.calls()
    assert old in text
    study.write_text(text.replace(old, new))
    assert logged.run_here("studies", "--dre-resume").ret == 0
    assert len(logged.calls()) == repeated


def test_reordered_keys_make_nothing_stale(logged):
    study = logged.path / "studies/logged.study.yaml"
    logged.run_here("studies")
    logged.calls()
    first, *others = study.read_text().strip().splitlines()
    study.write_text("\n".join([*reversed(others), first]) + "\n")
    logged.run_here("studies", "--dre-resume")
    assert logged.calls() == []
