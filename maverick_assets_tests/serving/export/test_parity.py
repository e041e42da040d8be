"""The parity gate on a tiny random base: a sound export passes, and each defect is caught."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gguf import GGUFReader

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import load_recipes
from maverick_assets.records import ParityDecision
from maverick_assets.serving.export import gate as gate_module
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.export.gate import ParityGate, Trained
from maverick_assets.serving.export.ollama_format import OllamaFormat, ollama_format
from maverick_assets.serving.export.parity import explain

ROBBIE = load_recipes()["robbie"]
Decide = Callable[..., ParityDecision]


@pytest.fixture
def decide(
    tiny_base: PreparedBase,
    tiny_adapters: dict[str, tuple[Path, Path]],
    prepared_tiny_base: Path,
) -> Decide:
    """The decision on an export; each argument replaces what a sound one has."""

    def make(
        gguf: Path | None = None, damage: Callable[[OllamaFormat], OllamaFormat] = lambda same: same
    ) -> ParityDecision:
        directory, sound = tiny_adapters["adapter-0"]
        version = Trained(ROBBIE, directory, gguf or sound)
        gate = ParityGate(tiny_base, prepared_tiny_base, [version], clean=str.upper)
        chat_format = damage(ollama_format(tiny_base, prepared_tiny_base, gate.served))
        (decision,) = gate.decisions(chat_format)
        assert isinstance(decision, ParityDecision), decision
        return decision

    return make


def test_a_sound_export_answers_as_what_was_trained(decide: Decide) -> None:
    decision = decide()
    assert decision.passed, decision.reasons
    assert (decision.n_prompts, decision.failures) == (20, ())
    (engine,) = decision.engines
    assert engine.engine == "llama.cpp, float16"
    assert engine.largest_difference <= 0.05
    assert engine.equal_answers is not None
    assert engine.ties is not None
    assert engine.equal_answers + engine.ties >= 18
    times = decision.response_times
    assert times is not None
    assert (times.n, times.threads) == (20, 1)
    assert 0 < times.first_token_ms.p50 <= times.first_token_ms.p95
    assert 0 < times.tokens_per_second.p95 <= times.tokens_per_second.p50


def test_another_adapter_is_named_with_the_prompt_and_both_texts(
    decide: Decide, tiny_adapters: dict[str, tuple[Path, Path]]
) -> None:
    decision = decide(gguf=tiny_adapters["adapter-1"][1])
    assert not decision.passed
    (failure,) = decision.failures
    assert failure.prompt == "a chat"
    assert failure.expected != failure.actual
    assert failure.actual == failure.actual.upper()  # as reports may hold them
    assert "'a chat': the answers part at token 1: expected" in explain(decision)


def test_flipped_bytes_of_the_adapter_are_caught(
    decide: Decide, tiny_adapters: dict[str, tuple[Path, Path]], tmp_path: Path
) -> None:
    """The exponents of one matrix: what a truncated or damaged file leaves in place."""
    sound = tiny_adapters["adapter-0"][1]
    content = bytearray(sound.read_bytes())
    tensor = next(t for t in GGUFReader(sound).tensors if t.name == "blk.1.ffn_down.weight.lora_b")
    for at in range(tensor.data_offset + 1, tensor.data_offset + tensor.n_bytes, 2):
        content[at] ^= 0x88  # sign and exponent of a float16
    damaged = tmp_path / "adapter.gguf"
    damaged.write_bytes(content)
    assert not decide(gguf=damaged).passed


def test_a_wrong_base_is_caught(
    decide: Decide,
    tiny_base: PreparedBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another base of the same shape under the name of the one that was trained on."""
    other = _another_base(tiny_base, tmp_path / "other")
    wrong = ensure_base_gguf(other, tmp_path)
    monkeypatch.setattr(gate_module, "ensure_base_gguf", lambda *_: wrong)
    assert not decide().passed


def _another_base(base: PreparedBase, directory: Path) -> PreparedBase:
    import shutil

    import torch
    from transformers import AutoModelForCausalLM

    shutil.copytree(base.directory, directory)
    model = AutoModelForCausalLM.from_pretrained(base.directory, dtype=torch.float32)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.neg_()
        model.model.embed_tokens.weight.mul_(0.5)
    model.save_pretrained(directory)
    return replace(base, directory=directory, digest="e" * 64)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda f: replace(f, stops=f.stops[1:]), "the stop words lack"),
        (
            lambda f: replace(f, template=f.template.replace("<|im_end|>", "<|im_end|> ")),
            "its template is not the one of the base",
        ),
    ],
)
def test_a_modelfile_that_says_something_else_is_caught(
    decide: Decide, damage: Callable[[OllamaFormat], OllamaFormat], problem: str
) -> None:
    decision = decide(damage=damage)
    assert not decision.passed
    assert [failure.engine for failure in decision.failures] == ["Modelfile"]
    assert problem in explain(decision)


def test_an_answer_that_does_not_end_where_training_ended_it_is_caught(
    decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a GGUF file whose tokens declare no end of turn would."""
    monkeypatch.setattr(
        "maverick_assets.serving.export.prompt_check._end_of_turn",
        lambda tokenizer: tokenizer.ids("a")[0],
    )
    assert "does not stop at the end of a turn" in explain(decide())


def test_an_adapter_that_does_not_load_is_named(
    tiny_base: PreparedBase, tiny_adapters: dict[str, tuple[Path, Path]], prepared_tiny_base: Path
) -> None:
    version = Trained(ROBBIE, prepared_tiny_base, tiny_adapters["adapter-0"][1])
    gate = ParityGate(tiny_base, prepared_tiny_base, [version], clean=str)
    (problem,) = gate.decisions(OllamaFormat(problem="none"))
    assert isinstance(problem, MaverickError)
    assert "holds no adapter" in str(problem)
