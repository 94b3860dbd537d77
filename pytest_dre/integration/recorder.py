"""Carrying out runs and recording them, in the process that has the item."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_dre.errors import DreError, StoreError
from pytest_dre.execution import clock
from pytest_dre.execution.limits import RunPolicy
from pytest_dre.execution.run import Execution, execute_run
from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.integration.admission import Refusal, SessionPurse
from pytest_dre.integration.alarms import rings_at
from pytest_dre.integration.baselines import Baselines
from pytest_dre.integration.failures import RunFailure, hook_failed
from pytest_dre.integration.masking import mask_interruption, mask_report
from pytest_dre.integration.nodes import GateItem, RunItem
from pytest_dre.integration.reports import RunData, put_data, run_properties
from pytest_dre.integration.settings import Settings
from pytest_dre.integration.stores import Stores
from pytest_dre.integration.watching import watched
from pytest_dre.integration.workplaces import EVALUATE, RECORDED, SEED, Workplace, Workplaces
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import Attempt, ProblemPacket, RunResult, RunSpec, RunStatus
from pytest_dre.sessions.acceptance import accepted
from pytest_dre.sessions.resuming import Action
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.ownership import RunningElsewhere

NO_LIMIT = nullcontext()
# What ends a session or skips a test is no failure of the run.
NOT_A_FAILURE = (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception)


class Recorder:
    """Keeps each run's result in its study's store before the report goes out."""

    def __init__(
        self, settings: Settings, stores: Stores, purse: SessionPurse, masker: SecretMasker, baselines: Baselines
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._purse = purse
        self._masker = masker
        self._workplaces = Workplaces(settings, stores, purse, baselines)
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
            self._complete(item, report)
        elif isinstance(item, GateItem):
            mask_report(report, self._masker)
        return report

    def _complete(self, item: RunItem, report: pytest.TestReport) -> None:
        """Do so for a run. Two of three reports tell nothing: the setup and teardown of most runs."""
        if not report.passed:
            self._tell_what_kept_it(item, report)
        mask_report(report, self._masker)
        if not report.passed or report.when == "call":
            put_data(report, _report_data(item))
        if report.when == "teardown":
            item.result = None

    def _tell_what_kept_it(self, item: RunItem, report: pytest.TestReport) -> None:
        try:
            self._record_what_is_left(item, report)
        except DreError as error:
            report.outcome, report.longrepr = "failed", str(error)
        if item.held_back and report.skipped:
            report.longrepr = (str(item.path), 1, f"Skipped: {item.held_back.message}")

    def _workplace_or_hold_back(self, item: RunItem) -> Workplace:
        """Return where the run is carried out; the first run that meets a broken store fails, others are held back."""
        place = self._workplaces.made.get(item.parent.path)
        if place is not None and not self._stores.refused:
            return place
        path = item.parent.planned.store_path
        try:
            return self._workplaces.of(item.parent)
        except RunningElsewhere as error:
            _hold_back(item, Refusal(StatusReason.RUNNING_ELSEWHERE, str(error)))
        except StoreError as error:
            if path not in self._told:
                self._told.add(path)
                raise
            _hold_back(item, Refusal(StatusReason.STORE_FAILED, str(error)))

    def _replay(self, item: RunItem, place: Workplace) -> bool:
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
        item.user_properties.extend(run_properties(item.run, stored, place.properties))
        if stored.status is not RunStatus.SUCCESS:
            raise RunFailure(stored, None)
        return True

    def _begin(self, item: RunItem, place: Workplace) -> None:
        """Note that the run is begun; hold it back if that was noted, as the worker that noted it has died of it.

        What the controller records of that may come after the run was given to this one.
        """
        run_id, session_id = item.run.run_id, self._settings.session_id
        note = place.store.unstarted_note(run_id)
        if note is not None and (note.reason, note.session_id) == (StatusReason.INTERRUPTED, session_id):
            _hold_back(item, Refusal(StatusReason.CRASHED, "a worker has died of it; rerun it with --lf"))
        place.store.note_unstarted(run_id, session_id, StatusReason.INTERRUPTED, "its session ended while it ran")

    def _carry_out(self, item: RunItem, place: Workplace) -> Execution:
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

    def _judged(self, place: Workplace, policy: RunPolicy, execution: Execution, *, interrupted: bool) -> Execution:
        """Fail what is no success after all, and mask secrets."""
        result = accepted(execution.result, limit_s=policy.timeout_s, demanded=place.demanded, interrupted=interrupted)
        masked = self._masker.result(result)
        return execution if masked is execution.result else Execution(masked, execution.error)

    def _note_interruption(self, item: RunItem, place: Workplace) -> None:
        """A run under way at Ctrl-C stays missing; what it had cost nobody knows."""
        with suppress(StoreError):
            place.store.note_unstarted(
                item.run.run_id, self._settings.session_id, StatusReason.INTERRUPTED, "interrupted while it ran"
            )

    def _record(self, item: RunItem, place: Workplace, result: RunResult) -> None:
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
        item.user_properties.extend(run_properties(item.run, result, place.properties))
        if RECORDED in place.hooks:
            _call_recorded_hook(item, result)

    def _record_what_is_left(self, item: RunItem, report: pytest.TestReport) -> None:
        """A skip mark, a failing setup hook or a timeout outside the agent leaves a run without a result."""
        if report.when == "teardown" or item.result is not None or item.held_back:
            return
        if item.parent.planned.store_path in self._stores.refused:
            return  # the report tells what is wrong with the store
        status = RunStatus.SKIPPED if report.skipped else RunStatus.FAILED
        reason = _reason_of(report)
        message = self._masker.text(_message(report))
        result = unstarted_result(item.run, item.parent.bindings.versions, status, reason, message)
        self._record(item, self._workplaces.of(item.parent), result)


def _not_needed(place: Workplace, run: RunSpec) -> Refusal | None:
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
