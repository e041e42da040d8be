"""Whether a candidate is good, by examples that no training and no gate has seen.

A gate must not say itself which candidates are good. A sample CRM three times as large has more
texts of the same topics: so many that the difference of two adapters is known within a few
hundredths of a nat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from benchmarks.candidates.world import NAME, World, is_old, samples_of
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.sample import sample_crm
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.gates.paired import PairedLosses, paired_difference
from maverick_assets.figures.figure import Interval

_FACTOR = 3  # of the world's
EACH = 150  # examples of old topics, and of new ones
_MAX_LENGTH = 512


@dataclass(frozen=True)
class Truth:
    """The loss of a candidate less that of the version in service, in nats per token."""

    old: Interval  # on fresh texts of the topics that the version in service knows
    new: Interval  # of the others

    def __str__(self) -> str:
        return f"{self.old.value:+.3f} on old topics, {self.new.value:+.3f} on new ones"

    @property
    def is_good(self) -> bool:
        """Better on new topics, and not worse on old ones, beyond the intervals."""
        return self.new.high < 0 and self.old.low <= 0


class Judge:
    """Compares adapters with the version in service on fresh texts."""

    def __init__(self, world: World, in_service: Path, each: int = EACH) -> None:
        self._base = world.base.directory
        self._tokenizer = ChatTokenizer(self._base)
        self._examples = fresh_examples(world, each)
        self._reference = self._losses(in_service)

    def truth(self, adapter: Path) -> Truth:
        losses = self._losses(adapter)
        old, new = (self._difference(losses, old) for old in (True, False))
        return Truth(old, new)

    def _difference(self, losses: Sequence[tuple[float, int]], of_old: bool) -> Interval:
        rows = [
            (ours, theirs[0], n, example.thread_id)
            for (ours, n), theirs, example in zip(
                losses, self._reference, self._examples, strict=True
            )
            if is_old(example) is of_old
        ]
        ours, theirs, n, threads = zip(*rows, strict=True)
        return paired_difference(PairedLosses(ours, theirs, n, threads))

    def _losses(self, adapter: Path) -> list[tuple[float, int]]:
        """Nats and supervised tokens of each fresh example."""
        model = AutoModelForCausalLM.from_pretrained(self._base, dtype=torch.float32)
        lora = PeftModel.from_pretrained(model, adapter).eval()
        return [self._loss(lora, example) for example in self._examples]

    def _loss(self, lora: PeftModel, example: Example) -> tuple[float, int]:
        encoded = self._tokenizer.encode(example.messages, _MAX_LENGTH)
        ids = torch.tensor([encoded.input_ids])
        with torch.inference_mode():
            logits = lora(input_ids=ids).logits[0, encoded.n_prompt - 1 : -1].float()
        nats = torch.nn.functional.cross_entropy(
            logits, ids[0, encoded.n_prompt :], reduction="sum"
        )
        return float(nats), encoded.n_supervised


def fresh_examples(world: World, each: int) -> list[Example]:
    """So many old and so many new examples, whose answers the world's datasets do not hold."""
    answers = {example.messages[-1]["content"] for example in world.examples[NAME]}
    more = samples_of(sample_crm(factor=_FACTOR * world.factor), NAME)
    fresh = [example for example in more if example.messages[-1]["content"] not in answers]
    old = [example for example in fresh if is_old(example)]
    new = [example for example in fresh if not is_old(example)]
    return old[:each] + new[:each]
