"""Decisions: which of several options a twin would take, and what it decided before."""

from maverick_assets.serving.allanbot.bot import AllanBot
from maverick_assets.serving.allanbot.decision import Decision

__all__ = ["AllanBot", "Decision"]
