"""Losses and answers, kept from evaluation to evaluation: a night computes only what is new.

The base stays, and the version in service was last night's candidate, so most of what they give is
known already. Each personality has two files a split: losses with digests and no text, and answers.
A file holds what the last evaluation needed: results of adapters and examples that are gone vanish
with the next one. Results are used only for the same token ids and model, and out of a file that is
as this code wrote it, on this base, with these libraries and this device. Everything else is
computed again. A loss that was kept is thus exactly the one that would be computed.
"""

import hashlib
import json
import shutil
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.files import sha256_of, write_atomically
from maverick_assets.lake.paths import kept_losses_path

BASE = "base"  # in place of an adapter's digest

V = TypeVar("V")  # what JSON gives back as it was: a number, or a list of such
Input = TypeVar("Input")

Key = tuple[str, str]  # model, then key


@dataclass
class KeptResults(Generic[V]):
    """What models gave for inputs, each of which has a key: a digest of all that it depends on."""

    file: Path | None  # None: nothing is kept
    computed_by: str  # digest of what results depend on besides model and key
    used: dict[str, dict[str, V]] = field(default_factory=dict)  # by model, then by key

    def has(self, model: str, key: str) -> bool:
        return key in self.used.get(model, {}) or key in self._kept.get(model, {})

    def get(self, model: str, key: str) -> V:
        """The result for a key, which must not be missing; it is kept for the next evaluation."""
        used = self.used.setdefault(model, {})
        if key not in used:
            used[key] = self._kept[model][key]
        return used[key]

    def add(self, model: str, key: str, result: V) -> None:
        """Take in what was computed."""
        self.used.setdefault(model, {})[key] = result

    def save(self) -> None:
        """Keep the results that were asked for or added, and no others."""
        if self.file is None:
            return
        content = json.dumps(self.used).encode()
        with suppress(OSError):  # results that cannot be kept cost time and nothing else
            write_atomically(self.file, self._seal(content) + b"\n" + content)

    @cached_property
    def _kept(self) -> dict[str, dict[str, Any]]:
        if self.file is None:
            return {}
        try:
            seal, content = self.file.read_bytes().split(b"\n", 1)
        except (OSError, ValueError):  # there is no file yet, or it is not one of ours
            return {}
        return json.loads(content) if seal == self._seal(content) else {}

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self.computed_by.encode() + content).hexdigest().encode()


def compute_missing(
    wanted: Sequence[tuple[KeptResults[V], Mapping[Key, Input]]],
    compute: Callable[[Mapping[Key, Input]], Sequence[V]],
) -> None:
    """Compute what is missing of several results together, and each input of a model once."""
    missing = {
        key: value for kept, inputs in wanted for key, value in inputs.items() if not kept.has(*key)
    }
    results = dict(zip(missing, compute(missing), strict=True)) if missing else {}
    for kept, inputs in wanted:
        for key in inputs:
            if not kept.has(*key):
                kept.add(*key, results[key])


def losses_file(lake: Path, personality: str, split: str) -> Path:
    return kept_losses_path(lake) / f"{personality}.{split}.json"


def answers_file(lake: Path, personality: str, split: str) -> Path:
    """Beside the losses, so that forgetting removes both."""
    return kept_losses_path(lake) / f"{personality}.{split}.answers.json"


def adapter_digest(directory: Path) -> str:
    """Digest of the adapter in a directory; another text for each content that it may have."""
    files = sorted(path for path in directory.glob("*") if path.is_file())
    parts = [f"{path.name} {sha256_of(path)}" for path in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def forget_results(lake: Path) -> None:
    """Remove what is kept of every personality; the next evaluations compute it again."""
    folder = kept_losses_path(lake)
    if folder.exists():
        shutil.rmtree(folder)


def row_digest(row: Encoded) -> str:
    """Digest of a row's token ids, and of which of them are supervised."""
    content = array("q", [row.n_prompt, *row.input_ids]).tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()
