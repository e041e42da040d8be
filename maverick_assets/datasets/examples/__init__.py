"""Examples: what answers what, selected, split and tokenized for a personality."""
