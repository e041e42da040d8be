"""Export: PEFT to GGUF by llama.cpp's converters, complete or absent; Ollama's Modelfile."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gguf import GGUFReader

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.serving import ollama_format as ollama_format_module
from maverick_assets.serving.export import ensure_base_gguf, export_adapter, modelfile
from maverick_assets.serving.ollama_format import OllamaFormat, ollama_format
from maverick_assets.serving.runtime import Runtime
from maverick_assets_tests.serving.conftest import Adapter
from maverick_assets_tests.serving.go_template_simulation import render

PLAIN = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "use_rslora": False, "rank_pattern": {}}


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A base directory as far as the export looks at it before it runs the converter."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    return folder


def write_adapter(folder: Path, config: str) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(config)
    (folder / "adapter_model.safetensors").write_bytes(b"not safetensors")
    return folder


def test_an_exported_adapter_has_a_pair_of_tensors_for_every_trained_matrix(
    adapters: dict[str, Adapter],
) -> None:
    tensors = {tensor.name for tensor in GGUFReader(adapters["allan"].gguf).tensors}
    assert len(tensors) == 30 * 7 * 2
    assert {"blk.0.attn_q.weight.lora_a", "blk.29.ffn_down.weight.lora_b"} <= tensors


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("use_rslora", True, "rsLoRA"),
        ("use_dora", True, "DoRA"),
        ("modules_to_save", ["lm_head"], "modules_to_save"),
        ("rank_pattern", {"q_proj": 4}, "rank_pattern"),
        ("alpha_pattern", {"q_proj": 4}, "alpha_pattern"),
    ],
)
def test_what_the_converter_would_ignore_is_refused(
    tmp_path: Path, model_dir: Path, key: str, value: object, name: str
) -> None:
    adapter = write_adapter(tmp_path / "adapter", json.dumps(PLAIN | {key: value}))
    with pytest.raises(BadInput, match=rf"adapter_config\.json: {name} cannot be exported"):
        export_adapter(adapter, model_dir, tmp_path / "adapter.gguf")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "is not JSON"),
        ('{"peft_type": "IA3"}', "peft_type 'IA3'; only LORA can be exported"),
    ],
)
def test_another_kind_of_adapter_is_refused(
    tmp_path: Path, model_dir: Path, config: str, message: str
) -> None:
    adapter = write_adapter(tmp_path / "adapter", config)
    with pytest.raises(BadInput, match=message):
        export_adapter(adapter, model_dir, tmp_path / "adapter.gguf")


def test_missing_parts_are_named(tmp_path: Path, model_dir: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(BadInput, match=r"nothing/adapter_config\.json is missing"):
        export_adapter(tmp_path / "nothing", model_dir, tmp_path / "adapter.gguf")
    adapter = write_adapter(tmp_path / "adapter", json.dumps(PLAIN))
    with pytest.raises(BadInput, match=r"nothing has no config\.json"):
        export_adapter(adapter, tmp_path / "nothing", tmp_path / "adapter.gguf")


def test_corrupt_weights_leave_the_earlier_export_and_one_line(
    tmp_path: Path, model_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    adapter = write_adapter(tmp_path / "adapter", json.dumps(PLAIN))
    out = tmp_path / "out" / "adapter.gguf"
    out.parent.mkdir()
    out.write_bytes(b"earlier")
    with pytest.raises(MaverickError, match=r"cannot be converted to GGUF: .*header") as caught:
        export_adapter(adapter, model_dir, out)
    assert "\n" not in str(caught.value)
    assert out.read_bytes() == b"earlier"
    assert [path.name for path in out.parent.iterdir()] == ["adapter.gguf"]
    assert capfd.readouterr() == ("", "")


def test_a_base_that_has_a_gguf_is_not_converted(base: PreparedBase, tmp_path: Path) -> None:
    assert ensure_base_gguf(base, tmp_path / "converted") == base.gguf
    assert not (tmp_path / "converted").exists()


def test_a_conversion_that_fails_leaves_nothing(model_dir: Path, tmp_path: Path) -> None:
    broken = PreparedBase(directory=model_dir, digest="0" * 64, gguf=None)
    with pytest.raises(MaverickError, match="model cannot be converted to GGUF: "):
        ensure_base_gguf(broken, tmp_path / "converted")
    assert list((tmp_path / "converted").iterdir()) == []


def test_a_converted_base_is_kept(f16_base: Path, base: PreparedBase) -> None:
    before = f16_base.stat()
    assert ensure_base_gguf(replace(base, gguf=None), f16_base.parent) == f16_base
    assert f16_base.stat() == before


def test_a_converted_base_that_somebody_changed_is_converted_anew(
    tiny_base: PreparedBase, tmp_path: Path
) -> None:
    gguf = ensure_base_gguf(tiny_base, tmp_path)
    right = gguf.read_bytes()
    gguf.write_bytes(right[:-1] + b"?")
    assert ensure_base_gguf(tiny_base, tmp_path).read_bytes() == right
    gguf.with_suffix(".sha256").unlink()  # as releases before left it
    gguf.write_bytes(right[:-1] + b"?")
    assert ensure_base_gguf(tiny_base, tmp_path).read_bytes() == right


def test_an_embedded_base_that_somebody_changed_answers_nothing(
    base: PreparedBase, tmp_path: Path
) -> None:
    assert base.gguf is not None
    changed = Path(shutil.copy(base.gguf, tmp_path / "changed.gguf"))
    with changed.open("ab") as stream:
        stream.write(b"?")
    with pytest.raises(MaverickError, match=r"changed\.gguf is corrupt: sha256"):
        ensure_base_gguf(replace(base, gguf=changed), tmp_path)


CHATML = OllamaFormat(template='{{ "x" }}', stops=("<|im_end|>", 'a "quoted" one'))


def test_the_modelfile_says_everything_that_ollama_would_guess() -> None:
    text = modelfile("base.Q4_1.gguf", "You are Allan.\nYou answer briefly.", CHATML)
    assert text.startswith("FROM base.Q4_1.gguf\nADAPTER ./adapter.gguf\n")
    assert 'TEMPLATE """{{ "x" }}"""\n' in text
    assert 'SYSTEM """You are Allan.\nYou answer briefly."""\n' in text
    assert 'PARAMETER stop "<|im_end|>"\nPARAMETER stop "a \\"quoted\\" one"\n' in text


def test_a_system_prompt_that_would_end_its_own_quotes_is_refused() -> None:
    with pytest.raises(BadInput, match="system prompt cannot contain"):
        modelfile("base.gguf", 'You are """Allan""".', CHATML)


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
