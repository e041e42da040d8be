"""How long a node is waited for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Seconds, and the number of attempts. No wait is without an end."""

    connect: float = 10
    answer: float = 60  # for the next bytes of an answer, and for the next ones to be taken
    create: float = 1800  # for a model to be made, which copies and hashes its files
    load: float = 600  # for the first word of a model that is not in memory, and the smoke answer
    upload: float = 6 * 3600
    attempts: int = 4
    pause: float = 2  # before the second attempt; twice as long before each further one
    lock: float = 3600  # for a deployment that is under way already
