"""Ollama's Modelfile of a version."""

import json

from maverick_assets.base_model.sampling import REPEAT_PENALTY
from maverick_assets.errors import BadInput
from maverick_assets.serving.export.ollama_format import OllamaFormat
from maverick_assets.serving.runtime import Sampling


def modelfile(base_gguf: str, system_prompt: str, chat_format: OllamaFormat, context: int) -> str:
    """An Ollama Modelfile for the `adapter.gguf` beside it, on the base in the file `base_gguf`.

    Template and stop words are written out, so that nothing depends on what Ollama guesses, and
    tokens are chosen as the embedded runtime does. `context` limits the tokens of prompt and answer
    together. Raises `BadInput` for a system prompt with triple quotes.
    """
    if '"""' in system_prompt:
        raise BadInput('a system prompt cannot contain """ in a Modelfile; use other quotes')
    stops = "".join(f"PARAMETER stop {json.dumps(stop)}\n" for stop in chat_format.stops)
    usual = Sampling()
    return f'''FROM {base_gguf}
ADAPTER ./adapter.gguf
TEMPLATE """{chat_format.template}"""
SYSTEM """{system_prompt}"""
{stops}PARAMETER num_ctx {context}
PARAMETER temperature {usual.temperature}
PARAMETER top_p {usual.top_p}
PARAMETER repeat_penalty {REPEAT_PENALTY}
'''
