"""Whether the derivations of outcomes can be evaluated at all."""

from collections.abc import Iterator

from pytest_dre.derivation_expressions import circle, compile_derivation
from pytest_dre.errors import Fault
from pytest_dre.expressions import CompiledExpression, ExpressionError
from pytest_dre.loading.known import Names
from pytest_dre.loading.wording import shortened
from pytest_dre.model.study import Study

PROSE = "a derivation computes with metrics, outcomes and factors, as in score / cost_usd; words go to description"


def derivations(study: Study, _: Names) -> Iterator[Fault]:
    """Yield what is malformed in outcomes' derivations, and which read each other in a circle.

    Metrics are known only once runs are in, so a name that nothing has is no fault yet.
    """
    compiled: dict[str, CompiledExpression] = {}
    places: dict[str, int] = {}
    for index, outcome in enumerate(study.outcomes):
        if outcome.derivation is None:
            continue
        try:
            compiled[outcome.name] = compile_derivation(outcome.derivation)
            places.setdefault(outcome.name, index)
        except ExpressionError as error:
            yield Fault(error.message, error.hint or PROSE, ("outcomes", index, "derivation"))
    found = circle(compiled)
    if found:
        first = min(found, key=places.__getitem__)
        named = ", ".join(repr(shortened(name)) for name in sorted(found, key=places.__getitem__))
        message = f"the derivations of {named} read each other in a circle"
        yield Fault(message, "let one of them read metrics only", ("outcomes", places[first], "derivation"))
