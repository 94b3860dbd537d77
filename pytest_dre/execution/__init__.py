"""One run: a run spec, an agent and a problem become a result."""

from pytest_dre.execution.binding import bind_study
from pytest_dre.execution.bound import BoundAgent, BoundProblem, StudyBindings
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.execution.limits import RunPolicy, policy_for
from pytest_dre.execution.run import Execution, execute_run

__all__ = [
    "BoundAgent",
    "BoundProblem",
    "Execution",
    "RunPolicy",
    "StudyBindings",
    "bind_study",
    "execute_run",
    "fingerprint",
    "policy_for",
]
