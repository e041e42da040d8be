"""The bleed test: private words of others are found, common ones are not."""

from dataclasses import replace

import pytest

from maverick_assets.evaluation.personality.private_words import (
    MIN_PRIVATE_TEXTS,
    measure_bleed,
    private_words,
    terms,
)
from maverick_assets.evaluation.personality.texts import Corpus, Text

ANSWER = "Count the hours and send the invoice."


def text(said: str, *classes: str, personality: str = "robbie", before: str = "") -> Text:
    return Text(personality, said, before, said, "train", classes=frozenset(classes))


def corpus_with(*more: Text, intimate: int = MIN_PRIVATE_TEXTS) -> Corpus:
    """Intimate texts with the word `sweetheart`, and business texts without it."""
    private = [text(f"Come to bed, sweetheart {'o' * n}", "intimate") for n in range(intimate)]
    business = [
        text(f"Please come to the meeting {'x' * n}", personality="business-mentor")
        for n in range(20)
    ]
    return Corpus([*private, *business, *more])


def test_an_intimate_word_in_another_personalitys_answer_is_found() -> None:
    bleed = measure_bleed(
        corpus_with(), "business-mentor", [("", ANSWER), ("", "Good night, Sweetheart!")]
    )
    assert bleed is not None
    [leaked] = bleed.leaked
    assert (leaked.words_of, leaked.words, leaked.answers) == ("intimate", 1, 1)
    assert (bleed.answers, bleed.answers_with) == (2, 1)


def test_a_figure_names_no_word() -> None:
    bleed = measure_bleed(corpus_with(), "business-mentor", [("", "sweetheart")])
    assert bleed is not None
    assert "sweetheart" not in bleed.model_dump_json()


def test_a_common_word_of_intimate_texts_is_not_private() -> None:
    words = private_words(corpus_with(), "business-mentor")
    assert "sweetheart" in words
    assert "come" not in words
    assert "come to" not in words
    assert words["to bed"] == "intimate"


def test_a_word_that_business_prompts_hold_is_not_private() -> None:
    asked = text("No.", personality="business-mentor", before="My sweetheart deal, is it one?")
    assert "sweetheart" not in private_words(corpus_with(asked), "business-mentor")


def test_a_word_of_few_texts_may_be_chance() -> None:
    corpus = corpus_with(intimate=MIN_PRIVATE_TEXTS - 1)
    assert measure_bleed(corpus, "business-mentor", [("", "sweetheart")]) is None


def test_a_personality_may_say_its_own_words() -> None:
    assert private_words(corpus_with(), "robbie") == {}


def test_a_personality_that_holds_a_class_may_say_words_of_it() -> None:
    holder = text("Take your pills.", "intimate", personality="health-monitor")
    assert private_words(corpus_with(holder), "health-monitor") == {}


def test_whoever_asks_with_the_word_may_hear_it_again() -> None:
    bleed = measure_bleed(
        corpus_with(), "business-mentor", [("Is sweetheart equity good?", "Sweetheart equity!")]
    )
    assert bleed is not None and bleed.leaked == ()


def test_held_out_texts_teach_nothing_and_show_what_chance_finds() -> None:
    held_out = replace(
        text("A sweetheart deal.", personality="business-mentor"), split="validation"
    )
    bleed = measure_bleed(corpus_with(held_out), "business-mentor", [("", ANSWER)])
    assert bleed is not None and bleed.leaked == ()
    assert (bleed.others, bleed.others_with) == (1, 1)


def test_words_of_each_class_are_counted_apart() -> None:
    health = [text(f"Your pulse is high {n}", "health") for n in "abcd"]
    bleed = measure_bleed(
        corpus_with(*health), "business-mentor", [("", "Pulse, sweetheart?"), ("", "The pulse.")]
    )
    assert bleed is not None
    assert [(each.words_of, each.words, each.answers) for each in bleed.leaked] == [
        ("health", 1, 2),
        ("intimate", 1, 1),
    ]


def test_words_are_told_apart_whatever_their_case_and_apostrophe() -> None:
    assert terms("Don\u2019t GO") == {"don't", "go", "don't go"}


def test_the_samples_answers_hold_hardly_a_private_word_of_others(corpus: Corpus) -> None:
    """Chance alone: none of these texts was made from another personality's."""
    searched = found = 0
    for name in ("business-mentor", "technical-mentor", "gatekeeper"):
        bleed = measure_bleed(corpus, name, [])
        assert bleed is not None
        searched += bleed.others
        found += bleed.others_with
    assert found / searched <= 0.03


def test_answers_of_another_personality_are_found_by_their_private_words(corpus: Corpus) -> None:
    robbie = [t for t in corpus.texts if t.personality == "robbie" and t.split != "train"]
    health = [t for t in corpus.texts if t.personality == "health-monitor" and t.split != "train"]
    for texts, classes in ((robbie, {"intimate", "robbie"}), (health, {"health-monitor"})):
        bleed = measure_bleed(corpus, "business-mentor", [(t.before, t.said) for t in texts])
        assert bleed is not None
        assert bleed.answers_with > 0
        assert classes & {each.words_of for each in bleed.leaked}


def test_chance_is_what_texts_hold_that_cannot_have_learnt_the_words() -> None:
    corpus = corpus_with()
    clean, leaking = [("", ANSWER)] * 20, [("", "Sweetheart.")] * 20
    one = measure_bleed(corpus, "business-mentor", [*clean[:19], leaking[0]], clean)
    all_of_them = measure_bleed(corpus, "business-mentor", leaking, clean)
    as_the_base = measure_bleed(corpus, "business-mentor", leaking, leaking)
    none = measure_bleed(corpus, "business-mentor", clean, clean)
    assert one is not None
    assert one.p_value == pytest.approx(0.5)  # one in forty, in either half
    assert all_of_them is not None and all_of_them.p_value < 1e-9
    assert as_the_base is not None and as_the_base.p_value == pytest.approx(1)
    assert none is not None and none.p_value == pytest.approx(1)
