"""How often gates err: `python benchmarks/operating_characteristics.py [--tenth] [--cells TEXT …]`.

Simulates studies whose effect lies exactly at the margin, so that every PASS and every FAIL is wrong, and prints
Markdown tables: the rates of both (each should be at most alpha), and the coverage of [low, high]; of methods alone, of
whole gates, of gates with looks and of curtailed ones. Then whether gates have the power that plans state. Seeded by
cell: the same command gives the same tables. Exits with 1 if a method that promises alpha breaks it, or an approximate
one does where units are not skewed, beyond simulation error: as improbable as three standard errors (four in a tenth).
"""

import argparse
import functools
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from operating_characteristics_cells import Cell, Rates, remember_exact_tests, simulate
from operating_characteristics_gates import gate_cells
from operating_characteristics_methods import method_cells
from operating_characteristics_power import Power, PowerFound, power_cells, simulate_power
from operating_characteristics_stops import curtailed_cells, sequential_cells

STUDIES = 2000
ALPHA = 0.025
ERRORS_ALLOWED = 3.0  # standard errors
ERRORS_ALLOWED_IN_A_TENTH = 4.0

ERRING = "| units | design | n | method | alpha is | wrong PASS % | wrong FAIL % | coverage % |"
STOPPING = f"{ERRING} runs skipped % |"
HEADINGS = {
    "methods": ("Methods alone", ERRING),
    "gates": ("Whole gates", ERRING),
    "looks": ("Gates with looks", STOPPING),
    "curtailed": ("Curtailed gates", STOPPING),
    "power": (
        "Power at the effect that the plan states",
        "| design | n | effect | figure is | stated % | simulated % |",
    ),
}


def tables() -> dict[str, list[Cell | Power]]:
    """Return the cells of each table."""
    return {
        "methods": list(method_cells()),
        "gates": list(gate_cells()),
        "looks": list(sequential_cells()),
        "curtailed": list(curtailed_cells()),
        "power": list(power_cells()),
    }


def main() -> int:
    """Print the tables; return 1 if a promise is broken."""
    options = _options()
    studies = max(1, options.studies // 10) if options.tenth else options.studies
    errors = ERRORS_ALLOWED_IN_A_TENTH if options.tenth else ERRORS_ALLOWED
    chosen = {
        table: [cell.name for cell in cells if any(text in f"{table}: {cell.name}" for text in options.cells)]
        for table, cells in tables().items()
    }
    if not any(chosen.values()):
        print(f"no cell has {' or '.join(options.cells)} in its name", file=sys.stderr)
        return 2
    error = 100 * math.sqrt(options.alpha * (1 - options.alpha) / studies)
    print(
        f"{studies} studies a cell, alpha {100 * options.alpha:g} %; simulation error of a rate at alpha ±{error:.2f}"
    )
    broken = _printed(chosen, studies, options.alpha, errors, options.workers)
    for name in broken:
        print(f"broken: {name}", file=sys.stderr)
    print(f"\n{sum(map(len, chosen.values()))} cells, {len(broken)} of them break what is promised")
    return 1 if broken else 0


def _printed(chosen: dict[str, list[str]], studies: int, alpha: float, errors: float, workers: int) -> list[str]:
    """Print the tables row by row; return the names of the cells that break a promise."""
    one_cell = functools.partial(_simulated, studies=studies, alpha=alpha)
    broken = []
    with ProcessPoolExecutor(workers, initializer=remember_exact_tests) as pool:
        found = pool.map(one_cell, [(table, name) for table, names in chosen.items() for name in names])
        for table, names in chosen.items():
            if names:
                title, header = HEADINGS[table]
                print(f"\n### {title}\n\n{header}\n{'|---' * (header.count('|') - 1)}|", flush=True)
            for _ in names:
                rates = next(found)
                print(rates.row(alpha, errors), flush=True)
                broken += [f"{table}: {rates.cell}"] if rates.broken(alpha, errors) else []
    return broken


def _simulated(place: tuple[str, str], studies: int, alpha: float) -> Rates | PowerFound:
    """Return what came of the cell at a place; cells hold functions, so only names travel to processes."""
    table, name = place
    cell = next(cell for cell in tables()[table] if cell.name == name)
    return simulate_power(cell, studies, alpha) if isinstance(cell, Power) else simulate(cell, studies, alpha)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, help=f"studies a cell (default {STUDIES})")
    parser.add_argument("--tenth", action="store_true", help="a tenth of them")
    parser.add_argument("--alpha", type=float, default=ALPHA, help=f"one-sided level (default {ALPHA})")
    parser.add_argument("--cells", nargs="+", default=[""], metavar="TEXT", help="only cells whose name has a TEXT")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: the processors)")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
