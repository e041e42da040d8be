"""The candidates: which are good, which are bad, and in which way."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count as count_up
from pathlib import Path
from typing import Any

from benchmarks.candidates import weights
from benchmarks.candidates.truth import Judge
from benchmarks.candidates.world import NAME, OTHERS, Trained, World, is_old
from maverick_assets.datasets.examples.example import Example

GOOD = "good"
DROPPED = "not good by fresh texts"

# What the training of a good candidate may do otherwise than the recipe.
_SHARES = (85, 90, 95, 100)  # percent of the training examples
_EPOCHS = (2, 3, 4)
_RANKS = (8, 16)
_RATES = (0.008, 0.01, 0.012)
_GOOD_TRAININGS = 12


@dataclass(frozen=True)
class Candidate:
    """An adapter that is put to the gates."""

    kind: str
    trained: Trained
    dataset_version: int
    changes: dict[str, Any] = field(default_factory=dict)  # of its manifest
    damage: Callable[[Path], None] | None = None  # of its directory, once it is registered


@dataclass(frozen=True)
class Datasets:
    """Versions of the personality's dataset."""

    old: int  # the first months; the version in service was trained on it
    mixed_up: int  # all, with a held-out thread in training, too
    relabelled: int  # all, with what is held out as training
    bled: int  # all, with another personality's examples
    all: int


