"""Two small adapters that are trained together, and a step of theirs that goes wrong."""

import math

import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.recipes import Training
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop import adapter_state
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapter_state import AdapterState, AdapterStep
from maverick_assets.training.loop.stepper import Stepper

CPU = Hardware("cpu", torch.float32)
SETTINGS = Training(rank=4, alpha=8, learning_rate=0.01, epochs=6, batch_tokens=16)
ROWS = [Encoded([1, 2 + at, 3, 10 + at, 11, 12], 2 + at % 3) for at in range(6)]
JOBS = [
    AdapterJob("one", ROWS, SETTINGS, validation_rows=ROWS[:2]),
    AdapterJob(
        "two", ROWS[:3], SETTINGS.model_copy(update={"epochs": 3}), validation_rows=ROWS[3:]
    ),
]


def take_step_with_a_bad_loss(state: AdapterState, stepper: Stepper, loss: float) -> AdapterStep:
    """`take_step`, except that the third step of the first adapter has a bad loss, once."""
    bad = state.job.name == "one" and state.steps_done == 2 and not state.setbacks
    return adapter_state.take_step(state, stepper, math.nan if bad else loss)
