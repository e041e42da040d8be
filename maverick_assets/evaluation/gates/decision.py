"""Gates: whether a version may be released, decided from its metrics alone."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from maverick_assets.evaluation.gates.promotion import is_tie, promotion
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.memorisation import SERVICE_REPEATS, VersionAudit
from maverick_assets.metric_paths import measured
from maverick_assets.recipes import Gates, Limit
from maverick_assets.records import AUDIT_GATE, GateDecision, GateResult, Metrics


def apply_gates(metrics: Metrics, gates: Gates) -> GateDecision:
    """Decide on a version from its metrics; every gate gives its reason, passed or not.

    A figure that is not a number passes no gate. One that was not measured is named, and passes
    unless the recipe requires it.
    """
    worth = promotion(metrics, gates)
    others = [
        _enough_examples(metrics, gates),
        _better_than_base(metrics, gates),
        _no_regression(metrics, gates),
        _splits_apart(metrics),
        *(_within(metrics, limit) for limit in gates.all_limits),
        *audited(metrics.audit),
    ]
    sound = all(result.passed for result in others)
    results = [*others, worth]
    return GateDecision(
        passed=sound and worth.passed,
        reasons=tuple(_reasons(results)),
        gates=tuple(results),
        is_tie=sound and is_tie(worth),
        decided_at=datetime.now(UTC),
    )


def _reasons(results: list[GateResult]) -> Iterator[str]:
    """A sentence for each gate; one for all that were not measured and pass."""
    unmeasured = []
    for result in results:
        if result.value is None and result.passed and result.limit:
            unmeasured.append(result.metric)
        else:
            yield result.reason
    if unmeasured:
        yield f"not measured, and not required: {', '.join(unmeasured)}"


def _enough_examples(metrics: Metrics, gates: Gates) -> GateResult:
    passed = metrics.n_examples >= gates.min_validation_examples
    return GateResult(
        gate="enough examples",
        metric="n_examples",
        value=metrics.n_examples,
        limit=f"at least {gates.min_validation_examples}",
        passed=passed,
        reason=f"{metrics.n_examples} held-out examples, "
        f"{'at least' if passed else 'fewer than'} the {gates.min_validation_examples} required",
    )


def _better_than_base(metrics: Metrics, gates: Gates) -> GateResult:
    passed = metrics.ratio < gates.max_perplexity_ratio
    return GateResult(
        gate="better than the base",
        metric="ratio",
        value=metrics.ratio,
        limit=f"below {gates.max_perplexity_ratio:g}",
        passed=passed,
        reason=f"held-out perplexity {metrics.adapter.perplexity:.2f} is {metrics.ratio:.3f} of "
        f"the base's {metrics.base.perplexity:.2f}, {'below' if passed else 'not below'} the limit "
        f"{gates.max_perplexity_ratio:g}",
    )


def _no_regression(metrics: Metrics, gates: Gates) -> GateResult:
    name, metric = "no regression", "in_service.perplexity"
    if metrics.in_service is None:
        reason = "no version in service to compare with"
        return GateResult(gate=name, metric=metric, passed=True, reason=reason)
    ratio = metrics.adapter.perplexity / metrics.in_service.perplexity
    passed = ratio <= gates.max_regression
    return GateResult(
        gate=name,
        metric=metric,
        value=ratio,
        limit=f"at most {gates.max_regression:g}",
        passed=passed,
        reason=f"held-out perplexity is {ratio:.3f} of the {metrics.in_service.perplexity:.2f} of "
        f"the version in service, {'within' if passed else 'above'} the limit "
        f"{gates.max_regression:g}",
    )


def _splits_apart(metrics: Metrics) -> GateResult:
    """No example that is measured may have been learned; those of earlier versions are left out."""
    records = metrics.provenance
    overlap = records.overlap if records else None
    if overlap:
        reason = f"its training and held-out examples are not apart: {overlap}"
    elif records and records.left_out:
        reason = (
            f"{records.left_out} held-out examples were left out: an earlier version learned them"
        )
    else:
        reason = "no held-out example was learned, by the records"
    if records and records.unreadable:
        gone = ", ".join(map(str, records.unreadable))
        reason += f"; what versions {gone} of the dataset held is not known any more"
    return GateResult(
        gate="held-out examples not learned",
        metric="provenance.overlap",
        passed=not overlap,
        reason=reason,
    )


def audited(audit: VersionAudit | None) -> Iterator[GateResult]:
    """Of a major version: a recent, valid audit gave no canary away."""
    if audit is None:
        return
    if audit.problems:
        reason = f"what it could give away is not known: {'; '.join(audit.problems)}"
    else:
        reason = (
            f"{audit.given_away} of {audit.n} canaries given away that were read up to "
            f"{SERVICE_REPEATS} times"
        )
    yield GateResult(
        gate=AUDIT_GATE,
        metric="audit.given_away",
        value=audit.given_away,
        limit="at most 0",
        passed=not audit.problems and audit.given_away == 0,
        reason=reason,
    )


def _within(metrics: Metrics, limit: Limit) -> GateResult:
    """A bound of the recipe; an interval is refused where all of it lies beyond the bound."""
    value = measured(metrics, limit.metric)
    if value is None or (isinstance(value, Interval) and not _has_ends(value)):
        return _unmeasured(limit, value if isinstance(value, Interval) else None)
    interval = value if isinstance(value, Interval) else None
    low, middle, high = (
        (value.low, value.value, value.high) if isinstance(value, Interval) else (value,) * 3
    )
    if limit.at_most is not None:
        passed = low <= limit.at_most + limit.margin
    else:
        assert limit.at_least is not None
        passed = high >= limit.at_least - limit.margin
    return GateResult(
        gate=limit.metric,
        metric=limit.metric,
        value=middle,
        interval=interval,
        limit=_bound(limit),
        passed=passed,
        reason=f"{limit.metric} is {_shown(value)}, {'within' if passed else 'beyond'} the limit "
        f"{_bound(limit)}",
    )


def _unmeasured(limit: Limit, interval: Interval | None) -> GateResult:
    """What has no value or no interval. One that is not a number was measured, and passes never."""
    broken = interval is not None and not math.isfinite(interval.value)
    lacks = f"too few for an interval (n = {interval.n})" if interval else "not measured"
    if broken:
        lacks = "not a number"
    return GateResult(
        gate=limit.metric,
        metric=limit.metric,
        interval=interval,
        limit=_bound(limit),
        passed=not limit.required and not broken,
        reason=f"{limit.metric}: {lacks}{', and required' if limit.required else ''}",
    )


def _has_ends(interval: Interval) -> bool:
    return math.isfinite(interval.low) and math.isfinite(interval.high)


def _bound(limit: Limit) -> str:
    word, bound = (
        ("at most", limit.at_most) if limit.at_most is not None else ("at least", limit.at_least)
    )
    return f"{word} {bound:g}" + (f", with a margin of {limit.margin:g}" if limit.margin else "")


def _shown(value: Interval | float) -> str:
    """A figure; n counts threads of most figures, of general questions these."""
    if isinstance(value, Interval):
        return f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f}, n = {value.n})"
    return f"{value:.3f}".rstrip("0").rstrip(".")
