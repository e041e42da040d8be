"""Gates: may a candidate be released? A pure decision on figures."""

from dataclasses import dataclass

from maverick_assets.recipes import Gates
from maverick_assets.records import Metrics, Score


@dataclass(frozen=True)
class Decision:
    """`reasons`: one sentence for each gate, whether it let the candidate pass or not."""

    passed: bool
    reasons: list[str]


def decide(metrics: Metrics, gates: Gates, in_service: Score | None) -> Decision:
    """Judge a candidate; `in_service` is the released version's score on the same split.

    A figure that is not a number passes no gate.
    """
    found = [
        _enough_examples(metrics, gates),
        _better_than_base(metrics, gates),
        _no_regression(metrics, gates, in_service),
    ]
    return Decision(all(passed for passed, _ in found), [reason for _, reason in found])


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


def _no_regression(metrics: Metrics, gates: Gates, in_service: Score | None) -> tuple[bool, str]:
    if in_service is None:
        return True, "no version in service to compare with"
    ratio = metrics.adapter.perplexity / in_service.perplexity
    passed = ratio <= gates.max_regression
    return passed, (
        f"held-out perplexity is {ratio:.3f} of the {in_service.perplexity:.2f} of the version in "
        f"service, {'within' if passed else 'above'} the limit {gates.max_regression:g}"
    )
