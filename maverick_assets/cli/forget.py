"""`maverick forget`: contacts and rows leave the run home, and versions that learned from them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maverick_assets.cli.console import AsJson, print_result
from maverick_assets.cli.jobs import StepFailure, execute_job, raise_first
from maverick_assets.cli.services import running_services
from maverick_assets.crm.connection import is_own
from maverick_assets.crm.sources.sources_file import raw_tables
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.settings import load_settings

if TYPE_CHECKING:
    from maverick_assets.pipeline.forget.everywhere import Outcome
    from maverick_assets.registry.manifest import Manifest


def forget(
    contact: Annotated[
        list[str] | None,
        typer.Option(
            help="An address: mails from it or to it alone, its deals, notes, chats and events, "
            "and its names in everything else; may be repeated."
        ),
    ] = None,
    row: Annotated[str | None, typer.Option(help="TABLE:ID, one row of the CRM.")] = None,
    also_quotes: Annotated[
        bool,
        typer.Option("--also-quotes", help="Cut the contact's words from mails that quote him."),
    ] = False,
    in_crm: Annotated[
        bool, typer.Option("--in-crm", help="Delete the rows from a CRM that Maverick made, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a contact or a row for good, and revoke the versions that learned from them."""
    from maverick_assets.pipeline.deploy import require_level
    from maverick_assets.pipeline.forget.everywhere import Request, forget_everywhere
    from maverick_assets.pipeline.forget.tombstone import RowRef

    table, separator, row_id = (row or "").partition(":")
    if bool(contact) == (row is not None) or (row is not None and not separator):
        raise BadInput("give --contact ADDRESS, or --row TABLE:ID")
    settings = load_settings()
    failures: list[StepFailure] = []
    request = Request(contact or RowRef(table, row_id), also_quotes, in_crm)
    with running_services(settings):
        outcome = forget_everywhere(
            settings,
            raw_tables(settings),
            request,
            lambda: failures.extend(execute_job("ingest")),
        )
    result = _as_json(outcome)
    is_external = not is_own(settings)
    print_result(result, "\n".join([*_lines(result), *_left(result, is_external)]), as_json)
    raise_first(failures)  # only now: what was forgotten is reported even if the rebuild failed
    if outcome.leftovers:
        places = "; ".join(f"{each.place} ({each.count})" for each in outcome.leftovers)
        raise MaverickError(
            f"something of the contact is left in: {places}; delete it, and run this again"
        )
    require_level(outcome.forgetting.nodes)


def _as_json(outcome: "Outcome") -> dict[str, Any]:
    forgetting = outcome.forgetting
    traced = forgetting.trace

    def numbers(versions: Mapping[str, Sequence["Manifest"]]) -> dict[str, list[str]]:
        return {
            name: [str(manifest.version) for manifest in manifests]
            for name, manifests in versions.items()
        }

    return {
        "rows": forgetting.rows,
        "datasets": traced.datasets,
        "revoked": numbers(traced.versions),
        "untold": numbers(traced.untraceable),  # the key that scripts know
        "in_service": {
            name: manifest and str(manifest.version)
            for name, manifest in forgetting.in_service.items()
        },
        "named": forgetting.named,
        "quoting": forgetting.quoting,
        "too_long": forgetting.too_long,
        "quotes_cut": outcome.quotes_cut,
        "names_of_others": {name: list(others) for name, others in outcome.shared.items()},
        "phones_of_others": {name: list(others) for name, others in outcome.shared_phones.items()},
        "names_left": {name: dict(counts) for name, counts in outcome.left.items()},
        "crm": outcome.crm,
        "crm_cleaned": outcome.crm_cleaned,
        "left": {each.place: each.count for each in outcome.leftovers},
        "nodes": [
            {"personality": each.personality, "node": node.node, "state": node.state}
            for each in forgetting.nodes
            for node in each.nodes
        ],
    }


def _lines(result: dict[str, Any]) -> list[str]:
    """What was forgotten, where it had been used, and what is in service now."""
    lines = [f"{table}: {len(ids)} rows forgotten" for table, ids in result["rows"].items()]
    for name, versions in result["datasets"].items():
        lines.append(f"dataset {name}: versions {', '.join(map(str, versions))} held them")
    for name, versions in result["revoked"].items():
        now = result["in_service"][name]
        rest = f"{now} is in service" if now else "none is in service; train one: maverick run"
        lines.append(f"{name}: {', '.join(versions)} revoked; {rest}")
    for row in result["nodes"]:
        rest = "may still have a revoked version; `maverick deploy` removes it"
        what = "has no revoked version" if row["state"] == "level" else rest
        lines.append(f"node {row['node']}: {what} of {row['personality']}")
    for name, versions in result["untold"].items():
        lines.append(
            f"{name}: the data of {', '.join(versions)} is no longer in the lake, so it counts as "
            "if it held those rows"
        )
    return lines


def _left(result: dict[str, Any], crm_is_external: bool) -> list[str]:
    """What was taken out of rows that stay, and what stays all the same."""
    lines = [
        f"{table}: {len(ids)} other rows named the contact and no longer do"
        for table, ids in result["named"].items()
    ]
    cut = "cut" if result["quotes_cut"] else "still there; --also-quotes cuts them"
    for table, ids in result["quoting"].items():
        lines.append(f"{table}: {len(ids)} mails of others quote the contact: {cut}")
        if not result["quotes_cut"]:
            lines.append(f"  {', '.join(ids)}")
    for table, ids in result["too_long"].items():
        lines.append(
            f"{table}: {len(ids)} mails of others are too long to look for quotes of the contact, "
            f"and may hold some: {', '.join(ids)}; --row {table}:ID forgets one"
        )
    for address, others in result["names_of_others"].items():
        lines.append(
            f"the name of {address} is also that of {', '.join(others)}, and stays in texts"
        )
    for address, others in result["phones_of_others"].items():
        lines.append(
            f"a phone number of {address} is also that of {', '.join(others)}, and stays in texts"
        )
    for address, counts in result["names_left"].items():
        for name, count in counts.items():
            lines.append(
                f'left: "{name}", a name of {address}, stands in {count} other rows; '
                f'--contact "{name} <{address}>" takes it out'
            )
    total = sum(result["crm"].values())
    counts = ", ".join(f"{table} {count}" for table, count in result["crm"].items())
    if total and result["crm_cleaned"]:
        lines.append(f"CRM: {total} rows deleted or rewritten: {counts}")
    elif total:
        remedy = "delete them there" if crm_is_external else "--in-crm deletes them"
        lines.append(
            f"the CRM still holds {total} rows: {counts}; no extraction brings them back; {remedy}"
        )
    return lines
