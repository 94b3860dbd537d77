import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.reporting.columns import Column, lay_out, number_column
from pytest_dre.reporting.entries import Entry, entry_lines, list_parts, wrap_parts, wrap_words
from pytest_dre.reporting.ranking import omission_texts, select
from pytest_dre.reporting.statistics import RowTally
from pytest_dre.reporting.width import display_width


def _columns() -> list[Column]:
    return [
        Column(("agent",), ("hill_climbing_with_restarts", "random"), minimum=8),
        Column(("budget",), ("100", "1000"), right=True, minimum=8, dispensable=100),
        number_column(("a long outcome (mean)", "outcome"), ("1.25", "10.5")),
        number_column(("n",), ("3", "20"), 200, luxury=True),
    ]


def test_a_table_with_room_shows_all() -> None:
    table = lay_out(_columns(), 80)
    assert [table.header, *table.rows] == [
        "agent                        budget  a long outcome (mean)   n",
        "hill_climbing_with_restarts     100                   1.25   3",
        "random                         1000                   10.5  20",
    ]
    assert table.note(80) == []


def test_texts_and_headers_are_shortened_before_columns_go() -> None:
    table = lay_out(_columns(), 42)
    assert [table.header, *table.rows] == [
        "agent                  budget  outcome   n",
        "hill_climb…h_restarts     100     1.25   3",
        "random                   1000     10.5  20",
    ]


def test_columns_go_in_their_order() -> None:
    assert lay_out(_columns(), 30).dropped == ("n",)
    narrow = lay_out(_columns(), 20)
    assert [narrow.header, *narrow.rows] == ["agent        outcome", "hill_…tarts     1.25", "random          10.5"]
    assert narrow.note(80) == ["(no room for: budget, n)"]


def test_no_line_is_wider_even_where_nothing_fits() -> None:
    table = lay_out(_columns(), 9)
    assert [table.header, *table.rows] == ["agent   …", "hill…rts…", "random  …"]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "alpha, beta, gamma"),
        (17, "alpha, … 2 more"),
        (15, "alpha, … 2 more"),
        (14, "alpha, beta, …"),
    ],
)
def test_a_list_says_how_many_it_left_out(width: int, shown: str) -> None:
    assert list_parts(("alpha", "beta", "gamma"), width) == shown


def test_a_long_part_keeps_both_ends() -> None:
    assert list_parts(("/home/somebody/artifacts/vessel",), 20) == "/home/some…ts/vessel"
    assert list_parts(("a_very_long_first_part_indeed", "b"), 24) == "a_very_…indeed, … 1 more"
    assert list_parts((), 10) == ""
    assert list_parts(("one", "two"), 20, 7) == "one, two, … 7 more"
    assert list_parts(("one", "two"), 17, 7) == "one, … 8 more"


def test_parts_wrap_at_commas() -> None:
    parts = ("one", "two", "three", "four", "five")
    assert wrap_parts(parts, 10, 9) == ["one, two,", "three,", "four, five"]
    assert wrap_parts(parts, 15, 2) == ["one, two,", "three, … 2 more"]
    assert wrap_parts(("x" * 30, "y"), 10, 3) == ["xxxx…xxxx,", "y"]
    assert wrap_parts(parts, 15, 2, 4) == ["one, two,", "three, … 6 more"]
    assert wrap_parts(("x" * 30,), 11, 3) == ["xxxxx…xxxxx"]


def test_running_text_wraps_between_words() -> None:
    assert wrap_words("one two three four", 20) == ["one two three four"]
    assert wrap_words("one two three four", 9, 9) == ["one two", "three", "four"]
    assert wrap_words("one two three four", 9, 2) == ["one two", "thre…four"]
    assert wrap_words("x" * 30 + " y", 10, 3) == ["xxxxx…xxxx", "y"]
    assert wrap_words("x" * 30, 11, 3) == ["xxxxx…xxxxx"]
    assert wrap_words("", 11, 3) == [""]


@given(st.text(st.sampled_from("ab 日👩\u200d"), max_size=80), st.integers(10, 30), st.integers(1, 5))
def test_running_text_keeps_to_its_room(text: str, width: int, lines: int) -> None:
    wrapped = wrap_words(text, width, lines)
    assert 1 <= len(wrapped) <= lines
    assert all(display_width(line) <= width for line in wrapped)
    if not any("…" in line for line in wrapped):
        assert " ".join(wrapped) == text


def test_entries_have_their_labels_in_one_column() -> None:
    entries = [
        Entry("runs", ("10 of 12 done", "2 failed (timeout 2)"), lines=2),
        Entry("", ("continued",)),
        Entry("error", words="no space left on the device to write", lines=2),
        Entry("resume", command="pytest studies/vessel.yaml --lf"),
    ]
    assert entry_lines(entries, 36) == [
        "  runs    10 of 12 done,",
        "          2 failed (timeout 2)",
        "          continued",
        "  error   no space left on the",
        "          device to write",
        "  resume  pytest \\",
        "          studies/vessel.yaml --lf",
    ]
    assert entry_lines([], 40) == []


def _tallies(make_study, make_plan, means) -> list[RowTally]:
    conditions = make_plan(make_study(level=list(range(len(means))))).conditions
    tallies = [RowTally(item) for item in conditions]
    for item, mean in zip(tallies, means, strict=True):
        if mean is not None:
            item.outcome.add(mean)
    return tallies


def _means(items) -> list[float | None]:
    return [item.outcome.mean for item in items]


@pytest.mark.parametrize(
    ("means", "room", "goal", "above", "below", "text"),
    [
        ([3, 1, 2], 3, "maximize", [3, 1, 2], [], None),
        (
            [3, 1, 2, 5, 4],
            4,
            "maximize",
            [5, 4],
            [1],
            "… 2 more conditions; above, the 2 best by y; below, the 1 worst",
        ),
        (
            [3, 1, 2, 5, 4],
            4,
            "minimize",
            [1, 2],
            [5],
            "… 2 more conditions; above, the 2 best by y; below, the 1 worst",
        ),
        ([3, 1, 2, 5], 3, None, [5], [1], "… 2 more conditions; above, the 1 highest by y; below, the 1 lowest"),
        ([3, None, 2, 5], 3, "maximize", [5], [2], "… 2 more conditions; above, the 1 best by y; below, the 1 worst"),
        ([3, 1, 2], 2, "maximize", [3], [], "… 2 more conditions; above, the best by y"),
        ([None, 1, None, None], 3, "maximize", [1, None], [], "… 2 more conditions"),
        ([None, None, None], 2, "maximize", [None], [], "… 2 more conditions"),
        ([1, 2], 1, "maximize", [], [], "… 2 more conditions; above, the best by y"),
    ],
)
def test_the_best_and_the_worst_are_shown(make_study, make_plan, means, room, goal, above, below, text) -> None:
    selection = select(_tallies(make_study, make_plan, means), room, goal)
    assert (_means(selection.above), _means(selection.below)) == (above, below)
    assert selection.omitted == len(means) - len(above) - len(below)
    if text:
        texts = omission_texts(selection, goal, "y")
        assert texts[0] == text
        assert list(texts) == sorted(texts, key=len, reverse=True)


def test_rows_that_are_not_conditions_are_called_so(make_study, make_plan) -> None:
    selection = select(_tallies(make_study, make_plan, [1, 2, 3]), 2, "minimize")
    assert omission_texts(selection, "minimize", "y", "row")[0] == "… 2 more rows; above, the best by y"
