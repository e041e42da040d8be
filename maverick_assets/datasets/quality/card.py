"""A dataset card: what a dataset is made from, what was left out on the way, and how it looks.

After "Datasheets for Datasets" (Gebru et al., 2018), with the figures that an operator asks for.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from maverick_assets.crm.raw_table import LIVE, live_rows
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.select import Entry
from maverick_assets.datasets.mail.cleaning import RemovedPart, clean_body, plain_text
from maverick_assets.files import write_atomically
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import raw_path, turns_path
from maverick_assets.recipes import Recipe

SHOWN = 20
MOST_FREQUENT = 10
IN_TERMINAL = 3
BINS = 16
NONE = "none"


@dataclass(frozen=True)
class Span:
    """A piece of a mail's body; `removed` says why it is not in the dataset."""

    text: str
    removed: str | None


@dataclass(frozen=True)
class Card:
    """`funnel`: what is left after each step. `shares`: of the examples, by what and by value.

    `lengths`: tokens of each example. `shown`: random examples, each with the spans of the mail
    that its completion is from; none where it is from no mail.
    """

    personality: str
    version: int
    funnel: Sequence[tuple[str, int]]
    shares: Mapping[str, Mapping[str, int]]
    lengths: Sequence[int]
    shown: Sequence[tuple[Example, Sequence[Span]]]

    def histogram(self) -> list[tuple[int, int]]:
        """Upper edge in tokens and number of examples of each of `BINS` equal bins."""
        width = -(-max(self.lengths, default=1) // BINS)
        counts = Counter((length - 1) // width for length in self.lengths)
        return [((at + 1) * width, counts[at]) for at in range(BINS)]


def make_card(
    lake: Path,
    recipe: Recipe,
    version: int,
    judged: Sequence[Entry],
    examples: Sequence[Example],
) -> Card:
    """The card of a dataset at a version, which has these `examples`.

    `judged`: all of its candidates, as they are chosen.
    """
    picked = pick(examples, version)
    return Card(
        recipe.name,
        version,
        funnel(lake, recipe, judged),
        {**shares(examples), **contact_share(judged)},
        [example.n_tokens for example in examples],
        list(zip(picked, mail_spans(lake, picked), strict=True)),
    )


def funnel(lake: Path, recipe: Recipe, judged: Sequence[Entry]) -> list[tuple[str, int]]:
    """Rows of the recipe's tables, the turns made of them, the answers found in these, and what is
    left after each reason to drop some."""
    tables = list(dict.fromkeys(source.table for source in recipe.sources))
    rows = [read_table(raw_path(lake, name), columns=["id"], where=LIVE) for name in tables]
    turns = read_table(turns_path(lake), columns=["turn_id"], where={"source": tables})
    left = len(judged)
    steps = [
        ("rows in its tables", sum(table.num_rows for table in rows if table)),
        ("turns", turns.num_rows if turns else 0),
        ("answers", left),
    ]
    for reason, count in Counter(e.dropped for e in judged if e.dropped).most_common():
        left -= count
        steps.append((f"without: {reason}", left))
    return [*steps, ("examples", left)]


def pick(examples: Sequence[Example], seed: int) -> list[Example]:
    """`SHOWN` examples by chance, the same ones for the same seed."""
    ordered = sorted(examples, key=lambda example: example.example_id)
    return random.Random(seed).sample(ordered, min(SHOWN, len(ordered)))


def shares(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """How many examples of each split, kind and so on, the most frequent value first."""
    values = {
        "split": [example.split for example in examples],
        "kind": [example.kind for example in examples],
        "source": [example.source for example in examples],
        "mood": [example.mood or NONE for example in examples],
        "mode": [example.mode or NONE for example in examples],
    }
    counted = {name: dict(Counter(each).most_common()) for name, each in values.items()}
    return {name: counts for name, counts in counted.items() if set(counts) != {NONE}}


def contact_share(judged: Sequence[Entry]) -> dict[str, dict[str, int]]:
    """How many examples are with each of the most frequent counterparts, by a digest of who it is,
    and how many with all others."""
    counts = Counter(entry.contact[:8] for entry in judged if not entry.dropped)
    top = dict(counts.most_common(MOST_FREQUENT))
    return {"contact": {**top, "others": sum(counts.values()) - sum(top.values())}}


def mail_spans(lake: Path, examples: Sequence[Example]) -> list[list[Span]]:
    """For each example the body of the mail that its completion is from; nothing where it is from
    none."""
    mails = [example for example in examples if example.kind in ("reply", "initiate")]
    bodies: dict[tuple[str, str], str] = {}
    for source in {example.source for example in mails}:
        ids = [example.source_ids[-1] for example in mails if example.source == source]
        rows = live_rows(raw_path(lake, source), {"id": ids})
        bodies |= {(source, row["id"]): row["body"] or "" for row in rows}
    found = [bodies.get((example.source, example.source_ids[-1]), "") for example in examples]
    return [spans(plain_text(body), clean_body(body).removed) for body in found]


def spans(body: str, removed: Sequence[RemovedPart]) -> list[Span]:
    """A body, as `plain_text` gives it, in pieces."""
    pieces = []
    at = 0
    for each in removed:
        pieces += [
            Span(body[at : each.start], None),
            Span(body[each.start : each.end], each.reason),
        ]
        at = each.end
    return [piece for piece in [*pieces, Span(body[at:], None)] if piece.text]


def card_text(card: Card) -> str:
    """The card for a terminal, with the first of its random examples."""
    lines = [f"{card.personality}, dataset {card.version}", ""]
    lines += [f"{left:>8}  {step}" for step, left in card.funnel]
    for name, counts in card.shares.items():
        lines += ["", name, *(f"{count:>8}  {value}" for value, count in counts.items())]
    lines += ["", "tokens", *(f"{count:>8}  <= {edge}" for edge, count in card.histogram())]
    for example, _ in card.shown[:IN_TERMINAL]:
        lines += ["", f"--- {example.split} {example.source} {' '.join(example.source_ids)}"]
        lines += [f"[{message['role']}] {message['content']}" for message in example.messages]
    return "\n".join(lines)


def write_card(card: Card, path: Path) -> None:
    """The card as one HTML file, complete or not at all."""
    environment = Environment(
        loader=PackageLoader("maverick_assets.datasets.quality", "."),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("card.html").render(card=card)
    write_atomically(path, page.encode("utf-8", "replace"))
