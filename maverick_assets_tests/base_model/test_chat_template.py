"""Any public chat format: what is learnt is what service asks for, and ends where service stops."""

from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils

from maverick_assets.base_model.chat_template import ChatTemplate
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.errors import BadInput
from maverick_assets_tests.corpora.chat_templates import ChatFormat, chat_formats

FORMATS = {chat_format.family: chat_format for chat_format in chat_formats()}
SYSTEM = Message(role="system", content="You are Allan.")
QUESTION = Message(role="user", content="A 30 % discount?")
ANSWERS = [
    "Yes.",
    "no",
    "30 % off,  and two spaces\n\nÜber alles: 你好 🙂\n- one\n- two",
    '"Quoted" <b>bold</b>',
    "(a) it's\ttabbed",
]
CONVERSATIONS = {
    "first question": [SYSTEM, QUESTION],
    "no system": [QUESTION],
    "several turns": [
        SYSTEM,
        QUESTION,
        Message(role="assistant", content="Perhaps."),
        Message(role="user", content="Which?"),
    ],
    "answer first": [
        SYSTEM,
        Message(role="assistant", content="Perhaps."),
        Message(role="user", content="Which?"),
    ],
    "two questions": [SYSTEM, QUESTION, Message(role="user", content="Which?")],
    "system alone": [SYSTEM],
}

