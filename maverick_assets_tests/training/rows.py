"""Hypothesis strategies for encoded examples."""

from hypothesis import strategies as st

from maverick_assets.base_model.tokenizer import Encoded

VOCABULARY = 61

_beginnings = st.sampled_from(
    [[], [*range(1, 13)], [*range(1, 13), *range(30, 45)], [*range(1, 11), *range(50, 60)]]
)  # like system prompts: shared by many rows, or different at their ends
_rest = st.lists(st.integers(1, VOCABULARY - 1), min_size=2, max_size=24)
_ids = st.builds(lambda beginning, rest: [*beginning, *rest], _beginnings, _rest)
rows = _ids.flatmap(
    lambda ids: st.integers(1, len(ids) - 1).map(lambda n_prompt: Encoded(ids, n_prompt))
)
many_rows = st.lists(rows, min_size=1, max_size=12)
