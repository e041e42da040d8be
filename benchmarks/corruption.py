"""1,000 damaged or forged versions: which of them load, and whether each error names the file.

`python -m benchmarks.corruption [N]` builds a registry of two personalities with two versions each,
damages one of them in a random way (seed 0), and asks everything that reads weights for it.
"""

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version

PERSONALITIES = ("robbie", "gatekeeper")
VERSIONS = ("v1.0", "v1.1")


@dataclass(frozen=True)
class Home:
    """A run home that is restored after each case."""

    models: Path
    saved: Path

    @property
    def registry(self) -> Registry:
        return Registry(self.models)

    def restore(self) -> None:
        """The registry as it was built."""
        shutil.rmtree(self.models)
        shutil.copytree(self.saved, self.models, symlinks=True)


@dataclass(frozen=True)
class Damage:
    """Which version was damaged, and which file of it."""

    personality: str
    version: str
    path: str  # in the version's directory; its error has to hold this


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    kind: str
    loaded: tuple[str, ...]  # readers that accepted the version
    unnamed: tuple[str, ...]  # messages that do not name the file


def build(folder: Path, rng: random.Random) -> Home:
    """A registry whose files all differ; the second version of each is in service."""
    registry = Registry(folder / "models")
    for personality in PERSONALITIES:
        for version in VERSIONS:
            _add(registry, folder / "made", personality, version, rng)
    shutil.copytree(registry.signatures.models, folder / "saved", symlinks=True)
    return Home(folder / "models", folder / "saved")


def _add(
    registry: Registry, folder: Path, personality: str, version: str, rng: random.Random
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, size in {
        "adapter/adapter_config.json": 600,
        "adapter/adapter_model.safetensors": 9000,
        "adapter.gguf": 9000,
        "Modelfile": 300,
        "report/report.md": 900,
        "report/metrics.json": 400,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(size))
    now = datetime.now(UTC)
    recipe = {
        "name": personality,
        "title": personality,
        "description": "",
        "system_prompt": "You are here.",
        "sources": [{"table": "crm_emails", "examples": "reply"}],
    }
    manifest = Manifest(
        personality=personality,
        version=Version.parse(version),
        kind="full",
        created_at=now,
        fingerprint=f"{personality} {version}",
        base_digest="b",
        dataset_version=1,
        recipe=RecordedRecipe.model_validate(recipe),
        code_version="1",
    )
    registry.add_candidate(manifest, folder / "adapter")
    for name in ("report", "Modelfile", "adapter.gguf"):
        registry.attach(personality, version, folder / name, name)
    registry.release(personality, version, override_reason="a benchmark")


Damages = Callable[[Home, random.Random], Damage]


def _pick(home: Home, rng: random.Random) -> tuple[str, str, Path]:
    personality, version = rng.choice(PERSONALITIES), rng.choice(VERSIONS)
    return personality, version, home.models / personality / version


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _of_file(home: Home, rng: random.Random, change: Callable[[Path], None]) -> Damage:
    personality, version, folder = _pick(home, rng)
    path = rng.choice(_files(folder))
    change(path)
    name = path.relative_to(folder).as_posix()
    return Damage(personality, version, name)


def flipped_bit(home: Home, rng: random.Random) -> Damage:
    """One bit of any file."""

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)

    return _of_file(home, rng, flip)


def truncated(home: Home, rng: random.Random) -> Damage:
    """Any file ends early, or is empty."""
    return _of_file(home, rng, lambda path: os.truncate(path, rng.randrange(path.stat().st_size)))


def missing(home: Home, rng: random.Random) -> Damage:
    """Any file is gone."""
    return _of_file(home, rng, Path.unlink)


def linked(home: Home, rng: random.Random) -> Damage:
    """A link to the same content in place of any file."""

    def link(path: Path) -> None:
        moved = home.models / "moved"
        path.rename(moved)
        path.symlink_to(moved)

    return _of_file(home, rng, link)


def swapped_file(home: Home, rng: random.Random) -> Damage:
    """A file of another version or personality in place of the same file."""
    personality, version, folder = _pick(home, rng)
    path = rng.choice([path for path in _files(folder) if path.suffix != ".sig"])
    name = path.relative_to(folder).as_posix()
    shutil.copy(rng.choice([p for p in home.models.glob(f"*/v*/{name}") if p != path]), path)
    return Damage(personality, version, name)


