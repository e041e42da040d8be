"""The base class of values that are read and written whole: YAML files, JSON records, specs."""

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys, so that a misspelled one is found at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")
