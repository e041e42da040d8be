"""How well a twin decides, beside boring models, and what its odds are worth.

A share is between 0 and 1. Log-loss and entropy are in nats.
"""

from typing import Literal

from pydantic import Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel

Stance = Literal["accept", "counter", "decline", "defer"]


class ReliabilityBin(StrictModel):
    """Decisions of about the same confidence. Each bin holds as many as the others, or one more."""

    n: int
    confidence: Figure = Field(description="mean probability of the option that is taken")
    accuracy: Figure = Field(description="share of them that the owner took, too")


class Decider(StrictModel):
    """How well one way of deciding predicts the owner's decisions."""

    name: str
    accuracy: Interval = Field(description="share that is the owner's decision (Wilson 1927)")
    log_loss: Figure = Field(description="mean of -ln P(the owner's decision), in nats; ln k for k")
    brier: Figure = Field(
        description="mean squared distance of the probabilities from 0 and 1, summed over the "
        "options (Brier 1950): 0 to 2"
    )


class DecisionScores(StrictModel):
    """Decisions of one kind."""

    options: tuple[str, ...]
    twin: Decider
    beside: tuple[Decider, ...] = Field(
        description="majority, rate of the stage, regression, nearest, the owner's rate; twin, "
        "base, another's adapter and the version in service without that rate, and with it"
    )
    ceiling: Figure | None = Field(
        None, description="accuracy that can be reached; unset: nobody has measured it"
    )
    repeat_rate: Interval | None = Field(
        None,
        description="share of old decisions on which the owner decided as he did when he was asked "
        "again: the ceiling of a real owner (Wilson 1927)",
    )
    expected_calibration_error: Figure = Field(
        description="mean distance of confidence and accuracy over the bins, by their size "
        "(Naeini et al. 2015): 0 to 1"
    )
    calibration_error_by_chance: Figure = Field(
        description="what honest odds of these confidences have on so few decisions"
    )
    reliability: tuple[ReliabilityBin, ...] = Field(description="the least confident first")
    against_majority: Interval | None = Field(
        None,
        description="log-loss of the twin less that of his majority, in nats a decision, by whole "
        "threads; below 0 the twin is better",
    )
    against_in_service: Interval | None = Field(
        None, description="the same beside the version in service"
    )
    order_flips: int = Field(description="decisions that another order of the options changes")
    twin_entropy: Figure = Field(description="of how often the twin takes each option, in nats")
    owner_entropy: Figure = Field(description="of how often the owner took each, in nats")

    @property
    def of_ceiling(self) -> float | None:
        """Accuracy / ceiling."""
        return self.twin.accuracy.value / self.ceiling if self.ceiling else None

    def named(self, name: str) -> Decider | None:
        """One of those beside the twin."""
        return next((decider for decider in self.beside if decider.name == name), None)


class HabitFigures(StrictModel):
    """A habit without a reason in business that the owner is known to have."""

    habit: str = Field(description="in words")
    followed: Interval = Field(description="share of its cases in which the twin follows it")
    by_rules: Figure = Field(description="share in which the owner's rules alone say the same")
    by_owner: Figure = Field(description="share in which he followed it himself")


class DecisionFigures(StrictModel):
    """Held-out decisions of a personality: each kind None where too few are held out."""

    temperature: Figure = Field(
        description="divides what the model says; fitted on all deals here, and served"
    )
    rate_weight: Figure = Field(
        1.0,
        description="multiplies the log-odds of the owner's rate; fitted on all deals here, and "
        "served. At a high temperature the model adds nothing to it",
    )
    lean: Figure = Field(
        0.0, description="nats towards yes, where the options say yes and no; fitted, and served"
    )
    lapse: Figure = Field(
        0.0,
        description="share of decisions that nothing explains, and that fall on any option: 0 to "
        "0.5; fitted, and served",
    )
    deals: DecisionScores | None = None
    mails: DecisionScores | None = None
    mail_stances: dict[str, int] = Field(
        {}, description="held-out answers to a question for a decision, by stance; '' for unclear"
    )
    habit: HabitFigures | None = None

    @property
    def weights(self) -> dict[str, float]:
        """What serving weighs by: the arguments of `decisions.weighing.Weights`."""
        return {
            "temperature": self.temperature,
            "rate": self.rate_weight,
            "lean": self.lean,
            "lapse": self.lapse,
        }
