"""The panel: five measures of how alike a candidate's answers are to the owner's, on one scale.

`docs/evaluation.md` says what each measure is, and what its figure means.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maverick_assets.evaluation.style.authorship import AuthorshipMeasure, Others, Writer
from maverick_assets.evaluation.style.blocks import StyleText, cut_alike, spread
from maverick_assets.evaluation.style.copies import copying, count_copies
from maverick_assets.evaluation.style.detector import Detector
from maverick_assets.evaluation.style.function_words import FunctionWords, language_of
from maverick_assets.evaluation.style.meaning import LANGUAGE, Meaning
from maverick_assets.evaluation.style.scale import (
    CANDIDATE,
    OWNER,
    Measure,
    measure_sides,
    sub_score,
)
from maverick_assets.evaluation.style.surface import FORMS, FormDistance, LengthDistance
from maverick_assets.figures.style import Copies, Habit, StyleFigures, SubScore

BASE = "base"
SENDERS = "senders"
_SEED = 19


@dataclass(frozen=True)
class PanelTexts:
    """Masked texts of everybody whom the panel compares."""

    train: Sequence[StyleText]  # the owner's, which the candidate was trained on
    held_out: Sequence[StyleText]  # the owner's real answers
    # What others answered to the same prompts, in the same order: `CANDIDATE` and the references.
    # An empty text stands for no answer.
    answers: Mapping[str, Sequence[StyleText]]
    senders: Sequence[StyleText] = ()  # of other people: a reference
    writers: Sequence[Writer] = ()  # others than these people: what the classifier learns from
    left_out: Mapping[str, str] = field(default_factory=dict)  # references that are missing, why


def measure_panel(texts: PanelTexts) -> StyleFigures:
    """All figures of the panel; a sub-score that cannot be given says why."""
    copies = count_copies(texts.answers[CANDIDATE], texts.held_out, texts.train, _SEED)
    sides = _sides(texts, copies)
    language = language_of(texts.train)
    alike = {name: cut_alike(side, texts.held_out) for name, side in sides.items()}
    others = Others.beside(texts.train, texts.writers, alike.get(BASE, ()))
    own_sample = cut_alike(spread(texts.train, len(texts.held_out)), texts.held_out)
    figures = StyleFigures(
        authorship=_scored(AuthorshipMeasure(texts.train, others, alike, _SEED), sides, nearer=1),
        function_words=_scored(
            FunctionWords(texts.train, alike, language, _SEED), sides, nearer=-1
        ),
        habits=_habits(texts.train, sides),
        detector=_scored(
            Detector(texts.held_out, alike | {OWNER: own_sample}, others.ngrams, _SEED),
            sides,
            nearer=-1,
        ),
        meaning=_meaning(alike, language),
        copies=copies,
        language=language,
        n_answers=len(texts.held_out),
        n_empty=sum(not text.text.strip() for text in texts.answers[CANDIDATE]),
        n_threads=len({text.thread for text in texts.held_out}),
        n_characters=sum(len(text.text) for text in texts.held_out),
        left_out=dict(texts.left_out),
    )
    return figures.model_copy(update={"not_above_pack": _not_above_pack(figures)})


def _not_above_pack(figures: StyleFigures) -> list[str] | None:
    """The measures that the candidate does not win against the prompt pack; None without a pack."""
    compared = {name: score.above_pack for name, score in figures.sub_scores.items()}
    if not any(compared.values()):
        return None
    return [name for name, above in compared.items() if above and not above.low > 0]


def _sides(texts: PanelTexts, copies: Copies) -> dict[str, list[StyleText]]:
    """All sides, and the candidate without what it copied where that raised the alarm.

    Text that was learnt by heart proves nothing about how its other answers are written.
    """
    sides = {OWNER: list(texts.held_out)}
    sides |= {name: list(answers) for name, answers in texts.answers.items()}
    if texts.senders:
        sides[SENDERS] = list(texts.senders)
    if copies.alarm:
        copied = copying(sides[CANDIDATE], texts.train)
        sides[CANDIDATE] = [
            StyleText("", text.thread) if is_copy else text
            for text, is_copy in zip(sides[CANDIDATE], copied, strict=True)
        ]
    return sides


def _scored(measure: Measure, sides: Mapping[str, Sequence[StyleText]], nearer: int) -> SubScore:
    return sub_score(measure_sides(measure, list(sides), sides[OWNER], _SEED), nearer)


def _habits(
    train: Sequence[StyleText], sides: Mapping[str, Sequence[StyleText]]
) -> dict[Habit, SubScore]:
    measures: dict[Habit, Measure] = {"length": LengthDistance(train, sides)}
    measures |= {name: FormDistance(forms, train, sides) for name, forms in FORMS.items()}
    return {name: _scored(measure, sides, nearer=-1) for name, measure in measures.items()}


def _meaning(sides: Mapping[str, Sequence[StyleText]], language: str) -> SubScore:
    """Of those who answer the same prompts."""
    if language != LANGUAGE:
        reason = f"the embeddings know English alone, and the owner writes {language}"
        return SubScore(candidate=math.nan, owner=math.nan, reason=reason)
    answering = {name: side for name, side in sides.items() if name != SENDERS}
    return _scored(Meaning(answering), answering, nearer=1)
