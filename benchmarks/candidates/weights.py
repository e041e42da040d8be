"""Adapters made from other adapters: near ones, mixed ones, broken ones."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]
WEIGHTS = "adapter_model.safetensors"


def changed(adapter: Path, target: Path, change: Callable[[Tensors], Tensors]) -> Path:
    """A copy of an adapter whose tensors were changed."""
    shutil.copytree(adapter, target)
    save_file(change(load_file(adapter / WEIGHTS)), target / WEIGHTS, {"format": "pt"})
    return target


def noisy(share: float, seed: int) -> Callable[[Tensors], Tensors]:
    """Adds normal noise of this share of each tensor's own spread."""
    generator = torch.Generator().manual_seed(seed)

    def change(tensors: Tensors) -> Tensors:
        return {
            name: tensor + share * tensor.std() * torch.randn(tensor.shape, generator=generator)
            for name, tensor in sorted(tensors.items())
        }

    return change


def random_weights(spread: float, seed: int) -> Callable[[Tensors], Tensors]:
    generator = torch.Generator().manual_seed(seed)

    def change(tensors: Tensors) -> Tensors:
        return {
            name: spread * torch.randn(tensor.shape, generator=generator)
            for name, tensor in sorted(tensors.items())
        }

    return change


def mixed(other: Path, share: float) -> Callable[[Tensors], Tensors]:
    """`share` of another adapter that began with the same random weights, the rest of this one."""
    theirs = load_file(other / WEIGHTS)
    return lambda tensors: {
        name: torch.lerp(tensor, theirs[name], share) for name, tensor in tensors.items()
    }


def lost_in_float16(tensors: Tensors) -> Tensors:
    """The same products in float32, that a conversion to float16 loses: B is too small for it."""
    factor = 2.0**30
    return {
        name: tensor * (factor if "lora_A" in name else 1 / factor)
        for name, tensor in tensors.items()
    }


def with_one(value: float) -> Callable[[Tensors], Tensors]:
    """One weight is replaced."""

    def change(tensors: Tensors) -> Tensors:
        name = next(name for name in sorted(tensors) if "lora_B" in name)
        tensors[name].view(-1)[0] = value
        return tensors

    return change


def wider(tensors: Tensors) -> Tensors:
    """Of a base that is twice as wide."""
    return {
        name: torch.cat([tensor, tensor], dim=1 if "lora_A" in name else 0).contiguous()
        for name, tensor in tensors.items()
    }


def truncate(path: Path, share: float) -> None:
    """Cut a file's end off, in place."""
    content = path.read_bytes()
    path.write_bytes(content[: math.floor(len(content) * share)])


def flip_bit(path: Path, share: float) -> None:
    """Flip one bit, at this share of a file's length."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1 << 6
    path.write_bytes(bytes(content))
