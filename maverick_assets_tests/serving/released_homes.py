"""Run homes with released versions of several personalities on a tiny random base."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.files import sha256_of
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.settings import Settings
from maverick_assets_tests.registry.conftest import SCORES, recipe_of

PASSED = GateDecision(passed=True, decided_at=datetime(2026, 11, 1, tzinfo=UTC))


@dataclass(frozen=True)
class ReleasedHome:
    """A run home whose base is prepared, and adapters to release in it, by name."""

    settings: Settings
    base_digest: str
    adapters: Mapping[str, tuple[Path, Path]]  # PEFT folder, GGUF file

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.models)

    def release(self, personality: str, version: str, adapter: str, **recipe: object) -> Manifest:
        """Add a version with one of the adapters, and put it in service."""
        _, gguf = self.adapters[adapter]
        self.add(personality, version, adapter, **recipe)
        self.registry.attach(personality, version, gguf, "adapter.gguf")
        self.registry.record_evaluation(personality, version, SCORES, PASSED)
        return self.registry.release(personality, version)

    def add(self, personality: str, version: str, adapter: str, **recipe: object) -> Manifest:
        """Add a candidate with one of the adapters, as a training leaves it."""
        manifest = Manifest(
            personality=personality,
            version=Version.parse(version),
            kind="full",
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
            fingerprint=f"{personality} {version}",
            base_digest=self.base_digest,
            dataset_version=0,
            recipe=recipe_of(personality) | recipe,
            code_version="1",
        )
        return self.registry.add_candidate(manifest, self.adapters[adapter][0])

    def flip_a_bit(self, personality: str, version: str) -> None:
        """Damage the GGUF file of a version."""
        path = self.settings.models / personality / version / "adapter.gguf"
        content = bytearray(path.read_bytes())
        content[-100] ^= 1
        path.write_bytes(content)
        assert sha256_of(path) not in self.registry.get(personality, version).files.values()
