"""Where everything in the lake lies: the one place that spells its folders.

<lake>/raw/<table>                 what the CRM and other sources hold
<lake>/clean/{mails,contacts,turns}
<lake>/candidates/<personality>    what may become an example, and why it does not
<lake>/datasets/<personality>      examples
<lake>/preferences/<personality>   answers that feedback rejected
<lake>/quarantine/<personality>    candidates with a secret, which is blanked out
<lake>/releases                    what an operator let out of quarantine
<lake>/forgotten                   what must not come back
<lake>/metrics/served              answers served: times and counts, no text
<lake>/metrics/days                what they amount to, by personality, version and day
<lake>/tokens                      token ids of examples: a cache, not a table
<lake>/losses                      losses of examples: a cache, not a table
<lake>/../keys/surrogates.key      beside the lake, so that a copy of the lake lacks the key
<lake>/../keys/forgotten.key       of the digests in <lake>/forgotten
"""

from pathlib import Path


def raw_path(lake: Path, table: str) -> Path:
    return lake / "raw" / table


def mails_path(lake: Path) -> Path:
    return lake / "clean" / "mails"


def contacts_path(lake: Path) -> Path:
    return lake / "clean" / "contacts"


def turns_path(lake: Path) -> Path:
    return lake / "clean" / "turns"


def candidates_path(lake: Path, personality: str) -> Path:
    return lake / "candidates" / personality


def dataset_path(lake: Path, personality: str) -> Path:
    return lake / "datasets" / personality


def preferences_path(lake: Path, personality: str) -> Path:
    return lake / "preferences" / personality


def quarantine_path(lake: Path, personality: str) -> Path:
    return lake / "quarantine" / personality


def releases_path(lake: Path) -> Path:
    return lake / "releases"


def forgotten_path(lake: Path) -> Path:
    return lake / "forgotten"


def served_path(lake: Path) -> Path:
    return lake / "metrics" / "served"


def day_metrics_path(lake: Path) -> Path:
    return lake / "metrics" / "days"


def token_cache_path(lake: Path) -> Path:
    return lake / "tokens"


def kept_losses_path(lake: Path) -> Path:
    return lake / "losses"


def key_path(lake: Path) -> Path:
    return lake.parent / "keys" / "surrogates.key"


def forgotten_key_path(lake: Path) -> Path:
    return lake.parent / "keys" / "forgotten.key"


def dataset_paths(lake: Path) -> list[Path]:
    """The datasets that exist."""
    return _tables(lake / "datasets")


def raw_paths(lake: Path) -> list[Path]:
    """The raw tables that exist."""
    return _tables(lake / "raw")


def text_paths(lake: Path) -> list[Path]:
    """The tables that exist and hold what people wrote, without the datasets."""
    folders = ("raw", "clean", "candidates", "quarantine", "preferences")
    return [path for name in folders for path in _tables(lake / name)]


def _tables(folder: Path) -> list[Path]:
    """The tables in a folder, without lock files and stages, whose names begin with a dot."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
