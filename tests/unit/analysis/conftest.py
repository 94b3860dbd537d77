"""What all tests of analyses share."""

from collections.abc import Callable

import pytest
from made_up_studies import make_study

from pytest_dre.model.study import Study


@pytest.fixture
def study() -> Callable[..., Study]:
    return make_study
