"""Conditions, planned runs and their results."""

import dataclasses
import enum
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "unknown"


class RunStatus(enum.StrEnum):
    """What became of a run."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Condition:
    """One combination of factor and block values.

    Attributes:
        condition_id: Identifier made from the assignments.
        factor_assignments: Factor name → value.
        block_assignments: Block name → value.
        admissible: Whether no constraint of severity error rules it out.
        constraint_messages: What the violated constraints say, of either severity.
        metadata: Fingerprint, position in the design, comparison arms.
    """

    condition_id: str
    factor_assignments: Mapping[str, Any]
    block_assignments: Mapping[str, Any] = field(default_factory=dict)
    admissible: bool = True
    constraint_messages: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assignments(self) -> dict[str, Any]:
        """Factor and block values by name."""
        return {**self.factor_assignments, **self.block_assignments}


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One planned run: a condition, an agent, a problem and a replicate (from 1), with its seed."""

    study_id: str
    run_id: str
    condition: Condition
    replicate: int
    agent_id: str | None
    problem_id: str | None
    seed: int

    @property
    def condition_id(self) -> str:
        """The condition's identifier."""
        return self.condition.condition_id


@dataclass(frozen=True, slots=True)
class ProblemPacket:
    """A problem as agents receive it.

    Attributes:
        problem_id: The problem's id in the study.
        family: Kind of problem, "unknown" if not said.
        brief: The task in words.
        payload: Data for the agent; `payload["problem_object"]`, if there, is the native problem object.
        metadata: Anything else about the problem.
        evaluator: Called with the agent's answer; returns evaluation rows or a map of numbers.
    """

    problem_id: str
    family: str = UNKNOWN
    brief: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    evaluator: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class RunOutput:
    """What a runner or agent returns: outputs and metrics, and optionally a trace of what happened."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()
    trace_refs: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spending:
    """What runs came to: US dollars, tokens (input and output), seconds."""

    cost_usd: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A failed attempt at a run that is to be tried again.

    Attributes:
        number: From 1.
        error_info: "Type: message" of its failure.
        spending: What it came to, as far as its error or output tells.
        started: ISO 8601, UTC.
    """

    run_id: str
    agent_id: str | None
    problem_id: str | None
    number: int
    error_info: str
    spending: Spending
    started: str


@dataclass(frozen=True)  # without slots: its fields are one dict, which is written and read at once
class RunResult:
    """What a run yielded, in plain data (JSON types, NaN and infinities included).

    Attributes:
        status_reason: Why the run failed or was skipped ("agent_error", "crashed", …); "" on success.
        error_info: "Type: message" of the failure.
        traceback: The failure's traceback, without this package's frames.
        agent_kind, model_name, pattern_name, problem_family: Metadata of the tables, "unknown" if not said.
        start_time, end_time: ISO 8601, UTC.
        latency_s: Wall time of the agent's call and evaluation, seconds; of the last attempt, if there were several.
        attempts: How often the run was tried.
        lost_usd, lost_tokens, lost_s: What the attempts before the last one came to.
        primary_outcome: The agent's `primary_outcome` metric, else the first evaluation's value.
        versions: Versions of the agent and problem the result was made with.
        fingerprint: Hash of all that, if changed, makes the result stale.
    """

    study_id: str
    condition_id: str
    run_id: str
    replicate: int
    agent_id: str | None
    problem_id: str | None
    seed: int
    status: RunStatus
    status_reason: str = ""
    error_info: str | None = None
    traceback: str | None = None
    problem_family: str = UNKNOWN
    agent_kind: str = UNKNOWN
    pattern_name: str = UNKNOWN
    model_name: str = UNKNOWN
    start_time: str | None = None
    end_time: str | None = None
    latency_s: float | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    evaluations: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    trace_refs: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    attempts: int = 1
    lost_usd: float = 0.0
    lost_tokens: int = 0
    lost_s: float = 0.0

    @property
    def primary_outcome(self) -> Any:
        """The run's headline value, None if it has none."""
        return self.metrics.get("primary_outcome")

    @property
    def cost_usd(self) -> float:
        """What the run cost, in US dollars; 0 where its metrics give no amount."""
        return _amount(self.metrics.get("cost_usd"))

    @property
    def spending(self) -> Spending:
        """What the last attempt came to."""
        tokens = _amount(self.metrics.get("input_tokens")) + _amount(self.metrics.get("output_tokens"))
        return Spending(self.cost_usd, int(tokens), self.latency_s or 0.0)

    @property
    def spent_usd(self) -> float:
        """What all its attempts cost, US dollars."""
        return self.cost_usd + self.lost_usd

    @classmethod
    def of(cls, run: RunSpec, status: RunStatus, **more: Any) -> "RunResult":
        """Return a result of a run; `more` are its other attributes."""
        more.update(
            study_id=run.study_id,
            condition_id=run.condition_id,
            run_id=run.run_id,
            replicate=run.replicate,
            agent_id=run.agent_id,
            problem_id=run.problem_id,
            seed=run.seed,
            status=status,
        )
        return cls._with(more) if more.keys() == _RESULT_NAMES else cls(**more)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return dict(self.__dict__)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RunResult":
        """Return the result that `to_dict` gave `data` for; keys of other versions are left out."""
        fields = {**data, "status": RunStatus(data["status"])}
        if fields.keys() == _RESULT_NAMES:
            return cls._with(fields)
        return cls(**{name: value for name, value in fields.items() if name in _RESULT_NAMES})

    @classmethod
    def _with(cls, fields: dict[str, Any]) -> "RunResult":
        """Return the result with these fields, which are all; a frozen class's own __init__ takes ten times as long."""
        result = object.__new__(cls)
        object.__setattr__(result, "__dict__", fields)
        return result


def _amount(value: Any) -> float:
    """Return a metric as a number, 0 where it is none, negative or not finite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    try:
        return float(value) if value > 0 and math.isfinite(value) else 0.0
    except OverflowError:  # an integer beyond the floats
        return 0.0


_RESULT_NAMES = frozenset(item.name for item in dataclasses.fields(RunResult))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study's design comes to: all conditions, also inadmissible ones, and the runs of the admissible."""

    conditions: tuple[Condition, ...]
    runs: tuple[RunSpec, ...]


def agent_result(
    output: Any,
    *,
    metrics: Mapping[str, Any] | None = None,
    events: Sequence[Mapping[str, Any]] = (),
    trace_refs: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    **more_metrics: Any,
) -> dict[str, Any]:
    """Return the map an agent hands back: its output, metrics (also as keywords: `cost_usd=0.02`) and trace."""
    return {
        "output": output,
        "metrics": {**(metrics or {}), **more_metrics},
        "events": list(events),
        "trace_refs": list(trace_refs),
        "metadata": dict(metadata or {}),
    }
