"""The checks that a dataset must pass before it trains, and the card that describes it."""
