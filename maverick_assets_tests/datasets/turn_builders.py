"""A builder of turns for tests, with a key of its own and no contacts beside the participants."""

from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.builder import TurnBuilder
from maverick_assets.datasets.turns.marks import known_personalities


def builder_for(owner: Owner) -> TurnBuilder:
    third_parties = ThirdParties(bytes(32), (), owner.emails)
    return TurnBuilder(owner, third_parties, known_personalities())
