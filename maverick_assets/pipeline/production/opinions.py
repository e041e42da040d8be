"""What people say of a version, from everything that the run home keeps of it."""

from collections.abc import Sequence

from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile
from maverick_assets.evaluation.people.judgements import JudgementFile
from maverick_assets.evaluation.people.opinion import opinion_of
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.pipeline.production.feedback import Feedback, ratings_of
from maverick_assets.settings import Settings


def people_figures(
    settings: Settings, feedback: Sequence[Feedback], personality: str, version: str
) -> PeopleFigures:
    """Blind judgements, ratings in chats (`feedback`), and old decisions asked again."""
    return opinion_of(
        version,
        JudgementFile(settings.judgements).read(personality),
        ratings_of(feedback, personality, version),
        RepeatedDecisionFile(settings.judgements).read(personality),
    )