def swapped_signature(home: Home, rng: random.Random) -> Damage:
    """The signature of another version or personality in place of a version's own."""
    personality, version, folder = _pick(home, rng)
    [own] = folder.glob("*.sig")
    shutil.copy(rng.choice([p for p in home.models.glob("*/v*/*.sig") if p != own]), own)
    return Damage(personality, version, own.name)


def renumbered(home: Home, rng: random.Random) -> Damage:
    """All of the other version in a version's directory, with the number put right."""
    personality, version, folder = _pick(home, rng)
    other = VERSIONS[1 - VERSIONS.index(version)]
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name(other), folder)
    manifest = folder / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f'"version": "{other}"', f'"version": "{version}"'))
    return Damage(personality, version, "manifest.json")


def exchanged(home: Home, rng: random.Random) -> Damage:
    """Two versions that change places."""
    personality, version, folder = _pick(home, rng)
    other, aside = folder.with_name(VERSIONS[1 - VERSIONS.index(version)]), home.models / "aside"
    folder.rename(aside)
    other.rename(folder)
    aside.rename(other)
    return Damage(personality, version, "manifest.json")


def added(home: Home, rng: random.Random) -> Damage:
    """A file that nobody attached."""
    personality, version, folder = _pick(home, rng)
    names = (
        "adapter/adapter_model.bin",
        "adapter/extra.py",
        "code.py",
        "report/x",
        "merged-f16.gguf",
    )
    name = rng.choice(names)
    (folder / name).write_bytes(b"added")
    return Damage(personality, version, name)


KINDS: Mapping[str, tuple[int, Damages]] = {  # weight, and what it does
    "flipped bit": (400, flipped_bit),
    "truncated": (150, truncated),
    "missing": (50, missing),
    "swapped file": (150, swapped_file),
    "swapped signature": (100, swapped_signature),
    "renumbered": (40, renumbered),
    "exchanged": (20, exchanged),
    "link": (50, linked),
    "added": (40, added),
}


def outcome(home: Home, kind: str, damage: Damage) -> Outcome:
    """Who still accepts the version: `verify`, and whatever reads the damaged file."""
    registry, name, version = home.registry, damage.personality, damage.version
    readers: dict[str, Callable[[], object]] = {"verify": lambda: registry.verify(name, version)}
    top = damage.path.split("/")[0]
    if top == "adapter":
        readers["weights"] = lambda: registry.weights(name, version, "adapter")
    elif top == "adapter.gguf":
        readers["weights"] = lambda: registry.weights(name, version, "adapter.gguf")
    elif top.startswith("manifest."):
        readers["usable"] = lambda: registry.usable(name, version)
        readers["weights"] = lambda: registry.weights(name, version, "adapter")
        readers["release"] = lambda: registry.release(name, version)
    else:
        readers["file"] = lambda: registry.file(name, version, top)
    loaded, unnamed = [], []
    for reader, read in readers.items():
        try:
            read()
            loaded.append(reader)
        except MaverickError as error:
            if damage.path not in str(error):
                unnamed.append(f"{reader}: {error}")
    return Outcome(kind, tuple(loaded), tuple(unnamed))


def run(n: int, seed: int = 0) -> list[Outcome]:
    """`n` cases: one of each kind, then in the proportions of `KINDS`.

    After each the restored version has to verify.
    """
    rng, outcomes = random.Random(seed), []
    weights = [weight for weight, _ in KINDS.values()]
    with tempfile.TemporaryDirectory() as folder:
        home = build(Path(folder), rng)
        for kind in [*KINDS, *rng.choices(list(KINDS), weights, k=n - len(KINDS))]:
            damage = KINDS[kind][1](home, rng)
            outcomes.append(outcome(home, kind, damage))
            home.restore()
            home.registry.verify(damage.personality, damage.version)
    return outcomes


def main() -> None:
    """Print how many cases of each kind loaded, and how many errors named no file."""
    outcomes = run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    loaded = [each for each in outcomes if each.loaded]
    unnamed = [each for each in outcomes if each.unnamed]
    for kind, count in sorted(Counter(each.kind for each in outcomes).items()):
        bad = sum(each.kind == kind for each in loaded)
        print(f"{kind:18} {count:5} cases, {bad} loaded")
    print(f"{len(outcomes)} cases: {len(loaded)} loaded, {len(unnamed)} without the file's name")
    for each in [*loaded, *unnamed][:20]:
        print(each)


if __name__ == "__main__":
    main()
