"""How Ollama is to speak with a base: its template and stop words, found once for each base.

llama.cpp, which Ollama runs, reads the prompts of the template that was found; only when their
tokens are those of training is it taken.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.files import write_atomically
from maverick_assets.serving.export.ollama_template import (
    Inexpressible,
    OllamaTemplate,
    derive_template,
)

_VERSION = 1  # raised when a format that was found before should be found again

_CONVERSATION = [
    Message(role="system", content="You are Allan. You answer briefly."),
    Message(role="user", content="Is it 30 % off, or none?"),
    Message(role="assistant", content="None.\n\nIt's a fair price."),
    Message(role="user", content="Über alles: when?"),
]


@dataclass(frozen=True)
class OllamaFormat:
    """What a Modelfile says about a base's format, or why it cannot."""

    template: str = ""  # in Go's template language
    stops: tuple[str, ...] = ()
    problem: str | None = None


def ollama_format(base: PreparedBase, folder: Path, server: LlamaServer) -> OllamaFormat:
    """The format of a base that `server` has loaded; kept in `folder` once it is found."""
    path = folder / f"ollama-{base.digest[:12]}.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.pop("version") == _VERSION:
            return OllamaFormat(**kept | {"stops": tuple(kept["stops"])})
    except (OSError, ValueError, KeyError, TypeError):
        pass  # found again
    chat_format = _find(ChatTokenizer(base.directory), server)
    write_atomically(path, json.dumps({"version": _VERSION, **asdict(chat_format)}, indent=1))
    return chat_format


def _find(tokenizer: ChatTokenizer, server: LlamaServer) -> OllamaFormat:
    try:
        template = derive_template(tokenizer.prompt_text, start_token(tokenizer, server))
        _compare(template, tokenizer, server)
    except Inexpressible as error:
        return OllamaFormat(problem=f"Ollama cannot have the base's chat template: {error}")
    return OllamaFormat(template.go(), tuple(tokenizer.stop_tokens))


def start_token(tokenizer: ChatTokenizer, server: LlamaServer) -> str:
    """The token that llama.cpp puts before every text; empty where it puts none."""
    plain, whole = (server.tokenize("a", add_special=special) for special in (False, True))
    return tokenizer.token(whole[0]) if len(whole) > len(plain) else ""


def _compare(template: OllamaTemplate, tokenizer: ChatTokenizer, server: LlamaServer) -> None:
    """Raise `Inexpressible` when llama.cpp reads other tokens than a training on the base did."""
    for messages in (_CONVERSATION[:2], _CONVERSATION[1:2], _CONVERSATION):
        ids = server.tokenize(template.render(messages), add_special=True)
        if ids != tokenizer.encode_prompt(messages):
            raise Inexpressible("llama.cpp reads its prompts as other tokens than training did")
