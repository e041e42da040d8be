"""A conversation keeps within the context of the runtime."""

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.recipes import Recipe
from maverick_assets.registry.versions import Version
from maverick_assets.serving.asked import Ask, asked
from maverick_assets.serving.chat import ADAPTER, Conversation
from maverick_assets.serving.names.at_the_door import Incoming, NoNames
from maverick_assets.serving.runtime import AdapterFile, ConversationTooLong, Runtime
from maverick_assets_tests.registry.conftest import recipe_of
from maverick_assets_tests.serving.conftest import Adapter

TWIN = Recipe.model_validate(recipe_of("allan") | {"system_prompt": "You are Allan."})


def test_a_conversation_drops_its_oldest_exchanges_when_the_context_is_full(
    base: PreparedBase, adapters: dict[str, Adapter]
) -> None:
    def render(ask: Ask, names: Incoming) -> list[Message]:
        return asked(TWIN, ask, names)

    assert base.gguf is not None
    runtime = Runtime(base.gguf, {ADAPTER: AdapterFile(adapters["allan"].gguf)}, context=512)
    conversation = Conversation(runtime, Version.parse("v1.0"), render, NoNames(), lambda: None)
    for number in range(4):
        assert conversation.say(f"Question {number}: " + "and so on, " * 60)
    with pytest.raises(ConversationTooLong, match="the context 512"):
        conversation.say("and so on, " * 300)
