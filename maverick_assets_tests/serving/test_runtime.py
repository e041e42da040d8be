"""The embedded runtime: adapters applied one at a time, as trained; damage is named."""

import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets.serving.runtime import (
    AdapterFile,
    ConversationTooLong,
    Runtime,
    prompt_encoder,
    trial_answer,
)
from maverick_assets_tests.serving.conftest import QUESTION, Adapter, make_adapter


def greedy(runtime: Runtime, adapter: str | None) -> str:
    return runtime.chat(QUESTION, adapter=adapter, max_tokens=24, temperature=0)


@pytest.fixture(scope="module")
def gguf(base: PreparedBase) -> Path:
    assert base.gguf is not None
    return base.gguf


def test_without_its_adapter_a_runtime_answers_as_the_base_model_alone(
    runtime: Runtime, gguf: Path
) -> None:
    alone = Runtime(gguf, {})
    assert greedy(runtime, None) == greedy(alone, None)
    assert runtime.first_token_logprobs(QUESTION, adapter=None) == alone.first_token_logprobs(
        QUESTION, adapter=None
    )


def test_prompts_as_token_ids_give_what_the_template_in_the_file_gives(
    base: PreparedBase, runtime: Runtime, adapters: dict[str, Adapter], gguf: Path
) -> None:
    encode_prompt = ChatTokenizer(base.directory).encode_prompt
    files = {name: AdapterFile(adapter.gguf) for name, adapter in adapters.items()}
    by_ids = Runtime(gguf, files, encode_prompt=encode_prompt)
    for name in (None, "allan"):
        assert greedy(by_ids, name) == greedy(runtime, name)
        assert by_ids.first_token_logprobs(QUESTION, adapter=name) == runtime.first_token_logprobs(
            QUESTION, adapter=name
        )
    with pytest.raises(ConversationTooLong):
        by_ids.chat([Message(role="user", content="why " * 3000)], adapter=None)


def test_only_the_embedded_base_is_left_to_the_template_in_its_file(base: PreparedBase) -> None:
    assert prompt_encoder(base) is None
    encode_prompt = prompt_encoder(replace(base, digest="0" * 64))
    assert encode_prompt is not None
    assert encode_prompt(QUESTION) == ChatTokenizer(base.directory).encode_prompt(QUESTION)


def test_no_adapter_leaks_into_the_requests_of_another(runtime: Runtime) -> None:
    names = [None, "allan", "robbie"]
    first = {name: greedy(runtime, name) for name in names}
    assert len(set(first.values())) == 3
    for name in ["robbie", None, "allan", "allan", "robbie", None]:
        assert greedy(runtime, name) == first[name]


def test_llama_cpp_computes_what_transformers_trained(
    f16_base: Path, adapters: dict[str, Adapter]
) -> None:
    """On f16 weights; the shipped Q4_1 file adds the noise of its 8-bit activations."""
    runtime = Runtime(f16_base, {name: AdapterFile(a.gguf) for name, a in adapters.items()})
    for name, adapter in adapters.items():
        other = next(a for key, a in adapters.items() if key != name)
        served = runtime.first_token_logprobs(QUESTION, adapter=name)
        assert largest_difference(served, adapter.logprobs) < 0.03
        assert largest_difference(served, other.logprobs) > 0.3


def largest_difference(a: dict[str, float], b: dict[str, float]) -> float:
    common = a.keys() & b.keys()
    assert len(common) >= 10
    return max(abs(a[token] - b[token]) for token in common)


def test_a_seed_makes_sampling_repeatable(runtime: Runtime) -> None:
    def sample(seed: int) -> str:
        return runtime.chat(QUESTION, adapter="allan", max_tokens=16, temperature=1.0, seed=seed)

    assert sample(1) == sample(1)
    assert len({sample(seed) for seed in (1, 2, 3)}) > 1


def test_the_error_for_an_unknown_adapter_lists_those_that_are_loaded(runtime: Runtime) -> None:
    with pytest.raises(BadInput, match="no adapter 'bob' is loaded; those that are: allan, robbie"):
        greedy(runtime, "bob")


def test_a_conversation_longer_than_the_context_is_refused(gguf: Path) -> None:
    runtime = Runtime(gguf, {}, context=256)
    messages = [Message(role="user", content="again and " * 200)]
    with pytest.raises(BadInput, match=r"has \d+ tokens, the context 256; shorten it"):
        runtime.chat(messages, adapter=None)
    assert greedy(runtime, None)


def test_nothing_of_llama_cpp_reaches_the_terminal(
    gguf: Path, adapters: dict[str, Adapter], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runtime = Runtime(gguf, {"allan": AdapterFile(adapters["allan"].gguf)})
    runtime.chat(QUESTION, adapter="allan", max_tokens=2)
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(MaverickError):
        Runtime(tmp_path / "bad.gguf", {})
    assert capfd.readouterr() == ("", "")


def test_the_port_beside_the_in_process_calls_is_closed_by_a_key(runtime: Runtime) -> None:
    address = runtime.server.address
    request = urllib.request.Request(f"{address}/v1/chat/completions", data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == 401


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "header", "cut"])
@pytest.mark.parametrize("part", ["base", "adapter"])
def test_a_damaged_file_is_named_in_one_line(
    gguf: Path, adapters: dict[str, Adapter], tmp_path: Path, part: str, damage: str
) -> None:
    whole = gguf if part == "base" else adapters["allan"].gguf
    bad = tmp_path / "damaged.gguf"
    if damage != "missing":
        with whole.open("rb") as stream:
            start = stream.read(whole.stat().st_size // 2)
        contents = {
            "empty": b"",
            "garbage": bytes(range(256)) * 100,
            "header": start[:8] + (10**12).to_bytes(8, "little") + start[16:],
            "cut": start,
        }
        bad.write_bytes(contents[damage])
    base, adapter = (bad, adapters["allan"].gguf) if part == "base" else (gguf, bad)
    with pytest.raises(MaverickError, match=r"damaged\.gguf is (missing|not a complete)") as caught:
        Runtime(base, {"allan": AdapterFile(adapter)})
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_adapter_is_refused(gguf: Path) -> None:
    with pytest.raises(MaverickError, match="do they fit together"):
        Runtime(gguf, {"allan": AdapterFile(gguf)})


def test_the_trial_returns_the_adapters_greedy_answer(
    runtime: Runtime,
) -> None:
    answer = trial_answer(runtime, "allan", QUESTION)
    assert answer.startswith(greedy(runtime, "allan"))


def test_the_trial_refuses_an_adapter_without_effect(
    base: PreparedBase, gguf: Path, tmp_path: Path
) -> None:
    make_adapter(base, tmp_path / "untrained", seed=0, scale=0.0)
    export_adapter(tmp_path / "untrained", base.directory, tmp_path / "untrained.gguf")
    with pytest.raises(MaverickError, match="does not change the base model's answers"):
        trial_answer(
            Runtime(gguf, {"untrained": AdapterFile(tmp_path / "untrained.gguf")}),
            "untrained",
            QUESTION,
        )


def test_the_trial_sees_an_adapter_of_very_few_steps(
    base: PreparedBase, gguf: Path, tmp_path: Path
) -> None:
    make_adapter(base, tmp_path / "young", seed=0, scale=2e-4)
    export_adapter(tmp_path / "young", base.directory, tmp_path / "young.gguf")
    assert trial_answer(
        Runtime(gguf, {"young": AdapterFile(tmp_path / "young.gguf")}), "young", QUESTION
    )
