"""Factors, blocks, constraints and the design that combines them."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pytest_dre.model.base import Count, Flag, Metadata, Name, Positive, SchemaModel, Text

FactorKind = Literal["manipulated", "measured", "blocked", "nuisance"]
Severity = Literal["error", "warning"]
DesignKind = Literal[
    "full_factorial",
    "constrained_factorial",
    "randomized_block",
    "repeated_measures",
    "latin_square",
    "fractional_factorial_2level",
    "latin_hypercube",
    "custom_matrix",
]
DESIGN_ALIASES: dict[str, DesignKind] = {
    "full": "full_factorial",
    "lhs": "latin_hypercube",
    "frac2": "fractional_factorial_2level",
}
BASELINE_ROLE = "baseline"
# Factors that name a condition's agent or problem, the first of them that a study has.
AGENT_FACTORS = ("agent_id", "agent", "agent_spec")
PROBLEM_FACTORS = ("problem_id", "problem")


class Level(SchemaModel):
    """One setting of a factor.

    `metadata.role` ("baseline" or "treatment") or `metadata.is_baseline` marks the arms of a comparison.
    """

    name: Name
    value: Any = None
    label: Text | None = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def shown_label(self) -> str:
        """The label, or the name where there is none."""
        return self.name if self.label is None else self.label

    @property
    def role(self) -> str | None:
        """The level's declared part in a comparison, None if it has none."""
        role = self.metadata.get("role")
        return None if role is None else str(role)

    @property
    def marks_comparison(self) -> bool:
        """Whether the level is declared as an arm of a comparison."""
        return "role" in self.metadata or "is_baseline" in self.metadata

    @property
    def is_baseline(self) -> bool:
        """Whether the level is the comparison's baseline."""
        return bool(self.metadata.get("is_baseline", self.role == BASELINE_ROLE))


class Factor(SchemaModel):
    """A variable of the study. Without levels its one value is `default`."""

    name: Name
    description: Text = ""
    kind: FactorKind = "manipulated"
    levels: tuple[Level, ...] = ()
    dtype: Text | None = None
    default: Any = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_value(self) -> "Factor":
        if not self.levels and "default" not in self.model_fields_set:
            raise ValueError("a factor needs levels or a default")
        return self

    @property
    def values(self) -> tuple[Any, ...]:
        """The values the factor may take, in the order of its levels."""
        return tuple(level.value for level in self.levels) or (self.default,)


class Block(SchemaModel):
    """A nuisance variable that conditions are crossed with; its levels are plain values."""

    name: Name
    levels: Annotated[tuple[Any, ...], Field(min_length=1)]
    metadata: Metadata = Field(default_factory=dict)


class Constraint(SchemaModel):
    """A rule over factors and blocks: an `expression`, a `callable_ref` ("module:attribute"), or both."""

    constraint_id: Name
    description: Text = ""
    expression: Name | None = None
    callable_ref: Name | None = None
    severity: Severity = "error"

    @model_validator(mode="after")
    def _has_a_rule(self) -> "Constraint":
        if self.expression is None and self.callable_ref is None:
            raise ValueError("a constraint needs an expression or a callable_ref")
        return self


class DesignSpec(SchemaModel):
    """How conditions are made from factors and blocks."""

    kind: DesignKind = "full_factorial"
    replicates: Positive = 1
    randomize: Flag = False
    counterbalance: Flag = False
    matrix_path: Name | None = None
    n_samples: Positive | None = None
    center_points: Count = 0
    block_randomization_key: Name | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _resolve_alias(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("kind"), str):
            return {**data, "kind": DESIGN_ALIASES.get(data["kind"], data["kind"])}
        return data
