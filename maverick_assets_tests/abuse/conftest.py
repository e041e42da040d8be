"""Fixtures of other packages that attacks need, too."""

from maverick_assets_tests.pipeline.conftest import evaluation, export, log, run
from maverick_assets_tests.registry.conftest import (
    adapter_dir,
    add_version,
    make_manifest,
    registry,
)

__all__ = [
    "adapter_dir",
    "add_version",
    "evaluation",
    "export",
    "log",
    "make_manifest",
    "registry",
    "run",
]
