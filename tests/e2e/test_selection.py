"""What pytest users expect of items: selection, collection, stopping early, plugins switched off."""

import pytest


def names(result: pytest.RunResult) -> list[str]:
    return [line.partition("::")[2] for line in result.outlines if ".study.yaml::" in line]


def test_collect_only_names_runs_and_writes_nothing(first):
    before = first.files()
    result = first.run_here("studies", "--collect-only", "-q")
    assert names(result) == [
        f"temperature={temperature}-style={style}-r{replicate}"
        for temperature in ("0.1", "0.7")
        for style in ("plain", "scaffolded")
        for replicate in (1, 2)
    ]
    assert first.files() == before
    assert not (first.path / ".pytest_cache" / "v" / "cache" / "lastfailed").exists()


@pytest.mark.parametrize("arguments", [("-n2",), ("-n0",)])
def test_collect_only_under_xdist_options(first, arguments):
    before = first.files()
    assert len(names(first.run("studies", "--collect-only", "-q", *arguments))) == 8
    assert first.files() == before


def test_keyword_selects_by_level(first, mode):
    first.run("studies", "-k", "scaffolded and r1", *mode).assert_outcomes(
        passed=2, deselected=0 if "-n2" in mode else 6
    )
    rows = first.table("first", "runs")
    assert {row["replicate"] for row in rows} == {"1"}
    assert first.manifest("first")["missing_runs"] == 6


def test_marker_selects_studies(first):
    first.write("studies/test_other.py", "def test_ok():\n    pass\n")
    first.run_here("studies", "-m", "dre").assert_outcomes(passed=8, deselected=1)
    first.run_here("studies", "-m", "not dre").assert_outcomes(passed=1, deselected=8)


def test_the_marker_is_known_under_strict_markers(first):
    first.run_here("studies", "--strict-markers", "-m", "dre").assert_outcomes(passed=8)
    first.run_here("--markers").stdout.fnmatch_lines(["@pytest.mark.dre:*"])


def test_one_run_by_its_node_id(first, mode):
    node_id = "studies/first.study.yaml::temperature=0.7-style=plain-r2"
    first.run(node_id, *mode).assert_outcomes(passed=1)
    (row,) = first.table("first", "runs")
    assert row["replicate"] == "2"


def test_an_unknown_run_is_a_usage_error(first):
    result = first.run_here("studies/first.study.yaml::temperature=9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().count("not found") >= 1


def test_stop_at_the_first_failure(logged):
    (logged.path / "broken").touch()
    result = logged.run_here("studies", "-x")
    result.assert_outcomes(passed=4, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert logged.manifest("logged")["missing_runs"] == 1
    assert len(logged.table("logged", "runs")) == 5


def test_maxfail(logged):
    (logged.path / "broken").touch()
    logged.run_here("studies", "--maxfail=2").assert_outcomes(passed=4, failed=2)


def test_without_the_cache_provider(logged, mode):
    (logged.path / "broken").touch()
    result = logged.run("studies", "-p", "no:cacheprovider", *mode)
    result.assert_outcomes(passed=4, failed=2)
    assert "--dre-resume" in result.stdout.str()
    (logged.path / "broken").unlink()
    logged.calls()
    logged.run("studies", "-p", "no:cacheprovider", "--dre-resume", *mode)
    assert len(logged.calls()) == 2
    assert logged.manifest("logged")["completed_runs"] == 6


def test_a_skip_mark_of_a_conftest(first, mode):
    first.write(
        "studies/conftest.py",
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if "scaffolded" in item.name:
                    item.add_marker(pytest.mark.skip(reason="no money for it"))
        """,
    )
    result = first.run("studies", "-rs", *mode)
    result.assert_outcomes(passed=4, skipped=4)
    assert "no money for it" in result.stdout.str()
    skipped = [row for row in first.table("first", "runs") if row["status"] == "skipped"]
    assert [row["error_info"] for row in skipped] == ["no money for it"] * 4
    manifest = first.manifest("first")
    assert (manifest["skipped_runs"], manifest["complete"]) == (4, False)


def test_an_agent_may_skip_its_run(lab):
    lab.write("studies/s.py", "import pytest\n\ndef agent():\n    pytest.skip('not today')\n")
    lab.write("studies/s.study.yaml", "study_id: s\ntitle: S\nagents: {a: './s.py:agent'}\n")
    lab.run_here("studies").assert_outcomes(skipped=1)
    assert lab.table("s", "runs")[0]["status"] == "skipped"


def test_dist_each_is_refused(first):
    result = first.run("studies", "--dist", "each", "--tx", "2*popen")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--dist each would carry out every run once a worker" in result.stdout.str() + result.stderr.str()
    assert not (first.path / "artifacts").exists()


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadfile"])
def test_other_distributions(first, dist):
    first.run("studies", "-n2", "--dist", dist).assert_outcomes(passed=8)
    assert first.manifest("first")["complete"] is True
