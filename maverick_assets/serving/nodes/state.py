"""What is known of each node, in the run home: what it had when it last answered.

The node itself decides: what a file says is compared with the node's own list before it is relied
on. The file is what can be said of a node that is down, and which of its models have answered.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError

from maverick_assets.files import write_atomically
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel


class Held(StrictModel):
    """What a node has of one personality."""

    serves: str | None = None  # version behind the moving tag; None: none, or one not known to us
    # Digest of each version's manifest, as the node lists it, once it had answered the smoke prompt
    verified: Mapping[str, str] = Field({})


class NodeState(StrictModel):
    """`nodes/<node>.json` in the run home."""

    seen_at: AwareDatetime | None = None
    personalities: Mapping[str, Held] = Field({})

    def held(self, personality: str) -> Held:
        return self.personalities.get(personality, Held())

    def with_held(self, personality: str, held: Held, now: datetime) -> "NodeState":
        """The state after the node was asked."""
        personalities = {**self.personalities, personality: held}
        return NodeState(seen_at=now, personalities=personalities)


def states_folder(settings: Settings) -> Path:
    return settings.home / "nodes"


def read_state(settings: Settings, node: str) -> NodeState:
    """The state of a node; empty where there is none, or none that can be read.

    Nothing is lost then: all that the node has is tried again.
    """
    try:
        content = (states_folder(settings) / f"{node}.json").read_bytes()
        return NodeState.model_validate_json(content)
    except (OSError, ValidationError):
        return NodeState()


def write_state(settings: Settings, node: str, state: NodeState) -> None:
    write_atomically(states_folder(settings) / f"{node}.json", state.model_dump_json(indent=1))
