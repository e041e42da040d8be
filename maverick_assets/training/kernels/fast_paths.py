"""Which parts of a pass the engine computes its own way; the others are left to transformers."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class FastPaths:
    """Switches, each of which may be off alone.

    All off is the plainest pass: one document at a time, through the code of transformers, with
    peft's formula.
    """

    packs: bool = True  # several documents in one pass (`packing.py`)
    attention: bool = True  # by documents (`attention.py`); off: the model's own
    prefixes: bool = True  # shared ones are computed once (`prefixes.py`); needs the two above
    norms: bool = True  # RMSNorm as one node (`norms.py`)
    lora: bool = True  # one product for all adapters (`lora.py`); off: packs of one adapter each
    head: bool = True  # logits in chunks, never kept (`completion_loss.py`)

    @property
    def shares_prefixes(self) -> bool:
        return self.packs and self.attention and self.prefixes

    @property
    def side_by_side(self) -> bool:
        """Whether threads may compute passes at the same time.

        A model whose documents cannot share a pass may be one that adapts itself to the length of
        each, such as the rotary scale of Phi 3, which it keeps in the module from pass to pass.
        """
        return self.packs

    @property
    def switched_off(self) -> tuple[str, ...]:
        """Names of the switches that are off."""
        return tuple(field.name for field in fields(self) if not getattr(self, field.name))

    def with_on(self, *names: str) -> "FastPaths":
        """The same switches, with these on."""
        return replace(self, **dict.fromkeys(names, True))


ALL_FAST = FastPaths()
PLAINEST = FastPaths(**{field.name: False for field in fields(FastPaths)})
