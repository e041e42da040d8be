"""A version with a report whose answers can be judged."""

import json
from pathlib import Path

from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.serving.released_homes import ReleasedHome

SAMPLES = [
    {
        "example_id": f"example-{number}",
        "prompt": f"Question {number}?",
        "real": f"What the owner wrote, {number}.",
        "generated": f"What the version wrote, {number}.",
        "others": {"prompt_pack": f"What the pack wrote, {number}."},
    }
    for number in range(12)
]


def attach_answers(
    home: ReleasedHome, manifest: Manifest, folder: Path, samples: object = SAMPLES
) -> None:
    """Give a version a report that holds these samples."""
    folder.mkdir(parents=True)
    (folder / "samples.json").write_text(json.dumps(samples))
    home.registry.attach(manifest.personality, manifest.version, folder, "report")
