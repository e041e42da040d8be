"""A twin trained on a real mailbox, by the commands that its owner would give.

    python -m benchmarks.real_mailbox FOLDER --owner ADDRESS [--bare] [--other ADAPTER]
        [--home FOLDER] [--trained]

FOLDER holds the mailbox, one mail a file. With `--bare` the CRM gets id, sender, subject, body and
time of each mail and nothing else, as a CRM without headers has them. The version is then evaluated
once more, as thoroughly as a major version, on the same held-out examples. ADAPTER is a folder with
somebody else's adapter of the same base, such as one of a demo. With `--trained` the run home holds
the version already. Prints Markdown: every figure, and no text of a mail.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.demo import measure
from benchmarks.machine import machine_line, server_folder
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.evaluation.reports.page import figure_tables
from maverick_assets.evaluation.reports.tables import FigureTable
from maverick_assets.evaluation.spec import THOROUGH_ANSWERS, EvaluationsSpec
from maverick_assets.processes import write_spec
from maverick_assets.records import GateDecision, Metrics
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings
from maverick_assets.training.spec import read_json

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
    parser.add_argument("--other", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--trained", action="store_true")
    arguments = parser.parse_args()
    os.environ["MAVERICK_OWNER_EMAIL"] = arguments.owner
    with server_folder() as folder:
        home = arguments.home or folder / "home"
        if not arguments.trained:
            print(train(home, imported(arguments.mailbox, folder, bare=arguments.bare)))
        manifest = thoroughly_evaluated(home, arguments.other, folder)
        shown = measure(["datasets", "show", TWIN], home)
        print(f"{report(manifest)}\n\n{shown.output}")


def imported(mailbox: Path, folder: Path, *, bare: bool) -> list[str]:
    """What `maverick crm import` is to read."""
    if not bare:
        return ["--maildir", str(mailbox.resolve())]
    file = folder / "mails.jsonl"
    bare_rows(mailbox, file)
    return ["--jsonl", f"crm_emails={file}"]


def train(home: Path, source: Sequence[str]) -> str:
    """Import the mailbox and train the twin; how long it took and how much memory it needed."""
    measure(["crm", "import", *source], home)
    trained = measure(["run", "weekly", "--personality", TWIN], home, accepted=(0, 1))
    return (
        f"`maverick run weekly`: {trained.seconds:.0f} s, {trained.processor_seconds:.0f} s of "
        f"processors, {trained.gigabytes:.1f} GB\n"
    )


def thoroughly_evaluated(home: Path, other: Path | None, folder: Path) -> Manifest:
    """The newest version with the figures and gates of a thorough evaluation.

    It is the evaluation of the last run, by the spec that this has left, with what major versions
    are measured by added. The registry keeps what it has.
    """
    [*_, last] = sorted(home.glob("runs/*/evaluate.json"), key=lambda path: path.stat().st_mtime)
    together = read_json(last, EvaluationsSpec)
    [spec] = [each for each in together.evaluations if each.personality == TWIN]
    out = folder / "thorough"
    update = {
        "thorough": True,
        "answers_each": THOROUGH_ANSWERS,
        "other_adapter": other,
        "out": out,
    }
    together = together.model_copy(update={"evaluations": [spec.model_copy(update=update)]})
    path = write_spec(folder, "evaluate", together)
    command = [sys.executable, "-m", "maverick_assets.evaluation.evaluate", str(path)]
    environment = {**os.environ, "MAVERICK_HOME": str(home)}
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    return (
        Catalog(Settings(home=home).models)
        .versions_of(TWIN)[-1]
        .model_copy(
            update={
                "metrics": read_json(out / "metrics.json", Metrics),
                "gate": read_json(out / "gate.json", GateDecision),
            }
        )
    )


def report(manifest: Manifest) -> str:
    training = manifest.training
    lines = [machine_line(), "", f"{TWIN} {manifest.version}, {manifest.state}."]
    if training:
        lines.append(
            f"Trained on {training.n_examples} examples, {training.n_tokens} tokens, in "
            f"{training.seconds:.0f} s ({training.tokens_per_second:.0f} tokens/s), "
            f"{training.peak_memory_mb} MB."
        )
    figures = figure_lines(figure_tables(manifest, None))
    return "\n".join([*lines, "", *figures, "", *gate_lines(manifest.gate)])


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
