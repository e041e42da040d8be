"""The base model as GGUF: its own file, or one converted once and verified ever after."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.serving.export.base import ensure_base_gguf


def test_a_base_that_has_a_gguf_is_not_converted(base: PreparedBase, tmp_path: Path) -> None:
    assert ensure_base_gguf(base, tmp_path / "converted") == base.gguf
    assert not (tmp_path / "converted").exists()


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    model_dir = tmp_path / "model"
    model_dir.mkdir()
    (model_dir / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
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
