"""Token ids: what is supervised, and what is cut."""

import pytest
from transformers import AutoTokenizer

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message


def dialogue(user: str, answer: str) -> list[Message]:
    return [
        Message(role="system", content="You are Allan."),
        Message(role="user", content=user),
        Message(role="assistant", content=answer),
    ]


def test_exactly_the_answer_and_its_end_of_turn_are_supervised(
    base: PreparedBase, tokenizer: ChatTokenizer
) -> None:
    plain = AutoTokenizer.from_pretrained(base.directory)
    encoded = tokenizer.encode(dialogue("30 % off?", "No.\n\nAllan"), 512)
    prompt = (
        "<|im_start|>system\nYou are Allan.<|im_end|>\n"
        "<|im_start|>user\n30 % off?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert plain.decode(encoded.input_ids[: encoded.n_prompt]) == prompt
    assert plain.decode(encoded.input_ids[encoded.n_prompt :]) == "No.\n\nAllan<|im_end|>"
    assert encoded.n_supervised == len(encoded.input_ids) - encoded.n_prompt


@pytest.mark.parametrize("max_length", [32, 48, 64, 100])
def test_a_long_dialogue_is_truncated_and_both_sides_keep_words(
    tokenizer: ChatTokenizer, max_length: int
) -> None:
    encoded = tokenizer.encode(dialogue("why " * 200, "because " * 200), max_length)
    assert len(encoded.input_ids) == max_length
    assert encoded.n_supervised > 0


def test_the_prompt_is_cut_before_the_answer(base: PreparedBase, tokenizer: ChatTokenizer) -> None:
    plain = AutoTokenizer.from_pretrained(base.directory)
    encoded = tokenizer.encode(dialogue("why " * 200, "Because I say so."), 100)
    assert plain.decode(encoded.input_ids[encoded.n_prompt :]) == "Because I say so.<|im_end|>"
    assert len(encoded.input_ids) <= 100
