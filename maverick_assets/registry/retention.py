"""Which versions keep their weights.

Kept are the version in service, the newest versions, the newest ones that were in service once (a
rollback goes back to them), and whatever a kept version was trained on top of. All others lose
their weights; their manifests stay, with figures, gates and reports.
"""

from collections.abc import Iterable, Sequence

from maverick_assets.registry.manifest import Manifest


def without_weights(versions: Sequence[Manifest], keep: int) -> list[Manifest]:
    """The versions of one personality whose weights may go; those that have none are left out.

    `versions` are all of them, lowest number first. `keep` is how many of the newest versions, and
    of the newest ones that were released once, keep their weights.
    """
    valid = [m for m in versions if m.revoked is None and m.pruned is None]
    released = [m for m in valid if m.released_at is not None]
    in_service = [m for m in valid if m.state == "released"]
    kept = _with_parents([*valid[-keep:], *released[-keep:], *in_service], valid)
    return [manifest for manifest in valid if manifest.version not in kept]


def _with_parents(kept: Iterable[Manifest], versions: Iterable[Manifest]) -> set[object]:
    """The numbers of these versions, and of all that they were trained on top of."""
    by_number = {manifest.version: manifest for manifest in versions}
    numbers: set[object] = set()
    waiting = list(kept)
    while waiting:
        manifest = waiting.pop()
        if manifest.version not in numbers:
            numbers.add(manifest.version)
            if manifest.parent in by_number:
                waiting.append(by_number[manifest.parent])
    return numbers
