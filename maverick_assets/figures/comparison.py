"""A candidate beside the base and the version in service, example by example."""

from typing import Literal

from pydantic import Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel

Against = Literal["base", "in_service"]

# Which examples. `newest`: today's validation split. `frozen`: the test set that was frozen with
# the major version. `held_out`: both of them. `trained`: some of those that the candidate learned.
# `new`: some of those that it learned and the version in service did not.
ComparedSet = Literal["newest", "frozen", "held_out", "trained", "new"]


class Comparison(StrictModel):
    """The loss of a candidate less that of another model on the same examples.

    In nats per supervised token; below 0 the candidate is better. The interval is a bootstrap of
    whole threads, since replies of one thread resemble each other.
    """

    against: Against
    on: ComparedSet
    difference: Interval = Field(
        description="n counts threads; low and high are null where there are too few of them"
    )
    n_examples: int


class Generalisation(StrictModel):
    """What a candidate gains on held-out examples, beside what it gains on those it learned.

    A gain is the loss of the base less that of the candidate on the same examples, in nats per
    supervised token. Both are measured against the base, because some examples are harder.
    """

    share: Figure | None = Field(
        None,
        description="gain on held-out examples / gain on learned ones: about 1 where all that it "
        "learned holds for new texts, towards 0 where it knows its examples by heart; unset where "
        "nothing was gained on learned ones",
    )
    excess: Interval = Field(
        description="gain on held-out examples less that on learned ones; above 0 it does better "
        "on what it should not have seen; n counts threads"
    )


class Provenance(StrictModel):
    """What the records say of the examples that a candidate learned and is measured on."""

    overlap: str | None = Field(
        None, description="how the training and held-out examples of its dataset are not apart"
    )
    surplus: int = Field(
        0, description="examples that it learned beyond those of its training split"
    )
    left_out: int = Field(
        0,
        description="held-out examples that are not scored, because a version that it builds on, "
        "or the version in service, learned them",
    )
    unreadable: tuple[int, ...] = Field(
        (), description="versions of the dataset that these learned and that are gone"
    )
    is_copy: bool = Field(
        False, description="whether it is the version in service, under its next major number"
    )
