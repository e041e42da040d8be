"""Every figure of a model stands in its table, with what the model says it means."""

import math

from pydantic import Field

from maverick_assets.evaluation.reports.tables import Grid, Row, shown, table_of
from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel


class Bin(StrictModel):
    """A bin."""

    n: int
    right: Figure


class Inner(StrictModel):
    """What is within."""

    share: Interval = Field(description="of something")
    missing: Figure | None = None


class Figures(StrictModel):
    """Some
    figures."""

    loss: Figure = Field(description="in nats")
    inner: Inner
    bins: tuple[Bin, ...]
    heard: dict[str, dict[str, int]] = Field({}, description="who is heard")
    counts: dict[str, int] = Field({})
    reasons: tuple[str, ...] = ()


FIGURES = Figures(
    loss=1.23456,
    inner=Inner(share=Interval(value=0.5, low=0.25, high=0.75, n=8)),
    bins=(Bin(n=3, right=0.5), Bin(n=4, right=math.nan)),
    heard={"robbie": {"robbie": 9, "twin": 1}, "twin": {"twin": 4}},
    reasons=("one", "two"),
)


def test_single_figures_are_rows_with_their_meaning() -> None:
    table = table_of("figures", FIGURES)
    assert table.meaning == "Some figures."
    assert table.rows == [
        Row("loss", "1.23", "in nats"),
        Row("counts", "none"),
        Row("reasons", "one; two"),
    ]


def test_a_model_within_is_a_part_and_says_what_was_not_measured() -> None:
    [part] = table_of("figures", FIGURES).parts
    assert (part.title, part.meaning) == ("inner", "What is within.")
    assert part.rows == [
        Row("share", "0.5 (0.25 to 0.75)", "of something"),
        Row("missing", "not measured"),
    ]


def test_entries_and_counts_in_two_dimensions_are_grids() -> None:
    bins, heard = table_of("figures", FIGURES).grids
    assert bins == Grid("bins", ["n", "right"], [["3", "0.5"], ["4", "not measured"]])
    assert heard == Grid(
        "heard", ["", "robbie", "twin"], [["robbie", "9", "1"], ["twin", "0", "4"]], "who is heard"
    )


def test_numbers_are_short() -> None:
    numbers = [shown(value) for value in (12345.6, 0.000012, 0.0, -0.0, 3.14159, True, 7)]
    assert numbers == ["12,346", "1.2e-05", "0", "0", "3.14", "yes", "7"]
    assert shown(Interval(value=1, low=math.nan, high=math.nan, n=1)) == "1 (no interval)"
