"""Token ids of examples, kept from run to run: a night tokenizes only what is new.

One file for each personality, with the examples of its dataset and no others. Ids are as good as
text: the files lie in the lake, and `maverick forget` removes them. A row is taken only for the
messages and the length that it was made from, out of a file that is as this code wrote it, with
this tokenizer; all else is tokenized anew.
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

_Row = tuple[str, list[int], int, bool, bool]  # digest of what it was made from, then `Encoded`


@dataclass(frozen=True)
class TokenCache:
    """Ids of the examples of a dataset at a version. `folder`: where they are kept; None: they are
    not."""

    tokenizer: ChatTokenizer
    dataset: Path
    version: int
    folder: Path | None

    def encode(self, examples: Sequence[Example], max_length: int) -> list[Encoded]:
        """`ChatTokenizer.encode` of each; the file then holds those of them that are in the
        dataset, and what it held already and is still there."""
        known = self._read()
        rows = {each.example_id: self._row(each, max_length, known) for each in examples}
        if self.folder:
            in_use = self._example_ids()
            kept = {key: row for key, row in (known | rows).items() if key in in_use}
            if kept != known:
                self._write(kept)
        return [Encoded(*rows[each.example_id][1:]) for each in examples]

    def _row(self, example: Example, max_length: int, known: dict[str, _Row]) -> _Row:
        content = json.dumps([max_length, example.messages], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        held = known.get(example.example_id)
        if held and held[0] == digest:
            return held
        row = self.tokenizer.encode(example.messages, max_length)
        return digest, row.input_ids, row.n_prompt, row.cut_prompt, row.cut_answer

    def _example_ids(self) -> frozenset[str]:
        held = read_table(self.dataset, self.version, columns=["example_id"])
        return frozenset(held["example_id"].to_pylist() if held else ())

    @property
    def _file(self) -> Path:
        assert self.folder is not None
        return self.folder / f"{self.dataset.name}.json"

    def _read(self) -> dict[str, _Row]:
        if not self.folder:
            return {}
        try:
            seal, content = self._file.read_bytes().split(b"\n", 1)
        except (OSError, ValueError):  # there is none yet, or it is not one of ours
            return {}
        if seal != self._seal(content):
            return {}
        return {key: tuple(row) for key, row in json.loads(content).items()}

    def _write(self, rows: dict[str, _Row]) -> None:
        content = json.dumps(rows).encode()
        with suppress(OSError):  # it only saves time
            write_atomically(self._file, self._seal(content) + b"\n" + content)

    def _seal(self, content: bytes) -> bytes:
        """Digest of the content and of all that it depends on besides the examples."""
        made_by = [self.tokenizer.digest, sha256_of(Path(__file__))]
        return hashlib.sha256("".join(made_by).encode() + content).hexdigest().encode()


def forget_tokens(lake: Path) -> None:
    """Remove what is kept of every personality: tokenizing it again takes seconds."""
    if token_cache_path(lake).exists():
        shutil.rmtree(token_cache_path(lake))
