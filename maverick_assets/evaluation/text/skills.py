"""General skills: what every instructed base can do, and a trained version must not forget.

A version that learns one person's mails may lose arithmetic, capitals and sayings (catastrophic
forgetting, McCloskey & Cohen 1989). Forty small questions with four answers each are scored as
multiple-choice benchmarks are (Brown et al. 2020): by how likely the model finds each answer, so
nothing has to be generated or understood. One question says nothing; the mean, beside that of the
base, does.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.text import Skills
from maverick_assets.yaml_files import parse_yaml

_FILE = Path(__file__).with_name("skills.yaml")
ANSWERS = 4  # to each question, the right one first
_MAX_LENGTH = 512  # tokens; the longest has 60
_RESAMPLES = 2000


@dataclass(frozen=True)
class Question:
    """A question with its answers, of which the first is right."""

    ask: str
    answers: tuple[str, ...]


@cache
def skill_questions() -> tuple[Question, ...]:
    entries = parse_yaml(_FILE)
    return tuple(Question(entry["ask"], tuple(entry["answers"])) for entry in entries)


def skill_rows(tokenizer: ChatTokenizer) -> list[Encoded]:
    """Every question with each of its answers, `ANSWERS` rows a question."""
    rows = []
    for question in skill_questions():
        for answer in question.answers:
            messages = [
                Message(role="user", content=question.ask),
                Message(role="assistant", content=answer),
            ]
            rows.append(tokenizer.encode(messages, _MAX_LENGTH))
    return rows


def measure_skills(losses: Sequence[float], base_losses: Sequence[float]) -> Skills:
    """Compare a version with its base by the losses (nats) of the rows of `skill_rows`.

    The interval is that of a paired bootstrap over questions (Efron 1979), from a fixed seed.
    """
    own, base = _right_probabilities(losses), _right_probabilities(base_losses)
    differences = own - base
    picks = np.random.default_rng(0).integers(0, len(own), (_RESAMPLES, len(own)))
    low, high = np.quantile(differences[picks].mean(1), [0.025, 0.975])
    return Skills(
        n=len(own),
        digest=hashlib.sha256(_FILE.read_bytes()).hexdigest()[:12],
        accuracy=_accuracy(losses),
        base_accuracy=_accuracy(base_losses),
        probability=float(own.mean()),
        base_probability=float(base.mean()),
        difference=Interval(
            value=float(differences.mean()), low=float(low), high=float(high), n=len(own)
        ),
    )


def _right_probabilities(losses: Sequence[float]) -> npt.NDArray[np.float64]:
    """Probability of the right answer among those of its question: a softmax over the answers."""
    logits = -np.asarray(losses, dtype=float).reshape(-1, ANSWERS)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = weights[:, 0] / weights.sum(1)
    return probabilities


def _accuracy(losses: Sequence[float]) -> float:
    table = np.asarray(losses, dtype=float).reshape(-1, ANSWERS)
    return float((table.argmin(1) == 0).mean())
