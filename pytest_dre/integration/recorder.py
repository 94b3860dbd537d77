"""Carrying out runs and recording them, in the process that has the item."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_dre.analysis.missing import demanded_outcomes
from pytest_dre.analysis.outcomes import OutcomeReader
from pytest_dre.errors import DreError, StoreError
from pytest_dre.execution import clock
from pytest_dre.execution.limits import RunPolicy, policy_for
from pytest_dre.execution.run import Execution, execute_run
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.integration.admission import Admission, Refusal, SessionPurse
from pytest_dre.integration.alarms import rings_at
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.failures import RunFailure, hook_failed
from pytest_dre.integration.masking import mask_interruption, mask_report
from pytest_dre.integration.nodes import GateItem, RunItem, StudyFile
from pytest_dre.integration.reports import RunData, drop_properties, put_data
from pytest_dre.integration.resolving import implemented_hooks
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.watching import watched
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Attempt, ProblemPacket, RunResult, RunSpec, RunStatus
from pytest_dre.sessions.acceptance import accepted
from pytest_dre.sessions.comparable import compared
from pytest_dre.sessions.planned import PlannedStudy
from pytest_dre.sessions.resuming import Action
from pytest_dre.sessions.stopping import EarlyStop, StoreBoard, StoreEvidence, early_stop
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.ownership import RunningElsewhere
from pytest_dre.store.runs import RunStore

_Properties = list[tuple[str, object]]

NO_LIMIT = nullcontext()
EVALUATE, SEED, RECORDED = RUN_HOOKS = ("pytest_dre_evaluate", "pytest_dre_seed", "pytest_dre_run_recorded")
# What ends a session or skips a test is no failure of the run.
NOT_A_FAILURE = (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception)


@dataclass(frozen=True, slots=True)
class _Workplace:
    """What the runs of one study share in this process."""

    planned: PlannedStudy
    store: RunStore
    admission: Admission
    policies: dict[str | None, RunPolicy]
    demanded: tuple[OutcomeReader, ...]
    early: EarlyStop | None
    hooks: frozenset[str]  # those of ours that somebody implements: calling one costs each of many runs
    properties: dict[str, _Properties] = field(default_factory=dict)  # by condition


class Recorder:
    """Keeps each run's result in its study's store before the report goes out."""

    def __init__(
        self, settings: Settings, stores: Stores, purse: SessionPurse, masker: SecretMasker, baselines: Baselines
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._purse = purse
        self._masker = masker
        self._baselines = baselines
        self._workplaces: dict[Path, _Workplace] = {}
        self._told: set[Path] = set()  # stores whose failure a run of this process has shown

    def perform(self, item: RunItem) -> None:
        """Replay or carry out the run. Raises RunFailure if it failed."""
        place = self._workplace_or_hold_back(item)
        if self._settings.resumption.resume and self._replay(item, place):
            return
        refusal = place.admission.refusal(item.run) or _not_needed(place, item.run)
        if refusal is not None:
            place.store.note_unstarted(item.run.run_id, self._settings.session_id, refusal.reason, refusal.message)
            _hold_back(item, refusal)
        if self._settings.requeues:
            self._begin(item, place)
        try:
            execution = self._carry_out(item, place)
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            mask_interruption(error, self._masker)
            self._note_interruption(item, place)
            raise
        self._record(item, place, execution.result)
        if execution.result.status is RunStatus.FAILED:
            raise RunFailure(execution.result, execution.error)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """Record what kept a run from being carried out, and put what other processes need on the report."""
        report = yield
        if isinstance(item, RunItem):
            try:
                self._record_what_is_left(item, report)
            except DreError as error:
                report.outcome, report.longrepr = "failed", str(error)
            if item.held_back and report.skipped:
                report.longrepr = (str(item.path), 1, f"Skipped: {item.held_back.message}")
            mask_report(report, self._masker)
            if report.when == "call" or not report.passed:  # nobody asks about a setup or teardown that passed
                put_data(report, _report_data(item))
            if report.when == "call":
                item.told = len(report.user_properties)
            elif report.when == "teardown":
                if not self._settings.is_main and len(report.user_properties) == item.told:
                    drop_properties(report)
                item.result = None
        elif isinstance(item, GateItem):
            mask_report(report, self._masker)
        return report

    def _workplace_or_hold_back(self, item: RunItem) -> _Workplace:
        """Return where the run is carried out; the first run that meets a broken store fails, others are held back."""
        place = self._workplaces.get(item.parent.path)
        if place is not None and not self._stores.refused:
            return place
        path = item.parent.planned.store_path
        try:
            return self._workplace(item.parent)
        except RunningElsewhere as error:
            _hold_back(item, Refusal(StatusReason.RUNNING_ELSEWHERE, str(error)))
        except StoreError as error:
            if path not in self._told:
                self._told.add(path)
                raise
            _hold_back(item, Refusal(StatusReason.STORE_FAILED, str(error)))

    def _workplace(self, study_file: StudyFile) -> _Workplace:
        planned, study = study_file.planned, study_file.planned.study
        store = self._stores.of(planned)
        if study_file.path not in self._workplaces:
            store.set_versions(study_file.bindings.versions)
            self._workplaces[study_file.path] = _Workplace(
                planned,
                store,
                Admission.to(study, store, self._settings.session_id, self._purse),
                {agent: policy_for(study.limits, agent) for agent in (None, *study_file.bindings.agents)},
                demanded_outcomes(study, planned.plan.conditions),
                self._early_stop(study_file, store),
                implemented_hooks(study_file, RUN_HOOKS),
            )
        return self._workplaces[study_file.path]

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

    def _replay(self, item: RunItem, place: _Workplace) -> bool:
        """Report the run from the store, if the session's options say so."""
        current = item.parent.bindings.fingerprint_of(item.run)
        action, stored = self._settings.resumption.of_stored(place.store, item.run.run_id, current)
        match action:
            case Action.RUN:
                return False
            case Action.HOLD_BACK:
                message = "only a result of another agent, problem or seed is stored; --dre-rerun stale carries it out"
                _hold_back(item, Refusal(StatusReason.STALE, message))
        assert stored is not None, "only a result can be replayed"
        item.result, item.cached = stored, True
        item.user_properties.extend(_properties(item.run, stored, place.properties))
        if stored.status is not RunStatus.SUCCESS:
            raise RunFailure(stored, None)
        return True

    def _begin(self, item: RunItem, place: _Workplace) -> None:
        """Note that the run is begun; hold it back if that was noted, as the worker that noted it has died of it.

        What the controller records of that may come after the run was given to this one.
        """
        run_id, session_id = item.run.run_id, self._settings.session_id
        note = place.store.unstarted_note(run_id)
        if note is not None and (note.reason, note.session_id) == (StatusReason.INTERRUPTED, session_id):
            _hold_back(item, Refusal(StatusReason.CRASHED, "a worker has died of it; rerun it with --lf"))
        place.store.note_unstarted(run_id, session_id, StatusReason.INTERRUPTED, "its session ended while it ran")

    def _carry_out(self, item: RunItem, place: _Workplace) -> Execution:
        policy = place.policies[item.run.agent_id if item.run.agent_id in place.policies else None]

        def keep(attempt: Attempt) -> None:
            masked = replace(attempt, error_info=self._masker.text(attempt.error_info))
            self._purse.pay(attempt.spending)
            place.store.record_attempt(masked, self._settings.session_id)

        time_up = rings_at()
        with NO_LIMIT if policy.timeout_s is None else watched(item, policy.timeout_s, self._settings):
            execution = execute_run(
                item.run,
                item.parent.bindings,
                evaluate_more=_evaluate_hook(item) if EVALUATE in place.hooks else None,
                seed_more=_seed_hook(item) if SEED in place.hooks else None,
                passthrough=NOT_A_FAILURE,
                classify=_classify,
                policy=policy,
                on_attempt=keep,
                spent_out=lambda more: place.admission.spent_with(more, item.run.agent_id),
                watch=self._masker.observe,
            )
        return self._judged(place, policy, execution, interrupted=clock.monotonic() >= time_up)

    def _judged(self, place: _Workplace, policy: RunPolicy, execution: Execution, *, interrupted: bool) -> Execution:
        """Fail what is no success after all, and mask secrets."""
        result = accepted(execution.result, limit_s=policy.timeout_s, demanded=place.demanded, interrupted=interrupted)
        masked = self._masker.result(result)
        return execution if masked is execution.result else Execution(masked, execution.error)

    def _note_interruption(self, item: RunItem, place: _Workplace) -> None:
        """A run under way at Ctrl-C stays missing; what it had cost nobody knows."""
        with suppress(StoreError):
            place.store.note_unstarted(
                item.run.run_id, self._settings.session_id, StatusReason.INTERRUPTED, "interrupted while it ran"
            )

    def _record(self, item: RunItem, place: _Workplace, result: RunResult) -> None:
        if self._purse:
            self._purse.pay(result.spending, failed=result.status is RunStatus.FAILED)
        try:
            place.store.record(result, self._settings.session_id)
            place.admission.settle(result, item.name)
        except StoreError as error:
            self._stores.give_up(place.planned, error)
            self._told.add(place.planned.store_path)
            raise
        item.result = result
        item.user_properties.extend(_properties(item.run, result, place.properties))
        if RECORDED in place.hooks:
            _call_recorded_hook(item, result)

    def _record_what_is_left(self, item: RunItem, report: pytest.TestReport) -> None:
        """A skip mark, a failing setup hook or a timeout outside the agent leaves a run without a result."""
        if report.passed or report.when == "teardown" or item.result is not None or item.held_back:
            return
        if item.parent.planned.store_path in self._stores.refused:
            return  # the report tells what is wrong with the store
        status = RunStatus.SKIPPED if report.skipped else RunStatus.FAILED
        reason = _reason_of(report)
        message = self._masker.text(_message(report))
        result = unstarted_result(item.run, item.parent.bindings.versions, status, reason, message)
        self._record(item, self._workplace(item.parent), result)


