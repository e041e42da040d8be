"""Figures of the texts that a version writes, and of what it still knows."""

from pydantic import Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel


class Texts(StrictModel):
    """Figures of the answers of one arm, or of the owner's own."""

    n: int = Field(description="answers")
    characters: Figure = Field(description="mean length of an answer")
    distinct_1: Figure = Field(description="different words / words, of all answers together; 0-1")
    distinct_2: Figure = Field(description="the same of pairs of neighbouring words; 0-1")
    loops: Figure = Field(description="share of answers that repeat themselves; 0-1")
    ended: Figure | None = Field(
        None, description="share of answers that ended by themselves, before the limit; 0-1"
    )
    bleu: Figure | None = Field(
        None, description="BLEU with the owner's answers; 0-100; for a trend only"
    )
    chrf: Figure | None = Field(
        None, description="chrF with the owner's answers; 0-100; for a trend only"
    )


class Skills(StrictModel):
    """How well a version chooses the right one of four answers to general questions."""

    n: int = Field(description="questions")
    digest: str = Field(description="of the questions: figures of others do not compare")
    accuracy: Figure = Field(description="share of questions whose right answer is the likeliest")
    base_accuracy: Figure
    probability: Figure = Field(description="mean probability of the right one among the four")
    base_probability: Figure
    difference: Interval = Field(description="of the probability, to the base; below 0: forgotten")


class TextFigures(StrictModel):
    """metrics.json, `text`: what can be counted in answers."""

    owner: Texts = Field(description="of the owner's answers to the same prompts")
    arms: dict[str, Texts] = Field(description="by arm, such as candidate or base")
    bleu_signature: str = Field(description="how sacrebleu computed BLEU")
    chrf_signature: str
    skills: Skills | None = None
