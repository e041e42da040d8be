"""Judgements by people: who wrote which answer is hidden from them."""
