"""The study: everything its file says."""

from typing import Any

from pydantic import Field, field_validator

from pytest_dre.model.base import Metadata, Name, SchemaModel, Text
from pytest_dre.model.factors import Block, Constraint, DesignSpec, Factor
from pytest_dre.model.hypotheses import AnalysisPlan, Hypothesis, OutcomeSpec
from pytest_dre.model.running import Binding, Gate, Limits, RunBudget, SeedPolicy

SCHEMA_VERSION = "0.2.0"


class Study(SchemaModel):
    """A study as its file describes it.

    Keys beyond schema 0.2.0: `agents`, `problems` (what the ids stand for), `runner`, `limits`, `gates`, `track`
    (files whose content counts as the version of the agents, relative to the study; patterns such as `prompts/*.md`).
    Cross-references between parts are checked by `validate_study`, not here.
    """

    study_id: Name
    title: Text
    schema_version: Text = SCHEMA_VERSION
    description: Text = ""
    authors: tuple[Any, ...] = ()
    rationale: Text = ""
    tags: tuple[Text, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    factors: tuple[Factor, ...] = ()
    blocks: tuple[Block, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    design_spec: DesignSpec = Field(default_factory=DesignSpec)
    outcomes: tuple[OutcomeSpec, ...] = ()
    analysis_plans: tuple[AnalysisPlan, ...] = ()
    run_budget: RunBudget = Field(default_factory=RunBudget)
    seed_policy: SeedPolicy = Field(default_factory=SeedPolicy)
    output_dir: Name | None = None
    provenance_metadata: Metadata = Field(default_factory=dict)
    notes: Text | None = None
    problem_ids: tuple[Name, ...] = ()
    agent_specs: tuple[Name, ...] = ()
    primary_outcomes: tuple[Name, ...] | None = None
    secondary_outcomes: tuple[Name, ...] | None = None
    agents: dict[Name, Binding] = Field(default_factory=dict)
    problems: dict[Name, Binding] = Field(default_factory=dict)
    runner: Name | None = None
    limits: Limits = Field(default_factory=Limits)
    gates: tuple[Gate, ...] = ()
    track: tuple[Name, ...] = ()

    @field_validator("agents", "problems", mode="before")
    @classmethod
    def _reference_alone(cls, bindings: Any) -> Any:
        """Let `solver: "module:attribute"` stand for `solver: {ref: "module:attribute"}`."""
        if isinstance(bindings, dict):
            return {key: {"ref": item} if isinstance(item, str) else item for key, item in bindings.items()}
        return bindings

    @property
    def output_path(self) -> str:
        """The output directory as the study names it, `artifacts/<study_id>` by default."""
        return self.output_dir or f"artifacts/{self.study_id}"

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The agents every condition runs with: `agent_specs`, else all that `agents` defines."""
        return self.agent_specs or tuple(self.agents)

    @property
    def problem_list(self) -> tuple[str, ...]:
        """The problems every condition runs on: `problem_ids`, else all that `problems` defines."""
        return self.problem_ids or tuple(self.problems)
