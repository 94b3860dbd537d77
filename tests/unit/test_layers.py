"""Layers import downwards only, siblings of one layer do not import each other, and L0 to L3 know no pytest."""

import ast
from pathlib import Path

import pytest

import pytest_dre

ROOT = Path(pytest_dre.__file__).parent
LAYERS = {
    "canonical": 0,
    "detection": 0,
    "encoding": 0,
    "errors": 0,
    "definitions": 0.3,
    "imports": 0.4,
    "references": 0.5,
    "expression_syntax": 0.6,
    "expressions": 0.7,
    "constraint_expressions": 1.5,
    "derivation_expressions": 1.5,
    "_version": 0,
    "model": 1,
    "loading": 2,
    "designs": 2,
    "analysis": 2,
    "execution": 3,
    "store": 3,
    "artifacts": 3,
    "reporting": 3,
    "sessions": 4,
    "builtins": 4,
    "hookspecs": 4,
    "integration": 5,
    "api": 5,
    "plugin": 6,
    "cli": 6,
}
FREE_OF_PYTEST = {name for name, layer in LAYERS.items() if layer <= 3} | {"sessions", "api", "cli"}
MODULES = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py" or path.parent != ROOT
)


def unit_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def imported(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer"
            found.add(node.module)
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_downwards(module):
    unit = unit_of(module)
    for name in imported(module):
        parts = name.split(".")
        if parts[0] == "pytest_dre" and len(parts) > 1 and parts[1] != unit:
            assert LAYERS[parts[1]] < LAYERS[unit], f"{module} (layer {LAYERS[unit]}) imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_lower_layers_know_no_pytest(module):
    names = {name.split(".")[0] for name in imported(module)}
    assert "_pytest" not in names
    if unit_of(module) in FREE_OF_PYTEST:
        assert "pytest" not in names


def test_every_unit_has_a_layer():
    assert {unit_of(module) for module in MODULES} <= LAYERS.keys()
