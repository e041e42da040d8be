"""Texts that make a careless search for secrets or third parties slow; see `hostile_texts.yaml`."""

from maverick_assets_tests.corpora.files import read_corpus


def hostile_texts(size: int = 1_000_000) -> dict[str, str]:
    """The texts by name, each of `size` characters or slightly fewer."""
    units = read_corpus("hostile_texts.yaml")
    return {name: unit * (size // len(unit)) for name, unit in units.items()}
