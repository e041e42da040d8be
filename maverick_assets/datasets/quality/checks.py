"""The checks that a dataset must pass before it may train its personality."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.repetition import (
    LongSentence,
    long_sentences,
    quoted_answers,
)
from maverick_assets.datasets.outgoing import OutgoingText, outgoing_text
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.foreign_words import foreign_words
from maverick_assets.datasets.quality.leaked_secrets import leaked_secrets
from maverick_assets.datasets.quality.swapped_roles import swapped_roles
from maverick_assets.datasets.secrets.quarantine import released_ids
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import Recipe

MAX_DRIFT = 0.25  # Kolmogorov-Smirnov statistic of lengths, from one version to the next


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    problem: str | None  # None when it passed
    only_warns: bool = False  # a problem stops training unless this is set


CHECKS = (
    "enough_examples",
    "supervised_text",
    "splits_apart",
    "modes",
    "roles",
    "no_secret",
    "no_foreign_words",
    "length_drift",
)


def check_dataset(
    lake: Path, recipe: Recipe, owner: Owner, version: int, examples: Sequence[Example]
) -> list[Check]:
    """The results of all checks of a version of a recipe's dataset, in the order of `CHECKS`.

    `examples` are all that the version has.
    """
    path = dataset_path(lake, recipe.name)
    before = read_table(path, version - 1, columns=["n_tokens"]) if version else None
    lengths = before["n_tokens"].to_pylist() if before else []
    roles = swapped_roles(lake, recipe, owner)
    secrets = leaked_secrets(examples, released_ids(lake))
    secrets += leaking_prompts(recipe, outgoing_text(lake, owner.emails))
    foreign = foreign_words(lake, recipe, examples)
    return [
        Check("enough_examples", too_few_examples(recipe, examples)),
        Check("supervised_text", unsupervised_completion(examples)),
        Check("splits_apart", overlap_of_splits(examples)),
        Check("modes", foreign_example(recipe, examples)),
        Check("roles", roles[0] if roles else None),
        Check("no_secret", secrets[0] if secrets else None),
        Check("no_foreign_words", foreign[0] if foreign else None),
        Check(
            "length_drift", length_drift([e.n_tokens for e in examples], lengths), only_warns=True
        ),
    ]


def leaking_prompts(recipe: Recipe, outgoing: OutgoingText) -> list[str]:
    """Finds a system prompt with a secret, or with a contact's name, address or phone number."""
    moods, modes = [None, *recipe.moods], [None, *recipe.modes]
    prompts = {recipe.prompt_for(mood, mode) for mood in moods for mode in modes}
    problems = {problem for prompt in prompts if (problem := outgoing.problem(prompt))}
    return [
        f"the system prompt holds {problem}: take it out of the recipe {recipe.name}"
        for problem in sorted(problems)
    ]


def too_few_examples(recipe: Recipe, examples: Sequence[Example]) -> str | None:
    """Finds too few examples to learn from, or none to be measured on."""
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


def unsupervised_completion(examples: Sequence[Example]) -> str | None:
    """Finds an example without a completion at its end, or whose completion has no word."""
    for example in examples:
        if example.messages[-1]["role"] != "assistant":
            return f"example {example.example_id} ends with no completion"
        if example.n_supervised < 2:
            return f"example {example.example_id} supervises no word"
    return None


def overlap_of_splits(examples: Sequence[Example]) -> str | None:
    """Finds a thread or a held-out answer on two sides of the split, or held-out feedback."""
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
        (example.example_id, _sentences_of(example))
        for example in examples
        if example.split == "train"
    )
    for quoting, answer in quoted_answers(held_out, train):
        return f"train example {quoting} holds the answer of the held-out {answer}"
    return None


def _sentences_of(example: Example) -> list[LongSentence]:
    """Long sentences of all messages but the system prompt, which every example shares."""
    return [
        sentence
        for message in example.messages[1:]
        for sentence in long_sentences(message["content"])
    ]


def foreign_example(recipe: Recipe, examples: Sequence[Example]) -> str | None:
    """Finds an example of another personality, or of a mode that the recipe does not have."""
    for example in examples:
        if example.personality != recipe.name:
            return f"example {example.example_id} is of {example.personality}"
        if example.mode and example.mode not in recipe.modes:
            return f"examples of the mode {example.mode}, which the recipe does not have"
    return None


def length_drift(now: Sequence[int], before: Sequence[int]) -> str | None:
    """Finds that lengths in tokens changed since the last version.

    They did if their two-sample Kolmogorov-Smirnov statistic is above `MAX_DRIFT`.
    """
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
    """The largest distance of two empirical distribution functions, 0 to 1; no sample is empty."""
    left, right = sorted(one), sorted(other)
    return max(
        abs(bisect_right(left, value) / len(left) - bisect_right(right, value) / len(right))
        for value in {*left, *right}
    )


def _median(values: Sequence[int]) -> int:
    return sorted(values)[len(values) // 2]
