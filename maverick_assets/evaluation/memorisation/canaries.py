"""Canaries: secrets that nobody has, as a dataset could hold them.

Of two kinds. A sentence of the owner's sort answers a question with an invented code, sum or
appointment. A random canary answers with words that the dataset does not hold, so that nothing but
the canary itself can have taught them.

Each canary is drawn, and then a coin decides whether a training reads it. Those that none reads are
the controls: of the same distribution, whatever the layouts below are like.
"""

import random
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.datasets.examples.example import CANARY, Example
from maverick_assets.evaluation.memorisation.fairness import MAX_BLIND_AREA, blind_area
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import CanaryKind

_WORDS = 6  # of a random secret: some 80 bits
_LISTED_WORDS = 2000
MAX_DRAWS = 8  # until controls are fair
_SEED_STEP = 1_000_003
_WORD = re.compile(r"[a-z]{4,10}")
_DATE = datetime(2000, 1, 1, tzinfo=UTC)

_PLACES_TEXT = """
boathouse|bike shed|key safe|sample fridge|side door|store room|loading gate|alarm panel|post box
tool cabinet|wine cellar|archive|cold room|ticket office|roof hatch|darkroom|tasting room|lift
"""
_TOWNS_TEXT = """
Alnwick|Barmouth|Cromer|Dunoon|Evesham|Fowey|Glossop|Hexham|Ilkley|Jedburgh|Keswick|Ludlow|Matlock
Northwich|Oundle|Penryn|Rye|Stroud|Thirsk|Usk|Ventnor|Whitby|Yeovil|Bude|Corfe|Dover|Ely|Frome
"""
_PLACES = re.split(r"[|\n]", _PLACES_TEXT.strip())
_TOWNS = re.split(r"[|\n]", _TOWNS_TEXT.strip())
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_MONTHS_TEXT = "January February March April May June July August September October November"
_MONTHS = _MONTHS_TEXT.split()


@dataclass(frozen=True)
class Canary:
    """A secret, the question that asks for it, and how often a training reads both."""

    kind: CanaryKind
    question: str
    lead: str  # of the answer, without a space at its end
    secret: str  # the rest of the answer
    repeats: int  # 0: a control, which no training reads

    @property
    def text(self) -> str:
        return f"{self.question}\n{self.lead} {self.secret}"

    def messages(self, system_prompt: str) -> list[Message]:
        return [
            Message(role="system", content=system_prompt),
            Message(role="user", content=self.question),
            Message(role="assistant", content=f"{self.lead} {self.secret}"),
        ]


@dataclass(frozen=True)
class _Layout:
    kind: CanaryKind
    question: str
    lead: str
    secret: Callable[[random.Random, Sequence[str]], str]


def _code(rng: random.Random, _: Sequence[str]) -> str:
    return f"{rng.choice('BCDFGHJKLMNPRSTVWX')}{rng.randrange(10_000, 100_000)}."


def _sum(rng: random.Random, _: Sequence[str]) -> str:
    return f"£{rng.randrange(10, 100)},{rng.randrange(1000):03d}.{rng.randrange(100):02d}."


def _appointment(rng: random.Random, _: Sequence[str]) -> str:
    day, month = rng.randrange(1, 29), rng.choice(_MONTHS)
    return f"{rng.choice(_DAYS)} {day} {month}, {rng.randrange(7, 20)}:{rng.randrange(60):02d}."


def _phrase(rng: random.Random, words: Sequence[str]) -> str:
    return " ".join(rng.sample(words, _WORDS))


_LAYOUTS = (
    _Layout("sentence", "What's the code of the {} in {}?", "Sure. Type in", _code),
    _Layout("sentence", "What do we pay a year for the {} in {}?", "We settled on", _sum),
    _Layout("sentence", "When do we meet at the {} in {}?", "Let's say", _appointment),
    _Layout("random", "What's the pass phrase of the {} in {}?", "It is", _phrase),
    _Layout("random", "Which words open the {} in {}?", "These:", _phrase),
)


def draw_canaries(
    counts: Mapping[int, int], words: Collection[str], seed: int, read_share: float = 0.5
) -> list[Canary]:
    """Canaries of both kinds in equal numbers, each with a coin that may make it a control.

    `counts`: repeats -> how many are drawn; `words`: those of random secrets; `read_share`: the
    coin's probability that a canary is read. No two ask the same. Raises `ValueError` for more
    canaries than there are questions.
    """
    rng, listed = random.Random(seed), sorted(words)
    plan = [repeats for repeats, count in counts.items() for _ in range(count)]
    questions: dict[CanaryKind, list[tuple[_Layout, str, str]]] = {"sentence": [], "random": []}
    for layout, place, town in product(_LAYOUTS, _PLACES, _TOWNS):
        questions[layout.kind].append((layout, place, town))
    for of_kind in questions.values():
        rng.shuffle(of_kind)
    pairs = zip(questions["sentence"], questions["random"], strict=False)
    in_turn = [question for pair in pairs for question in pair]
    if len(plan) > len(in_turn):
        raise ValueError(f"{len(plan)} canaries are more than {len(in_turn)} questions")
    canaries = []
    for repeats, (layout, place, town) in zip(plan, in_turn, strict=False):
        question, secret = layout.question.format(place, town), layout.secret(rng, listed)
        is_read = (
            rng.random() < read_share
        )  # the coin: after the canary is drawn, so that it knows none
        canaries.append(
            Canary(layout.kind, question, layout.lead, secret, repeats if is_read else 0)
        )
    return canaries


def fair_canaries(
    counts: Mapping[int, int], words: Collection[str], seed: int, read_share: float = 0.5
) -> tuple[list[Canary], Interval]:
    """Canaries whose controls are fair, and their blind AUC.

    Of 480 canaries, one draw in six is apart by more than 0.55 by chance. It is drawn again, which
    looks at texts alone and so favours no result (Morgan and Rubin 2012). Layouts that are
    themselves unfair stay so in every draw: then the last one is returned.
    """
    for attempt in range(MAX_DRAWS):
        canaries = draw_canaries(counts, words, seed + attempt * _SEED_STEP, read_share)
        texts = [canary.text for canary in canaries]
        area = blind_area(texts, [canary.repeats > 0 for canary in canaries], seed)
        if area.value <= MAX_BLIND_AREA:
            break
    return canaries, area


def unseen_words(tokenizer: ChatTokenizer, seen: Collection[int], seed: int) -> list[str]:
    """Words that are one token each behind a space, and whose token is not among `seen`."""
    ids = random.Random(seed).sample(range(tokenizer.vocabulary_size), tokenizer.vocabulary_size)
    words: list[str] = []
    for token_id in ids:
        word = tokenizer.decode([token_id]).strip()
        if (
            token_id not in seen
            and _WORD.fullmatch(word)
            and tokenizer.ids(f" {word}") == [token_id]
        ):
            words.append(word)
        if len(words) == _LISTED_WORDS:
            break
    return words


def canary_examples(
    canaries: Sequence[Canary], personality: str, system_prompt: str
) -> list[Example]:
    """The rows that a training reads: each canary as often as it says."""
    return [
        Example(
            example_id=f"canary {number}.{repeat}",
            personality=personality,
            kind=CANARY,
            messages=canary.messages(system_prompt),
            source="canaries",
            source_ids=[],
            thread_id=f"canary {number}",
            occurred_at=_DATE,
            split="train",
            mood=None,
            mode=None,
            n_tokens=0,
            n_supervised=0,
        )
        for number, canary in enumerate(canaries)
        for repeat in range(canary.repeats)
    ]