def _not_needed(place: _Workplace, run: RunSpec) -> Refusal | None:
    reason = None if place.early is None else place.early.reason(run)
    return None if reason is None else Refusal(StatusReason.NOT_NEEDED, reason)


def _hold_back(item: RunItem, refusal: Refusal) -> NoReturn:
    """Skip the run, which stays missing."""
    item.held_back = refusal
    pytest.skip(refusal.message)


def _reason_of(report: pytest.TestReport) -> StatusReason:
    if _message(report).startswith("Failed: Timeout"):
        return StatusReason.TIMEOUT
    if report.skipped:
        return StatusReason.SKIPPED
    return StatusReason.SETUP_ERROR if report.when == "setup" else StatusReason.NOT_RECORDED


def _evaluate_hook(item: RunItem) -> Callable[..., Iterable[Any]]:
    def evaluate(run: RunSpec, packet: ProblemPacket | None, output: Mapping[str, Any]) -> Iterable[Any]:
        rows = item.ihook.pytest_dre_evaluate(run_spec=run, packet=packet, output=output)
        return [row for some in rows for row in some or ()]

    return evaluate


def _seed_hook(item: RunItem) -> Callable[[int], None]:
    return lambda seed: item.ihook.pytest_dre_seed(seed=seed)


def _call_recorded_hook(item: RunItem, result: RunResult) -> None:
    """The result is stored by now: a hook that fails is told, and costs nothing else."""
    try:
        item.ihook.pytest_dre_run_recorded(study=item.parent.planned.study, result=result)
    except Exception as error:
        raise hook_failed(RECORDED, error) from error


