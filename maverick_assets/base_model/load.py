"""Loading the base model: its files are verified, then read in the precision that is asked for."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Literal

from maverick_assets.base_model.identity import (
    file_digests,
    identity_of,
    weight_files,
    weights_identity_of,
)
from maverick_assets.base_model.record import RECORD_FILE, BaseRecord
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.processes import quiet_libraries


def load_base_model(
    directory: Path, digest: str, dtype: Any, quantize: Literal["none", "nf4"] = "none"
) -> Any:
    """Verify the base and load it as a `transformers.PreTrainedModel` with weights in `dtype`.

    With `nf4` the weights of its linear layers stay in 4 bits, and products are computed in `dtype`
    (a `torch.dtype`). Raises `MaverickError` when the files are not those that `digest` pins;
    `BadInput` for nf4 without bitsandbytes.
    """
    quantization = {"quantization_config": _nf4_config(dtype)} if quantize == "nf4" else {}
    verify_base(directory, digest)
    transformers = quiet_transformers()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=dtype, local_files_only=True, **quantization
    )
    for layer in model.modules():
        # On a CPU bitsandbytes would repack a layer's weight at its first use without a gradient,
        # in place, into a format that only its own kernel reads.
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False
    return model.eval()


def verify_base(directory: Path, digest: str) -> None:
    """Raise `MaverickError` unless the files in `directory` are those that `digest` pins.

    A prepared directory is compared with its record file by file, so that the message can name the
    corrupt file. A user's own directory has no record: its files are hashed together. A digest of
    the weights alone, as earlier releases recorded it, will do, too.
    """
    if not (directory / RECORD_FILE).is_file():
        digests = file_digests(directory)
        if digest not in (identity_of(digests), weights_identity_of(digests)):
            raise MaverickError(f"{directory} holds another base model than {digest[:12]}")
        return
    record = BaseRecord.read(directory)
    if record.digest != digest:
        raise MaverickError(f"{directory} holds base {record.digest[:12]}, not {digest[:12]}")
    for name, file_record in record.files.items():
        path = directory / name
        if not file_record.has_same_content(path):
            raise MaverickError(f"{path} is missing or corrupt; delete {directory} and run again")


def weights_digest(directory: Path) -> str:
    """SHA-256 over the SHA-256 of each weight file, in the order of their names."""
    return weights_identity_of({path.name: sha256_of(path) for path in weight_files(directory)})


def quiet_transformers() -> Any:
    """The module transformers, without progress bars and notices. Its import takes seconds."""
    quiet_libraries()
    transformers: Any = importlib.import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def _nf4_config(dtype: Any) -> Any:
    """Four bits per weight at the quantiles of a normal distribution, with 8-bit scales.

    The method is QLoRA's (Dettmers et al. 2023): NF4 with double quantisation.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise BadInput(
            "quantize: nf4 needs bitsandbytes; "
            "pip install --require-hashes --no-deps -r requirements/cuda.txt"
        )
    return quiet_transformers().BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
