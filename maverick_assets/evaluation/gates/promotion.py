"""Whether a version is worth the place of the one in service: a tie is not.

Two trainings of the same examples differ by luck. Were the luckier one released each time, the
figures would rise without the twin getting better, and each release has risks of its own.

A version takes the place of another in one of two ways:

- It is better on held-out examples, by more than chance and `Gates.min_gain` explain. The newest
  and the frozen set count together: one test has one chance to err, and more threads.
- It has learned what the version in service has not: new rows, or corrections, which are never held
  out. Then no interval is asked for, because these examples are not a sample of others. It must be
  better on them by `min_gain`, and on held-out examples not worse at all. Not even within the
  interval: night after night a little worse would add up to a lot, while the same held-out examples
  measure each night.

A major version is a copy of the one in service, and takes its place. Where no version is in service
the base is, and a version must be better than it by more than chance explains; with too few threads
for an interval the ratio of the perplexities decides alone.
"""

import math

from maverick_assets.figures.figure import Interval
from maverick_assets.metric_paths import measured
from maverick_assets.recipes import Gates
from maverick_assets.records import GateResult, Metrics

GATE = "worth a release"
_IN_SERVICE, _NEW, _BASE = (
    f"comparisons.{name}" for name in ("in_service.held_out", "in_service.new", "base.held_out")
)


def promotion(metrics: Metrics, gates: Gates) -> GateResult:
    """Whether a candidate takes the place of the version in service, as this module says."""
    if metrics.in_service is None:
        return _first(metrics)
    held_out, new = _difference(metrics, _IN_SERVICE), _difference(metrics, _NEW)
    if metrics.provenance is not None and metrics.provenance.is_copy:
        return _result(gates, held_out, True, "it is the version in service under its next number")
    if held_out is None:
        return _result(gates, None, False, "not compared with the version in service")
    if held_out.high < -gates.min_gain:
        reason = f"better than the version in service by {_gain(held_out)}"
        return _result(gates, held_out, True, reason)
    if new is None:
        lacks = "it has learned nothing that the version in service has not"
    elif not new.value < -gates.min_gain:
        lacks = f"on what it has learned since by {_gain(new)}"
    elif not held_out.value <= 0:  # or not a number
        lacks = "it has learned new examples, but is worse on held-out ones"
    else:
        reason = (
            f"better than the version in service by {_gain(new)} on what it has learned since, and "
            f"by {_gain(held_out)} on held-out examples"
        )
        return _result(gates, held_out, True, reason)
    reason = f"not better than the version in service: by {_gain(held_out)}, and {lacks}"
    return _result(gates, held_out, False, reason)


def is_tie(result: GateResult) -> bool:
    """Whether `promotion` found a candidate as good as the version in service, and no better.

    Without a version in service, without a comparison, and where the difference is not a number,
    it is no tie.
    """
    measured_it = result.value is not None and math.isfinite(result.value)
    return not result.passed and result.metric == _IN_SERVICE and measured_it


def _first(metrics: Metrics) -> GateResult:
    """Without a version in service the base is what a candidate must be better than."""
    difference = _difference(metrics, _BASE)
    if difference is None or (math.isnan(difference.high) and math.isfinite(difference.value)):
        reason = "no version in service; too few threads for an interval"
        return GateResult(gate=GATE, metric=_BASE, interval=difference, passed=True, reason=reason)
    passed = difference.high < 0
    return GateResult(
        gate=GATE,
        metric=_BASE,
        value=difference.value,
        interval=difference,
        limit="below 0",
        passed=passed,
        reason=f"no version in service; {'better' if passed else 'not better'} than the base by "
        f"{_gain(difference)}",
    )


def _result(gates: Gates, held_out: Interval | None, passed: bool, reason: str) -> GateResult:
    return GateResult(
        gate=GATE,
        metric=_IN_SERVICE,
        value=held_out and held_out.value,
        interval=held_out,
        limit=f"below {-gates.min_gain:g}",
        passed=passed,
        reason=reason,
    )


def _difference(metrics: Metrics, path: str) -> Interval | None:
    value = measured(metrics, path)
    return value if isinstance(value, Interval) else None


def _gain(difference: Interval) -> str:
    """How much better a candidate is; an interval without ends is left out."""
    gain = f"{-difference.value:.3f} nats per token"
    if math.isnan(difference.low):
        return f"{gain} ({difference.n} threads)"
    return f"{gain} ({-difference.high:.3f} to {-difference.low:.3f}, {difference.n} threads)"
