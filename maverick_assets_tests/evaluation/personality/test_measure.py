"""The figures of a candidate, from answers that are known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.chat_template import Message
from maverick_assets.evaluation.evidence import Answered, Evidence
from maverick_assets.evaluation.personality.drift import TURNS, hold_conversations, measure_drift
from maverick_assets.evaluation.personality.machine import MACHINE
from maverick_assets.evaluation.personality.measure import Voices, measure_personality
from maverick_assets.evaluation.personality.texts import Corpus, Text
from maverick_assets.evaluation.personality.wordings import (
    WORDINGS,
    measure_agreement,
    wordings_of,
)
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.figures.personality import PersonalityFigures
from maverick_assets.recipes import Gates, load_recipes
from maverick_assets.settings import PACKAGED_PERSONALITIES
from maverick_assets_tests.datasets.example_template import EXAMPLE

NOWHERE = Path("/nonexistent")
OF_A_MACHINE = (
    "I'm sorry to hear that you're facing this. It's important to remember that there are several "
    "steps you can take. Here are some suggestions that may help you:"
)


def evidence_of(personality: str, texts: Sequence[Text], answers: Sequence[str]) -> Evidence:
    """A candidate that gives these answers to the prompts of these texts."""
    spec = EvaluationSpec(
        personality=personality,
        dataset=NOWHERE,
        dataset_version=0,
        adapter=NOWHERE,
        max_length=512,
        gates=Gates(),
        out=NOWHERE,
    )
    examples = [
        replace(
            EXAMPLE,
            example_id=text.thread,
            personality=personality,
            thread_id=text.thread,
            mood=text.mood,
            mode=text.mode,
            messages=[
                Message(role="system", content=f"You are {personality}."),
                Message(role="user", content=text.before),
                Message(role="assistant", content=text.said),
            ],
        )
        for text in texts
    ]
    answered = [
        Answered(example, {"candidate": answer, "base": OF_A_MACHINE})
        for example, answer in zip(examples, answers, strict=True)
    ]
    counts = [1] * len(examples)
    return Evidence(spec, examples, counts, {}, answered, examples)


def held_out(corpus: Corpus, personality: str) -> list[Text]:
    own = [text for text in corpus.texts if text.personality == personality]
    return [text for text in own if text.split != "train"]


def figures_of(
    voices: Voices, personality: str, answers_of: str | None = None
) -> PersonalityFigures:
    """Of a candidate whose answers are the held-out texts of `answers_of`, or its own."""
    texts = held_out(voices.corpus, personality)
    answers = [text.said for text in held_out(voices.corpus, answers_of or personality)]
    figures = measure_personality(evidence_of(personality, texts, answers), voices)
    assert figures is not None
    return figures


def test_a_perfect_copy_is_as_consistent_as_its_owner(voices: Voices) -> None:
    figures = figures_of(voices, "robbie")
    assert figures.consistency is not None
    assert figures.consistency.candidate.value == figures.consistency.own.value > 0.85
    assert figures.consistency.base is not None
    assert figures.consistency.base.value < figures.consistency.candidate.low
    assert sum(figures.consistency.heard.values()) == len(held_out(voices.corpus, "robbie"))
    assert figures.bleed is not None
    assert figures.bleed.answers_with == figures.bleed.others_with  # its own texts, twice
    assert figures.bleed.p_value > 0.2


def test_answers_of_another_personality_are_neither_consistent_nor_clean(voices: Voices) -> None:
    figures = figures_of(voices, "business-mentor", answers_of="robbie")
    assert figures.consistency is not None
    assert figures.consistency.candidate.high < figures.consistency.own.low
    assert max(figures.consistency.heard.items(), key=lambda item: item[1])[0] == "robbie"
    assert figures.bleed is not None and figures.bleed.leaked
    assert figures.bleed.p_value < 0.05


def test_moods_of_a_perfect_copy_are_recognised_as_far_as_they_can_be(voices: Voices) -> None:
    figures = figures_of(voices, "robbie")
    assert figures.moods is not None and figures.modes is not None
    assert figures.moods.recognised.value > 0.5  # of six
    assert figures.modes.recognised.value > 0.8  # of two
    assert set(figures.moods.confusion) == {
        "joy",
        "sadness",
        "anger",
        "fear",
        "surprise",
        "disgust",
    }


def test_answers_in_the_wrong_mood_are_not_recognised(voices: Voices) -> None:
    texts = held_out(voices.corpus, "robbie")
    rotated = [text.said for text in texts[1:] + texts[:1]]  # moods take turns in the sample
    figures = measure_personality(evidence_of("robbie", texts, rotated), voices)
    assert figures is not None and figures.moods is not None
    assert figures.moods.recognised.value < 0.35


def test_a_personality_without_moods_has_no_figure_of_them(voices: Voices) -> None:
    figures = figures_of(voices, "gatekeeper")
    assert figures.moods is None
    assert figures.modes is None


def test_without_answers_nothing_is_measured_and_a_line_says_so(
    voices: Voices, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure_personality(evidence_of("robbie", [], []), voices) is None
    assert "no answers" in capsys.readouterr().out


def test_one_personality_alone_is_told_apart_from_a_machine(voices: Voices) -> None:
    alone = Voices(voices.of("gatekeeper"))
    texts = held_out(alone.corpus, "gatekeeper")
    figures = measure_personality(
        evidence_of("gatekeeper", texts, [text.said for text in texts]), alone
    )
    assert figures is not None
    assert figures.consistency is not None
    assert figures.consistency.voices == (MACHINE, "gatekeeper")
    assert [reason.partition(":")[0] for reason in figures.left_out] == ["bleed"]


def test_too_few_texts_have_no_consistency_and_the_figures_say_so(voices: Voices) -> None:
    few = Voices(Corpus(held_out(voices.corpus, "gatekeeper")))
    texts = few.corpus.texts
    figures = measure_personality(evidence_of("gatekeeper", texts, ["Hold."] * len(texts)), few)
    assert figures is not None and figures.consistency is None
    assert [reason.partition(":")[0] for reason in figures.left_out] == ["consistency", "bleed"]


def test_a_personality_that_fades_drifts_and_one_that_stays_does_not(voices: Voices) -> None:
    classifier = voices.classifier
    assert classifier is not None
    own = [text.said for text in held_out(voices.corpus, "robbie")]
    other = [text.said for text in held_out(voices.corpus, "technical-mentor")]
    steady = [own[at : at + TURNS] for at in (0, 10, 20)] * 2
    fading = [answers[:5] + other[:5] for answers in steady]
    faded = measure_drift(fading, classifier, "robbie")
    stayed = measure_drift(steady, classifier, "robbie")
    assert faded.change.high < 0
    assert stayed.change.low < 0 < stayed.change.high
    assert stayed.change.value == pytest.approx(0, abs=0.1)


def test_a_thorough_evaluation_has_drift_and_wordings(voices: Voices) -> None:
    texts = held_out(voices.corpus, "robbie")
    said = [text.said for text in texts]

    def ask(prompts: Sequence[list[Message]], seed: int) -> list[str]:
        return [said[(at * TURNS + seed) % len(said)] for at in range(len(prompts))]

    figures = measure_personality(evidence_of("robbie", texts, said), voices, ask)
    assert figures is not None
    assert figures.drift is not None and figures.drift.early.n == 5
    assert figures.wordings is not None and figures.wordings.agreement.n == 4


def test_a_conversation_holds_every_turn_before_it(voices: Voices) -> None:
    seen: list[int] = []

    def ask(prompts: Sequence[list[Message]], seed: int) -> list[str]:
        assert all(each[-1]["role"] == "user" and each[0]["role"] == "system" for each in prompts)
        seen.append(len(prompts[0]))
        return [f"answer {seed}" for _ in prompts]

    texts = held_out(voices.corpus, "robbie")
    answers = hold_conversations(evidence_of("robbie", texts, [""] * len(texts)).examples, ask)
    assert seen == [2 * turn for turn in range(1, TURNS + 1)]
    assert all(len(each) == TURNS for each in answers)


def test_each_packaged_personality_has_questions_in_five_different_wordings() -> None:
    for name in load_recipes([PACKAGED_PERSONALITIES]):
        questions = wordings_of(name)
        assert len(questions) >= 4
        for question in questions:
            assert len(set(question)) == WORDINGS


def test_a_personality_of_ones_own_has_none_and_the_figures_say_so(voices: Voices) -> None:
    assert wordings_of("muse") == []


def test_answers_that_depend_on_the_question_agree_and_those_that_do_not_do_not() -> None:
    meanings = [
        ["On Friday you get the results.", "The results come on Friday."],
        ["No discount, sorry.", "The price stays as it is."],
        ["Let us meet on the boat.", "I'd rather talk on my boat."],
        ["See a doctor today.", "That is one for your doctor."],
    ]
    agreeing = measure_agreement(meanings)
    assert agreeing.agreement.low > 0
    assert agreeing.same > agreeing.different
    rotated = meanings[1:] + meanings[:1]
    mixed = [[one[0], other[1]] for one, other in zip(meanings, rotated, strict=True)]
    assert measure_agreement(mixed).agreement.value < 0


def test_one_answer_to_everything_agrees_with_nothing() -> None:
    agreement = measure_agreement([["Yes."] * WORDINGS] * 3).agreement
    assert agreement.value == pytest.approx(0, abs=1e-5)
