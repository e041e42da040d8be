"""Ollama's Modelfile of a version."""

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.serving.export.modelfile import modelfile
from maverick_assets.serving.export.ollama_format import OllamaFormat

CHATML = OllamaFormat(template='{{ "x" }}', stops=("<|im_end|>", 'a "quoted" one'))


def test_the_modelfile_says_everything_that_ollama_would_guess() -> None:
    text = modelfile("base.Q4_1.gguf", "You are Allan.\nYou answer briefly.", CHATML, 4096)
    assert text.startswith("FROM base.Q4_1.gguf\nADAPTER ./adapter.gguf\n")
    assert 'TEMPLATE """{{ "x" }}"""\n' in text
    assert 'SYSTEM """You are Allan.\nYou answer briefly."""\n' in text
    for parameter in ("num_ctx 4096", "temperature 0.7", "top_p 0.95", "repeat_penalty 1.1"):
        assert f"PARAMETER {parameter}\n" in text
    assert 'PARAMETER stop "<|im_end|>"\nPARAMETER stop "a \\"quoted\\" one"\n' in text


def test_a_system_prompt_that_would_end_its_own_quotes_is_refused() -> None:
    with pytest.raises(BadInput, match="system prompt cannot contain"):
        modelfile("base.gguf", 'You are """Allan""".', CHATML, 4096)
