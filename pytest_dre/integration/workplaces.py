"""What the runs of one study share in a process that carries them out."""

from dataclasses import dataclass, field
from pathlib import Path

from pytest_dre.analysis.missing import demanded_outcomes
from pytest_dre.analysis.outcomes import OutcomeReader
from pytest_dre.execution.limits import RunPolicy, policy_for
from pytest_dre.integration.admission import Admission, SessionPurse
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.nodes import StudyFile
from pytest_dre.integration.reports import Properties
from pytest_dre.integration.resolving import implemented_hooks
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.sessions.comparable import compared
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.stopping import EarlyStop, StoreBoard, StoreEvidence, early_stop
from pytest_dre.store.runs import RunStore

EVALUATE, SEED, RECORDED = RUN_HOOKS = ("pytest_dre_evaluate", "pytest_dre_seed", "pytest_dre_run_recorded")


@dataclass(frozen=True, slots=True)
class Workplace:
    """One study as its runs find it."""

    planned: PlannedStudy
    store: RunStore
    admission: Admission
    policies: dict[str | None, RunPolicy]
    demanded: tuple[OutcomeReader, ...]
    early: EarlyStop | None
    hooks: frozenset[str]  # those of ours that somebody implements: calling one costs each of many runs
    properties: dict[str, Properties] = field(default_factory=dict)  # by condition


class Workplaces:
    """Makes each study's workplace once.

    Attributes:
        made: Those that are there, by path of the study.
    """

    def __init__(self, settings: Settings, stores: Stores, purse: SessionPurse, baselines: Baselines) -> None:
        self._settings = settings
        self._stores = stores
        self._purse = purse
        self._baselines = baselines
        self.made: dict[Path, Workplace] = {}

    def of(self, study_file: StudyFile) -> Workplace:
        """Return the study's workplace. Raises StoreError; RunningElsewhere if another session runs the study."""
        planned, study = study_file.planned, study_file.planned.study
        store = self._stores.of(planned)
        if study_file.path not in self.made:
            store.set_versions(study_file.bindings.versions)
            self.made[study_file.path] = Workplace(
                planned,
                store,
                Admission.to(study, store, self._settings.session_id, self._purse),
                {agent: policy_for(study.limits, agent) for agent in (None, *study_file.bindings.agents)},
                demanded_outcomes(study, planned.plan.conditions),
                self._early_stop(study_file, store),
                implemented_hooks(study_file, RUN_HOOKS),
            )
        return self.made[study_file.path]

    def _early_stop(self, study_file: StudyFile, store: RunStore) -> EarlyStop | None:
        """Return what may end the study early: nothing where a baseline is to be saved, which needs all runs.

        Those that a look would have left out are of later replicates: without them, a baseline would be as good as
        luck had it at the look.
        """
        if self._settings.save_baseline is not None:
            return None
        planned, resumption, session_id = study_file.planned, self._settings.resumption, self._settings.session_id
        evidence = StoreEvidence(
            store, session_id, study_file.bindings.fingerprint_of, replays=resumption.resume and not resumption.rerun
        )
        board = StoreBoard(store, session_id)
        versions = study_file.bindings.versions
        return early_stop(planned, evidence, board, lambda: compared(self._baselines.of(planned), versions))
