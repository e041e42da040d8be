"""The style figures of a candidate, from its evidence and from what others wrote to the owner.

Others' texts lie in the lake, with surrogates in place of names. Only figures leave the evaluation.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.evaluation.evidence import Arm, Evidence
from maverick_assets.evaluation.style.authorship import Writer
from maverick_assets.evaluation.style.blocks import BLOCK_CHARACTERS, StyleText, spread
from maverick_assets.evaluation.style.masking import Masking
from maverick_assets.evaluation.style.panel import SENDERS, PanelTexts, measure_panel
from maverick_assets.figures.style import StyleFigures
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_paths, turns_path

_REFERENCES: tuple[Arm, ...] = ("base", "prompt_pack", "other")
_MOST_TRAINING_TEXTS = 600  # of the owner, at even distances: more costs time and changes little
_SPOKEN = ("crm_emails", "messages")  # tables in which others than the owner speak
_MOST_CHARACTERS = 2_000  # of a text: longer ones are rarely somebody's own words
_MOST_TEXTS = 120  # of one personality


def measure_style(evidence: Evidence) -> StyleFigures | None:
    """The panel of the candidate's answers; None without an answered prompt.

    The version in service is no reference: it is what a candidate is compared with, not the scale.
    """
    if not evidence.answered:
        return None
    lake = evidence.spec.lake
    masking = Masking(surrogate_names(lake) if lake else ())
    train = own_texts(spread(evidence.train, _MOST_TRAINING_TEXTS), masking)
    learned, unseen = halves(senders(lake, masking)) if lake else ([], [])
    arms = [arm for arm in _REFERENCES if all(arm in each.answers for each in evidence.answered)]
    return measure_panel(
        PanelTexts(
            train=train,
            held_out=own_texts([each.example for each in evidence.answered], masking),
            answers={arm: _answers(evidence, arm, masking) for arm in ("candidate", *arms)},
            senders=_pooled(unseen),
            writers=[*learned, *_personalities(lake, evidence, masking)],
            left_out=_left_out(arms, unseen),
        )
    )


def own_texts(examples: Sequence[Example], masking: Masking) -> list[StyleText]:
    """What the owner said in these examples."""
    return [
        StyleText(masking(example.messages[-1]["content"]), example.thread_id)
        for example in examples
    ]


def _answers(evidence: Evidence, arm: Arm, masking: Masking) -> list[StyleText]:
    return [
        StyleText(masking(each.answers[arm].strip()), each.example.thread_id)
        for each in evidence.answered
    ]


def _personalities(lake: Path | None, evidence: Evidence, masking: Masking) -> list[Writer]:
    return personalities(lake, evidence.spec.personality, masking) if lake else []


def _pooled(writers: Sequence[Writer]) -> list[StyleText]:
    """Texts of several writers; no two share a thread, even where they wrote in the same one."""
    return [
        StyleText(text.text, f"{writer.name}: {text.thread}")
        for writer in writers
        for text in writer.texts
    ]


def _left_out(arms: Sequence[Arm], unseen: Sequence[Writer]) -> dict[str, str]:
    """The references that there are no texts of."""
    reasons: dict[str, str] = {
        arm: "no such answers were generated" for arm in _REFERENCES if arm not in arms
    }
    if not unseen:
        reasons[SENDERS] = "fewer than two people have written a block's length to the owner"
    return reasons


def surrogate_names(lake: Path) -> frozenset[str]:
    """The words of all surrogates that stand in a lake's turns, as `fold` has them."""
    table = open_table(turns_path(lake))
    if table is None or "surrogate_words" not in {field.name for field in table.schema().fields}:
        return frozenset()
    rows = read_table(turns_path(lake), columns=["surrogate_words"])
    assert rows is not None
    words = rows.column("surrogate_words").to_pylist()
    return frozenset(word for own in words for word in own or ())


def senders(lake: Path, masking: Masking) -> list[Writer]:
    """Those who wrote or spoke to the owner, with what each said; machines are left out."""
    if open_table(turns_path(lake)) is None:
        return []
    texts: defaultdict[str, list[StyleText]] = defaultdict(list)
    for turn in read_turns(turns_path(lake)):
        is_other = not turn.is_owner and turn.personality is None and turn.source in _SPOKEN
        if is_other and len(turn.text) <= _MOST_CHARACTERS:
            texts[turn.author].append(StyleText(masking(turn.text), turn.thread_id))
    return [Writer("senders", author, own) for author, own in sorted(texts.items())]


def personalities(lake: Path, but: str, masking: Masking) -> list[Writer]:
    """What the lake's other personalities are trained to say."""
    writers = []
    for path in dataset_paths(lake):
        table = open_table(path)
        if path.name == but or table is None:
            continue
        examples = spread(read_examples(path, table.version()), _MOST_TEXTS)
        writers.append(Writer("personalities", path.name, own_texts(examples, masking)))
    return writers


def halves(writers: Sequence[Writer]) -> tuple[list[Writer], list[Writer]]:
    """Those that a classifier learns from, and those that it has never seen: a reference.

    Every second one of those with enough text for a block, the longest first.
    """
    long_enough = [writer for writer in writers if _length(writer) >= BLOCK_CHARACTERS]
    ordered = sorted(long_enough, key=lambda writer: (-_length(writer), writer.name))
    return ordered[::2], ordered[1::2]


def _length(writer: Writer) -> int:
    return sum(len(text.text) for text in writer.texts)
