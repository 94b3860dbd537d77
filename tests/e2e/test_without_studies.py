"""A session without studies pays next to nothing for the plugin."""

import subprocess
import sys

PROBE = """
import sys

before = set(sys.modules)
import pytest_dre.plugin

print("\\n".join(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_importing_the_plugin_brings_in_nothing_but_pytest_and_the_standard_library():
    output = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True).stdout
    allowed = {"pytest", "_pytest", "pytest_dre", "pluggy", "py", "iniconfig", "packaging", "pygments"}
    assert set(output.split()) - set(sys.stdlib_module_names) <= allowed


def test_a_session_without_studies_imports_nothing_of_ours_but_the_plugin(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            ours = {name for name in sys.modules if name.startswith("pytest_dre")}
            light = ("plugin", "hookspecs", "_version", "detection")
            assert ours <= {"pytest_dre", *(f"pytest_dre.{name}" for name in light)}
            assert not {"pydantic", "yaml", "scipy"} & set(sys.modules)
        """
    )
    (pytester.path / "settings.yaml").touch()
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:cov").assert_outcomes(passed=1)


def test_help_names_the_options(pytester):
    output = pytester.runpytest_subprocess("--help").stdout.str()
    for option in ("--dre-plan", "--dre-output=DIR", "--dre-resume", "--dre-sqlite", "--dre-bundle", "dre_resume"):
        assert option in output
