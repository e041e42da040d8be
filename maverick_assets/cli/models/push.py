"""`maverick models push`: a version leaves the run home."""

from enum import StrEnum
from typing import Annotated

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, print_result
from maverick_assets.cli.models.versions import ExistingVersion
from maverick_assets.settings import load_settings


class Place(StrEnum):
    """Where a version can go."""

    HUB = "hub"
    WANDB = "wandb"


def models_push(
    personality: PersonalityName,
    version: ExistingVersion = "final",
    *,
    to: Annotated[Place, typer.Option(help="The Hugging Face Hub, or artifacts of W&B.")],
    repo: Annotated[
        str | None,
        typer.Option(help="On the Hub: owner/name, in place of the personality's own name."),
    ] = None,
    unreleased: Annotated[
        bool, typer.Option("--unreleased", help="Push a version that was never in service.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Push adapter, GGUF, Modelfile and figures of a version to a private place."""
    from maverick_assets.registry.pushing.contents import contents_of
    from maverick_assets.registry.pushing.hub import push_to_hub
    from maverick_assets.registry.pushing.wandb import push_to_wandb

    settings = load_settings()
    contents = contents_of(settings, personality, version, unreleased=unreleased)
    to_hub = to is Place.HUB
    pushed = push_to_hub(contents, repo) if to_hub else push_to_wandb(settings, contents)
    result = {
        "personality": personality,
        "version": contents.version,
        "place": pushed.place,
        "revision": pushed.revision,
        "new": pushed.is_new,
    }
    verb = "is at" if pushed.is_new else "was there already:"
    print_result(result, f"{personality} {contents.version} {verb} {pushed.place}", as_json)
