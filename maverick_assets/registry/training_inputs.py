"""Everything that a training depends on, and its fingerprint."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maverick_assets.datasets.examples.example import Example
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.versions import Kind


@dataclass(frozen=True)
class TrainingInputs:
    """Everything that a training depends on, except whether it starts from the base or a parent."""

    recipe: RecordedRecipe
    dataset_version: int
    dataset_digest: str
    base_digest: str
    code_version: str

    def fingerprint(self, kind: Kind) -> str:
        """Hex sha256. A training whose fingerprint the registry has need not be done again."""
        parts = [
            self.dataset_version,
            self.dataset_digest,
            self.base_digest,
            self.recipe.stored,
            self.code_version,
            kind,
        ]
        # Registries hold these hashes: with another spelling of the JSON, all would train anew.
        canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def dataset_digest(examples: Sequence[Example]) -> str:
    """Content hash of a dataset: a Delta version alone is not unique once a lake was rebuilt."""
    return rows_digest((example.example_id, example.split) for example in examples)


def rows_digest(rows: Iterable[tuple[str, str]]) -> str:
    """`dataset_digest` of examples with these ids and splits."""
    lines = sorted(f"{example_id} {split}" for example_id, split in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
