"""`GET /api/personalities`: whom a token may talk to, and what may be asked of them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.provenance import lineage_url, report_url
from maverick_assets.api.shapes import PersonalityList, answers
from maverick_assets.api.tokens import Token
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings

router = APIRouter(tags=["personalities"])


@router.get("/api/personalities", responses=answers(PersonalityList))
def personalities(request: Request) -> JSONResponse:
    """The personalities that answer this token, with their moods, modes and versions."""
    token = require_scope(request, "chat")
    manifests = request.app.state.service.released.manifests
    return JSONResponse(
        [
            _entry(token, manifest, request.app.state.settings)
            for _, manifest in sorted(manifests.items())
            if may_talk_to(token, manifest.recipe)
        ]
    )


def _entry(token: Token, manifest: Manifest, settings: Settings) -> dict[str, Any]:
    recipe = manifest.recipe
    released = manifest.released_at or manifest.created_at
    return {
        "name": recipe.name,
        "title": recipe.title,
        "description": recipe.description,
        "moods": recipe.moods,
        "modes": {
            mode: meaning
            for mode, meaning in recipe.modes.items()
            if may_talk_to(token, recipe, mode)
        },
        "version": str(manifest.version),
        "released_at": released.isoformat(),
        "report": report_url(token, manifest),
        "lineage": lineage_url(settings, recipe),
    }
