"""What the room `evaluation/personality` measures: who is heard in a candidate's answers."""

from pydantic import Field

from maverick_assets.figures.figure import Figure, Interval
from maverick_assets.strict_model import StrictModel

# Rows: what was asked for. Columns: what the classifier hears. Counts of answers.
Confusion = dict[str, dict[str, int]]


class Recognition(StrictModel):
    """Whether an answer that was asked for in a mood (or a mode) is recognised as being in it."""

    held_out: Interval = Field(
        description="share of held-out texts whose mood the classifier names: the ceiling"
    )
    recognised: Interval = Field(description="share of the candidate's answers, 0 to 1")
    confusion: Confusion = Field(description="mood asked for -> mood heard -> answers")


class Drift(StrictModel):
    """Whether a personality is still heard at the end of a long conversation."""

    early: Interval = Field(description="share of the answers 1 to 3 given to the personality")
    late: Interval = Field(description="share of the answers 8 to 10")
    change: Interval = Field(description="late - early, -1 to 1; below 0: it fades")


class WordingAgreement(StrictModel):
    """Whether the same question in other words gets the same answer.

    Likeness is the cosine of two texts' MiniLM embeddings, -1 to 1.
    """

    same: Figure = Field(description="mean likeness of answers to one question in five wordings")
    different: Figure = Field(description="mean likeness of answers to different questions")
    agreement: Interval = Field(description="same - different; n: questions")


class PrivateWords(StrictModel):
    """Words of one private class in answers of a personality that does not hold it.

    The words themselves are private, so that they are counted and not written.
    """

    words_of: str = Field(description="`intimate`, `health`, or the personality whose texts it is")
    words: int = Field(description="different words and phrases that were found")
    answers: int = Field(description="answers that hold one")


class Bleed(StrictModel):
    """Private words of others in the answers, against answers that cannot have learnt them."""

    leaked: tuple[PrivateWords, ...] = Field((), description="an entry for each class; none: clean")
    answers: int = Field(description="answers that were searched")
    answers_with: int = Field(description="of these, answers with a private word")
    known_words: int = Field(description="words and phrases that were looked for")
    others: int = Field(
        description="texts that cannot have learnt such words, searched, too: the personality's "
        "own held-out texts, and the base's answers"
    )
    others_with: int = Field(description="of these, texts with such a word: chance alone")
    p_value: Figure = Field(
        description="how often chance alone puts such words into as many of the answers, by "
        "Fisher's exact test, one-sided; small: they leak"
    )


class Consistency(StrictModel):
    """Whose voice a classifier of all personalities hears in a candidate's answers.

    The classifier errs. What it says of the personality's own held-out texts (`own`) is the most
    that answers can reach.
    """

    classifier: Interval = Field(
        description="its balanced accuracy on held-out texts of all voices; n: threads"
    )
    voices: tuple[str, ...] = Field(description="that the classifier tells apart")
    own: Interval = Field(description="share of own held-out texts given to the personality")
    candidate: Interval = Field(description="share of the candidate's answers given to it")
    base: Interval | None = Field(None, description="share of the base's answers given to it")
    heard: dict[str, int] = Field(
        description="answers by the voice that is heard in them: a personality, or `a machine`"
    )


class PersonalityFigures(StrictModel):
    """Who is heard in a candidate's answers, and what others' words they hold."""

    consistency: Consistency | None = None
    moods: Recognition | None = None
    modes: Recognition | None = None
    bleed: Bleed | None = None
    drift: Drift | None = Field(None, description="of thorough evaluations alone")
    wordings: WordingAgreement | None = Field(None, description="of thorough evaluations alone")
    left_out: tuple[str, ...] = Field((), description="what was not measured, and why")
