"""Which examples a candidate is compared on, and what the records say of how it may know them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.quality.checks import overlap_of_splits
from maverick_assets.errors import MaverickError
from maverick_assets.figures.comparison import Provenance
from maverick_assets.lake.delta import read_table
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.test_sets import answer_row, frozen_test_set
from maverick_assets.strict_model import StrictModel

# Learned examples that are scored: enough for an interval, and a few seconds of a night.
N_TRAINED = 32
_NO_IDS: frozenset[str] = frozenset()


class ComparedSets(StrictModel):
    """Ids of examples, by set (`figures.comparison.ComparedSet`)."""

    newest: frozenset[str] = _NO_IDS
    frozen: frozenset[str] = _NO_IDS
    trained: frozenset[str] = _NO_IDS
    new: frozenset[str] = _NO_IDS
    provenance: Provenance = Field(Provenance())

    @property
    def all_ids(self) -> frozenset[str]:
        return self.newest | self.frozen | self.trained | self.new


def compared_sets(
    models: Path, dataset: Path, version: Manifest, in_service: Manifest | None
) -> ComparedSets:
    """The sets of a candidate; `in_service` is the version that it is compared with.

    The frozen set is that of the major version that it belongs to; of a new major version, that of
    the one before. The first call for a major version freezes its set. Held-out examples that one
    of both learned, by the dataset versions of their chains, are left out: an older mail that is
    imported late may move the threads after it from one side of the split to the other.
    """
    examples = read_examples(dataset, version.dataset_version)
    rows = frozen_test_set(models, version.personality, version.version.major, examples)
    if version.kind == "major" and version.parent is not None:
        rows = frozen_test_set(models, version.personality, version.parent.major, examples)
    learned = _Learned(dataset, version, in_service)
    newest = [example for example in examples if example.split == "validation"]
    frozen = [e for e in examples if e.split == "test" and answer_row(e) in rows]
    held_out = newest + frozen
    fresh = [example for example in held_out if answer_row(example) not in learned.rows]
    train = [example for example in examples if example.split == "train"]
    return ComparedSets(
        newest=_ids(example for example in fresh if example.split == "validation"),
        frozen=_ids(example for example in fresh if example.split == "test"),
        trained=_sample(train),
        new=_sample(_unknown_to(learned, train)),
        provenance=Provenance(
            overlap=overlap_of_splits(examples),
            surplus=_surplus(version, train),
            left_out=len(held_out) - len(fresh),
            unreadable=tuple(sorted(learned.unreadable)),
            is_copy=in_service is not None and _is_copy(version, in_service),
        ),
    )


class _Learned:
    """What earlier versions learned, read from the datasets that their manifests name."""

    def __init__(self, dataset: Path, version: Manifest, in_service: Manifest | None) -> None:
        chain = [*version.ancestors, *(in_service.chain if in_service else ())]
        self.rows: set[str] = set()  # `answer_row` of training examples
        self.ids_in_service: set[str] | None = set() if in_service else None
        self.unreadable: set[int] = set()
        of_service = {link.dataset_version for link in in_service.chain} if in_service else set()
        for number in {link.dataset_version for link in chain} - {version.dataset_version}:
            self._add(dataset, number, number in of_service)
        if version.dataset_version in of_service:
            self._add(dataset, version.dataset_version, in_service=True)

    def _add(self, dataset: Path, number: int, in_service: bool) -> None:
        columns = ["example_id", "source", "source_ids"]
        try:
            train = read_table(dataset, number, columns, where={"split": ["train"]})
        except MaverickError:  # the history was purged since, after something was forgotten
            self.unreadable.add(number)
            return
        assert train is not None  # a table that does not exist has no such version
        rows = train.to_pylist()
        self.rows |= {f"{row['source']}:{row['source_ids'][-1]}" for row in rows}
        if in_service and self.ids_in_service is not None:
            self.ids_in_service |= {row["example_id"] for row in rows}


def _unknown_to(learned: _Learned, train: Sequence[Example]) -> list[Example]:
    """Training examples that the version in service did not learn; none where that is unknown."""
    known = learned.ids_in_service
    if known is None or learned.unreadable:
        return []
    return [example for example in train if example.example_id not in known]


def _surplus(version: Manifest, train: Sequence[Example]) -> int:
    """Examples that a training saw and its split has not."""
    seen = version.training.n_examples if version.training else 0
    return max(0, seen - len(train))


def _is_copy(version: Manifest, in_service: Manifest) -> bool:
    """Whether a version is the major one that was made from the version in service."""
    if version.kind != "major" or version.parent != in_service.version:
        return False
    ours, theirs = (
        {name: digest for name, digest in manifest.files.items() if name.startswith("adapter/")}
        for manifest in (version, in_service)
    )
    return bool(ours) and ours == theirs


def _ids(examples: Iterable[Example]) -> frozenset[str]:
    return frozenset(example.example_id for example in examples)


def _sample(examples: Sequence[Example]) -> frozenset[str]:
    """At most `N_TRAINED` of the examples, by the hash of their ids: mostly the same each night."""
    ordered = sorted(examples, key=lambda e: hashlib.sha256(e.example_id.encode()).digest())
    return _ids(ordered[:N_TRAINED])
