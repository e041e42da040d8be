"""How much of the owner's words an answer has: BLEU and chrF, computed by sacrebleu (Post 2018).

Both were made for translations, where the source fixes what is said. An answer may be right and
share no word with the real one, so neither says how good a version is. Along the versions of one
personality, on the same prompts, a fall is a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Overlap:
    """A score of a corpus with the signature of its computation."""

    score: float  # 0 (nothing in common) to 100 (equal)
    signature: str


def bleu(answers: Sequence[str], real: Sequence[str]) -> Overlap:
    """BLEU (Papineni et al. 2002) of a corpus: the geometric mean of the precision of one to four
    words, shortened answers punished. Exponential smoothing, tokens of mteval 13a."""
    from sacrebleu.metrics.bleu import BLEU  # takes a second to import: only when it is needed

    metric = BLEU(smooth_method="exp", tokenize="13a")
    return _overlap(metric, answers, real)


def chrf(answers: Sequence[str], real: Sequence[str]) -> Overlap:
    """chrF2 (Popovic 2015) of a corpus: F-score of one to six characters, recall counted double."""
    from sacrebleu.metrics.chrf import CHRF

    return _overlap(CHRF(), answers, real)


def _overlap(metric: Any, answers: Sequence[str], real: Sequence[str]) -> Overlap:
    corpus = metric.corpus_score(list(answers), [list(real)])
    return Overlap(float(corpus.score), str(metric.get_signature()))
