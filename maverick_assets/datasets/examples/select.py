"""Selects the candidates that become examples: the newest, once each, and their side of the split.

The hash of a thread's id decides whether it is held out. So a thread that was held out once stays
out of training, whatever rows are added, on every rebuild, with nothing to remember. Holding out
the newest threads instead would hand last month's to training. In this way both held-out sides,
validation and test, are frozen, even from one major version to the next.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from maverick_assets.datasets.examples.repetition import (
    LongSentence,
    NearDuplicates,
    quoted_answers,
    unpacked,
)
from maverick_assets.recipes import Recipe

# Columns of the table of candidates that a summary is read from.
SUMMARY_COLUMNS = [
    "candidate_id",
    "rank",
    "turn_id",
    "example_id",
    "source",
    "thread_id",
    "occurred_at",
    "n_tokens",
    "n_supervised",
    "signature",
    "kind",
    "rules",
    "said",
    "heard",
    "mode",
    "contact",
    "dropped",
]


@dataclass(frozen=True)
class CandidateSummary:
    """A candidate without its words: what selecting looks at."""

    candidate_id: str
    rank: int  # position of its source in the recipe
    turn_id: str  # the turn that holds the completion
    example_id: str
    source: str
    thread_id: str
    occurred_at: datetime
    n_tokens: int
    n_supervised: int
    signature: bytes  # `minhash` of its words
    kind: str
    rules: Sequence[str] = ()  # names of the rules that found a secret in it
    completion_sentences: Sequence[LongSentence] = ()
    prompt_sentences: Sequence[LongSentence] = ()
    mode: str | None = None
    contact: str = ""  # digest of the counterpart
    dropped: str | None = None  # why it becomes no example; None when it does
    split: str = "train"

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "CandidateSummary":
        """A summary from the columns `SUMMARY_COLUMNS` of a row."""
        plain = {name: value for name, value in row.items() if name not in ("said", "heard")}
        return cls(
            **plain,
            completion_sentences=unpacked(row["said"]),
            prompt_sentences=unpacked(row["heard"]),
        )


def select_examples(
    candidates: Iterable[CandidateSummary], recipe: Recipe
) -> list[CandidateSummary]:
    """All candidates, each with its split or with the reason why it is dropped.

    The order of `candidates` does not matter. Each source gives its newest candidates, up to its
    limits, without repetitions. A candidate that nearly repeats a held-out one is dropped, even if
    a limit keeps the held-out one from the dataset. Of training examples that nearly repeat each
    other, the newest stays. Feedback goes to training only.
    """
    newest_first = sorted(candidates, key=lambda c: (c.occurred_at, c.candidate_id), reverse=True)
    fit = [candidate for candidate in newest_first if not candidate.dropped]
    sides = _sides(fit, recipe)
    over = _over_limits(fit, recipe)
    quoting = _quoting_held_out(fit, sides)
    selection = [candidate for candidate in newest_first if candidate.dropped]
    held_out = NearDuplicates()
    # Held-out sides first, so that a repetition stays there and leaves training.
    for split in ("test", "validation", "train"):
        members = [candidate for candidate in fit if sides[candidate.candidate_id] == split]
        chosen: set[str] = set()
        chosen_signatures = NearDuplicates()
        for candidate in members:
            signature = candidate.signature
            reason = over.get(candidate.candidate_id)
            if candidate.example_id in chosen:
                reason = reason or "repetition"
            elif held_out.has_near(signature) or (
                split == "train" and chosen_signatures.has_near(signature)
            ):
                reason = reason or "near-duplicate"
            elif candidate.candidate_id in quoting:
                reason = reason or "repeats a held-out answer"
            if reason is None:
                chosen.add(candidate.example_id)
                chosen_signatures.add(candidate.candidate_id, signature)
            selection.append(replace(candidate, split=split, dropped=reason))
        for candidate in members if split != "train" else ():
            held_out.add(candidate.candidate_id, candidate.signature)
    return selection


def _quoting_held_out(candidates: Sequence[CandidateSummary], sides: Mapping[str, str]) -> set[str]:
    """Ids of the training candidates that contain a held-out answer."""
    held_out = {
        candidate.candidate_id: candidate.completion_sentences
        for candidate in candidates
        if sides[candidate.candidate_id] != "train"
    }
    train = (
        (candidate.candidate_id, [*candidate.completion_sentences, *candidate.prompt_sentences])
        for candidate in candidates
        if sides[candidate.candidate_id] == "train"
    )
    return {quoting for quoting, _ in quoted_answers(held_out, train)}


def _sides(candidates: Sequence[CandidateSummary], recipe: Recipe) -> dict[str, str]:
    """Candidate id -> split, the same for a whole thread.

    The threads of a source are placed in the order in which they began. The hash of a thread's id
    decides, but a thread goes to validation whenever that is short of its share so far. So even
    small tables have held-out examples, a single thread usually trains, and no later thread moves
    an earlier one.
    """
    began: dict[tuple[str, str], datetime] = {}  # by source and thread
    for candidate in candidates:
        thread = candidate.source, candidate.thread_id
        began[thread] = min(began.get(thread, candidate.occurred_at), candidate.occurred_at)
    share = recipe.training.validation_fraction
    placed: Counter[str] = Counter()  # threads, by source
    in_validation: Counter[str] = Counter()
    side: dict[tuple[str, str], str] = {}
    for source, thread_id in sorted(began, key=lambda thread: (began[thread], thread)):
        position = _unit_hash(source, thread_id)
        if position < share or in_validation[source] < math.ceil(share * placed[source]):
            side[source, thread_id] = "validation"
            in_validation[source] += 1
        elif position < share + recipe.training.test_fraction:
            side[source, thread_id] = "test"
        else:
            side[source, thread_id] = "train"
        placed[source] += 1
    return {
        candidate.candidate_id: "train"
        if candidate.kind == "feedback"
        else side[candidate.source, candidate.thread_id]
        for candidate in candidates
    }


def _unit_hash(source: str, thread_id: str) -> float:
    """A number from 0 to 1 that looks random and is always the same for a thread."""
    digest = hashlib.blake2b(f"{source} {thread_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _over_limits(newest_first: Sequence[CandidateSummary], recipe: Recipe) -> dict[str, str]:
    """Candidate id -> which limit of its source it exceeds."""
    over: dict[str, str] = {}
    for rank, source in enumerate(recipe.sources):
        of_contact: Counter[str] = Counter()
        kept = 0
        for candidate in newest_first:
            if candidate.rank != rank:
                continue
            of_contact[candidate.contact] += 1
            if source.per_contact and of_contact[candidate.contact] > source.per_contact:
                over[candidate.candidate_id] = "limit of a contact"
            elif kept >= source.limit:
                over[candidate.candidate_id] = "limit of a source"
            else:
                kept += 1
    return over
