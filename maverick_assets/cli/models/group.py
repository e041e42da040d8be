"""The commands of `maverick models`."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, TerminalLog, print_result
from maverick_assets.cli.models.diff import models_diff
from maverick_assets.cli.models.prune import models_prune
from maverick_assets.cli.models.push import models_push
from maverick_assets.cli.models.show import models_show
from maverick_assets.cli.models.versions import ExistingVersion, show_versions
from maverick_assets.registry.store import Registry
from maverick_assets.settings import load_settings


class Precision(StrEnum):
    """Of a merged model."""

    F16 = "f16"
    Q8_0 = "q8_0"


models_app = typer.Typer(
    help="List, show, compare, release, roll back, prune, export and push versions.",
    no_args_is_help=True,
)


@models_app.command("list")
def models_list(
    personality: Annotated[str | None, typer.Argument(help="Only this personality.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every version with its state and its perplexity on held-out examples."""
    show_versions(list(Registry(load_settings().models).list(personality)), as_json)


models_app.command("show")(models_show)
models_app.command("diff")(models_diff)


@models_app.command("release")
def models_release(
    personality: PersonalityName,
    version: ExistingVersion,
    reason: Annotated[
        str | None,
        typer.Option(help="Why; required for a version that its gate refused or never saw."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in service, on every node of the fleet."""
    from maverick_assets.pipeline.deploy import follow_registry, require_level
    from maverick_assets.pipeline.release import release_by_operator
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "release", TerminalLog())
    show_versions([release_by_operator(run, personality, version, reason)], as_json)
    require_level(follow_registry(run, personality))


@models_app.command("export")
def models_export(
    personality: PersonalityName,
    version: ExistingVersion = "final",
    *,
    merged: Annotated[
        Precision, typer.Option(help="Precision of the merged model: f16, or q8_0 (8 bits).")
    ],
    as_json: AsJson = False,
) -> None:
    """Write base and adapter of a version as one GGUF file, for programs without adapters."""
    from maverick_assets.pipeline.release import merge_version
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "export", TerminalLog())
    manifest = merge_version(run, personality, version, merged.value)
    name = f"merged-{merged.value}.gguf"
    path = run.registry.directory(personality, manifest.version) / name
    content: dict[str, Any] = {
        "personality": personality,
        "version": str(manifest.version),
        "file": str(path),
    }
    content |= {"sha256": manifest.files[name], "bytes": path.stat().st_size}
    print_result(content, f"{path}\nsha256 {manifest.files[name]}", as_json)


@models_app.command("rollback")
def models_rollback(
    personality: PersonalityName,
    to: Annotated[
        str | None,
        typer.Option(help="A version; without it, the next lower release."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier version back in service, on every node of the fleet."""
    from maverick_assets.pipeline.deploy import follow_registry, require_level
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "rollback", TerminalLog())
    show_versions([run.registry.rollback(personality, to)], as_json)
    require_level(follow_registry(run, personality))


models_app.command("prune")(models_prune)
models_app.command("push")(models_push)
