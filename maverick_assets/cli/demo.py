"""`maverick demo`: the sample CRM, or real mail, through the whole graph."""

from pathlib import Path
from typing import Annotated

import typer

from maverick_assets.base_model.tested_bases import recommend
from maverick_assets.cli.console import AsJson, note
from maverick_assets.cli.jobs import execute_job, raise_first
from maverick_assets.cli.models.versions import show_versions, versions_in_service
from maverick_assets.cli.services import running_services
from maverick_assets.crm.connection import connect, is_own
from maverick_assets.errors import BadInput
from maverick_assets.settings import load_settings

NEXT_STEPS = (
    "Next, after `source .venv/bin/activate`:",
    "  chat in a browser   maverick serve, at the address that it prints",
    '  or in the terminal  maverick chat allan-maverick "Can you send me the deck by Friday?"',
    "  see what was made   maverick ui, at http://127.0.0.1:3000",
    "  learn your own mail export MAVERICK_HOME=~/maverick MAVERICK_OWNER_EMAIL=me@firm.example",
    "                      maverick crm import --mbox FILE",
    "                      maverick run weekly --personality allan-maverick",
    "  and every night     maverick ui: Automation, switch on new_crm_rows, nightly and weekly",
)


CARDS_GB = (8, 16, 24)


def what_to_expect() -> list[str]:
    """What the base of the demo can do, and which base to take instead, by size of the card."""
    recommended = [(card, *recommend(card)) for card in CARDS_GB]
    bases = ", ".join(
        f"{card} GB {base.hub_id}{' in 4 bits' if quantize == 'nf4' else ''}"
        for card, base, quantize in recommended
    )
    return [
        "The base of this demo has 135 million parameters: it learns tone, length and phrases of "
        "its owner.",
        "It does not reason, and it invents facts, names and dates: a demo, not an assistant.",
        f"With a GPU take another one: {bases}.",
        "  `maverick base list` shows what each needs, `maverick base pull NAME` gets it, and "
        "MAVERICK_BASE_MODEL=NAME uses it.",
    ]


def demo(
    mbox: Annotated[
        Path | None,
        typer.Option(help="An mbox file or a folder of real mail, in place of the sample's mail."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fill the CRM with a sample, and run the whole graph: data, training, release.

    A second call finds nothing left to do.
    """
    settings = load_settings()
    if not is_own(settings):
        raise BadInput(
            "`maverick demo` fills a CRM that Maverick made, and MAVERICK_CRM_URL names another: "
            "unset it, or use `maverick run weekly`"
        )
    with running_services(settings):
        for table, count in fill_crm(mbox).items():
            note(f"CRM table {table}: {count} new rows")
        failures = execute_job("weekly")
        show_versions(versions_in_service(settings), as_json)
        raise_first(failures)
    expectations = [] if settings.base_model else what_to_expect()
    for line in (*expectations, *NEXT_STEPS):
        note(line)


def fill_crm(mbox: Path | None) -> dict[str, int]:
    """Add the sample to the CRM, or real mail and the sample's curated texts.

    Returns how many rows each table gained; rows that the CRM has already are left alone.
    """
    from maverick_assets.crm import importers
    from maverick_assets.crm.mailboxes.folders import read_mail
    from maverick_assets.crm.sample import sample_crm

    rows = sample_crm()
    if mbox is not None:
        rows = {"personality_samples": rows["personality_samples"]}
    added = {}
    with connect(load_settings()) as connection:
        for table, content in rows.items():
            added[table] = importers.insert_rows(connection, table, content)[0]
        if mbox is not None:
            added["crm_emails"] = importers.import_mail(connection, read_mail(mbox)).imported
    return added
