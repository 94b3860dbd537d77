"""The files of an artifact directory and the columns of its tables.

The leading columns and their order are those of schema 0.2.0 of the design-research family, so that its analysis
package reads the tables; columns of our own follow.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal["text", "optional_text", "integer", "number", "boolean", "scalar", "json"]

STUDY_FILE = "study.yaml"
HYPOTHESES_FILE = "hypotheses.json"
ANALYSIS_PLAN_FILE = "analysis_plan.json"
MANIFEST_FILE = "manifest.json"
MIRROR_FILE = "study.sqlite"
BUNDLE_FILE = "study.tar.gz"

PARQUET_FILE = "outcomes.parquet"

BLOCK_PREFIX = "block_"
FACTOR_PREFIX = "factor_"
OUTCOME_PREFIX = "outcome_"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its cells hold.

    Kinds: "text"; "optional_text" (empty: None); "integer"; "number"; "boolean"; "scalar" (any
    plain value as text, its exact type being kept in a JSON column); "json".
    """

    name: str
    kind: ColumnKind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, its fixed columns in order, and how many of them every reader may count on.

    Attributes:
        name: Name of the table; its file is `<name>.csv`.
        columns: The fixed columns. Further columns (of factors and blocks) may follow.
        required: How many leading columns schema 0.2.0 demands.
    """

    name: str
    columns: tuple[Column, ...]
    required: int

    @property
    def file(self) -> str:
        """The name of the table's file."""
        return f"{self.name}.csv"

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the fixed columns."""
        return tuple(column.name for column in self.columns)

    def index(self, name: str) -> int:
        """Return the position of the column `name`."""
        return self.header.index(name)


CONDITIONS = Table(
    "conditions",
    (
        Column("study_id"),
        Column("condition_id"),
        Column("admissible", "boolean"),
        Column("constraint_messages", "json"),
        Column("assignment_meta_json", "json"),
    ),
    required=5,
)
RUNS = Table(
    "runs",
    (
        Column("study_id"),
        Column("condition_id"),
        Column("run_id"),
        Column("problem_id", "optional_text"),
        Column("problem_family"),
        Column("agent_id", "optional_text"),
        Column("agent_kind"),
        Column("pattern_name"),
        Column("model_name"),
        Column("seed", "integer"),
        Column("replicate", "integer"),
        Column("status"),
        Column("start_time", "optional_text"),
        Column("end_time", "optional_text"),
        Column("latency_s", "number"),
        Column("input_tokens", "integer"),
        Column("output_tokens", "integer"),
        Column("cost_usd", "number"),
        Column("primary_outcome", "scalar"),
        Column("trace_path"),
        Column("manifest_path"),
        Column("error_info", "optional_text"),
        Column("status_reason"),
        Column("metrics_json", "json"),
        Column("outputs_json", "json"),
        Column("metadata_json", "json"),
        Column("trace_refs_json", "json"),
        Column("attempts", "integer"),
        Column("lost_usd", "number"),
        Column("agent_version"),
        Column("problem_version"),
        Column("stale", "boolean"),
    ),
    required=21,
)
EVENTS = Table(
    "events",
    (
        Column("timestamp"),
        Column("record_id"),
        Column("text"),
        Column("session_id"),
        Column("actor_id"),
        Column("event_type"),
        Column("meta_json", "json"),
        Column("level"),
        Column("study_id"),
        Column("run_id"),
        Column("condition_id"),
    ),
    required=11,
)
EVALUATIONS = Table(
    "evaluations",
    (
        Column("run_id"),
        Column("evaluator_id"),
        Column("metric_name"),
        Column("metric_value", "scalar"),
        Column("metric_unit"),
        Column("aggregation_level"),
        Column("notes_json", "json"),
        Column("value_json", "json"),
    ),
    required=7,
)
TABLES = (CONDITIONS, RUNS, EVENTS, EVALUATIONS)
CANONICAL_FILES = (
    STUDY_FILE,
    HYPOTHESES_FILE,
    ANALYSIS_PLAN_FILE,
    *(table.file for table in TABLES),
    MANIFEST_FILE,
)


# Our own table: a row a planned run. Columns of factors and blocks follow, then OUTCOMES_TAIL, then the outcomes'.
OUTCOMES = Table("outcomes", (Column("run_id"), Column("condition_id")), required=2)
OUTCOMES_TAIL = ("agent_id", "problem_id", "replicate", "seed", "status", "stale")
OWN_FILES = (OUTCOMES.file, PARQUET_FILE)  # beyond schema 0.2.0: not every directory has them


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """The columns of outcomes.csv by the names of factors, blocks and outcomes."""

    factors: Mapping[str, str]
    blocks: Mapping[str, str]
    outcomes: Mapping[str, str]

    @property
    def header(self) -> tuple[str, ...]:
        """All columns, in their order."""
        assigned = (*self.factors.values(), *self.blocks.values())
        return (*OUTCOMES.header, *assigned, *OUTCOMES_TAIL, *self.outcomes.values())


def outcome_columns(
    factor_names: Iterable[str], block_names: Iterable[str], outcome_names: Iterable[str]
) -> OutcomeColumns:
    """Return the columns of outcomes.csv.

    Factors, blocks and outcomes bear their names as in conditions.csv. An outcome whose name another column has is
    prefixed with `outcome_`, as often as it takes to be free.
    """
    blocks = block_columns(block_names)
    fixed = {*OUTCOMES.header, *OUTCOMES_TAIL, *blocks.values()}
    factors = _free_columns(factor_names, fixed, FACTOR_PREFIX)
    outcomes = _free_columns(outcome_names, {*fixed, *factors.values()}, OUTCOME_PREFIX)
    return OutcomeColumns(factors, blocks, outcomes)


def factor_columns(factor_names: Iterable[str], block_names: Iterable[str]) -> dict[str, str]:
    """Return factor name → column of conditions.csv.

    A factor's column bears its name. Only where that name is taken by a fixed column or by a block's column is it
    prefixed with `factor_`, as often as it takes to be free.
    """
    return _free_columns(factor_names, {*CONDITIONS.header, *block_columns(block_names).values()}, FACTOR_PREFIX)


def _free_columns(wanted: Iterable[str], taken: Collection[str], prefix: str) -> dict[str, str]:
    names = list(dict.fromkeys(wanted))
    columns: dict[str, str] = {}
    for name in names:
        column = name
        while column in taken or (column != name and column in names):
            column = prefix + column
        columns[name] = column
    return columns


def block_columns(block_names: Iterable[str]) -> Mapping[str, str]:
    """Return block name → column of conditions.csv."""
    return {name: BLOCK_PREFIX + name for name in block_names}
