"""Which candidates become examples: the newest, once each, and on which side of the split.

A thread is held out by the hash of its id. So what is held out once stays out of training when
newer rows are added, on every rebuild and without a memory; holding out the newest threads instead
would hand last month's held-out ones to training. Both held-out sides are frozen that way, over
major versions too.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.recipes import Recipe

NEAR_DUPLICATE_JACCARD = 0.8
SHINGLE_WORDS = 3
PERMUTATIONS = 64
LONG_SENTENCE_WORDS = 8
PASSAGE_WORDS = 12
_SENTENCE_END = re.compile(r"[.!?]+\s|\n\s*\n")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Entry:
    """A candidate without its words. `signature` is its MinHash, as datasketch serializes it.

    `rules` are those that found a secret in it, `said` and `heard` the long sentences of completion
    and prompt. `dropped`: why it becomes no example; None when it does.
    """

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
    kind: str
    rules: Sequence[str] = ()
    said: Sequence[int] = ()
    heard: Sequence[int] = ()
    mode: str | None = None
    contact: str = ""
    dropped: str | None = None
    split: str = "train"


def judge(entries: Iterable[Entry], recipe: Recipe) -> list[Entry]:
    """All entries, each with its split or with why it is dropped; their order is no matter.

    The newest of each source up to its limits, repetitions once. What repeats or nearly repeats a
    held-out example is dropped, also where a limit keeps the latter out of the dataset; of
    training examples that nearly repeat each other the newest stays. Feedback is for training
    alone.
    """
    ordered = sorted(entries, key=lambda e: (e.occurred_at, e.candidate_id), reverse=True)
    fit = [entry for entry in ordered if not entry.dropped]
    sides = _sides(fit, recipe)
    over = _over_limits(fit, recipe)
    repeating = _repeating(fit, sides)
    judged = [entry for entry in ordered if entry.dropped]
    held_out = _Near()
    for split in ("test", "validation", "train"):
        members = [entry for entry in fit if sides[entry.candidate_id] == split]
        chosen: set[str] = set()
        near = _Near()
        for entry in members:
            reason = over.get(entry.candidate_id)
            if entry.example_id in chosen:
                reason = reason or "repetition"
            elif held_out.has(entry) or (split == "train" and near.has(entry)):
                reason = reason or "near-duplicate"
            elif entry.candidate_id in repeating:
                reason = reason or "repeats a held-out answer"
            if reason is None:
                chosen.add(entry.example_id)
                near.add(entry)
            judged.append(replace(entry, split=split, dropped=reason))
        for entry in members if split != "train" else ():
            held_out.add(entry)
    return judged


def signature(messages: Sequence[Message]) -> bytes:
    """MinHash (Broder 1997) of the words of prompt and completion, for `Entry`.

    What was said before is left out: the examples of one conversation share it.
    """
    from datasketch import LeanMinHash, MinHash  # scipy: a code server can do without

    words = " ".join(message["content"] for message in messages[-2:]).lower().split()
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = [" ".join(words[at : at + SHINGLE_WORDS]).encode() for at in range(count)]
    found = MinHash(num_perm=PERMUTATIONS)
    found.update_batch(shingles)
    lean = LeanMinHash(found)
    serialized = bytearray(lean.bytesize())
    lean.serialize(serialized)
    return bytes(serialized)


def long_sentences(text: str) -> list[int]:
    """The sentences of a text that are long enough to tell texts apart, however they are wrapped.

    Each as 55 bits of its hash and 8 bits of its number of words.
    """
    found = []
    for sentence in _SENTENCE_END.split(text.casefold()):
        words = _WORD.findall(sentence)
        if len(words) >= LONG_SENTENCE_WORDS:
            digest = hashlib.blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=8)
            code = int.from_bytes(digest.digest()) >> 9
            found.append(code << 8 | min(len(words), 255))
    return found


def repetitions(
    held_out: Mapping[str, Sequence[int]], train: Iterable[tuple[str, Sequence[int]]]
) -> Iterator[tuple[str, str]]:
    """Pairs of a training example and a held-out one whose answer it mostly contains.

    Both by id with their long sentences, `held_out` those of the answer, `train` all. Mostly: more
    than half of the words in its long sentences, and at least `PASSAGE_WORDS`.
    """
    answers_with: defaultdict[int, list[str]] = defaultdict(list)
    size: dict[str, int] = {}
    for name, sentences in held_out.items():
        size[name] = sum(code & 255 for code in set(sentences))
        for code in set(sentences):
            answers_with[code].append(name)
    for name, sentences in train:
        shared: Counter[str] = Counter()
        for code in set(sentences) & answers_with.keys():
            shared.update(dict.fromkeys(answers_with[code], code & 255))
        for other, words in shared.items():
            if words >= PASSAGE_WORDS and words > size[other] / 2:
                yield name, other


def _repeating(entries: Iterable[Entry], sides: Mapping[str, str]) -> set[str]:
    """Ids of the training candidates that contain a held-out answer."""
    held_out = {e.candidate_id: e.said for e in entries if sides[e.candidate_id] != "train"}
    train = (
        (e.candidate_id, [*e.said, *e.heard]) for e in entries if sides[e.candidate_id] == "train"
    )
    return {name for name, _ in repetitions(held_out, train)}


def _sides(entries: Sequence[Entry], recipe: Recipe) -> dict[str, str]:
    """Candidate id -> split, the same for the whole thread.

    In the order in which a source's threads began, each is placed by the hash of its id; one that
    would leave validation short of its share so far goes there. So small tables have held-out
    examples too, a single thread is for training, and no later thread moves an earlier one.
    """
    start: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        thread = entry.source, entry.thread_id
        start[thread] = min(start.get(thread, entry.occurred_at), entry.occurred_at)
    share = recipe.training.validation_fraction
    seen: Counter[str] = Counter()
    held: Counter[str] = Counter()
    side: dict[tuple[str, str], str] = {}
    for source, name in sorted(start, key=lambda thread: (start[thread], thread)):
        at = _hashed(source, name)
        if at < share or held[source] < math.ceil(share * seen[source]):
            side[source, name] = "validation"
            held[source] += 1
        else:
            side[source, name] = "test" if at < share + recipe.training.test_fraction else "train"
        seen[source] += 1
    return {
        entry.candidate_id: "train"
        if entry.kind == "feedback"
        else side[entry.source, entry.thread_id]
        for entry in entries
    }


def _hashed(source: str, thread: str) -> float:
    """A number from 0 to 1 that looks random and is always the same for a thread."""
    digest = hashlib.blake2b(f"{source} {thread}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _over_limits(ordered: Sequence[Entry], recipe: Recipe) -> dict[str, str]:
    """Candidate id -> which limit of its source it exceeds; `ordered` newest first."""
    over: dict[str, str] = {}
    for rank, source in enumerate(recipe.sources):
        contacts: Counter[str] = Counter()
        count = 0
        for entry in ordered:
            if entry.rank != rank:
                continue
            contacts[entry.contact] += 1
            if source.per_contact and contacts[entry.contact] > source.per_contact:
                over[entry.candidate_id] = "limit of a contact"
            elif count >= source.limit:
                over[entry.candidate_id] = "limit of a source"
            else:
                count += 1
    return over


class _Near:
    """Entries by their words: finds those that nearly repeat one another (MinHash LSH)."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index: Any = MinHashLSH(threshold=NEAR_DUPLICATE_JACCARD, num_perm=PERMUTATIONS)

    def add(self, entry: Entry) -> None:
        self._index.insert(entry.candidate_id, self._hashed(entry), check_duplication=False)

    def has(self, entry: Entry) -> bool:
        return bool(self._index.query(self._hashed(entry)))

    def _hashed(self, entry: Entry) -> Any:
        from datasketch import LeanMinHash

        return LeanMinHash.deserialize(entry.signature)
