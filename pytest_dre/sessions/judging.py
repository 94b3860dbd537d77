"""The gates of a planned study, judged by what its store holds."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_dre.analysis.unreported import Unreported
from pytest_dre.errors import DreError
from pytest_dre.execution.fingerprints import VersionKey
from pytest_dre.model.runs import RunResult
from pytest_dre.model.study import Study
from pytest_dre.model.verdicts import Advice, GateVerdict, OutcomeRow
from pytest_dre.sessions.advice import Purse, advised, ungated
from pytest_dre.sessions.comparable import compared
from pytest_dre.sessions.outcomes import Watch, stored_rows, unstored_rows
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.unreported import explained
from pytest_dre.store.runs import RunStore

if TYPE_CHECKING:
    from pytest_dre.analysis.gates.baseline import Baseline

# What judges brings SciPy in: sessions without gates must not pay for it.


@dataclass(frozen=True, slots=True)
class Judging:
    """How a session judges.

    Attributes:
        baselines: The directory of saved baselines.
        baseline: What gates with a baseline compare with instead: a name, an artifact directory or bundle; None to
            go by the gates.
        called: What that is called where verdicts name it, by default the same.
        missing_baseline_warns: Whether a baseline that is not there makes gates inconclusive instead of an error.
        allow_stale: Whether results of other versions count.
    """

    baselines: Path
    baseline: str | None = None
    called: str | None = None
    missing_baseline_warns: bool = False
    allow_stale: bool = False


def judge_study(
    planned: PlannedStudy,
    judging: Judging,
    baselines: "Mapping[str, Baseline | None] | None" = None,
    versions: Mapping[VersionKey, str] | None = None,
) -> dict[str, GateVerdict]:
    """Return the verdict on each of the study's gates, with advice.

    `baselines` are those that the gates name (see `baselines_of`), read now unless given; `versions` those of agents
    and problems now, by default the last that the store has noted. Raises DreError for a baseline that cannot be read.
    """
    from pytest_dre.analysis.gates.judging import judge_gates

    purse, unreported = Purse(), Unreported(planned.study, planned.plan.conditions)

    def watched(results: Iterable[RunResult]) -> Iterable[RunResult]:
        return unreported.watched(purse.watched(results))

    rows = outcome_table(planned, judging.allow_stale, watch=watched, versions=versions)
    if baselines is None:
        baselines = baselines_of(planned, judging)
    if baselines:
        baselines = compared(baselines, versions or _noted_versions(planned))
    study, baselines = _as_asked(planned.study, baselines, judging)
    verdicts = explained(study, judge_gates(study, rows, baselines), unreported.texts())
    return advised(study, rows, baselines, verdicts, purse)


def outcome_advice(planned: PlannedStudy, allow_stale: bool = False) -> list[Advice]:
    """Return where the variance of the primary outcomes comes from that no gate of the study is about."""
    return ungated(planned.study, lambda: outcome_table(planned, allow_stale))


def outcome_table(
    planned: PlannedStudy,
    allow_stale: bool = False,
    watch: Watch = iter,
    versions: Mapping[VersionKey, str] | None = None,
) -> list[OutcomeRow]:
    """Return a row for each planned run, from the store, if there is one. The arguments are those of `stored_rows`."""
    store = RunStore.existing(planned.store_path, planned.study.study_id)
    if store is None:
        return unstored_rows(planned)
    with closing(store):
        return stored_rows(planned, store, allow_stale=allow_stale, watch=watch, versions=versions)


def _noted_versions(planned: PlannedStudy) -> Mapping[VersionKey, str]:
    store = RunStore.existing(planned.store_path, planned.study.study_id)
    if store is None:
        return {}
    with closing(store):
        return store.versions()


def baselines_of(planned: PlannedStudy, judging: Judging) -> "dict[str, Baseline | None]":
    """Return the baselines that the study's gates name, None where one is missing; each is read once.

    Raises DreError for one that cannot be read.
    """
    places = {gate.baseline: judging.baseline or gate.baseline for gate in planned.study.gates if gate.baseline}
    found = {
        place: _found(place, planned.study.study_id, judging.baselines) for place in dict.fromkeys(places.values())
    }
    return {name: found[place] for name, place in places.items()}


def _as_asked(
    study: Study, baselines: "Mapping[str, Baseline | None]", judging: Judging
) -> "tuple[Study, Mapping[str, Baseline | None]]":
    """Return the study with gates that name the baseline they are compared with, and the baselines by that name."""
    name = judging.called or judging.baseline
    if name is None:
        return study, baselines
    gates = [gate if gate.baseline is None else gate.model_copy(update={"baseline": name}) for gate in study.gates]
    found = list(baselines.values())  # of one place, however many names the gates have for it
    return study.model_copy(update={"gates": tuple(gates)}), {name: found[0]} if found else {}


def _found(where: str, study_id: str, directory: Path) -> "Baseline | None":
    from pytest_dre.sessions.baselines import MissingBaselineError, load_baseline

    try:
        return load_baseline(where, study_id, directory)
    except MissingBaselineError:
        return None


def save_study_baseline(planned: PlannedStudy, name: str, directory: Path) -> Path:
    """Keep the study's outcomes as the baseline `name` and return its file. Raises DreError with what is in the way."""
    from pytest_dre.sessions.baselines import save_baseline

    store = RunStore.existing(planned.store_path, planned.study.study_id)
    if store is None:
        raise DreError("nothing of the study is stored")
    with closing(store):
        return save_baseline(planned, stored_rows(planned, store), directory, name, versions=store.versions())
