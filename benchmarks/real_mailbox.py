"""A twin trained on a real mailbox, by the commands that its owner would give.

    python -m benchmarks.real_mailbox FOLDER --owner ADDRESS [--bare] [--monthly] [--home FOLDER]

FOLDER holds the mailbox, one mail a file. With `--bare` the CRM gets id, sender, subject, body and
time of each mail and nothing else, as a CRM without headers has them. With `--monthly` the month's
job makes it a major version and measures it thoroughly on its test set. Prints Markdown: every
figure of the newest evaluation, and no text of a mail.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.demo import MeasuredCommand, measure
from benchmarks.machine import machine_line, server_folder
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.evaluation.reports.page import figure_tables
from maverick_assets.evaluation.reports.tables import FigureTable
from maverick_assets.records import GateDecision
from maverick_assets.registry.catalog import Catalog
from maverick_assets.settings import Settings

TWIN = "allan-maverick"
BARE = ("id", "sender_email", "subject", "body", "sent_at")


def bare_rows(mailbox: Path, file: Path) -> None:
    """Write the mails as JSON lines with the columns that every CRM has."""
    with file.open("w", encoding="utf-8") as stream:
        for mail in read_mail(mailbox):
            if isinstance(mail, MailRow):
                row = {name: getattr(mail, name) for name in BARE}
                stream.write(json.dumps(row, default=str) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mailbox", type=Path)
    parser.add_argument("--owner", required=True)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--monthly", action="store_true")
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    os.environ["MAVERICK_OWNER_EMAIL"] = arguments.owner
    with server_folder() as folder:
        home = arguments.home or folder / "home"
        source = ["--maildir", str(arguments.mailbox.resolve())]
        if arguments.bare:
            file = folder / "mails.jsonl"
            bare_rows(arguments.mailbox, file)
            source = ["--jsonl", f"crm_emails={file}"]
        measure(["crm", "import", *source], home)
        trained = measure(["run", "weekly", "--personality", TWIN], home, accepted=(0, 1))
        if arguments.monthly:
            measure(["run", "monthly", "--personality", TWIN], home, accepted=(0, 1))
        shown = measure(["datasets", "show", TWIN], home)
        print(report(home, trained, shown))


def report(home: Path, trained: MeasuredCommand, shown: MeasuredCommand) -> str:
    manifest = Catalog(Settings(home=home).models).versions_of(TWIN)[-1]
    assert manifest.metrics is not None
    base, adapter = manifest.metrics.base, manifest.metrics.adapter
    return "\n".join(
        [
            machine_line(),
            "",
            "| version | seconds of training | GB | base | adapter | adapter / base | state |",
            "|---|---:|---:|---:|---:|---:|---|",
            f"| {manifest.version} | {trained.seconds:.0f} | {trained.gigabytes:.1f} "
            f"| {base.perplexity:.2f} | {adapter.perplexity:.2f} | {manifest.metrics.ratio:.2f} "
            f"| {manifest.state} |",
            "",
            *figure_lines(figure_tables(manifest, None)),
            "",
            *gate_lines(manifest.gate),
            "",
            shown.output,
        ]
    )


def figure_lines(tables: Sequence[FigureTable]) -> list[str]:
    """A Markdown table of all figures, each under the names of the tables that hold it."""
    rows = [row for table in tables for row in _rows(table, table.title)]
    return ["| figure | value |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)]


def _rows(table: FigureTable, path: str) -> Iterator[tuple[str, str]]:
    for row in table.rows:
        yield f"{path}: {row.name}", row.text
    for grid in table.grids:
        for name, *values in grid.rows:
            pairs = zip(grid.columns[1:], values, strict=True)
            yield f"{path}: {grid.title}: {name}", "; ".join(f"{a} {b}".strip() for a, b in pairs)
    for part in table.parts:
        yield from _rows(part, f"{path}: {part.title}")


def gate_lines(gate: GateDecision | None) -> list[str]:
    """A Markdown table of what each gate made of its figure."""
    results = gate.gates if gate else ()
    return ["| gate | | why |", "|---|---|---|"] + [
        f"| {each.gate} | {'passed' if each.passed else 'refused'} | {each.reason} |"
        for each in results
    ]


if __name__ == "__main__":
    main()
