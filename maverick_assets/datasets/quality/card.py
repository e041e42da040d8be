"""The dataset card: what a dataset is made from, what was left out, and what it looks like.

After "Datasheets for Datasets" (Gebru et al., 2018), with the figures that an operator asks for.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from maverick_assets.crm.raw_table import LIVE, live_rows
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.select import CandidateSummary
from maverick_assets.datasets.examples.withheld import count_withheld
from maverick_assets.datasets.mail.cleaning import RemovedPart, plain_text
from maverick_assets.datasets.mail.table import removed_parts
from maverick_assets.datasets.quality.fates import TableFates, unused_tables
from maverick_assets.files import write_atomically
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import mails_path, raw_path, turns_path
from maverick_assets.recipes import Recipe

SHOWN_ON_PAGE = 20  # random examples
SHOWN_IN_TERMINAL = 3  # random examples
MOST_FREQUENT = 10  # counterparts that are counted one by one
BINS = 16  # of the histogram of lengths
NONE = "none"  # shown for a missing mood or mode


@dataclass(frozen=True)
class BodyPart:
    """A part of a mail's body. What was kept is in the example, with surrogates."""

    text: str  # how long it is: the words are the mail's own, with secrets and names
    removed: str | None  # why it is not in the dataset; None where it is


@dataclass(frozen=True)
class Card:
    """The content of a dataset card."""

    personality: str
    version: int
    funnel: Sequence[tuple[str, int]]  # steps from rows to examples, and what is left after each
    shares: Mapping[str, Mapping[str, int]]  # numbers of examples by property and value
    lengths: Sequence[int]  # tokens of each example
    # Random examples, each with the body of the mail that its completion is from, if any.
    shown: Sequence[tuple[Example, Sequence[BodyPart]]]
    fates: Sequence[TableFates] = ()  # what became of the rows of each table
    warnings: Sequence[str] = ()  # tables that give no example

    def histogram(self) -> list[tuple[int, int]]:
        """Upper edge in tokens, and number of examples, of each of `BINS` equal bins."""
        width = -(-max(self.lengths, default=1) // BINS)
        counts = Counter((length - 1) // width for length in self.lengths)
        return [((at + 1) * width, counts[at]) for at in range(BINS)]


def make_card(
    lake: Path,
    recipe: Recipe,
    version: int,
    selection: Sequence[CandidateSummary],
    examples: Sequence[Example],
) -> Card:
    """The card of a dataset at a version.

    `selection` holds all candidates with their split or reason, `examples` those of this version.
    """
    shown = random_examples(examples, version)
    return Card(
        recipe.name,
        version,
        funnel(lake, recipe, selection),
        {**shares(examples), **contact_share(selection)},
        [example.n_tokens for example in examples],
        list(zip(shown, mail_bodies(lake, shown), strict=True)),
    )


def with_fates(card: Card, fates: Sequence[TableFates]) -> Card:
    """The card with what became of the rows of each table."""
    return replace(card, fates=fates, warnings=unused_tables(fates))


def funnel(
    lake: Path, recipe: Recipe, selection: Sequence[CandidateSummary]
) -> list[tuple[str, int]]:
    """How many rows, turns and answers there are on the way to examples.

    The steps are the rows of the recipe's tables, their turns, what is left without those that the
    personality may not hold, the answers among these, what is left after each reason to drop
    answers, and the examples.
    """
    tables = list(dict.fromkeys(source.table for source in recipe.sources))
    rows = [read_table(raw_path(lake, name), columns=["id"], where=LIVE) for name in tables]
    turns = read_table(turns_path(lake), columns=["turn_id"], where={"source": tables})
    steps = [("rows in its tables", sum(table.num_rows for table in rows if table))]
    left = turns.num_rows if turns else 0
    steps.append(("turns", left))
    for reason, count in count_withheld(lake, recipe).most_common():
        left -= count
        steps.append((f"without: {reason}", left))
    left = len(selection)
    steps.append(("answers", left))
    reasons = Counter(candidate.dropped for candidate in selection if candidate.dropped)
    for reason, count in reasons.most_common():
        left -= count
        steps.append((f"without: {reason}", left))
    return [*steps, ("examples", left)]


def random_examples(examples: Sequence[Example], seed: int) -> list[Example]:
    """`SHOWN_ON_PAGE` random examples, the same for the same seed."""
    ordered = sorted(examples, key=lambda example: example.example_id)
    return random.Random(seed).sample(ordered, min(SHOWN_ON_PAGE, len(ordered)))


def shares(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """Numbers of examples by split, kind and so on, the most frequent value first."""
    values = {
        "split": [example.split for example in examples],
        "kind": [example.kind for example in examples],
        "source": [example.source for example in examples],
        "mood": [example.mood or NONE for example in examples],
        "mode": [example.mode or NONE for example in examples],
    }
    counted = {name: dict(Counter(column).most_common()) for name, column in values.items()}
    return {name: counts for name, counts in counted.items() if set(counts) != {NONE}}


def contact_share(selection: Sequence[CandidateSummary]) -> dict[str, dict[str, int]]:
    """Numbers of examples with each of the most frequent counterparts, and with all others.

    Counterparts are named by a keyed digest.
    """
    chosen = [candidate for candidate in selection if not candidate.dropped]
    counts = Counter(candidate.contact[:8] for candidate in chosen)
    top = dict(counts.most_common(MOST_FREQUENT))
    return {"contact": {**top, "others": sum(counts.values()) - sum(top.values())}}


def mail_bodies(lake: Path, examples: Sequence[Example]) -> list[list[BodyPart]]:
    """For each example, the body of the mail that its completion is from; empty without one."""
    mails = [example for example in examples if example.kind in ("reply", "initiate")]
    bodies: dict[tuple[str, str], str] = {}
    for source in {example.source for example in mails}:
        ids = [example.source_ids[-1] for example in mails if example.source == source]
        rows = live_rows(raw_path(lake, source), {"id": ids})
        bodies |= {(source, row["id"]): row["body"] or "" for row in rows}
    keys = [(example.source, example.source_ids[-1]) for example in examples]
    removed = removed_parts(mails_path(lake), [f"{source}:{row_id}" for source, row_id in bodies])
    return [
        body_parts(plain_text(bodies.get(key, "")), removed.get(":".join(key), ())) for key in keys
    ]


def body_parts(body: str, removed: Sequence[RemovedPart]) -> list[BodyPart]:
    """A body, as `plain_text` gives it, divided into what was kept and what was removed."""
    parts: list[tuple[int, str | None]] = []
    at = 0
    for cut in removed:
        parts.append((cut.start - at, None))
        parts.append((cut.end - cut.start, cut.reason))
        at = cut.end
    parts.append((len(body) - at, None))
    return [BodyPart(f"[{length} characters]", reason) for length, reason in parts if length]


def card_text(card: Card) -> str:
    """The card as text for a terminal, with the first of its random examples."""
    lines = [f"{card.personality}, dataset {card.version}", ""]
    lines += [f"{left:>8}  {step}" for step, left in card.funnel]
    for table in card.fates:
        lines += ["", f"{table.table}: what became of each row"]
        lines += [f"{count:>8}  {fate}" for fate, count in table.counts.items()]
        lines += [f"{count:>8}  answers linked by {link}" for link, count in table.links.items()]
    lines += [f"warning   {warning}" for warning in card.warnings]
    for name, counts in card.shares.items():
        lines += ["", name, *(f"{count:>8}  {value}" for value, count in counts.items())]
    lines += ["", "tokens", *(f"{count:>8}  <= {edge}" for edge, count in card.histogram())]
    for example, _ in card.shown[:SHOWN_IN_TERMINAL]:
        lines += ["", f"--- {example.split} {example.source} {' '.join(example.source_ids)}"]
        lines += [f"[{message['role']}] {message['content']}" for message in example.messages]
    return "\n".join(lines)


def write_card(card: Card, path: Path) -> None:
    """Write the card as one HTML file, complete or not at all."""
    environment = Environment(
        loader=PackageLoader("maverick_assets.datasets.quality", "."),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("card.html").render(card=card)
    write_atomically(path, page.encode("utf-8", "replace"))
