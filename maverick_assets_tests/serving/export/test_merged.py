"""A version as one model: right sums, right bytes, complete or absent."""

import json
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from gguf import GGUFReader

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.serving.export import merged as merged_module
from maverick_assets.serving.export.merged import export_merged, main, merge
from maverick_assets_tests.serving.released_homes import ReleasedHome

Adapters = dict[str, tuple[Path, Path]]


def test_the_sums_are_those_of_peft(
    tiny_base: PreparedBase, tiny_adapters: Adapters, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    adapter = tiny_adapters["adapter-0"][0]
    merge(tiny_base.directory, adapter, tmp_path / "merged")
    own = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    base = AutoModelForCausalLM.from_pretrained(tiny_base.directory, dtype=torch.float32)
    theirs = PeftModel.from_pretrained(base, adapter).merge_and_unload()
    for name, weight in theirs.state_dict().items():
        torch.testing.assert_close(own.state_dict()[name], weight, rtol=1e-3, atol=1e-5)


def test_a_merged_model_belongs_to_its_version(
    released_home: ReleasedHome, capsys: pytest.CaptureFixture[str]
) -> None:
    released_home.release("robbie", "v1.0", "adapter-0")
    registry = released_home.registry
    for kind, wanted in (("f16", "F16"), ("q8_0", "Q8_0")):
        manifest = export_merged(released_home.settings, "robbie", "final", kind)
        path = registry.directory("robbie", "v1.0") / f"merged-{kind}.gguf"
        assert manifest.files[path.name] == sha256_of(path)
        assert path.stat().st_mode & 0o777 == 0o600
        tensors = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
        assert tensors["blk.0.ffn_up.weight"].tensor_type.name == wanted
    said = capsys.readouterr().out
    assert "merged-f16.gguf will take 3 MB, and 3 MB more while it is made" in said
    assert "merged, f16: first tokens at most" in said
    registry.verify("robbie", "v1.0")
    assert list(released_home.settings.runs.iterdir()) == []
    registry.revoke("robbie", [manifest.version], "it learned what it must not know")
    assert not path.exists()


def test_a_merged_model_of_another_adapter_is_not_attached(
    released_home: ReleasedHome, tiny_adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    released_home.release("robbie", "v1.0", "adapter-0")
    other = tiny_adapters["adapter-1"][0]
    monkeypatch.setattr(merged_module, "merge", lambda base, _, out: merge(base, other, out))
    with pytest.raises(MaverickError, match=r"merged answers otherwise .* prompt 'a mail'"):
        export_merged(released_home.settings, "robbie", "v1.0", "f16")
    assert "merged-f16.gguf" not in released_home.registry.get("robbie", "v1.0").files


def test_without_room_nothing_is_begun(
    released_home: ReleasedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    released_home.release("robbie", "v1.0", "adapter-0")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1_000_000))
    with pytest.raises(BadInput, match="has 1 MB free, and 6 are needed; make room"):
        export_merged(released_home.settings, "robbie", "v1.0", "f16")


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    released_home: ReleasedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is a simulation: the second write fails as a full one does."""
    released_home.release("robbie", "v1.0", "adapter-0")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(MaverickError, match="No space left on device"):
        export_merged(released_home.settings, "robbie", "v1.0", "f16")
    assert list(released_home.settings.runs.iterdir()) == []
    directory = released_home.registry.directory("robbie", "v1.0")
    assert not list(directory.glob("*merged*"))
    released_home.registry.verify("robbie", "v1.0")


def test_an_adapter_of_another_base_is_refused(
    tiny_base: PreparedBase, tiny_adapters: Adapters, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    adapter = Path(shutil.copytree(tiny_adapters["adapter-0"][0], tmp_path / "adapter"))
    path = adapter / "adapter_model.safetensors"
    tensors = {name.replace("layers.1.", "layers.7."): t for name, t in load_file(path).items()}
    save_file(tensors, path)
    with pytest.raises(MaverickError, match=r"has no base_model\.model\.model\.layers\.7"):
        merge(tiny_base.directory, adapter, tmp_path / "merged")
    config = json.loads((adapter / "adapter_config.json").read_text()) | {"use_dora": True}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(BadInput, match="DoRA cannot be exported"):
        merge(tiny_base.directory, adapter, tmp_path / "again")


@pytest.mark.parametrize("arguments", [[], ["robbie", "v1.0", "q4_0"]])
def test_another_precision_is_refused(arguments: list[str]) -> None:
    with pytest.raises(BadInput, match="usage: "):
        main(arguments)
