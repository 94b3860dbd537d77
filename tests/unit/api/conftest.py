"""A working directory of its own, and a small study."""

import csv
from pathlib import Path
from typing import Any

import pytest

from pytest_dre.model.study import Study


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def make_study():
    """Makes a study of four conditions, x = 0 … 3, with an output directory `out`."""

    def make(**keys: Any) -> Study:
        levels = [{"name": f"x{value}", "value": value} for value in range(4)]
        data = {"study_id": "s", "title": "T", "factors": [{"name": "x", "levels": levels}], "output_dir": "out"}
        return Study.model_validate({**data, **keys})

    return make


@pytest.fixture
def table():
    """Reads a CSV table as a list of maps, without the columns of times."""
    times = {"start_time", "end_time", "latency_s", "timestamp", "metrics_json", "generated_at"}

    def read(path: Path) -> list[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return [{key: cell for key, cell in row.items() if key not in times} for row in csv.DictReader(file)]

    return read
