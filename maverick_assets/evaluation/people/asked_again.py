"""Old decisions of the owner, on which he decides once more.

How often he decides as he did is the most that a twin of his can reach: its ceiling. He sees what
he saw then, and the options in a random order; his decision of then he does not see.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.decisions.own_decisions import decisions_among
from maverick_assets.decisions.stances import STANCES
from maverick_assets.errors import BadInput
from maverick_assets.evaluation.decisions.cases import (
    DEAL_OPTIONS,
    Decided,
    deal_decisions,
    mail_decisions,
)
from maverick_assets.evaluation.people.line_file import OWNER, LineFile, Said
from maverick_assets.evaluation.shares import share
from maverick_assets.figures.decisions import Stance
from maverick_assets.figures.figure import Interval
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path

Kind = Literal["deals", "mails"]

MOST = 20  # decisions in one sitting
FEWEST = 10  # of a kind: a rate of fewer is no ceiling
OLD = timedelta(days=30)  # whoever is asked sooner repeats what he remembers
NO_OLD_DECISION = (
    f"has no decision older than {OLD.days} days in its dataset: no deal that was won or lost, no "
    "answer that clearly accepts or refuses"
)
_OPTIONS: dict[Kind, tuple[Stance, ...]] = {"deals": DEAL_OPTIONS, "mails": STANCES}


class RepeatedDecision(Said):
    """What the owner decided on an old decision when he was asked again."""

    kind: Kind
    dataset_version: int = Field(description="of the dataset that holds the old decision")
    before: Stance = Field(description="what he decided then")
    option: Stance = Field(description="what he decides now")


class RepeatedDecisionFile(LineFile[RepeatedDecision]):
    """The repeated decisions of a run home."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "repeated_decisions.jsonl", RepeatedDecision)


@dataclass(frozen=True)
class OldDecision:
    """A decision that is old enough to be asked again."""

    kind: Kind
    example_id: str
    text: str  # a deal's facts, or the message that asked; with surrogates
    before: Stance


@dataclass(frozen=True)
class DecisionQuestion:
    """An old decision without what was decided."""

    personality: str
    kind: Kind
    example_id: str
    seed: int  # of the order of the options
    text: str
    options: tuple[Stance, ...]


class OldDecisions:
    """The old decisions in the newest dataset of a personality, of all its splits."""

    def __init__(self, lake: Path, personality: str, now: datetime) -> None:
        """Raises `MaverickError` for a dataset that cannot be read."""
        self._personality = personality
        path = dataset_path(lake, personality)
        table = open_table(path)
        self._version = table.version() if table else 0
        examples = read_examples(path, self._version) if table else []
        mails, _ = mail_decisions(examples)
        found = {
            "deals": deal_decisions(decisions_among(examples, None)),
            "mails": mails,
        }
        self._decisions = {
            each.own.example.example_id: _old(kind, each)
            for kind in _OPTIONS
            for each in found[kind]
            if each.own.example.occurred_at <= now - OLD
        }

    def __len__(self) -> int:
        return len(self._decisions)

    def draw(self, count: int, seed: int, answered: Collection[str] = ()) -> list[DecisionQuestion]:
        """At most `count` decisions in a random order, as many of each kind as there are.

        Those that were `answered` (ids of examples) come only where others are too few.
        """
        rng = random.Random(seed)
        chosen: list[tuple[int, str]] = []  # each one's place within its kind
        for kind in _OPTIONS:
            ids = sorted(key for key, each in self._decisions.items() if each.kind == kind)
            rng.shuffle(ids)
            ids.sort(key=lambda key: key in answered)
            chosen += enumerate(ids)
        drawn = [key for _, key in sorted(chosen, key=lambda pair: pair[0])][:count]
        rng.shuffle(drawn)
        return [self.question(key, rng.getrandbits(32)) for key in drawn]

    def question(self, example_id: str, seed: int) -> DecisionQuestion:
        """The question on one decision. Raises `BadInput` unless it is an old decision of his."""
        old = self._of(example_id)
        options = list(_OPTIONS[old.kind])
        random.Random(seed).shuffle(options)
        return DecisionQuestion(
            self._personality, old.kind, example_id, seed, old.text, tuple(options)
        )

    def decided(self, example_id: str, seed: int, option: str) -> RepeatedDecision:
        """What the owner decides now. Raises `BadInput` for an unknown decision or option."""
        old = self._of(example_id)
        options = {each: each for each in _OPTIONS[old.kind]}
        if option not in options:
            raise BadInput(f"choose one of: {', '.join(options)}")
        return RepeatedDecision(
            at=datetime.now(UTC),
            judge=OWNER,
            personality=self._personality,
            example_id=example_id,
            seed=seed,
            kind=old.kind,
            dataset_version=self._version,
            before=old.before,
            option=options[option],
        )

    def _of(self, example_id: str) -> OldDecision:
        old = self._decisions.get(example_id)
        if old is None:
            raise BadInput(f"{self._personality} has no such old decision; ask anew")
        return old


def repeat_rates(said: Iterable[RepeatedDecision]) -> dict[str, Interval]:
    """How often the owner decided as he did, by kind; his last answer on each decision counts."""
    last = {(each.personality, each.example_id): each for each in said if each.judge == OWNER}
    of_kind: defaultdict[str, list[RepeatedDecision]] = defaultdict(list)
    for each in last.values():
        of_kind[each.kind].append(each)
    return {
        kind: share([each.option == each.before for each in some], range(len(some)))
        for kind, some in sorted(of_kind.items())
    }


def ceilings(said: Iterable[RepeatedDecision]) -> dict[str, Interval]:
    """The repeat rates that rest on enough decisions to be a twin's ceiling."""
    return {kind: rate for kind, rate in repeat_rates(said).items() if rate.n >= FEWEST}


def _old(kind: Kind, decided: Decided) -> OldDecision:
    return OldDecision(
        kind, decided.own.example.example_id, decided.case.text, _OPTIONS[kind][decided.truth]
    )
