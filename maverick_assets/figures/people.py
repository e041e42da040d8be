"""What people say of a version's answers."""

from typing import Literal

from pydantic import Field

from maverick_assets.figures.figure import Interval
from maverick_assets.strict_model import StrictModel

# Who wrote an answer that people judge. `prompt_pack` is the base with examples of the owner in its
# prompt.
Writer = Literal["owner", "version", "prompt_pack"]


class PeopleFigures(StrictModel):
    """Blind judgements of a version, and ratings of its answers in use."""

    judges: int
    judgements: int = Field(description="questions that were judged; of one asked twice the last")
    ratings: dict[Writer, Interval] = Field({}, description="mean of 1 to 10, of blind answers")
    taken_for_owner: dict[Writer, Interval] = Field(
        {}, description="share of the questions in which a judge took this answer for the owner's"
    )
    ties: int = Field(0, description="questions in which a judge could not tell")
    in_use: int = Field(0, description="ratings of answers in chats")
    satisfaction: Interval | None = Field(
        None, description="share of the ratings in use that are 8 or more"
    )
    repeated_decisions: dict[str, Interval] = Field(
        {},
        description="share of old decisions on which the owner decided as he did when he was asked "
        "again, by kind; of the personality, not of a version",
    )
