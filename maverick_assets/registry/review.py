"""Reports on versions, as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import mean

from maverick_assets.registry.manifest import Manifest


def version_table(manifests: Iterable[Manifest]) -> str:
    """A Markdown table with a line per version: state, perplexity, what measured it, and gate."""
    lines = [
        "| personality | version | kind | state | measured on | perplexity base | adapter | gate |",
        "|---|---|---|---|---|---:|---:|---|",
    ]
    for manifest in manifests:
        metrics = manifest.metrics
        on, base, adapter = "", "", ""
        if metrics:
            on = f"{metrics.split}, {metrics.n_examples} examples"
            base, adapter = (f"{s.perplexity:.2f}" for s in (metrics.base, metrics.adapter))
        gate = "; ".join(manifest.gate.reasons) if manifest.gate else "not evaluated"
        lines.append(
            f"| {manifest.personality} | {manifest.version} | {manifest.kind} | {manifest.state} "
            f"| {on} | {base} | {adapter} | {gate} |"
        )
    return "\n".join(lines)


def quarterly_review(
    quarter: str,
    since: datetime,
    manifests: Sequence[Manifest],
    ratings: Mapping[str, Sequence[int]],
) -> str:
    """The review of a quarter: every version made `since`, and the ratings of each personality.

    `ratings` are those since then, from 1 to 10, by personality.
    """
    sections = [f"# Personality review {quarter}"]
    for name in sorted({manifest.personality for manifest in manifests}):
        recent = [
            manifest
            for manifest in manifests
            if manifest.personality == name and manifest.created_at >= since
        ]
        said = ratings.get(name, ())
        summary = (
            f"{len(said)} ratings, {mean(said):.1f} of 10 on average." if said else "No ratings."
        )
        table = version_table(recent) if recent else "No new version."
        sections += [f"## {name}", summary, table]
    return "\n\n".join(sections) + "\n"


def quarter_of(moment: datetime) -> tuple[str, datetime]:
    """The quarter that ended last before `moment`, such as `2026Q3`, and its first instant."""
    index = (moment.year * 12 + moment.month - 1) // 3 - 1
    year, quarter = divmod(index, 4)
    start = moment.replace(
        year=year, month=quarter * 3 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return f"{year}Q{quarter + 1}", start
