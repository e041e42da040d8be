"""Who wrote a text: known answers on the sample's personalities."""

from dataclasses import replace

import pytest

from maverick_assets.evaluation.personality.classifier import (
    Classifier,
    confusion,
    fit_classifier,
)
from maverick_assets.evaluation.personality.machine import MACHINE
from maverick_assets.evaluation.personality.measure import Voices
from maverick_assets.evaluation.personality.texts import Corpus, Text


@pytest.fixture(scope="session")
def classifier(voices: Voices) -> Classifier:
    assert voices.classifier is not None
    return voices.classifier


def texts_of(corpus: Corpus, personality: str) -> list[tuple[str, str]]:
    held_out = [text for text in corpus.texts if text.split != "train"]
    return [(text.said, text.thread) for text in held_out if text.personality == personality]


def test_held_out_texts_of_each_personality_are_given_to_it(
    corpus: Corpus, classifier: Classifier
) -> None:
    accuracy = classifier.accuracy()
    assert accuracy.value > 0.9
    assert accuracy.n == len({text.thread for text in classifier.held_out})
    for personality in sorted({text.personality for text in corpus.texts}):
        own = classifier.share_of(personality, texts_of(corpus, personality))
        assert own.value >= 0.9 * accuracy.value
        assert own == classifier.recall(personality)


def test_texts_of_another_personality_are_not(corpus: Corpus, classifier: Classifier) -> None:
    others = texts_of(corpus, "technical-mentor")
    assert classifier.share_of("business-mentor", others).high < 0.5


def test_the_share_rises_with_the_share_of_own_texts_in_a_mixture(
    corpus: Corpus, classifier: Classifier
) -> None:
    own, other = texts_of(corpus, "gatekeeper")[:20], texts_of(corpus, "robbie")[:20]
    shares = [
        classifier.share_of("gatekeeper", own[:count] + other[count:]).value
        for count in (0, 5, 10, 15, 20)
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.9


def test_the_same_texts_give_the_same_classifier(corpus: Corpus) -> None:
    moody = [text for text in corpus.texts if text.mode]
    models = [fit_classifier(Corpus(moody), lambda text: text.mode) for _ in range(2)]
    first, again = (model.heard([text.said for text in moody]) for model in models if model)
    assert first == again


def test_machine_text_is_nobodys(classifier: Classifier) -> None:
    assert MACHINE in classifier.labels
    recall = classifier.recall(MACHINE)
    assert (
        recall is not None and recall.value > 0.6
    )  # answers to questions that it has not seen; of six voices


def test_held_out_texts_are_not_learnt_from(corpus: Corpus) -> None:
    """Labels of held-out texts that are all wrong are no better known than before."""
    wrong = [
        text if text.split == "train" else replace(text, personality="gatekeeper")
        for text in corpus.texts
    ]
    with_wrong = fit_classifier(Corpus(wrong), lambda text: text.personality)
    assert with_wrong is None  # no other label is left to be measured on


def test_too_few_texts_tell_nobody_apart(corpus: Corpus) -> None:
    few = [text for text in corpus.texts if text.personality == "robbie"]
    few += [text for text in corpus.texts if text.personality == "gatekeeper"][:19]
    assert fit_classifier(Corpus(few), lambda text: text.personality) is None


def test_names_are_masked_before_the_classifier_sees_them() -> None:
    corpus = Corpus([], frozenset({"dana", "holt"}))
    assert corpus.mask("Dana's draft, Holt and Dan.") == "NAME's draft, NAME and Dan."

    def text(number: int, personality: str, said: str) -> Text:
        split = "train" if number % 5 else "test"
        return Text(personality, said, "", str(number), split)

    one = [text(number, "one", f"Dear Dana, it costs {number}.") for number in range(40)]
    two = [text(number, "two", f"Dear Holt, it costs {number}.") for number in range(40)]
    named = fit_classifier(Corpus([*one, *two]), lambda each: each.personality)
    masked = fit_classifier(replace(corpus, texts=[*one, *two]), lambda each: each.personality)
    assert named is not None and masked is not None
    assert named.accuracy().value == 1
    assert masked.accuracy().value == 0.5  # names were all that told them apart


def test_confusion_counts_what_was_heard_by_what_was_asked_for() -> None:
    assert confusion(["joy", "joy", "fear"], ["joy", "anger", "fear"]) == {
        "fear": {"fear": 1},
        "joy": {"anger": 1, "joy": 1},
    }
