"""What `import pytest_dre` offers, and what it costs."""

import subprocess
import sys

import pytest

import pytest_dre

IMPORT = """
import sys
before = set(sys.modules)
import pytest_dre
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - sys.stdlib_module_names))
"""


def test_importing_the_package_imports_nothing_beyond_the_standard_library():
    ended = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "['pytest_dre']"


@pytest.mark.parametrize("name", pytest_dre.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(pytest_dre, name)
    assert name in dir(pytest_dre)
    if name != "__version__":
        assert value.__name__ == name
        assert value.__doc__


def test_names_used_for_the_first_time_are_the_ones_of_their_modules():
    code = "import pytest_dre; print(pytest_dre.Study.__module__, pytest_dre.run_study.__module__)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["pytest_dre.model.study", "pytest_dre.api.running"]


def test_the_api_never_imports_pytest():
    code = "import sys, pytest_dre.api.running, pytest_dre.cli; print('pytest' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="module 'pytest_dre' has no attribute 'runstudy'"):
        pytest_dre.runstudy  # noqa: B018
