"""Log-probabilities of whole phrases are those that the trained model gives them."""

import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.serving.allanbot.phrases import Cancelled, phrase_logprobs
from maverick_assets.serving.runtime import AdapterFile, Runtime, prompt_encoder
from maverick_assets_tests.serving.conftest import (
    QUESTION,
    prepared_tiny_base,
    tiny_adapters,
    tiny_base,
)

__all__ = ["prepared_tiny_base", "tiny_adapters", "tiny_base"]

PHRASES = ["Yes", "No", "No, 30 % is too much.", "Über 10 %: <|im_end|> never", "30 %\n\nat most"]
TinyAdapters = dict[str, tuple[Path, Path]]


@pytest.fixture(scope="module")
def runtime(
    tiny_base: PreparedBase, prepared_tiny_base: Path, tiny_adapters: TinyAdapters
) -> Runtime:
    (gguf,) = prepared_tiny_base.glob("*.gguf")
    files = {name: AdapterFile(file) for name, (_, file) in tiny_adapters.items()}
    return Runtime(gguf, files, slots=2, encode_prompt=prompt_encoder(tiny_base))


def score(runtime: Runtime, phrases: list[str], adapter: str | None = "adapter-0") -> list[float]:
    ids = [runtime.answer_ids(QUESTION, phrase) for phrase in phrases]
    prompt = runtime.prompt_ids(QUESTION)
    return phrase_logprobs(runtime, prompt, ids, adapter, threading.Event())


def test_a_phrase_has_the_probability_that_transformers_gives_its_tokens(
    runtime: Runtime, tiny_base: PreparedBase, tiny_adapters: TinyAdapters
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained(tiny_base.directory, dtype=torch.float32)
    model = PeftModel.from_pretrained(plain, tiny_adapters["adapter-0"][0])
    tokenizer = ChatTokenizer(tiny_base.directory)
    for phrase, value in zip(PHRASES, score(runtime, PHRASES), strict=True):
        said = Message(role="assistant", content=phrase)
        encoded = tokenizer.encode([*QUESTION, said], 1000)
        ids = torch.tensor([encoded.input_ids[:-1]])  # without the end of the turn
        with torch.inference_mode():
            logprobs = torch.log_softmax(model(input_ids=ids).logits[0].float(), -1)
        at = torch.arange(encoded.n_prompt, ids.shape[1])
        expected = logprobs[at - 1, ids[0, at]].sum().item()
        assert value == pytest.approx(expected, abs=0.05 * len(at))


def test_the_embedded_base_reads_prompts_and_phrases_as_training_did(base: PreparedBase) -> None:
    assert base.gguf is not None
    runtime, encoder = Runtime(base.gguf, {}), prompt_encoder(replace(base, digest="0" * 64))
    assert encoder is not None
    assert runtime.prompt_ids(QUESTION) == encoder(QUESTION)
    for phrase in PHRASES:
        assert runtime.answer_ids(QUESTION, phrase) == encoder.answer_ids(QUESTION, phrase)


def test_neither_their_order_nor_other_requests_change_them(runtime: Runtime) -> None:
    alone = dict(zip(PHRASES, score(runtime, PHRASES), strict=True))
    assert list(alone.values()) != score(runtime, PHRASES, adapter="adapter-1")
    for seed in range(5):
        phrases = random.Random(seed).sample(PHRASES, len(PHRASES))
        runtime.chat(QUESTION, adapter="adapter-1", max_tokens=2)
        assert score(runtime, phrases) == [alone[phrase] for phrase in phrases]


def test_a_phrase_that_nobody_waits_for_is_not_computed(runtime: Runtime) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        phrase_logprobs(runtime, [1, 2], [[1]], "adapter-0", cancelled)
