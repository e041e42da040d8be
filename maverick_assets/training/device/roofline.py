"""How many tokens a second the hardware allows: the rate of its matrix products over what a token
needs of them.

LoRA takes each product with a frozen weight twice, forward and for the gradient of its input; the
third, for the gradient of the weight, is what full training has more. Each is 2 FLOPs a parameter
(Kaplan et al. 2020, "Scaling Laws for Neural Language Models", 2.1), so a token needs 4 N. The
share of the bound that is reached is the model FLOPs utilisation of Chowdhery et al. 2022 ("PaLM",
appendix B), over a rate that is measured here instead of the maker's figure. As there, the head
counts at every token; products of attention and of the adapters do not count.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import torch

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import PackThreads, pack_threads

ROUND_SECONDS = 0.002  # so short that some are not disturbed
SECONDS = 0.05  # of each kind of product


def roofline_tokens_per_second(model: Any, hardware: Hardware) -> float:
    """Tokens a second that LoRA on `model`, which has no adapters yet, could train at most here."""
    return matmul_flops_per_second(model, hardware) / (4 * multiplied_parameters(model))


def multiplied_parameters(model: Any) -> int:
    """Those of the weights that each token is multiplied with; not those that are looked up."""
    return sum(map(math.prod, [*_shapes(model), _shape(model.get_output_embeddings())]))


def matmul_flops_per_second(model: Any, hardware: Hardware) -> float:
    """FLOPs a second of the fastest product with a frozen weight of a layer, all workers busy, on
    what neighbours leave of the machine now.

    Takes a fraction of a second, and no number from the global random generators. The head's own
    product is left out: it has the memory of a vocabulary for each token.
    """
    with pack_threads(hardware) as workers:
        return max(_rate(shape, hardware, workers) for shape in set(_shapes(model)))


def _shapes(model: Any) -> list[tuple[int, int]]:
    """Of each frozen weight below the head."""
    layers = model.get_decoder().modules()
    return [_shape(layer) for layer in layers if isinstance(layer, torch.nn.Linear)]


def _shape(layer: Any) -> tuple[int, int]:
    """(out, in), of a quantised weight, too."""
    return layer.out_features, layer.in_features


def _rate(shape: tuple[int, int], hardware: Hardware, workers: PackThreads) -> float:
    """Of the better one of forward and backward, each the best of several rounds: a neighbour on
    the machine makes rounds slower, nothing makes one faster."""
    outputs, inputs = shape
    generator = torch.Generator().manual_seed(0)
    weight, below, above = (
        torch.randn(size, generator=generator).to(hardware.device, hardware.dtype)
        for size in (
            shape,
            (hardware.micro_batch_tokens, inputs),
            (hardware.micro_batch_tokens, outputs),
        )
    )
    flops = 2 * hardware.micro_batch_tokens * outputs * inputs
    products = (lambda: below @ weight.t(), lambda: above @ weight)
    return flops * max(_calls_per_second(product, hardware, workers) for product in products)


def _calls_per_second(
    product: Callable[[], torch.Tensor], hardware: Hardware, workers: PackThreads
) -> float:
    def repeat(times: int) -> None:
        for _ in range(times):
            product()
        if hardware.device == "cuda":
            torch.cuda.synchronize()

    def rate(times: int) -> float:
        started = time.perf_counter()
        list(workers.map(repeat, [times] * workers.count))
        return times * workers.count / (time.perf_counter() - started)

    rate(1)  # kernels are chosen, memory is taken
    times = math.ceil(rate(1) / workers.count * ROUND_SECONDS)
    best, end = 0.0, time.perf_counter() + SECONDS
    while best == 0 or time.perf_counter() < end:
        best = max(best, rate(times))
    return best
