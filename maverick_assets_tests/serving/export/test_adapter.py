"""Adapters from PEFT to GGUF by llama.cpp's converter, complete or absent."""

import json
from pathlib import Path

import pytest
from gguf import GGUFReader

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets_tests.serving.conftest import Adapter

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
