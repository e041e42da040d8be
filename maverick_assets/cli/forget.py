"""`maverick forget`: rows leave the lake, and versions that learned from them are revoked."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maverick_assets.cli.console import AsJson, print_result
from maverick_assets.cli.jobs import StepFailure, execute_job, raise_first
from maverick_assets.cli.services import running_services
from maverick_assets.crm.sources.sources_file import raw_tables
from maverick_assets.errors import BadInput
from maverick_assets.settings import load_settings

if TYPE_CHECKING:
    from maverick_assets.pipeline.forget.order import Forgetting
    from maverick_assets.registry.manifest import Manifest


def forget(
    contact: Annotated[
        str | None,
        typer.Option(
            help="An address: mails from it or to it alone, its deals, notes, conversations."
        ),
    ] = None,
    row: Annotated[str | None, typer.Option(help="TABLE:ID, one row of the CRM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Remove rows from the lake for good, and revoke the versions that learned from them."""
    from maverick_assets.pipeline.forget.order import forget_rows
    from maverick_assets.pipeline.forget.tombstone import RowRef

    table, separator, row_id = (row or "").partition(":")
    if (contact is None) == (row is None) or (row is not None and not separator):
        raise BadInput("give --contact ADDRESS, or --row TABLE:ID")
    settings = load_settings()
    failures: list[StepFailure] = []

    def rebuild() -> None:
        with running_services(settings):
            failures.extend(execute_job("ingest"))

    target = RowRef(table, row_id) if contact is None else contact
    result = _as_json(forget_rows(settings, raw_tables(settings.sources), target, rebuild))
    print_result(result, "\n".join(_lines(result)), as_json)
    raise_first(failures)  # only now: what was forgotten is reported even if the rebuild failed


def _as_json(forgetting: "Forgetting") -> dict[str, Any]:
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
    for name, versions in result["untold"].items():
        lines.append(
            f"{name}: the data of {', '.join(versions)} is no longer in the lake, so it counts as "
            "if it held those rows"
        )
    return lines
