"""The prompt pack shows the base how the owner writes, and never what he wrote in that thread."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from maverick_assets.base_model.chat_template import Message
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.prompt_pack import SHOWN, PromptPack
from maverick_assets_tests.datasets.example_template import EXAMPLE


@pytest.fixture(scope="module")
def tokenizer(base: PreparedBase) -> ChatTokenizer:
    return ChatTokenizer(base.directory)


def example(
    number: int, prompt: str, answer: str, thread: str = "", kind: str = "reply"
) -> Example:
    roles = {"system": "You are Allan.", "user": prompt, "assistant": answer}
    return replace(
        EXAMPLE,
        example_id=f"{number:03}",
        kind=kind,
        messages=[Message(role=role, content=text) for role, text in roles.items()],
        thread_id=thread or str(number),
        mood=None,
        mode=None,
    )


def train() -> list[Example]:
    """Thirty mails about ovens that are greeted and signed, and thirty short calls on deals."""
    mails = [
        example(at, f"Is oven {at} hot?", f"Hi Dana,\n\nyes, oven {at} is on\n\nCheers,\nJohn")
        for at in range(30)
    ]
    calls = [
        example(30 + at, "Deal: acme", "We let it go now.", kind="decision") for at in range(30)
    ]
    return [*mails, *calls]


def shown(messages: Sequence[Message]) -> list[str]:
    return [message["content"] for message in messages[1:-1] if message["role"] == "user"]


def test_five_nearest_examples_of_other_threads_stand_before_the_question(
    tokenizer: ChatTokenizer,
) -> None:
    held_out = example(99, "Is oven 7 hot?", "never shown", thread="7")
    packed = PromptPack(train(), tokenizer).pack(held_out)
    prompts = shown(packed)
    assert len(prompts) == SHOWN
    assert "Is oven 7 hot?" not in prompts  # of the same thread
    assert all("oven" in prompt for prompt in prompts)
    assert packed[-1] == held_out.messages[-2]
    assert "never shown" not in str(packed)
    assert [message["role"] for message in packed] == [
        "system",
        *["user", "assistant"] * SHOWN,
        "user",
    ]


def test_the_card_is_of_the_kind_that_is_asked_for(tokenizer: ChatTokenizer) -> None:
    pack = PromptPack(train(), tokenizer)
    mail = pack.pack(example(99, "Is it hot?", "x"))[0]["content"]
    call = pack.pack(example(99, "Deal: zeta", "x", kind="decision"))[0]["content"]
    assert mail.startswith("You are Allan.\n\n")
    assert 'Most messages open with "Hi (name),"' in mail
    assert 'close with "Cheers,\n(name)"' in mail
    assert "Dana" not in mail
    assert "Most messages do not greet" in call
    assert '"We let it"' in call


def test_what_does_not_fit_is_left_out_the_farthest_first(tokenizer: ChatTokenizer) -> None:
    held_out = example(99, "Is oven 7 hot?", "x")
    whole = PromptPack(train(), tokenizer).pack(held_out)
    small = PromptPack(train(), tokenizer, max_tokens=180).pack(held_out)
    assert 0 < len(shown(small)) < SHOWN
    assert shown(small) == shown(whole)[-len(shown(small)) :]
    assert len(tokenizer.encode_prompt(small)) <= 180
    assert PromptPack(train(), tokenizer, max_tokens=20).pack(held_out) == held_out.messages[:-1]


def test_another_mood_is_not_shown(tokenizer: ChatTokenizer) -> None:
    angry = [replace(each, mood="angry") for each in train()]
    assert shown(PromptPack(angry, tokenizer).pack(example(99, "Is oven 7 hot?", "x"))) == []


def test_without_a_training_example_the_question_stays_as_it_is(tokenizer: ChatTokenizer) -> None:
    held_out = example(99, "Is oven 7 hot?", "x")
    assert PromptPack([], tokenizer).pack(held_out) == held_out.messages[:-1]
