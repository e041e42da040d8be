"""The sources file (setting MAVERICK_SOURCES): one YAML entry per source."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field

from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.crm.sources.calendar import CalendarEntry
from maverick_assets.crm.sources.documents import DocumentsEntry
from maverick_assets.crm.sources.hubspot import HubSpotEntry
from maverick_assets.crm.sources.kept_sessions import KeptSessions
from maverick_assets.crm.sources.source import Source
from maverick_assets.errors import BadInput
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import load_yaml

AnyEntry = Annotated[HubSpotEntry | CalendarEntry | DocumentsEntry, Field(discriminator="kind")]


class SourcesFile(StrictModel):
    """Content of the file."""

    sources: list[AnyEntry] = Field(description="the sources beside the CRM")


def load_sources(path: Path | None) -> list[Source]:
    """The sources of a file, in its order; empty without a file.

    Raises `BadInput` naming file, line and key for an entry that does not validate, for one whose
    libraries are not installed, and for two entries, or an entry and the CRM, that would fill one
    table.
    """
    if path is None:
        return []
    entries = load_yaml(path, SourcesFile).sources
    for entry in entries:
        if any(find_spec(library) is None for library in entry.libraries):
            raise BadInput(
                f"{path}: source {entry.name} needs libraries that are not installed; "
                "pip install --require-hashes --no-deps -r requirements/sources.txt"
            )
    sources: list[Source] = [entry.source() for entry in entries]
    taken = {*TABLES, *(table.name for table in KeptSessions(Path()).tables)}
    for source in sources:
        names = {table.name for table in source.tables}
        if names & taken:
            table = min(names & taken)
            raise BadInput(f"{path}: source {source.name}: table {table} is taken; rename it")
        taken |= names
    return sources


def all_sources(settings: Settings) -> list[Source]:
    """The sources of the settings' file, and the sessions and ratings that the run home keeps.

    Raises what `load_sources` raises.
    """
    sources = load_sources(settings.sources)
    if settings.sessions_file.exists():
        sources.append(KeptSessions(settings.sessions_file))
    return sources


def raw_tables(settings: Settings) -> list[Table]:
    """Every table that has a raw table in the lake: those of the CRM, and those that sources fill.

    Raises what `load_sources` raises.
    """
    filled = [table.table for source in all_sources(settings) for table in source.tables]
    return [*TABLES.values(), *filled]
