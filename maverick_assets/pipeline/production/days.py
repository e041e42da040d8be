"""What each version did in service, by day: the rows of `lake/metrics/days`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from math import ceil, sqrt
from pathlib import Path
from statistics import fmean, stdev

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.evaluation.people.judgements import Judgement
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.lake.schema import schema_of
from maverick_assets.lake.served import Served, topic_shares
from maverick_assets.pipeline.production.drift import (
    MIN_ANSWERS,
    Drift,
    length_drift,
    topic_drift,
)
from maverick_assets.pipeline.production.feedback import Feedback

_Group = tuple[str, str, date]  # personality, version, day


@dataclass
class _InService:
    """What happened to a version."""

    served: list[Served] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)


@dataclass(frozen=True)
class VersionMetrics:
    """What one version of a personality did on a day (or from that day on)."""

    key: str  # personality, version and day
    personality: str
    version: str
    day: str  # in UTC, as 2026-11-28
    answers: int
    first_token_ms_p50: int | None  # from the request to the first word; None without answers
    first_token_ms_p95: int | None
    total_ms_p50: int | None
    total_ms_p95: int | None
    ratings: int
    rating_mean: float | None  # 1 to 10; None without ratings
    rating_low: float | None  # interval of 95 %; None for a single rating
    rating_high: float | None
    corrections: int
    topic_drift: float | None  # Jensen-Shannon divergence from training's questions, 0 to 1
    topic_p: float | None  # how often chance alone is as far
    length_drift: float | None  # Kolmogorov-Smirnov statistic of answers' lengths, 0 to 1
    length_p: float | None
    judgements: int  # blind ones, of one question by one judge the last
    taken_for_owner: int  # how many of them took this version's answer for the owner's
    judged_mean: float | None  # 1 to 10, of this version's answers; None without judgements


METRICS_SCHEMA = schema_of(VersionMetrics)


@dataclass(frozen=True)
class Training:
    """A personality's training texts, as far as drift is measured against them."""

    lake: Path
    personality: str

    @cached_property
    def _texts(self) -> tuple[list[str], list[str]]:
        """Questions and answers of the newest dataset's training examples."""
        path = dataset_path(self.lake, self.personality)
        table = open_table(path)
        examples = read_examples(path, table.version(), "train") if table else []
        messages = [example.messages for example in examples]
        return [each[-2]["content"] for each in messages], [
            each[-1]["content"] for each in messages
        ]

    @cached_property
    def topics(self) -> list[float]:
        return topic_shares(self._texts[0])

    @cached_property
    def lengths(self) -> list[int]:
        """Characters of each answer."""
        return [len(answer) for answer in self._texts[1]]


def by_day(
    lake: Path,
    served: Sequence[Served],
    feedback: Sequence[Feedback],
    judgements: Sequence[Judgement] = (),
) -> list[VersionMetrics]:
    """A row for each personality, version and day with an answer, a rating or a judgement."""
    return grouped(lake, served, feedback, judgements, lambda at: at.astimezone(UTC).date())


def grouped(
    lake: Path,
    served: Iterable[Served],
    feedback: Iterable[Feedback],
    judgements: Iterable[Judgement],
    day_of: Callable[[datetime], date],
) -> list[VersionMetrics]:
    """A row for each personality, version and `day_of` the moment of what happened to it."""
    groups: defaultdict[_Group, _InService] = defaultdict(_InService)
    for row in served:
        groups[row.personality, row.version, day_of(row.served_at)].served.append(row)
    for each in feedback:
        groups[each.personality, each.version, day_of(each.at)].feedback.append(each)
    for said in judgements:
        groups[said.personality, said.version, day_of(said.at)].judgements.append(said)
    trainings = {name: Training(lake, name) for name, _, _ in groups}
    return [_metrics(group, groups[group], trainings[group[0]]) for group in sorted(groups)]


def _metrics(group: _Group, happened: _InService, training: Training) -> VersionMetrics:
    personality, version, day = group
    served, feedback = happened.served, happened.feedback
    judged = [each.ratings["version"] for each in happened.judgements if "version" in each.ratings]
    first = sorted(row.first_token_ms for row in served)
    total = sorted(row.total_ms for row in served)
    ratings = [each.rating for each in feedback if each.rating is not None]
    low, high = mean_interval(ratings)
    topics = [row.topic for row in served if row.topic is not None]
    asked: Drift | None = None
    said: Drift | None = None
    if len(served) >= MIN_ANSWERS:  # so that a day of few answers reads no dataset
        asked = topic_drift(topics, training.topics)
        said = length_drift([row.characters for row in served], training.lengths)
    return VersionMetrics(
        key=f"{personality} {version} {day}",
        personality=personality,
        version=version,
        day=str(day),
        answers=len(served),
        first_token_ms_p50=quantile(first, 0.5),
        first_token_ms_p95=quantile(first, 0.95),
        total_ms_p50=quantile(total, 0.5),
        total_ms_p95=quantile(total, 0.95),
        ratings=len(ratings),
        rating_mean=fmean(ratings) if ratings else None,
        rating_low=low,
        rating_high=high,
        corrections=sum(each.corrected for each in feedback),
        topic_drift=asked.distance if asked else None,
        topic_p=asked.p_value if asked else None,
        length_drift=said.distance if said else None,
        length_p=said.p_value if said else None,
        judgements=len(happened.judgements),
        taken_for_owner=sum(each.taken_for_owner == "version" for each in happened.judgements),
        judged_mean=fmean(judged) if judged else None,
    )


def quantile(ordered: Sequence[int], share: float) -> int | None:
    """The smallest value that at least this share of the values does not exceed."""
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None


def mean_interval(ratings: Sequence[int]) -> tuple[float | None, float | None]:
    """Student's interval of 95 % for a mean, within 1 to 10; (None, None) for fewer than two."""
    if len(ratings) < 2:
        return None, None
    from scipy.stats import t

    half = float(t.ppf(0.975, len(ratings) - 1)) * stdev(ratings) / sqrt(len(ratings))
    mean = fmean(ratings)
    return max(1.0, mean - half), min(10.0, mean + half)
