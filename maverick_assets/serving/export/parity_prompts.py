"""The prompts that every engine must answer alike before a release."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, cycle, islice, product
from pathlib import Path
from typing import Any

from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.recipes import Recipe
from maverick_assets.serving.asked import Ask, NamesStay, asked, known_context
from maverick_assets.serving.export.engines import ParityPrompt
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml

N_PROMPTS = 20
_FILE = Path(__file__).with_suffix(".yaml")


class _InContext(StrictModel):
    name: str
    context: dict[str, Any]


class _Chat(StrictModel):
    name: str
    earlier: list[dict[str, str]]
    message: str


class _Questions(StrictModel):
    contexts: list[_InContext]
    chats: list[_Chat]
    messages: list[str]

    def asks(self, recipe: Recipe) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What a personality is asked, as fields of an `Ask`, under a name."""
        known = set(known_context(recipe))
        for each in self.contexts:
            if known.issuperset(each.context):
                yield each.name, {"context": each.context}
        for chat in self.chats:
            earlier = [Message(role=said["role"], content=said["content"]) for said in chat.earlier]
            yield chat.name, {"message": chat.message, "earlier": earlier}
        for number, message in enumerate(self.messages, 1):
            yield f"message {number}", {"message": message}


def parity_prompts(recipe: Recipe, tokenizer: ChatTokenizer) -> Sequence[ParityPrompt]:
    """The 20 prompts of a recipe: of each kind that it was trained on, in all moods and modes.

    Nothing in them is of the lake, so they stay the same from release to release.
    """
    questions = load_yaml(_FILE, _Questions).asks(recipe)
    # Without a mood first, as a message that names none is asked.
    moods = cycle(chain(product([None], [None]), product(recipe.moods, recipe.modes or [None])))
    prompts = []
    for (name, fields), (mood, mode) in zip(islice(questions, N_PROMPTS), moods, strict=False):
        messages = asked(recipe, Ask(mood=mood, mode=mode, **fields), NamesStay())
        tags = "".join(f", {tag}" for tag in (mood, mode) if tag)
        ids = tokenizer.encode_prompt(messages)
        prompts.append(ParityPrompt(f"{name}{tags}", messages, ids))
    return prompts
