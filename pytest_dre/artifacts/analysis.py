"""The results of analysis plans as files: analysis.json, with everything, and analysis.csv, one row a test."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pytest_dre.analysis.plans import PlanResult
from pytest_dre.analysis.procedures.result import TestResult
from pytest_dre.artifacts.cells import Cell, json_cell
from pytest_dre.canonical import canonical_value
from pytest_dre.encoding import encodable

COLUMNS = (
    *("analysis_plan_id", "hypothesis_id", "test", "outcome"),
    *("effect", "estimate", "ci_low", "ci_high", "confidence", "alpha", "direction"),
    *("statistic_name", "statistic", "df", "p_value", "adjusted_p", "supported"),
    *("effect_size", "effect_size_value", "effect_size_low", "effect_size_high"),
    *("minimum_effect", "n", "missing", "method", "notes", "error"),
)


def analysis_documents(results: Sequence[PlanResult]) -> tuple[str, str]:
    """Return the texts of analysis.json and analysis.csv, results in their order, the same bytes for the same results.

    JSON knows no infinities: they are null there, with a note that names them. The CSV has them as inf and -inf; of
    its cells `n`, `missing`, `notes` and two degrees of freedom are JSON.
    """
    return _json_text(results), _csv_text(results)


def _json_text(results: Sequence[PlanResult]) -> str:
    document = {"results": [_entry(item) for item in results]}
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _entry(item: PlanResult) -> dict[str, Any]:
    """Return a result as JSON data."""
    entry: dict[str, Any] = canonical_value(asdict(item))
    notes = [f"{path} is {_NAMES[str(value)]}" for path, value in _not_finite(entry, "")]
    return {**_finite(entry), "json_notes": notes}


_NAMES = {"inf": "infinite", "-inf": "minus infinite", "nan": "not a number"}


def _not_finite(value: Any, path: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers that JSON cannot hold, each with the path of its key."""
    match value:
        case float() if not math.isfinite(value):
            yield path, value
        case dict():
            for key, item in value.items():
                yield from _not_finite(item, f"{path}.{key}" if path else key)
        case list():
            for place, item in enumerate(value):
                yield from _not_finite(item, f"{path}[{place}]")


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list():
            return [_finite(item) for item in value]
    return value


def _csv_text(results: Sequence[PlanResult]) -> str:
    rows = [COLUMNS, *(_cells(item) for item in results)]
    return "".join(_line(row) for row in rows)


def _line(cells: Sequence[Cell]) -> str:
    r"""Return a row of CSV. Only a dialect that ends lines with CR LF quotes a lone CR; the files end them with LF."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerow(cells)
    return encodable(file.getvalue()[:-2] + "\n")


def _cells(item: PlanResult) -> list[Cell]:
    cells: dict[str, Cell] = {
        "analysis_plan_id": item.analysis_plan_id,
        "hypothesis_id": item.hypothesis_id,
        "test": item.test,
        "outcome": item.outcome,
        "adjusted_p": item.adjusted_p,
        "supported": item.supported,
        "error": item.error,
    }
    if item.result is not None:
        cells |= _result_cells(item.result)
    return [cells.get(name) for name in COLUMNS]


def _result_cells(result: TestResult) -> dict[str, Cell]:
    size = result.effect_size
    return {
        "effect": result.effect,
        "estimate": result.estimate,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "confidence": result.confidence,
        "alpha": result.alpha,
        "direction": result.direction,
        "statistic_name": result.statistic_name,
        "statistic": result.statistic,
        "df": json_cell(list(result.df)) if isinstance(result.df, tuple) else result.df,
        "p_value": result.p_value,
        "effect_size": None if size is None else size.name,
        "effect_size_value": None if size is None else size.value,
        "effect_size_low": None if size is None else size.low,
        "effect_size_high": None if size is None else size.high,
        "minimum_effect": result.minimum_effect,
        "n": json_cell(dict(result.n)),
        "missing": json_cell(dict(result.missing)),
        "method": result.method,
        "notes": json_cell(list(result.notes)),
    }
