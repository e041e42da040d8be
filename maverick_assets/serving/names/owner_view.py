"""Texts of a dataset as the owner may see them: real names in the place of surrogates."""

from collections.abc import Callable

from maverick_assets.datasets.outgoing import OutgoingText, outgoing_text
from maverick_assets.serving.names.at_the_door import Names, NoNames, restored
from maverick_assets.serving.names.book import read_names
from maverick_assets.settings import Settings


def owner_view(settings: Settings, names: Names | NoNames | None = None) -> Callable[[str], str]:
    """Makes a text fit for the owner. `names`: of the settings' lake, where they were read before.

    No secret leaves, whatever the dataset holds; names that the lake no longer knows stay away.
    """
    known = read_names(settings) if names is None else names
    scan: OutgoingText = outgoing_text(settings.lake, settings.owner_emails)

    def show(text: str) -> str:
        return restored(known.incoming(by_owner=True).outgoing(), scan.clean(text))

    return show