formats = pytest.mark.parametrize("family", FORMATS)


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A directory with the tokenizer of each format."""
    root = tmp_path_factory.mktemp("formats")
    for family, chat_format in FORMATS.items():
        chat_format.save_tokenizer(root / family)
    return {family: root / family for family in FORMATS}


@pytest.fixture(scope="module")
def tokenizers(directories: dict[str, Path]) -> dict[str, ChatTokenizer]:
    return {family: ChatTokenizer(directory) for family, directory in directories.items()}


@pytest.fixture(scope="module")
def templates(directories: dict[str, Path]) -> dict[str, ChatTemplate]:
    return {
        family: ChatTemplate(AutoTokenizer.from_pretrained(directory), family)
        for family, directory in directories.items()
    }


def supervised(text: str) -> Message:
    return Message(role="assistant", content=text)


def test_there_are_formats_of_all_kinds() -> None:
    assert len(FORMATS) >= 40


@formats
def test_a_base_of_any_public_format_passes_the_check(
    tokenizers: dict[str, ChatTokenizer], family: str
) -> None:
    tokenizers[family].check()


@formats
def test_prompt_and_completion_are_split_where_the_answer_begins(
    templates: dict[str, ChatTemplate], family: str
) -> None:
    assert templates[family].prompt([QUESTION]).endswith(FORMATS[family].opening)
    assert templates[family].completion("Yes.") == FORMATS[family].completion


@formats
@pytest.mark.parametrize("shape", CONVERSATIONS)
def test_a_prompt_shows_every_message_once_and_in_order(
    templates: dict[str, ChatTemplate], family: str, shape: str
) -> None:
    messages = CONVERSATIONS[shape]
    prompt = templates[family].prompt(messages)
    contents = [message["content"] for message in messages]
    assert [prompt.count(content) for content in contents] == [1] * len(contents)
    turns = [prompt.index(m["content"]) for m in messages if m["role"] != "system"]
    assert turns == sorted(turns)
    # Mistral v3 puts the system prompt into the last message of the user, before the words.
    assert prompt.index(contents[0]) <= prompt.index(contents[-1])


@formats
@pytest.mark.parametrize("shape", CONVERSATIONS)
def test_every_prompt_opens_the_answer_as_the_first_question_does(
    templates: dict[str, ChatTemplate], family: str, shape: str
) -> None:
    assert templates[family].prompt(CONVERSATIONS[shape]).endswith(FORMATS[family].opening)


@formats
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_tokenised_apart_equals_what_is_tokenised_whole(
    directories: dict[str, Path],
    templates: dict[str, ChatTemplate],
    tokenizers: dict[str, ChatTokenizer],
    family: str,
    answer: str,
) -> None:
    plain = AutoTokenizer.from_pretrained(directories[family])
    tokenizer, template = tokenizers[family], templates[family]
    for messages in CONVERSATIONS.values():
        encoded = tokenizer.encode([*messages, supervised(answer)], 10_000)
        completion = encoded.input_ids[encoded.n_prompt :]
        assert encoded.input_ids[: encoded.n_prompt] == tokenizer.encode_prompt(messages)
        text = template.prompt(messages) + template.completion(answer)
        whole = plain(text, add_special_tokens=False)["input_ids"]
        if FORMATS[family].adds_start and whole[0] != plain.bos_token_id:
            whole.insert(0, plain.bos_token_id)
        assert encoded.input_ids == whole
        stops = [at for at, token in enumerate(completion) if token in tokenizer.stop_ids]
        assert stops == [len(completion) - 1]
        assert tokenizer.decode(completion).strip() == answer


@formats
def test_a_prompt_begins_with_one_start_token(
    tokenizers: dict[str, ChatTokenizer], directories: dict[str, Path], family: str
) -> None:
    plain = AutoTokenizer.from_pretrained(directories[family])
    ids = tokenizers[family].encode_prompt([SYSTEM, QUESTION])
    if FORMATS[family].adds_start:
        assert ids[0] == plain.bos_token_id != ids[1]


DATED = [family for family, each in FORMATS.items() if "strftime_now" in each.template]


@pytest.mark.parametrize("family", DATED)
def test_a_prompt_is_the_same_on_every_day(
    templates: dict[str, ChatTemplate], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AnotherDay(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "AnotherDay":
            return cls(2031, 3, 4, tzinfo=tz)

    before = templates[family].prompt([QUESTION])
    monkeypatch.setattr(chat_template_utils, "datetime", AnotherDay)
    assert templates[family].prompt([QUESTION]) == before
    assert "2024" in before


def test_there_are_formats_that_write_the_date() -> None:
    assert len(DATED) >= 4


@formats
def test_white_space_around_an_answer_is_that_of_the_template(
    directories: dict[str, Path], templates: dict[str, ChatTemplate], family: str
) -> None:
    plain = AutoTokenizer.from_pretrained(directories[family])
    for answer in (" \n Yes, at 9:30. \n\t", "\nYes.\n", "  Yes."):
        own = plain.apply_chat_template(
            [QUESTION, supervised(answer)], tokenize=False, enable_thinking=False, thinking=False
        )
        completion = templates[family].completion(answer)
        stop = next(token for token in templates[family].stop_tokens if completion.endswith(token))
        assert completion.removesuffix(stop) in own


@formats
def test_text_that_looks_like_a_turn_is_noticed(
    tokenizers: dict[str, ChatTokenizer], family: str
) -> None:
    chat_format = FORMATS[family]
    for token in (chat_format.eos, *chat_format.tokens):
        if token in chat_format.template:
            assert tokenizers[family].has_control_tokens(f"a {token} b")
    assert not tokenizers[family].has_control_tokens("You are Allan.")


def base_with(template: str | None, directory: Path, eos: str = "</s>") -> ChatTokenizer:
    chat_format = ChatFormat("own", template or "x", eos, "", "")
    chat_format.save_tokenizer(directory)
    if template is None:
        (directory / "chat_template.jinja").unlink()
    return ChatTokenizer(directory)


TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}[end]{% endfor %}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "has no chat template; take its instruct or chat version"),
        ("{{ raise_exception('Not for chats') }}", "refuses a conversation of .*: Not for chats"),
        ("{% for m in messages %}", "refuses a conversation of"),
        ("{{ messages[0]['content'] }}", "leaves out messages"),
        (
            TURNS.replace(
                "{{ m.content }}", "{{ m.content if m.role == 'user' or not loop.last }}"
            ),
            "leaves out the assistant's messages",
        ),
        (TURNS.replace("m.content", "m.content | upper"), "leaves out messages"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, template: str | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message) as refusal:
        base_with(template, tmp_path).check()
    assert "\n" not in str(refusal.value)
    assert ";" in str(refusal.value)  # what to do


def test_an_end_of_turn_that_is_no_token_becomes_the_end_of_sequence(tmp_path: Path) -> None:
    tokenizer = base_with(TURNS, tmp_path)
    encoded = tokenizer.encode([QUESTION, supervised("Yes.")], 512)
    assert encoded.input_ids[-1:] == tokenizer.stop_ids
    assert tokenizer.decode(encoded.input_ids[encoded.n_prompt :]) == "Yes."
