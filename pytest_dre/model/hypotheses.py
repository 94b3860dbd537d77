"""Outcomes, hypotheses and the plans that test them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pytest_dre.model.base import Flag, Name, Real, SchemaModel, Text

Names = tuple[Name, ...]

AGGREGATIONS = ("mean", "sum", "min", "max", "median", "first", "last", "count")


class OutcomeSpec(SchemaModel):
    """A number (or boolean) a run yields: where it stands in the tables and how rows are aggregated.

    `goal` and `range` (lowest and highest possible value, if bounded) tell what better means and which
    statistics hold.
    """

    name: Name
    source_table: Literal["runs", "evaluations", "events"]
    column: Name
    aggregation: Name
    derivation: Text | None = None
    primary: Flag = False
    expected_type: Name = "float"
    missing_data_policy: Literal["drop", "fail", "worst"] = "drop"
    description: Text = ""
    goal: Literal["maximize", "minimize"] | None = None
    range: Annotated[tuple[Real, ...], Field(min_length=2, max_length=2)] | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether its values lie between two known ones."""
        return self.range is not None or self.is_boolean

    @property
    def is_boolean(self) -> bool:
        """Whether its values are true or false."""
        return self.expected_type.lower() in ("bool", "boolean")


class Moderator(SchemaModel):
    """A factor that may change an effect, and the levels looked at."""

    name: Name
    levels: tuple[Any, ...] = ()


class Mediator(SchemaModel):
    """A measured variable an effect may pass through."""

    name: Name
    description: Text = ""


class Contrast(SchemaModel):
    """The comparison a hypothesis is about: left against right."""

    label: Text = ""
    left: Any = None
    right: Any = None
    operation: Name = "difference"


class Hypothesis(SchemaModel):
    """A statement about the effect of factors on outcomes."""

    hypothesis_id: Name
    label: Text
    statement: Text
    kind: Literal["effect", "moderation", "mediation", "equivalence", "robustness", "exploratory"] = "effect"
    independent_vars: Names = ()
    dependent_vars: Names = ()
    moderators: tuple[Moderator, ...] = ()
    mediators: tuple[Mediator, ...] = ()
    contrast: Contrast | None = None
    direction: Literal["greater", "less", "different", "equivalent"] = "different"
    minimum_effect_of_interest: Real | None = None
    linked_analysis_plan_id: Name | None = None
    notes: Text | None = None


class AnalysisPlan(SchemaModel):
    """Which tests answer which hypotheses, on which outcomes."""

    analysis_plan_id: Name
    hypothesis_ids: Names
    tests: Names
    outcomes: Names = ()
    covariates: Names = ()
    random_effects: Names = ()
    filters: Any = None
    multiple_comparison_policy: Name = "none"
    plots: tuple[Any, ...] = ()
    export_tables: Flag | tuple[Any, ...] | None = None
    notes: Text | None = None
