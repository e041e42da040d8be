"""A builder of turns for tests, with a key of its own and no contacts beside the participants."""

from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.builder import TurnBuilder


def builder_for(owner: Owner) -> TurnBuilder:
    return TurnBuilder(owner, ThirdParties(bytes(32), (), owner.emails))
