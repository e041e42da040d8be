"""The base model loaded: verified against its digest first, in the precision asked for."""

import hashlib
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Literal

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.processes import quiet_libraries

RECORD = "base.json"  # beside the model: what was prepared, and the sha256 of its files


def verify_base(directory: Path, digest: str) -> None:
    """Raise `MaverickError` unless the weights in `directory` are those that `digest` pins."""
    path = directory / RECORD
    if not path.is_file():
        if weights_digest(directory) != digest:
            raise MaverickError(f"{directory} holds another base model than {digest[:12]}")
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["digest"] != digest:
        raise MaverickError(f"{directory} holds base {record['digest'][:12]}, not {digest[:12]}")
    for name, entry in record["files"].items():
        file = directory / name
        if not file.is_file() or sha256_of(file) != entry["sha256"]:
            raise MaverickError(f"{file} is missing or corrupt; delete {directory} and run again")


def weights_digest(directory: Path) -> str:
    """SHA-256 over the SHA-256 of each weight file, in order of their names."""
    hashes = "".join(sha256_of(path) for path in weight_files(directory))
    return hashlib.sha256(hashes.encode()).hexdigest()


def load_base_model(
    directory: Path, digest: str, dtype: Any, quantize: Literal["none", "nf4"] = "none"
) -> Any:
    """Verify the base and load it (`transformers.PreTrainedModel`) in the `torch.dtype` given.

    `nf4` keeps the weights of its layers in 4 bits, on the GPU; products are in `dtype`. Raises
    `MaverickError` when the files are not those that `digest` pins, or when the model rescales its
    logits (Cohere, Gemma 2, Granite), which the loss of this package does not; `BadInput` for nf4
    without CUDA or bitsandbytes.
    """
    in_bits = {"quantization_config": _nf4(dtype)} if quantize == "nf4" else {}
    verify_base(directory, digest)
    transformers = quiet_transformers()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=dtype, local_files_only=True, **in_bits
    )
    for name in ("logit_scale", "logits_scaling", "final_logit_softcapping"):
        if getattr(model.config, name, None) is not None:
            raise MaverickError(f"base model in {directory} has {name}, which is not supported")
    return model.eval()


def _nf4(dtype: Any) -> Any:
    """Four bits a weight at the quantiles of a normal distribution, their scales in eight (Dettmers
    et al. 2023, "QLoRA")."""
    import torch

    if not torch.cuda.is_available():
        raise BadInput("quantize: nf4 needs a CUDA GPU, and there is none; set quantize: none")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise BadInput("quantize: nf4 needs bitsandbytes; pip install -e '.[cuda]'")
    return quiet_transformers().BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def quiet_transformers() -> Any:
    """The module, its progress bars and notices off; seconds to import."""
    quiet_libraries()
    transformers: Any = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def weight_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("model*.safetensors"))
