"""Candidates of whom it is known how like the owner they write: 1, 0, and what lies between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.style.authors import Author
from maverick_assets.datasets.examples.repetition import LONG_SENTENCE_WORDS
from maverick_assets.evaluation.embeddings import embed
from maverick_assets.evaluation.spec import THOROUGH_ANSWERS
from maverick_assets.evaluation.style.authorship import Writer, shuffled
from maverick_assets.evaluation.style.blocks import StyleText, spread
from maverick_assets.evaluation.style.panel import PanelTexts, measure_panel
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import StyleFigures

OWNER_AGAIN, IMPOSTOR, OTHER_TOPIC = "himself", "others", "himself on another topic"
SHUFFLED, VERBATIM = "his words shuffled", "his training texts"
MIXTURES = {f"{share} % himself": share for share in (25, 50, 75)}
_SEES_ORDER = ("authorship", "detector")  # the others count words or look at whole texts
_SEED = 19

Texts = Sequence[StyleText]
Panel = Callable[[Texts], StyleFigures]  # of a candidate's answers to the held-out prompts


@dataclass(frozen=True)
class Sources:
    """Texts that known candidates are made of. None is held out."""

    again: Texts  # the owner's, of other threads
    others: Texts  # of people whom the panel has not seen
    train: Texts


def known_panels(panel: Panel, held_out: Texts, sources: Sources) -> dict[str, StyleFigures]:
    """The panel of each known candidate."""
    rng = np.random.default_rng(_SEED)
    long = [text for text in sources.train if len(text.text.split()) > LONG_SENTENCE_WORDS]
    count = min(len(held_out), len(sources.again), len(sources.others))
    again, others = (spread(texts, count) for texts in (sources.again, sources.others))
    candidates: dict[str, Texts] = {IMPOSTOR: others}
    candidates |= {name: mixture(again, others, share) for name, share in MIXTURES.items()}
    candidates[OWNER_AGAIN] = again
    candidates[SHUFFLED] = shuffled(again, rng)
    candidates[VERBATIM] = spread(long, count)
    return {name: panel(as_answers(texts, held_out)) for name, texts in candidates.items()}


def mixture(own: Texts, others: Texts, share: int) -> list[StyleText]:
    """Texts of which `share` percent are the owner's."""
    order = np.random.default_rng(_SEED).permutation(len(own))
    return [
        mine if 100 * place < share * len(own) else theirs
        for place, mine, theirs in zip(order, own, others, strict=True)
    ]


def as_answers(texts: Texts, held_out: Texts) -> list[StyleText]:
    """`texts` as answers to the held-out prompts; prompts beyond them stay without an answer."""
    own = [text.text for text in texts] + [""] * len(held_out)
    return [StyleText(text, real.thread) for text, real in zip(own, held_out, strict=False)]


def enron_panels(owner: Author, others: Sequence[Author]) -> dict[str, StyleFigures]:
    """The panel of known candidates of a real person, beside people alone: no model answers."""
    learnt, reference, unseen = (list(others[at::3]) for at in range(3))
    writers = [Writer("senders", author.name, author.texts) for author in learnt]

    def panels(train: Texts, held_out: Texts) -> Panel:
        return lambda answers: measure_panel(
            PanelTexts(train, held_out, {"candidate": answers}, pooled(reference), writers)
        )

    train, held_out, again = divided(owner.texts)
    sources = Sources(again, pooled(unseen), train)
    figures = known_panels(panels(train, held_out), held_out, sources)
    topic, other_topic = topics(owner.texts)
    train, held_out, _ = divided(topic)
    answers = as_answers(spread(other_topic, len(held_out)), held_out)
    return figures | {OTHER_TOPIC: panels(train, held_out)(answers)}


def divided(texts: Texts) -> tuple[list[StyleText], list[StyleText], list[StyleText]]:
    """Training, held-out and further texts: three fifths of the threads, and a fifth each."""
    threads = sorted({text.thread for text in texts})
    order = np.random.default_rng(_SEED).permutation(len(threads))
    part_of = {threads[at]: place % 5 for place, at in enumerate(order)}
    train, held_out, again = (
        [text for text in texts if part_of[text.thread] in parts]
        for parts in ((0, 1, 2), (3,), (4,))
    )
    return train, list(spread(held_out, THOROUGH_ANSWERS)), list(spread(again, THOROUGH_ANSWERS))


def topics(texts: Texts) -> tuple[list[StyleText], list[StyleText]]:
    """One person's texts by topic: two clusters of what his threads mean, the larger one first."""
    from sklearn.cluster import KMeans

    threads = sorted({text.thread for text in texts})
    joined = ["\n".join(text.text for text in texts if text.thread == name) for name in threads]
    clusters = KMeans(2, n_init=10, random_state=_SEED).fit(embed(joined)).labels_
    larger = int(np.bincount(clusters).argmax())
    of = dict(zip(threads, clusters, strict=True))
    return (
        [text for text in texts if of[text.thread] == larger],
        [text for text in texts if of[text.thread] != larger],
    )


def pooled(authors: Sequence[Author]) -> list[StyleText]:
    """Texts of all, in turn: one of each author, then a second one of each, and so on."""
    turns = max((len(author.texts) for author in authors), default=0)
    return [
        author.texts[turn]
        for turn in range(turns)
        for author in authors
        if turn < len(author.texts)
    ]


def verdicts(panels: Mapping[str, StyleFigures], measure: str) -> dict[str, bool]:
    """Whether the known answers of a measure are right; only those that have a scale.

    None of meaning: what these candidates say was said to other prompts.
    """
    if measure == "meaning":
        return {}
    scores = {name: figures.sub_scores[measure].score for name, figures in panels.items()}
    found: dict[str, bool] = {}

    def check(name: str, candidate: str, is_right: Callable[[Interval], bool]) -> None:
        score = scores.get(candidate)
        if score is not None:
            found[name] = is_right(score)

    check("himself is 1 within the interval", OWNER_AGAIN, lambda score: score.high >= 1)
    check("others are 0 within the interval", IMPOSTOR, lambda score: score.low <= 0)
    check("another topic above 0.8", OTHER_TOPIC, lambda score: score.value > 0.8)
    if measure in _SEES_ORDER:
        check("shuffled below 0.3", SHUFFLED, lambda score: score.value < 0.3)
    rising = [scores.get(name) for name in (IMPOSTOR, *MIXTURES, OWNER_AGAIN)]
    values = [score.value for score in rising if score is not None]
    if len(values) == len(rising):
        found["mixtures rise"] = values == sorted(values)
    return found
