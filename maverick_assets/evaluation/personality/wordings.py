"""The same question in five wordings: whether the answers say the same.

A personality that answers by the words of a question, and not by what it asks, says something else
each time. All answers of one personality resemble each other, so likeness counts only as far as it
exceeds that of answers to different questions.
"""

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

from pydantic import Field
from scipy.stats import t as student

from maverick_assets.evaluation.embeddings import Vectors, embed
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.personality import WordingAgreement
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml

WORDINGS = 5
_FILE = Path(__file__).with_name("wordings.yaml")


class Wordings(StrictModel):
    """wordings.yaml: by personality, questions that each have `WORDINGS` wordings."""

    personalities: dict[str, list[list[str]]] = Field(
        description="by the name of a recipe; others have no such test"
    )


@cache
def wordings_of(personality: str) -> list[list[str]]:
    """The questions of a personality, each in its wordings; none for one that has no questions."""
    return load_yaml(_FILE, Wordings).personalities.get(personality, [])


def measure_agreement(answers: Sequence[Sequence[str]]) -> WordingAgreement:
    """How much more alike the answers to one question are than those to different questions.

    `answers`: for each of at least two questions the answers to its wordings. The interval is
    Student's, over the questions.
    """
    vectors = [embed(each) for each in answers]
    same = [_mean_within(each) for each in vectors]
    different = [
        fmean(float((one @ other.T).mean()) for at, other in enumerate(vectors) if at != number)
        for number, one in enumerate(vectors)
    ]
    gaps = [inside - outside for inside, outside in zip(same, different, strict=True)]
    return WordingAgreement(
        same=fmean(same), different=fmean(different), agreement=_mean_interval(gaps)
    )


def _mean_within(vectors: Vectors) -> float:
    """Mean likeness of pairs of different texts."""
    return fmean(float(one @ other) for one, other in combinations(vectors, 2))


def _mean_interval(values: Sequence[float]) -> Interval:
    mean, n = fmean(values), len(values)
    half = float(student.ppf(0.975, n - 1)) * stdev(values) / n**0.5
    return Interval(value=mean, low=mean - half, high=mean + half, n=n)
