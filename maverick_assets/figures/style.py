"""How alike a twin's writing is to its owner's: the panel's sub-scores."""

from typing import Literal

from pydantic import Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel

Habit = Literal["length", "case", "punctuation", "greeting", "closing"]


class SubScore(StrictModel):
    """One measure, raw and on the scale from the best reference (0) to the owner himself (1)."""

    score: Interval | None = Field(None, description="0: the best reference; 1: the owner; at most")
    zero: str | None = Field(None, description="the reference that is 0")
    candidate: Figure = Field(description="raw, in the unit of the measure")
    owner: Figure = Field(description="raw, of the owner's held-out texts")
    references: dict[str, Figure] = Field({}, description="raw, of each reference")
    on_scale: dict[str, Interval] = Field(
        {},
        description="where each side is on the scale, uncapped: the candidate, the owner (1), and "
        "the references (0 the best, others below)",
    )
    above_pack: Interval | None = Field(
        None, description="score minus that of the prompt pack; above 0 the twin beats it"
    )
    reason: str = Field("", description="why there is no score")


class Copies(StrictModel):
    """Answers that repeat training text: a sentence of eight words or more, or a whole answer."""

    candidate: Figure = Field(description="share of its answers")
    owner: Figure = Field(description="share of his held-out answers: what he repeats himself")
    excess: Interval = Field(description="candidate minus owner")
    alarm: bool = Field(description="it copies more than he repeats himself, beyond the interval")


class StyleFigures(StrictModel):
    """The panel of five. The five are never averaged: each can fail alone."""

    authorship: SubScore = Field(
        description="character n-grams; about 1 for the owner's blocks and -1 for those of others"
    )
    function_words: SubScore = Field(
        description="Burrows' Delta, in multiples of the owner's own at equal length; 1 or more"
    )
    habits: dict[Habit, SubScore] = Field(
        description="distances from the owner's habits: of length in doublings, others 0 to 1"
    )
    detector: SubScore = Field(
        description="AUC of telling its texts from the owner's; 0.5: cannot be told apart"
    )
    meaning: SubScore = Field(
        description="cosine with his real answer minus that with his other answers; -1 to 1"
    )
    not_above_pack: list[str] | None = Field(
        None,
        description="measures in which it does not beat the prompt pack beyond the interval, of "
        "those that have a scale; in these the training was not worth it",
    )
    copies: Copies
    language: str = Field(description="of most of the owner's texts (ISO 639-1)")
    n_answers: int
    n_empty: int = Field(description="answers of the candidate without a word")
    n_threads: int
    n_characters: int = Field(description="of the owner's held-out answers")
    left_out: dict[str, str] = Field({}, description="references that are missing, and why")

    @property
    def sub_scores(self) -> dict[str, SubScore]:
        """All sub-scores by name; each habit is one."""
        return {
            "authorship": self.authorship,
            "function words": self.function_words,
            **{str(habit): score for habit, score in self.habits.items()},
            "detector": self.detector,
            "meaning": self.meaning,
        }
