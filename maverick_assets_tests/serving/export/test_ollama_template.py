"""Ollama's template of a base renders what the base's own template does, by a simulation of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.serving.export.ollama_template import Inexpressible, derive_template
from maverick_assets_tests.corpora.chat_templates import ChatFormat, chat_formats
from maverick_assets_tests.serving.export.caddy import GoTemplates, go_templates
from maverick_assets_tests.serving.export.go_template_simulation import render, template_data

FORMATS = {chat_format.family: chat_format for chat_format in chat_formats()}
CONTENTS = {
    "system": ["You are {{ Allan }}.\n\nBriefly."],
    "user": ["A 30 % discount?", 'Which "one"?', "Über alles: when?"],
    "assistant": ["Perhaps.\n- one\n- two", "The `\\n` one."],
}
CONVERSATIONS = ["u", "su", "uau", "suau", "suauau", "sau"]


def conversation(letters: str) -> list[Message]:
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return [
        Message(role=roles[letter], content=CONTENTS[roles[letter]][letters[:at].count(letter)])
        for at, letter in enumerate(letters)
    ]


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ChatTokenizer]:
    root = tmp_path_factory.mktemp("formats")
    for family, chat_format in FORMATS.items():
        chat_format.save_tokenizer(root / family)
    return {family: ChatTokenizer(root / family) for family in FORMATS}


@pytest.mark.parametrize("family", FORMATS)
def test_ollama_renders_what_the_base_s_own_template_does(
    tokenizers: dict[str, ChatTokenizer], family: str
) -> None:
    tokenizer = tokenizers[family]
    template = derive_template(tokenizer.prompt_text, bos="")
    for letters in CONVERSATIONS:
        messages = conversation(letters)
        expected = tokenizer.prompt_text(messages)
        assert render(template.go(), messages) == expected
        assert template.render(messages) == expected


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoTemplates]:
    if shutil.which("caddy") is None:
        pytest.skip("no caddy, which has Go's template engine: install Debian's package")
    with go_templates(tmp_path_factory.mktemp("caddy")) as go:
        yield go


@pytest.mark.parametrize("family", FORMATS)
def test_go_renders_what_the_base_s_own_template_does(
    tokenizers: dict[str, ChatTokenizer], go: GoTemplates, family: str
) -> None:
    tokenizer = tokenizers[family]
    template = derive_template(tokenizer.prompt_text, bos="").go()
    conversations = [conversation(letters) for letters in CONVERSATIONS]
    expected = [tokenizer.prompt_text(messages) for messages in conversations]
    assert go.render(template, [template_data(each) for each in conversations]) == expected


def test_the_start_token_is_left_to_llama_cpp_where_it_writes_one(
    tokenizers: dict[str, ChatTokenizer],
) -> None:
    """Only the first: Llama 2 writes one before every question."""
    tokenizer = tokenizers["Llama 2"]
    messages = conversation("suau")
    written = render(derive_template(tokenizer.prompt_text, bos="<s>").go(), messages)
    assert "<s>" + written == tokenizer.prompt_text(messages)
    assert written.count("<s>") == 1


NUMBERED = "{% for m in messages %}{{ loop.index }}[{{ m.role }}]{{ m.content }}{% endfor %}[a]"
SYSTEM_LAST = (
    "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    "{% if messages[0].role == 'system' %}[system]{{ messages[0].content }}{% endif %}[a]"
)


@pytest.mark.parametrize(
    ("template", "reason"),
    [(NUMBERED, "depends on more than roles"), (SYSTEM_LAST, "puts the system prompt where")],
)
def test_what_ollama_cannot_have_is_named(tmp_path: Path, template: str, reason: str) -> None:
    ChatFormat("own", template, "</s>", "", "").save_tokenizer(tmp_path)
    with pytest.raises(Inexpressible, match=reason):
        derive_template(ChatTokenizer(tmp_path).prompt_text, bos="")


def test_a_construct_that_is_not_simulated_is_an_error() -> None:
    with pytest.raises((AssertionError, KeyError)):
        render("{{ printf .System }}", conversation("su"))
