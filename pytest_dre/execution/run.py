"""One run, from its spec to its result."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_dre.errors import DreError
from pytest_dre.execution import clock
from pytest_dre.execution.bound import BoundAgent, StudyBindings
from pytest_dre.execution.evaluation import Row, evaluate, rows_from
from pytest_dre.execution.failures import describe, reason_for, trimmed_traceback
from pytest_dre.execution.fingerprints import versions_of
from pytest_dre.execution.forking import end_if_forked, getpid
from pytest_dre.execution.inputs import Inputs
from pytest_dre.execution.limits import RunPolicy
from pytest_dre.execution.metrics import complete_metrics
from pytest_dre.execution.outcome import Execution
from pytest_dre.execution.outputs import AgentOutput, normalize, text_of
from pytest_dre.execution.retrying import Classify, OnAttempt, SpentOut, tried
from pytest_dre.execution.spending import metrics_told_by
from pytest_dre.execution.surroundings import Environment, kept_surroundings
from pytest_dre.execution.texts import to_text
from pytest_dre.model.reasons import StatusReason
from pytest_dre.model.runs import UNKNOWN, ProblemPacket, RunResult, RunSpec, RunStatus

__all__ = ["AgentFailure", "EvaluateMore", "Execution", "execute_run"]

Watch = Callable[[Environment], None]
EvaluateMore = Callable[[RunSpec, ProblemPacket | None, Mapping[str, Any]], Iterable[Any]]


class AgentFailure(DreError):
    """An agent has returned, but says that it did not succeed."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a failed run says about its failure."""

    reason: str
    info: str
    traceback: str
    metrics: Mapping[str, Any]  # that its exception tells, where there is no output


@dataclass(slots=True)
class _Progress:
    """What a run has come to so far; a failure keeps what was there before it."""

    inputs: Inputs
    stage: StatusReason = StatusReason.SEED_ERROR  # the reason if it fails now
    output: AgentOutput | None = None
    evaluations: list[Row] = field(default_factory=list)


def execute_run(
    run: RunSpec,
    bindings: StudyBindings,
    *,
    evaluate_more: EvaluateMore | None = None,
    passthrough: tuple[type[BaseException], ...] = (KeyboardInterrupt,),
    seed_more: Callable[[int], None] | None = None,
    classify: Classify | None = None,
    policy: RunPolicy | None = None,
    on_attempt: OnAttempt | None = None,
    spent_out: SpentOut | None = None,
    watch: Watch | None = None,
) -> Execution:
    """Carry out `run`: seed, call the agent or runner, evaluate; again, as far as `policy` has it, if that fails.

    Whatever the agent or evaluator raises fails the run and is told in the result, SystemExit too; only `passthrough`
    exceptions go on. In either case the global random generators are restored first, and each attempt is seeded anew.

    Args:
        run: The run; `bindings` come from `bind_study` for a plan that has it.
        bindings: The study's agents, problems or runner.
        evaluate_more: Gives further evaluation rows for (run, packet, outputs); its failure is an "evaluation_error".
        passthrough: Exceptions that end the session, not the run.
        seed_more: Called with the seed, for other random generators; its failure is a "seed_error".
        classify: Gives the status reason of an exception (for example "timeout"), None for the usual one.
        policy: After which failures the run is tried again; its `timeout_s` is the caller's to enforce, by an
            exception that `classify` names, and keeps this from waiting beyond it.
        on_attempt: Called with each failed attempt that is tried again, before the wait; what it raises goes on.
        spent_out: Tells of a budget that is spent, given what a failed attempt came to: it is the last then.
        watch: Called with the environment before the run, and with what the run has made of it.
    """

    def attempt() -> Execution:
        return _attempt(
            run,
            bindings,
            evaluate_more=evaluate_more,
            passthrough=passthrough,
            seed_more=seed_more,
            classify=classify,
            watch=watch,
        )

    if policy is None or not policy.retries:
        return attempt()
    return tried(attempt, policy, on_attempt=on_attempt, classify=classify, spent_out=spent_out)


