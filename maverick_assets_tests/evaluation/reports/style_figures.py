"""A style panel with round figures."""

import math

from maverick_assets.figures.figure import Interval
from maverick_assets.figures.style import Copies, StyleFigures, SubScore

PLACES = {
    "candidate": 0.5,
    "owner": 1.0,
    "base": 0.0,
    "prompt_pack": -0.5,
    "other": -4.0,
    "senders": math.nan,
}
MEASURED = SubScore(
    score=Interval(value=0.5, low=0.25, high=0.75, n=200),
    zero="base",
    candidate=0.0,
    owner=1.0,
    references={"base": -1.0, "prompt_pack": -2.0, "other": -9.0, "senders": math.nan},
    on_scale={
        side: Interval(value=place, low=math.nan, high=math.nan, n=0)
        for side, place in PLACES.items()
    },
)
NOT_MEASURED = SubScore(candidate=0.1, owner=math.nan, reason="too little text of: owner")
STYLE = StyleFigures(
    authorship=MEASURED,
    function_words=MEASURED,
    habits={"length": MEASURED, "greeting": NOT_MEASURED},
    detector=MEASURED,
    meaning=NOT_MEASURED,
    copies=Copies(
        candidate=0.0, owner=0.0, excess=Interval(value=0.0, low=0.0, high=0.0, n=1), alarm=False
    ),
    language="en",
    n_answers=24,
    n_empty=0,
    n_threads=20,
    n_characters=4000,
)
