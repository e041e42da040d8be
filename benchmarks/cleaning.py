"""How exactly and how fast mail is cleaned. Prints Markdown.

    python -m benchmarks.cleaning [--mails 200000] [--data ../shared/data]

Exactness is counted on labelled mails written for this project (ten languages, the usual programs
and layouts), and on real mailboxes, where a heuristic finds the replies to compare with. Time is
measured on adversarial mails, and by stage in a first night over many mails of the enlarged sample
CRM.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.machine import machine_line
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.sample.emails import email_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.mail.cleaning import clean_body
from maverick_assets.datasets.mail.table import clean_row, read_mails
from maverick_assets.datasets.mail.threads import link_threads
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.lake.paths import mails_path
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings
from maverick_assets_tests.corpora.adversarial_mails import adversarial_mails
from maverick_assets_tests.corpora.labelled_mails import labelled_mails
from maverick_assets_tests.corpora.real_data import REAL_DATA, read_rows
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("allan",))
TEXTS = [TABLES["crm_emails"]]
MAILS_OF_ONE_FACTOR = 720


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=200_000)
    parser.add_argument("--data", type=Path, default=REAL_DATA)
    arguments = parser.parse_args()
    lines = [
        machine_line(),
        "",
        "| what | measured |",
        "|---|---:|",
        *exactness_rows(arguments.data),
    ]
    lines.append(slowest_row())
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        lines += stage_rows(Path(name), arguments.mails)
    print("\n".join(lines))


def exactness_rows(data: Path) -> Iterator[str]:
    """How many labelled mails, and how many replies of real mailboxes, are cleaned exactly."""
    mails = list(labelled_mails())
    exact = 0
    for labelled in mails:
        mail = clean_body(labelled.body)
        expected = (labelled.text, labelled.quoted, labelled.forwarded)
        exact += (mail.text, mail.quoted, mail.forwarded) == expected
    yield f"| labelled mails cleaned exactly | {exact} of {len(mails)} |"
    for mailbox in ("mailbox-arnold", "mailbox-crandall"):
        if not (data / mailbox).is_dir():
            yield f"| {mailbox}: not at {data} | |"
            continue
        bodies = {row["message_id"]: row["body"] for row in read_rows(f"{mailbox}/emails", data)}
        pairs = list(read_rows(f"{mailbox}/reply_pairs", data))
        equal = sum(
            clean_body(bodies[pair["message_id"]]).text.split() == pair["reply"].split()
            for pair in pairs
        )
        yield f"| {mailbox}: replies as the yardstick has them | {equal} of {len(pairs)} |"


def slowest_row() -> str:
    """The adversarial mail of 1 MB that takes longest, in seconds of processor time."""
    row = dict.fromkeys(TABLES["crm_emails"].columns)
    seconds = {}
    for name, body in adversarial_mails().items():
        mail = row | {"id": "1", "body": body}
        seconds[name] = seconds_of(partial(clean_row, "x", mail), time.process_time)
    worst = max(seconds, key=seconds.__getitem__)
    return (
        f"| slowest of {len(seconds)} adversarial mails of 1 MB: {worst} | {seconds[worst]:.2f} s |"
    )


def seconds_of(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    work()
    return clock() - started


def stage_rows(folder: Path, count: int) -> Iterator[str]:
    """The stages of a first night over `count` mails, each with its time.

    Rows and base model are made in a process of their own, so that the peak of memory is that of
    the stages.
    """
    lake = folder / "lake"
    preparation = get_context("spawn").Process(target=prepare, args=(folder, count))
    preparation.start()
    preparation.join()
    base = ensure_base(Settings(home=folder, base_model=None))
    recipe = load_recipes()["allan-maverick"]
    tokenizer = ChatTokenizer(base.directory)
    mails = mails_path(lake)
    stages = {
        "cleaned": lambda: refresh_mails(lake, "bench", TEXTS),
        "threaded, a part of the turns": lambda: link_threads(read_mails(mails)),
        "made turns": lambda: refresh_turns(lake, OWNER, "bench", TEXTS),
        "made examples, tokenized": lambda: refresh_candidates(
            lake, recipe, lambda: tokenizer, ["bench"]
        ),
        "split": lambda: refresh_dataset(lake, recipe),
    }
    total = 0.0
    for name, work in stages.items():
        seconds = seconds_of(work)
        total += 0 if name.startswith("threaded") else seconds
        yield f"| {count:,} mails {name} | {seconds:.0f} s |"
    yield f"| all stages | {total:.0f} s |"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield f"| peak memory | {peak:.1f} GB |"


def prepare(folder: Path, count: int) -> None:
    """Write the base model and a raw table of `count` sample mails under `folder`."""
    ensure_base(Settings(home=folder, base_model=None))
    rows = email_rows(1, -(-count // MAILS_OF_ONE_FACTOR))[:count]
    upsert_raw_rows(folder / "lake", "crm_emails", rows)


if __name__ == "__main__":
    main()
