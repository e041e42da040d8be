"""Whether canaries and controls are alike, judged from their texts without any model.

Attacks on membership often do no better than a classifier that never asks the model (Das et al.
2024), because members and others were not drawn alike. Such an audit measures nothing.
"""

from collections.abc import Sequence

from maverick_assets.evaluation.memorisation.statistics import area_under_curve
from maverick_assets.figures.figure import Interval

MAX_BLIND_AREA = 0.55
_FOLDS = 5


def blind_area(texts: Sequence[str], is_read: Sequence[bool], seed: int) -> Interval:
    """AUC with which words and character pairs tell the canaries that are read from the controls.

    Each text is judged by a logistic regression that was fitted without it. Needs five texts of
    either sort.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    counters = (
        CountVectorizer(token_pattern=r"\S+", binary=True, lowercase=False),
        CountVectorizer(analyzer="char", ngram_range=(1, 2), binary=True, lowercase=False),
    )
    features = hstack([counter.fit_transform(texts) for counter in counters]).tocsr()
    model = LogisticRegression(C=0.1, solver="liblinear")  # on one thread
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, features, is_read, cv=folds, method="decision_function")
    judged = list(zip(scores.tolist(), is_read, strict=True))
    return area_under_curve(
        [score for score, read in judged if read], [score for score, read in judged if not read]
    )
