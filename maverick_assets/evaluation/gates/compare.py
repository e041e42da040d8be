"""A candidate compared with base and version in service, from the losses of single examples."""

from maverick_assets.evaluation.evidence import ScoredExamples
from maverick_assets.evaluation.gates.paired import (
    PairedLosses,
    difference_of_sets,
    paired_difference,
)
from maverick_assets.figures.comparison import Against, ComparedSet, Comparison, Generalisation
from maverick_assets.registry.compared_sets import ComparedSets

_AGAINST: tuple[Against, ...] = ("base", "in_service")


def compare(scored: ScoredExamples, sets: ComparedSets) -> tuple[Comparison, ...]:
    """The candidate against each other model that was scored, on each set that has an example."""
    by_set: dict[ComparedSet, frozenset[str]] = {
        "newest": sets.newest,
        "frozen": sets.frozen,
        "held_out": sets.newest | sets.frozen,
        "trained": sets.trained,
        "new": sets.new,
    }
    others = [other for other in _AGAINST if other in scored.losses]
    chosen = {name: scored.of(ids) for name, ids in by_set.items()}
    return tuple(
        Comparison(
            against=other,
            on=name,
            difference=paired_difference(_losses(some, other)),
            n_examples=len(some.examples),
        )
        for name, some in chosen.items()
        if some.examples
        for other in others
    )


def generalisation(scored: ScoredExamples, sets: ComparedSets) -> Generalisation | None:
    """What the candidate gains over the base on held-out examples, beside that on learned ones.

    None without examples of both kinds. Where nothing is gained on learned ones there is no share,
    and the excess still says whether held-out ones were seen.
    """
    held_out, trained = scored.of(sets.newest | sets.frozen), scored.of(sets.trained)
    if not held_out.examples or not trained.examples:
        return None
    losses = _losses(trained, "base"), _losses(held_out, "base")
    gain_trained, gain_held_out = (-paired_difference(each).value for each in losses)
    return Generalisation(
        share=None if gain_trained <= 0 else gain_held_out / gain_trained,
        excess=difference_of_sets(*losses),  # losses fall by gains: learned less held-out
    )


def _losses(scored: ScoredExamples, other: Against) -> PairedLosses:
    """The losses of the candidate beside those of another model."""
    return PairedLosses(
        scored.losses["candidate"],
        scored.losses[other],
        scored.n_supervised,
        [f"{example.source} {example.thread_id}" for example in scored.examples],
    )
