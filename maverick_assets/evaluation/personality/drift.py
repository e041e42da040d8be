"""Whether a personality is still heard after ten turns.

The user's turns are prompts that the personality has not seen; its own turns are what it answered.
Each conversation is held in one mood, so that only its length changes.
"""

import random
from collections.abc import Callable, Sequence

from maverick_assets.base_model.chat_template import Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.personality.classifier import Classifier
from maverick_assets.evaluation.shares import change, share
from maverick_assets.figures.personality import Drift

TURNS = 10
EDGE = 3  # turns at either end that are compared
CONVERSATIONS = 5
_SEED = 19

# Answers to prompts, sampled as in service; the number is the seed.
Ask = Callable[[Sequence[list[Message]], int], Sequence[str]]


def hold_conversations(examples: Sequence[Example], ask: Ask) -> list[list[str]]:
    """The answers of `CONVERSATIONS` conversations of `TURNS` turns, held side by side.

    Prompts come around again where there are fewer than a conversation needs.
    """
    scripts = _scripts(examples)
    said: list[list[Message]] = [[system] for system, _ in scripts]
    answers: list[list[str]] = [[] for _ in scripts]
    for turn in range(TURNS):
        for messages, (_, prompts) in zip(said, scripts, strict=True):
            messages.append(Message(role="user", content=prompts[turn]))
        for at, answer in enumerate(ask(said, _SEED + turn)):
            said[at].append(Message(role="assistant", content=answer))
            answers[at].append(answer)
    return answers


def measure_drift(
    conversations: Sequence[Sequence[str]], classifier: Classifier, personality: str
) -> Drift:
    """The share of answers given to the personality in the first and last turns.

    `conversations`: the answers of each. A conversation counts as one trial, for its answers depend
    on each other.
    """
    early = [answers[:EDGE] for answers in conversations]
    late = [answers[-EDGE:] for answers in conversations]
    shares = []
    for ends in (early, late):
        texts = [(text, number) for number, answers in enumerate(ends) for text in answers]
        heard = classifier.heard([text for text, _ in texts])
        shares.append(share([one == personality for one in heard], [at for _, at in texts]))
    return Drift(early=shares[0], late=shares[1], change=change(*shares))


def _scripts(examples: Sequence[Example]) -> list[tuple[Message, list[str]]]:
    """For each conversation its system message and the user's turns; the same every time."""
    ordered = sorted(examples, key=lambda example: example.example_id)
    random.Random(_SEED).shuffle(ordered)
    scripts = []
    for number in range(min(CONVERSATIONS, len(ordered))):
        system = ordered[number].messages[0]
        rotated = ordered[number:] + ordered[:number]
        prompts = [example.messages[-2]["content"] for example in rotated]
        scripts.append((system, [prompts[turn % len(prompts)] for turn in range(TURNS)]))
    return scripts
