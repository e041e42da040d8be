"""What the stages of one run share."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from maverick_assets.processes import Log
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings


@dataclass(frozen=True)
class RunContext:
    """One run, started by Dagster, the command line or the API."""

    settings: Settings
    run_id: str
    log: Log

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.models)

    @property
    def folder(self) -> Path:
        """Work area of the run: specs and results of its child processes."""
        return self.settings.runs / self.run_id

    def now(self) -> datetime:
        """This moment where the owner lives: his months begin as the schedules' do, not UTC's."""
        return datetime.now(ZoneInfo(self.settings.timezone))
