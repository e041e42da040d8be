"""What a session is: a conversation that is kept, its messages, and what is added to it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from maverick_assets.crm.schema import MADE_BY, MAVERICK
from maverick_assets.errors import BadInput


class NotKept(BadInput):
    """A message that no session takes, with the reason for its sender."""


class Overtaken(NotKept):
    """Another request has changed the session meanwhile."""

    def __init__(self) -> None:
        super().__init__("the session has another message meanwhile; read it again")


@dataclass(frozen=True)
class StoredMessage:
    """A message of a session."""

    id: str
    role: Literal["user", "assistant"]
    text: str
    at: datetime
    version: str | None = None  # who answered
    mood: str | None = None  # in which he answered
    mode: str | None = None
    device: str | None = None  # where it was written
    context: Mapping[str, Any] | None = None  # what it was about, as `asked.context_of` reads it


@dataclass(frozen=True)
class Session:
    """A conversation with one personality, without its messages."""

    id: str
    user_id: str  # of the CRM: the owner's, or one that no owner has
    caller: str  # whose token began it
    personality: str
    mood: str | None  # those of the last message
    mode: str | None
    modes: tuple[str, ...]  # of all messages
    sensitivity: tuple[str, ...]  # classes of its words, besides those that modes name
    device: str | None
    updated_at: datetime
    length: int  # messages that it ever had
    title: str = ""  # the first words

    def metadata(self, about: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """What `conversations.metadata` holds; `about`: what is known of each message."""
        said = {
            MADE_BY: MAVERICK,
            "personality": self.personality,
            "mood": self.mood,
            "mode": self.mode,
            "modes": list(self.modes),
            "sensitivity": list(self.sensitivity),
            "caller": self.caller,
            "device": self.device,
            "updated_at": self.updated_at.isoformat(),
            "length": self.length,
            "messages": {key: dict(value) for key, value in about.items()},
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Exchange:
    """A message and its answer. `text` is what the caller wrote and `answer` what he was shown."""

    text: str
    answer: str
    version: str
    mood: str | None = None
    mode: str | None = None
    device: str | None = None
    context: Mapping[str, Any] | None = None  # what the message was about


@dataclass(frozen=True)
class Rating:
    """What somebody thinks of an answer, in the columns of the CRM's `feedback`."""

    personality: str
    version: str
    prompt: str
    response: str
    rating: int
    correction: str | None = None
    mood: str | None = None
    mode: str | None = None


def new_session_id() -> str:
    return f"maverick-{secrets.token_hex(8)}"
