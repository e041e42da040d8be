"""What must hold of a dataset before it may train its personality."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.select import long_sentences, repetitions
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.leaked_secrets import leaked_secrets
from maverick_assets.datasets.quality.swapped_roles import role_problems
from maverick_assets.datasets.secrets.quarantine import released
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import Recipe

MAX_DRIFT = 0.25


@dataclass(frozen=True)
class Check:
    """`problem` is None when it passed. A failed one stops training unless it `only_warns`."""

    name: str
    problem: str | None
    only_warns: bool = False


CHECKS = (
    "enough_examples",
    "supervised_text",
    "splits_apart",
    "modes",
    "roles",
    "no_secret",
    "length_drift",
)


def check_dataset(
    lake: Path, recipe: Recipe, owner: Owner, version: int, examples: Sequence[Example]
) -> list[Check]:
    """Every check of a version of a recipe's dataset, in the order of `CHECKS`.

    `examples`: all that it has.
    """
    path = dataset_path(lake, recipe.name)
    before = read_table(path, version - 1, columns=["n_tokens"]) if version else None
    lengths = before["n_tokens"].to_pylist() if before else []
    roles = role_problems(lake, recipe, owner)
    secrets = leaked_secrets(examples, released(lake))
    return [
        Check("enough_examples", not_enough(recipe, examples)),
        Check("supervised_text", unsupervised(examples)),
        Check("splits_apart", overlap(examples)),
        Check("modes", foreign_mode(recipe, examples)),
        Check("roles", roles[0] if roles else None),
        Check("no_secret", secrets[0] if secrets else None),
        Check("length_drift", drift([e.n_tokens for e in examples], lengths), only_warns=True),
    ]


def not_enough(recipe: Recipe, examples: Sequence[Example]) -> str | None:
    """Too few examples to learn from, or none to be measured on."""
    train = sum(example.split == "train" for example in examples)
    wanted = recipe.training.min_examples
    if train < wanted:
        return (
            f"{train} train examples, fewer than {wanted}: give it more rows, another source or "
            "filter in its recipe, or a smaller min_examples"
        )
    if not any(example.split == "validation" for example in examples):
        return "no validation examples: its rows are all of one thread"
    return None


def unsupervised(examples: Sequence[Example]) -> str | None:
    """A completion that is not the last message, or has no word beside the end of the turn."""
    for example in examples:
        if example.messages[-1]["role"] != "assistant":
            return f"example {example.example_id} ends with no completion"
        if example.n_supervised < 2:
            return f"example {example.example_id} supervises no word"
    return None


def overlap(examples: Sequence[Example]) -> str | None:
    """A thread on two sides of the split, held-out feedback, or a held-out answer in training."""
    sides: dict[tuple[str, str], str] = {}
    for example in examples:
        side = sides.setdefault((example.source, example.thread_id), example.split)
        if side != example.split:
            both = " and in ".join(sorted((side, example.split)))
            return f"thread {example.thread_id} is both in {both}"
        if example.kind == "feedback" and side != "train":
            return f"feedback {example.example_id} is held out; ratings are for training alone"
    held_out = {
        example.example_id: long_sentences(example.messages[-1]["content"])
        for example in examples
        if example.split != "train"
    }
    train = (
        (e.example_id, [code for m in e.messages[1:] for code in long_sentences(m["content"])])
        for e in examples
        if e.split == "train"
    )
    for name, other in repetitions(held_out, train):
        return f"train example {name} holds the answer of the held-out {other}"
    return None


def foreign_mode(recipe: Recipe, examples: Sequence[Example]) -> str | None:
    """An example of another personality, or of a mode that the recipe does not have."""
    for example in examples:
        if example.personality != recipe.name:
            return f"example {example.example_id} is of {example.personality}"
        if example.mode and example.mode not in recipe.modes:
            return f"examples of the mode {example.mode}, which the recipe does not have"
    return None


def drift(now: Sequence[int], before: Sequence[int]) -> str | None:
    """Lengths (tokens) whose distribution moved: two-sample Kolmogorov-Smirnov statistic above
    `MAX_DRIFT`."""
    if not now or not before:
        return None
    distance = kolmogorov_smirnov(now, before)
    if distance <= MAX_DRIFT:
        return None
    return (
        f"lengths in tokens differ from those of the last version: median {_median(now)} instead "
        f"of {_median(before)} (Kolmogorov-Smirnov {distance:.2f})"
    )


def kolmogorov_smirnov(one: Sequence[int], other: Sequence[int]) -> float:
    """Largest distance of two empirical distribution functions, 0 to 1; neither may be empty."""
    left, right = sorted(one), sorted(other)
    return max(
        abs(bisect_right(left, value) / len(left) - bisect_right(right, value) / len(right))
        for value in {*left, *right}
    )


def _median(values: Sequence[int]) -> int:
    return sorted(values)[len(values) // 2]
