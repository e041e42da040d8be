"""What Ollama is told of a base's format, found once for each base."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.export import ollama_format as ollama_format_module
from maverick_assets.serving.export.ollama_format import ollama_format
from maverick_assets.serving.runtime import Runtime
from maverick_assets_tests.serving.export.go_template_simulation import render


@pytest.fixture
def own_template(base: PreparedBase, tmp_path: Path) -> Callable[[str], PreparedBase]:
    """The embedded base with another chat template."""

    def make(template: str) -> PreparedBase:
        directory = tmp_path / "model"
        directory.mkdir()
        for path in base.directory.glob("*.json"):
            shutil.copy(path, directory)
        (directory / "chat_template.jinja").write_text(template)
        return replace(base, directory=directory, digest="d" * 64)

    return make


def test_the_format_of_the_embedded_base_is_found_once(
    base: PreparedBase, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ollama_format(base, tmp_path, runtime.server)
    assert found.problem is None
    assert "<|im_end|>" in found.stops
    question = [Message(role="system", content="S"), Message(role="user", content="Q")]
    assert render(found.template, question) == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"
    )
    monkeypatch.setattr(ollama_format_module, "ChatTokenizer", lambda _: pytest.fail("found again"))
    assert ollama_format(base, tmp_path, runtime.server) == found


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}", "more than roles"),
        ("{% for m in messages %}[x] {{ m.content }}{% endfor %}", None),
    ],
)
def test_a_template_that_ollama_cannot_have_is_named(
    own_template: Callable[[str], PreparedBase],
    runtime: Runtime,
    tmp_path: Path,
    template: str,
    reason: str | None,
) -> None:
    found = ollama_format(own_template(template), tmp_path, runtime.server)
    if reason is None:
        assert found.problem is None
    else:
        assert found.problem and reason in found.problem
        assert found.template == ""
