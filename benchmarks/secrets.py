"""How many planted secrets are found, how many clean rows are flagged, and how long it takes.

    python -m benchmarks.secrets [--data ../shared/data]

Planted texts and look-alikes come from `maverick_assets_tests.corpora`: `planted_secrets`, which
the rules were tuned on, drawn with a seed that no test uses, and `unseen_secrets`: a set of which
one half is for tuning and the other one locked, and a second and a third set, all of them locked.
Hostile texts come from `hostile_texts`. Of locked phrases and of the real texts in --data, only
figures are printed. Half of the real texts trained the classifier (`benchmarks.secret_training`); a
column of its own is for the others.
The output is Markdown.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.machine import machine_line
from benchmarks.secret_training.train import is_trained_on
from maverick_assets.datasets.quality.leaked_secrets import secret_kinds
from maverick_assets.datasets.secrets.find import Finding, find_by_rules, find_secrets
from maverick_assets_tests.corpora.hostile_texts import hostile_texts
from maverick_assets_tests.corpora.planted_secrets import (
    PlantedSecret,
    clean_texts,
    is_found,
    planted_texts,
)
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows
from maverick_assets_tests.corpora.unseen_secrets import (
    second_clean_texts,
    second_texts,
    third_clean_texts,
    third_texts,
    unseen_clean_texts,
    unseen_texts,
)

REAL = {  # table: the column with the text
    "mailbox-arnold/emails": "body",
    "mailbox-others/emails": "body",
    "mailbox-crandall/emails": "body",
    "notes/til": "content",
    "conversations/irc": "messages",
    "gatekeeper/sms": "text",
    "moods/goemotions": "text",
}
COUNT, SEED = 1000, 1001  # no test draws from this seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    data = parser.parse_args().data
    slowest = slowest_hostile_text(find_secrets)
    lines = [machine_line(), "", *planted_report(), "", clean_report(), slowest, ""]
    sets = (
        ("tuned on", unseen_texts(locked=False), unseen_clean_texts(locked=False)),
        ("locked", unseen_texts(locked=True), unseen_clean_texts(locked=True)),
        ("second set", second_texts(), second_clean_texts()),
        ("third set", third_texts(), third_clean_texts()),
    )
    for name, texts, clean in sets:
        lines += [*unseen_report(name, texts, clean), ""]
    if data.is_dir():
        lines += [embedded_report(name, texts, data) for name, texts, _ in sets]
        lines += ["", *real_text_table(data)]
    print("\n".join(lines))


def planted_report() -> list[str]:
    texts = planted_texts(COUNT, SEED)
    missed = [planted for planted in texts if not is_found(planted)]
    by_detect_secrets = sum(bool(secret_kinds(planted.text)) for planted in texts)
    planted_by_kind = Counter(planted.kind for planted in texts)
    missed_by_kind = Counter(planted.kind for planted in missed)
    return [
        f"Planted secrets found: {COUNT - len(missed)} of {COUNT} in ten languages "
        f"(detect-secrets: {by_detect_secrets}).",
        "",
        "| kind | planted | missed |",
        "|---|---:|---:|",
        *(
            f"| {kind} | {count} | {missed_by_kind[kind]} |"
            for kind, count in sorted(planted_by_kind.items())
        ),
    ]


def clean_report() -> str:
    texts = clean_texts(2500, SEED)
    flagged = sum(bool(find_secrets(text)) for text in texts)
    share = 100 * flagged / len(texts)
    return f"Clean rows wrongly flagged: {flagged} of {len(texts)} ({share:.2f} %)."


def unseen_report(name: str, texts: list[PlantedSecret], clean: list[str]) -> list[str]:
    """Figures of texts by phrases that nothing was made from, by kind and by language."""
    held = sum(bool(find_secrets(text)) for text in clean)
    by_rules = sum(bool(find_by_rules(text)) for text in clean)
    found = {planted for planted in texts if is_found(planted)}
    found_by_rules = {planted for planted in texts if _overlaps(planted, find_by_rules)}
    lines = [
        f"Phrases never seen, {name}: {len(found)} of {len(texts)} texts found "
        f"({100 * len(found) / len(texts):.1f} %), by rules alone {len(found_by_rules)}; "
        f"look-alikes held: {held} of {len(clean)}, by rules alone {by_rules}.",
        "",
        "| kind or language | texts | found | by rules alone |",
        "|---|---:|---:|---:|",
    ]
    for part in ("kind", "language"):
        every = Counter(getattr(planted, part) for planted in texts)
        both = Counter(getattr(planted, part) for planted in found)
        rules = Counter(getattr(planted, part) for planted in found_by_rules)
        lines += [f"| {key} | {every[key]} | {both[key]} | {rules[key]} |" for key in every]
    return lines


def embedded_report(name: str, texts: list[PlantedSecret], data: Path) -> str:
    """The share found where each text is a paragraph of a real mail without a secret."""
    rng = random.Random(SEED)
    mails = [
        text
        for text in real_texts(data, "mailbox-arnold/emails", "body")
        if 400 < len(text) < 1500 and not is_trained_on(text) and not find_secrets(text)
    ]
    found = 0
    for planted in texts:
        paragraphs = rng.choice(mails).split("\n\n")
        at = rng.randint(0, len(paragraphs))
        before = "\n\n".join([*paragraphs[:at], ""])
        text = before + "\n\n".join([planted.text, *paragraphs[at:]])
        start, end = planted.start + len(before), planted.end + len(before)
        found += is_found(replace(planted, text=text, start=start, end=end))
    share = 100 * found / len(texts)
    return f"Within real mails, {name}: {found} of {len(texts)} found ({share:.1f} %)."


def _overlaps(planted: PlantedSecret, search: Callable[[str], list[Finding]]) -> bool:
    return any(
        finding.start < planted.end and finding.end > planted.start
        for finding in search(planted.text)
    )


def slowest_hostile_text(search: Callable[[str], object]) -> str:
    """The hostile text of 1 MB that takes longest, in seconds of processor time."""
    seconds = {}
    for name, text in hostile_texts().items():
        started = time.process_time()
        search(text)
        seconds[name] = time.process_time() - started
    worst = max(seconds, key=seconds.__getitem__)
    return f"Slowest of {len(seconds)} hostile texts of 1 MB: {worst}, {seconds[worst]:.2f} s."


def real_text_table(data: Path) -> list[str]:
    head = "| real text | texts | flagged | % | % of those not trained on | by rule | MB/s |"
    lines = [head, "|---|---:|---:|---:|---:|---|---:|"]
    for name, column in REAL.items():
        texts = list(real_texts(data, name, column))
        started = time.process_time()
        rules_by_text = [{finding.rule for finding in find_secrets(text)} for text in texts]
        speed = sum(map(len, texts)) / 1e6 / (time.process_time() - started)
        flagged = sum(map(bool, rules_by_text))
        share = 100 * flagged / len(texts)
        others = [
            bool(rules)
            for text, rules in zip(texts, rules_by_text, strict=True)
            if not is_trained_on(text)
        ]
        others_share = 100 * sum(others) / max(len(others), 1)
        counts = Counter(rule for rules in rules_by_text for rule in rules).most_common()
        by_rule = ", ".join(f"{rule} {count}" for rule, count in counts)
        lines.append(
            f"| {name} | {len(texts)} | {flagged} | {share:.2f} | {others_share:.2f} "
            f"| {by_rule} | {speed:.1f} |"
        )
    return lines


def real_texts(data: Path, name: str, column: str) -> Iterator[str]:
    for row in read_rows(name, data):
        if column == "messages":
            yield from (message["text"] for message in row["messages"])
        elif row.get("label") != "spam":
            yield row[column]


if __name__ == "__main__":
    main()
