"""`GET /api/models` and `POST /api/rollback`: the versions, and which of them are in service."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.replies import Problem, finite, problem_of
from maverick_assets.api.routes.chat import Short
from maverick_assets.api.shapes import RolledBack, VersionList, answers
from maverick_assets.api.tokens import Token
from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.deploy import follow_registry
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings

router = APIRouter(tags=["models"])


class RollbackRequest(BaseModel):
    """Which personality goes back, and how far."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"personality": "allan-maverick", "to": "v1.0"}]},
    )

    personality: Short
    to: Short | None = Field(None, description="a version; unset: the release before")


@router.get("/api/models", responses=answers(VersionList))
async def models(request: Request) -> JSONResponse:
    """All versions of the personalities that the token may talk to."""
    token = require_scope(request, "admin")
    catalog: Catalog = request.app.state.catalog
    try:
        manifests = await asyncio.to_thread(catalog.list)
    except MaverickError as error:
        raise problem_of(error) from None
    visible = [_entry(manifest) for manifest in manifests if may_talk_to(token, manifest.recipe)]
    return JSONResponse({"models": visible})


@router.post("/api/rollback", responses=answers(RolledBack))
async def rollback(request: Request, body: RollbackRequest) -> JSONResponse:
    """Put an earlier release back in service, as `maverick models rollback` does.

    It is in service here within a second; the answer waits for the nodes of the fleet, if they have
    an Ollama, and says which version each of them answers with.
    """
    token = require_scope(request, "admin")
    try:
        manifest = await asyncio.to_thread(_roll_back, request, token, body)
        nodes = await asyncio.to_thread(_nodes_after, request.app.state.settings, body.personality)
    except MaverickError as error:
        raise problem_of(error) from None
    return JSONResponse({**_entry(manifest), "nodes": nodes})


def _roll_back(request: Request, token: Token, body: RollbackRequest) -> Manifest:
    versions = request.app.state.catalog.versions_of(body.personality)
    if not versions or not may_talk_to(token, versions[-1].recipe):
        raise Problem(HTTPStatus.NOT_FOUND, "no personality of that name has a version")
    return Registry(request.app.state.settings.models).rollback(body.personality, body.to)


def _nodes_after(settings: Settings, personality: str) -> list[dict[str, Any]]:
    run = RunContext(settings, "rollback", logging.getLogger(__name__))
    return [
        {"node": node.node, "state": node.state, "serves": node.serves}
        for deployment in follow_registry(run, personality)
        for node in deployment.nodes
    ]


def _entry(manifest: Manifest) -> dict[str, Any]:
    """A version as `maverick models list --json` shows it, with how it was trained."""
    metrics, training = manifest.metrics, manifest.recipe.training
    return {
        "personality": manifest.personality,
        "version": str(manifest.version),
        "state": manifest.state,
        "kind": manifest.kind,
        "created_at": manifest.created_at.isoformat(),
        "released_at": manifest.released_at and manifest.released_at.isoformat(),
        "base": manifest.base_digest[:12],
        "dataset_version": manifest.dataset_version,
        "parent": manifest.parent and str(manifest.parent),
        "perplexity_base": finite(metrics.base.perplexity) if metrics else None,
        "perplexity_adapter": finite(metrics.adapter.perplexity) if metrics else None,
        "ratio": finite(metrics.ratio) if metrics else None,
        "training": training.model_dump(
            include={"epochs", "learning_rate", "batch_tokens", "max_length"}
        ),
    }