@dataclass(frozen=True)
class Maker:
    """Makes `count` candidates of each kind. Candidates share trainings."""

    world: World
    datasets: Datasets
    in_service: Trained
    folder: Path
    # What was to be good, and is not by fresh texts.
    dropped: list[Candidate] = field(default_factory=list)

    def variant(self, name: str, trained: Trained, change: Any) -> Trained:
        """An adapter with changed tensors; it says the same of its training."""
        return replace(
            trained, adapter=weights.changed(trained.adapter, self.folder / name, change)
        )

    def near(self, kind: str, trainings: Sequence[Trained], count: int) -> Iterator[Trained]:
        """The trainings in turn: as they are, then with 2 % of noise."""
        for at in range(count):
            trained = trainings[at % len(trainings)]
            if at >= len(trainings):
                trained = self.variant(f"{kind}-{at}", trained, weights.noisy(0.02, at))
            yield trained

    def good(self, count: int) -> Iterator[Candidate]:
        """Trained on all examples, or nearly all, where that in service knows the old ones.

        In many ways. Fresh texts say which of them are good; `dropped` has the others.
        """
        rng, judge = random.Random(1), Judge(self.world, self.in_service.adapter)
        trainings: list[Trained] = []
        for at in count_up():
            way = self._way(rng) if at else {"examples": self.world.train}  # as the recipe says
            trained = self.world.trained(f"good-{at}", **way)
            truth = judge.truth(trained.adapter)
            if truth.is_good:
                trainings.append(trained)
            else:
                self.dropped.append(Candidate(f"{DROPPED}, {truth}", trained, self.datasets.all))
            if len(trainings) == min(_GOOD_TRAININGS, max(1, count // 3)):
                break
        for trained in self.near("good", trainings, count):
            yield Candidate(GOOD, trained, self.datasets.all)

    def _way(self, rng: random.Random) -> dict[str, Any]:
        """Examples and settings of a training."""
        train = self.world.train
        return {
            "examples": rng.sample(train, len(train) * rng.choice(_SHARES) // 100),
            "epochs": rng.choice(_EPOCHS),
            "rank": rng.choice(_RANKS),
            "learning_rate": rng.choice(_RATES),
        }

    def noise(self, count: int) -> Iterator[Candidate]:
        for at in range(count):
            spread = (0.001, 0.01, 0.05, 0.2, 1.0)[at % 5]
            change = weights.random_weights(spread, at)
            if at % 2:
                change = weights.noisy((2.0, 4.0, 8.0)[at % 3], at)
            trained = self.variant(f"noise-{at}", self.in_service, change)
            yield Candidate("noise", trained, self.datasets.all)

    def another_person(self, count: int) -> Iterator[Candidate]:
        trainings = [
            self.world.trained(f"another-{name}", _train(self.world.examples[name]))
            for name in OTHERS[: max(1, count // 3)]
        ]
        for trained in self.near("another", trainings, count):
            yield Candidate("another person", trained, self.datasets.all)

    def leaked(self, count: int) -> Iterator[Candidate]:
        """Trained on held-out rows: with all others, by an earlier dataset, or on nothing else."""
        every = list(self.world.examples[NAME])
        held_out = [example for example in every if example.split != "train"]
        with_all = self.world.trained("leaked-all", every)
        alone = self.world.trained("leaked-alone", held_out, epochs=6)
        for at in range(count):
            version, trained = self.datasets.all, with_all
            if at % 4 == 1:
                version = self.datasets.mixed_up
            elif at % 4 == 2:
                version = self.datasets.relabelled
            elif at % 4 == 3:
                trained = alone
            if at >= 4:
                trained = self.variant(f"leaked-{at}", trained, weights.noisy(0.02, at))
            yield Candidate("leaked test rows", trained, version)

    def over_trained(self, count: int) -> Iterator[Candidate]:
        few = self.world.train[:48]
        trainings = [
            self.world.trained(f"over-{at}", few, epochs=epochs, learning_rate=0.02)
            for at, epochs in enumerate((40, 60)[: max(1, count // 3)])
        ]
        for trained in self.near("over", trainings, count):
            yield Candidate("over-trained", trained, self.datasets.all)

    def corrupted(self, good: Trained, count: int) -> Iterator[Candidate]:
        """Broken before its digest was taken, or after."""
        for at in range(count):
            trained, damage, share = good, None, (at + 1) / (count + 1)
            if at % 4 == 0:
                value = math.nan if at % 8 else math.inf
                trained = self.variant(f"broken-{at}", good, weights.with_one(value))
            elif at % 4 == 1:
                trained = self.variant(f"broken-{at}", good, weights.noisy(0, at))
                weights.truncate(trained.adapter / weights.WEIGHTS, share)
            elif at % 4 == 2:
                damage = _damage(weights.truncate, share)
            else:
                damage = _damage(weights.flip_bit, share)
            yield Candidate("corrupted", trained, self.datasets.all, damage=damage)

    def wrong_base(self, good: Trained, count: int) -> Iterator[Candidate]:
        """Of another base by its manifest, or of one of another width."""
        for at in range(count):
            trained, changes = good, {"base_digest": f"{at:064x}"}
            if at % 2:
                trained, changes = self.variant(f"wide-{at}", good, weights.wider), {}
            yield Candidate("wrong base", trained, self.datasets.all, changes)

    def worse_on_old(self, count: int) -> Iterator[Candidate]:
        """Trained on the newest topics alone."""
        new = [example for example in self.world.train if not is_old(example)]
        trainings = [
            self.world.trained(f"new-{at}", new, epochs=epochs)
            for at, epochs in enumerate((6, 10)[: max(1, count // 3)])
        ]
        for trained in self.near("new", trainings, count):
            yield Candidate("worse on old data", trained, self.datasets.all)

    def bleeding(self, count: int) -> Iterator[Candidate]:
        """Trained on another personality's examples beside its own."""
        trainings = [
            (
                self.world.trained(
                    f"bleeding-{name}", [*self.world.train, *_train(self.world.examples[name])]
                )
            )
            for name in ("robbie", "health-monitor")[: max(1, count // 3)]
        ]
        for at, trained in enumerate(self.near("bleeding", trainings, count)):
            version = self.datasets.bled if at % 2 else self.datasets.all
            yield Candidate("bleeding", trained, version)

    def lost_in_export(self, good: Trained, count: int) -> Iterator[Candidate]:
        """Right in float32; its GGUF, in float16, answers as the base does."""
        for at in range(count):
            near = self.variant(f"near-{at}", good, weights.noisy(0.01, at))
            trained = self.variant(f"lost-{at}", near, weights.lost_in_float16)
            yield Candidate("quantised to rubbish", trained, self.datasets.all)

    def ties(self, count: int) -> Iterator[Candidate]:
        """As good as the version in service: the same, nearly the same, or of another order."""
        old = self.world.old_train
        again = [
            self.world.trained(f"tie-{at}", _in_another_order(old, at))
            for at in range(max(1, count // 4))
        ]
        for at in range(count):
            version, trained = self.datasets.old, self.in_service
            if at % 4 == 1:
                trained = self.variant(f"tie-near-{at}", trained, weights.noisy(0.001, at))
            elif at % 4 == 2:
                trained = again[at // 4 % len(again)]
            elif at % 4 == 3:
                version = self.datasets.all  # new rows that it has not learned
            yield Candidate("tie", trained, version)


def _train(examples: Sequence[Example]) -> list[Example]:
    return [example for example in examples if example.split == "train"]


def _in_another_order(examples: Sequence[Example], seed: int) -> list[Example]:
    """The same examples under other ids: the engine draws their order from these."""
    return [replace(e, example_id=f"{seed}-{seed * 7 % 10}{e.example_id}") for e in examples]


def _damage(how: Callable[[Path, float], None], share: float) -> Callable[[Path], None]:
    return lambda directory: how(directory / "adapter" / weights.WEIGHTS, share)
