"""Hypothesis strategies for encoded examples."""

from hypothesis import strategies as st

from maverick_assets.datasets.tokens import Encoded

VOCABULARY = 61

_ids = st.lists(st.integers(1, VOCABULARY - 1), min_size=2, max_size=24)
rows = _ids.flatmap(
    lambda ids: st.integers(1, len(ids) - 1).map(lambda n_prompt: Encoded(ids, n_prompt))
)
many_rows = st.lists(rows, min_size=1, max_size=12)