def _attempt(
    run: RunSpec,
    bindings: StudyBindings,
    *,
    evaluate_more: EvaluateMore | None,
    passthrough: tuple[type[BaseException], ...],
    seed_more: Callable[[int], None] | None,
    classify: Classify | None,
    watch: Watch | None,
) -> Execution:
    bound, problem = bindings.agent_for(run), bindings.problem_for(run)
    progress = _Progress(Inputs(run, None if problem is None else problem.packet))
    error: BaseException | None = None
    started, start = clock.timestamp(), clock.seconds()
    try:
        with kept_surroundings(watch, bound.target), bindings.seeder.seeded(run.seed):
            _carry_out(bound, progress, evaluate_more, seed_more)
    except passthrough:
        raise
    except BaseException as caught:  # untrusted code: SystemExit and a timeout's exception are failures of the run
        error = caught
    latency = clock.seconds() - start
    failure = _failure(error, progress, classify) if error is not None else None
    return Execution(_result(progress, bound, bindings, failure, timing=(started, latency)), error)


def _failure(error: BaseException, progress: _Progress, classify: Classify | None) -> _Failure:
    reason = (classify(error) if classify else None) or reason_for(error, progress.stage)
    metrics = metrics_told_by(error) if progress.output is None else {}
    return _Failure(str(reason), describe(error), trimmed_traceback(error), metrics)


def _carry_out(
    bound: BoundAgent,
    progress: _Progress,
    evaluate_more: EvaluateMore | None,
    seed_more: Callable[[int], None] | None,
) -> None:
    process = getpid()
    try:
        _take_steps(bound, progress, evaluate_more, seed_more)
    except BaseException as error:
        end_if_forked(process, error)
        raise
    end_if_forked(process)


def _take_steps(
    bound: BoundAgent,
    progress: _Progress,
    evaluate_more: EvaluateMore | None,
    seed_more: Callable[[int], None] | None,
) -> None:
    inputs = progress.inputs
    if seed_more is not None:
        seed_more(inputs.run.seed)
    progress.stage = StatusReason.AGENT_ERROR
    value = bound.entry.invoke(inputs)
    progress.stage = StatusReason.INVALID_OUTPUT
    output = normalize(value, text_allowed=inputs.run.agent_id is not None)
    progress.output = output
    if output.failure is not None:
        progress.stage = StatusReason.AGENT_ERROR
        raise AgentFailure(output.failure)
    progress.stage = StatusReason.EVALUATION_ERROR
    if inputs.source is not None:
        progress.evaluations.extend(evaluate(inputs.source, output.answer))
    if evaluate_more is not None:
        progress.evaluations.extend(rows_from(evaluate_more(inputs.run, inputs.source, output.outputs), "study"))


def _result(
    progress: _Progress,
    bound: BoundAgent,
    bindings: StudyBindings,
    failure: _Failure | None,
    *,
    timing: tuple[str, float],
) -> RunResult:
    run, packet, output = progress.inputs.run, progress.inputs.source, progress.output
    events = _events(output, run)
    metadata = output.metadata if output else {}
    metrics = output.metrics if output else failure.metrics if failure else {}
    started, latency = timing
    agent = bound.target if progress.inputs.agent is None else progress.inputs.agent
    return RunResult.of(  # with all attributes: that is quickest
        run,
        RunStatus.FAILED if failure else RunStatus.SUCCESS,
        status_reason=failure.reason if failure else "",
        error_info=failure.info if failure else None,
        traceback=failure.traceback if failure else None,
        problem_family=UNKNOWN if packet is None else packet.family,
        agent_kind=_label("agent_kind", metadata, agent),
        pattern_name=_label("pattern_name", metadata, agent),
        model_name=_label("model_name", metadata, agent),
        start_time=started,
        end_time=clock.timestamp(),
        latency_s=latency,
        outputs=output.outputs if output else {},
        metrics=complete_metrics(metrics, events, progress.evaluations, latency),
        evaluations=progress.evaluations,
        events=events,
        trace_refs=output.trace_refs if output else [],
        metadata=metadata,
        versions=versions_of(run, bindings.versions),
        fingerprint=bindings.fingerprint_of(run),
        attempts=1,
        lost_usd=0.0,
        lost_tokens=0,
        lost_s=0.0,
    )


def _events(output: AgentOutput | None, run: RunSpec) -> list[dict[str, Any]]:
    """Return the agent's events; an agent that reports none has at least put out its answer."""
    if output is None or output.events:
        return output.events if output else []
    actor = "runner" if run.agent_id is None else "agent"
    return [{"event_type": "assistant_output", "text": text_of(output.outputs), "actor_id": actor}]


def _label(name: str, metadata: Mapping[str, Any], agent: Any) -> str:
    value = metadata.get(name)
    try:
        if value is None:
            value = getattr(agent, name, None)
        return to_text(value) if isinstance(value, str) and value else UNKNOWN
    except KeyboardInterrupt:
        raise
    except BaseException:  # a property of the agent's
        return UNKNOWN
