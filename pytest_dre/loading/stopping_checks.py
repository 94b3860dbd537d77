"""Whether gates that may stop a study early are told when and how."""

from collections.abc import Iterator
from itertools import pairwise

from pytest_dre.errors import Fault
from pytest_dre.loading.known import Names
from pytest_dre.model.gating import outcome_of
from pytest_dre.model.running import Gate, Sequential
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study


def early_stops(study: Study, names: Names) -> Iterator[Fault]:
    """Yield what is wrong with looks and curtailment."""
    for index, gate in enumerate(study.gates):
        path: KeyPath = ("gates", index)
        if gate.sequential is not None:
            yield from _looks(gate.sequential, study.run_budget.replicates, (*path, "sequential", "looks"))
        if gate.anytime and names.outcomes.complete:
            yield from _anytime(study, gate, path)
        if gate.stop is None:
            continue
        if gate.sequential is not None:
            message = "a gate is curtailed or judged at looks, not both"
            yield Fault(message, "remove 'stop' or 'sequential'", (*path, "stop"))
        if names.outcomes.complete and not _may_be_curtailed(study, gate):
            message = "only the mean of a true-or-false outcome can be curtailed with certainty"
            hint = "judge the gate at looks ('sequential'), or write 'expected_type: boolean' at the outcome"
            yield Fault(message, hint, (*path, "stop"))


def _anytime(study: Study, gate: Gate, path: KeyPath) -> Iterator[Fault]:
    spec = outcome_of(study, gate)  # none is a fault by itself
    at = (*path, "anytime")
    if gate.statistic != "mean" or (spec is not None and not spec.is_bounded):
        message = "only the mean of an outcome with a range, or of a true-or-false one, can be judged at any time"
        yield Fault(message, "declare the outcome's range, or plan looks ('sequential')", at)
    if gate.sequential is not None or gate.stop is not None:
        other = "sequential" if gate.sequential is not None else "stop"
        yield Fault(f"a gate has either anytime or {other}", f"remove 'anytime' or '{other}'", at)


def _looks(sequential: Sequential, replicates: int, path: KeyPath) -> Iterator[Fault]:
    looks = sequential.looks
    if any(later <= earlier for earlier, later in pairwise(looks)):
        yield Fault("looks are numbers of replicates that grow", "write them in order, such as [5, 10, 20]", path)
    elif looks[-1] != replicates:
        message = f"the last look is at {looks[-1]} replicates, the study has {replicates}"
        yield Fault(message, f"let the looks end with {replicates}, or change run_budget.replicates", path)


def _may_be_curtailed(study: Study, gate: Gate) -> bool:
    spec = outcome_of(study, gate)  # none is a fault by itself
    return gate.statistic == "mean" and (spec is None or spec.is_boolean)
