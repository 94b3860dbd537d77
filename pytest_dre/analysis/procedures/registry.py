"""The tests by name, and running one."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pytest_dre.analysis.procedures import (
    anova,
    correlation,
    counts,
    means,
    mediation,
    mixed,
    permutation,
    ranks,
    regression,
)
from pytest_dre.analysis.procedures.mixed import RandomEffect
from pytest_dre.analysis.procedures.request import TestRequest
from pytest_dre.analysis.procedures.result import TestResult
from pytest_dre.analysis.procedures.table import Table, is_missing
from pytest_dre.errors import DreError

Part = Literal["contrast", "independent", "pairing", "covariates", "random_effects", "moderators", "mediators"]


@dataclass(frozen=True, slots=True)
class Procedure:
    """A test.

    Attributes:
        name: Its name.
        run: What does it.
        suits: The outcomes and designs it is for, in a few words.
        aliases: Its other names.
        uses: The parts of a request that it takes into account, beside outcome, factor and alpha.
        shows: What it can show.
    """

    name: str
    run: Callable[[Table, TestRequest], TestResult]
    suits: str
    aliases: tuple[str, ...] = ()
    uses: tuple[Part, ...] = ("contrast",)
    shows: Literal["difference", "equivalence"] = "difference"


PAIRED: tuple[Part, ...] = ("contrast", "pairing")
MODEL: tuple[Part, ...] = ("contrast", "independent", "covariates")

PROCEDURES = (
    Procedure(
        "welch",
        means.welch_t,
        "numbers, two arms",
        ("difference_in_means", "welch_t", "welch_t_test", "mean_difference"),
    ),
    Procedure("t", means.student_t, "numbers, two arms of one variance", ("t_test", "student_t", "independent_t")),
    Procedure("paired_t", means.paired_t, "numbers, pairs", ("paired_t_test", "dependent_t"), PAIRED),
    Procedure("permutation", permutation.permutation, "numbers, two arms", ("permutation_test", "randomization")),
    Procedure(
        "paired_permutation",
        permutation.paired_permutation,
        "numbers, pairs",
        ("sign_flip", "paired_permutation_test"),
        PAIRED,
    ),
    Procedure(
        "mann_whitney",
        ranks.mann_whitney,
        "numbers by rank, two arms",
        ("mann_whitney_u", "wilcoxon_rank_sum", "rank_sum"),
    ),
    Procedure("wilcoxon", ranks.wilcoxon, "numbers by rank, pairs", ("wilcoxon_signed_rank", "signed_rank"), PAIRED),
    Procedure(
        "anova",
        anova.anova,
        "numbers, factors with their interactions",
        ("analysis_of_variance", "f_test", "ancova"),
        ("independent", "covariates"),
    ),
    Procedure("kruskal_wallis", ranks.kruskal_wallis, "numbers by rank, several levels", ("kruskal",), ()),
    Procedure("chi_square", counts.chi_square, "categories, several levels", ("chi2", "chi_squared", "pearson_chi2")),
    Procedure("fisher", counts.fisher, "binary, two arms", ("fisher_exact", "fishers_exact")),
    Procedure("mcnemar", counts.mcnemar, "binary, pairs", ("mcnemar_exact",), PAIRED),
    Procedure(
        "regression",
        regression.regression,
        "numbers or binary, a model (logistic where binary)",
        ("linear_model",),
        MODEL,
    ),
    Procedure("ols", regression.ols, "numbers, a linear model", ("linear_regression", "least_squares"), MODEL),
    Procedure("logistic", regression.logistic, "binary, a model", ("logistic_regression", "logit"), MODEL),
    Procedure(
        "mixed_effects",
        mixed.mixed_effects,
        "numbers, a model with random effects of groups",
        ("mixed_model", "mixed", "lmm", "linear_mixed_effects"),
        (*MODEL, "random_effects"),
    ),
    Procedure("tost", means.tost, "numbers, equivalence of two arms", ("equivalence",), shows="equivalence"),
    Procedure(
        "paired_tost",
        means.paired_tost,
        "numbers, equivalence of pairs",
        ("paired_equivalence",),
        PAIRED,
        shows="equivalence",
    ),
    Procedure("pearson", correlation.pearson, "numbers, with a numeric variable", ("correlation", "pearson_r"), ()),
    Procedure("spearman", correlation.spearman, "ranks, with a numeric variable", ("rank_correlation",), ()),
    Procedure(
        "moderation",
        regression.moderation,
        "numbers or binary, an interaction",
        ("interaction",),
        (*MODEL, "moderators"),
    ),
    Procedure(
        "mediation",
        mediation.mediation,
        "numbers, an effect through measured variables",
        ("indirect_effect",),
        (*MODEL, "mediators"),
    ),
)


def known_tests() -> tuple[Procedure, ...]:
    """Return all tests."""
    return PROCEDURES


def find_test(name: str) -> Procedure:
    """Return the test of a name or alias; case, spaces and hyphens do not matter.

    Raises:
        DreError: There is none, or it can show no more than the name says.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_").replace("'", "")
    named = {alias: procedure for procedure in PROCEDURES for alias in (procedure.name, *procedure.aliases)}
    if wanted in named:
        return named[wanted]
    near = difflib.get_close_matches(wanted, named, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    raise DreError(f"there is no test {name!r}{meant}; the tests are: {', '.join(test.name for test in PROCEDURES)}")


def run_test(table: Table, request: TestRequest) -> TestResult:
    """Carry out a test.

    Args:
        table: The rows. Their order does not matter.
        request: What is tested, and how.

    Returns:
        What the test found, under its own name.

    Raises:
        DreError: The test is unknown, does not suit the outcome, a column or level is not there, or no row has a value.
        MissingDependencyError: The test needs a package that is not installed.
    """
    procedure = find_test(request.test)
    asked = replace(request, test=procedure.name)
    notes = [*_unused(procedure, request)]
    if procedure.shows == "equivalence":
        if request.direction in ("greater", "less"):
            notes.append(f"the test shows equivalence; the direction {request.direction!r} was not used")
        asked = replace(asked, direction="equivalent")
    elif request.direction == "equivalent":
        raise DreError(
            f"the test {procedure.name} cannot show that {request.outcome} is equivalent, since finding no difference "
            "is no proof of none; use tost or paired_tost with a minimum_effect_of_interest"
        )
    rows = table.in_canonical_order(list(_columns(asked)))
    if all(is_missing(cell) for cell in rows.column(asked.outcome)):
        raise DreError(f"no run has a value of {asked.outcome}, so there is nothing to test yet")
    result = procedure.run(rows, asked)
    return replace(result, notes=(*result.notes, *notes))


def _columns(request: TestRequest) -> Iterator[str]:
    yield request.outcome
    yield from request.factors
    yield from (*request.pairing, *request.covariates, *request.moderators, *request.mediators)
    for text in request.random_effects:
        effect = RandomEffect.parse(text)
        yield from (name for name in (effect.group, effect.slope) if name is not None)


def _unused(procedure: Procedure, request: TestRequest) -> Iterator[str]:
    parts: tuple[Part, ...] = ("pairing", "covariates", "random_effects", "moderators", "mediators")
    for part in parts:
        if part not in procedure.uses and (named := getattr(request, part)):
            yield f"{procedure.name} does not use {part.replace('_', ' ')} ({', '.join(named)})"
    further = request.factors[1:]
    if further and "independent" not in procedure.uses:
        yield f"{procedure.name} compares {request.factor} alone, over all values of {', '.join(further)}"
