"""`AllanBot`: a twin that decides, in this process or behind the HTTP API of another one."""

import platform
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from maverick_assets.errors import BadInput
from maverick_assets.registry.store import Registry
from maverick_assets.serving.allanbot.decide import Twin, decide
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets.serving.allanbot.memory import DecisionMemory
from maverick_assets.serving.allanbot.remote import RemoteBot
from maverick_assets.serving.asked import Ask
from maverick_assets.serving.chat import ADAPTER, Conversation, open_chat
from maverick_assets.serving.names.at_the_door import restored
from maverick_assets.settings import Settings, load_settings


class AllanBot:
    """Decides as the owner would.

        AllanBot(model="allan-maverick").make_decision(
            context={"deal_amount": 50000, "deal_stage": "negotiation"},
            options=["accept", "decline", "ask for a deposit"],
        )

    Without `url` the version in service is loaded into this process, from the run home of the
    settings. With it, a server decides (`maverick serve`), and the result is the same.
    """

    def __init__(self, model: str, *, url: str | None = None, token: str | None = None) -> None:
        """`model` is a personality. `token`: of the API, with the scope `chat`.

        Raises `BadInput` for a personality that has no version in service, and for an address to
        which a token must not be sent.
        """
        self._bot: RemoteBot | LocalBot
        if url is None:
            if token is not None:
                raise BadInput("a token is for a server; name its url, too")
            self._bot = LocalBot(load_settings(), model)
        else:
            self._bot = RemoteBot(model, url, token or "")

    def make_decision(self, context: str | Mapping[str, Any], options: Sequence[str]) -> Decision:
        """Which of the options the twin takes, how likely each is, and his nearest own decisions.

        `context` is a message, or the facts of a deal or a mail as `POST /api/chat` takes them.
        Raises `BadInput` for what cannot be decided, `MaverickError` when the model or the server
        fails.
        """
        return self._bot.decide(context, options)


class LocalBot:
    """The version in service, in this process."""

    def __init__(self, settings: Settings, personality: str) -> None:
        manifest = Registry(settings.models).usable(personality, "final")
        version = str(manifest.version)
        self._conversation = open_chat(settings, manifest.recipe, version, None, None)
        self._personality = personality
        self._memory = DecisionMemory(settings)

    def decide(self, context: str | Mapping[str, Any], options: Sequence[str]) -> Decision:
        """See `AllanBot.make_decision`."""
        ask = ask_about(context)
        return decide_in(self._conversation, self._personality, ask, options, self._memory)


def decide_in(
    conversation: Conversation,
    personality: str,
    ask: Ask,
    options: Sequence[str],
    memory: DecisionMemory,
) -> Decision:
    """A decision by the version that a conversation is held with, apart from the conversation."""
    messages, names = conversation.asked(ask)

    def show(text: str) -> str:
        return restored(names.outgoing(), text)

    version = str(conversation.version)
    weights = memory.weights(personality, version)
    twin = Twin(conversation.runtime, ADAPTER, personality, version, platform.node(), weights)
    known = memory.of(personality, names.hide, show)
    return decide(twin, messages, options, known, threading.Event())


def ask_about(context: str | Mapping[str, Any]) -> Ask:
    """The question on which a decision is wanted."""
    return Ask(message=context) if isinstance(context, str) else Ask(context=context)
