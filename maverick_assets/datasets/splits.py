"""Which candidates become examples: the newest, once each, and on which side of the split.

Split by thread and time, with no near-duplicate on both sides.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maverick_assets.datasets.tokens import Message
from maverick_assets.recipes import Recipe

NEAR_DUPLICATE_JACCARD = 0.8
SHINGLE_WORDS = 3
PERMUTATIONS = 64


@dataclass(frozen=True)
class Entry:
    """A candidate without its words. `signature` is its MinHash, as datasketch serializes it;
    `rules` are those that found a secret in it."""

    candidate_id: str
    rank: int
    turn_id: str
    example_id: str
    source: str
    thread_id: str
    occurred_at: datetime
    n_tokens: int
    n_supervised: int
    signature: bytes
    rules: Sequence[str] = ()
    split: str = "train"


def choose(entries: Sequence[Entry], recipe: Recipe) -> list[Entry]:
    """The entries that become examples, with their split; the order of `entries` is no matter.

    The newest of each source up to its limit, exact repetitions once. In each table the threads
    that ended last, together at least `validation_fraction` of its examples, are held out: the
    model is asked about what came after all that it learnt from. A table with one thread only is
    for training. Training examples too near to a held-out one are dropped.
    """
    kept = _newest(entries, recipe)
    held_out: set[tuple[str, str]] = set()
    by_source: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in kept:
        by_source[entry.source].append(entry)
    for source, members in by_source.items():
        threads = _newest_threads(members, recipe.training.validation_fraction)
        held_out.update((source, thread) for thread in threads)
    train = [entry for entry in kept if (entry.source, entry.thread_id) not in held_out]
    validation = [
        replace(entry, split="validation")
        for entry in kept
        if (entry.source, entry.thread_id) in held_out
    ]
    return [*_without_near_duplicates(train, validation), *validation]


def signature(messages: Sequence[Message]) -> bytes:
    """MinHash (Broder 1997) of the words of prompt and completion, for `Entry`."""
    from datasketch import LeanMinHash, MinHash  # scipy: a code server can do without

    words = " ".join(message["content"] for message in messages[1:]).lower().split()
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = [" ".join(words[at : at + SHINGLE_WORDS]).encode() for at in range(count)]
    found = MinHash(num_perm=PERMUTATIONS)
    found.update_batch(shingles)
    lean = LeanMinHash(found)
    serialized = bytearray(lean.bytesize())
    lean.serialize(serialized)
    return bytes(serialized)


def _newest(entries: Sequence[Entry], recipe: Recipe) -> list[Entry]:
    found: dict[str, Entry] = {}
    for rank, source in enumerate(recipe.sources):
        members = [entry for entry in entries if entry.rank == rank]
        members.sort(key=lambda entry: (entry.occurred_at, entry.turn_id), reverse=True)
        for entry in members[: source.limit]:
            found.setdefault(entry.example_id, entry)
    return list(found.values())


def _newest_threads(entries: Sequence[Entry], fraction: float) -> list[str]:
    """Threads in order of their last example, newest first, until they hold `fraction` of all."""
    last: dict[str, datetime] = {}
    size: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        thread = entry.thread_id
        last[thread] = max(last.get(thread, entry.occurred_at), entry.occurred_at)
        size[thread] += 1
    newest = sorted(last, key=lambda thread: (last[thread], thread), reverse=True)
    chosen: list[str] = []
    held = 0
    for thread in newest[:-1]:
        if held >= fraction * len(entries):
            break
        chosen.append(thread)
        held += size[thread]
    return chosen


def _without_near_duplicates(train: Sequence[Entry], validation: Sequence[Entry]) -> list[Entry]:
    """Training entries whose words overlap no held-out one's (MinHash LSH)."""
    from datasketch import LeanMinHash, MinHashLSH

    index = MinHashLSH(threshold=NEAR_DUPLICATE_JACCARD, num_perm=PERMUTATIONS)
    for entry in validation:
        index.insert(entry.example_id, LeanMinHash.deserialize(entry.signature))
    return [entry for entry in train if not index.query(LeanMinHash.deserialize(entry.signature))]