def _classify(error: BaseException) -> str | None:
    """Name what pytest-timeout raises in an agent."""
    timed_out = issubclass(type(error), pytest.fail.Exception) and str(error).startswith("Timeout")
    return StatusReason.TIMEOUT if timed_out else None


def _message(report: pytest.TestReport) -> str:
    """Return the reason of a skip, or the last line of a failure, as one line."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return (text.strip().splitlines() or [""])[0]


def _report_data(item: RunItem) -> RunData:
    return {
        "study": str(item.path),
        "run_id": item.run.run_id,
        "cached": item.cached,
        "held_back": None if item.held_back is None else item.held_back.reason.value,
    }


def _properties(run: RunSpec, result: RunResult, conditions: dict[str, _Properties]) -> _Properties:
    """Return what JUnit and report plugins get to see: small scalars only. `conditions` keeps those of each one."""
    of_condition = conditions.get(run.condition.condition_id)
    if of_condition is None:
        of_condition = [(name, _small(value)) for name, value in run.condition.assignments.items()]
        conditions[run.condition.condition_id] = of_condition
    properties = [*of_condition, ("seed", run.seed), ("status", str(result.status))]
    if result.primary_outcome is not None:
        properties.append(("primary_outcome", _small(result.primary_outcome)))
    properties.append(("cost_usd", result.cost_usd))
    return properties


def _small(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
