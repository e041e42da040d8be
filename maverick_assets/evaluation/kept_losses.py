"""Losses of examples, kept from evaluation to evaluation: a night scores only what is new.

The base stays, and the version in service was last night's candidate, so most of their losses are
known already. Each personality has one file a split, with digests and losses and no text. It holds
what its last evaluation needed: losses of adapters and examples that are gone vanish with the next
one. Losses are used only for the same token ids and model, and out of a file that is as this code
wrote it, on this base, with these libraries and this device. Everything else is scored again. A
loss that was kept is thus exactly the one that would be computed.
"""

import hashlib
import json
import shutil
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.files import sha256_of, write_atomically
from maverick_assets.lake.paths import kept_losses_path

BASE = "base"  # in place of an adapter's digest

_Losses = dict[str, dict[str, float]]  # by model, then by row; digests


@dataclass
class KeptLosses:
    """The losses of one personality's examples of one split."""

    file: Path | None  # None: nothing is kept
    scorer: str  # `metrics.scorer_digest`: what losses depend on besides model and rows
    used: _Losses = field(default_factory=dict)

    def score(
        self,
        model: str,
        rows: Sequence[Encoded],
        compute: Callable[[Sequence[Encoded]], Sequence[float]],
    ) -> list[float]:
        """The loss of each row under `model`, a digest; only missing ones are computed.

        `compute` is not called when none is missing.
        """
        by_digest = {row_digest(row): row for row in rows}
        losses = self._read().get(model, {}) | self.used.get(model, {})
        missing = [digest for digest in by_digest if digest not in losses]
        if missing:
            computed = compute([by_digest[digest] for digest in missing])
            losses |= zip(missing, computed, strict=True)
        self.used[model] = {digest: losses[digest] for digest in by_digest}
        return [losses[row_digest(row)] for row in rows]

    def save(self) -> None:
        """Keep the losses that were asked for, and no others."""
        if self.file is None:
            return
        content = json.dumps(self.used).encode()
        with suppress(OSError):  # losses that cannot be kept cost time and nothing else
            write_atomically(self.file, self._seal(content) + b"\n" + content)

    def _read(self) -> _Losses:
        if self.file is None:
            return {}
        try:
            seal, content = self.file.read_bytes().split(b"\n", 1)
        except (OSError, ValueError):  # there is no file yet, or it is not one of ours
            return {}
        return json.loads(content) if seal == self._seal(content) else {}

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self.scorer.encode() + content).hexdigest().encode()


def losses_file(lake: Path, personality: str, split: str) -> Path:
    return kept_losses_path(lake) / f"{personality}.{split}.json"


def adapter_digest(directory: Path) -> str:
    """Digest of the adapter in a directory; another text for each content that it may have."""
    files = sorted(path for path in directory.glob("*") if path.is_file())
    parts = [f"{path.name} {sha256_of(path)}" for path in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def forget_losses(lake: Path) -> None:
    """Remove the losses of every personality; the next evaluations score their examples again."""
    folder = kept_losses_path(lake)
    if folder.exists():
        shutil.rmtree(folder)


def row_digest(row: Encoded) -> str:
    """Digest of a row's token ids, and of which of them are supervised."""
    content = array("q", [row.n_prompt, *row.input_ids]).tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()
