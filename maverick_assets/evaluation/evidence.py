"""What figures of a candidate are computed from: its examples, losses and answers (no torch)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.spec import EvaluationSpec

# Who answers the prompts. `prompt_pack` is the base with a card of the owner's style and examples
# of his in its prompt, `other` another personality's adapter on the same base.
Arm = Literal["base", "prompt_pack", "other", "in_service", "candidate"]


@dataclass(frozen=True)
class Answered:
    """A held-out prompt, and what each arm answered: sampled as in service, from fixed seeds."""

    example: Example  # its last message is the real answer
    answers: Mapping[Arm, str]  # of the arms that this evaluation has
    ended: Mapping[Arm, bool] = field(default_factory=dict)  # by itself, before the limit


@dataclass(frozen=True)
class ScoredExamples:
    """Examples, and what each arm makes of them. All sequences are of one length."""

    examples: Sequence[Example] = ()
    n_supervised: Sequence[int] = ()  # tokens of each example
    losses: Mapping[Arm, Sequence[float]] = field(default_factory=dict)  # nats of each example

    def of(self, ids: frozenset[str]) -> "ScoredExamples":
        """Those of some ids."""
        places = [at for at, example in enumerate(self.examples) if example.example_id in ids]
        return ScoredExamples(
            [self.examples[at] for at in places],
            [self.n_supervised[at] for at in places],
            {arm: [losses[at] for at in places] for arm, losses in self.losses.items()},
        )


@dataclass(frozen=True)
class Evidence:
    """Everything about one candidate that its figures are computed from."""

    spec: EvaluationSpec
    examples: Sequence[Example]  # of the split that is scored
    n_supervised: Sequence[int]  # tokens of each example
    losses: Mapping[Arm, Sequence[float]]  # nats, summed over each example's completion
    answered: Sequence[Answered]  # of some of the examples
    train: Sequence[Example]  # what the candidate was trained on
    # Nats of every answer to every general question (`text/skills.py`).
    skill_losses: Mapping[Arm, Sequence[float]] = field(default_factory=dict)
    compared: ScoredExamples = ScoredExamples()  # those of `spec.compared`


def pick_evenly(examples: Sequence[Example], count: int) -> list[Example]:
    """At most `count` examples, evenly spaced in time from the oldest to the newest."""
    ordered = sorted(examples, key=lambda example: (example.occurred_at, example.example_id))
    if len(ordered) <= count:
        return ordered
    gaps = max(count - 1, 1)
    return [ordered[round(at * (len(ordered) - 1) / gaps)] for at in range(count)]
