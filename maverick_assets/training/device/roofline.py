"""The roofline of a training: how many tokens a second this hardware could train at most.

It is the rate of the hardware's matrix products divided by what a token needs of them. Training all
N parameters takes three products with each weight: forward, for the gradient of its input, and for
the gradient of the weight. Each is 2 FLOPs per parameter (Kaplan et al. 2020, "Scaling Laws for
Neural Language Models", 2.1), together 6 N per token. LoRA leaves out the third, because the
weights are frozen: 4 N.

The share of the roofline that a run reaches is the model FLOPs utilisation of Chowdhery et al. 2022
("PaLM", appendix B), except that the rate is measured here and now instead of taken from the data
sheet. As there, the head counts at every token, and the products of attention and of the adapters
do not count.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers.pytorch_utils import Conv1D

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import PackThreads, pack_threads

ROUND_SECONDS = 0.002  # one timing; so short that a busy neighbour leaves some undisturbed
PRODUCT_SECONDS = 0.05  # all timings of one product


def roofline_tokens_per_second(model: Any, hardware: Hardware) -> float:
    """Tokens a second that LoRA training of `model`, still without adapters, could reach here."""
    return matmul_flops_per_second(model, hardware) / (4 * multiplied_parameters(model))


def multiplied_parameters(model: Any) -> int:
    """Parameters of the matrices that every token is multiplied with.

    The input embedding is left out: a token looks up a row of it. The head counts, also where it
    shares its weights with the embedding. Of the experts of a mixture those count that a token is
    sent to.
    """
    shapes = [*_decoder_shapes(model), _shape(model.get_output_embeddings())]
    return sum(map(math.prod, shapes)) + _expert_parameters(model)


def _expert_parameters(model: Any) -> int:
    """Parameters of the experts that one token is sent to; transformers stacks all of a layer."""
    config = model.config.get_text_config()
    used = getattr(config, "num_experts_per_tok", None) or 1
    stacks = (w for w in model.parameters() if w.ndim == 3 and w.shape[0] > used and w.shape[2] > 1)
    return sum(stack.numel() // len(stack) * used for stack in stacks)


def matmul_flops_per_second(model: Any, hardware: Hardware) -> float:
    """FLOPs a second of the fastest product with a frozen weight, with all threads busy.

    Measured in a fraction of a second on whatever other programs leave of the machine now. It draws
    nothing from torch's global random generators, so that a seeded run stays reproducible. The
    head's product is not tried: its result, a vocabulary for each token, would take much memory.
    """
    with pack_threads(hardware) as threads:
        return max(_shape_rate(shape, hardware, threads) for shape in set(_decoder_shapes(model)))


def _decoder_shapes(model: Any) -> list[tuple[int, int]]:
    """The shape of each linear layer below the head."""
    layers = model.base_model.modules()
    return [_shape(layer) for layer in layers if isinstance(layer, torch.nn.Linear | Conv1D)]


def _shape(layer: Any) -> tuple[int, int]:
    """(out, in). Read from the layer, since a weight in 4 bits has another shape."""
    if isinstance(layer, Conv1D):  # GPT-2's linear layer
        return layer.nf, layer.nx
    return layer.out_features, layer.in_features


def _shape_rate(shape: tuple[int, int], hardware: Hardware, threads: PackThreads) -> float:
    """FLOPs a second with a weight (out, in), forward or backward, whichever is faster."""
    outputs, inputs = shape
    tokens = hardware.micro_batch_tokens
    # Drawn on the device: a core would take seconds for what 16,384 tokens of a Llama of 8B need.
    generator = torch.Generator(hardware.device).manual_seed(0)
    weight, x, grad_out = (
        torch.randn(size, generator=generator, device=hardware.device).to(hardware.dtype)
        for size in (shape, (tokens, inputs), (tokens, outputs))
    )
    flops = 2 * tokens * outputs * inputs
    products = (lambda: x @ weight.t(), lambda: grad_out @ weight)
    return flops * max(_calls_per_second(product, hardware, threads) for product in products)


def _calls_per_second(
    product: Callable[[], torch.Tensor], hardware: Hardware, threads: PackThreads
) -> float:
    """Calls a second of all threads together, the best of several short rounds.

    The best and not the mean, because other programs can only slow a round down.
    """

    def repeat(times: int) -> None:
        for _ in range(times):
            product()
        if hardware.device == "cuda":
            torch.cuda.synchronize()  # kernels run after the call returns

    def round_rate(times: int) -> float:
        started = time.perf_counter()
        list(threads.map(repeat, [times] * threads.count))
        return times * threads.count / (time.perf_counter() - started)

    round_rate(1)  # the first call compiles kernels and allocates memory
    times = math.ceil(round_rate(1) / threads.count * ROUND_SECONDS)
    best, end = 0.0, time.perf_counter() + PRODUCT_SECONDS
    while best == 0 or time.perf_counter() < end:
        best = max(best, round_rate(times))
    return best
