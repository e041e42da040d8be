"""Times the data stages of a night with 1 % new rows, of one with none, and of a full rebuild.

    python -m benchmarks.refresh [--factor 10]

The CRM is the sample, enlarged. The new rows are whole threads, conversations and single rows of
another seed. Rows processed are those read from the CRM, cleaned and derived. Prints Markdown.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.machine import machine_line, server_folder
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm import importers
from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.extraction import extract
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings

OWNER = Owner(("allan@testpilot.example",), ("allan",))
ID_COLUMNS = ("id", "thread_id", "message_id", "in_reply_to", "conversation_id")


@dataclass(frozen=True)
class Night:
    """How many rows passed through each stage of one night."""

    read: int
    cleaned: int
    turns: int
    candidates: int
    seconds: float  # of wall clock

    @property
    def processed(self) -> int:
        return self.read + self.cleaned + self.turns + self.candidates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=int, default=10)
    factor = parser.parse_args().factor
    with server_folder() as folder:
        base = ensure_base(Settings(home=folder, base_model=None))
        url = database_url(folder / "postgres", "bench")
        tokenizer = ChatTokenizer(base.directory)
        rows = insert(url, sample_crm(factor=factor))
        full = night(url, folder / "lake", tokenizer)
        new = insert(url, one_percent(factor))
        few = night(url, folder / "lake", tokenizer)
        none = night(url, folder / "lake", tokenizer)
        rebuilt = night(url, folder / "rebuilt", tokenizer)
    print(report(rows, new, {"first": full, "new": few, "none": none, "rebuilt": rebuilt}))


def insert(url: str, tables: dict[str, list[dict[str, Any]]]) -> int:
    """Write rows into the CRM, which may lack the tables; returns how many."""
    with psycopg.connect(url) as connection:
        create_tables(connection)
        return sum(
            importers.insert_rows(connection, table, rows)[0] for table, rows in tables.items()
        )


def one_percent(factor: int) -> dict[str, list[dict[str, Any]]]:
    """A hundredth of each table of a sample of another seed, whole threads and conversations."""
    rows = sample_crm(seed=2)
    talks = {row["id"] for row in rows["conversations"][: max(1, 80 * factor // 100)]}
    kept = {name: content[: len(content) * factor // 100] for name, content in rows.items()}
    kept["conversations"] = [row for row in rows["conversations"] if row["id"] in talks]
    kept["messages"] = [row for row in rows["messages"] if row["conversation_id"] in talks]
    return {
        name: [row | {k: f"new-{row[k]}" for k in ID_COLUMNS if row.get(k)} for row in content]
        for name, content in kept.items()
    }


def night(url: str, lake: Path, tokenizer: ChatTokenizer) -> Night:
    """Extraction, cleaning, turns, candidates and datasets of all recipes, measured."""
    started = time.monotonic()
    read = sum(extract(url, table, lake).read for table in TABLES.values())
    mails = refresh_mails(lake, "bench")
    turns = refresh_turns(lake, OWNER, "bench")
    derived = 0
    for recipe in load_recipes().values():
        derived += refresh_candidates(lake, recipe, lambda: tokenizer, ["bench"]).derived
        refresh_dataset(lake, recipe)
    return Night(read, mails.derived, turns.derived, derived, time.monotonic() - started)


def report(rows: int, new: int, nights: dict[str, Night]) -> str:
    rebuilt, few = nights["rebuilt"], nights["new"]
    lines = [
        machine_line(),
        "",
        f"{rows} rows, then {new} new ones ({100 * new / rows:.1f} %).",
        "",
        "| night | rows read | mails cleaned | turns | candidates | seconds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {night.read} | {night.cleaned} | {night.turns} | {night.candidates} "
        f"| {night.seconds:.1f} |"
        for name, night in nights.items()
    ]
    work, seconds = few.processed / rebuilt.processed, few.seconds / rebuilt.seconds
    return "\n".join(
        [*lines, "", f"New against rebuilt: {work:.3f} of the rows, {seconds:.3f} of the time."]
    )


if __name__ == "__main__":
    main()
