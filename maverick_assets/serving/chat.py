"""A conversation with one version of one personality, in llama.cpp inside this process."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.registry.catalog import GGUF
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.serving.asked import Ask, asked
from maverick_assets.serving.export.base import base_model_of, ensure_base_gguf
from maverick_assets.serving.names.at_the_door import Incoming, Names, NoNames, restored
from maverick_assets.serving.names.book import read_names
from maverick_assets.serving.runtime import (
    AdapterFile,
    ConversationTooLong,
    Runtime,
    prompt_encoder,
)
from maverick_assets.settings import Settings

ADAPTER = "adapter"  # name of the one adapter that a conversation's runtime holds


class Conversation:
    """The messages exchanged so far, and the version that answers them."""

    def __init__(
        self,
        runtime: Runtime,
        version: Version,
        render: Callable[[Ask, Incoming], list[Message]],
        names: Names | NoNames,
        require_usable: Callable[[], object],
    ) -> None:
        """`runtime` has loaded the version's adapter under the name `ADAPTER`.

        `render` gives the messages that ask it; mood and mode are known to it. `names`: of the
        lake; the owner is who talks. `require_usable` raises `BadInput` once the version is
        revoked.
        """
        self.version = version
        self.runtime = runtime
        self._render = render
        self._names = names
        self._require_usable = require_usable
        self._said: list[Message] = []

    def say(self, text: str, context: Mapping[str, Any] | None = None) -> str:
        """The personality's answer to `text`. Both become part of the conversation.

        `context`: see `Ask`; it belongs to this message alone.

        When the context is full, the oldest exchanges are dropped. Raises `ConversationTooLong` if
        the text does not fit even without them, and `BadInput` when the version was revoked
        meanwhile.
        """
        self._require_usable()
        answer = self._answer(text, context)
        self._said += [
            Message(role="user", content=text),
            Message(role="assistant", content=answer),
        ]
        return answer

    def asked(self, ask: Ask) -> tuple[list[Message], Incoming]:
        """The messages that ask the personality something, outside of the conversation.

        And the names in them, which come back to the owner. Raises what `say` raises where nothing
        can be asked.
        """
        self._require_usable()
        request = self._names.incoming(by_owner=True)
        return self._render(ask, request), request

    def _answer(self, text: str, context: Mapping[str, Any] | None) -> str:
        while True:
            request = self._names.incoming(by_owner=True)
            messages = self._render(Ask(text, context, earlier=self._said), request)
            try:
                answer = self.runtime.chat(messages, adapter=ADAPTER)
                return restored(request.outgoing(), answer)
            except ConversationTooLong:
                if not self._said:
                    raise
                del self._said[:2]  # the oldest question and its answer


def open_chat(
    settings: Settings, recipe: Recipe, version: str, mood: str | None, mode: str | None
) -> Conversation:
    """Load a version into llama.cpp and begin a conversation; `final` is the version in service.

    Raises `BadInput` for a version, mood or mode that does not exist and for a version that was
    revoked, `MaverickError` for a corrupt file.
    """
    registry = Registry(settings.models)
    recipe.prompt_for(mood, mode)  # raises what is wrong with them before anything is loaded
    manifest = registry.usable(recipe.name, version)
    if GGUF not in manifest.files:
        raise BadInput(
            f"{recipe.name} {manifest.version} is not exported; release it first with "
            f"`maverick models release {recipe.name} {manifest.version}`"
        )
    base = base_model_of(settings, manifest)
    base_gguf = ensure_base_gguf(base, settings.base_dir)
    gguf = registry.weights(recipe.name, manifest.version, "adapter.gguf")
    runtime = Runtime(
        base_gguf,
        {ADAPTER: AdapterFile(gguf)},
        # Half of the cores: with all of them, another busy program slows every thread down.
        threads=max(1, (os.cpu_count() or 1) // 2),
        encode_prompt=prompt_encoder(base),
    )
    require_usable = partial(registry.usable, recipe.name, manifest.version)

    def render(ask: Ask, names: Incoming) -> list[Message]:
        return asked(recipe, replace(ask, mood=mood, mode=mode), names)

    return Conversation(runtime, manifest.version, render, read_names(settings), require_usable)
