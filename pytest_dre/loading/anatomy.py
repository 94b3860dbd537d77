"""Which model, field and kind of value the schema has at a key path."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from pytest_dre.model.base import SchemaModel
from pytest_dre.model.source import KeyPath
from pytest_dre.model.study import Study


def annotation_at(path: KeyPath) -> Any:
    """Return the type of the value at `path`, None where the schema does not say."""
    annotation: Any = Study
    for part in path:
        options = (_step(option, part) for option in alternatives(annotation))
        annotation = next((option for option in options if option is not None), None)
    return annotation


def model_at(path: KeyPath) -> type[SchemaModel] | None:
    """Return the model whose keys stand at `path`, None where there is none."""
    models = (option for option in alternatives(annotation_at(path)) if is_model(option))
    return next(models, None)


def field_at(path: KeyPath) -> FieldInfo | None:
    """Return the field at `path`, None for a list item or a free key."""
    model = model_at(path[:-1]) if path else None
    return model.model_fields.get(str(path[-1])) if model else None


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the types that `annotation` allows, without their constraints."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return alternatives(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(inner for option in get_args(annotation) for inner in alternatives(option))
    return (annotation,)


def is_model(annotation: Any) -> bool:
    """Return whether `annotation` is a part of the schema with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, SchemaModel)


def choices(annotation: Any) -> tuple[str, ...]:
    """Return the words that a field may be, () if it is no choice of words."""
    literals = (option for option in alternatives(annotation) if get_origin(option) is Literal)
    return tuple(str(word) for option in literals for word in get_args(option))


def _step(annotation: Any, part: str | int) -> Any:
    if is_model(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    origin = get_origin(annotation)
    if origin is tuple and isinstance(part, int):
        return get_args(annotation)[0]
    if origin is dict and isinstance(part, str):
        return get_args(annotation)[1]
    return None
