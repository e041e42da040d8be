"""A decision as programs get it, in process and over HTTP."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from maverick_assets.strict_model import StrictModel

_EXAMPLE: dict[str, Any] = {
    "option": "decline",
    "probabilities": {"decline": 0.62, "accept": 0.38},
    "options": [
        {
            "option": "decline",
            "probability": 0.62,
            "log_probability": -7.1,
            "prior": -7.4,
            "own_rate": 0.6,
        },
        {
            "option": "accept",
            "probability": 0.38,
            "log_probability": -6.9,
            "prior": -6.8,
            "own_rate": 0.4,
        },
    ],
    "reasons": [
        {
            "table": "crm_deals",
            "row_ids": ["d-1"],
            "decided_at": "2026-11-01T09:00:00Z",
            "question": "They ask for 30% off.",
            "answer": "Never past 10.",
            "similarity": 0.8,
        }
    ],
    "facts": [{"fact": "30%", "speaks_for": "no", "nats": 1.9}],
    "own_decisions": 41,
    "personality": "allan-maverick",
    "version": "v1.0",
    "node": "workstation",
}


class WeighedOption(StrictModel):
    """An option, and what speaks for it. All logarithms are natural."""

    option: str
    probability: float
    log_probability: float = Field(description="that the answer begins as for this option")
    prior: float = Field(description="the same, where the prompt is about other cases")
    own_rate: float | None = Field(
        description="how often the owner decided so in such cases; null: not known"
    )


class Reason(StrictModel):
    """A decision of the owner that is near to this case."""

    table: str = Field(description="raw table")
    row_ids: list[str]
    decided_at: datetime
    question: str
    answer: str = Field(description="what he decided then")
    similarity: float = Field(ge=0, le=1)


class FactReason(StrictModel):
    """A fact of this case that goes with a yes, or a no, in the owner's earlier decisions."""

    fact: str = Field(description="a word or figure of the case, its stage or its amount")
    speaks_for: Literal["yes", "no"]
    nats: float = Field(ge=0, description="by which it moves the log-odds of the owner's rate")


class Decision(StrictModel):
    """Which option a twin takes. The order in which options were named changes nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    option: str
    probabilities: dict[str, float] = Field(description="of all options, the likeliest first")
    options: list[WeighedOption] = Field(description="the likeliest first")
    reasons: list[Reason] = Field(description="the nearest own decisions, the nearest first")
    facts: list[FactReason] = Field(
        [],
        description="facts that count most in `own_rate`, the strongest first; none where the "
        "nearest decisions say it, or nothing does",
    )
    own_decisions: int = Field(ge=0, description="how many the dataset of the twin holds")
    personality: str
    version: str
    node: str
