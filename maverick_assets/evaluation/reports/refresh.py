"""The page of a version written again, with what its manifest holds since the evaluation."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from maverick_assets.evaluation.reports.library import has_page
from maverick_assets.evaluation.reports.page import PAGE, render_evaluation
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry


def refresh_page(registry: Registry, manifest: Manifest, people: PeopleFigures | None) -> Manifest:
    """Write the page anew: its export adds response times, and people their judgements.

    Its texts stay those that the evaluation left. One without a page is left alone. Raises
    `MaverickError` when a file of the version is corrupt.
    """
    name, version = manifest.personality, manifest.version
    if not has_page(manifest) or manifest.metrics is None:
        return manifest
    registry.verify(name, version)
    report = registry.directory(name, version) / "report"
    earlier = [each for each in registry.versions_of(name) if each.version < version]
    with TemporaryDirectory() as folder:
        stage = Path(folder)
        shutil.copytree(report, stage, dirs_exist_ok=True)
        page = render_evaluation(manifest, earlier, stage, people)
        if page == (report / PAGE).read_text(encoding="utf-8"):
            return manifest
        (stage / PAGE).write_text(page, encoding="utf-8")
        return registry.attach(name, version, stage, "report")
