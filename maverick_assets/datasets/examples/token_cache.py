"""Token ids of examples, kept from run to run, so that a night tokenizes only what is new.

Each personality has one file, with the examples of its dataset and no others. Ids are as good as
text, so the files lie in the lake, and `maverick forget` removes them. Ids are used only for the
messages and the length that they were made from, out of a file that is as this code wrote it with
this tokenizer. Everything else is tokenized again.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.datasets.examples.example import Example
from maverick_assets.files import sha256_of, write_atomically
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import token_cache_path

# Digest of the messages and the length, then the fields of `Encoded`.
_CachedRow = tuple[str, list[int], int, bool, bool]


@dataclass(frozen=True)
class TokenCache:
    """Token ids of the examples of a dataset."""

    tokenizer: ChatTokenizer
    dataset: Path  # Delta table
    version: int
    folder: Path | None  # where ids are kept; None: nowhere

    def encode(self, examples: Sequence[Example], max_length: int) -> list[Encoded]:
        """`ChatTokenizer.encode` of each example.

        Afterwards the file holds what it held before and these examples, as far as they are in the
        dataset.
        """
        cached = self._read()
        rows = {example.example_id: self._row(example, max_length, cached) for example in examples}
        if self.folder:
            in_dataset = self._example_ids()
            kept = {key: row for key, row in (cached | rows).items() if key in in_dataset}
            if kept != cached:
                self._write(kept)
        return [Encoded(*rows[example.example_id][1:]) for example in examples]

    def _row(self, example: Example, max_length: int, cached: dict[str, _CachedRow]) -> _CachedRow:
        content = json.dumps([max_length, example.messages], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        row = cached.get(example.example_id)
        if row and row[0] == digest:
            return row
        encoded = self.tokenizer.encode(example.messages, max_length)
        return (
            digest,
            encoded.input_ids,
            encoded.n_prompt,
            encoded.cut_prompt,
            encoded.cut_answer,
        )

    def _example_ids(self) -> frozenset[str]:
        table = read_table(self.dataset, self.version, columns=["example_id"])
        return frozenset(table["example_id"].to_pylist() if table else ())

    @property
    def _file(self) -> Path:
        assert self.folder is not None
        return self.folder / f"{self.dataset.name}.json"

    def _read(self) -> dict[str, _CachedRow]:
        if not self.folder:
            return {}
        try:
            seal, content = self._file.read_bytes().split(b"\n", 1)
        except (OSError, ValueError):  # there is no file yet, or it is not one of ours
            return {}
        if seal != self._seal(content):
            return {}
        return {key: tuple(row) for key, row in json.loads(content).items()}

    def _write(self, rows: dict[str, _CachedRow]) -> None:
        content = json.dumps(rows).encode()
        with suppress(OSError):  # a cache that cannot be written costs time and nothing else
            write_atomically(self._file, self._seal(content) + b"\n" + content)

    def _seal(self, content: bytes) -> bytes:
        """Digest of the content, and of everything but the examples that it depends on."""
        makers = self.tokenizer.digest + sha256_of(Path(__file__))
        return hashlib.sha256(makers.encode() + content).hexdigest().encode()


def forget_tokens(lake: Path) -> None:
    """Remove the ids of every personality; tokenizing again takes seconds."""
    folder = token_cache_path(lake)
    if folder.exists():
        shutil.rmtree(folder)
