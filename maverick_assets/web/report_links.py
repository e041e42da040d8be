"""Where a browser finds reports."""

from urllib.parse import quote

REPORTS = "/maverick/reports/"  # of Dagster's page, as `maverick ui` serves it
FLEET = "fleet"  # of reports on all personalities, below either address


def evaluation_link(serving_origin: str | None, personality: str, version: str) -> str:
    """The address of a version's evaluation, for a link in Dagster's page."""
    return f"{_start(serving_origin)}{quote(personality, safe='')}/{quote(version, safe='')}/"


def fleet_link(serving_origin: str | None, name: str) -> str:
    """The address of a report on all personalities, for the same."""
    return f"{_start(serving_origin)}{FLEET}/{quote(name, safe='')}"


def _start(serving_origin: str | None) -> str:
    """Behind a proxy the API has a name of its own, and shows reports to who is logged in there."""
    return f"{serving_origin}/api/reports/" if serving_origin else REPORTS
