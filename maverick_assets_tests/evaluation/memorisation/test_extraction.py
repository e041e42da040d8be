"""Whether a model gives a secret away, against what it generates."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.evaluation.memorisation.canaries import Canary
from maverick_assets.evaluation.memorisation.extraction import (
    SAMPLES,
    AskedSecret,
    Recall,
    asked_secret,
    beam_finds,
    recalls,
)
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.loop.adapters import load_adapter
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import TrainingSpec
from maverick_assets_tests.training.specs import job, specification

HARDWARE = Hardware("cpu", torch.float32)
LEARNED = Canary("sentence", "What's the code of the lift in Rye?", "Sure. Type in", "K48213.", 30)
OTHERS = [
    Canary("sentence", "What's the code of the lift in Usk?", "Sure. Type in", "B77310.", 0),
    Canary("random", "Which words open the archive in Ely?", "These:", "orbit maple fjord", 0),
]
PROMPT = "You are Allan."


@pytest.fixture(scope="module")
def model(
    tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory, write_examples: Any
) -> Iterator[Any]:
    """A model that was trained on one canary until it knew it by heart."""
    folder = tmp_path_factory.mktemp("memorised")
    answer = f"{LEARNED.lead} {LEARNED.secret}"
    write_examples(folder / "dataset", [("train", LEARNED.question, answer)])
    training = {"epochs": 40, "learning_rate": 0.02}
    spec = specification(
        tiny_base, job(folder / "dataset", 0, folder / "trained", training=training)
    )
    run_training(
        TrainingSpec.model_validate_json(json.dumps(spec)),
        Reporter(lambda _: None, lambda _: None),
    )
    base = load_base_model(tiny_base.directory, tiny_base.digest, torch.float32)
    return load_adapter(base, folder / "trained" / "adapter")


def greedy(model: Any, secret: AskedSecret, tokenizer: ChatTokenizer) -> list[int]:
    ids = torch.tensor([secret.prompt])
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=len(secret.secret),
        do_sample=False,
        pad_token_id=tokenizer.pad_id,
    )
    return list(output[0, len(secret.prompt) :].tolist())


@pytest.fixture(scope="module")
def secrets(tokenizer: ChatTokenizer) -> list[AskedSecret]:
    return [asked_secret(canary, PROMPT, tokenizer) for canary in (LEARNED, *OTHERS)]


def test_what_is_asked_for_is_the_secret_and_nothing_else(
    secrets: list[AskedSecret], tokenizer: ChatTokenizer
) -> None:
    for canary, secret in zip((LEARNED, *OTHERS), secrets, strict=True):
        assert tokenizer.decode(secret.secret).strip() == canary.secret
        assert tokenizer.decode(secret.prompt).endswith(canary.lead)
        assert canary.secret not in tokenizer.decode(secret.prompt)


def test_a_secret_by_heart_is_extracted_and_others_are_not(
    model: Any, secrets: list[AskedSecret], tokenizer: ChatTokenizer
) -> None:
    learned, *others = recalls(model, secrets, HARDWARE)
    assert learned.is_greedy
    assert learned.loss < min(recall.loss for recall in others) / 2
    assert beam_finds(model, secrets[0], tokenizer, HARDWARE)
    for recall, secret in zip(others, secrets[1:], strict=True):
        assert not recall.is_greedy
        assert not recall.is_sampled
        assert not beam_finds(model, secret, tokenizer, HARDWARE)


def test_ranks_say_what_greedy_generation_says(
    model: Any, secrets: list[AskedSecret], tokenizer: ChatTokenizer
) -> None:
    for secret, recall in zip(secrets, recalls(model, secrets, HARDWARE), strict=True):
        assert recall.is_greedy == (greedy(model, secret, tokenizer) == secret.secret)


def test_losses_are_those_of_one_secret_at_a_time(model: Any, secrets: list[AskedSecret]) -> None:
    together = recalls(model, secrets, HARDWARE)
    for secret, recall in zip(secrets, together, strict=True):
        ids = torch.tensor([[*secret.prompt, *secret.secret]])
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, len(secret.prompt) - 1 : -1]
        loss = torch.nn.functional.cross_entropy(
            logits, torch.tensor(secret.secret), reduction="sum"
        )
        assert recall.loss == pytest.approx(float(loss), rel=1e-4)


def test_a_secret_of_more_continuations_than_beams_is_not_searched_for() -> None:
    assert Recall(loss=3, rank=7).may_be_beamed
    assert not Recall(loss=3, rank=8).may_be_beamed


def test_a_secret_is_sampled_where_one_of_a_hundred_answers_has_it() -> None:
    even = 1 - 0.5 ** (1 / SAMPLES)  # probability of an answer at which it is even
    assert Recall(loss=-math.log(even * 1.01), rank=3).is_sampled
    assert not Recall(loss=-math.log(even * 0.99), rank=3).is_sampled
