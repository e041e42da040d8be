"""The figures of a candidate's personality: consistency, moods, bleed; drift where it is asked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from maverick_assets.base_model.chat_template import Message
from maverick_assets.evaluation.evidence import Answered, Arm, Evidence
from maverick_assets.evaluation.personality.classifier import (
    Classifier,
    LabelOf,
    confusion,
    fit_classifier,
)
from maverick_assets.evaluation.personality.drift import Ask, hold_conversations, measure_drift
from maverick_assets.evaluation.personality.machine import machine_texts
from maverick_assets.evaluation.personality.private_words import measure_bleed
from maverick_assets.evaluation.personality.texts import Corpus, read_corpus
from maverick_assets.evaluation.personality.wordings import measure_agreement, wordings_of
from maverick_assets.evaluation.shares import share
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.personality import (
    Consistency,
    Drift,
    PersonalityFigures,
    Recognition,
    WordingAgreement,
)
from maverick_assets.recipes import Recipe

_SEED = 191
Label = Literal["mood", "mode"]
_LABELS: dict[Label, LabelOf] = {"mood": lambda text: text.mood, "mode": lambda text: text.mode}


@dataclass(frozen=True)
class Voices:
    """The texts of a lake's personalities, and the classifier that tells whose voice a text has.

    Candidates of one process share both, so that the classifier is fitted once.
    """

    corpus: Corpus
    _of_labels: dict[tuple[str, Label], Classifier | None] = field(default_factory=dict)

    @cached_property
    def classifier(self) -> Classifier | None:
        """Of personalities, and of the machine that they all are without their adapter."""
        texts = [*self.corpus.texts, *machine_texts()]
        return fit_classifier(replace(self.corpus, texts=texts), lambda text: text.personality)

    def of(self, personality: str) -> Corpus:
        """The texts of one personality."""
        own = [text for text in self.corpus.texts if text.personality == personality]
        return replace(self.corpus, texts=own)

    def classifier_of(self, personality: str, what: Label) -> Classifier | None:
        """Of the moods or modes of one personality; None for one that has none."""
        key = personality, what
        if key not in self._of_labels:
            self._of_labels[key] = fit_classifier(self.of(personality), _LABELS[what])
        return self._of_labels[key]


def read_voices(lake: Path, recipes: Collection[Recipe]) -> Voices:
    """Raises `MaverickError` for a lake that cannot be read."""
    return Voices(read_corpus(lake, recipes))


def measure_personality(
    evidence: Evidence, voices: Voices, ask: Ask | None = None
) -> PersonalityFigures | None:
    """Who is heard in the candidate's answers, and which private words of others they hold.

    With `ask`, which has the candidate answer, drift and wordings are measured, too: they need
    answers of their own. None, and a line that says why, where nothing can be measured.
    """
    personality = evidence.spec.personality
    answered = [each for each in evidence.answered if each.answers.get("candidate")]
    if not answered:
        print(f"{personality}: no answers, so that nobody can be heard in them")
        return None
    left_out: list[str] = []
    classifier = voices.classifier
    if classifier is None or personality not in classifier.labels:
        left_out.append("consistency: too few texts of two personalities to tell them apart")
        classifier = None
    answers = [(_prompt(each), each.answers["candidate"]) for each in answered]
    of_base = [(_prompt(each), each.answers["base"]) for each in answered if "base" in each.answers]
    bleed = measure_bleed(voices.corpus, personality, answers, of_base)
    if bleed is None:
        left_out.append("bleed: no private words of other personalities")
    return PersonalityFigures(
        consistency=_consistency(classifier, personality, answered) if classifier else None,
        moods=_recognition(voices, answered, "mood"),
        modes=_recognition(voices, answered, "mode"),
        bleed=bleed,
        drift=_drift(evidence, classifier, ask) if classifier and ask else None,
        wordings=_agreement(evidence, ask, left_out) if ask else None,
        left_out=tuple(left_out),
    )


def _consistency(
    classifier: Classifier, personality: str, answered: Sequence[Answered]
) -> Consistency:
    own = classifier.recall(personality)
    assert own is not None  # a label of the classifier has held-out texts
    heard = classifier.heard([each.answers["candidate"] for each in answered])
    return Consistency(
        classifier=classifier.accuracy(),
        voices=classifier.labels,
        own=own,
        candidate=share([one == personality for one in heard], _threads(answered)),
        base=_share_of_arm(classifier, personality, answered, "base"),
        heard={name: heard.count(name) for name in sorted(set(heard))},
    )


def _share_of_arm(
    classifier: Classifier, label: str, answered: Sequence[Answered], arm: Arm
) -> Interval | None:
    with_arm = [each for each in answered if arm in each.answers]
    texts = [(each.answers[arm], each.example.thread_id) for each in with_arm]
    return classifier.share_of(label, texts) if texts else None


def _recognition(voices: Voices, answered: Sequence[Answered], what: Label) -> Recognition | None:
    """Whether moods (modes) that were asked for are heard; None for a personality without any."""
    classifier = voices.classifier_of(answered[0].example.personality, what)
    if classifier is None:
        return None
    asked = [(each, str(getattr(each.example, what))) for each in answered]
    asked = [(each, label) for each, label in asked if label in classifier.labels]
    if not asked:
        return None
    heard = classifier.heard([each.answers["candidate"] for each, _ in asked])
    labels = [label for _, label in asked]
    hits = [label == got for label, got in zip(labels, heard, strict=True)]
    return Recognition(
        held_out=classifier.accuracy(),
        recognised=share(hits, _threads([each for each, _ in asked])),
        confusion=confusion(labels, heard),
    )


def _drift(evidence: Evidence, classifier: Classifier, ask: Ask) -> Drift:
    conversations = hold_conversations(evidence.examples, ask)
    return measure_drift(conversations, classifier, evidence.spec.personality)


def _agreement(evidence: Evidence, ask: Ask, left_out: list[str]) -> WordingAgreement | None:
    questions = wordings_of(evidence.spec.personality)
    if len(questions) < 2:
        left_out.append("wordings: wordings.yaml has no questions for this personality")
        return None
    system = evidence.examples[0].messages[0]
    prompts = [
        [system, Message(role="user", content=wording)]
        for question in questions
        for wording in question
    ]
    answers = iter(ask(prompts, _SEED))
    return measure_agreement([[next(answers) for _ in question] for question in questions])


def _prompt(each: Answered) -> str:
    return "\n".join(message["content"] for message in each.example.messages[1:-1])


def _threads(answered: Sequence[Answered]) -> list[str]:
    return [each.example.thread_id for each in answered]
