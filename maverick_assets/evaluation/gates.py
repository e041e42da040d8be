"""Gates: whether a version may be released, decided from its metrics alone."""

from datetime import UTC, datetime

from maverick_assets.recipes import Gates
from maverick_assets.records import GateDecision, Metrics


def apply_gates(metrics: Metrics, gates: Gates) -> GateDecision:
    """Decide on a version from its metrics; every gate gives its reason, passed or not.

    A figure that is not a number passes no gate.
    """
    results = [
        _enough_examples(metrics, gates),
        _better_than_base(metrics, gates),
        _no_regression(metrics, gates),
    ]
    return GateDecision(
        passed=all(passed for passed, _ in results),
        reasons=tuple(reason for _, reason in results),
        decided_at=datetime.now(UTC),
    )


def _enough_examples(metrics: Metrics, gates: Gates) -> tuple[bool, str]:
    passed = metrics.n_examples >= gates.min_validation_examples
    return passed, (
        f"{metrics.n_examples} held-out examples, "
        f"{'at least' if passed else 'fewer than'} the {gates.min_validation_examples} required"
    )


def _better_than_base(metrics: Metrics, gates: Gates) -> tuple[bool, str]:
    passed = metrics.ratio < gates.max_perplexity_ratio
    return passed, (
        f"held-out perplexity {metrics.adapter.perplexity:.2f} is {metrics.ratio:.3f} of the "
        f"base's {metrics.base.perplexity:.2f}, {'below' if passed else 'not below'} the limit "
        f"{gates.max_perplexity_ratio:g}"
    )


def _no_regression(metrics: Metrics, gates: Gates) -> tuple[bool, str]:
    if metrics.in_service is None:
        return True, "no version in service to compare with"
    ratio = metrics.adapter.perplexity / metrics.in_service.perplexity
    passed = ratio <= gates.max_regression
    return passed, (
        f"held-out perplexity is {ratio:.3f} of the {metrics.in_service.perplexity:.2f} of the "
        f"version in service, {'within' if passed else 'above'} the limit {gates.max_regression:g}"
    )
