"""The base model of an evaluation process, and all adapters of a run attached to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import PeftModel

from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.kept_results import BASE, adapter_digest
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.device.memory import memory_errors
from maverick_assets.training.kernels.fast_paths import FastPaths
from maverick_assets.training.kernels.lora import PackAdapters, fused_lora, separate_lora
from maverick_assets.training.kernels.norms import fused_norms
from maverick_assets.training.kernels.packing import NO_ADAPTER
from maverick_assets.training.loop.adapters import load_another, loaded_adapters
from maverick_assets.training.model.kept_check import CheckedBase, checked_paths
from maverick_assets.training.model.pack_model import PackModel, fused_model
from maverick_assets.training.spec import BaseSpec


@dataclass(frozen=True)
class LoadedBase:
    """The base model of all evaluations of a process."""

    spec: BaseSpec
    model: Any  # between two runs without an adapter
    tokenizer: ChatTokenizer
    hardware: Hardware

    def paths(self, rows: Sequence[Encoded], checks: Path | None) -> FastPaths:
        """Those of the engine's fast paths that compute this base right, checked on `rows`."""
        checked = CheckedBase(self.spec.digest, checks)
        return checked_paths(self.model, checked, rows, self.hardware, print)


def load_base(spec: BaseSpec) -> LoadedBase:
    prepare_process()
    hardware = detect_hardware()
    with memory_errors("the base, which an evaluation loads as it is,", "free memory", hardware):
        model = load_base_model(spec.directory, spec.digest, hardware.dtype).to(hardware.device)
    return LoadedBase(spec, model, ChatTokenizer(spec.directory), hardware)


@dataclass(frozen=True)
class AdaptedBase:
    """A base with several adapters, each known by its digest; a pass says which one computes it."""

    base: LoadedBase
    paths: FastPaths
    lora: PeftModel
    names: Sequence[str]  # digests of the adapters, under which peft knows them
    problems: Mapping[Path, str]  # why the adapter of a directory does not load

    def index(self, digest: str) -> int:
        """How documents and spans of a pack name an adapter, or the base."""
        return NO_ADAPTER if digest == BASE else self.names.index(digest)

    def packs(self) -> AbstractContextManager[PackModel]:
        """The model that computes packs."""
        return fused_model(self.lora, self.names, self.base.hardware, self.paths)

    @contextmanager
    def layers(self) -> Iterator[PackAdapters]:
        """The model of transformers, whose tokens the result says the adapters of."""
        compute = fused_lora if self.paths.lora else separate_lora
        norms = fused_norms(self.lora) if self.paths.norms else nullcontext()
        with compute(self.lora, self.names) as pack_adapters, norms:
            yield pack_adapters


@contextmanager
def adapted_base(
    base: LoadedBase, directories: Iterable[Path], paths: FastPaths
) -> Iterator[AdaptedBase]:
    """`base` with the adapters of these directories. One that does not load stops no other."""
    names: list[str] = []
    problems: dict[Path, str] = {}
    with loaded_adapters(base.model) as lora:
        for directory in directories:
            digest = adapter_digest(directory)
            if digest in names:
                continue
            try:
                load_another(lora, directory, digest)
                names.append(digest)
            except MaverickError as error:
                problems[directory] = str(error)
        lora.eval()
        yield AdaptedBase(base, paths, lora, names, problems)
