"""Planted secrets found, clean rows wrongly flagged, and the time it takes.

    python -m benchmarks.secrets [--data ../shared/data]

Planted texts and their look-alikes are those of `maverick_assets_tests.corpora.planted`, of seeds
that no test uses; hostile texts are those of `hostile_texts`. Real text, where it is there, is told
by its share only. Prints Markdown.
"""

import argparse
import gzip
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.demo import machine
from maverick_assets.datasets.quality.leaked_secrets import scan
from maverick_assets.datasets.secrets.find import find_secrets
from maverick_assets_tests.corpora.hostile_texts import hostile_texts
from maverick_assets_tests.corpora.planted import Planted, clean_texts, planted_texts

REAL = {
    "mailbox-arnold/emails": "body",
    "mailbox-others/emails": "body",
    "notes/til": "content",
    "conversations/irc": "messages",
    "gatekeeper/sms": "text",
    "moods/goemotions": "text",
}
COUNT, SEED = 1000, 1001


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    data = parser.parse_args().data
    lines = [machine(), "", *planted_lines(), "", *clean_lines(), slowest(find_secrets), ""]
    print("\n".join([*lines, *(real_lines(data) if data.is_dir() else [])]))


def planted_lines() -> list[str]:
    texts = planted_texts(COUNT, SEED)
    missed = [each for each in texts if not hit(each)]
    others = sum(bool(scan(each.text)) for each in texts)
    kinds = Counter(each.kind for each in texts)
    gone = Counter(each.kind for each in missed)
    return [
        f"Planted secrets found: {COUNT - len(missed)} of {COUNT} in ten languages "
        f"(detect-secrets: {others}).",
        "",
        "| kind | planted | missed |",
        "|---|---:|---:|",
        *(f"| {kind} | {count} | {gone[kind]} |" for kind, count in sorted(kinds.items())),
    ]


def hit(planted: Planted) -> bool:
    """Whether a finding lies on the secret itself."""
    return any(
        each.start < planted.end and each.end > planted.start for each in find_secrets(planted.text)
    )


def clean_lines() -> list[str]:
    texts = clean_texts(2500, SEED)
    wrong = sum(bool(find_secrets(text)) for text in texts)
    share = 100 * wrong / len(texts)
    return [f"Clean rows wrongly flagged: {wrong} of {len(texts)} ({share:.2f} %)."]


def slowest(search: Callable[[str], object]) -> str:
    """The hostile text of 1 MB that takes longest, in seconds of processor time."""
    seconds = {}
    for name, text in hostile_texts().items():
        started = time.process_time()
        search(text)
        seconds[name] = time.process_time() - started
    worst = max(seconds, key=seconds.__getitem__)
    return f"Slowest of {len(seconds)} hostile texts of 1 MB: {worst}, {seconds[worst]:.2f} s."


def real_lines(data: Path) -> list[str]:
    head = "| real text | texts | flagged | % | by rule | MB/s |"
    lines = [head, "|---|---:|---:|---:|---|---:|"]
    for name, column in REAL.items():
        texts = list(real_texts(data / f"{name}.jsonl.gz", column))
        started = time.process_time()
        found = [{each.rule for each in find_secrets(text)} for text in texts]
        speed = sum(map(len, texts)) / 1e6 / (time.process_time() - started)
        flagged = sum(map(bool, found))
        rules = Counter(rule for each in found for rule in each)
        told = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
        share = 100 * flagged / len(texts)
        lines.append(f"| {name} | {len(texts)} | {flagged} | {share:.2f} | {told} | {speed:.1f} |")
    return lines


def real_texts(path: Path, column: str) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if column == "messages":
                yield from (message["text"] for message in row["messages"])
            elif row.get("label") != "spam":
                yield row[column]


if __name__ == "__main__":
    main()
