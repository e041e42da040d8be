"""The self-check finds a path that is wrong, leaves the others on, and is repeated when due."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaAttention

from maverick_assets.errors import MaverickError
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import OUT_OF_MEMORY
from maverick_assets.training.kernels import completion_loss
from maverick_assets.training.kernels.fast_paths import ALL_FAST, FastPaths
from maverick_assets.training.model import kept_check, self_check
from maverick_assets.training.model.kept_check import CheckedBase, checked_paths, kept_lines
from maverick_assets.training.model.reference import LossesAndGradients
from maverick_assets.training.model.shallow import few_layers
from maverick_assets_tests.architectures import ARCHITECTURES, REFUSED, tiny_model
from maverick_assets_tests.training.model.comparison import CPU, example_rows

ROWS = example_rows(seed=3, lengths=(22, 31, 70))


@pytest.fixture
def model() -> Any:
    return tiny_model(ARCHITECTURES["Llama"])


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def wrong_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that forgets a scale, as releases before forgot biases."""
    right = completion_loss._Head.logits
    monkeypatch.setattr(completion_loss._Head, "logits", lambda *given: 1.01 * right(*given))


def test_a_model_that_every_path_computes_right_keeps_them_all(model: Any) -> None:
    result = self_check.self_check(model, ROWS, CPU)
    assert result.chosen.paths == ALL_FAST
    assert result.chosen.difference.within(self_check.FLOAT32_LIMIT)


@pytest.mark.usefixtures("wrong_head")
def test_a_path_that_differs_is_off_alone_and_the_log_says_so(model: Any, lines: list[str]) -> None:
    paths = checked_paths(model, CheckedBase("digest", None), ROWS, CPU, lines.append)
    assert paths == FastPaths(head=False)
    assert "without head (with them the loss differs by" in lines[0]
    assert "tokens/s on these examples instead of" in lines[0]


def test_weights_random_numbers_and_precision_are_as_before(model: Any) -> None:
    model.to(torch.bfloat16)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    buffers = {name: tensor.clone() for name, tensor in model.named_buffers()}
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    result = self_check.self_check(model, ROWS, Hardware("cpu", torch.bfloat16))
    assert torch.equal(torch.rand(3), expected)
    after = {**model.state_dict(), **dict(model.named_buffers())}
    assert after.keys() == {**before, **buffers}.keys()
    for name, tensor in {**before, **buffers}.items():
        assert tensor.dtype == after[name].dtype
        assert torch.equal(tensor, after[name])
    assert result.float32 is not None
    assert result.float32.within(self_check.FLOAT32_LIMIT)
    assert result.chosen.paths == ALL_FAST


def test_without_room_for_float32_the_bound_is_measured_in_the_bases_own_precision(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_check, "float32_fits", lambda *_: False)
    model.to(torch.bfloat16)
    result = self_check.self_check(model, ROWS, Hardware("cpu", torch.bfloat16))
    assert result.float32 is None
    assert result.chosen.difference.within(result.limit)
    assert result.limit.gradient < 0.5
    assert model.config._attn_implementation == "sdpa"


