"""The classifier of voices and the bleed test on a run home's texts; the test of fallen ratings.

python -m benchmarks.personality HOME
"""

import argparse
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from maverick_assets.evaluation.personality.measure import Voices, read_voices
from maverick_assets.evaluation.personality.private_words import measure_bleed
from maverick_assets.figures.figure import Interval
from maverick_assets.pipeline.production.ratings import Rated, fall_of
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import Settings

VERSIONS = 400  # simulated for each row
_START = datetime(2026, 1, 1, tzinfo=UTC)
_USUAL, _SPREAD = 7.2, 1.8  # of ratings, 1 to 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="a run home with datasets")
    home = Settings(home=parser.parse_args().home.absolute())
    started = time.monotonic()
    voices = read_voices(home.lake, load_recipes().values())
    read = time.monotonic() - started
    assert voices.classifier is not None, "too few texts of two personalities"
    fitted = time.monotonic() - started - read
    print(f"read in {read:.1f} s, fitted in {fitted:.1f} s")
    for line in [*voice_lines(voices), *bleed_lines(voices), *rating_lines()]:
        print(line, flush=True)


def voice_lines(voices: Voices) -> Iterator[str]:
    """Accuracy on held-out threads: of all voices, of each, and of moods and modes."""
    classifier = voices.classifier
    assert classifier is not None
    yield f"all voices: balanced accuracy {_shown(classifier.accuracy())}"
    for voice in classifier.labels:
        if recall := classifier.recall(voice):
            yield f"{voice}: {_shown(recall)}"
        for what in ("mood", "mode"):
            if choices := voices.classifier_of(voice, what):
                yield f"{voice}, {len(choices.labels)} {what}s: {_shown(choices.accuracy())}"


def bleed_lines(voices: Voices) -> Iterator[str]:
    """Private words of others, and the held-out texts in which chance alone finds one."""
    for name in sorted({text.personality for text in voices.corpus.texts}):
        if bleed := measure_bleed(voices.corpus, name, []):
            yield (
                f"{name}: {bleed.known_words} private words of others, by chance in "
                f"{bleed.others_with} of {bleed.others} held-out texts"
            )


def rating_lines() -> Iterator[str]:
    """How often a version is asked to be trained again, at a rating a day, judged every night."""
    for fall, nights in ((0.0, 90), (1.0, 42), (1.5, 42), (2.0, 42)):
        found = [night for seed in range(VERSIONS) if (night := _found(seed, fall, nights))]
        after = f", half of them within {median(found):.0f} nights" if found else ""
        yield f"{fall:g} points lower: {len(found) / VERSIONS:.1%} found in {nights} nights{after}"


def _found(seed: int, fall: float, nights: int) -> int | None:
    """The night in which the fall of a version's ratings is found."""
    rng = random.Random(seed)

    def rating(mean: float) -> int:
        return max(1, min(10, round(rng.gauss(mean, _SPREAD))))

    before = [Rated(_START, rating(_USUAL)) for _ in range(40)]
    current: list[Rated] = []
    for night in range(1, nights + 1):
        now = _START + timedelta(days=night)
        current.append(Rated(now, rating(_USUAL - fall)))
        if fall_of(current, before, now):
            return night
    return None


def _shown(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f}, n = {interval.n})"


if __name__ == "__main__":
    main()
