"""The base model of a run home, unpacked before anything needs it."""

from maverick_assets.base_model.prepare import PreparedBase, changed_files, find_base
from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.processes import HUB_SECRETS, run_module
from maverick_assets.settings import Settings


def prepare_base(run: RunContext) -> PreparedBase:
    """The base model; a child process unpacks it if that was not done before."""
    if find_base(run.settings) is None:
        changed = changed_files(run.settings)
        if changed:
            run.log.warning(
                f"the base model's {', '.join(changed)} changed: it is another base now, and "
                "every personality is trained on it anew"
            )
        run.log.info("preparing the base model, once for this run home")
        run_module("maverick_assets.base_model.prepare", log=run.log, secrets=HUB_SECRETS)
    return require_base(run.settings)


def require_base(settings: Settings) -> PreparedBase:
    """The unpacked base model; `MaverickError` when there is none yet."""
    base = find_base(settings)
    if base is None:
        raise MaverickError("the base model is not unpacked yet; materialize base_model first")
    return base
