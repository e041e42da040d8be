"""What must hold of a dataset before it trains, and the card that describes it."""