def test_a_second_training_repeats_no_check(
    model: Any, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = CheckedBase("digest", tmp_path / "checks")
    first = checked_paths(model, base, ROWS, CPU, lines.append)
    assert checked_paths(model, base, ROWS[:2], CPU, lines.append) == first
    assert len(lines) == 1
    checked_paths(model, CheckedBase("other", base.folder), ROWS, CPU, lines.append)
    monkeypatch.setattr(kept_check, "engine_version", lambda: "another engine")
    checked_paths(model, base, ROWS, CPU, lines.append)
    assert len(lines) == 3


def test_another_bitsandbytes_is_checked_where_the_base_is_in_4_bits(
    model: Any, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense, in_4_bits = CheckedBase("digest", tmp_path), CheckedBase("digest", tmp_path, "nf4")
    bases = (dense, in_4_bits)
    for base in bases:
        checked_paths(model, base, ROWS, CPU, lines.append)
    monkeypatch.setattr(kept_check, "version", lambda _: "another version")
    for base in bases:
        checked_paths(model, base, ROWS, CPU, lines.append)
    assert len(lines) == 3


def test_what_is_off_is_said_at_each_training(
    model: Any, lines: list[str], tmp_path: Path, wrong_head: None
) -> None:
    base = CheckedBase("digest", tmp_path)
    for _ in range(2):
        assert checked_paths(model, base, ROWS, CPU, lines.append).switched_off == ("head",)
    assert "head stay off" in lines[1]


@pytest.mark.parametrize(
    "damaged", ["", '{"paths": {', "[]", "without paths", "without difference", "without device"]
)
def test_a_damaged_result_is_named_and_checked_again(
    model: Any, lines: list[str], tmp_path: Path, damaged: str
) -> None:
    base = CheckedBase("digest", tmp_path)
    checked_paths(model, base, ROWS, CPU, lines.append)
    [kept] = tmp_path.glob("*.json")
    found = kept_lines(tmp_path, base.digest)
    content = json.loads(kept.read_text())
    if content.pop(damaged.removeprefix("without "), None):
        damaged = json.dumps(content)
    kept.write_text(damaged)
    [line] = kept_lines(tmp_path, base.digest)
    assert line == f"{kept} cannot be read; the next training compares again"
    checked_paths(model, base, ROWS, CPU, lines.append)
    assert len(lines) == 2
    assert [line.split(": ")[0] for line in kept_lines(tmp_path, base.digest)] == [
        line.split(": ")[0] for line in found
    ]


def test_examples_beyond_a_window_are_checked_apart(lines: list[str], tmp_path: Path) -> None:
    model = tiny_model(ARCHITECTURES["Mistral (window)"])
    model.config.sliding_window = 40
    base = CheckedBase("digest", tmp_path)
    short, longer, long = ([row] for row in ROWS)
    for rows, checks in ((short, 1), (longer, 1), (long, 2), (short, 2)):
        checked_paths(model, base, rows, CPU, lines.append)
        assert len(lines) == checks


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_trained_is_refused_by_name(name: str) -> None:
    model = tiny_model(REFUSED[name])
    with pytest.raises(MaverickError, match=f"{REFUSED[name].model_type} cannot be trained"):
        self_check.self_check(model, ROWS, CPU)


def test_where_the_plainest_path_differs_too_the_base_is_refused(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a model computes another thing at each call."""
    forward = LlamaAttention.forward

    def unsteady(*given: Any, **named: Any) -> Any:
        out, weights = forward(*given, **named)
        return out + torch.randn_like(out), weights

    monkeypatch.setattr(LlamaAttention, "forward", unsteady)
    with pytest.raises(MaverickError, match=r"llama cannot be trained: (it sees|the engine)"):
        self_check.self_check(model, ROWS, CPU)


def test_a_loss_that_is_no_number_is_a_difference() -> None:
    gradients = [[torch.ones(2)], [torch.ones(2)]]
    plain = LossesAndGradients([1.0, 1.0], gradients, torch.empty(0))
    broken = LossesAndGradients([1.0, math.nan], gradients, torch.empty(0))
    assert self_check.difference(plain, plain).within(self_check.FLOAT32_LIMIT)
    assert not self_check.difference(broken, plain).within(self_check.FLOAT32_LIMIT)


@pytest.mark.parametrize("words", OUT_OF_MEMORY)
def test_too_little_memory_switches_no_path_off(
    model: Any, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = self_check.fused_model

    def too_large(lora: Any, adapters: Any, hardware: Any, paths: FastPaths) -> Any:
        if paths.packs:
            raise RuntimeError(f"{words}: you tried to allocate 9 bytes")
        return right(lora, adapters, hardware, paths)

    monkeypatch.setattr(self_check, "fused_model", too_large)
    with pytest.raises(MaverickError, match="out of memory while an example was compared"):
        checked_paths(model, CheckedBase("digest", tmp_path), ROWS, CPU, print)
    assert list(tmp_path.glob("*.json")) == []


def test_examples_longer_than_the_base_reads_are_refused(model: Any) -> None:
    model.config.max_position_embeddings = 64
    with pytest.raises(MaverickError, match="up to 70 tokens, but the base reads at most 64"):
        checked_paths(model, CheckedBase("digest", None), ROWS, CPU, print)


@pytest.fixture
def deep_gemma() -> Iterator[Any]:
    architecture = ARCHITECTURES["Gemma 3 (windows)"]
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    settings = {**architecture.settings, "num_hidden_layers": 12, "layer_types": 2 * kinds}
    yield tiny_model(type(architecture)(architecture.model_type, settings))


def test_a_shallow_model_has_a_layer_of_each_kind(deep_gemma: Any, model: Any) -> None:
    layers = deep_gemma.model.layers
    with few_layers(deep_gemma):
        assert len(deep_gemma.model.layers) == 6
    assert deep_gemma.model.layers is layers
    with few_layers(model):
        assert len(model.model.layers) == 2
