"""Whether llama.cpp and Ollama read the prompts of the parity gate as the tokens of training."""

from collections.abc import Sequence

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.records import ParityFailure
from maverick_assets.serving.export.engines import ParityPrompt
from maverick_assets.serving.export.ollama_format import OllamaFormat, start_token
from maverick_assets.serving.export.ollama_template import Inexpressible, derive_template

_UNLIMITED = 1_000_000  # tokens
_CERTAIN = 1000.0  # added to a token's logit, so that no other one is chosen


def check_own_rendering(
    prompts: Sequence[ParityPrompt], server: LlamaServer, tokenizer: ChatTokenizer
) -> ParityFailure | None:
    """The first prompt that llama.cpp renders to other tokens by the template in the GGUF file."""
    for prompt in prompts:
        text = server.prompt_text(prompt.messages)
        if server.tokenize(text, add_special=True) != list(prompt.ids):
            expected = tokenizer.prompt_text(list(prompt.messages))
            return _unlike("llama.cpp", prompt.name, expected, text)
    return None


def check_modelfile(
    chat_format: OllamaFormat,
    prompts: Sequence[ParityPrompt],
    server: LlamaServer,
    tokenizer: ChatTokenizer,
) -> ParityFailure | None:
    """What is wrong with what the Modelfile says of the base's format; None when nothing.

    Its template must be the one that the base's own renders to, its prompts must have the tokens of
    training, and every token that ends an answer must be a stop word.
    """
    if chat_format.problem is not None:
        return None  # there is no Modelfile, and the manifest says why
    missing = [token for token in tokenizer.stop_tokens if token not in chat_format.stops]
    if missing:
        problem = f"the stop words lack {', '.join(missing)}"
        return ParityFailure(engine="Modelfile", prompt="all", problem=problem)
    try:
        template = derive_template(tokenizer.prompt_text, start_token(tokenizer, server))
    except Inexpressible as error:
        return ParityFailure(engine="Modelfile", prompt="all", problem=str(error))
    if template.go() != chat_format.template:
        problem = "its template is not the one of the base"
        return ParityFailure(
            engine="Modelfile",
            prompt="all",
            problem=problem,
            expected=template.go(),
            actual=chat_format.template,
        )
    for prompt in prompts:
        text = template.render(prompt.messages)
        if server.tokenize(text, add_special=True) != list(prompt.ids):
            return _unlike(
                "Modelfile", prompt.name, tokenizer.prompt_text([*prompt.messages]), text
            )
    return None


def check_end_of_turn(
    server: LlamaServer, prompt: ParityPrompt, tokenizer: ChatTokenizer
) -> ParityFailure | None:
    """Whether an answer stops at the token that ends a turn, forced here at its beginning."""
    end = _end_of_turn(tokenizer)
    request = {"prompt": list(prompt.ids), "n_predict": 2, "logit_bias": [[end, _CERTAIN]]}
    if server.generate(request)["stop_type"] == "eos":
        return None
    problem = f"an answer does not stop at the end of a turn ({tokenizer.token(end)!r})"
    return ParityFailure(engine="llama.cpp", prompt=prompt.name, problem=problem)


def _end_of_turn(tokenizer: ChatTokenizer) -> int:
    """The id of the token that ends every answer in training."""
    question, answer = (Message(role=role, content="a") for role in ("user", "assistant"))
    return tokenizer.encode([question, answer], _UNLIMITED).input_ids[-1]


def _unlike(engine: str, prompt: str, expected: str, actual: str) -> ParityFailure:
    return ParityFailure(
        engine=engine,
        prompt=prompt,
        problem="it is read as other tokens than in training",
        expected=expected,
        actual=actual,
    )
