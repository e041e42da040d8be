"""Texts of examples in the pages and reports that people read, and what people said of them."""

import re
import shutil
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile
from maverick_assets.evaluation.people.judgements import JudgementFile
from maverick_assets.evaluation.report import copy_without_samples, read_samples
from maverick_assets.evaluation.reports.page import PAGE, render_evaluation
from maverick_assets.pipeline.forget.trace import Trace, clean_versions
from maverick_assets.registry.store import Registry

_LEFT_BY_EVALUATIONS = ("*/*/report", "*/*/.report.*")  # the second by one that was killed


def purge_reports(traced: Trace, registry: Registry, reports: Path, runs: Path) -> None:
    """Remove every text that may be made from the forgotten rows.

    That is in three places:
    - the cards of dataset versions, unless a version is known to be without the rows;
    - the samples in reports of versions that are revoked, or that were measured on examples made
      from the rows;
    - all reports that evaluations left in `runs`.
    """
    for page in (reports / "datasets").glob("*/*"):
        clean = clean_versions(traced.contents.get(page.parent.name, {}))
        if page.name not in {f"{version}.html" for version in clean}:
            page.unlink()
    for pattern in _LEFT_BY_EVALUATIONS:
        for folder in runs.glob(pattern):
            shutil.rmtree(folder)
    for manifest in registry.list():
        contents = traced.contents.get(manifest.personality, {})
        touched = {key for content in contents.values() if content for key in content.touched}
        report = registry.directory(manifest.personality, manifest.version) / "report"
        samples = read_samples(report)
        words = re.findall(r"\w+", samples)  # ids of examples are among them
        if samples and (manifest.revoked or not touched.isdisjoint(words)):
            with TemporaryDirectory() as stage:
                copy_without_samples(report, Path(stage))
                if manifest.metrics is not None:
                    content = render_evaluation(manifest, (), Path(stage), None)
                    (Path(stage) / PAGE).write_text(content, encoding="utf-8")
                try:
                    registry.attach(manifest.personality, manifest.version, Path(stage), "report")
                except MaverickError:  # a version that does not verify, which nothing uses
                    shutil.rmtree(report)  # its texts go all the same


def purge_judgements(traced: Trace, folder: Path) -> None:
    """Remove what people said of examples that are made from the forgotten rows.

    A judgement holds no text. But the id of an example is a hash of its text: whoever guesses the
    text can tell that it was there.
    """
    contents = chain.from_iterable(each.values() for each in traced.contents.values())
    touched = {key for content in contents if content for key in content.touched}
    JudgementFile(folder).forget(touched)
    RepeatedDecisionFile(folder).forget(touched)
