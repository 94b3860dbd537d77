"""Carrying out runs and recording them, in the process that has the item."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_dre.errors import DreError
from pytest_dre.execution.fingerprints import fingerprint
from pytest_dre.execution.run import Execution, execute_run
from pytest_dre.integration.failures import RunFailure
from pytest_dre.integration.nodes import RunItem, StudyFile
from pytest_dre.integration.resolving import hook_failed, hook_is_implemented
from pytest_dre.integration.settings import Settings
from pytest_dre.model.runs import ProblemPacket, RunResult, RunSpec, RunStatus
from pytest_dre.sessions.unstarted import unstarted_result
from pytest_dre.store.runs import RunStore

# What ends a session or skips a test is no failure of the run.
NOT_A_FAILURE = (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception)


class Recorder:
    """Keeps each run's result in its study's store before the report goes out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stores: dict[Path, RunStore] = {}

    def perform(self, item: RunItem) -> None:
        """Replay or carry out the run. Raises RunFailure if it failed."""
        store = self._store(item.parent)
        if self._settings.resume and self._replay(item, store):
            return
        self._hold_back_if_stopped(item, store)
        execution = execute_run(
            item.run,
            item.parent.bindings,
            evaluate_more=_evaluate_hook(item),
            seed_more=_seed_hook(item),
            passthrough=NOT_A_FAILURE,
            classify=_classify,
        )
        execution = _within_limits(item, execution)
        self._record(item, store, execution.result)
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
                report.longrepr = (str(item.path), 1, f"Skipped: {item.held_back}")
            if report.when == "call" or not report.passed:  # nobody asks about a setup or teardown that passed
                report.dre = _report_data(item)
            if report.when == "teardown":
                item.result = None
        return report

    def pytest_sessionfinish(self) -> None:
        """Close the stores; their content is complete at any moment."""
        for store in self._stores.values():
            store.close()
        self._stores.clear()

    def _store(self, study_file: StudyFile) -> RunStore:
        planned = study_file.planned
        if study_file.path not in self._stores:
            store = RunStore.create_or_open(planned.store_path, planned.study.study_id)
            store.set_versions(study_file.bindings.versions)
            self._stores[study_file.path] = store
        return self._stores[study_file.path]

    def _replay(self, item: RunItem, store: RunStore) -> bool:
        stored = store.completed(item.run.run_id, fingerprint(item.run, item.parent.bindings.versions))
        if stored is None:
            return False
        item.result, item.cached = stored, True
        item.user_properties.extend(_properties(item.run, stored))
        return True

    def _hold_back_if_stopped(self, item: RunItem, store: RunStore) -> None:
        if not item.parent.planned.study.run_budget.fail_fast:
            return
        reason = store.stop_reason(self._settings.session_id)
        if reason is not None:
            item.held_back = reason
            pytest.skip(reason)

    def _record(self, item: RunItem, store: RunStore, result: RunResult) -> None:
        store.record(result, self._settings.session_id)
        item.result = result
        item.user_properties.extend(_properties(item.run, result))
        study = item.parent.planned.study
        if result.status is RunStatus.FAILED and study.run_budget.fail_fast:
            store.request_stop(self._settings.session_id, f"fail_fast: {item.name} failed")
        if hook_is_implemented(item, "pytest_dre_run_recorded"):
            _call_recorded_hook(item, result)

    def _record_what_is_left(self, item: RunItem, report: pytest.TestReport) -> None:
        """A skip mark, a failing setup hook or a timeout outside the agent leaves a run without a result."""
        if report.passed or report.when == "teardown" or item.result is not None or item.held_back:
            return
        status = RunStatus.SKIPPED if report.skipped else RunStatus.FAILED
        reason = "skipped" if report.skipped else "setup_error" if report.when == "setup" else "not_recorded"
        message = _message(report)
        if message.startswith("Failed: Timeout"):
            reason = "timeout"
        result = unstarted_result(item.run, item.parent.bindings.versions, status, reason, message)
        self._record(item, self._store(item.parent), result)


def _evaluate_hook(item: RunItem) -> Callable[..., Iterable[Any]] | None:
    if not hook_is_implemented(item, "pytest_dre_evaluate"):
        return None

    def evaluate(run: RunSpec, packet: ProblemPacket | None, output: Mapping[str, Any]) -> Iterable[Any]:
        rows = item.ihook.pytest_dre_evaluate(run_spec=run, packet=packet, output=output)
        return [row for some in rows for row in some or ()]

    return evaluate


def _seed_hook(item: RunItem) -> Callable[[int], None] | None:
    if not hook_is_implemented(item, "pytest_dre_seed"):
        return None
    return lambda seed: item.ihook.pytest_dre_seed(seed=seed)


def _call_recorded_hook(item: RunItem, result: RunResult) -> None:
    """The result is stored by now: a hook that fails is told, and costs nothing else."""
    try:
        item.ihook.pytest_dre_run_recorded(study=item.parent.planned.study, result=result)
    except Exception as error:
        raise hook_failed("pytest_dre_run_recorded", error) from error


def _within_limits(item: RunItem, execution: Execution) -> Execution:
    """An agent may swallow the timeout's exception; its run took too long all the same."""
    result, limit = execution.result, item.parent.planned.study.limits.timeout_s
    if limit is None or result.status is not RunStatus.SUCCESS or (result.latency_s or 0) <= limit:
        return execution
    message = f"Timeout: the run took {result.latency_s:.3g} s, limits.timeout_s is {limit:g}"
    failed = replace(result, status=RunStatus.FAILED, status_reason="timeout", error_info=message)
    return Execution(failed, execution.error)


def _classify(error: BaseException) -> str | None:
    """Name what pytest-timeout raises in an agent."""
    timed_out = isinstance(error, pytest.fail.Exception) and str(error).startswith("Timeout")
    return "timeout" if timed_out else None


def _message(report: pytest.TestReport) -> str:
    """Return the reason of a skip, or the last line of a failure, as one line."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return (text.strip().splitlines() or [""])[0]


def _report_data(item: RunItem) -> str:
    """Extra attributes of a report cross xdist if they are plain: one JSON text."""
    return json.dumps(
        {
            "study": str(item.path),
            "run_id": item.run.run_id,
            "cached": item.cached,
            "held_back": item.held_back,
        }
    )


def _properties(run: RunSpec, result: RunResult) -> list[tuple[str, object]]:
    """Return what JUnit and report plugins get to see: small scalars only."""
    properties = [(name, _small(value)) for name, value in run.condition.assignments.items()]
    properties += [("seed", run.seed), ("status", str(result.status))]
    if result.primary_outcome is not None:
        properties.append(("primary_outcome", _small(result.primary_outcome)))
    properties.append(("cost_usd", result.cost_usd))
    return properties


def _small(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
