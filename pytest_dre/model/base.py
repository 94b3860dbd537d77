"""What all parts of the study schema share."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Strict scalars: `replicates: "2"` or `true` is a mistake to report, not a number to guess.
Text = Annotated[str, Field(strict=True)]
Name = Annotated[str, Field(strict=True), StringConstraints(min_length=1)]
Flag = Annotated[bool, Field(strict=True)]
Integer = Annotated[int, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, ge=1)]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Metadata = dict[str, Any]


class SchemaModel(BaseModel):
    """A frozen part of a study; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)
