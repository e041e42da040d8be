"""The registry of tiny versions that the registry's own tests use, too."""

from maverick_assets_tests.registry.conftest import adapter_dir, add, describe, registry

__all__ = ["adapter_dir", "add", "describe", "registry"]
