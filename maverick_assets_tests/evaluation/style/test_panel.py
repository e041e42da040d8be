"""Known answers of the panel: what must be 1, what must be 0, and what lies between."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from maverick_assets.evaluation.style.authorship import Writer, shuffled
from maverick_assets.evaluation.style.blocks import StyleText
from maverick_assets.evaluation.style.panel import PanelTexts, measure_panel
from maverick_assets.figures.style import StyleFigures, SubScore
from maverick_assets_tests.evaluation.style.writers import (
    CHATTY,
    FORMAL,
    PLAIN,
    SAILING,
    TERSE,
    Habits,
)

COUNT = 40
TRAIN = TERSE.texts(160, seed=1)
HELD_OUT = TERSE.texts(COUNT, seed=2)


def answers(texts: Sequence[StyleText]) -> list[StyleText]:
    """`texts` as answers to the held-out prompts."""
    return [StyleText(text.text, own.thread) for text, own in zip(texts, HELD_OUT, strict=True)]


def of(habits: Habits, seed: int, topic: list[str] | None = None) -> list[StyleText]:
    return answers(habits.texts(COUNT, seed, topic))


@cache
def panel(candidate: str) -> StyleFigures:
    candidates = {
        "owner": of(TERSE, 3),
        "impostor": of(FORMAL, 4),
        "other topic": of(TERSE, 5, SAILING),
        "shuffled": answers(shuffled(TERSE.texts(COUNT, 6), np.random.default_rng(0))),
        "verbatim": answers([text for text in TRAIN if len(text.text) > 90][:COUNT]),
        **{f"{share} %": mixture(share) for share in (25, 50, 75)},
    }
    texts = PanelTexts(
        TRAIN,
        HELD_OUT,
        {"candidate": candidates[candidate], "base": of(FORMAL, 7), "prompt_pack": of(PLAIN, 8)},
        senders=CHATTY.texts(60, seed=9),
        writers=[
            Writer("senders", "c", CHATTY.texts(60, 10)),
            Writer("senders", "p", PLAIN.texts(60, 11)),
        ],
    )
    return measure_panel(texts)


def mixture(share: int) -> list[StyleText]:
    """Of this many percent his own answers, the others the base's."""
    own, base = of(TERSE, 12), of(FORMAL, 13)
    order = np.random.default_rng(1).permutation(COUNT)
    return [own[at] if 100 * order[at] < share * COUNT else base[at] for at in range(COUNT)]


def style_scores(figures: StyleFigures) -> dict[str, SubScore]:
    """The sub-scores that do not depend on what is said."""
    scores = {
        "authorship": figures.authorship,
        "function words": figures.function_words,
        "detector": figures.detector,
        **{str(habit): score for habit, score in figures.habits.items()},
    }
    return {name: score for name, score in scores.items() if score.score}


def is_behind_pack(score: SubScore) -> bool:
    return score.above_pack is not None and score.above_pack.low <= 0


def value(score: SubScore) -> float:
    assert score.score is not None, score.reason
    return score.score.value


def test_the_owner_is_1_within_its_interval() -> None:
    scores = style_scores(panel("owner"))
    assert {"authorship", "function words", "detector", "greeting"} <= scores.keys()
    outside = {
        name: score.score
        for name, score in scores.items()
        if score.score and score.score.high < 0.999
    }
    assert not outside


def test_an_impostor_is_at_or_below_0() -> None:
    scores = style_scores(panel("impostor"))
    assert all(value(scores[name]) < 0.1 for name in ("authorship", "function words", "detector"))


@pytest.mark.parametrize("measure", ["authorship", "function words"])
def test_mixtures_are_monotone(measure: str) -> None:
    candidates = ("impostor", "25 %", "50 %", "75 %", "owner")
    values = [value(style_scores(panel(candidate))[measure]) for candidate in candidates]
    assert values == sorted(values)


def test_the_same_person_on_another_topic_is_above_0_8() -> None:
    """Authorship at the end of its interval: a tenth of what it hears is the topic (0.79)."""
    scores = style_scores(panel("other topic"))
    assert {"authorship", "function words", "greeting"} <= scores.keys()
    highest = {name: score.score.high for name, score in scores.items() if score.score}
    assert all(high > 0.8 for name, high in highest.items() if name != "detector")
    assert value(scores["authorship"]) > 0.7


