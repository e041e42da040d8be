"""What can go wrong with a node."""

from maverick_assets.errors import MaverickError


class NodeProblem(MaverickError):
    """A node did not do what it was asked to; asking again may help."""


class NodeDown(NodeProblem):
    """It does not answer, or broke off; it may be back later."""


class NodeRefused(NodeProblem):
    """It answered, with an error."""


class NodeFull(NodeRefused):
    """Its disk is full: asking again does not help."""


class Unfit(NodeRefused):
    """What it holds is not what was brought to it, or does not answer as it should."""


class Unlike(Unfit):
    """It answers otherwise than its files do here: asking again does not help."""
