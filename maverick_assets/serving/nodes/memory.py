"""Models that a training had Ollama unload are brought back after it, whether it failed or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.processes import Log
from maverick_assets.serving.nodes.endpoints import endpoints_of_node
from maverick_assets.serving.nodes.ollama_api import open_api
from maverick_assets.serving.nodes.patience import Patience

_PATIENCE = Patience(connect=3, answer=10, load=120)
_FOR_GOOD = timedelta(days=365)  # Ollama writes a time in centuries for a model that never goes


@contextmanager
def models_brought_back(node: Node, log: Log) -> Iterator[None]:
    """What a node's Ollama has in memory before, it has again after; what fails is a line of `log`.

    Names are brought back, not digests: a version that was put in service meanwhile is loaded. A
    process that is killed brings nothing back; Ollama then loads a model when it is asked next.
    """
    loaded = {}
    for endpoint in endpoints_of_node(node):
        try:
            with open_api(endpoint, _PATIENCE) as api:
                loaded[endpoint] = api.loaded()
        except MaverickError as error:
            log.warning(f"{endpoint.name}: what its Ollama has in memory is not known: {error}")
    try:
        yield
    finally:
        for endpoint, models in loaded.items():
            for name, expires_at in models.items():
                try:
                    with open_api(endpoint, _PATIENCE) as api:
                        api.load(name, keep_alive=-1 if _is_for_good(expires_at) else None)
                    log.info(f"{endpoint.name}: {name} is in memory again")
                except MaverickError as error:
                    log.warning(f"{endpoint.name}: {name} is not brought back: {error}")


def _is_for_good(expires_at: str) -> bool:
    try:
        return datetime.fromisoformat(expires_at) - datetime.now(UTC) > _FOR_GOOD
    except (ValueError, TypeError, OverflowError):  # no time at all, or one without a zone
        return False
