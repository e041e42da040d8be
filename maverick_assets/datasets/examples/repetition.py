"""Examples that repeat each other: nearly the same words, or an answer quoted in another example.

MinHash (Broder 1997) with locality-sensitive hashing finds near-duplicates. The hashes of its long
sentences find a quoted answer, whatever its wrapping and the words around it. Both work on digests,
so that thousands of candidates are compared without reading their texts.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from maverick_assets.base_model.tokenizer import Message

NEAR_DUPLICATE_JACCARD = 0.8
SHINGLE_WORDS = 3
PERMUTATIONS = 64
LONG_SENTENCE_WORDS = 8
PASSAGE_WORDS = 12  # fewer words in common may be a phrase that everybody writes
# From the first of several marks only: from each of them, a row of dots takes quadratic time.
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]+\s|\n\s*\n")
_WORD = re.compile(r"\w+")
_WORDS_BITS = 8  # of a packed sentence that hold its number of words
_MAX_WORDS = (1 << _WORDS_BITS) - 1
_DIGEST_BITS = 63 - _WORDS_BITS  # with the words they fill a positive 64-bit integer


class LongSentence(NamedTuple):
    """A sentence without its words."""

    digest: int
    words: int  # number of words, at most `_MAX_WORDS`


def long_sentences(text: str) -> list[LongSentence]:
    """The sentences of a text that are long enough to identify it, however they are wrapped."""
    sentences = []
    for sentence in _SENTENCE_END.split(text.casefold()):
        words = _WORD.findall(sentence)
        if len(words) >= LONG_SENTENCE_WORDS:
            content = " ".join(words).encode("utf-8", "replace")
            digest = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest())
            short = digest >> (64 - _DIGEST_BITS)
            sentences.append(LongSentence(short, min(len(words), _MAX_WORDS)))
    return sentences


def packed(sentences: Iterable[LongSentence]) -> list[int]:
    """The sentences as the table of candidates stores them: one integer each.

    Two columns would read better, but would rewrite the candidates of every run home, and with
    them every dataset.
    """
    return [sentence.digest << _WORDS_BITS | sentence.words for sentence in sentences]


def unpacked(codes: Iterable[int]) -> list[LongSentence]:
    """The sentences that `packed` stored."""
    return [LongSentence(code >> _WORDS_BITS, code & _MAX_WORDS) for code in codes]


def quoted_answers(
    held_out: Mapping[str, Sequence[LongSentence]],
    train: Iterable[tuple[str, Sequence[LongSentence]]],
) -> Iterator[tuple[str, str]]:
    """Ids of a training example and of a held-out one, where the first holds most of an answer.

    The answer is that of the held-out example.

    `held_out` has the long sentences of answers, `train` those of whole examples. Most of an answer
    is more than half of the words in its long sentences, and at least `PASSAGE_WORDS`.
    """
    answers_with: defaultdict[int, list[str]] = defaultdict(list)  # by digest of a sentence
    answer_words: dict[str, int] = {}
    for answer, sentences in held_out.items():
        distinct = dict(sentences)  # digest -> words; a sentence said twice counts once
        answer_words[answer] = sum(distinct.values())
        for digest in distinct:
            answers_with[digest].append(answer)
    for example, sentences in train:
        shared_words: Counter[str] = Counter()
        for digest, words in dict(sentences).items():
            for answer in answers_with.get(digest, ()):
                shared_words[answer] += words
        for answer, words in shared_words.items():
            if words >= PASSAGE_WORDS and words > answer_words[answer] / 2:
                yield example, answer


def minhash(messages: Sequence[Message]) -> bytes:
    """MinHash of the words of prompt and completion, as datasketch serializes it.

    Messages before the prompt are left out: the examples of one conversation share them.
    """
    from datasketch import LeanMinHash, MinHash  # brings scipy, which a code server can do without

    words = " ".join(message["content"] for message in messages[-2:]).lower().split()
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    shingles = [" ".join(words[at : at + SHINGLE_WORDS]).encode() for at in range(count)]
    full = MinHash(num_perm=PERMUTATIONS)
    full.update_batch(shingles)
    lean = LeanMinHash(full)
    serialized = bytearray(lean.bytesize())
    lean.serialize(serialized)
    return bytes(serialized)


class NearDuplicates:
    """An index of MinHashes that finds those whose words are nearly the same."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index: Any = MinHashLSH(num_perm=PERMUTATIONS, params=_bands_and_rows())

    def add(self, key: str, signature: bytes) -> None:
        """Add a signature, as `minhash` gives it, under a key that is not in the index yet."""
        # The check of the library would cost a look-up in every band of the index.
        self._index.insert(key, _deserialized(signature), check_duplication=False)

    def has_near(self, signature: bytes) -> bool:
        """Whether the index has a signature whose words are nearly those of this one."""
        return bool(self._index.query(_deserialized(signature)))


@cache
def _bands_and_rows() -> tuple[int, int]:
    """How the index divides a signature. Cached: the library finds it by numerical integration."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=NEAR_DUPLICATE_JACCARD, num_perm=PERMUTATIONS)
    return index.b, index.r


def _deserialized(signature: bytes) -> Any:
    from datasketch import LeanMinHash

    return LeanMinHash.deserialize(signature)
