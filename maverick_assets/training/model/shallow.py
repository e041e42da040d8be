"""A model cut to its first layers: as much of it as shows what each kind of layer computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

MIN_LAYERS = 4  # enough for an error to pass from one layer to the next
_NUMBERING = ("layer_idx", "layer_index", "layer_id", "layer_number", "training")


@contextmanager
def few_layers(model: Any) -> Iterator[None]:
    """Inside, the model has its first layers only, up to the first of the last kind."""
    stacks = _layer_stacks(model)
    for parent, name, layers in stacks:
        setattr(parent, name, nn.ModuleList(list(layers)[: _layers_of_each_kind(layers)]))
    try:
        yield
    finally:
        for parent, name, layers in stacks:
            setattr(parent, name, layers)


def _layer_stacks(model: Any) -> list[tuple[nn.Module, str, nn.ModuleList]]:
    """Where the model's lists of all its layers are."""
    depth = getattr(model.config.get_text_config(), "num_hidden_layers", None)
    return [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.ModuleList) and len(child) == depth
    ]


def _layers_of_each_kind(layers: nn.ModuleList) -> int:
    kinds = [_kind(layer) for layer in layers]
    firsts = [kinds.index(kind) for kind in set(kinds)]
    return max(MIN_LAYERS, max(firsts) + 1)


def _kind(layer: nn.Module) -> tuple[object, ...]:
    """What layers of the same code and the same settings have in common: classes and scalars."""
    return tuple(
        (
            name,
            type(module).__name__,
            tuple(
                (key, value)
                for key, value in sorted(vars(module).items())
                if isinstance(value, bool | int | float | str | None) and key not in _NUMBERING
            ),
        )
        for name, module in layer.named_modules()
    )
