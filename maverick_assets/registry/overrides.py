"""An operator's reason to release a version that its gate, its parity or a node refused."""

from datetime import UTC, datetime

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.records import GateDecision
from maverick_assets.registry.catalog import label
from maverick_assets.registry.manifest import Manifest, NodeOverride


def with_gate_override(manifest: Manifest, reason: str | None) -> Manifest:
    """The manifest of a version that did not pass the gate, with the operator's reason.

    Raises `MaverickError` without a reason, and `BadInput` for an empty one.
    """
    if reason is not None and not reason.strip():
        raise BadInput("an override needs a reason; say why this version is good enough")
    gate = manifest.gate
    why = "; ".join(gate.reasons) if gate else "it was never evaluated"
    if reason is None:
        raise MaverickError(
            f"{label(manifest)} is not released: {why}; "
            "train a better one, or release it with a reason that overrides the gate"
        )
    decided = gate or GateDecision(passed=False, reasons=(why,), decided_at=datetime.now(UTC))
    return manifest.model_copy(
        update={"gate": decided.model_copy(update={"override": reason.strip()})}
    )


def with_parity_override(manifest: Manifest, reason: str | None) -> Manifest:
    """The manifest of a version that did not pass its parity, with the operator's reason.

    Raises `MaverickError` without a reason, and `BadInput` for an empty one.
    """
    parity = manifest.parity
    assert parity is not None
    if reason is None:
        raise MaverickError(
            f"{label(manifest)} is not released, because its export answers otherwise than what "
            f"was trained: {'; '.join(parity.reasons)}; export it again with "
            f"`maverick models release`, or release it with a reason"
        )
    if not reason.strip():
        raise BadInput("an override needs a reason; say why this version is good enough")
    return manifest.model_copy(
        update={"parity": parity.model_copy(update={"override": reason.strip()})}
    )


def with_node_override(manifest: Manifest, override: NodeOverride) -> Manifest:
    """The manifest with an override, in the place of an earlier one for the same node."""
    others = [each for each in manifest.node_overrides if each.node != override.node]
    return manifest.model_copy(update={"node_overrides": (*others, override)})
