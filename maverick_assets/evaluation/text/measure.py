"""The figures of texts, from the evidence on a candidate."""

from collections.abc import Sequence
from statistics import mean

from maverick_assets.evaluation.evidence import Arm, Evidence
from maverick_assets.evaluation.text.overlap import bleu, chrf
from maverick_assets.evaluation.text.skills import measure_skills
from maverick_assets.evaluation.text.variety import distinct, loops
from maverick_assets.figures.text import TextFigures, Texts


def measure_text(evidence: Evidence) -> TextFigures:
    """Count in the answers of every arm, and in the owner's own to the same prompts."""
    real = [answered.example.messages[-1]["content"] for answered in evidence.answered]
    arms: dict[Arm, list[str]] = {}
    ended: dict[Arm, list[bool]] = {}
    for answered in evidence.answered:
        for arm, text in answered.answers.items():
            arms.setdefault(arm, []).append(text)
            ended.setdefault(arm, []).append(answered.ended.get(arm, True))
    base, candidate = (evidence.skill_losses.get(arm) for arm in _COMPARED)
    return TextFigures(
        owner=_counted(real),
        arms={arm: _compared(texts, real, ended[arm]) for arm, texts in arms.items()},
        bleu_signature=bleu(["a"], ["a"]).signature,
        chrf_signature=chrf(["a"], ["a"]).signature,
        skills=measure_skills(candidate, base) if base and candidate else None,
    )


_COMPARED: tuple[Arm, Arm] = ("base", "candidate")


def _compared(texts: Sequence[str], real: Sequence[str], ended: Sequence[bool]) -> Texts:
    return _counted(texts).model_copy(
        update={
            "ended": mean(ended),
            "bleu": bleu(texts, real).score,
            "chrf": chrf(texts, real).score,
        }
    )


def _counted(texts: Sequence[str]) -> Texts:
    return Texts(
        n=len(texts),
        characters=mean(map(len, texts)),
        distinct_1=distinct(texts, 1),
        distinct_2=distinct(texts, 2),
        loops=mean(map(loops, texts)),
    )
