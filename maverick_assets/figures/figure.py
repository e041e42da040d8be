"""A figure, and a figure with its interval."""

import math
from typing import Annotated

from pydantic import BeforeValidator, Field

from maverick_assets.strict_model import StrictModel


def _nan_of_null(value: object) -> object:
    return math.nan if value is None else value


# JSON has no NaN: pydantic writes null in its place, and reads it back here.
Figure = Annotated[float, BeforeValidator(_nan_of_null)]


class Interval(StrictModel):
    """A figure with the interval in which it lies with a probability of 95 %."""

    value: Figure
    low: Figure
    high: Figure
    n: int = Field(description="units that it was measured on, such as threads")