def test_shuffled_words_are_below_0_3() -> None:
    assert value(panel("shuffled").authorship) < 0.3


def test_training_text_raises_the_alarm_and_not_the_score() -> None:
    figures = panel("verbatim")
    assert figures.copies.alarm
    assert figures.copies.candidate == 1
    assert figures.authorship.score is None
    assert figures.authorship.reason == "too little text of: candidate"
    assert not panel("owner").copies.alarm


def test_the_best_reference_is_0_and_the_prompt_pack_is_compared() -> None:
    figures = panel("owner")
    best = max(figures.authorship.references, key=lambda side: figures.authorship.references[side])
    assert figures.authorship.zero == best
    assert figures.authorship.references.keys() == {"base", "prompt_pack", "senders"}
    assert figures.authorship.above_pack is not None
    assert figures.authorship.above_pack.low > 0
    assert panel("impostor").detector.above_pack is not None
    assert "authorship" not in (figures.not_above_pack or [])
    impostor = panel("impostor")
    behind = {name for name, score in impostor.sub_scores.items() if is_behind_pack(score)}
    assert behind == set(impostor.not_above_pack or [])
    assert behind


def test_every_side_has_a_place_on_the_scale_for_a_picture() -> None:
    score = panel("50 %").function_words
    places = {side: place.value for side, place in score.on_scale.items()}
    assert places.keys() == {"owner", "candidate", *score.references}
    assert places["owner"] == pytest.approx(1)
    assert max(places[side] for side in score.references) == places[str(score.zero)] == 0
    assert score.score is not None
    assert places["candidate"] == score.score.value


def test_too_little_text_gives_no_score_and_says_so() -> None:
    few = HELD_OUT[:3]
    candidate = of(TERSE, 3)[:3]
    figures = measure_panel(PanelTexts(TRAIN, few, {"candidate": candidate}))
    assert figures.authorship.score is None
    assert figures.function_words.score is None
    assert figures.authorship.reason
    assert figures.n_answers == 3


def test_one_thread_has_no_interval_and_so_no_score() -> None:
    """Each drawing of one thread is the same, which is no certainty."""
    one = [StyleText(text.text, "the only one") for text in HELD_OUT]
    copied = [StyleText(text.text, "the only one") for text in TRAIN[:COUNT]]
    base = [StyleText(text.text, "the only one") for text in of(FORMAL, 7)]
    figures = measure_panel(PanelTexts(TRAIN, one, {"candidate": copied, "base": base}))
    assert figures.copies.candidate > figures.copies.owner
    assert not figures.copies.alarm
    assert not any(score.score for score in figures.sub_scores.values())
    assert figures.habits["length"].reason == "threads, too few for an interval: 1"


def test_intervals_count_the_threads_that_they_are_measured_on() -> None:
    figures = panel("owner")
    assert figures.function_words.score is not None
    assert figures.function_words.score.n == figures.n_threads == COUNT // 2
    assert figures.copies.excess.n == figures.n_threads


def test_an_owner_who_writes_as_everybody_has_no_scale() -> None:
    """A score would divide by the distance from the best reference to the owner."""
    same = PanelTexts(
        TRAIN,
        HELD_OUT,
        {"candidate": of(TERSE, 3), "prompt_pack": of(TERSE, 14)},
    )
    score = measure_panel(same).function_words
    assert (score.score, score.zero) == (None, "prompt_pack")
    assert score.reason.startswith("the base with examples of his is as near to the owner")


def test_another_language_has_no_meaning_figure() -> None:
    habits = Habits(
        greetings=("Lieber \ue000,",),
        closings=("Viele Grüße\n\ue000",),
        frames=(
            "Wir haben gestern über das {0} gesprochen und werden es nicht noch einmal ändern.",
            "Ich möchte, dass wir den {0} mit der {1} zusammen ansehen, bevor sie entscheidet.",
        ),
    )
    held_out = habits.texts(30, 2)
    figures = measure_panel(PanelTexts(habits.texts(80, 1), held_out, {"candidate": held_out}))
    assert figures.language == "de"
    assert figures.meaning.reason == "the embeddings know English alone, and the owner writes de"
