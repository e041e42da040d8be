"""The page of a version says later what its evaluation could not know."""

import json
from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.reports.page import render_evaluation
from maverick_assets.evaluation.reports.refresh import refresh_page
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets_tests.evaluation.reports.test_page import PEOPLE
from maverick_assets_tests.registry.conftest import (
    AddVersion,
    adapter_dir,
    add_version,
    make_manifest,
    registry,
)

__all__ = ["adapter_dir", "add_version", "make_manifest", "registry"]


@pytest.fixture
def reported(registry: Registry, add_version: AddVersion, tmp_path: Path) -> Manifest:
    """A version with a page that shows an answer."""
    folder, version = tmp_path / "report", add_version("v1.0")
    folder.mkdir()
    sample = {"example_id": "a", "prompt": "Tea?", "real": "Mine", "generated": "Its"}
    (folder / "samples.json").write_text(json.dumps([sample]))
    (folder / "report.html").write_text(render_evaluation(version, [], folder, None))
    return registry.attach("robbie", "v1.0", folder, "report")


def page_of(registry: Registry) -> str:
    return (registry.directory("robbie", "v1.0") / "report" / "report.html").read_text()


def test_what_people_said_since_stands_on_the_page(registry: Registry, reported: Manifest) -> None:
    assert "0.96" not in page_of(registry)
    refreshed = refresh_page(registry, reported, PEOPLE)
    assert "0.96 (0.8 to 0.99), n 30" in page_of(registry)
    assert ">Its<" in page_of(registry)
    assert refreshed.files.keys() == reported.files.keys()
    registry.verify("robbie", "v1.0")


def test_a_page_that_says_the_same_is_not_written(registry: Registry, reported: Manifest) -> None:
    assert refresh_page(registry, reported, None) is reported


def test_a_version_without_a_page_gets_none(registry: Registry, add_version: AddVersion) -> None:
    version = add_version("v1.0")
    assert refresh_page(registry, version, PEOPLE) is version
    assert "report/report.html" not in registry.get("robbie", "v1.0").files


def test_a_page_that_somebody_changed_is_not_signed(registry: Registry, reported: Manifest) -> None:
    """Texts that no evaluation wrote would else go into a page that verifies."""
    samples = registry.directory("robbie", "v1.0") / "report" / "samples.json"
    samples.write_text("[]")
    with pytest.raises(MaverickError, match=r"samples\.json is corrupt"):
        refresh_page(registry, reported, PEOPLE)
