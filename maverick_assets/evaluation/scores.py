"""What an evaluation found, as metrics.json holds it (no torch here)."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Score(Record):
    """Mean negative log-likelihood of the supervised tokens (nats), and its exponential."""

    loss: float
    perplexity: float


class Metrics(Record):
    """metrics.json. `ratio`: perplexity of the adapter / of the base.

    `in_service`: the version in service on the same split, where there is one.
    """

    split: str
    n_examples: int
    n_supervised: int
    base: Score
    adapter: Score
    in_service: Score | None = None
    ratio: float
    seconds: float
    base_digest: str
