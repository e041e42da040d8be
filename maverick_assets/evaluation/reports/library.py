"""The reports of a run home as pages, for whoever serves them: the API, and Dagster's page.

Addresses below the place where they are served: `` (all of them), `<personality>/<version>/`, and
`fleet/<name>`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.errors import BadInput
from maverick_assets.evaluation.reports.page import PAGE, render_index
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest

_EVALUATION = f"report/{PAGE}"  # as manifests name it
_FLEET_NAME = re.compile(r"(monthly|quarterly)-\d{4}(-\d{2}|Q[1-4])")


class NoSuchReport(BadInput):
    """An address without a report."""


@dataclass(frozen=True)
class ReportLibrary:
    """Reports of versions, and of all personalities over a month or a quarter."""

    catalog: Catalog
    folder: Path  # of the reports on all personalities

    def index(self, is_shown: Callable[[Manifest], bool]) -> str:
        """A page with a link to each report that a reader may see."""
        evaluations = [m for m in self.catalog.list() if has_page(m) and is_shown(m)]
        return render_index(evaluations, self.fleet_names())

    def fleet_names(self) -> Sequence[str]:
        """Names of the reports on all personalities, the newest first."""
        pages = self.folder.glob("*.html")
        return sorted((p.stem for p in pages if _FLEET_NAME.fullmatch(p.stem)), reverse=True)

    def fleet(self, name: str) -> str:
        """The page of a month or a quarter. Raises `NoSuchReport`."""
        if name not in self.fleet_names():
            raise NoSuchReport("no report of that month or quarter")
        return (self.folder / f"{name}.html").read_text(encoding="utf-8")

    def manifest(self, personality: str, version: str) -> Manifest:
        """A version that has a page. Raises `NoSuchReport`."""
        try:
            manifest = self.catalog.get(personality, version)
        except BadInput:
            manifest = None
        if manifest is None or not has_page(manifest):
            raise NoSuchReport("no version of that name has a report")
        return manifest

    def evaluation(self, manifest: Manifest) -> str:
        """The page of a version's evaluation. Raises `MaverickError` for one that was changed."""
        path = self.catalog.file(manifest.personality, manifest.version, _EVALUATION)
        return path.read_text(encoding="utf-8")


def has_page(manifest: Manifest) -> bool:
    """Whether the evaluation of a version left a page; those of earlier releases did not."""
    return _EVALUATION in manifest.files
