"""Train and validation: split by thread and time, with no near-duplicate on both sides."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from maverick_assets.datasets.examples import Example

if TYPE_CHECKING:
    from datasketch import MinHash

NEAR_DUPLICATE_JACCARD = 0.8
SHINGLE_WORDS = 3
PERMUTATIONS = 64


def split_examples(examples: Sequence[Example], validation_fraction: float) -> list[Example]:
    """Give every example its `split` and drop training examples too near to a held-out one.

    In each source the threads that ended last, together at least `validation_fraction` of its
    examples, are held out: the model is asked about what came after all that it learnt from.
    A source with one thread only is for training.
    """
    held_out: set[tuple[str, str]] = set()
    by_source: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_source[example.source].append(example)
    for source, members in by_source.items():
        threads = _newest_threads(members, validation_fraction)
        held_out.update((source, thread) for thread in threads)
    validation = [
        replace(example, split="validation")
        for example in examples
        if (example.source, example.thread_id) in held_out
    ]
    train = [example for example in examples if (example.source, example.thread_id) not in held_out]
    return [*_without_near_duplicates(train, validation), *validation]


def _newest_threads(examples: Sequence[Example], fraction: float) -> list[str]:
    """Threads in order of their last example, newest first, until they hold `fraction` of all."""
    last: dict[str, datetime] = {}
    size: defaultdict[str, int] = defaultdict(int)
    for example in examples:
        thread = example.thread_id
        last[thread] = max(last.get(thread, example.occurred_at), example.occurred_at)
        size[thread] += 1
    newest = sorted(last, key=lambda thread: (last[thread], thread), reverse=True)
    chosen: list[str] = []
    held = 0
    for thread in newest[:-1]:
        if held >= fraction * len(examples):
            break
        chosen.append(thread)
        held += size[thread]
    return chosen


def _without_near_duplicates(
    train: Sequence[Example], validation: Sequence[Example]
) -> list[Example]:
    """Training examples whose words overlap no held-out example's (MinHash LSH, Broder 1997)."""
    from datasketch import MinHashLSH  # brings scipy, which a code server can do without

    index = MinHashLSH(threshold=NEAR_DUPLICATE_JACCARD, num_perm=PERMUTATIONS)
    for example in validation:
        index.insert(example.example_id, _signature(example))
    return [example for example in train if not index.query(_signature(example))]


def _signature(example: Example) -> "MinHash":
    from datasketch import MinHash

    words = " ".join(message["content"] for message in example.messages[1:]).lower().split()
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = [" ".join(words[at : at + SHINGLE_WORDS]).encode() for at in range(count)]
    signature = MinHash(num_perm=PERMUTATIONS)
    signature.update_batch(shingles)
    return signature
